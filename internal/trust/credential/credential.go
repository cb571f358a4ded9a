// Package credential checks what Mainstay promises of passwords, sessions, tokens and the log of who asked for what, on the live
// deployment: people who are made for it come in through the program's own doors, sign in, and are watched.
//
// Each check returns what it looked at, in numbers, or an error that says what does not hold.
package credential

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/identity/roster"
	"mainstay/internal/identity/token"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/loopback"
	"mainstay/internal/trust/search"
)

// Route is an address of the program and who may use it.
type Route struct {
	Method, Pattern string
	Policy          string // empty: nobody said
}

// Filled is its address with the blanks filled in.
func (r Route) Filled(with string) string {
	parts := strings.Split(r.Pattern, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = with
		}
		if part == "{$}" {
			parts[i] = ""
		}
	}
	return strings.Join(parts, "/")
}

// Stage is where the checks are made: a workspace that nobody has, and the deployment around it.
type Stage struct {
	Owner  tenant.Actor      // of the workspace
	Word   string            // letters that stand nowhere else
	Began  time.Time         // by the machine's clock
	Least  identity.HashCost // the least work of a password's hash
	Routes []Route

	Identity *identity.Service
	Roster   Inviter
	Accounts Resetter
	Tokens   Rehearser
	Access   Log
	// Doors returns the program's pages with its own sessions and its own access log.
	Doors func() (http.Handler, error)
	// Listen writes all that the program logs to a writer until stop.
	Listen func(io.Writer) (stop func())
	// Dumps reports whether a crash leaves the program's memory on the disk; nil: nobody knows.
	Dumps func() bool
	// Look reads what belongs to no workspace.
	Look func(ctx context.Context, fn func(context.Context, *gate.Tx) error) error
	// Written looks for a word in every row that was written since the proof began, and returns where it stands and how many there are.
	Written func(ctx context.Context, word *search.Search) (tables []string, rows int, err error)
	Folders []string // the program's files
}

// Inviter invites people.
type Inviter interface {
	Invite(ctx context.Context, g roster.Guest) (roster.Sent, error)
}

// Resetter makes links by which a member chooses a new password.
type Resetter interface {
	ResetLink(ctx context.Context, id tenant.MemberID) (account.Handed, error)
}

// Rehearser tries keys and tokens that are never stored.
type Rehearser interface {
	Rehearse(ctx context.Context) (token.Rehearsal, error)
}

// Log is who asked for what.
type Log interface {
	Flush(ctx context.Context) error
	Newest(ctx context.Context, f accesslog.Filter) (accesslog.Page, error)
}

func (s *Stage) asOwner(ctx context.Context) context.Context { return tenant.WithActor(ctx, s.Owner) }

// open opens the doors to visitors.
func (s *Stage) open() (at string, closing func(), err error) {
	doors, err := s.Doors()
	if err != nil {
		return "", nil, fmt.Errorf("opening the doors: %w", err)
	}
	return loopback.Serve(doors, nil)
}

// person is somebody with an account and a browser.
type person struct {
	*visitor
	account  tenant.AccountID
	member   tenant.MemberID
	email    string
	password string
}

// invited makes an invitation and returns its address and its path.
func (s *Stage) invited(ctx context.Context) (email, path string, err error) {
	email = nobody()
	sent, err := s.Roster.Invite(s.asOwner(ctx), roster.Guest{Name: "Prover", Email: email, Role: gate.Member})
	if err == nil && sent.Link == "" {
		err = fault.New(fault.Conflict, "The invitation of somebody who does not exist was mailed.")
	}
	return email, sent.Link.Reveal(), err
}

// joined has somebody follow an invitation and choose a password. They are signed in.
func (s *Stage) joined(ctx context.Context, at, password string) (person, error) {
	email, path, err := s.invited(ctx)
	if err != nil {
		return person{}, err
	}
	before, err := s.people(ctx)
	if err != nil {
		return person{}, err
	}
	p := person{visitor: visit(at), email: email, password: password}
	got, err := p.post(ctx, path, form("name", "Prover", "password", password))
	if err != nil {
		return p, err
	}
	if got.status != http.StatusSeeOther {
		return p, fmt.Errorf("an invitation with a password that is good is answered %d", got.status)
	}
	after, err := s.people(ctx)
	for id, who := range after {
		if _, known := before[id]; !known {
			p.account, p.member = id, who.member
		}
	}
	if err == nil && p.account.IsZero() {
		err = fmt.Errorf("who joined has no account")
	}
	return p, err
}

// signIn has a new browser sign in, and returns it with how that was answered.
func (s *Stage) signIn(ctx context.Context, at, email, password string) (*visitor, answer, error) {
	v := visit(at)
	got, err := v.post(ctx, "/sign-in", form("email", email, "password", password))
	return v, got, err
}

// hash returns what is stored of a person's password.
func (s *Stage) hash(ctx context.Context, id tenant.AccountID) (string, error) {
	all, err := s.people(ctx)
	return all[id].hash, err
}

// resetLink returns where somebody chooses a new password.
func (s *Stage) resetLink(ctx context.Context, p person) (string, error) {
	handed, err := s.Accounts.ResetLink(s.asOwner(ctx), p.member)
	return handed.Path.Reveal(), err
}

// people returns the accounts of the workspace.
func (s *Stage) people(ctx context.Context) (all map[tenant.AccountID]seated, err error) {
	err = s.Look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, err = accounts(ctx, tx, s.Owner.Workspace)
		return err
	})
	return all, err
}
