package gate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/tenant"
)

func nothing(context.Context, *gate.Tx) error { return nil }

// read returns the outcome of opening a meeting as ctx's actor.
func read(ctx context.Context, w *gatetest.World, meeting [16]byte) error {
	return w.Gate.Do(ctx, gate.Act{Verb: gate.ReadMeeting, Object: meeting}, nothing)
}

func TestVisibilityBeforeRole(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	shared, private, foreign := a.Meeting(t, false), a.Meeting(t, true), b.Meeting(t, false)
	viewer := a.Member(t, gate.Viewer)
	for name, c := range map[string]struct {
		verb   gate.Verb
		object [16]byte
		want   error
	}{
		"a shared meeting is read":             {gate.ReadMeeting, shared, nil},
		"a private one does not exist":         {gate.ReadMeeting, private, missing()},
		"a foreign one does not exist":         {gate.ReadMeeting, foreign, missing()},
		"one that never was does not exist":    {gate.ReadMeeting, tenant.NewID[tenant.RecordID](w.Source), missing()},
		"a viewer may not change":              {gate.ChangeMeeting, shared, denied()},
		"what is private is missing, not shut": {gate.ChangeMeeting, private, missing()},
		"a foreign one is missing, not shut":   {gate.ChangeMeeting, foreign, missing()},
		"a job's verb is nobody else's":        {gate.WriteTranscript, shared, missing()},
		"a verb without a rule is refused":     {gate.Verb("meeting.invented"), shared, denied()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := w.Gate.Do(viewer, gate.Act{Verb: c.verb, Object: c.object}, nothing)
			if (err == nil) != (c.want == nil) || err != nil && fault.KindOf(err) != fault.KindOf(c.want) {
				t.Errorf("Do(%s) = %v, want %v", c.verb, err, c.want)
			}
			if c.want != nil && err != nil && fault.Is(c.want, fault.Missing) && fault.Sentence(err) != fault.Sentence(c.want) {
				t.Errorf("missing things differ in words: %q", fault.Sentence(err))
			}
		})
	}
}

func missing() error {
	return fault.New(fault.Missing, "There is nothing at this address, or it is not shared with you.")
}
func denied() error { return fault.New(fault.Denied, "") }

func TestEachActLeavesOneEvent(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	meeting := a.Meeting(t, false)
	member := a.Member(t, gate.Member)
	broken := errors.New("no")
	for name, c := range map[string]struct {
		act  func() error
		want string
	}{
		"done":    {func() error { return read(member, w, meeting) }, "done"},
		"refused": {func() error { return read(member, w, tenant.NewID[tenant.RecordID](w.Source)) }, "refused missing"},
		"failed": {func() error {
			return w.Gate.Do(member, gate.Act{Verb: gate.ReadMeeting, Object: meeting}, func(context.Context, *gate.Tx) error { return broken })
		}, "failed internal"},
		"failed in the database": {func() error {
			return w.Gate.Do(member, gate.Act{Verb: gate.ReadMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
				_, err := tx.Exec(ctx, `select 1 / 0`)
				return err
			})
		}, "failed internal"},
	} {
		before := len(a.Events(t))
		w.Clock.Advance(time.Second)
		_ = c.act()
		events := a.Events(t)
		if len(events) != before+1 {
			t.Fatalf("%s: %d new events, want 1", name, len(events)-before)
		}
		if got := events[0]; got != c.want {
			t.Errorf("%s: event %q, want %q", name, got, c.want)
		}
	}
}

func TestAFailedActLeavesNothing(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	record := tenant.NewID[tenant.RecordID](w.Source)
	act := gate.Act{Verb: gate.CreateMeeting, Make: []gate.Making{{ID: record, Kind: "meeting", Purpose: 1}}}
	err := w.Gate.Do(a.Member(t, gate.Member), act, func(context.Context, *gate.Tx) error { return errors.New("no") })
	if err == nil {
		t.Fatal("it succeeded")
	}
	var rows int
	if err := w.Admin.QueryRow(t.Context(), `select count(*) from tenant.record where id = $1`, record).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d records are left, %v", rows, err)
	}
	_ = w.Vault.Records(a.ID, func(r tenant.RecordID) error {
		if r == record {
			t.Error("its key is left")
		}
		return nil
	})
}

func TestAnActInsideAnActIsRefused(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	meeting, member := a.Meeting(t, false), a.Member(t, gate.Member)
	err := w.Gate.Do(member, gate.Act{Verb: gate.ReadMeeting, Object: meeting}, func(ctx context.Context, _ *gate.Tx) error {
		return read(ctx, w, meeting)
	})
	if err == nil {
		t.Error("it was allowed")
	}
}

func TestAnActSeesItsWorkspaceOnly(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	mine, theirs := a.Meeting(t, false), b.Meeting(t, false)
	err := w.Gate.Do(a.Member(t, gate.Owner), gate.Act{Verb: gate.ReadMeeting, Object: mine}, func(ctx context.Context, tx *gate.Tx) error {
		var seen int
		if err := tx.QueryRow(ctx, `select count(*) from tenant.meeting`).Scan(&seen); err != nil || seen != 1 {
			t.Errorf("a query without a filter sees %d meetings, %v; want 1", seen, err)
		}
		tag, err := tx.Exec(ctx, `update tenant.meeting set stage = 'failed' where id = $1`, theirs)
		if err != nil || tag.RowsAffected() != 0 {
			t.Errorf("a foreign meeting was changed: %d rows, %v", tag.RowsAffected(), err)
		}
		_, err = tx.Exec(ctx, `update tenant.record set workspace_id = $1`, b.ID)
		if err == nil {
			t.Error("a record was moved to another workspace")
		}
		return nil
	})
	if err == nil {
		t.Error("an aborted transaction committed")
	}
}

func TestLeasesEndWithTheAccess(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	meeting, member := a.Meeting(t, false), a.Member(t, gate.Viewer)
	lease, err := w.Gate.Lease(member, gate.Act{Verb: gate.ReadMeeting, Object: meeting}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	before := len(a.Events(t))
	if err := lease.Check(member); err != nil {
		t.Errorf("a fresh lease: %v", err)
	}
	actor, _ := tenant.ActorOf(member)
	if _, err := w.Admin.Exec(t.Context(), `update tenant.member set state = 'removed' where id = $1`, actor.Member); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(gate.LeaseAge + time.Second)
	if err := lease.Check(member); !fault.Is(err, fault.Missing) {
		t.Errorf("after the member was removed: %v, want fault.Missing", err)
	}
	if got := len(a.Events(t)); got != before {
		t.Errorf("checks left %d events", got-before)
	}
	lease.Count(10)
	if err := lease.Close(member); err != nil {
		t.Errorf("closing: %v", err)
	}
	if got := len(a.Events(t)); got != before+1 {
		t.Errorf("closing left %d events, want 1", got-before)
	}
}

func TestManyActsOnFewConnectionsKeepApart(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	as, bs := a.Member(t, gate.Owner), b.Member(t, gate.Owner)
	mine, theirs := a.Meeting(t, false), b.Meeting(t, false)
	done := make(chan error)
	for worker := range 8 {
		go func() {
			for range 60 {
				ctx, own, foreign := as, mine, theirs
				if worker%2 == 1 {
					ctx, own, foreign = bs, theirs, mine
				}
				if err := read(ctx, w, own); err != nil {
					done <- err
					return
				}
				if err := read(ctx, w, foreign); !fault.Is(err, fault.Missing) {
					done <- errors.New("a foreign meeting was seen")
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
