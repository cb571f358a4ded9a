package engine_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/capture/media"
	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/inference"
	"mainstay/internal/inference/inferencetest"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech"
	"mainstay/internal/speech/engine"
)

// room is a workspace whose recordings are transcribed by a set of engines. Our own program is not installed in it.
type room struct {
	gatetest.Workspace
	owner    context.Context
	queue    *queue.Queue
	meetings *meeting.Service
	capture  *capture.Service
	speech   *speech.Service
	egress   *egress.Service
	set      *engine.Set
	models   string
}

// newRoom makes a room with a server, or, without one, with our own program alone.
func newRoom(t *testing.T, server *engine.Server) *room {
	t.Helper()
	w := gatetest.New(t)
	r := &room{Workspace: w.Workspace(t), models: t.TempDir()}
	r.owner = r.Member(t, gate.Owner)
	box, err := sandbox.New(sandbox.Config{})
	check(t, err)
	r.egress, err = egress.New(egress.Config{Gate: w.Gate, Source: w.Source})
	check(t, err)
	local := inference.NewLocal(inference.LocalConfig{Sandbox: box, Python: filepath.Join(r.models, "python"), Program: r.models, Models: r.models, Model: "whisper-base", Sockets: r.models})
	t.Cleanup(local.Close)
	if server != nil {
		server.Egress = r.egress
	}
	r.set, err = engine.New(engine.Config{Local: local, Model: "whisper-base", Models: r.models, Server: server})
	check(t, err)
	r.queue, err = queue.New(queue.Config{Gate: w.Gate, Source: w.Source, Node: "test", Log: slog.New(slog.DiscardHandler),
		Kinds:       []queue.Kind{{Name: "transcribe", Actor: gate.Transcriber, Do: func(ctx context.Context, s queue.Step) error { return r.speech.Transcribe(ctx, s) }}},
		Subscribers: map[string][]string{capture.FactFinished: {"transcribe"}}})
	check(t, err)
	r.meetings, err = meeting.New(meeting.Config{Gate: w.Gate, Source: w.Source})
	check(t, err)
	r.capture, err = capture.New(capture.Config{Gate: w.Gate, Queue: r.queue, Vault: w.Vault, Source: w.Source, Media: media.NewDecoder(box)})
	check(t, err)
	r.speech, err = speech.New(speech.Config{Gate: w.Gate, Queue: r.queue, Source: w.Source, Capture: r.capture, Recognizer: r.set})
	check(t, err)
	return r
}

// transcribe uploads ten loud seconds and runs the work. It returns what was written, and why else the work waits.
func (r *room) transcribe(t *testing.T, d meeting.Details) (speech.Transcript, string) {
	t.Helper()
	m, err := r.meetings.Create(r.owner, d, "upload", false)
	check(t, err)
	pcm := make([]int16, 10*inference.Rate)
	for i := range pcm {
		pcm[i] = int16(i * 37 % 4000)
	}
	sound := inference.WAV(pcm)
	_, err = r.capture.Put(r.owner, m.ID, "a.wav", int64(len(sound)), bytes.NewReader(sound))
	check(t, err)
	check(t, r.queue.Drain(t.Context()))
	return r.latest(t, m.ID)
}

func (r *room) latest(t *testing.T, id meeting.ID) (got speech.Transcript, waits string) {
	t.Helper()
	err := r.World.Gate.View(r.owner, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		steps, err := queue.Of(ctx, tx, tx.Group())
		if err != nil {
			return err
		}
		waits = steps[0].Reason
		if got, err = speech.Latest(ctx, tx, id); fault.Is(err, fault.Missing) {
			return nil
		}
		return err
	})
	check(t, err)
	return got, waits
}

func (r *room) ledger(t *testing.T) []egress.Entry {
	t.Helper()
	entries, err := r.egress.Ledger(r.owner)
	check(t, err)
	return entries
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func talk() func([]int16) []inferencetest.Said {
	return inferencetest.Always(
		inferencetest.Said{Start: 0.5, End: 4, Speaker: 0, Text: "We agreed on the crane."},
		inferencetest.Said{Start: 5, End: 9, Speaker: 1, Text: "I will order it on Friday."})
}

func text(t speech.Transcript) string {
	var all []string
	for _, s := range t.Segments {
		all = append(all, s.Text)
	}
	return strings.Join(all, " ")
}

const said = "We agreed on the crane. I will order it on Friday."

func TestOursOnAnotherMachine(t *testing.T) {
	t.Parallel()
	server := inferencetest.NewTLS(t, inferencetest.Script{Hears: talk(), Token: "a token of some length"})
	r := newRoom(t, &engine.Server{URL: server.URL, Token: "a token of some length", CA: server.CA, Region: "here", Model: "large"})
	got, waits := r.transcribe(t, meeting.Details{ModelAllowed: true})
	if text(got) != said || len(got.Speakers) == 0 || *got.Engine.Model != "large" {
		t.Errorf("it heard %q by %d speakers with %v; %s", text(got), len(got.Speakers), got.Engine.Model, waits)
	}
	entries := r.ledger(t)
	if len(entries) < 2 {
		t.Fatalf("%d entries", len(entries))
	}
	for _, e := range entries {
		if e.State != "done" || e.Purpose != "speech" || e.Provider != "engine" || e.Region != "here" || e.Model != "large" || e.BytesOut < 10_000 ||
			"https://"+e.Host != server.URL || !slices.Equal(e.Fields, []string{"recording.sound", "meeting.glossary", "attendees.name"}) {
			t.Errorf("the ledger says %+v", e)
		}
	}
	if private, waits := r.transcribe(t, meeting.Details{ModelAllowed: false}); text(private) != said {
		t.Errorf("a meeting that is never sent to others' models is heard by ours: %q; %s", text(private), waits)
	}
}

func TestAServerOfAnotherMake(t *testing.T) {
	t.Parallel()
	server := inferencetest.NewTLS(t, inferencetest.Script{Hears: talk(), Foreign: true})
	r := newRoom(t, &engine.Server{URL: server.URL + "/v1", CA: server.CA})
	got, waits := r.transcribe(t, meeting.Details{ModelAllowed: true})
	if text(got) != said || *got.Engine.Model != "whisper-1" {
		t.Errorf("it heard %q; %s", text(got), waits)
	}
	posts, entries := server.Posts("/v1/audio/transcriptions"), len(r.ledger(t))
	if posts == 0 || entries != posts {
		t.Errorf("%d posts, %d entries", posts, entries)
	}
	// What must never be sent is for our own program, which is not installed here.
	private, waits := r.transcribe(t, meeting.Details{ModelAllowed: false})
	if text(private) != "" || !strings.Contains(waits, "make setup") || server.Posts("/v1/audio/transcriptions") != posts {
		t.Errorf("a meeting that is never sent: %q, %q, %d posts", text(private), waits, server.Posts("/v1/audio/transcriptions"))
	}
}

func TestOnThisMachineNothingLeaves(t *testing.T) {
	t.Parallel()
	server := inferencetest.New(t, inferencetest.Script{Hears: talk(), Foreign: true})
	r := newRoom(t, &engine.Server{URL: server.URL})
	if got, waits := r.transcribe(t, meeting.Details{}); text(got) != said || len(r.ledger(t)) != 0 {
		t.Errorf("it heard %q; %s; %d entries", text(got), waits, len(r.ledger(t)))
	}
}

// TestAnEngineThatCannotBeUsedParksTheWork says why, loses nothing, and goes on when the engine can be used.
func TestAnEngineThatCannotBeUsedParksTheWork(t *testing.T) {
	t.Parallel()
	broken := true
	failing := inferencetest.Script{Hears: talk(), Fails: func(string) (int, bool) { return 503, broken }}
	crashing := inferencetest.Script{Hears: talk(), Fails: func(path string) (int, bool) { return 0, broken && strings.HasPrefix(path, "/v1/audio") }}
	for name, c := range map[string]struct {
		server *inferencetest.Server
		token  string
		ca     bool
		want   string
	}{
		"a server that is not ready":   {inferencetest.NewTLS(t, failing), "", true, "not ready"},
		"a server that crashes":        {inferencetest.NewTLS(t, crashing), "", true, "Nothing is lost"},
		"a server with another token":  {inferencetest.NewTLS(t, inferencetest.Script{Hears: talk(), Token: "the right token of the test"}), "another token", true, "token"},
		"a server that nobody vouches": {inferencetest.NewTLS(t, inferencetest.Script{Hears: talk()}), "", false, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server := &engine.Server{URL: c.server.URL, CA: c.server.CA}
			if !c.ca {
				server.CA = x509.NewCertPool()
			}
			if c.token != "" {
				server.Token = "the wrong token of the test"
			}
			broken = true
			r := newRoom(t, server)
			m, err := r.meetings.Create(r.owner, meeting.Details{ModelAllowed: true}, "upload", false)
			check(t, err)
			sound := inference.WAV(make([]int16, 2*inference.Rate))
			for i := 44; i < len(sound); i += 2 {
				sound[i+1] = byte(i % 32)
			}
			_, err = r.capture.Put(r.owner, m.ID, "a.wav", int64(len(sound)), bytes.NewReader(sound))
			check(t, err)
			check(t, r.queue.Drain(t.Context()))
			if got, waits := r.latest(t, m.ID); text(got) != "" || !strings.Contains(waits, c.want) {
				t.Errorf("it heard %q and waits because %q, want %q", text(got), waits, c.want)
			}
			if c.token != "" || !c.ca {
				return
			}
			broken = false
			r.World.Clock.Advance(10 * time.Minute)
			check(t, r.queue.Drain(t.Context()))
			if got, waits := r.latest(t, m.ID); text(got) == "" {
				t.Errorf("when it works again, nothing was heard: %s", waits)
			}
		})
	}
}

func TestEnginesAreWhatIsHere(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]*engine.Server{"whisper-base": nil, engine.Outside: {URL: "https://speech.example.com"}} {
		r := newRoom(t, server)
		for _, model := range []string{"whisper-base", "whisper-tiny.en"} {
			check(t, os.MkdirAll(filepath.Join(r.models, model), 0o755))
			check(t, os.WriteFile(filepath.Join(r.models, model, "model.bin"), nil, 0o644))
		}
		check(t, os.MkdirAll(filepath.Join(r.models, "voice"), 0o755))
		want := []string{name, "whisper-base", "whisper-tiny.en"}
		if got := r.set.Engines(); !slices.Equal(slices.Compact(got), slices.Compact(want)) {
			t.Errorf("Engines() = %v, want %v", got, want)
		}
		_, err := r.set.Recognize(t.Context(), nil, speech.Hints{Engine: "whisper-gone"}, nil)
		if !fault.Is(err, fault.Busy) {
			t.Errorf("an engine that is gone: %v, want fault.Busy", err)
		}
	}
	for _, address := range []string{"http://speech.example.com", "speech.example.com", "http://127.0.0.1.example.com", "ftp://127.0.0.1", ""} {
		if _, err := engine.New(engine.Config{Local: &inference.Local{}, Server: &engine.Server{URL: address, Egress: &egress.Service{}}}); err == nil {
			t.Errorf("an engine at %q was taken", address)
		}
	}
	if _, err := engine.New(engine.Config{}); err == nil {
		t.Error("no engine at all was taken")
	}
}
