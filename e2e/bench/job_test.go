//go:build bench

package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/capture/media"
	"mainstay/internal/document"
	"mainstay/internal/inference"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/pipeline"
	"mainstay/internal/queue"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech"
	"mainstay/internal/speech/recognition"
	"mainstay/internal/tenant"
)

// How long the talks are. The shorter one is heard in turns with and without the pipeline.
const (
	shortTalk = 10 * time.Minute
	longTalk  = 60 * time.Minute
)

// desk is a ground with the work of the pipeline, and the engine that it asks.
type desk struct {
	*ground
	queue   *queue.Queue
	capture *capture.Service
	minutes *minutes.Service
	engine  *inference.Local
	owner   context.Context
}

// hearing is the speech engine with everything around it, as the program has it.
type hearing struct{ engine recognition.Engine }

// Engines implements speech.Recognizer.
func (hearing) Engines() []string { return []string{"whisper-base"} }

// Recognize implements speech.Recognizer.
func (h hearing) Recognize(ctx context.Context, sound capture.Sound, hints speech.Hints, progress func(string, float64)) (document.Transcript, error) {
	heard, _, err := recognition.Recognize(ctx, h.engine, sound, recognition.Options{Language: hints.Language, Allowed: hints.Allowed, Glossary: hints.Glossary,
		Speakers: hints.Speakers, Channels: sound.Channels(), Model: "whisper-base", Expected: sound.Expected, Progress: progress})
	return heard, err
}

// jobs measures the whole job of a recording against recognition and speakers asked directly, and against the recording's
// length.
func jobs(t *testing.T) []figure {
	d := openDesk(t)
	talk := spoken(t, shortTalk)
	d.directly(t, talk[:2*media.Rate*30]) // warms the program
	var whole, direct []time.Duration
	for range 3 {
		direct = append(direct, d.directly(t, talk))
		whole = append(whole, d.whole(t, talk))
	}
	var long []byte
	for pause := 1; len(long) < int(longTalk.Seconds())*2*media.Rate; pause++ {
		long = append(append(long, talk...), make([]byte, 2*media.Rate*pause)...)
	}
	took := d.whole(t, long)
	share := func(took time.Duration, sound []byte) float64 {
		return took.Seconds() / (float64(len(sound)) / (2 * media.Rate))
	}
	return []figure{
		{what: fmt.Sprintf("whole job / recognition and speakers asked directly, %v of talk", shortTalk), got: median(whole).Seconds() / median(direct).Seconds(), bar: 1.10,
			beside: fmt.Sprintf("%.1f s and %.1f s", median(whole).Seconds(), median(direct).Seconds())},
		{what: fmt.Sprintf("whole job with speakers / length of the recording, %v of talk", longTalk), got: share(took, long), bar: 0.07,
			beside: fmt.Sprintf("%.0f s; %.3f for %v", took.Seconds(), share(median(whole), talk), shortTalk)},
	}
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	venv, models := os.Getenv("MAINSTAY_TEST_VENV"), os.Getenv("MAINSTAY_TEST_MODELS")
	if venv == "" || models == "" {
		t.Skip("MAINSTAY_TEST_VENV and MAINSTAY_TEST_MODELS are not set: run make bench")
	}
	d := &desk{ground: open(t)}
	d.owner = tenant.WithActor(t.Context(), d.begun.Actor)
	box, err := sandbox.New(sandbox.Config{})
	must(t, err)
	inferenceProgram, err := filepath.Abs("../../inference")
	must(t, err)
	d.engine = inference.NewLocal(inference.LocalConfig{Sandbox: box, Python: filepath.Join(venv, "bin", "python"), Program: inferenceProgram, Models: models,
		Model: "whisper-base", Sockets: filepath.Join(d.folder, "engine")})
	t.Cleanup(d.engine.Close)
	order := &pipeline.Pipeline{Gate: d.gate}
	d.queue, err = queue.New(queue.Config{Gate: d.gate, Source: d.source, Node: "bench", Log: slog.New(slog.DiscardHandler), Kinds: order.Kinds(),
		Subscribers: pipeline.Subscribers(), Dead: order.Dead})
	must(t, err)
	d.capture, err = capture.New(capture.Config{Gate: d.gate, Queue: d.queue, Vault: d.vault, Source: d.source, Media: media.NewDecoder(box)})
	must(t, err)
	d.minutes, err = minutes.New(minutes.Config{Gate: d.gate, Queue: d.queue, Source: d.source, Drafter: minutes.Rules{}})
	must(t, err)
	order.Capture, order.Minutes = d.capture, d.minutes
	order.Speech, err = speech.New(speech.Config{Gate: d.gate, Queue: d.queue, Source: d.source, Capture: d.capture, Recognizer: hearing{d.engine}})
	must(t, err)
	return d
}

// directly asks for recognition and speakers and nothing else.
func (d *desk) directly(t *testing.T, pcm []byte) time.Duration {
	t.Helper()
	began := time.Now()
	heard, _, err := recognition.Recognize(t.Context(), d.engine, bytes.NewReader(pcm), recognition.Options{Channels: 1, Model: "whisper-base"})
	must(t, err)
	took := time.Since(began)
	if len(heard.Segments) == 0 || len(heard.Speakers) < 2 {
		t.Fatalf("%d segments of %d speakers were heard, which is no measure", len(heard.Segments), len(heard.Speakers))
	}
	return took
}

// whole uploads the sound and measures the work that follows, from the waiting recording to its minutes.
func (d *desk) whole(t *testing.T, pcm []byte) time.Duration {
	t.Helper()
	m, err := d.meetings.Create(d.owner, meeting.Details{Title: "Bench"}, "upload", false)
	must(t, err)
	file := wave(pcm)
	_, err = d.capture.Put(d.owner, m.ID, "talk.wav", int64(len(file)), bytes.NewReader(file))
	must(t, err)
	began := time.Now()
	must(t, d.queue.Drain(t.Context()))
	took := time.Since(began)
	opened, err := d.minutes.Open(d.owner, m.ID)
	must(t, err)
	if opened.Minutes == nil {
		t.Fatal("the work left no minutes")
	}
	return took
}

func wave(pcm []byte) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, field := range []any{uint32(36 + len(pcm)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(media.Rate), uint32(2 * media.Rate),
		uint16(2), uint16(16), []byte("data"), uint32(len(pcm))} {
		_ = binary.Write(&b, binary.LittleEndian, field)
	}
	b.Write(pcm)
	return b.Bytes()
}

// spoken returns a talk of two synthetic voices that take turns, at least as long as asked: 16 kHz, 16 bits, the same each time.
func spoken(t *testing.T, length time.Duration) []byte {
	t.Helper()
	if _, err := exec.LookPath("flite"); err != nil {
		t.Skip("flite is not installed: run make setup")
	}
	chance := rand.New(rand.NewPCG(1, 2))
	pick := func(words string) string {
		all := strings.Split(words, ", ")
		return all[chance.IntN(len(all))]
	}
	var talk []byte
	for turn := 0; len(talk) < int(length.Seconds())*2*media.Rate; turn++ {
		var said []string
		for range 2 + chance.IntN(4) {
			said = append(said, fmt.Sprintf("%s %s %s %s %s.", pick("I think, We agreed that, As I said, The report says that, Last week we saw that, Maybe"),
				pick("the contractor, the client, our engineer, the supplier, the other team, everybody"),
				pick("will finish, can move, has checked, should order, wants to change, did not deliver"),
				pick("the north wall, the drawings, the second crane, the budget for the roof, all windows, the safety plan"),
				pick("before the end of the month, on Thursday morning, after the inspection, because of the rain, without more people, for the whole building")))
		}
		talk = append(append(talk, say(t, []string{"slt", "rms"}[turn%2], strings.Join(said, " "))...), make([]byte, 2*media.Rate*(3+chance.IntN(9))/10)...)
	}
	return talk
}

func say(t *testing.T, voice, text string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "said.wav")
	out, err := exec.CommandContext(t.Context(), "flite", "-voice", voice, "-t", text, "-o", file).CombinedOutput()
	if err != nil {
		t.Fatalf("speaking: %v: %s", err, out)
	}
	sound, err := os.ReadFile(file)
	must(t, err)
	at := bytes.Index(sound, []byte("data"))
	if at < 0 || binary.LittleEndian.Uint32(sound[24:]) != media.Rate {
		t.Fatal("the voice does not speak at 16 kHz")
	}
	return sound[at+8:]
}
