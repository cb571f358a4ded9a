package enrolment

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

// Wrong codes that are looked at before a pause, and the pause, which doubles with each further round up to 32 hours. A person who
// mistypes never sees it; who guesses gets 35 tries in the first day and some four in each after it, of a million codes.
const (
	wrongCodes = 5
	firstPause = 15 * time.Minute
	mostPauses = 7 // doublings
)

// Answer is what a person shows of a factor. Bound is the one sign-in or setting up for which a code was sent.
type Answer struct {
	Account tenant.AccountID // zero: whoever's passkey it is
	Kind    string
	Text    string
	Bound   [16]byte
}

// Try counts an answer before it is looked at. It fails with fault.Busy, which [RetryAfter] knows, while the account's codes are
// locked after too many wrong ones, and with fault.Ended for a passkey's challenge that is over or was answered.
func (s *Service) Try(ctx context.Context, tx *gate.InstanceTx, a Answer) error {
	switch a.Kind {
	case factor.KindPasskey:
		claim, err := factor.ClaimOf([]byte(a.Text))
		if err != nil {
			return err
		}
		return useCeremony(ctx, tx, "assert", tenant.Digest(claim.Challenge))
	case factor.KindTOTP, factor.KindSMS, factor.KindRecovery:
		if err := countWrong(ctx, tx, a.Account, a.Kind); err != nil {
			return err
		}
		if a.Kind == factor.KindSMS {
			return tryText(ctx, tx, bound(a.Account, a.Bound))
		}
		return nil
	}
	return unknown(a.Kind)
}

// Verified is what a right answer showed. Alone says that it stands for two factors: a passkey whose device verified its person.
type Verified struct {
	Account tenant.AccountID
	Alone   bool
}

// Verify takes an answer that [Service.Try] counted, once. It fails with fault.Denied where it is not right.
func (s *Service) Verify(ctx context.Context, tx *gate.InstanceTx, a Answer) (Verified, error) {
	if a.Kind == factor.KindPasskey {
		return s.verifyPasskey(ctx, tx, a)
	}
	if a.Account.IsZero() {
		return Verified{}, fault.New(fault.Denied, "Sign in with your password first.")
	}
	var err error
	switch a.Kind {
	case factor.KindTOTP:
		err = s.verifyTOTP(ctx, tx, a)
	case factor.KindSMS:
		err = s.verifyText(ctx, tx, a.Account, bound(a.Account, a.Bound), a.Text)
	case factor.KindRecovery:
		err = s.verifyCode(ctx, tx, a)
	default:
		err = unknown(a.Kind)
	}
	if err != nil {
		return Verified{}, err
	}
	return Verified{Account: a.Account}, forgetWrong(ctx, tx, a.Account, a.Kind)
}

func (s *Service) verifyTOTP(ctx context.Context, tx *gate.InstanceTx, a Answer) error {
	app, err := loadApp(ctx, tx, a.Account)
	if err != nil {
		return err
	}
	step, ok := factor.MatchTOTP(app.Secret, a.Text, tx.Now(), app.used)
	if !ok {
		return wrongCode()
	}
	return useStep(ctx, tx, a.Account, step)
}

// verifyCode takes a recovery code, and tells its person: somebody else may have found the list.
func (s *Service) verifyCode(ctx context.Context, tx *gate.InstanceTx, a Answer) error {
	code, ok := factor.NormalRecovery(a.Text)
	if !ok {
		return wrongCode()
	}
	salt, err := saltOf(ctx, tx, a.Account)
	if err != nil {
		return err
	}
	if err := useCode(ctx, tx, a.Account, s.Stretch.Hash(code, salt)); err != nil {
		return err
	}
	return s.People.Changed(ctx, tx, a.Account, time.Time{}, "A recovery code was used to sign in.")
}

func (s *Service) verifyPasskey(ctx context.Context, tx *gate.InstanceTx, a Answer) (Verified, error) {
	if s.Party == nil {
		return Verified{}, noPasskeys()
	}
	claim, err := factor.ClaimOf([]byte(a.Text))
	if err != nil {
		return Verified{}, err
	}
	begun, err := takeCeremony(ctx, tx, "assert", tenant.Digest(claim.Challenge))
	if err != nil {
		return Verified{}, err
	}
	if begun.account != a.Account {
		return Verified{}, fault.New(fault.Denied, "This passkey was asked of somebody else. Try again.")
	}
	key, err := passkeyByCredential(ctx, tx, claim.ID)
	if err != nil {
		return Verified{}, err
	}
	if !a.Account.IsZero() && key.account != a.Account {
		return Verified{}, fault.New(fault.Denied, "This passkey belongs to another account. Use one of yours.")
	}
	owner := factor.Owner{Handle: key.account[:], Passkeys: []factor.Passkey{key.Passkey}}
	shown, err := s.Party.FinishAssertion(owner, begun.State, []byte(a.Text))
	if err != nil {
		return Verified{}, err
	}
	if shown.Cloned {
		return Verified{}, &doubt{key.id, key.account}
	}
	return Verified{Account: key.account, Alone: shown.Verified}, countUse(ctx, tx, key.id, shown.Passkey.SignCount)
}

// doubt is the refusal of a passkey of which another copy may be in use.
type doubt struct {
	id      PasskeyID
	account tenant.AccountID
}

func (d *doubt) Error() string { return fmt.Sprintf("the count of passkey %s did not grow", d.id) }

func (d *doubt) Unwrap() error {
	return fault.New(fault.Denied, "This passkey was refused: its counter went back, so a copy of it may be in use. Sign in another way, then remove it.")
}

// Told marks the passkey of which err says that a copy may be in use, and tells its person. Other errors, and nil, pass as they are.
func (s *Service) Told(ctx context.Context, err error) error {
	var d *doubt
	if !errors.As(err, &d) {
		return err
	}
	marked := s.Gate.Instance(s.as(ctx), gate.DoubtFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(d.account)
		tx.Note("passkey", d.id.String())
		if err := doubtPasskey(ctx, tx, d.id); err != nil {
			return err
		}
		return s.People.Changed(ctx, tx, d.account, time.Time{}, "A passkey was refused, because a copy of it may be in use. Remove it.")
	})
	return errors.Join(err, marked)
}

// locked is the refusal of codes after too many wrong ones.
type locked struct{ after time.Duration }

func (l *locked) Error() string { return fmt.Sprintf("codes are locked for %s", l.after) }

func (l *locked) Unwrap() error {
	return fault.New(fault.Busy, "Too many wrong codes. Wait "+minutes(l.after)+", or use another factor.")
}

// RetryAfter returns how long codes are locked after an error of [Service.Try] or of sending one, 0 for others.
func RetryAfter(err error) time.Duration {
	var known *locked
	var sent *tooManyTexts
	switch {
	case errors.As(err, &known):
		return known.after
	case errors.As(err, &sent):
		return sent.after
	}
	return 0
}

func minutes(d time.Duration) string {
	switch n := int((d + time.Minute - 1) / time.Minute); {
	case n <= 1:
		return "a minute"
	case n < 120:
		return fmt.Sprintf("%d minutes", n)
	default:
		return fmt.Sprintf("%d hours", (n+59)/60)
	}
}

func wrongCode() error {
	return fault.New(fault.Denied, "This code is not right. Each code works once; try the next one.")
}

// bound is what the database keeps of the sign-in that a code is for.
func bound(account tenant.AccountID, id [16]byte) []byte {
	sum := sha256.Sum256(append(account[:], id[:]...))
	return sum[:]
}
