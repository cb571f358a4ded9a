package enrolment

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

func noPasskeys() error {
	return fault.New(fault.Conflict, "Passkeys need a name as the deployment's address. Its operator can set one.")
}

// BeginPasskey asks the acting person's browser for a new passkey. It returns the options for navigator.credentials.create.
func (s *Service) BeginPasskey(ctx context.Context) (json.RawMessage, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return nil, err
	}
	var c factor.Ceremony
	err = s.begin(ctx, actor.Account, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		email, err := s.People.Email(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		owner, err := ownerOf(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		if len(owner.Passkeys) >= mostPasskeys {
			return fault.New(fault.TooLarge, "You have as many passkeys as one account can have. Remove one first.")
		}
		owner.Name, owner.Title = email, email
		if c, err = s.Party.BeginRegistration(owner, false); err != nil {
			return err
		}
		return s.insertCeremony(ctx, tx, ceremony{kind: "register", token: c.Challenge, account: actor.Account, session: actor.Session, life: CeremonyLife, State: c.State})
	})
	return c.Options, err
}

// FinishPasskey adds the passkey that the browser made, under a name that its person gives it. It fails with fault.Ended for a
// challenge that is over, was answered, or was of another session.
func (s *Service) FinishPasskey(ctx context.Context, name, answer string) (Added, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return Added{}, err
	}
	made, err := s.finish(ctx, answer, actor)
	if err != nil {
		return Added{}, err
	}
	var a Added
	err = s.Gate.Instance(s.as(ctx), gate.AddFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		tx.Note("factor", factor.KindPasskey)
		if err := s.insertPasskey(ctx, tx, actor.Account, made, s.nameOf(name)); err != nil {
			return err
		}
		a, err = s.add(ctx, tx, actor, factor.KindPasskey)
		return err
	})
	return a, err
}

// finish takes a registration's challenge, whatever its answer is worth, and verifies the answer.
func (s *Service) finish(ctx context.Context, answer string, actor tenant.Actor) (factor.Passkey, error) {
	if s.Party == nil {
		return factor.Passkey{}, noPasskeys()
	}
	claim, err := factor.ClaimOf([]byte(answer))
	if err != nil {
		return factor.Passkey{}, err
	}
	var begun ceremony
	err = s.Gate.Instance(s.as(ctx), gate.TryFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		if err := useCeremony(ctx, tx, "register", tenant.Digest(claim.Challenge)); err != nil {
			return err
		}
		begun, err = takeCeremony(ctx, tx, "register", tenant.Digest(claim.Challenge))
		return err
	})
	if err != nil {
		return factor.Passkey{}, err
	}
	if begun.account != actor.Account || begun.session != actor.Session {
		return factor.Passkey{}, over()
	}
	return s.Party.FinishRegistration(factor.Owner{Handle: actor.Account[:]}, begun.State, []byte(answer))
}

// First is the passkey of the first person, whose account is made with it.
type First struct {
	Account tenant.AccountID
	made    factor.Passkey
}

// BeginFirst asks the browser of the first person, who has no account yet, for a passkey. The caller has checked the setup token.
func (s *Service) BeginFirst(ctx context.Context, name, email string) (json.RawMessage, error) {
	account := tenant.NewID[tenant.AccountID](s.Source)
	var c factor.Ceremony
	err := s.begin(ctx, account, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.About(account)
		if c, err = s.Party.BeginRegistration(factor.Owner{Handle: account[:], Name: email, Title: name}, true); err != nil {
			return err
		}
		return s.insertCeremony(ctx, tx, ceremony{kind: "register", token: c.Challenge, account: account, life: CeremonyLife, State: c.State})
	})
	return c.Options, err
}

// FinishFirst verifies the first person's passkey. Nothing is kept until [Service.AddFirst].
func (s *Service) FinishFirst(ctx context.Context, answer string) (First, error) {
	if s.Party == nil {
		return First{}, noPasskeys()
	}
	claim, err := factor.ClaimOf([]byte(answer))
	if err != nil {
		return First{}, err
	}
	var begun ceremony
	err = s.Gate.Look(s.as(ctx), gate.ReadFactors, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		begun, err = peekCeremony(ctx, tx, "register", tenant.Digest(claim.Challenge))
		return err
	})
	if err != nil {
		return First{}, err
	}
	made, err := s.finish(ctx, answer, tenant.Actor{Account: begun.account})
	return First{begun.account, made}, err
}

// AddFirst adds the first person's passkey to their new account, inside the act that makes it.
func (s *Service) AddFirst(ctx context.Context, tx *gate.InstanceTx, first First) error {
	return s.insertPasskey(ctx, tx, first.Account, first.made, s.nameOf(""))
}

// Ask asks a browser to show a passkey: one of the account's, or, for the zero account, whoever's is there. It returns the
// options for navigator.credentials.get.
func (s *Service) Ask(ctx context.Context, account tenant.AccountID) (json.RawMessage, error) {
	var c factor.Ceremony
	err := s.begin(ctx, account, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(account)
		var owner factor.Owner
		var err error
		if !account.IsZero() {
			if owner, err = ownerOf(ctx, tx, account); err != nil {
				return err
			}
			if len(owner.Passkeys) == 0 {
				return fault.New(fault.Conflict, "This account has no passkey. Use another factor.")
			}
		}
		if c, err = s.Party.BeginAssertion(owner); err != nil {
			return err
		}
		return s.insertCeremony(ctx, tx, ceremony{kind: "assert", token: c.Challenge, account: account, life: CeremonyLife, State: c.State})
	})
	return c.Options, err
}

// begin runs what begins a ceremony. What a sign-in page asks of whoever looks at it is no act of anybody's.
func (s *Service) begin(ctx context.Context, account tenant.AccountID, fn func(context.Context, *gate.InstanceTx) error) error {
	if s.Party == nil {
		return noPasskeys()
	}
	if account.IsZero() {
		return s.Gate.Tally(s.as(ctx), gate.BeginCeremony, fn)
	}
	return s.Gate.Instance(s.as(ctx), gate.BeginCeremony, fn)
}

// Rename gives one of the acting person's passkeys another name.
func (s *Service) Rename(ctx context.Context, id PasskeyID, name string) error {
	actor, err := person(ctx)
	if err != nil {
		return err
	}
	if strings.TrimSpace(name) == "" {
		return fault.New(fault.Invalid, "Enter a name, such as that of the device.")
	}
	return s.Gate.Instance(s.as(ctx), gate.RenameFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		return renamePasskey(ctx, tx, actor.Account, id, s.nameOf(name))
	})
}

// nameOf returns a passkey's name as it is kept: what its person said, or the day on which it was made.
func (s *Service) nameOf(said string) string {
	said = strings.Join(strings.Fields(said), " ")
	if said == "" {
		return "Passkey of " + s.Source.Now().UTC().Format("2 January 2006")
	}
	if utf8.RuneCountInString(said) > 80 {
		return string([]rune(said)[:80])
	}
	return said
}
