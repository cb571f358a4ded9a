package gate_test

import (
	"context"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// slow makes a commit that made a record wait, and returns a function that waits until one does.
func slow(t *testing.T, w *gatetest.World) (waiting func()) {
	t.Helper()
	_, err := w.Admin.Exec(t.Context(), `
create function tenant.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$;
create constraint trigger dawdle after insert on tenant.record deferrable initially deferred for each row execute function tenant.dawdle()`)
	if err != nil {
		t.Fatal(err)
	}
	watcher := w.DB.Admin(t)
	return func() {
		for asleep := false; !asleep; {
			err := watcher.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep')`).Scan(&asleep)
			if err != nil {
				t.Error(err)
				return
			}
		}
	}
}

// makes runs an act that makes a record, and returns the record and what became of the act.
func makes(ctx context.Context, ws gatetest.Workspace) (tenant.RecordID, error) {
	record := tenant.NewID[tenant.RecordID](ws.World.Source)
	act := gate.Act{Verb: gate.CreateMeeting, Make: []gate.Making{{ID: record, Kind: "meeting", Purpose: vault.Content}}}
	return record, ws.World.Gate.Do(ctx, act, func(context.Context, *gate.Tx) error { return nil })
}

// holds reports whether a record has a key, and whether it has a row.
func holds(t *testing.T, ws gatetest.Workspace, record tenant.RecordID) (key, row bool) {
	t.Helper()
	held, err := ws.World.Vault.Held(t.Context(), ws.ID, record)
	if err == nil {
		err = ws.World.Admin.QueryRow(t.Context(), `select exists (select from tenant.record where id = $1)`, record).Scan(&row)
	}
	if err != nil {
		t.Fatal(err)
	}
	return held[0], row
}

func TestWhoLeavesDuringACommitLeavesAWholeAct(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ws := w.Workspace(t)
	owner := ws.Member(t, gate.Owner)
	waiting := slow(t, w)
	ctx, leave := context.WithCancel(owner)
	go func() {
		waiting()
		leave()
	}()
	record, err := makes(ctx, ws)
	if key, row := holds(t, ws, record); err != nil || !key || !row {
		t.Errorf("Do() = %v, key %v, row %v; want a whole act", err, key, row)
	}
}

func TestACommitThatTheDatabaseEndsLeavesNothing(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ws := w.Workspace(t)
	owner := ws.Member(t, gate.Owner)
	waiting, killer := slow(t, w), w.DB.Admin(t)
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		waiting()
		_, err := killer.Exec(context.WithoutCancel(t.Context()), `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`)
		if err != nil {
			t.Error(err)
		}
	}()
	record, err := makes(owner, ws)
	<-killed
	if err == nil {
		t.Fatal("an act that was ended in its commit succeeded")
	}
	if key, row := holds(t, ws, record); key || row {
		t.Errorf("key %v and row %v of an act that was not committed are left", key, row)
	}
}
