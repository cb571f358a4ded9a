package progress_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/progress"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// upload takes a recording in as ctx's member; its work waits until the queue is drained.
func upload(t *testing.T, w *worldtest.World, ctx context.Context, title string, private bool) meeting.ID {
	t.Helper()
	m, err := w.Meetings.Create(ctx, meeting.Details{Title: title}, "upload", private)
	if err != nil {
		t.Fatal(err)
	}
	sound := worldtest.Tone(len(title))
	if _, err := w.Capture.Put(ctx, m.ID, "a.wav", int64(len(sound)), bytes.NewReader(sound)); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func titles(work []progress.Work) map[string]string {
	found := map[string]string{}
	for _, one := range work {
		found[one.Title] = one.State
	}
	return found
}

func TestWorkIsShownToWhoMayReadItsMeeting(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	w.Hear("Tom will send the drawings.")
	upload(t, w, ten.Owner, "open one", false)
	upload(t, w, ten.Owner, "private one here", true)
	for who, want := range map[string]int{"owner": 2, "member": 1} {
		ctx := map[string]context.Context{"owner": ten.Owner, "member": ten.Member}[who]
		opened, err := w.Progress.Open(ctx)
		if err != nil || len(opened) != want || titles(opened)["open one"] != "waiting" {
			t.Errorf("Open() for the %s = %v, %v, want %d waiting", who, titles(opened), err, want)
		}
		looked, err := w.Progress.Look(ctx)
		if err != nil || len(looked) != want {
			t.Errorf("Look() for the %s = %v, %v", who, titles(looked), err)
		}
	}
	if err := w.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := w.Progress.Open(ten.Owner); err != nil || len(left) != 0 {
		t.Errorf("after the work Open() = %v, %v", titles(left), err)
	}
	done, err := w.Progress.Done(ten.Member)
	if err != nil || len(done) != 2 || titles(done)["open one"] != "done" {
		t.Errorf("Done() = %+v, %v, want the two steps that the member may see", titles(done), err)
	}
	w.Clock.Advance(25 * time.Hour)
	if done, err := w.Progress.Done(ten.Owner); err != nil || len(done) != 0 {
		t.Errorf("a day later Done() = %v, %v", titles(done), err)
	}
}

func TestTheNavigationCountsWhatWaitsForPeople(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	w.Hear("Tom will send the drawings.")
	upload(t, w, ten.Owner, "drafted", false)
	upload(t, w, ten.Owner, "drafted and private", true)
	if err := w.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := upload(t, w, ten.Owner, "stopped work", false)
	if _, err := w.Admin.Exec(t.Context(), `update tenant.step set state = 'dead' where state = 'waiting'`); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]progress.Counts{"owner": {Drafts: 2, Dead: 1}, "viewer": {Drafts: 1, Dead: 1}} {
		ctx := map[string]context.Context{"owner": ten.Owner, "viewer": ten.Viewer}[who]
		if got, err := w.Progress.Counts(ctx); err != nil || got != want {
			t.Errorf("Counts() for the %s = %+v, %v, want %+v", who, got, err, want)
		}
	}
	steps, err := w.Progress.Of(ten.Owner, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Progress.RunAgain(ten.Owner, steps[0].ID); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Progress.Counts(ten.Owner); err != nil || got.Dead != 0 {
		t.Errorf("once it runs again Counts() = %+v, %v", got, err)
	}
}

func TestTheWorkspaceHearsOfItsOwnWork(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	own, other := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	w.Hear("Tom will send the drawings.")
	go func() { ran <- w.Queue.Run(ctx) }()
	defer func() {
		stop()
		<-ran
	}()
	news, end, err := w.Progress.WatchAll(own.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	actor, _ := tenant.ActorOf(other.Owner)
	foreign, endForeign := w.Queue.Watch(gate.WorkspaceRecord(actor.Workspace))
	defer endForeign()
	id := upload(t, w, own.Owner, "a meeting", false)
	for {
		<-news
		m, err := w.Meetings.Read(own.Owner, id)
		if err != nil {
			t.Fatal(err)
		}
		if m.Stage == meeting.Drafted {
			break
		}
	}
	select {
	case <-foreign:
		t.Error("another workspace heard of it")
	default:
	}
}
