package identity

import (
	"context"
	"slices"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// NewPassword is what an [Entry] needs where the password that was shown is older than the strictest of the account's workspaces
// allows. It is no factor: [Service.Continue] does not take it.
const NewPassword = "new-password"

// lacks returns what a person still has to show or to do before their session may begin: one of the second factors of their
// account, the best first, and then a new password where the one that they showed is too old. Who showed none, but a passkey or a
// provider's word, is not asked for one.
func (s *Service) lacks(ctx context.Context, tx *gate.InstanceTx, a account, shown Shown) ([]string, error) {
	if gate.StrengthOf(shown.Factors) == gate.Single {
		if kinds, err := s.secondFactors(ctx, tx, a.id); err != nil || len(kinds) > 0 {
			return kinds, err
		}
	}
	if a.outdated && slices.Contains(shown.Factors, Password) {
		return []string{NewPassword}, nil
	}
	return nil, nil
}

// lacking is lacks for who waits at a challenge.
func (s *Service) lacking(ctx context.Context, tx *gate.InstanceTx, c challenge) ([]string, error) {
	a, err := loadAccount(ctx, tx, c.account)
	if err != nil {
		return nil, err
	}
	return s.lacks(ctx, tx, a, c.shown)
}

// Renewal is a sign-in that waits for a new password, after everything else was shown.
type Renewal struct {
	Account tenant.AccountID
	asked   challenge
}

// Renewal returns the sign-in of a challenge that needs a new password and nothing else. It fails with fault.Ended for a challenge
// that is over or does not ask for one.
func (s *Service) Renewal(ctx context.Context, token tenant.Secret) (Renewal, error) {
	var r Renewal
	err := s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		if r.asked, err = peekChallenge(ctx, tx, tenant.Digest(token.Reveal())); err != nil {
			return err
		}
		r.Account = r.asked.account
		needs, err := s.lacking(ctx, tx, r.asked)
		if err == nil && !slices.Equal(needs, []string{NewPassword}) {
			return overChallenge()
		}
		return err
	})
	return r, err
}

// Spend uses a renewal's challenge up, inside the act of its caller's that stores the new password. Of two at once one gets it; the
// other fails with fault.Ended.
func (s *Service) Spend(ctx context.Context, tx *gate.InstanceTx, r Renewal) error {
	return useChallenge(ctx, tx, r.asked.id)
}

// BeginRenewed begins the session of a renewal that was spent, inside the same act, after the new password was stored. It fails with
// fault.Denied for an account that was disabled meanwhile.
func (s *Service) BeginRenewed(ctx context.Context, tx *gate.InstanceTx, r Renewal) (Begun, error) {
	entry, err := s.enter(ctx, tx, r.Account, r.asked.shown)
	if err == nil && entry.Challenge != "" {
		err = fault.New(fault.Ended, "Your account was changed meanwhile. Sign in again.")
	}
	return entry.Begun, err
}
