package queue_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// run starts the desk's queue and returns what stops it and waits for its end.
func (d *desk) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	}
}

// emitMany says n facts in one act.
func (d *desk) emitMany(t *testing.T, ctx context.Context, meeting [16]byte, n int) {
	t.Helper()
	err := d.world.Gate.Do(ctx, gate.Act{Verb: gate.ChangeMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
		for range n {
			fact := queue.Fact{Kind: happened, Input: gate.NewID[tenant.RecordID](tx), Record: tx.Group()}
			if err := d.Emit(ctx, tx, fact); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func next[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

func TestAThousandStepsDoNotKeepAnotherWorkspaceWaiting(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	begun, release := make(chan tenant.WorkspaceID), make(chan struct{})
	d := newDesk(t, w, func(ctx context.Context, _ *desk, s queue.Step) error {
		select {
		case begun <- s.Workspace:
		case <-ctx.Done():
			return ctx.Err()
		}
		<-release
		return nil
	})
	d.emitMany(t, a.Member(t, gate.Owner), a.Meeting(t, false), 1000)
	stop := d.run(t)
	for range 2 {
		if got := next(t, begun, "a first step"); got != a.ID {
			t.Fatal("a step ran before it was said")
		}
	}
	d.emit(t, b.Member(t, gate.Owner), b.Meeting(t, false))
	release <- struct{}{}
	if got := next(t, begun, "the third step"); got != b.ID {
		t.Error("the first workspace's third step began before the second's first")
	}
	close(release)
	stop()
}

func TestAStopBeginsNothingMoreAndHandsBack(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	var begun atomic.Int32
	running, doing := make(chan queue.Step, 20), func(ctx context.Context, s queue.Step) error { <-ctx.Done(); return ctx.Err() }
	d := newDesk(t, w, func(ctx context.Context, _ *desk, s queue.Step) error {
		begun.Add(1)
		running <- s
		return doing(ctx, s)
	})
	d.emitMany(t, a.Member(t, gate.Owner), a.Meeting(t, false), 10)
	stop := d.run(t)
	next(t, running, "a step")
	next(t, running, "another step")
	stop()
	if got := d.states(t); begun.Load() != 2 || got["waiting"] != 10 {
		t.Errorf("%d steps began, states %v; want 2, and all ten waiting", begun.Load(), got)
	}
	done := 0
	again := newDesk(t, w, func(_ context.Context, _ *desk, s queue.Step) error {
		done++
		if s.Failures != 0 {
			t.Errorf("a hand-back counts as %d failures", s.Failures)
		}
		return nil
	})
	if err := again.Drain(t.Context()); err != nil || done != 10 || again.states(t)["done"] != 10 {
		t.Errorf("after the next start %d steps ran, states %v, %v; want 10 done", done, again.states(t), err)
	}
}

func TestAStepThatEndsInTimeIsNotHandedBack(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	running, finish := make(chan struct{}, 1), make(chan struct{})
	q, err := queue.New(queue.Config{Gate: w.Gate, Source: w.Source, Node: "test", Log: discard(), Grace: time.Minute, Subscribers: map[string][]string{happened: {"step"}},
		Kinds: []queue.Kind{{Name: "step", Actor: gate.Transcriber, Do: func(context.Context, queue.Step) error {
			running <- struct{}{}
			<-finish
			return nil
		}}}})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Queue: q, world: w}
	d.emit(t, a.Member(t, gate.Owner), a.Meeting(t, false))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	next(t, running, "the step")
	cancel()
	close(finish)
	if err := <-ended; err != nil || d.states(t)["done"] != 1 {
		t.Errorf("Run = %v, states %v; want the step done", err, d.states(t))
	}
}

// TestACrashMeansToRunItAgainAndOnce leaves a step as a killed process does, begins it again at the next start, and lets the
// first one come back from the dead.
func TestACrashMeansToRunItAgainAndOnce(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner, meeting := a.Member(t, gate.Owner), a.Meeting(t, false)
	store := func(d *desk, s queue.Step) error {
		return w.Gate.Do(owner, gate.Act{Verb: gate.ChangeMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
			if _, err := tx.Exec(ctx, `update tenant.meeting set version = version + 1`); err != nil {
				return err
			}
			return d.Finish(ctx, tx, s)
		})
	}
	running, wake, late := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	killed := newDesk(t, w, func(_ context.Context, d *desk, s queue.Step) error {
		close(running)
		<-wake
		late <- store(d, s)
		return nil
	})
	killed.emit(t, owner, meeting)
	drained := make(chan error, 1)
	go func() { drained <- killed.Drain(context.WithoutCancel(t.Context())) }()
	next(t, running, "the step")
	ran := make(chan error, 1)
	restarted := newDesk(t, w, func(_ context.Context, d *desk, s queue.Step) error {
		err := store(d, s)
		ran <- err
		return err
	})
	stop := restarted.run(t)
	if err := next(t, ran, "the second attempt"); err != nil {
		t.Errorf("the second attempt: %v", err)
	}
	close(wake)
	if err := next(t, late, "the first attempt's end"); !fault.Is(err, fault.Conflict) {
		t.Errorf("the first attempt stored, too: %v", err)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	stop()
	var version int
	if err := w.Admin.QueryRow(t.Context(), `select version from tenant.meeting`).Scan(&version); err != nil || version != 2 {
		t.Errorf("it had its effect %d times, %v", version-1, err)
	}
}

func TestACancelledHandlerStops(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	owner := a.Member(t, gate.Owner)
	running, stopped := make(chan queue.Step, 1), make(chan error, 1)
	d := newDesk(t, w, func(ctx context.Context, _ *desk, s queue.Step) error {
		running <- s
		<-ctx.Done()
		stopped <- context.Cause(ctx)
		return ctx.Err()
	})
	d.emit(t, owner, a.Meeting(t, false))
	stop := d.run(t)
	step := next(t, running, "the step")
	if err := d.Cancel(a.Member(t, gate.Viewer), step.ID); !fault.Is(err, fault.Denied) {
		t.Errorf("a viewer cancels: %v", err)
	}
	if err := d.Cancel(owner, step.ID); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stopped:
	case <-time.After(4 * time.Second): // less than a beat: it was told, and did not find out
		t.Error("the handler was not told")
		<-stopped
	}
	stop()
	if got := d.states(t); got["cancelled"] != 1 {
		t.Errorf("states %v, want cancelled", got)
	}
	if err := d.Cancel(owner, step.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("cancelling twice: %v, want fault.Conflict", err)
	}
}

// TestWhatIsBusyDoesNotUseUpTries: waiting for an engine is no failure of the step's.
func TestWhatIsBusyDoesNotUseUpTries(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a := w.Workspace(t)
	calls, answers := 0, append(repeat(fault.New(fault.Busy, "The engine is missing."), 9), repeat(error(nil), 1)...)
	answers[8] = context.DeadlineExceeded // one failure of our own among the waits
	d := newDesk(t, w, func(context.Context, *desk, queue.Step) error { calls++; return answers[calls-1] })
	d.emit(t, a.Member(t, gate.Owner), a.Meeting(t, false))
	for range answers {
		if err := d.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(5 * time.Minute)
	}
	if got := d.states(t); calls != len(answers) || got["done"] != 1 {
		t.Errorf("%d calls, states %v; want %d and done", calls, got, len(answers))
	}
}

func repeat[T any](v T, n int) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestAQueueThatIsStoppedBeforeItBeginsEndsWell(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	d := newDesk(t, w, func(context.Context, *desk, queue.Step) error { return nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
}
