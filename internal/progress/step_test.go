package progress_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/pipeline"
	"mainstay/internal/progress"
	"mainstay/internal/queue"
	"mainstay/internal/worldtest"
)

// node is a second process of the deployment, with one kind of step that does as the test says.
func node(t *testing.T, w *worldtest.World, do queue.Handler) (*queue.Queue, *progress.Service) {
	t.Helper()
	q, err := queue.New(queue.Config{Gate: w.Gate, Source: w.Source, Node: "another", Log: slog.New(slog.DiscardHandler), Grace: 10 * time.Millisecond,
		Kinds: []queue.Kind{{Name: "transcribe", Actor: gate.Transcriber, Do: do}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := progress.New(progress.Config{Gate: w.Gate, Queue: q, Source: w.Source})
	if err != nil {
		t.Fatal(err)
	}
	return q, p
}

// uploaded makes a meeting whose recording waits to be transcribed.
func uploaded(t *testing.T, w *worldtest.World, owner context.Context, private bool) meeting.ID {
	t.Helper()
	m, err := w.Meetings.Create(owner, meeting.Details{Title: "Site progress"}, "upload", private)
	if err != nil {
		t.Fatal(err)
	}
	sound := worldtest.Tone(1)
	if _, err := w.Capture.Put(owner, m.ID, "a.wav", int64(len(sound)), bytes.NewReader(sound)); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func TestAStepShowsPhasePercentAndTimeLeft(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	id := uploaded(t, w, ten.Owner, false)
	var seen []progress.Step
	var q *queue.Queue
	q, p := node(t, w, func(ctx context.Context, s queue.Step) error {
		w.Clock.Advance(time.Minute)
		q.Progress(ctx, s, "recognizing", 0.25)
		steps, err := w.Progress.Of(ten.Viewer, id)
		seen = steps
		return err
	})
	if err := q.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].State != "running" || seen[0].Phase != "recognizing" || seen[0].Progress != 0.25 ||
		seen[0].Left == nil || *seen[0].Left != 3*time.Minute {
		t.Errorf("a quarter done in a minute shows as %+v", seen)
	}
	steps, err := p.Of(ten.Viewer, id)
	if err != nil || len(steps) != 1 || steps[0].State != "done" || steps[0].Left != nil {
		t.Errorf("afterwards it shows as %+v, %v", steps, err)
	}
}

func TestWaitingStepsShowTheirPlace(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten, other := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	uploaded(t, w, other.Owner, false)
	for place := range 3 {
		w.Clock.Advance(time.Second)
		steps, err := w.Progress.Of(ten.Owner, uploaded(t, w, ten.Owner, false))
		if err != nil || len(steps) != 1 || steps[0].State != "waiting" || steps[0].Ahead != place {
			t.Errorf("the step at place %d shows as %+v, %v", place, steps, err)
		}
	}
}

func TestDeadWorkShowsItsReasonAndRunsAgain(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	id := uploaded(t, w, ten.Owner, false)
	broken, reason := true, "This recording is damaged."
	q, p := node(t, w, func(context.Context, queue.Step) error {
		if broken {
			return fault.New(fault.Invalid, reason)
		}
		return nil
	})
	if err := q.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	work, err := p.Open(ten.Viewer)
	if err != nil || len(work) != 1 || work[0].State != "dead" || work[0].Reason != reason || work[0].Meeting != id || work[0].Title != "Site progress" {
		t.Fatalf("dead work shows as %+v, %v", work, err)
	}
	broken = false
	if err := p.RunAgain(ten.Member, work[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := q.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if work, err = p.Open(ten.Viewer); err != nil || len(work) != 0 {
		t.Errorf("after it ran again there is %+v, %v", work, err)
	}
}

func TestWorkOnPrivateMeetingsIsItsMakersAlone(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	id := uploaded(t, w, ten.Owner, true)
	if work, err := w.Progress.Open(ten.Owner); err != nil || len(work) != 1 {
		t.Errorf("its maker sees %+v, %v", work, err)
	}
	if work, err := w.Progress.Open(ten.Admin); err != nil || len(work) != 0 {
		t.Errorf("an admin sees %+v, %v", work, err)
	}
	if _, _, err := w.Progress.Watch(ten.Admin, id); !fault.Is(err, fault.Missing) {
		t.Errorf("an admin watches it: %v, want fault.Missing", err)
	}
}

// TestNewsCrossesNodes: a page that one node serves hears of what another does to a meeting, and of nothing else.
func TestNewsCrossesNodes(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	id, quiet := uploaded(t, w, ten.Owner, false), uploaded(t, w, ten.Owner, false)
	serving, p := node(t, w, func(ctx context.Context, _ queue.Step) error { <-ctx.Done(); return ctx.Err() })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serving.Run(ctx) }()
	news, end, err := p.Watch(ten.Viewer, id)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	others, endOthers, err := p.Watch(ten.Viewer, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer endOthers()
	steps, err := w.Progress.Of(ten.Owner, id)
	if err != nil {
		t.Fatal(err)
	}
	heard := false
	for range 200 { // the listener may still be connecting
		if err := w.Progress.RunAgain(ten.Owner, steps[0].ID); fault.Is(err, fault.Conflict) {
			err = w.Progress.Cancel(ten.Owner, steps[0].ID)
			if err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-news:
			heard = true
		case <-time.After(50 * time.Millisecond):
			continue
		}
		break
	}
	if !heard {
		t.Error("no news came")
	}
	if len(others) != 0 {
		t.Error("news came of a meeting to which nothing happened")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheStageFollowsWhatPeopleDoToWork(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	stage := func(id meeting.ID) meeting.Stage {
		t.Helper()
		m, err := w.Meetings.Read(ten.Owner, id)
		if err != nil {
			t.Fatal(err)
		}
		return m.Stage
	}
	id := uploaded(t, w, ten.Owner, false)
	steps, err := w.Progress.Of(ten.Owner, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Progress.Cancel(ten.Owner, steps[0].ID); err != nil || stage(id) != meeting.Failed {
		t.Errorf("cancelled before it began: %v, stage %s, want failed", err, stage(id))
	}
	if err := w.Progress.RunAgain(ten.Owner, steps[0].ID); err != nil || stage(id) != meeting.Waiting {
		t.Errorf("run again: %v, stage %s, want waiting", err, stage(id))
	}
	w.Hear("Ada will send the drawings.\nThe budget was agreed.")
	if err := w.Queue.Drain(t.Context()); err != nil || stage(id) != meeting.Drafted {
		t.Errorf("done: %v, stage %s, want draft", err, stage(id))
	}
	c := ten.Case(t, false)
	if err := w.Progress.RunAgain(ten.Owner, c.Done); err != nil {
		t.Fatal(err)
	}
	steps, err = w.Progress.Of(ten.Owner, c.Meeting)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.State == "waiting" && s.Kind == pipeline.Draft {
			if err := w.Progress.Cancel(ten.Owner, s.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := stage(c.Meeting); got != meeting.Drafted {
		t.Errorf("a second draft that was cancelled leaves stage %s, want draft: the first still stands", got)
	}
}
