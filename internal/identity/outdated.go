package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

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
func (s *Service) lacks(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, shown Shown) ([]string, error) {
	if gate.StrengthOf(shown.Factors) == gate.Single {
		if kinds, err := s.secondFactors(ctx, tx, account); err != nil || len(kinds) > 0 {
			return kinds, err
		}
	}
	if !slices.Contains(shown.Factors, Password) {
		return nil, nil
	}
	if outdated, err := passwordOutdated(ctx, tx, account); err != nil || !outdated {
		return nil, err
	}
	return []string{NewPassword}, nil
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
		needs, err := s.lacks(ctx, tx, r.Account, r.asked.shown)
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

// passwordOutdated reports whether an account's password is older than the strictest of its workspaces allows. One of unknown age is
// as old as its account.
func passwordOutdated(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (bool, error) {
	var outdated bool
	err := tx.QueryRow(ctx, `
select coalesce(a.password, '') <> '' and coalesce(a.password_at, a.created_at) + make_interval(days => r.days) <= $2
from control.account a
cross join lateral (
    select min(nullif(w.password_days, 0)) as days
    from control.seat s join control.workspace w on w.id = s.workspace_id
    where s.account_id = a.id and s.closed_at is null
) r
where a.id = $1 and r.days is not null`, account, tx.Now()).Scan(&outdated)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return outdated, err
}
