package speech_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mainstay/internal/capture"
	"mainstay/internal/capture/media"
	"mainstay/internal/document"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/inference"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech"
)

// The kinds of steps of a studio. Draft and resolve stand for whoever goes on with a transcript.
const (
	transcribe = "transcribe"
	dispose    = "dispose"
	draft      = "draft"
	resolve    = "resolve"
)

// studio is a workspace in which recordings are transcribed by an ear that the test holds. Everything else is real.
type studio struct {
	*gatetest.World
	gatetest.Workspace
	ear      *ear
	queue    *queue.Queue
	meetings *meeting.Service
	capture  *capture.Service
	speech   *speech.Service
	owner    context.Context

	mu   sync.Mutex
	done []string // kinds of the steps that ended, in order
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	w := gatetest.New(t)
	s := &studio{World: w, Workspace: w.Workspace(t), ear: &ear{}}
	s.owner = s.Member(t, gate.Owner)
	box, err := sandbox.New(sandbox.Config{})
	check(t, err)
	s.queue, err = queue.New(queue.Config{Gate: w.Gate, Source: w.Source, Node: "test", Log: slog.New(slog.DiscardHandler),
		Kinds: []queue.Kind{
			{Name: transcribe, Actor: gate.Transcriber, Do: func(ctx context.Context, step queue.Step) error {
				return s.noted(step, s.speech.Transcribe(ctx, step))
			}},
			{Name: dispose, Actor: gate.Transcriber, Do: func(ctx context.Context, step queue.Step) error {
				return s.noted(step, s.capture.Dispose(ctx, step))
			}},
			{Name: draft, Actor: gate.MinuteTaker, Do: func(_ context.Context, step queue.Step) error { return s.noted(step, nil) }},
			{Name: resolve, Actor: gate.MinuteTaker, Do: func(_ context.Context, step queue.Step) error { return s.noted(step, nil) }},
		},
		Subscribers: map[string][]string{capture.FactFinished: {transcribe}, speech.FactTranscribed: {draft}, speech.FactNamed: {resolve}, speech.FactSpent: {dispose}}})
	check(t, err)
	s.meetings, err = meeting.New(meeting.Config{Gate: w.Gate, Source: w.Source})
	check(t, err)
	s.capture, err = capture.New(capture.Config{Gate: w.Gate, Queue: s.queue, Vault: w.Vault, Source: w.Source, Media: media.NewDecoder(box)})
	check(t, err)
	s.speech, err = speech.New(speech.Config{Gate: w.Gate, Queue: s.queue, Source: w.Source, Capture: s.capture, Recognizer: s.ear})
	check(t, err)
	return s
}

func (s *studio) noted(step queue.Step, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.done = append(s.done, step.Kind)
	}
	return err
}

func (s *studio) drain(t *testing.T) {
	t.Helper()
	check(t, s.queue.Drain(t.Context()))
}

// record makes a meeting with a recording of two seconds, whose work is not begun yet.
func (s *studio) record(t *testing.T, d meeting.Details) (meeting.ID, capture.RecordingID) {
	t.Helper()
	m, err := s.meetings.Create(s.owner, d, "upload", false)
	check(t, err)
	sound := inference.WAV(make([]int16, 2*inference.Rate))
	u, err := s.capture.Put(s.owner, m.ID, "talk.wav", int64(len(sound)), bytes.NewReader(sound))
	check(t, err)
	return m.ID, u.Recording
}

// latest reads the newest transcript of a meeting as the owner does.
func (s *studio) latest(id meeting.ID) (speech.Transcript, error) {
	var got speech.Transcript
	err := s.World.Gate.View(s.owner, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		got, err = speech.Latest(ctx, tx, id)
		return err
	})
	return got, err
}

func (s *studio) mustLatest(t *testing.T, id meeting.ID) speech.Transcript {
	t.Helper()
	got, err := s.latest(id)
	check(t, err)
	return got
}

// steps gives the meeting's steps, the newest first, each as kind, state and reason.
func (s *studio) steps(t *testing.T, id meeting.ID) []queue.Status {
	t.Helper()
	var steps []queue.Status
	check(t, s.World.Gate.View(s.owner, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		steps, err = queue.Of(ctx, tx, tx.Group())
		return err
	}))
	return steps
}

func (s *studio) count(t *testing.T, table string) int {
	t.Helper()
	var n int
	check(t, s.Admin.QueryRow(t.Context(), `select count(*) from tenant.`+table).Scan(&n))
	return n
}

// ear stands in for an engine: it reads the sound and hears what the test says, or fails as it says.
type ear struct {
	heard document.Transcript
	fails []error                   // of the first calls, one after the other
	while func(ctx context.Context) // what happens meanwhile; may be nil
	hints []speech.Hints            // of each call
}

// Engines implements speech.Recognizer.
func (*ear) Engines() []string { return []string{"usual", "better"} }

// Recognize implements speech.Recognizer.
func (e *ear) Recognize(ctx context.Context, sound capture.Sound, hints speech.Hints, progress func(string, float64)) (document.Transcript, error) {
	e.hints = append(e.hints, hints)
	if len(e.fails) > 0 {
		err := e.fails[0]
		e.fails = e.fails[1:]
		return document.Transcript{}, err
	}
	if _, err := io.Copy(io.Discard, sound); err != nil {
		return document.Transcript{}, err
	}
	progress("recognizing speech", 0.5)
	if e.while != nil {
		e.while(ctx)
	}
	return e.heard, nil
}

// talk is a transcript of lines "A: text" of a second each, with turns.
func talk(lines ...string) document.Transcript {
	sure, language := 0.9, "en"
	t := document.Transcript{Engine: document.Engine{Name: "ear"}}
	known := map[string]bool{}
	for i, line := range lines {
		speaker, text, _ := strings.Cut(line, ": ")
		start, end := int64(i)*1000, int64(i)*1000+900
		seg := document.Segment{ID: "x" + strconv.Itoa(i), StartMS: &start, EndMS: &end, Text: text, Confidence: &sure, Language: &language,
			Words: []document.Word{{Text: text, StartMS: start, EndMS: end, Confidence: &sure}}}
		if speaker != "?" {
			seg.Speaker = &speaker
			t.Turns = append(t.Turns, document.Turn{Speaker: speaker, StartMS: start, EndMS: end})
			if !known[speaker] {
				known[speaker] = true
				t.Speakers = append(t.Speakers, document.Speaker{ID: speaker})
			}
		}
		t.Segments = append(t.Segments, seg)
	}
	return t
}

// said gives a transcript back as lines "speaker or name: text".
func said(t speech.Transcript) []string {
	names := map[string]string{}
	for _, s := range t.Speakers {
		names[s.ID] = s.ID
		if s.Name != nil {
			names[s.ID] = *s.Name
		}
	}
	var lines []string
	for _, seg := range t.Segments {
		who := "?"
		if seg.Speaker != nil {
			who = names[*seg.Speaker]
		}
		lines = append(lines, who+": "+seg.Text)
	}
	return lines
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stereo makes a call of two voices, one on each channel, 12 seconds.
func stereo(t *testing.T) []byte {
	t.Helper()
	source := "aevalsrc='0.3*sin(2*PI*220*t)*lt(mod(t,4),2)|0.3*sin(2*PI*330*t)*gte(mod(t,4),2):s=16000:d=12'"
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-f", "wav", "-").Output()
	check(t, err)
	return out
}
