package identity

import (
	"context"
	"slices"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/limit"
	"mainstay/internal/tenant"
)

// The factors, as sessions and the audit log name them. A provider's is "oidc:" and its name.
const (
	Password = "password"
	Passkey  = "passkey" // with the person's own verification
	TOTP     = "totp"
	Recovery = "recovery"
	SMS      = "sms"
)

// ChallengeLife is how long a second factor may be shown after the first, and ChallengeTries how often.
const (
	ChallengeLife  = 10 * time.Minute
	ChallengeTries = 5
)

// Shown is what a person has shown of themselves so far.
type Shown struct {
	Factors   []string
	Until     time.Time          // the session ends by then at the latest; zero: by itself
	Workspace tenant.WorkspaceID // the session is good in this workspace alone; zero: in each of the account's
}

// Entry is where a person stands on their way in: in, where Challenge is empty, else before a second factor or a new password.
type Entry struct {
	Begun
	Challenge tenant.Secret // with which [Service.Continue] takes a second factor; it reaches no more than what it needs
	Needs     []string      // the second factors that the account has, the best first; or [NewPassword] alone
}

// Enter lets an account in after what its person has shown, which the caller has verified. Where the account has second
// factors and none was shown, or the password that was shown is too old, there is a challenge and no session. It fails with
// fault.Denied for an account that is disabled or has no place in the workspace that Shown names.
func (s *Service) Enter(ctx context.Context, account tenant.AccountID, shown Shown) (Entry, error) {
	return s.let(ctx, account, shown)
}

// let is Enter for a person who got it right, whose allowances are filled again in the same act.
func (s *Service) let(ctx context.Context, account tenant.AccountID, shown Shown, forgiven ...limit.Allowance) (Entry, error) {
	var entry Entry
	err := s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.SignIn, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.About(account)
		if err := s.counter().ForgiveIn(tx, forgiven...); err != nil {
			return err
		}
		entry, err = s.enter(ctx, tx, account, shown)
		return err
	})
	return entry, err
}

// enter is Enter inside the act.
func (s *Service) enter(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, shown Shown) (Entry, error) {
	var entry Entry
	a, err := loadAccount(ctx, tx, account)
	if err != nil {
		return entry, err
	}
	if a.state != "active" {
		return entry, fault.New(fault.Denied, "This account is disabled. An owner of the workspace can enable it.")
	}
	if entry.Needs, err = s.lacks(ctx, tx, a, shown); err != nil {
		return entry, err
	}
	if len(entry.Needs) > 0 {
		entry.Challenge, err = insertChallenge(ctx, tx, account, shown)
		return entry, err
	}
	entry.Begun, err = s.begin(ctx, tx, account, shown)
	return entry, err
}

// Continue begins the session of a challenge with a second factor; where a new password is due, too, there is another challenge
// for that in its place. It fails with fault.Denied for an answer that is wrong, and with fault.Ended for a challenge that is over,
// used or had its tries.
func (s *Service) Continue(ctx context.Context, challenge tenant.Secret, factor, answer string) (Entry, error) {
	asked, err := s.try(ctx, challenge, factor, answer)
	if err != nil {
		return Entry{}, err
	}
	var entry Entry
	err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.SignIn, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(asked.account)
		tx.Note("factor", factor)
		if _, err := s.Factors.Verify(ctx, tx, answerOf(asked, factor, answer)); err != nil {
			return err
		}
		if err := useChallenge(ctx, tx, asked.id); err != nil {
			return err
		}
		asked.shown.Factors = append(slices.Clone(asked.shown.Factors), factor)
		entry, err = s.enter(ctx, tx, asked.account, asked.shown)
		return err
	})
	return entry, s.Factors.Told(ctx, err)
}

// try counts one try of a challenge before its answer is looked at, so that a crash or a race gives none for free.
func (s *Service) try(ctx context.Context, token tenant.Secret, factor, answer string) (challenge, error) {
	var asked challenge
	err := s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.TryFactor, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		asked, err = tryChallenge(ctx, tx, tenant.Digest(token.Reveal()))
		tx.About(asked.account)
		if err != nil {
			return err
		}
		return s.Factors.Try(ctx, tx, answerOf(asked, factor, answer))
	})
	return asked, err
}

// begin makes the session in the workspace that the account used last, or first; in none where it has no place in any.
func (s *Service) begin(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, shown Shown) (Begun, error) {
	actor, err := seatOf(ctx, tx, account, shown.Workspace)
	if err != nil {
		return Begun{}, err
	}
	return s.open(ctx, tx, actor, shown)
}

// open makes the session of an account in a workspace, and its browser known.
func (s *Service) open(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, shown Shown) (Begun, error) {
	begun, err := s.insertSession(ctx, tx, actor, shown)
	if err != nil {
		return begun, err
	}
	var isNew bool
	if begun.Device, isNew, err = meet(ctx, tx, actor.Account); err == nil && isNew {
		err = s.tellSignIn(ctx, tx, begun.Actor)
	}
	return begun, err
}
