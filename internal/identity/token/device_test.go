package token_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/token"
	"mainstay/internal/tenant"
)

func TestAProgramWaitsForItsPerson(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.person(t, gate.Member)
	visitor := tenant.WithActor(t.Context(), tenant.Actor{Address: "192.0.2.7"})
	device, err := d.BeginDevice(visitor, laptop, []gate.Scope{gate.MeetingsWrite, gate.MeetingsRead})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := d.Asks(ctx, strings.ToLower(strings.ReplaceAll(device.UserCode, "-", " ")))
	if err != nil || asked.Program != laptop || asked.Address != "192.0.2.7" || len(asked.Scopes) != 2 {
		t.Fatalf("Asks() = %+v, %v", asked, err)
	}
	poll := func(want error) {
		t.Helper()
		if _, err := d.Poll(t.Context(), device.Code); !errors.Is(err, want) {
			t.Errorf("Poll() = %v, want %v", err, want)
		}
	}
	poll(token.ErrPending)
	poll(token.ErrSlowDown)
	d.world.Clock.Advance(token.DeviceInterval)
	poll(token.ErrPending)
	if err := d.Allow(ctx, device.UserCode); err != nil {
		t.Fatal(err)
	}
	if err := d.Allow(ctx, device.UserCode); !fault.Is(err, fault.Missing) {
		t.Errorf("allowed twice: %v, want missing", err)
	}
	pair, err := d.Poll(t.Context(), device.Code)
	if err != nil || !d.works(t, pair.Access) {
		t.Fatalf("Poll() = %v", err)
	}
	poll(token.ErrOver)
	if all, err := d.List(ctx); err != nil || len(all) != 1 || all[0].Kind != "program" || all[0].Name != laptop {
		t.Errorf("List() = %+v, %v", all, err)
	}
}

func TestWhoIsTurnedAwayOrLateGetsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.person(t, gate.Member)
	denied, err := d.BeginDevice(t.Context(), "one", []gate.Scope{gate.MeetingsRead})
	if err == nil {
		err = d.Deny(ctx, denied.UserCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	late, err := d.BeginDevice(t.Context(), "two", []gate.Scope{gate.MeetingsRead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Poll(t.Context(), denied.Code); !errors.Is(err, token.ErrDenied) {
		t.Errorf("turned away: %v", err)
	}
	d.world.Clock.Advance(token.DeviceLife)
	if _, err := d.Poll(t.Context(), late.Code); !errors.Is(err, token.ErrOver) {
		t.Errorf("too late: %v", err)
	}
	again := d.world.SignedIn(t, ctx)
	for _, code := range []string{denied.UserCode, late.UserCode, "", "BCDF-GHJK"} {
		if err := d.Allow(again, code); !fault.Is(err, fault.Missing) {
			t.Errorf("allowing what is over: %v, want missing", err)
		}
	}
}

func TestOfManyPollsOneGetsTheTokens(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	device, err := d.BeginDevice(t.Context(), "one", []gate.Scope{gate.MeetingsRead})
	if err == nil {
		err = d.Allow(d.person(t, gate.Member), device.UserCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var got atomic.Int32
	for range 20 {
		wait.Go(func() {
			if _, err := d.Poll(t.Context(), device.Code); err == nil {
				got.Add(1)
			}
		})
	}
	wait.Wait()
	if got.Load() != 1 {
		t.Errorf("%d polls got tokens, want 1", got.Load())
	}
}
