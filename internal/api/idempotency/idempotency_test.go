package idempotency_test

import (
	"net/http"
	"testing"
	"time"

	"mainstay/internal/api/idempotency"
	"mainstay/internal/fault"
	"mainstay/internal/meeting"
	"mainstay/internal/worldtest"
)

func create(t *testing.T, w *worldtest.World, claim *idempotency.Claim, ten *worldtest.Tenant) (meeting.Meeting, error) {
	t.Helper()
	return w.Meetings.Create(claim.Context(ten.Owner), meeting.Details{Title: "New"}, "paste", false)
}

func begin(t *testing.T, w *worldtest.World, ten *worldtest.Tenant) *idempotency.Claim {
	t.Helper()
	claim, before, err := w.Once.Begin(ten.Owner, "key", []byte("request"))
	if err != nil || before != nil {
		t.Fatalf("Begin = %v, %v; want a claim", before, err)
	}
	return claim
}

func TestACrashBeforeTheActLeavesTheKeyGood(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	lost := begin(t, w, ten)
	w.Clock.Advance(idempotency.Lease)
	again := begin(t, w, ten)
	if _, err := create(t, w, lost, ten); !fault.Is(err, fault.Conflict) {
		t.Errorf("the request that took too long did its act beside its successor: %v", err)
	}
	if _, err := create(t, w, again, ten); err != nil {
		t.Error(err)
	}
}

func TestACrashAfterTheActDoesNothingTwice(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	claim := begin(t, w, ten)
	if _, err := create(t, w, claim, ten); err != nil {
		t.Fatal(err)
	}
	if err := claim.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(idempotency.Lease)
	if _, _, err := w.Once.Begin(ten.Owner, "key", []byte("request")); !fault.Is(err, fault.Conflict) {
		t.Errorf("Begin after a lost answer: %v, want fault.Conflict", err)
	}
}

func TestAKeptAnswerDiesWithWhatItTellsOf(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	claim := begin(t, w, ten)
	m, err := create(t, w, claim, ten)
	if err != nil {
		t.Fatal(err)
	}
	if err := claim.Keep(ten.Owner, idempotency.Answer{Status: http.StatusCreated, Body: []byte("New")}); err != nil {
		t.Fatal(err)
	}
	_, before, err := w.Once.Begin(ten.Owner, "key", []byte("request"))
	if err != nil || before == nil || before.Status != http.StatusCreated || string(before.Body) != "New" {
		t.Fatalf("Begin again = %+v, %v; want the answer", before, err)
	}
	if _, err := w.Meetings.Erase(ten.Owner, m.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Once.Begin(ten.Owner, "key", []byte("request")); !fault.Is(err, fault.Ended) {
		t.Errorf("Begin after the meeting was destroyed: %v, want fault.Ended", err)
	}
	w.Clock.Advance(24 * time.Hour)
	begin(t, w, ten)
}

func TestAFailureOfOursIsNotKept(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	claim := begin(t, w, ten)
	if err := claim.Keep(ten.Owner, idempotency.Answer{Status: http.StatusServiceUnavailable}); err != nil {
		t.Fatal(err)
	}
	if err := claim.Release(ten.Owner); err != nil {
		t.Fatal(err)
	}
	begin(t, w, ten)
}
