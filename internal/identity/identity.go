// Package identity knows who people are: accounts with their passwords, sessions, and the members of a workspace. An account
// is a credential of the deployment; a member is a person in one workspace. What a member may do is the gate's to say.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

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
	hasher  *hasher
	guesses *limiter
	claimed sync.Mutex // one first run at a time
}

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Source.Now == nil {
		return nil, errors.New("identity: Gate, Vault and Source are required")
	}
	if cfg.Hash == (HashCost{}) {
		cfg.Hash = DefaultCost()
	}
	return &Service{Config: cfg, hasher: newHasher(cfg.Hash), guesses: newLimiter()}, nil
}

// SessionLife is how long a session lasts at most; it ends earlier by sign-out.
const SessionLife = 30 * 24 * time.Hour

// Begun is a session that was just begun. Token is the cookie's value and is shown to nobody else.
type Begun struct {
	Token  tenant.Secret
	EndsAt time.Time
	Actor  tenant.Actor
}

// SignIn begins a session, or a challenge for a second factor. Whether the address is unknown or the password wrong shows in neither the answer nor its time. It
// fails with fault.Busy, which [RetryAfter] knows, after too many tries.
func (s *Service) SignIn(ctx context.Context, email, password string) (Entry, error) {
	lookup, err := s.Vault.Lookup(normal(email))
	if err != nil {
		return Entry{}, err
	}
	allowed := allowances(tenant.Visitor(ctx).Address, lookup)
	if err := s.guesses.take(s.Source.Now(), allowed); err != nil {
		return Entry{}, err
	}
	var a account
	err = s.Gate.Look(s.as(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		a, err = accountByEmail(ctx, tx, lookup)
		return err
	})
	if err != nil && !fault.Is(err, fault.Missing) {
		return Entry{}, err
	}
	if err := s.hasher.verify(ctx, a.password, password); err != nil || a.state != "active" {
		return Entry{}, s.refuse(ctx, a, err)
	}
	s.guesses.forget(allowed)
	return s.Enter(ctx, a.id, Shown{Factors: []string{Password}})
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

// SignOut ends a session of the actor's own account at once. It fails with fault.Missing for any other.
func (s *Service) SignOut(ctx context.Context, session tenant.SessionID) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	return s.Gate.Instance(s.as(ctx, gate.Authenticator), gate.SignOut, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(session)
		return endSession(ctx, tx, actor.Account, session)
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
