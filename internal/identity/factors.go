package identity

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
	"mainstay/internal/identity/limit"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
)

// people is identity as enrolment sees it.
type people struct{ *Service }

func (p people) Renew(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, shown string) (enrolment.Session, error) {
	begun, err := p.Service.Renew(ctx, tx, actor, shown)
	return enrolment.Session{Token: begun.Token, EndsAt: begun.EndsAt, Actor: begun.Actor}, err
}

func (p people) Email(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (string, error) {
	return emailOf(ctx, tx, account)
}

// wants returns the most that a workspace of an account asks its people to show.
func (s *Service) wants(ctx context.Context, account tenant.AccountID) (gate.Strength, error) {
	var seats []tenant.WorkspaceID
	err := s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		seats, err = workspacesOf(ctx, tx, account)
		return err
	})
	most := gate.Single
	for _, id := range seats {
		if err != nil {
			break
		}
		err = s.Gate.View(tenant.Within(ctx, gate.Authenticator, id), gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) error {
			least, err := leastFactor(ctx, tx)
			most = max(most, least)
			return err
		})
	}
	return most, err
}

// secondFactors lists the second factors that an account has, the best first.
func (s *Service) secondFactors(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]string, error) {
	return s.Factors.Has(ctx, tx, account)
}

// answerOf is a second factor's answer to a challenge.
func answerOf(c challenge, kind, text string) enrolment.Answer {
	return enrolment.Answer{Account: c.account, Kind: kind, Text: text, Bound: c.id}
}

// Asked returns the second factors that a challenge takes, the best first, or [NewPassword] alone, without counting a try. It fails
// with fault.Ended for a challenge that is over.
func (s *Service) Asked(ctx context.Context, token tenant.Secret) ([]string, error) {
	var kinds []string
	err := s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) error {
		asked, err := peekChallenge(ctx, tx, tenant.Digest(token.Reveal()))
		if err != nil {
			return err
		}
		kinds, err = s.lacking(ctx, tx, asked)
		return err
	})
	return kinds, err
}

// AskPasskey returns the options with which a browser shows a passkey for a challenge; for the empty challenge anybody's, as the
// only factor.
func (s *Service) AskPasskey(ctx context.Context, token tenant.Secret) (json.RawMessage, error) {
	asked, err := s.peek(ctx, token)
	if err != nil {
		return nil, err
	}
	if _, err := s.counter().Take(ctx, fromAddress(ctx)); err != nil {
		return nil, err
	}
	return s.Factors.Ask(ctx, asked.account)
}

// SendCode sends a code by text message, for this challenge alone.
func (s *Service) SendCode(ctx context.Context, token tenant.Secret) error {
	asked, err := s.peek(ctx, token)
	if err != nil {
		return err
	}
	return s.Factors.SendCode(ctx, asked.account, asked.id)
}

// peek reads a challenge; the empty one is of nobody.
func (s *Service) peek(ctx context.Context, token tenant.Secret) (challenge, error) {
	var asked challenge
	if token == "" {
		return asked, nil
	}
	err := s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		asked, err = peekChallenge(ctx, tx, tenant.Digest(token.Reveal()))
		return err
	})
	return asked, err
}

// SignInPasskey lets in whoever's passkey it is. The device has verified its person, so there is no second factor to ask for.
func (s *Service) SignInPasskey(ctx context.Context, answer string) (Entry, error) {
	if _, err := s.counter().Take(ctx, fromAddress(ctx)); err != nil {
		return Entry{}, err
	}
	shown := enrolment.Answer{Kind: factor.KindPasskey, Text: answer}
	err := s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.TryFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		return s.Factors.Try(ctx, tx, shown)
	})
	if err != nil {
		return Entry{}, err
	}
	var entry Entry
	err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.SignIn, func(ctx context.Context, tx *gate.InstanceTx) error {
		v, err := s.Factors.Verify(ctx, tx, shown)
		tx.About(v.Account)
		if err != nil {
			return err
		}
		if !v.Alone {
			return fault.New(fault.Denied, "This passkey did not check that it is you. Unlock it by a PIN, a finger or your face.")
		}
		entry, err = s.enter(ctx, tx, v.Account, Shown{Factors: []string{Passkey}})
		return err
	})
	return entry, s.Factors.Told(ctx, err)
}

// fromAddress counts what visitors ask of passkeys, which nobody can guess but anybody can make us look up.
func fromAddress(ctx context.Context) limit.Tries {
	return limit.Tries{Hard: []limit.Allowance{{Of: "passkeys " + limit.Network(tenant.Visitor(ctx).Address), Most: perAddress}}}
}

// Ways lists how the acting person can confirm that it is still them: by a second factor where they have one, else by password.
// An account with neither signs in again.
func (s *Service) Ways(ctx context.Context) ([]string, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	var ways []string
	err = s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		ways, err = s.waysOf(ctx, tx, actor.Account)
		return err
	})
	return ways, err
}

func (s *Service) waysOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]string, error) {
	ways, err := s.secondFactors(ctx, tx, account)
	if err != nil || len(ways) > 0 {
		return ways, err
	}
	a, err := loadAccount(ctx, tx, account)
	if err == nil && a.password != "" {
		ways = []string{Password}
	}
	return ways, err
}

// ConfirmBy shows a factor again in the acting session, which gets a new token; the old one is void at once. It fails with
// fault.Denied where the answer is not right, or its kind is weaker than what the account has.
func (s *Service) ConfirmBy(ctx context.Context, kind, text string) (Begun, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return Begun{}, err
	}
	shown := enrolment.Answer{Account: actor.Account, Kind: kind, Text: text, Bound: actor.Session}
	if err := s.tryConfirm(ctx, actor, shown); err != nil {
		return Begun{}, err
	}
	var begun Begun
	err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.ConfirmSession, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		tx.Note("factor", kind)
		ways, err := s.waysOf(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		if !slices.Contains(ways, kind) {
			return fault.New(fault.Denied, "Confirm by a factor that your account has.")
		}
		if kind != Password {
			if _, err := s.Factors.Verify(ctx, tx, shown); err != nil {
				return err
			}
		}
		begun, err = s.Renew(ctx, tx, actor, kind)
		return err
	})
	return begun, s.Factors.Told(ctx, err)
}

// tryConfirm counts the answer, and compares a password, which takes too long for an act.
func (s *Service) tryConfirm(ctx context.Context, actor tenant.Actor, shown enrolment.Answer) error {
	if shown.Kind != Password {
		return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.TryFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
			tx.About(actor.Account)
			return s.Factors.Try(ctx, tx, shown)
		})
	}
	counted := limit.Tries{Hard: []limit.Allowance{{Of: "own " + actor.Account.String(), Most: perDevice}}}
	if _, err := s.counter().Take(ctx, counted); err != nil {
		return err
	}
	var a account
	err := s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		a, err = loadAccount(ctx, tx, actor.Account)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := s.hasher.Verify(ctx, a.password, shown.Text); err != nil {
		if !fault.Is(err, fault.Denied) {
			return err
		}
		wrong := fault.New(fault.Denied, "The password is not right.")
		return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.ConfirmSession, func(_ context.Context, tx *gate.InstanceTx) error {
			tx.About(actor.Account)
			return wrong
		})
	}
	return s.counter().Forgive(ctx, counted.Hard...)
}

// AskConfirm returns the options with which the acting person's browser shows one of their passkeys.
func (s *Service) AskConfirm(ctx context.Context) (json.RawMessage, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	return s.Factors.Ask(ctx, actor.Account)
}

// SendConfirm sends a code by text message, for the acting session alone.
func (s *Service) SendConfirm(ctx context.Context) error {
	actor, err := signedIn(ctx)
	if err != nil {
		return err
	}
	return s.Factors.SendCode(ctx, actor.Account, actor.Session)
}

// Security is what the acting person can see of how they sign in.
type Security struct {
	Email      string
	Password   bool
	PasswordAt *time.Time
	Factors    enrolment.Factors
	Wants      gate.Strength // the most that a workspace of theirs asks for
}

// Security returns how the acting person signs in. It is part of the page that asks and no act of its own.
func (s *Service) Security(ctx context.Context) (Security, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return Security{}, err
	}
	var out Security
	if out.Factors, err = s.Factors.List(ctx); err != nil {
		return out, err
	}
	if out.Wants, err = s.wants(ctx, actor.Account); err != nil {
		return out, err
	}
	err = s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) error {
		if out.Email, err = emailOf(ctx, tx, actor.Account); err != nil {
			return err
		}
		out.Password, out.PasswordAt, err = passwordOf(ctx, tx, actor.Account)
		return err
	})
	return out, err
}

// RemoveFactor takes a factor of the acting person's account away, as enrolment's Remove does.
func (s *Service) RemoveFactor(ctx context.Context, kind string, id enrolment.PasskeyID) error {
	actor, err := signedIn(ctx)
	if err != nil {
		return err
	}
	var first bool
	err = s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		first, _, err = passwordOf(ctx, tx, actor.Account)
		return err
	})
	if err != nil {
		return err
	}
	return s.Factors.Remove(ctx, kind, id, first)
}

// ResetFactors takes all factors of an account away, named by its address or its id, and ends its sessions: what an operator does
// for a person who lost every device. The password stays. It fails with fault.Missing where there is no such account.
func (s *Service) ResetFactors(ctx context.Context, who string) error {
	return s.Gate.Instance(tenant.As(ctx, gate.Operator), gate.ResetFactors, func(ctx context.Context, tx *gate.InstanceTx) error {
		id, err := s.accountCalled(ctx, tx, who)
		if err != nil {
			return err
		}
		tx.About(id)
		if err := s.Factors.Reset(ctx, tx, id, time.Time{}); err != nil {
			return err
		}
		if err := (people{s}).EndOthers(ctx, tx, id, tenant.SessionID{}); err != nil || !s.Mails() {
			return err
		}
		return s.Post.Account(ctx, tx, id, "factors-reset", post.FactorsReset{At: tx.Now(), Link: "/account/security"})
	})
}

// signedIn returns the acting person. Keys and tokens stand for nobody who could show a factor.
func signedIn(ctx context.Context) (tenant.Actor, error) {
	actor, err := tenant.ActorOf(ctx)
	if err == nil && (actor.Account.IsZero() || actor.Session.IsZero() || actor.Credential != "") {
		err = fault.New(fault.Denied, "Only a person who is signed in can do this.")
	}
	return actor, err
}
