package enrolment_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/tenant"
)

func TestAnAppIsSetUpByACodeOfIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, err := h.SignIn(t.Context(), email, password)
	check(t, err)
	app, err := h.Factors.BeginApp(h.owner(t))
	check(t, err)
	if _, err := h.Factors.ConfirmApp(h.owner(t), app.Token.Reveal(), "000000"); !fault.Is(err, fault.Denied) {
		t.Errorf("a wrong code: %v, want denied", err)
	}
	again, err := h.Factors.ShowApp(h.owner(t), app.Token.Reveal())
	if err != nil || again.Secret != app.Secret || again.Picture.Path != app.Picture.Path {
		t.Errorf("the app after a wrong code: %v", err)
	}
	if _, err := h.Factors.ShowApp(h.as(t, other.Token), app.Token.Reveal()); !fault.Is(err, fault.Ended) {
		t.Errorf("the secret in another session: %v, want ended", err)
	}
	old := h.ada.Token
	added, err := h.Factors.ConfirmApp(h.owner(t), app.Token.Reveal(), h.totp(t, app.Secret, 0))
	if err != nil || len(added.Codes) != 10 || gate.StrengthOf(added.Actor.Factors) != gate.Second {
		t.Fatalf("ConfirmApp() = %+v, %v", added.Actor, err)
	}
	for name, token := range map[string]tenant.Secret{"the old token": old, "the other session": other.Token} {
		if _, err := h.Resolve(t.Context(), token.Reveal()); !fault.Is(err, fault.Denied) {
			t.Errorf("%s after an app was added: %v, want denied", name, err)
		}
	}
	h.ada = begunOf(added.Session)
	if f, err := h.Factors.List(h.owner(t)); err != nil || f.App == nil || f.Codes != 10 || f.Strength() != gate.Second {
		t.Errorf("List() = %+v, %v", f, err)
	}
	if h.holds(t, app.Secret) || h.holds(t, added.Codes[0]) {
		t.Error("a secret of the app, or a recovery code, lies in the clear")
	}
}

func TestSettingUpAnAppTakesFiveCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	app, err := h.Factors.BeginApp(h.owner(t))
	check(t, err)
	for range 5 {
		if _, err := h.Factors.ConfirmApp(h.owner(t), app.Token.Reveal(), "000000"); !fault.Is(err, fault.Denied) {
			t.Fatalf("a wrong code: %v, want denied", err)
		}
	}
	if _, err := h.Factors.ConfirmApp(h.owner(t), app.Token.Reveal(), h.totp(t, app.Secret, 0)); !fault.Is(err, fault.Ended) {
		t.Errorf("the sixth code: %v, want ended", err)
	}
}

// B08: a code is taken once, by any node, within a step on either side of the server's time.
func TestACodeOfAnAppIsTakenOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret, _ := h.app(t)
	code := h.totp(t, secret, 0)
	if begun, err := h.Continue(t.Context(), h.challenge(t), "totp", code); err != nil || gate.StrengthOf(begun.Actor.Factors) != gate.Second {
		t.Fatalf("a right code: %+v, %v", begun.Actor, err)
	}
	node := h.service(t)
	if _, err := node.Continue(t.Context(), h.challenge(t), "totp", code); !fault.Is(err, fault.Denied) {
		t.Errorf("the code again, on another node: %v, want denied", err)
	}
	for ahead, want := range map[int64]bool{-2: false, 2: false} {
		if _, err := h.Continue(t.Context(), h.challenge(t), "totp", h.totp(t, secret, ahead)); (err == nil) != want {
			t.Errorf("the code %d steps from now: %v", ahead, err)
		}
	}
	if _, err := h.Continue(t.Context(), h.challenge(t), "totp", h.totp(t, secret, 1)); err != nil {
		t.Errorf("the code of the next step: %v", err)
	}
	if _, err := h.Continue(t.Context(), h.challenge(t), "totp", h.totp(t, secret, 0)); !fault.Is(err, fault.Denied) {
		t.Errorf("a code older than the last: %v, want denied", err)
	}
}

// B08: of many uses of one code at once, one wins.
func TestOneOfManyUsesOfACodeWins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret, _ := h.app(t)
	var challenges []tenant.Secret
	for range 4 {
		challenges = append(challenges, h.challenge(t))
	}
	var wait sync.WaitGroup
	var won atomic.Int32
	for _, c := range challenges {
		wait.Go(func() {
			if _, err := h.Continue(t.Context(), c, "totp", h.totp(t, secret, 0)); err == nil {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d uses of one code won, want 1", won.Load())
	}
}

// B08: guesses are stopped after five for all sign-ins of the account together, on all nodes, and for longer each time.
func TestGuessesOfACodeAreStopped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret, codes := h.app(t)
	nodes := []*identity.Service{h.Service, h.service(t)}
	looked := func() int {
		n := 0
		for i := range 12 {
			_, err := nodes[i%2].Continue(t.Context(), h.challenge(t), "totp", fmt.Sprintf("%06d", i))
			if fault.Is(err, fault.Denied) {
				n++
			} else if after := enrolment.RetryAfter(err); !fault.Is(err, fault.Busy) || after <= 0 {
				t.Fatalf("guess %d: %v after %s, want busy", i, err, after)
			}
		}
		return n
	}
	if n := looked(); n != 5 {
		t.Errorf("%d guesses were looked at, want 5", n)
	}
	if _, err := h.Continue(t.Context(), h.challenge(t), "totp", h.totp(t, secret, 0)); !fault.Is(err, fault.Busy) {
		t.Errorf("the right code while locked: %v, want busy", err)
	}
	if _, err := h.Continue(t.Context(), h.challenge(t), "recovery", codes[0]); err != nil {
		t.Errorf("a recovery code while the app is locked: %v", err)
	}
	h.Clock.Advance(16 * time.Minute)
	if n := looked(); n != 5 {
		t.Errorf("%d guesses were looked at after the pause, want 5", n)
	}
	h.Clock.Advance(16 * time.Minute)
	if n := looked(); n != 0 {
		t.Errorf("%d guesses were looked at after the second pause was half over, want 0", n)
	}
	h.Clock.Advance(20 * time.Minute)
	if _, err := h.Continue(t.Context(), h.challenge(t), "totp", h.totp(t, secret, 0)); err != nil {
		t.Errorf("the right code after the pause: %v", err)
	}
	if n := h.count(t, `select wrong from control.wrong_code where kind = 'totp'`); n != 0 {
		t.Errorf("%d wrong codes are remembered after a right one", n)
	}
}

func TestARecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, codes := h.app(t)
	if _, err := h.Continue(t.Context(), h.challenge(t), "recovery", codes[3]); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Continue(t.Context(), h.challenge(t), "recovery", codes[3]); !fault.Is(err, fault.Denied) {
		t.Errorf("a used code: %v, want denied", err)
	}
	first := h.challenge(t)
	var wait sync.WaitGroup
	var won atomic.Int32
	for range 3 {
		c := h.challenge(t)
		wait.Go(func() {
			if _, err := h.Continue(t.Context(), c, "recovery", codes[4]); err == nil {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d uses of one recovery code won, want 1", won.Load())
	}
	fresh, err := h.Factors.NewCodes(h.owner(t))
	if err != nil || len(fresh) != 10 {
		t.Fatalf("NewCodes() = %d codes, %v", len(fresh), err)
	}
	if _, err := h.Continue(t.Context(), first, "recovery", codes[5]); !fault.Is(err, fault.Ended) {
		t.Errorf("a sign-in from before the change: %v, want ended", err)
	}
	if _, err := h.Continue(t.Context(), h.challenge(t), "recovery", codes[5]); !fault.Is(err, fault.Denied) {
		t.Errorf("a code of the old set: %v, want denied", err)
	}
	if n := h.count(t, `select count(*) from control.recovery_code where octet_length(code_hash) = 32`); n != 10 {
		t.Errorf("%d codes are kept, want 10", n)
	}
}

// B11: who is half in is nobody.
func TestAChallengeReachesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret, _ := h.app(t)
	half := h.challenge(t)
	if _, err := h.Resolve(t.Context(), half.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("a challenge as a session: %v, want denied", err)
	}
	for _, kind := range []string{"passkey", "sms", "password", "oidc:google", ""} {
		if _, err := h.Continue(t.Context(), h.challenge(t), kind, password); err == nil {
			t.Errorf("the kind %q let somebody in", kind)
		}
	}
	h.Clock.Advance(11 * time.Minute)
	if _, err := h.Continue(t.Context(), half, "totp", h.totp(t, secret, 0)); !fault.Is(err, fault.Ended) {
		t.Errorf("a challenge after ten minutes: %v, want ended", err)
	}
	used := h.challenge(t)
	if _, err := h.Continue(t.Context(), used, "totp", h.totp(t, secret, 0)); err != nil {
		t.Fatal(err)
	}
	h.Clock.Advance(time.Minute)
	if _, err := h.Continue(t.Context(), used, "totp", h.totp(t, secret, 0)); !fault.Is(err, fault.Ended) {
		t.Errorf("a challenge that was used: %v, want ended", err)
	}
}

// B11: factors change only within a quarter of an hour of a factor shown.
func TestFactorsChangeOnlyInAPersonsPresence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	app, err := h.Factors.BeginApp(h.owner(t))
	check(t, err)
	d := newDevice()
	options, err := h.Factors.BeginPasskey(h.owner(t))
	check(t, err)
	h.Clock.Advance(gate.ConfirmAge)
	acts := map[string]func() error{
		"begin an app":     func() error { _, err := h.Factors.BeginApp(h.owner(t)); return err },
		"show an app":      func() error { _, err := h.Factors.ShowApp(h.owner(t), app.Token.Reveal()); return err },
		"confirm an app":   func() error { _, err := h.Factors.ConfirmApp(h.owner(t), app.Token.Reveal(), "123456"); return err },
		"begin a passkey":  func() error { _, err := h.Factors.BeginPasskey(h.owner(t)); return err },
		"finish a passkey": func() error { _, err := h.Factors.FinishPasskey(h.owner(t), "", d.register(t, options)); return err },
		"begin a number":   func() error { _, err := h.Factors.BeginNumber(h.owner(t), "+491511234567"); return err },
		"confirm a number": func() error { _, err := h.Factors.ConfirmNumber(h.owner(t), "x", "123456"); return err },
		"make codes":       func() error { _, err := h.Factors.NewCodes(h.owner(t)); return err },
		"remove a factor":  func() error { return h.RemoveFactor(h.owner(t), "totp", enrolment.PasskeyID{}) },
	}
	for name, act := range acts {
		if err := act(); fault.Wanted(err) != fault.Confirmation {
			t.Errorf("%s after 15 minutes: %v, want a confirmation wanted", name, err)
		}
	}
	old := h.ada.Token
	begun, err := h.ConfirmBy(h.owner(t), "password", password)
	if err != nil || begun.Token == old || begun.Actor.Session != h.ada.Actor.Session {
		t.Fatalf("Confirm() = %+v, %v", begun.Actor, err)
	}
	if _, err := h.Resolve(t.Context(), old.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("the token from before the confirmation: %v, want denied", err)
	}
	h.ada = begun
	for name, act := range acts {
		if err := act(); fault.Is(err, fault.Unconfirmed) {
			t.Errorf("%s after a confirmation: %v", name, err)
		}
	}
}

// B11: who has a second factor confirms by it, and not by a password that may be stolen with the session.
func TestAConfirmationIsAsStrongAsTheAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.ConfirmBy(h.owner(t), "password", "not the password"); !fault.Is(err, fault.Denied) {
		t.Errorf("a wrong password: %v, want denied", err)
	}
	secret, codes := h.app(t)
	if ways, err := h.Ways(h.owner(t)); err != nil || fmt.Sprint(ways) != "[totp recovery]" {
		t.Errorf("Ways() = %v, %v", ways, err)
	}
	if _, err := h.ConfirmBy(h.owner(t), "password", password); !fault.Is(err, fault.Denied) {
		t.Errorf("a password where there is an app: %v, want denied", err)
	}
	code := h.totp(t, secret, 0)
	begun, err := h.ConfirmBy(h.owner(t), "totp", code)
	check(t, err)
	h.ada = begun
	if _, err := h.ConfirmBy(h.owner(t), "totp", code); !fault.Is(err, fault.Denied) {
		t.Errorf("the code again: %v, want denied", err)
	}
	if _, err := h.ConfirmBy(h.owner(t), "recovery", codes[0]); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
}

func TestTheLastFactorThatAWorkspaceAsksForStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.app(t)
	h.passkey(t, "Laptop")
	f, err := h.Factors.List(h.owner(t))
	check(t, err)
	policy := func(least string) {
		_, err := h.Admin.Exec(t.Context(), `update tenant.workspace set least_factor = $1`, least)
		check(t, err)
	}
	policy("phishing-resistant")
	if err := h.RemoveFactor(h.owner(t), "passkey", f.Passkeys[0].ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("the last passkey where one is asked for: %v, want conflict", err)
	}
	if err := h.RemoveFactor(h.owner(t), "totp", enrolment.PasskeyID{}); err != nil {
		t.Errorf("an app where there is a passkey: %v", err)
	}
	policy("second")
	if err := h.RemoveFactor(h.owner(t), "passkey", f.Passkeys[0].ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("the last second factor where one is asked for: %v, want conflict", err)
	}
	policy("none")
	if err := h.RemoveFactor(h.owner(t), "passkey", enrolment.PasskeyID{}); !fault.Is(err, fault.Missing) {
		t.Errorf("a passkey that is not there: %v, want missing", err)
	}
	check(t, h.RemoveFactor(h.owner(t), "passkey", f.Passkeys[0].ID))
	if n := h.count(t, `select count(*) from control.recovery_code`); n != 0 {
		t.Errorf("%d recovery codes stand in for nothing", n)
	}
	if entry, err := h.SignIn(t.Context(), email, password); err != nil || entry.Challenge != "" {
		t.Errorf("a password where no factor is left: %v", err)
	}
}

func TestAnOperatorResetsFactors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.app(t)
	h.passkey(t, "Laptop")
	if err := h.ResetFactors(t.Context(), "nobody@example.com"); !fault.Is(err, fault.Missing) {
		t.Errorf("an account that is not: %v, want missing", err)
	}
	check(t, h.ResetFactors(t.Context(), " ADA@example.com"))
	if _, err := h.Resolve(t.Context(), h.ada.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("a session from before: %v, want denied", err)
	}
	entry, err := h.SignIn(t.Context(), email, password)
	check(t, err)
	if f, err := h.Factors.List(h.as(t, entry.Token)); err != nil || len(f.Passkeys) > 0 || f.App != nil || f.Codes > 0 {
		t.Errorf("List() = %+v, %v", f, err)
	}
	if n := h.count(t, `select count(*) from control.event where verb = 'factor.reset' and outcome = 'done'`); n != 1 {
		t.Errorf("%d events of a reset, want 1", n)
	}
}

// B02: while many guess at an account's password, who has a second factor gets in from anywhere.
func TestASecondFactorGetsInWhileOthersGuess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret, _ := h.app(t)
	n := 0
	for ; n < 200; n++ {
		from := tenant.WithActor(t.Context(), tenant.Actor{Address: fmt.Sprintf("198.51.100.%d", n)})
		if _, err := h.SignIn(from, email, "not the password"); fault.Is(err, fault.Busy) {
			break
		}
	}
	if n != 50 {
		t.Fatalf("%d guesses from as many addresses, want 50", n)
	}
	entry, err := h.SignIn(tenant.WithActor(t.Context(), tenant.Actor{Address: "203.0.113.1"}), email, password)
	if err != nil || entry.Challenge == "" || entry.Token != "" {
		t.Fatalf("the right password led to %v, want a challenge", err)
	}
	if begun, err := h.Continue(t.Context(), entry.Challenge, "totp", h.totp(t, secret, 0)); err != nil || begun.Token == "" {
		t.Errorf("a code of the app: %v", err)
	}
}
