// Package identity knows who people are: accounts with their passwords, sessions, and the members of a workspace. An account
// is a credential of the deployment; a member is a person in one workspace. What a member may do is the gate's to say.
package identity

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
	"mainstay/internal/identity/limit"
	"mainstay/internal/identity/password"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Config is what the service stands on. Region labels the workspaces that this deployment makes.
type Config struct {
	Gate   *gate.Gate
	Vault  *vault.Vault
	Source tenant.Source
	Region string
	Hash   HashCost         // zero: [DefaultCost]
	Hasher *password.Hasher // nil: one of the cost Hash
	Log    *slog.Logger     // ids alone; nil: nothing is logged
	Post   *post.Service    // nil: no mail is sent

	Address string         // the deployment's public address, to which passkeys belong; empty: no passkeys
	Texts   factor.Gateway // sends codes by text message; nil: none are
	Daily   int            // text messages a day at most; 0: 100
}

// HashCost is the work of a password's hash.
type HashCost = password.Cost

// DefaultCost is what an attacker has to pay for each guess at a stolen hash.
func DefaultCost() HashCost { return password.DefaultCost() }

// Service signs people in and out and sets the deployment up.
type Service struct {
	Config
	Factors *enrolment.Service
	hasher  *password.Hasher
	endings *endings
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
	if cfg.Hasher == nil {
		cfg.Hasher = password.NewHasher(cfg.Hash)
	}
	s := &Service{Config: cfg, hasher: cfg.Hasher, endings: &endings{all: map[*going]bool{}}}
	// An address without a name is no mistake: there are no passkeys then, and the pages say so.
	party, _ := factor.NewParty(cfg.Address)
	stretch := factor.DefaultStretch()
	stretch.Memory = min(stretch.Memory, cfg.Hash.Memory)
	var err error
	s.Factors, err = enrolment.New(enrolment.Config{Gate: cfg.Gate, Vault: cfg.Vault, Source: cfg.Source, People: people{s},
		Party: party, Texts: cfg.Texts, Daily: cfg.Daily, Stretch: stretch, Wants: s.wants, Own: Own})
	return s, err
}

// SignIn begins a session, or a challenge for a second factor. Whether the address is unknown or the password wrong shows in
// neither the answer nor its time. It fails with fault.Busy, which [RetryAfter] knows, after too many tries; while many together
// guess at an account, a known browser and a second factor still let its person in.
func (s *Service) SignIn(ctx context.Context, email, password string) (Entry, error) {
	lookup, err := s.Vault.Lookup(normal(email))
	if err != nil {
		return Entry{}, err
	}
	a, known, err := s.candidate(ctx, lookup)
	if err != nil {
		return Entry{}, err
	}
	counted := triesOf(tenant.Visitor(ctx), lookup, known)
	short, err := s.counter().Take(ctx, counted)
	if err != nil {
		return Entry{}, err
	}
	stale, err := s.hasher.Verify(ctx, a.password, password)
	if err == nil && a.state != "active" {
		err = wrongPassword()
	}
	if err == nil && short > 0 && len(a.needs) == 0 || fault.Is(err, fault.Denied) && short > 0 {
		return Entry{}, limit.TooMany(short)
	}
	if err != nil {
		return Entry{}, s.refuse(ctx, a, err)
	}
	if stale {
		if err := s.rehash(ctx, a, password); err != nil {
			return Entry{}, err
		}
	}
	return s.let(ctx, a.id, Shown{Factors: []string{Password}}, counted.Hard[0])
}

func wrongPassword() error {
	return fault.New(fault.Denied, "The e-mail address or the password is not right.")
}

// candidate returns the account of an address, empty where there is none, and whether the browser is known for it.
func (s *Service) candidate(ctx context.Context, lookup []byte) (a account, known bool, err error) {
	device := tenant.Digest(tenant.Visitor(ctx).Device.Reveal())
	err = s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		a, known, err = accountByEmail(ctx, tx, lookup, device)
		if err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		a.needs, err = s.secondFactors(ctx, tx, a.id)
		return err
	})
	return a, known, err
}

// rehash replaces an imported hash, or one of another cost than today's.
func (s *Service) rehash(ctx context.Context, a account, password string) error {
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.RehashPassword, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(a.id)
		return replacePassword(ctx, tx, a, hash)
	})
}

// refuse leaves the event of a sign-in that did not succeed.
func (s *Service) refuse(ctx context.Context, a account, cause error) error {
	if !fault.Is(cause, fault.Denied) {
		return cause
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.SignIn, func(_ context.Context, tx *gate.InstanceTx) error {
		tx.About(a.id)
		return wrongPassword()
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

func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
