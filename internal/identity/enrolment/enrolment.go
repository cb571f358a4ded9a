// Package enrolment keeps the factors of accounts: it sets them up, verifies what a person shows, and takes them away. Accounts,
// passwords and sessions are package identity's, inside whose acts it verifies.
//
// An answer is looked at in two acts. [Service.Try] counts it first, in an act of its own that commits whatever the answer is
// worth, so that neither a crash nor a thousand answers at once give one for free. [Service.Verify] takes it then, in the act
// that it is for. Counts are in the database and so of all nodes together.
package enrolment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

type (
	passkeyNoun  struct{}
	ceremonyNoun struct{}
	textNoun     struct{}
)

func (passkeyNoun) Prefix() string  { return "pky" }
func (ceremonyNoun) Prefix() string { return "cer" }
func (textNoun) Prefix() string     { return "txt" }

// PasskeyID names a passkey of an account.
type (
	PasskeyID  = tenant.ID[passkeyNoun]
	ceremonyID = tenant.ID[ceremonyNoun]
	textID     = tenant.ID[textNoun]
)

// Limits of what people are asked for.
const (
	CeremonyLife  = 5 * time.Minute  // of a passkey's challenge
	SetupLife     = 15 * time.Minute // of setting an app up
	TextLife      = 10 * time.Minute // of a code that was sent
	mostPasskeys  = 20
	ceremonyTries = 5
)

// People is what identity does for this package, inside its acts.
type People interface {
	// Renew ends the actor's session and begins another in its place, with a new id, in which the factor was shown just now.
	Renew(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, shown string) (Session, error)
	// EndOthers ends all sessions of an account but one, at once and everywhere.
	EndOthers(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, keep tenant.SessionID) error
	// Email returns an account's address.
	Email(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (string, error)
	// Changed tells an account's person by mail that their factors changed, where mail is sent. Since is when the session began
	// that changed them; zero: now.
	Changed(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time, what string) error
}

// Session is what takes a session's place.
type Session struct {
	Token  tenant.Secret
	EndsAt time.Time
	Actor  tenant.Actor
}

// Config is what the service stands on.
type Config struct {
	Gate    *gate.Gate
	Vault   *vault.Vault
	Source  tenant.Source
	People  People
	Party   *factor.Party                                                  // nil: browsers make no passkeys for this deployment's address
	Texts   factor.Gateway                                                 // nil: no text messages
	Daily   int                                                            // text messages a day at most, of the whole deployment
	Stretch factor.Stretch                                                 // zero: [factor.DefaultStretch]
	Own     func(tenant.Actor) error                                       // refuses who may not change the account, such as a session on another's word
	Wants   func(context.Context, tenant.AccountID) (gate.Strength, error) // what the strictest workspace of an account asks for
}

// Service keeps factors.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Source.Now == nil || cfg.People == nil || cfg.Wants == nil || cfg.Own == nil {
		return nil, errors.New("enrolment: Gate, Vault, Source, People, Wants and Own are required")
	}
	if cfg.Stretch == (factor.Stretch{}) {
		cfg.Stretch = factor.DefaultStretch()
	}
	return &Service{cfg}, nil
}

// Factors is what an account can show beside its password.
type Factors struct {
	Passkeys []Passkey
	App      *Since
	Phone    *Phone
	Codes    int  // recovery codes that are left
	Coded    bool // there is a set of them, if used up

	CanPasskey bool // the deployment's address lets browsers make passkeys
	CanText    bool // the operator set a gateway up
}

// Since is from when to when a factor was used.
type Since struct {
	Added time.Time
	Used  *time.Time
}

// Passkey is one of an account. Doubted is one whose count went back: another copy may be in use.
type Passkey struct {
	ID   PasskeyID
	Name string
	Since
	Doubted bool
	Synced  bool // its maker copies it to its owner's other devices
}

// Phone is an account's number, of which enough is shown to know it by.
type Phone struct {
	Masked string
	Since
}

// Strength is the most that the factors can show together with a password or a provider.
func (f Factors) Strength() gate.Strength {
	switch {
	case len(f.Passkeys) > 0:
		return gate.PhishingResistant
	case f.App != nil || f.Phone != nil:
		return gate.Second
	}
	return gate.Single
}

// List returns the factors of the acting person's account. It is part of the page that asks and no act of its own.
func (s *Service) List(ctx context.Context) (Factors, error) {
	actor, err := person(ctx)
	if err != nil {
		return Factors{}, err
	}
	var f Factors
	err = s.Gate.Look(s.as(ctx), gate.ReadFactors, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		f, err = s.load(ctx, tx, actor.Account)
		return err
	})
	return f, err
}

func (s *Service) load(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (Factors, error) {
	f, err := loadFactors(ctx, tx, account)
	f.CanPasskey, f.CanText = s.Party != nil, s.Texts != nil
	return f, err
}

// Has lists the kinds of second factor that an account can show, the best first. Recovery codes come last and never alone.
func (s *Service) Has(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]string, error) {
	kinds, err := kindsOf(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(kinds, func(k string) bool {
		return k == factor.KindPasskey && s.Party == nil || k == factor.KindSMS && s.Texts == nil
	}), nil
}

// Strengths returns how strongly each account can show who it is, with what it has set up. The caller has decided who may know.
func (s *Service) Strengths(ctx context.Context, accounts []tenant.AccountID) (map[tenant.AccountID]gate.Strength, error) {
	var all map[tenant.AccountID]gate.Strength
	err := s.Gate.Look(s.as(ctx), gate.ReadFactors, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		all, err = strengthsOf(ctx, tx, accounts)
		return err
	})
	return all, err
}

// Remove takes a factor away: the passkey with the id, or the account's app or number. It ends the account's other sessions. It
// fails with fault.Conflict where a workspace asks for what would then be lacking, or nobody could sign in any more.
func (s *Service) Remove(ctx context.Context, kind string, id PasskeyID, first bool) error {
	actor, err := s.present(ctx)
	if err != nil {
		return err
	}
	wants, err := s.Wants(ctx, actor.Account)
	if err != nil {
		return err
	}
	return s.Gate.Instance(s.as(ctx), gate.RemoveFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		tx.Note("factor", kind)
		if err := lockFactors(ctx, tx, actor.Account); err != nil {
			return err
		}
		before, err := s.load(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		if err := removeFactor(ctx, tx, actor.Account, kind, id); err != nil {
			return err
		}
		after, err := s.load(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		if err := bearable(before, after, wants, first); err != nil {
			return err
		}
		return s.changed(ctx, tx, actor, actor.Session, removed[kind])
	})
}

// bearable refuses a removal after which a workspace that the person could enter would be shut, or every one. First says that
// the account has a password or a provider.
func bearable(before, after Factors, wants gate.Strength, first bool) error {
	switch {
	case !first && len(after.Passkeys) == 0:
		return fault.New(fault.Conflict, "This is the only way in that you have. Set a password or add another passkey first.")
	case after.Strength() < wants && before.Strength() >= wants && wants == gate.PhishingResistant:
		return fault.New(fault.Conflict, "A workspace of yours asks for a passkey, and this is your last. Add another first.")
	case after.Strength() < wants && before.Strength() >= wants:
		return fault.New(fault.Conflict, "A workspace of yours asks for a second factor, and this is your last. Add another first.")
	}
	return nil
}

// What a person is told by mail.
var (
	added   = map[string]string{factor.KindPasskey: "A passkey was added.", factor.KindTOTP: "An authenticator app was set up.", factor.KindSMS: "A telephone number was added.", factor.KindRecovery: "New recovery codes were made."}
	removed = map[string]string{factor.KindPasskey: "A passkey was removed.", factor.KindTOTP: "The authenticator app was removed.", factor.KindSMS: "The telephone number was removed."}
)

// changed is what every change of factors brings: other sessions end, and the person is told.
func (s *Service) changed(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, keep tenant.SessionID, what string) error {
	if err := s.People.EndOthers(ctx, tx, actor.Account, keep); err != nil {
		return err
	}
	return s.People.Changed(ctx, tx, actor.Account, actor.SignedInAt, what)
}

// Reset takes away the factors of an account that were set up since a time, zero for all, inside an act of its caller's.
func (s *Service) Reset(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time) error {
	return removeSince(ctx, tx, account, since)
}

// Added is what came of setting a factor up: the session that takes the place of the acting one, and the account's first
// recovery codes, which nobody can read again.
type Added struct {
	Session
	Codes []string
}

// add ends setting up: in the session the factor counts as shown, all others end, and the account has recovery codes.
func (s *Service) add(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, kind string) (Added, error) {
	session, err := s.People.Renew(ctx, tx, actor, kind)
	if err != nil {
		return Added{}, err
	}
	a := Added{Session: session}
	coded, err := hasCodes(ctx, tx, actor.Account)
	if err != nil {
		return a, err
	}
	if !coded {
		if a.Codes, err = s.replaceCodes(ctx, tx, actor.Account); err != nil {
			return a, err
		}
	}
	return a, s.changed(ctx, tx, actor, session.Actor.Session, added[kind])
}

// person returns the acting person. Keys and tokens are of nobody who could show a factor.
func person(ctx context.Context) (tenant.Actor, error) {
	actor, err := tenant.ActorOf(ctx)
	if err == nil && (actor.Account.IsZero() || actor.Session.IsZero() || actor.Credential != "") {
		err = fault.New(fault.Denied, "Only a person who is signed in can do this.")
	}
	return actor, err
}

// present returns the acting person where they showed a factor lately.
func (s *Service) present(ctx context.Context) (tenant.Actor, error) {
	actor, err := person(ctx)
	if err == nil {
		err = s.Own(actor)
	}
	if err == nil && s.Source.Now().Sub(actor.ConfirmedAt) >= gate.ConfirmAge {
		err = fault.Ask(fault.Confirmation, "Confirm that it is you, then do this again.")
	}
	return actor, err
}

// as returns ctx for the narrow actor that reaches accounts, keeping the request that it serves.
func (s *Service) as(ctx context.Context) context.Context { return tenant.As(ctx, gate.Authenticator) }

func over() error {
	return fault.New(fault.Ended, "This took too long, or was used already. Begin again.")
}

func unknown(kind string) error {
	return fault.New(fault.Missing, fmt.Sprintf("There is no factor %q.", kind))
}
