package account

import (
	"context"

	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// Renewing is what a sign-in that waits for a new password asks of it.
type Renewing struct {
	Least int // characters
	Days  int // after so many a password is too old
}

// Renewing returns what is asked of the new password for which a sign-in's challenge waits. It is part of the page that asks and
// no act of its own. It fails with fault.Ended for a challenge that is over or waits for something else.
func (s *Service) Renewing(ctx context.Context, challenge tenant.Secret) (Renewing, error) {
	renewal, err := s.Identity.Renewal(ctx, challenge)
	if err != nil {
		return Renewing{}, err
	}
	var asked rules
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		asked, err = passwordRules(ctx, tx, renewal.Account)
		return err
	})
	return Renewing{Least: asked.least, Days: asked.days}, err
}

// RenewPassword takes the new password of somebody who has just shown one that is too old, and begins the session for which they
// signed in; all others end. The new one is another than the present one. It fails with fault.Invalid for a password that is not
// taken, and then the challenge stays good; with fault.Ended for a challenge that is over; and with fault.Busy, which
// [identity.RetryAfter] knows, after too many.
func (s *Service) RenewPassword(ctx context.Context, challenge tenant.Secret, next string) (identity.Begun, error) {
	renewal, err := s.Identity.Renewal(ctx, challenge)
	if err != nil {
		return identity.Begun{}, err
	}
	if _, err := s.count().Take(ctx, once("renew "+renewal.Account.String(), perPerson)); err != nil {
		return identity.Begun{}, err
	}
	hash, err := s.acceptable(ctx, renewal.Account, next, 1)
	if err != nil {
		return identity.Begun{}, err
	}
	var begun identity.Begun
	err = s.Gate.Instance(s.as(ctx), gate.RenewPassword, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.About(renewal.Account)
		if err := s.Identity.Spend(ctx, tx, renewal); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, renewal.Account, tenant.Actor{Device: tenant.Visitor(ctx).Device}, hash); err != nil {
			return err
		}
		begun, err = s.Identity.BeginRenewed(ctx, tx, renewal)
		return err
	})
	return begun, err
}
