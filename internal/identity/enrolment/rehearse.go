package enrolment

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

// Rehearsal says which rules held when the factors of an account were tried that is never stored.
type Rehearsal struct {
	Sealed   bool // an app's secret cannot be read in the database
	Window   bool // codes of the step before, of now and of the step after are taken, and of none further off
	Once     bool // no code twice, and none older than one that was taken
	Locked   bool // after five wrong codes a right one is refused
	Recovery bool // a recovery code is taken once, and is not readable

	Text        bool // a code that was sent is taken once
	Bound       bool // and for its own sign-in alone
	Over        bool // and not after ten minutes
	TextsLocked bool // and not after five wrong ones
}

// errRehearsed undoes a rehearsal.
var errRehearsed = errors.New("rehearsed")

// Rehearse tries the factors on an account of its own and undoes it all; nothing of it is stored and nothing is sent. Code is one
// that came out of a gateway. It is for the program's own checks.
func (s *Service) Rehearse(ctx context.Context, code string) (Rehearsal, error) {
	var r Rehearsal
	prover := tenant.WithActor(ctx, tenant.Actor{Kind: tenant.System, Job: gate.Prover})
	err := s.Gate.Tally(prover, gate.BeginProof, func(ctx context.Context, tx *gate.InstanceTx) error {
		stage := rehearsal{s, tx, tenant.NewID[tenant.AccountID](s.Source)}
		if err := stage.insert(ctx); err != nil {
			return err
		}
		for _, part := range []func(context.Context, *Rehearsal) error{stage.app, stage.recovery} {
			if err := part(ctx, &r); err != nil {
				return err
			}
		}
		if err := stage.texts(ctx, code, &r); err != nil {
			return err
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return r, err
}

// rehearsal is an account on a stage.
type rehearsal struct {
	s       *Service
	tx      *gate.InstanceTx
	account tenant.AccountID
}

func (r rehearsal) insert(ctx context.Context) error {
	sealed, err := r.tx.Seal(ctx, r.tx.Place("account", r.account), map[string]string{"email": "prover@localhost.invalid"})
	if err != nil {
		return err
	}
	return insertRehearsed(ctx, r.tx, r.account, tenant.Digest(tenant.NewSecret().Reveal()), sealed)
}

// takes reports whether an answer is taken. Anything but a refusal is an error.
func (r rehearsal) takes(ctx context.Context, kind, text string, id [16]byte) (bool, error) {
	a := Answer{Account: r.account, Kind: kind, Text: text, Bound: id}
	err := r.s.Try(ctx, r.tx, a)
	if err == nil {
		_, err = r.s.Verify(ctx, r.tx, a)
	}
	if fault.Is(err, fault.Denied) || fault.Is(err, fault.Busy) {
		return false, nil
	}
	return err == nil, err
}

// wants reports whether answers are taken and refused as they should be, in their order.
func (r rehearsal) wants(ctx context.Context, kind string, id [16]byte, answers ...expected) (bool, error) {
	for _, a := range answers {
		if took, err := r.takes(ctx, kind, a.text, id); err != nil || took != a.taken {
			return false, err
		}
	}
	return true, nil
}

type expected struct {
	text  string
	taken bool
}

func (r rehearsal) app(ctx context.Context, out *Rehearsal) error {
	secret, err := factor.NewSecret(r.s.Source.Random)
	if err != nil {
		return err
	}
	if err := r.s.replaceApp(ctx, r.tx, r.account, pending{Secret: secret}, 0); err != nil {
		return err
	}
	var codes []string
	for ahead := int64(-2); ahead <= 2; ahead++ {
		code, err := hotp.GenerateCodeCustom(secret, uint64(factor.Step(r.tx.Now())+ahead), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return err
		}
		codes = append(codes, code)
	}
	if out.Window, err = r.wants(ctx, factor.KindTOTP, [16]byte{}, expected{codes[0], false}, expected{codes[4], false}, expected{codes[1], true}); err != nil {
		return err
	}
	if out.Once, err = r.wants(ctx, factor.KindTOTP, [16]byte{}, expected{codes[1], false}, expected{codes[2], true}, expected{codes[2], false}, expected{codes[1], false}); err != nil {
		return err
	}
	next, err := r.wants(ctx, factor.KindTOTP, [16]byte{}, expected{codes[3], true})
	out.Window = out.Window && next
	if err != nil {
		return err
	}
	if err := r.s.replaceApp(ctx, r.tx, r.account, pending{Secret: secret}, 0); err != nil {
		return err
	}
	wrong := expected{"no code", false}
	if out.Locked, err = r.wants(ctx, factor.KindTOTP, [16]byte{}, wrong, wrong, wrong, wrong, wrong, expected{codes[2], false}); err != nil {
		return err
	}
	row, err := readRehearsed(ctx, r.tx, r.account)
	out.Sealed = !strings.Contains(row, secret)
	return err
}

func (r rehearsal) recovery(ctx context.Context, out *Rehearsal) error {
	codes, err := r.s.replaceCodes(ctx, r.tx, r.account)
	if err != nil {
		return err
	}
	if out.Recovery, err = r.wants(ctx, factor.KindRecovery, [16]byte{}, expected{codes[0], true}, expected{codes[0], false}); err != nil {
		return err
	}
	row, err := readRehearsed(ctx, r.tx, r.account)
	normal, _ := factor.NormalRecovery(codes[1])
	out.Recovery = out.Recovery && !strings.Contains(row, codes[1]) && !strings.Contains(row, normal)
	return err
}

func (r rehearsal) texts(ctx context.Context, code string, out *Rehearsal) error {
	mine, other := [16]byte{1}, [16]byte{2}
	for _, id := range [][16]byte{mine, other} {
		if err := r.sent(ctx, id, code); err != nil {
			return err
		}
	}
	var err error
	if out.Bound, err = r.wants(ctx, factor.KindSMS, [16]byte{3}, expected{code, false}); err != nil {
		return err
	}
	if out.Text, err = r.wants(ctx, factor.KindSMS, mine, expected{code, true}, expected{code, false}); err != nil {
		return err
	}
	if err := endTexts(ctx, r.tx, r.account); err != nil {
		return err
	}
	if out.Over, err = r.wants(ctx, factor.KindSMS, other, expected{code, false}); err != nil {
		return err
	}
	if err := forgetWrong(ctx, r.tx, r.account, factor.KindSMS); err != nil {
		return err
	}
	if err := r.sent(ctx, other, code); err != nil {
		return err
	}
	wrong := expected{"no code", false}
	out.TextsLocked, err = r.wants(ctx, factor.KindSMS, other, wrong, wrong, wrong, wrong, wrong, expected{code, false})
	return err
}

// sent enters a message without its limits, which are of the whole deployment.
func (r rehearsal) sent(ctx context.Context, id [16]byte, code string) error {
	m := text{account: r.account, bound: bound(r.account, id), number: tenant.Digest("nobody's")}
	var err error
	if m.code, err = r.s.codeHMAC(m.bound, code); err != nil {
		return err
	}
	return insertText(ctx, r.tx, m)
}

// RehearseTexts sends a code that belongs to nobody through a gateway: what a check of the gateway's own form looks for.
func RehearseTexts(ctx context.Context, g factor.Gateway, code string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return g.Send(ctx, "+10000000000", messageOf(code))
}
