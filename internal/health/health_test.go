package health_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/capture/media"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/health"
	"mainstay/internal/inference"
	"mainstay/internal/post"
	"mainstay/internal/queue"
	"mainstay/internal/sandbox"
	"mainstay/internal/vault"
)

func try(t *testing.T, c health.Check) health.Outcome {
	t.Helper()
	return c.Try(t.Context())
}

func wants(t *testing.T, o health.Outcome, state health.State, said string) {
	t.Helper()
	if o.State != state || !strings.Contains(o.Found+" "+o.Fix, said) {
		t.Errorf("the check found %s: %q, %q; want %s with %q", o.State, o.Found, o.Fix, state, said)
	}
	if o.State == health.Broken && o.Fix == "" {
		t.Errorf("what is broken (%q) says not how to mend it", o.Found)
	}
}

func TestTheDatabaseAndItsClockAreTried(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	wants(t, try(t, health.Database(w.DB.Pools, true)), health.Works, "committed")
	wants(t, try(t, health.Clock(w.DB.Pools, time.Now)), health.Works, "as the database's")
	wants(t, try(t, health.Clock(w.DB.Pools, func() time.Time { return time.Now().Add(-time.Hour) })), health.Broken, "differ by 1h")
	wants(t, try(t, health.Clock(w.DB.Pools, func() time.Time { return time.Unix(0, 0) })), health.Broken, "1970")
	w.DB.Pools.Close()
	wants(t, try(t, health.Database(w.DB.Pools, true)), health.Broken, "does not answer")
	wants(t, try(t, health.Clock(w.DB.Pools, time.Now)), health.Broken, "PostgreSQL first")
}

func TestTheRootKeyIsItsUsersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "root.key")
	wants(t, try(t, health.RootKey(path)), health.Broken, "not there")
	if err := os.WriteFile(path, []byte("k"), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, try(t, health.RootKey(path)), health.Works, "only this user")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	wants(t, try(t, health.RootKey(path)), health.Broken, "chmod 600")
}

func TestTheDiskIsWrittenAndLeftClean(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := try(t, health.Disk(dir))
	if o.State == health.Waiting || !strings.Contains(o.Found, "free") {
		t.Errorf("the disk: %+v", o)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("the check left %s", left[0].Name())
	}
	wants(t, try(t, health.Disk(filepath.Join(dir, "missing"))), health.Broken, "disk")
}

// spoilt is a bucket that fails, or gives other bytes than it got.
type spoilt struct {
	vault.Bucket
	put error
}

func (s spoilt) Put(ctx context.Context, name string, _ io.Reader) error {
	return errors.Join(s.put, s.Bucket.Put(ctx, name, strings.NewReader("something else")))
}

func TestTheObjectStoreIsTriedAndLeftClean(t *testing.T) {
	t.Parallel()
	bucket := vault.NewFolder(t.TempDir(), nil)
	wants(t, try(t, health.Store(bucket)), health.Works, "")
	wants(t, try(t, health.Store(spoilt{bucket, nil})), health.Broken, "no other program")
	if err := bucket.Each(t.Context(), "", func(name string) error { return errors.New("the check left " + name) }); err != nil {
		t.Error(err)
	}
	wants(t, try(t, health.Store(spoilt{bucket, fault.New(fault.Busy, "The store sleeps.")})), health.Broken, "sleeps")
	wants(t, try(t, health.Store(spoilt{bucket, errors.New("403")})), health.Broken, "blobs_key")
}

func TestTheSandboxAndTheDecoderAreTried(t *testing.T) {
	t.Parallel()
	fresh := func() (*sandbox.Sandbox, error) { return sandbox.New(sandbox.Config{}) }
	box, err := fresh()
	if err != nil {
		t.Skip("no sandbox can be started here")
	}
	wants(t, try(t, health.Sandbox(box, fresh)), health.Works, "without network")
	wants(t, try(t, health.Decoder(media.NewDecoder(box))), health.Works, "decoded")
	none := sandbox.Without(errors.New("no name spaces"))
	wants(t, try(t, health.Sandbox(none, fresh)), health.Broken, "Restart Mainstay")
	wants(t, try(t, health.Sandbox(none, func() (*sandbox.Sandbox, error) { return nil, errors.New("none") })), health.Broken, "No program")
	wants(t, try(t, health.Decoder(media.NewDecoder(none))), health.Broken, "could not be opened")
}

func TestModelsThatAreNotThereAreSaid(t *testing.T) {
	t.Parallel()
	wants(t, try(t, health.Models(t.TempDir(), "whisper-base")), health.Broken, "mainstay models pull")
	wants(t, try(t, health.Models(t.TempDir(), "whisper-huge")), health.Broken, "catalogue")
}

type engine struct {
	health inference.Health
	err    error
}

func (e engine) Health(context.Context) (inference.Health, error) { return e.health, e.err }

func TestTheSpeechEngineIsAsked(t *testing.T) {
	t.Parallel()
	wants(t, try(t, health.Speech(engine{err: fault.New(fault.Busy, "Run make setup.")})), health.Broken, "make setup")
	wants(t, try(t, health.Speech(engine{health: inference.Health{Ours: true, Embedding: "v"}})), health.Broken, "no recognition model")
	wants(t, try(t, health.Speech(engine{health: inference.Health{}})), health.Warns, "voices")
	wants(t, try(t, health.Speech(engine{health: inference.Health{Embedding: "v"}})), health.Works, "told apart here")
	wants(t, try(t, health.Speech(engine{health: inference.Health{Ours: true, Recognition: "base", Embedding: "v"}})), health.Works, "base")
}

func TestWhoMayLook(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ws := w.Workspace(t)
	s, err := health.New(health.Config{Gate: w.Gate, Source: w.Source, Log: slog.New(slog.DiscardHandler), Checks: []health.Check{health.Mail(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	for role, may := range map[gate.Role]bool{gate.Owner: true, gate.Admin: true, gate.Member: false, gate.Viewer: false} {
		ctx := ws.Member(t, role)
		for name, look := range map[string]func(context.Context) ([]health.Result, error){"Open": s.Open, "Again": s.Again} {
			results, err := look(ctx)
			if may != (err == nil) || !may && !fault.Is(err, fault.Denied) || may && len(results) != 1 {
				t.Errorf("%s by a %s: %v, %v", name, role, results, err)
			}
		}
	}
	stranger := w.Workspace(t).Member(t, gate.Owner)
	if _, err := s.Open(stranger); err != nil {
		t.Errorf("the owner of another workspace of this deployment: %v", err)
	}
}

func TestADeploymentIsMeasured(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ws := w.Workspace(t)
	folder := t.TempDir()
	keys := filepath.Join(folder, "keys.db")
	if err := os.WriteFile(keys, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	oldest := w.Source.Now().Add(-time.Hour)
	s, err := health.New(health.Config{Gate: w.Gate, Source: w.Source, Log: slog.New(slog.DiscardHandler), Parts: health.Parts{Version: "v1", Began: oldest,
		Pools: w.DB.Pools, Private: true, Data: folder, Keys: keys, Models: folder, Names: []string{"whisper-base", "voice"},
		Work: func(context.Context) (queue.Depth, error) {
			return queue.Depth{Waiting: 2, Dead: 1, Oldest: &oldest}, nil
		},
		Mail: func(context.Context) (post.Counts, error) { return post.Counts{Works: true, Sent: 3}, nil }}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Measure(ws.Member(t, gate.Admin))
	if err != nil {
		t.Fatal(err)
	}
	if d.Version != "v1" || d.Work.Waiting != 2 || d.Mail.Sent != 3 || d.Keys != 4096 || d.Space.Free <= 0 || d.Space.Free > d.Space.Total ||
		d.Database.Size < 1<<20 || d.Database.Version < 9 || d.Database.Server == "" || len(d.Models) != 2 || d.Models[0].Here || len(d.Models[0].Digest) != 64 {
		t.Errorf("the deployment is measured as %+v", d)
	}
	for _, role := range []gate.Role{gate.Member, gate.Viewer} {
		if _, err := s.Measure(ws.Member(t, role)); !fault.Is(err, fault.Denied) {
			t.Errorf("a %s measures it: %v", role, err)
		}
	}
	for _, c := range []struct {
		space        health.Space
		scarce, full bool
	}{{health.Space{}, false, false}, {health.Space{Free: 6 << 30, Total: 9 << 30}, false, false}, {health.Space{Free: 4 << 30, Total: 9 << 30}, true, false}, {health.Space{Free: 1 << 20, Total: 9 << 30}, true, true}} {
		if c.space.Scarce() != c.scarce || c.space.Full() != c.full {
			t.Errorf("%+v is scarce %v and full %v", c.space, c.space.Scarce(), c.space.Full())
		}
	}
}

// Looking has old outcomes tried again: a good one after a while, a broken one soon, a slow one never twice at once.
func TestOutcomesAreTriedAgainWhenTheyAreOld(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ctx := w.Workspace(t).Member(t, gate.Owner)
	good, bad, slow := make(chan struct{}, 10), make(chan struct{}, 10), make(chan struct{}, 10)
	end := make(chan struct{})
	counting := func(c chan struct{}, o health.Outcome) func(context.Context) health.Outcome {
		return func(context.Context) health.Outcome { c <- struct{}{}; return o }
	}
	s, err := health.New(health.Config{Gate: w.Gate, Source: w.Source, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Checks: []health.Check{
		{Name: "good", Try: counting(good, health.Outcome{State: health.Works})},
		{Name: "bad", Try: counting(bad, health.Outcome{State: health.Broken, Fix: "Mend it."})},
		{Name: "slow", Try: func(ctx context.Context) health.Outcome {
			slow <- struct{}{}
			<-end
			panic("an unforeseen break")
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- s.Run(running) }()
	look := func() []health.Result {
		results, err := s.Again(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return results
	}
	if first := look(); first[0].State != health.Waiting {
		t.Errorf("before a try the state is %s", first[0].State)
	}
	<-good
	<-bad
	<-slow
	settle(t, func() bool { r := look(); return r[0].State == health.Works && r[1].State == health.Broken })
	w.Clock.Advance(4 * time.Second)
	look()
	<-bad
	w.Clock.Advance(time.Minute)
	look()
	<-good
	<-bad
	close(end)
	settle(t, func() bool { return look()[2].State == health.Broken })
	if len(slow) > 0 || len(good) > 0 {
		t.Errorf("tried once too often: slow %d, good %d", len(slow), len(good))
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// settle asks until a condition holds: the tries run beside the test.
func settle(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatal("it does not settle")
		}
	}
}
