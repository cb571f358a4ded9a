package enrolment

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

// How many text messages go out at most: to one number and for one account. Beside them stands Config.Daily, which is what a
// thief of numbers can make the operator pay for.
const (
	textPause     = 30 * time.Second // between two to one number
	textsPerHour  = 5                // to one number
	textsPerDay   = 10               // to one number, and for one account
	usualDaily    = 100
	textTries     = 5
	textRetention = 7 * 24 * time.Hour
)

// BeginNumber sends a code to a number that the acting person says is theirs, and returns a token for [Service.ConfirmNumber].
func (s *Service) BeginNumber(ctx context.Context, typed string) (tenant.Secret, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return "", err
	}
	number, err := factor.NormalNumber(typed)
	if err != nil {
		return "", err
	}
	token := tenant.NewSecret()
	id := tenant.NewID[ceremonyID](s.Source)
	err = s.send(ctx, actor.Account, id, func(ctx context.Context, tx *gate.InstanceTx) (string, error) {
		return number, s.insertCeremony(ctx, tx, ceremony{id: id, kind: "number", token: token.Reveal(), account: actor.Account, session: actor.Session,
			life: TextLife, pending: pending{Number: number}})
	})
	return token, err
}

// ConfirmNumber makes the number the acting person's, once they show the code that was sent to it. It fails with fault.Denied for
// a wrong code, of which there may be five.
func (s *Service) ConfirmNumber(ctx context.Context, token, code string) (Added, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return Added{}, err
	}
	begun, err := s.trySetup(ctx, actor, "number", token)
	if err != nil {
		return Added{}, err
	}
	var a Added
	err = s.Gate.Instance(s.as(ctx), gate.AddFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		tx.Note("factor", factor.KindSMS)
		if err := s.verifyText(ctx, tx, actor.Account, bound(actor.Account, begun.id), code); err != nil {
			return err
		}
		if err := useCeremony(ctx, tx, "number", tenant.Digest(token)); err != nil {
			return err
		}
		hmac, err := s.numberHMAC(begun.pending.Number)
		if err != nil {
			return err
		}
		if err := replacePhone(ctx, tx, actor.Account, begun.pending, hmac); err != nil {
			return err
		}
		a, err = s.add(ctx, tx, actor, factor.KindSMS)
		return err
	})
	return a, err
}

// SendCode sends a code to an account's number, for the one sign-in or confirmation that it is bound to. Codes sent for it before
// are void. It fails with fault.Busy, which [RetryAfter] knows, where enough were sent.
func (s *Service) SendCode(ctx context.Context, account tenant.AccountID, id [16]byte) error {
	return s.send(ctx, account, id, func(ctx context.Context, tx *gate.InstanceTx) (string, error) { return numberOf(ctx, tx, account) })
}

// send enters a message before it is sent, so that no race and no crash sends one too many, and sends it after.
func (s *Service) send(ctx context.Context, account tenant.AccountID, id [16]byte, to func(context.Context, *gate.InstanceTx) (string, error)) error {
	if s.Texts == nil {
		return fault.New(fault.Conflict, "This deployment sends no text messages. Use another factor.")
	}
	code, err := factor.NewCode(rand.Reader)
	if err != nil {
		return err
	}
	var number string
	err = s.Gate.Instance(s.as(ctx), gate.SendCode, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(account)
		if number, err = to(ctx, tx); err != nil {
			return err
		}
		return s.enter(ctx, tx, text{account: account, bound: bound(account, id)}, number, code)
	})
	if err != nil {
		return err
	}
	return s.Texts.Send(ctx, number, messageOf(code))
}

func messageOf(code string) string {
	return code + " is your Mainstay code. It is good for 10 minutes. Nobody from Mainstay will ask you for it."
}

// enter keeps a message within its limits and enters it.
func (s *Service) enter(ctx context.Context, tx *gate.InstanceTx, m text, number, code string) (err error) {
	if m.number, err = s.numberHMAC(number); err != nil {
		return err
	}
	if m.code, err = s.codeHMAC(m.bound, code); err != nil {
		return err
	}
	sent, err := textsBefore(ctx, tx, m)
	if err != nil {
		return err
	}
	daily := s.Daily
	if daily <= 0 {
		daily = usualDaily
	}
	switch {
	case sent.justNow > 0:
		return &tooManyTexts{textPause, "A code was sent a moment ago. Wait half a minute before you ask for another."}
	case sent.numberHour >= textsPerHour:
		return &tooManyTexts{time.Hour, "Enough codes were sent to this number. Wait an hour, or use another factor."}
	case sent.numberDay >= textsPerDay, sent.accountDay >= textsPerDay:
		return &tooManyTexts{24 * time.Hour, "Enough codes were sent today. Use another factor, or try again tomorrow."}
	case sent.allDay >= daily:
		return &tooManyTexts{24 * time.Hour, "This deployment sent as many text messages as it may in a day. Use another factor."}
	}
	return insertText(ctx, tx, m)
}

func (s *Service) verifyText(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, bound []byte, typed string) error {
	code, ok := factor.NormalCode(typed)
	if !ok {
		return wrongCode()
	}
	hmac, err := s.codeHMAC(bound, code)
	if err != nil {
		return err
	}
	return useText(ctx, tx, account, bound, hmac)
}

func (s *Service) numberHMAC(number string) ([]byte, error) {
	return s.Vault.Lookup("telephone " + number)
}

func (s *Service) codeHMAC(bound []byte, code string) ([]byte, error) {
	return s.Vault.Lookup("text message " + hex.EncodeToString(bound) + " " + code)
}

// tooManyTexts is the refusal of one more message.
type tooManyTexts struct {
	after    time.Duration
	sentence string
}

func (t *tooManyTexts) Error() string { return "too many text messages" }

func (t *tooManyTexts) Unwrap() error { return fault.New(fault.Busy, t.sentence) }
