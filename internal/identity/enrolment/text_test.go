package enrolment_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity"
	"mainstay/internal/identity/enrolment"
)

const number = "+491511234567"

// newEmpty returns a deployment that nobody owns.
func newEmpty(t *testing.T) *house {
	t.Helper()
	h := &house{World: gatetest.New(t), texts: &gateway{}}
	h.Service = h.service(t)
	return h
}

// phone adds a number to Ada's account.
func (h *house) phone(t *testing.T) {
	t.Helper()
	token, err := h.Factors.BeginNumber(h.owner(t), "+49 151 1234567")
	check(t, err)
	added, err := h.Factors.ConfirmNumber(h.owner(t), token.Reveal(), h.texts.code(t))
	check(t, err)
	h.ada = begunOf(added.Session)
	h.Clock.Advance(time.Minute)
}

func TestANumberIsVerifiedFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Factors.BeginNumber(h.owner(t), "0151 1234567"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a number without a country: %v, want invalid", err)
	}
	token, err := h.Factors.BeginNumber(h.owner(t), number)
	check(t, err)
	for range 5 {
		if _, err := h.Factors.ConfirmNumber(h.owner(t), token.Reveal(), "000000"); !fault.Is(err, fault.Denied) {
			t.Fatalf("a wrong code: %v, want denied", err)
		}
	}
	if _, err := h.Factors.ConfirmNumber(h.owner(t), token.Reveal(), h.texts.code(t)); !fault.Is(err, fault.Ended) {
		t.Errorf("the sixth code: %v, want ended", err)
	}
	if f, err := h.Factors.List(h.owner(t)); err != nil || f.Phone != nil {
		t.Errorf("an unverified number counts: %+v, %v", f, err)
	}
	h.Clock.Advance(time.Minute)
	h.phone(t)
	f, err := h.Factors.List(h.owner(t))
	if err != nil || f.Phone == nil || f.Phone.Masked != "+49 … 67" || f.Strength() != gate.Second {
		t.Errorf("List() = %+v, %v", f.Phone, err)
	}
	if h.holds(t, number) || h.holds(t, h.texts.code(t)) {
		t.Error("a number or a code lies in the clear")
	}
}

// B09: a code is for one sign-in, for ten minutes, and once.
func TestACodeIsForTheSignInThatAskedForIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.phone(t)
	mine, another := h.challenge(t), h.challenge(t)
	check(t, h.SendCode(t.Context(), mine))
	code := h.texts.code(t)
	if _, err := h.Continue(t.Context(), another, "sms", code); !fault.Is(err, fault.Denied) {
		t.Errorf("the code for another sign-in: %v, want denied", err)
	}
	if _, err := h.ConfirmBy(h.owner(t), "sms", code); !fault.Is(err, fault.Denied) {
		t.Errorf("the code to confirm: %v, want denied", err)
	}
	if begun, err := h.Continue(t.Context(), mine, "sms", code); err != nil || gate.StrengthOf(begun.Actor.Factors) != gate.Second {
		t.Errorf("the code: %+v, %v", begun.Actor, err)
	}
	h.Clock.Advance(time.Minute)
	first := h.challenge(t)
	check(t, h.SendCode(t.Context(), first))
	old := h.texts.code(t)
	if err := h.SendCode(t.Context(), first); !fault.Is(err, fault.Busy) || enrolment.RetryAfter(err) != 30*time.Second {
		t.Errorf("another code at once: %v, want busy", err)
	}
	h.Clock.Advance(31 * time.Second)
	check(t, h.SendCode(t.Context(), first))
	if old != h.texts.code(t) {
		if _, err := h.Continue(t.Context(), first, "sms", old); !fault.Is(err, fault.Denied) {
			t.Errorf("the code before the last: %v, want denied", err)
		}
	}
	h.Clock.Advance(31 * time.Second)
	late := h.challenge(t)
	check(t, h.SendCode(t.Context(), late))
	h.Clock.Advance(10 * time.Minute)
	if _, err := h.Continue(t.Context(), late, "sms", h.texts.code(t)); !fault.Is(err, fault.Ended) && !fault.Is(err, fault.Denied) {
		t.Errorf("the code after ten minutes: %v, want refused", err)
	}
}

// B09: the code's own ten minutes, where what it is bound to lives longer.
func TestACodeIsOverAfterTenMinutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.phone(t)
	check(t, h.SendConfirm(h.owner(t)))
	h.Clock.Advance(10 * time.Minute)
	if _, err := h.ConfirmBy(h.owner(t), "sms", h.texts.code(t)); !fault.Is(err, fault.Denied) {
		t.Errorf("the code after ten minutes: %v, want denied", err)
	}
	check(t, h.SendConfirm(h.owner(t)))
	h.Clock.Advance(10*time.Minute - time.Second)
	if _, err := h.ConfirmBy(h.owner(t), "sms", h.texts.code(t)); err != nil {
		t.Errorf("the code just before: %v", err)
	}
}

func TestGuessesOfATextedCodeAreStopped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.phone(t)
	looked := 0
	half := h.challenge(t)
	check(t, h.SendCode(t.Context(), half))
	for i := range 8 {
		switch _, err := h.Continue(t.Context(), half, "sms", fmt.Sprintf("%06d", i)); {
		case fault.Is(err, fault.Denied):
			looked++
		case !fault.Is(err, fault.Busy) && !fault.Is(err, fault.Ended):
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if looked != 5 {
		t.Errorf("%d guesses were looked at, want 5", looked)
	}
	if _, err := h.Continue(t.Context(), h.challenge(t), "sms", h.texts.code(t)); !fault.Is(err, fault.Busy) {
		t.Errorf("a code after five guesses: %v, want busy", err)
	}
}

// B09: thousands of numbers, and one number thousands of times: the day's cap holds, also against many at once.
func TestMessagesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var one int
	for range 8 {
		if _, err := h.Factors.BeginNumber(h.owner(t), number); err == nil {
			one++
		} else if !fault.Is(err, fault.Busy) || enrolment.RetryAfter(err) < time.Minute {
			t.Fatalf("another code to one number: %v, want busy", err)
		}
		h.Clock.Advance(time.Minute)
	}
	if one != 5 {
		t.Errorf("%d codes went to one number within an hour, want 5", one)
	}
	var wait sync.WaitGroup
	var many atomic.Int32
	owner := h.owner(t)
	for i := range 20 {
		wait.Go(func() {
			if _, err := h.Factors.BeginNumber(owner, fmt.Sprintf("+4915112345%02d", i)); err == nil {
				many.Add(1)
			} else if !fault.Is(err, fault.Busy) {
				t.Errorf("a code to another number: %v, want busy", err)
			}
		})
	}
	wait.Wait()
	if many.Load() != 5 {
		t.Errorf("%d more codes went out for the account, want 5 of its 10 a day", many.Load())
	}
	_, err := h.Admin.Exec(t.Context(), `update control.text_message set account_id = gen_random_uuid()`)
	check(t, err)
	var all int
	for i := range 20 {
		if _, err := h.Factors.BeginNumber(h.owner(t), fmt.Sprintf("+4477009001%02d", i)); err == nil {
			all++
		} else if !strings.Contains(fault.Sentence(err), "deployment") {
			t.Fatalf("a code beyond the day's cap: %v", err)
		}
	}
	if all != 2 || len(h.texts.sent) != 12 {
		t.Errorf("%d more and %d in all went out, want 2 and the day's 12", all, len(h.texts.sent))
	}
}

func TestWithoutAGatewayThereAreNoMessages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.phone(t)
	plain, err := identity.New(identity.Config{Gate: h.World.Gate, Vault: h.World.Vault, Source: h.World.Source, Hash: identity.HashCost{Memory: 64, Passes: 1, Threads: 1}, Address: "http://127.0.0.1:7070"})
	check(t, err)
	if _, err := plain.Factors.BeginNumber(h.owner(t), number); !fault.Is(err, fault.Conflict) {
		t.Errorf("without a gateway: %v, want conflict", err)
	}
	if _, err := plain.AskPasskey(t.Context(), ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("a passkey at an address without a name: %v, want conflict", err)
	}
	f, err := plain.Factors.List(h.owner(t))
	if err != nil || f.CanText || f.CanPasskey {
		t.Errorf("List() = %+v, %v", f, err)
	}
}
