package enrolment

import (
	"context"
	"crypto/rand"
	"fmt"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

// App is an authenticator app that is being set up. Token leads back to it for a quarter of an hour, in this session alone.
type App struct {
	Token   tenant.Secret
	Secret  string // for those who cannot scan
	Picture factor.Picture
}

// pending is what is kept sealed while an app or a number is being set up.
type pending struct {
	Secret string `json:"secret,omitempty"`
	Number string `json:"number,omitempty"`
}

// BeginApp makes a secret for the acting person's authenticator app. It counts for nothing until [Service.ConfirmApp].
func (s *Service) BeginApp(ctx context.Context) (App, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return App{}, err
	}
	secret, err := factor.NewSecret(rand.Reader)
	if err != nil {
		return App{}, err
	}
	token := tenant.NewSecret()
	var app App
	err = s.Gate.Instance(s.as(ctx), gate.BeginCeremony, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		err := s.insertCeremony(ctx, tx, ceremony{kind: "totp", token: token.Reveal(), account: actor.Account, session: actor.Session, life: SetupLife, pending: pending{Secret: secret}})
		if err != nil {
			return err
		}
		app, err = s.show(ctx, tx, actor.Account, secret)
		return err
	})
	app.Token = token
	return app, err
}

// ShowApp shows an app that is being set up again, after a wrong code.
func (s *Service) ShowApp(ctx context.Context, token string) (App, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return App{}, err
	}
	var app App
	err = s.Gate.Look(s.as(ctx), gate.ReadFactors, func(ctx context.Context, tx *gate.InstanceTx) error {
		begun, err := peekCeremony(ctx, tx, "totp", tenant.Digest(token))
		if err != nil {
			return err
		}
		if begun.session != actor.Session {
			return over()
		}
		app, err = s.show(ctx, tx, actor.Account, begun.pending.Secret)
		return err
	})
	app.Token = tenant.Secret(token)
	return app, err
}

func (s *Service) show(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, secret string) (App, error) {
	email, err := s.People.Email(ctx, tx, account)
	if err != nil {
		return App{}, err
	}
	drawn, err := factor.Draw(factor.KeyURI(secret, "Mainstay", email))
	if err != nil {
		return App{}, fmt.Errorf("drawing the secret of account %s: %w", account, err)
	}
	return App{Secret: secret, Picture: drawn}, nil
}

// ConfirmApp takes the app that is being set up, or takes its place where there was one, once it shows a right code. That code is
// used up. It fails with fault.Denied for a wrong code, of which there may be five.
func (s *Service) ConfirmApp(ctx context.Context, token, code string) (Added, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return Added{}, err
	}
	begun, err := s.trySetup(ctx, actor, "totp", token)
	if err != nil {
		return Added{}, err
	}
	var a Added
	err = s.Gate.Instance(s.as(ctx), gate.AddFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		tx.Note("factor", factor.KindTOTP)
		step, ok := factor.MatchTOTP(begun.pending.Secret, code, tx.Now(), 0)
		if !ok {
			return fault.New(fault.Denied, "This code is not right. Check that the clock of your device is, and enter the code that it shows now.")
		}
		if err := useCeremony(ctx, tx, "totp", tenant.Digest(token)); err != nil {
			return err
		}
		if err := s.replaceApp(ctx, tx, actor.Account, begun.pending, step); err != nil {
			return err
		}
		a, err = s.add(ctx, tx, actor, factor.KindTOTP)
		return err
	})
	return a, err
}

// trySetup counts a code for something that is being set up, before it is looked at.
func (s *Service) trySetup(ctx context.Context, actor tenant.Actor, kind, token string) (ceremony, error) {
	var begun ceremony
	err := s.Gate.Instance(s.as(ctx), gate.TryFactor, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.About(actor.Account)
		if err := tryCeremony(ctx, tx, kind, tenant.Digest(token), actor.Session); err != nil {
			return err
		}
		begun, err = peekCeremony(ctx, tx, kind, tenant.Digest(token))
		return err
	})
	return begun, err
}
