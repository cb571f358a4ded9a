// Package identity knows who people are: accounts with their passwords, sessions, and the members of a workspace. An account
// is a credential of the deployment; a member is a person in one workspace. What a member may do is the gate's to say.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Config is what the service stands on. Region labels the workspaces that this deployment makes.
type Config struct {
	Gate   *gate.Gate
	Vault  *vault.Vault
	Source tenant.Source
	Region string
	Hash   HashCost // zero: [DefaultCost]
}

// Service signs people in and out and sets the deployment up.
type Service struct {
	Config
	hasher *hasher
}

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Source.Now == nil {
		return nil, errors.New("identity: Gate, Vault and Source are required")
	}
	if cfg.Hash == (HashCost{}) {
		cfg.Hash = DefaultCost()
	}
	return &Service{Config: cfg, hasher: newHasher(cfg.Hash)}, nil
}

// SessionLife is how long a session lasts at most; it ends earlier by sign-out.
const SessionLife = 30 * 24 * time.Hour

// Begun is a session that was just begun. Token is the cookie's value and is shown to nobody else.
type Begun struct {
	Token  tenant.Secret
	EndsAt time.Time
	Actor  tenant.Actor
}

// Setup is what the first person says in the first run.
type Setup struct {
	Token     string
	Name      string
	Email     string
	Password  string
	Workspace string
}

// IssueSetup returns a single-use token for the first run, and "" where the deployment has a workspace already. A token
// issued before and not used is void from then on.
func (s *Service) IssueSetup(ctx context.Context) (tenant.Secret, error) {
	var token tenant.Secret
	err := s.Gate.Instance(s.as(ctx, gate.Installer), gate.BeginSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		done, err := isSetUp(ctx, tx)
		if err != nil || done {
			return err
		}
		token = newToken()
		return replaceSetup(ctx, tx, digest(token.Reveal()))
	})
	return token, err
}

// SetupOpen reports whether the token would be taken. It fails with fault.Ended for a token that was used or is unknown.
func (s *Service) SetupOpen(ctx context.Context, token string) error {
	return s.Gate.Look(s.as(ctx, gate.Installer), gate.FinishSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		return setupUnused(ctx, tx, digest(token))
	})
}

// FirstRun makes the first account, its workspace and its owner, and signs the owner in. The token is used up. The rows of
// the workspace come first, so that a crash in between leaves the token good.
func (s *Service) FirstRun(ctx context.Context, setup Setup) (Begun, error) {
	setup, err := setup.checked()
	if err != nil {
		return Begun{}, err
	}
	if err := s.SetupOpen(ctx, setup.Token); err != nil {
		return Begun{}, err
	}
	password, err := s.hasher.hash(ctx, setup.Password)
	if err != nil {
		return Begun{}, err
	}
	owner := tenant.Actor{Kind: tenant.Member, Workspace: tenant.NewID[tenant.WorkspaceID](s.Source),
		Member: tenant.NewID[tenant.MemberID](s.Source), Account: tenant.NewID[tenant.AccountID](s.Source)}
	if err := s.makeWorkspace(ctx, owner, setup); err != nil {
		return Begun{}, err
	}
	var begun Begun
	err = s.Gate.Instance(s.as(ctx, gate.Installer), gate.FinishSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(owner.Account)
		if err := useSetup(ctx, tx, digest(setup.Token)); err != nil {
			return err
		}
		if err := s.insertAccount(ctx, tx, owner, setup, password); err != nil {
			return err
		}
		begun, err = s.insertSession(ctx, tx, owner)
		return err
	})
	return begun, err
}

func (s *Service) makeWorkspace(ctx context.Context, owner tenant.Actor, setup Setup) error {
	if err := s.Vault.CreateWorkspace(ctx, owner.Workspace); err != nil {
		return fmt.Errorf("making the keys of workspace %s: %w", owner.Workspace, err)
	}
	installer := tenant.Actor{Kind: tenant.System, Job: gate.Installer, Workspace: owner.Workspace, OnBehalfOf: owner.Member}
	making := gate.Making{ID: gate.WorkspaceRecord(owner.Workspace), Kind: "workspace", Purpose: vault.Content}
	act := gate.Act{Verb: gate.CreateWorkspace, Make: []gate.Making{making}}
	return s.Gate.Do(tenant.WithActor(ctx, installer), act, func(ctx context.Context, tx *gate.Tx) error {
		if err := insertWorkspace(ctx, tx, setup.Workspace); err != nil {
			return err
		}
		return insertMember(ctx, tx, owner, gate.Owner, person{Name: setup.Name, Email: setup.Email})
	})
}

// SignIn begins a session. Whether the address is unknown or the password wrong shows in neither the answer nor its time.
func (s *Service) SignIn(ctx context.Context, email, password string) (Begun, error) {
	lookup, err := s.Vault.Lookup(normal(email))
	if err != nil {
		return Begun{}, err
	}
	var a account
	err = s.Gate.Look(s.as(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		a, err = accountByEmail(ctx, tx, lookup)
		return err
	})
	if err != nil && !fault.Is(err, fault.Missing) {
		return Begun{}, err
	}
	if err := s.hasher.verify(ctx, a.password, password); err != nil || a.state != "active" {
		return Begun{}, s.refuse(ctx, a, err)
	}
	var begun Begun
	err = s.Gate.Instance(s.as(ctx, gate.Authenticator), gate.SignIn, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.About(a.id)
		begun, err = s.insertSession(ctx, tx, tenant.Actor{Kind: tenant.Member, Workspace: a.workspace, Member: a.member, Account: a.id})
		return err
	})
	return begun, err
}

// refuse leaves the event of a sign-in that did not succeed.
func (s *Service) refuse(ctx context.Context, a account, cause error) error {
	if cause != nil && !fault.Is(cause, fault.Denied) {
		return cause
	}
	refused := fault.New(fault.Denied, "The e-mail address or the password is not right.")
	return s.Gate.Instance(s.as(ctx, gate.Authenticator), gate.SignIn, func(_ context.Context, tx *gate.InstanceTx) error {
		tx.About(a.id)
		return refused
	})
}

// Resolve returns who a session's token stands for. It fails with fault.Denied for a token that is unknown, over or ended.
func (s *Service) Resolve(ctx context.Context, token string) (tenant.Actor, error) {
	var a tenant.Actor
	err := s.Gate.Look(s.as(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		a, err = sessionByToken(ctx, tx, digest(token))
		return err
	})
	return a, err
}

// SignOut ends the session at once.
func (s *Service) SignOut(ctx context.Context, session tenant.SessionID) error {
	return s.Gate.Instance(s.as(ctx, gate.Authenticator), gate.SignOut, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(session)
		return endSession(ctx, tx, session)
	})
}

// Me is the acting member and the workspace's name, for the shell of every page.
type Me struct {
	Name      string
	Email     string
	Role      gate.Role
	Workspace string
}

// Me returns who the actor is. It is part of the page that asks and no act of its own.
func (s *Service) Me(ctx context.Context) (Me, error) {
	var me Me
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		me, err = loadMe(ctx, tx)
		return err
	})
	return me, err
}

// as returns ctx for one of identity's own narrow actors, keeping the request that it serves.
func (s *Service) as(ctx context.Context, job string) context.Context {
	from := tenant.Visitor(ctx)
	return tenant.WithActor(ctx, tenant.Actor{Kind: tenant.System, Job: job, Address: from.Address, Request: from.Request})
}

func (s Setup) checked() (Setup, error) {
	s.Name, s.Workspace = strings.Join(strings.Fields(s.Name), " "), strings.Join(strings.Fields(s.Workspace), " ")
	s.Email = strings.TrimSpace(s.Email)
	switch {
	case s.Name == "" || utf8.RuneCountInString(s.Name) > 120:
		return s, wrong("name", fault.New(fault.Invalid, "Enter your name, at most 120 characters."))
	case s.Workspace == "" || utf8.RuneCountInString(s.Workspace) > 120:
		return s, wrong("workspace", fault.New(fault.Invalid, "Enter a name for the workspace, at most 120 characters."))
	}
	if at, err := mail.ParseAddress(s.Email); err != nil || at.Address != s.Email || len(s.Email) > 254 {
		return s, wrong("email", fault.New(fault.Invalid, "Enter an e-mail address such as name@company.com."))
	}
	return s, wrong("password", checkPassword(s.Password, s.Name, s.Email, s.Workspace))
}

// fieldError is a fault of one field of a form.
type fieldError struct {
	field string
	error
}

func (e *fieldError) Unwrap() error { return e.error }

func wrong(field string, err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{field, err}
}

// Wrong returns the field of a form that an error is about: "name", "email", "password" or "workspace", else empty.
func Wrong(err error) string {
	var known *fieldError
	if errors.As(err, &known) {
		return known.field
	}
	return ""
}

func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// newToken returns 256 random bits. Tokens are secrets and never come from an injected source.
func newToken() tenant.Secret {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		panic("identity: no randomness: " + err.Error())
	}
	return tenant.Secret(base64.RawURLEncoding.EncodeToString(b))
}

// digest is what the database keeps of a token: 256 random bits need no slow hash.
func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
