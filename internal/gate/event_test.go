package gate_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/audit"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// newest returns the newest event of a workspace, as its owner reads it.
func newest(t *testing.T, owner context.Context, w *gatetest.World) audit.Entry {
	t.Helper()
	var entries []audit.Entry
	err := w.Gate.View(owner, gate.Act{Verb: gate.ReadAudit}, func(ctx context.Context, tx *gate.Tx) (err error) {
		entries, err = audit.Newest(ctx, tx, tenant.EventID{}, 1)
		return err
	})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d events, %v", len(entries), err)
	}
	return entries[0]
}

func TestAnEventSaysWhoDidWhatToWhich(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	actor, _ := tenant.ActorOf(owner)
	actor.Address, actor.Request = "192.0.2.7", tenant.NewID[tenant.RequestID](w.Source)
	owner = tenant.WithActor(owner, actor)
	w.Clock.Advance(time.Second)
	err := w.Gate.Do(owner, gate.Act{Verb: gate.ChangeMeeting, Object: meeting}, func(_ context.Context, tx *gate.Tx) error {
		tx.Note("count", 3)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e := newest(t, owner, w)
	if e.ActorKind != "member" || e.ActorID != actor.Member || e.Verb != "meeting.change" || e.Object == nil || *e.Object != meeting ||
		e.Stream != audit.Data || e.Outcome != audit.Done || e.Reason != "" || !e.At.Equal(w.Clock.Now()) || e.Request != actor.Request || e.Address != actor.Address {
		t.Errorf("the event is %+v", e)
	}
	place := vault.Place{Workspace: a.ID, Record: e.Record, Kind: "event", Row: e.ID}
	plain, err := w.Vault.Open(t.Context(), vault.Sealed{Place: place, Bytes: e.Sealed})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Salt    []byte
		Details map[string]any
	}
	if err := json.Unmarshal(plain[0], &doc); err != nil || len(doc.Salt) != 32 || doc.Details["count"] != 3.0 {
		t.Errorf("its details are %s, %v", plain[0], err)
	}
	if sum := sha256.Sum256(plain[0]); !bytes.Equal(sum[:], e.Hash) {
		t.Error("its hash is not that of its details")
	}
}

// TestAnErasedEventStands: what was noted goes with the record's key; the event and its commitment stay.
func TestAnErasedEventStands(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	w.Clock.Advance(time.Second)
	if err := read(owner, w, meeting); err != nil {
		t.Fatal(err)
	}
	before := newest(t, owner, w)
	w.Clock.Advance(time.Second)
	err := w.Gate.Do(owner, gate.Act{Verb: gate.EraseMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
		_, err := tx.Erase(ctx, tx.Record())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if e := newest(t, owner, w); e.Verb != "meeting.erase" || e.Record != gate.WorkspaceRecord(a.ID) {
		t.Errorf("the erasure's own event is %s under %s, want under the workspace's record", e.Verb, e.Record)
	}
	place := vault.Place{Workspace: a.ID, Record: before.Record, Kind: "event", Row: before.ID}
	if _, err := w.Vault.Open(t.Context(), vault.Sealed{Place: place, Bytes: before.Sealed}); !fault.Is(err, fault.Missing) {
		t.Errorf("the details of an erased event: %v, want fault.Missing", err)
	}
	var hash []byte
	if err := w.Admin.QueryRow(t.Context(), `select details_hash from audit.event where id = $1`, before.ID).Scan(&hash); err != nil || !bytes.Equal(hash, before.Hash) {
		t.Errorf("its commitment is %x, %v; want %x", hash, err, before.Hash)
	}
}

// TestAnActWhoseEventCannotBeWrittenDidNotHappen breaks the event's insert and looks for the act's rows.
func TestAnActWhoseEventCannotBeWrittenDidNotHappen(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	if _, err := w.Admin.Exec(t.Context(), `alter table audit.event add constraint cut check (verb <> 'meeting.change')`); err != nil {
		t.Fatal(err)
	}
	change := func(verb gate.Verb) error {
		return w.Gate.Do(owner, gate.Act{Verb: verb, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
			_, err := tx.Exec(ctx, `update tenant.meeting set version = version + 1 where id = $1`, meeting)
			return err
		})
	}
	if err := change(gate.ChangeMeeting); err == nil {
		t.Error("an act without its event was done")
	}
	if err := change(gate.DeleteMeeting); err != nil {
		t.Errorf("the control, an act with its event: %v", err)
	}
	var version int
	if err := w.Admin.QueryRow(t.Context(), `select version from tenant.meeting where id = $1`, meeting).Scan(&version); err != nil || version != 2 {
		t.Errorf("version %d, %v; want 2: the control's change and not the other's", version, err)
	}
}

// TestRefusedLooksLeaveAnEvent: a look that is allowed is no act; one that is refused is an attempt.
func TestRefusedLooksLeaveAnEvent(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	mine, theirs, viewer := a.Meeting(t, false), b.Meeting(t, false), a.Member(t, gate.Viewer)
	before := len(a.Events(t))
	if err := w.Gate.View(viewer, gate.Act{Verb: gate.ReadMeeting, Object: mine}, nothing); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Events(t)) - before; n != 0 {
		t.Errorf("an allowed look left %d events", n)
	}
	w.Clock.Advance(time.Second)
	if err := w.Gate.View(viewer, gate.Act{Verb: gate.ReadMeeting, Object: theirs}, nothing); !fault.Is(err, fault.Missing) {
		t.Errorf("a look at another workspace's: %v", err)
	}
	w.Clock.Advance(time.Second)
	if err := w.Gate.View(viewer, gate.Act{Verb: gate.ChangeMeeting, Object: mine}, nothing); !fault.Is(err, fault.Denied) {
		t.Errorf("a look under a verb of a higher role: %v", err)
	}
	if got := a.Events(t); len(got)-before != 2 || got[0] != "refused denied" || got[1] != "refused missing" {
		t.Errorf("refused looks left %q", got[:len(got)-before])
	}
}

// encoding/json quotes a number that does not fit. What was sealed must not come out by an error.
func TestAnErrorQuotesNothingThatWasSealed(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	err := w.Gate.View(a.Member(t, gate.Owner), gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) error {
		place := tx.Place(gate.WorkspaceRecord(a.ID), "workspace", a.ID)
		sealed, err := tx.Seal(ctx, place, 471147)
		if err != nil {
			t.Fatal(err)
		}
		var small int8
		one := tx.Open(ctx, place, sealed, &small)
		_, all := gate.OpenAll[int8](ctx, tx, []vault.Sealed{{Place: place, Bytes: sealed}})
		_, each := gate.OpenEach[int8](ctx, tx, []vault.Sealed{{Place: place, Bytes: sealed}})
		for _, err := range []error{one, all, each} {
			if err == nil || strings.Contains(err.Error(), "471147") {
				t.Errorf("what does not fit: %v", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestALookWritesNothing(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	err := w.Gate.View(owner, gate.Act{Verb: gate.ReadMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
		_, err := tx.Exec(ctx, `update tenant.meeting set version = 9 where id = $1`, meeting)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var version int
	if err := w.Admin.QueryRow(t.Context(), `select version from tenant.meeting where id = $1`, meeting).Scan(&version); err != nil || version != 1 {
		t.Errorf("version %d, %v; want 1", version, err)
	}
	installer := tenant.WithActor(t.Context(), tenant.Actor{Kind: tenant.System, Job: gate.Installer})
	err = w.Gate.Look(installer, gate.BeginSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		_, err := tx.Exec(ctx, `update control.workspace set region = ''`)
		return err
	})
	if err == nil {
		t.Error("a look at the instance wrote")
	}
}

// What is queued for the commit stays with the event or goes with the act.
func TestALaterWriteIsPartOfItsAct(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ctx := tenant.WithActor(t.Context(), tenant.Actor{Kind: tenant.System, Job: gate.Authenticator})
	write := func(result error, key byte, most float64) func(context.Context, *gate.InstanceTx) error {
		return func(_ context.Context, tx *gate.InstanceTx) error {
			tx.Later(`insert into control.allowance (key_hmac, spare, at) values ($1, $2, $3)`, []byte{key}, most, tx.Now())
			return result
		}
	}
	for name, err := range map[string]error{
		"an act":                          w.Gate.Instance(ctx, gate.SignIn, write(nil, 1, 1)),
		"a tally":                         w.Gate.Tally(ctx, gate.CountTries, write(nil, 2, 1)),
		"an act that fails":               w.Gate.Instance(ctx, gate.SignIn, write(errors.New("no"), 3, 1)),
		"a tally that fails":              w.Gate.Tally(ctx, gate.CountTries, write(errors.New("no"), 4, 1)),
		"an act whose later write fails":  w.Gate.Instance(ctx, gate.SignIn, write(nil, 1, 1)),
		"a tally whose later write fails": w.Gate.Tally(ctx, gate.CountTries, write(nil, 2, 1)),
		"a look":                          w.Gate.Look(ctx, gate.ReadSession, write(nil, 5, 1)),
	} {
		if well := name == "an act" || name == "a tally"; well != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var keys []byte
	err := w.Admin.QueryRow(t.Context(), `select string_agg(key_hmac, '' order by key_hmac) from control.allowance`).Scan(&keys)
	if err != nil || string(keys) != "\x01\x02" {
		t.Errorf("written: %x, %v; want 0102", keys, err)
	}
	var outcomes []string
	err = w.Admin.QueryRow(t.Context(), `select array_agg(outcome order by outcome) from control.event`).Scan(&outcomes)
	if err != nil || !slices.Equal(outcomes, []string{"done", "failed", "failed"}) {
		t.Errorf("events: %q, %v", outcomes, err)
	}
}

func TestActsOfTheInstanceLeaveOneEvent(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	as := func(job string, kind tenant.Kind) context.Context {
		return tenant.WithActor(t.Context(), tenant.Actor{Kind: kind, Job: job})
	}
	broken := errors.New("no")
	for name, c := range map[string]struct {
		ctx    context.Context
		result error
		want   string
	}{
		"done":                       {as(gate.Authenticator, tenant.System), nil, "done"},
		"failed":                     {as(gate.Authenticator, tenant.System), broken, "failed internal"},
		"refused by identity":        {as(gate.Authenticator, tenant.System), fault.New(fault.Denied, "No."), "refused denied"},
		"another part of the system": {as(gate.Installer, tenant.System), nil, ""},
		"a job of that name":         {as(gate.Authenticator, tenant.Job), nil, ""},
		"a member":                   {w.Workspace(t).Member(t, gate.Owner), nil, ""},
	} {
		if _, err := w.Admin.Exec(t.Context(), `delete from control.event`); err != nil {
			t.Fatal(err)
		}
		err := w.Gate.Instance(c.ctx, gate.SignIn, func(context.Context, *gate.InstanceTx) error { return c.result })
		if c.want == "" && !fault.Is(err, fault.Denied) || c.want == "done" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got *string
		if err := w.Admin.QueryRow(t.Context(), `select string_agg(rtrim(outcome || ' ' || reason), ',') from control.event`).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if (got == nil) != (c.want == "") || got != nil && *got != c.want {
			t.Errorf("%s: events %v, want %q", name, got, c.want)
		}
	}
}
