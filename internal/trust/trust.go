// Package trust knows what Mainstay promises, and checks each promise against the live deployment.
//
// A [Promise] is data: a number, a sentence and a check. [Prove] makes two workspaces that nobody but people of its own can sign in
// to, puts a meeting into them through the same services as everybody else, looks at what became of it in pages, rows, files, the
// log and calls, and destroys the workspaces with their people. Real data is neither shown nor written. A promise that this
// deployment has nothing to keep (a bucket's TLS where there is no bucket) is not applicable, with the reason; one about the
// program's source is checked where the source is, and says so.
//
// Every check was seen red: its test breaks what it looks at and wants it to fail.
package trust

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/post"
	"mainstay/internal/progress"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/credential"
	"mainstay/internal/vault"
)

// Promise is one thing that Mainstay promises.
type Promise struct {
	ID   string
	Says string
	// check looks whether it is kept. An error is a failure, too.
	check func(context.Context, *proof) (finding, error)
	// late checks look at what the others left behind.
	late bool
}

// State is what became of a promise.
type State string

// The states.
const (
	Pass          State = "pass"
	Fail          State = "fail"
	NotApplicable State = "not applicable"
	InCI          State = "in CI" // about the source: checked on every change, not here
)

// Result is what the check of a promise found. Found says in numbers what was looked at, or why not.
type Result struct {
	ID    string `json:"id"`
	Says  string `json:"promise"`
	State State  `json:"state"`
	Found string `json:"found"`
}

// finding is a result without its promise.
type finding struct {
	state State
	found string
}

func pass(format string, args ...any) (finding, error) {
	return finding{Pass, fmt.Sprintf(format, args...)}, nil
}

func fail(format string, args ...any) (finding, error) {
	return finding{Fail, fmt.Sprintf(format, args...)}, nil
}

func notApplicable(format string, args ...any) (finding, error) {
	return finding{NotApplicable, fmt.Sprintf(format, args...)}, nil
}

// Deployment is what is checked. The queue must be running. All fields are required but for those that say otherwise.
type Deployment struct {
	Gate     *gate.Gate
	Vault    Sealer
	Identity *identity.Service
	Roster   Roster
	Accounts credential.Resetter
	Tokens   credential.Rehearser
	Access   credential.Log
	Meetings *meeting.Service
	Capture  Recordings
	Speech   *speech.Service
	Minutes  *minutes.Service
	Progress *progress.Service
	Models   *llm.Service
	Egress   *egress.Service
	Post     Mailer
	Source   tenant.Source

	Data    string       // the data folder
	Temp    string       // the folder of temporary files
	RootKey string       // the root key's file; empty: the root key is not in a file
	Blobs   string       // the configured object store; empty: a folder
	Objects vault.Bucket // where the vault keeps its blobs
	Routes  []Route
	// Reached asks the object store and returns the version of TLS by which a verified server answered; nil for a folder.
	Reached func(context.Context) (string, error)
	// Pages returns the program's pages, for requests whose sessions are known to sessions alone.
	Pages func(sessions func(*http.Request) (tenant.Actor, error)) (http.Handler, error)
	// Strict is Pages under limits of one request a minute.
	Strict func(sessions func(*http.Request) (tenant.Actor, error)) (http.Handler, error)
	// Doors returns the program's pages with its own sessions and access log, under limits that the checks never reach.
	Doors func() (http.Handler, error)
	// Listen writes all that the program logs to a writer until stop, at every level.
	Listen func(io.Writer) (stop func())
	// Dumps reports whether a crash leaves the program's memory on the disk; nil: nobody knows.
	Dumps func() bool
	// Work is the least work of a password's hash that is promised; zero: the program's own.
	Work identity.HashCost
	// Providers makes sign-in through identity providers as the program does.
	Providers func(oidc.Config) (Journeys, error)
	// Damages returns how often the operator was told of sealed bytes that do not verify.
	Damages func() int64
	// Connect opens a database as the program does at its start.
	Connect func(context.Context, tenant.Secret) error
	// Built returns what the program was built from; nil where nobody knows.
	Built func() (*debug.BuildInfo, bool)
	// Refuses reports whether the program would not start with these settings, each written as NAME=value.
	Refuses func(settings ...string) bool
}

// Roster is who belongs to a workspace, as far as it is checked.
type Roster interface {
	credential.Inviter
	SignIn(ctx context.Context) (roster.SignIn, error)
	ChangeSignIn(ctx context.Context, p roster.SignIn) error
	ChangeRole(ctx context.Context, id tenant.MemberID, to gate.Role) error
	Disable(ctx context.Context, id tenant.MemberID) error
	Remove(ctx context.Context, id tenant.MemberID) error
	Transfer(ctx context.Context, to tenant.MemberID) error
	Leave(ctx context.Context) error
}

// Sealer is the vault, as far as it is checked.
type Sealer interface {
	Seal(ctx context.Context, place vault.Place, doc []byte) ([]byte, error)
	Open(ctx context.Context, sealed ...vault.Sealed) ([][]byte, error)
	Blobs(ctx context.Context, ws tenant.WorkspaceID, fn func(record tenant.RecordID, row [16]byte) error) error
}

// Mailer is the mail that leaves, as far as it is checked.
type Mailer interface {
	Works() bool
	Reach(ctx context.Context) error
	Preview(template string, letter any) (post.Preview, error)
}

// Recordings is the capture service, as far as it is checked.
type Recordings interface {
	Begin(ctx context.Context, id meeting.ID, name string, size int64) (capture.Upload, error)
	Put(ctx context.Context, id meeting.ID, name string, size int64, body io.Reader) (capture.Upload, error)
	Play(ctx context.Context, id capture.RecordingID) (capture.Playback, error)
}

// Route is an address of the program and who may use it.
type Route = credential.Route

// most is how long one check may take.
const most = 2 * time.Minute

// Prove checks the promises, or those with the ids, and returns the results in the order of [Promises]. An error says that
// nothing could be checked at all.
func Prove(ctx context.Context, d Deployment, ids ...string) ([]Result, error) {
	chosen, err := choose(ids)
	if err != nil {
		return nil, err
	}
	p, err := begin(ctx, d)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(chosen))
	for _, late := range []bool{false, true} {
		for i, promise := range chosen {
			if promise.late == late {
				results[i] = promise.result(ctx, p)
			}
		}
	}
	return results, p.end(context.WithoutCancel(ctx))
}

func choose(ids []string) ([]Promise, error) {
	if len(ids) == 0 {
		return Promises(), nil
	}
	var chosen []Promise
	for _, id := range ids {
		before := len(chosen)
		for _, p := range Promises() {
			if p.ID == id {
				chosen = append(chosen, p)
			}
		}
		if len(chosen) == before {
			return nil, fault.New(fault.Invalid, "There is no such promise. Run mainstay prove without one to see them all.")
		}
	}
	return chosen, nil
}

func (p Promise) result(ctx context.Context, pr *proof) Result {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	f, err := p.check(ctx, pr)
	if err != nil {
		f = finding{Fail, sentenceOf(err)}
	}
	return Result{ID: p.ID, Says: p.Says, State: f.state, Found: f.found}
}

// sentenceOf is what an operator reads: they have the terminal, and so the cause.
func sentenceOf(err error) string {
	var known *fault.Error
	if errors.As(err, &known) {
		return fault.Sentence(err) + " (" + err.Error() + ")"
	}
	return err.Error()
}
