package queue_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

const happened = "test.Happened"

// desk is a queue whose one kind of step calls do.
type desk struct {
	*queue.Queue
	world *gatetest.World
	dead  []string
}

func newDesk(t *testing.T, w *gatetest.World, do func(context.Context, *desk, queue.Step) error) *desk {
	t.Helper()
	d := &desk{world: w}
	var err error
	d.Queue, err = queue.New(queue.Config{Gate: w.Gate, Source: w.Source, Node: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Grace: 50 * time.Millisecond,
		Kinds:       []queue.Kind{{Name: "step", Actor: gate.Transcriber, Do: func(ctx context.Context, s queue.Step) error { return do(ctx, d, s) }}},
		Subscribers: map[string][]string{happened: {"step"}},
		Dead:        func(_ context.Context, s queue.Step) error { d.dead = append(d.dead, s.Kind); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// emit says a fact about a meeting.
func (d *desk) emit(t *testing.T, ctx context.Context, meeting [16]byte) {
	t.Helper()
	err := d.world.Gate.Do(ctx, gate.Act{Verb: gate.ChangeMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
		return d.Emit(ctx, tx, queue.Fact{Kind: happened, Input: meeting, Record: tx.Group()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) states(t *testing.T) map[string]int {
	t.Helper()
	rows, err := d.world.Admin.Query(t.Context(), `select state, count(*) from tenant.step group by state`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	states := map[string]int{}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			t.Fatal(err)
		}
		states[state] = n
	}
	return states
}

func TestWorkspacesTakeTurns(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	var order []tenant.WorkspaceID
	d := newDesk(t, w, func(_ context.Context, _ *desk, s queue.Step) error {
		order = append(order, s.Workspace)
		return nil
	})
	as, bs := a.Member(t, gate.Owner), b.Member(t, gate.Owner)
	for range 20 {
		d.emit(t, as, a.Meeting(t, false))
	}
	w.Clock.Advance(time.Minute)
	d.emit(t, bs, b.Meeting(t, false))
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(order) != 21 {
		t.Fatalf("%d steps ran, want 21", len(order))
	}
	for i, ws := range order {
		if ws == b.ID {
			if i > 2 {
				t.Errorf("the second workspace's step ran at place %d, want before the first one's third", i+1)
			}
			return
		}
	}
	t.Error("the second workspace's step did not run")
}

func TestAFactIsDoneOnceHoweverOftenItIsSaid(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	runs := 0
	d := newDesk(t, w, func(context.Context, *desk, queue.Step) error { runs++; return nil })
	member, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	for range 5 {
		d.emit(t, member, meeting)
	}
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if runs != 1 {
		t.Errorf("it ran %d times, want 1", runs)
	}
}

func TestFailuresAreTriedAgainAsTheirKindWants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		calls int // within two hours
		state string
	}{
		"what cannot succeed ends at once":  {fault.New(fault.Invalid, "This file is broken."), 1, "dead"},
		"our own failure is tried 5 times":  {errors.New("bug"), 5, "dead"},
		"a panic is a failure":              {nil, 5, "dead"},
		"what is busy waits for ever":       {fault.New(fault.Busy, "The engine is missing."), 24, "waiting"},
		"what is gone ends at once":         {fault.New(fault.Missing, "It was erased."), 1, "dead"},
		"what the policy refuses ends at o": {fault.New(fault.Denied, "No."), 1, "dead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t)
			a := w.Workspace(t)
			calls := 0
			d := newDesk(t, w, func(context.Context, *desk, queue.Step) error {
				calls++
				if c.err == nil {
					panic("broken")
				}
				return c.err
			})
			d.emit(t, a.Member(t, gate.Owner), a.Meeting(t, false))
			for range 24 {
				if err := d.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.Clock.Advance(5 * time.Minute)
			}
			if calls != c.calls || d.states(t)[c.state] != 1 {
				t.Errorf("%d calls, states %v; want %d and %s", calls, d.states(t), c.calls, c.state)
			}
			if want := map[bool]int{true: 1}[c.state == "dead"]; len(d.dead) != want {
				t.Errorf("told of %d dead steps, want %d", len(d.dead), want)
			}
		})
	}
}

func TestAStepTakenOverHasOneEffect(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	var mu sync.Mutex
	var wins, losses int
	first := true
	var d *desk
	write := func(s queue.Step) error {
		return w.Gate.Do(owner, gate.Act{Verb: gate.ChangeMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error { return d.Finish(ctx, tx, s) })
	}
	d = newDesk(t, w, func(ctx context.Context, d *desk, s queue.Step) error {
		mu.Lock()
		slow := first
		first = false
		mu.Unlock()
		if slow { // its lease runs out and another worker does the step meanwhile
			w.Clock.Advance(time.Hour)
			if err := d.Sweep(ctx); err != nil {
				t.Error(err)
			}
			if err := d.Drain(ctx); err != nil {
				t.Error(err)
			}
		}
		err := write(s)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			wins++
		} else if fault.Is(err, fault.Conflict) {
			losses++
		}
		return err
	})
	d.emit(t, owner, meeting)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if wins != 1 || losses != 1 || d.states(t)["done"] != 1 {
		t.Errorf("%d wins, %d losses, states %v; want one of each and done", wins, losses, d.states(t))
	}
}

func TestCancelledWorkStoresNothing(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	d := newDesk(t, w, func(_ context.Context, d *desk, s queue.Step) error {
		if err := d.Cancel(owner, s.ID); err != nil {
			t.Error(err)
		}
		return w.Gate.Do(owner, gate.Act{Verb: gate.ChangeMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
			return d.Finish(ctx, tx, s)
		})
	})
	d.emit(t, owner, meeting)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := d.states(t); got["cancelled"] != 1 || len(got) != 1 {
		t.Errorf("states %v, want one cancelled step", got)
	}
}

func TestDeadWorkRunsAgain(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	owner := a.Member(t, gate.Owner)
	var last queue.Step
	broken := true
	d := newDesk(t, w, func(_ context.Context, _ *desk, s queue.Step) error {
		last = s
		if broken {
			return fault.New(fault.Invalid, "This file is broken.")
		}
		return nil
	})
	d.emit(t, owner, a.Meeting(t, false))
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.RunAgain(b.Member(t, gate.Owner), last.ID); !fault.Is(err, fault.Missing) {
		t.Errorf("another workspace runs it again: %v, want fault.Missing", err)
	}
	if err := d.RunAgain(a.Member(t, gate.Viewer), last.ID); !fault.Is(err, fault.Denied) {
		t.Errorf("a viewer runs it again: %v, want fault.Denied", err)
	}
	broken = false
	if err := d.RunAgain(owner, last.ID); err != nil {
		t.Fatal(err)
	}
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := d.states(t); got["done"] != 1 || got["dead"] != 1 || last.Run != 2 {
		t.Errorf("states %v, run %d; want the dead run and a second one done", got, last.Run)
	}
}

func TestRunWorksUntilItIsStopped(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	ran := make(chan queue.Step, 1)
	d := newDesk(t, w, func(_ context.Context, _ *desk, s queue.Step) error { ran <- s; return nil })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	d.emit(t, a.Member(t, gate.Owner), a.Meeting(t, false))
	select {
	case <-ran:
	case <-time.After(20 * time.Second):
		t.Error("the step did not run")
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}
