package inference_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/inference"
	"mainstay/internal/inference/inferencetest"
	"mainstay/internal/sandbox"
)

// local returns the real program where it is installed.
func local(t testing.TB, kind sandbox.Kind) *inference.Local {
	t.Helper()
	return inference.NewLocal(localConfig(t, kind))
}

func localConfig(t testing.TB, kind sandbox.Kind) inference.LocalConfig {
	t.Helper()
	venv, models := os.Getenv("MAINSTAY_TEST_VENV"), os.Getenv("MAINSTAY_TEST_MODELS")
	if venv == "" || models == "" {
		t.Skip("the speech engine is not installed: run make test")
	}
	s, err := sandbox.New(sandbox.Config{Only: kind, Child: []string{"/proc/self/exe", "sandbox-child"}})
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("../../inference")
	if err != nil {
		t.Fatal(err)
	}
	return inference.LocalConfig{Sandbox: s, Python: filepath.Join(venv, "bin", "python"), Program: program, Models: models,
		Model: "whisper-tiny.en", Sockets: sockets(t), Threads: 2}
}

// sockets is a folder whose name is short enough for a socket.
func sockets(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// sentence is a synthetic voice that says something, with a second of silence on both sides.
func sentence(t *testing.T) []int16 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "said.wav")
	cmd := exec.Command("flite", "-voice", "slt", "-t", "The committee will publish the annual report on Monday morning.", "-o", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("there is no synthetic voice here: %v %s", err, out)
	}
	wav, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := bytes.Cut(wav, []byte("data"))
	pcm := make([]int16, inference.Rate)
	for raw := data[4:]; len(raw) > 1; raw = raw[2:] {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(raw)))
	}
	return append(pcm, make([]int16, inference.Rate)...)
}

func TestTheRealProgramHoldsTheContract(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Landlock} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			l := local(t, kind)
			t.Cleanup(l.Close)
			contract(t, l.Engine, sentence(t))
		})
	}
}

func TestTheStandInHoldsTheContract(t *testing.T) {
	t.Parallel()
	server := inferencetest.New(t, inferencetest.Script{Token: "0123456789abcdef", Hears: func(pcm []int16) []inferencetest.Said {
		if loudest(pcm) < 100 {
			return nil
		}
		end := float64(len(pcm))/inference.Rate - 1
		return []inferencetest.Said{{Start: 1, End: end, Text: "The committee will publish the annual report on Monday morning."}}
	}})
	pcm := make([]int16, 5*inference.Rate)
	for i := inference.Rate; i < 4*inference.Rate; i++ {
		pcm[i] = int16(8000 * math.Sin(float64(i)/20))
	}
	contract(t, server.Engine(), pcm)
}

func loudest(pcm []int16) int16 {
	var most int16
	for _, v := range pcm {
		most = max(most, v)
	}
	return most
}

// contract is what every engine of ours must hold. Sound has one sentence of a committee, between a second of silence each.
func contract(t *testing.T, e *inference.Engine, sound []int16) {
	t.Helper()
	length := float64(len(sound)) / inference.Rate
	speech := []inference.Clip{{Start: 0.5, End: length - 0.5}}
	health, err := e.Health(t.Context())
	if err != nil || !health.Ours || health.Recognition == "" || health.Activity == "" || health.Segmentation == "" || health.Embedding == "" {
		t.Fatalf("Health = %+v, %v", health, err)
	}
	t.Run("words", func(t *testing.T) { words(t, e, sound, speech) })
	t.Run("activity", func(t *testing.T) { activity(t, e, sound) })
	t.Run("turns", func(t *testing.T) { turns(t, e, sound) })
	t.Run("languages", func(t *testing.T) {
		windows, err := e.Languages(t.Context(), sound, speech)
		if err != nil || len(windows) != 1 || windows[0].Probabilities["en"] < 0.5 {
			t.Errorf("Languages = %+v, %v", windows, err)
		}
	})
	t.Run("refusals", func(t *testing.T) { refusals(t, e, sound) })
	t.Run("silence", func(t *testing.T) {
		silence := make([]int16, 12*inference.Rate)
		a, err := e.Activity(t.Context(), silence)
		if err != nil || len(a.Probabilities) != 375 {
			t.Fatalf("Activity = %d frames, %v, want 375", len(a.Probabilities), err)
		}
		for _, p := range a.Probabilities {
			if p > 0.3 {
				t.Fatalf("silence has speech with probability %v", p)
			}
		}
		found, err := e.Turns(t.Context(), silence)
		if err != nil || len(found.Windows) != 2 || len(found.Pieces) != 0 {
			t.Errorf("Turns = %d windows, %d pieces, %v, want 2 and 0", len(found.Windows), len(found.Pieces), err)
		}
		if got, err := e.Transcribe(t.Context(), silence, inference.Hints{Language: "en", Clips: []inference.Clip{}}); err != nil || len(got.Segments) != 0 {
			t.Errorf("Transcribe of no clips = %+v, %v", got, err)
		}
	})
}

func words(t *testing.T, e *inference.Engine, sound []int16, speech []inference.Clip) {
	for name, hints := range map[string]inference.Hints{
		"in the clips": {Language: "en", Clips: speech, Hotwords: []string{"committee"}},
		"everywhere":   {},
	} {
		got, err := e.Transcribe(t.Context(), sound, hints)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Language != "en" || !strings.Contains(strings.ToLower(got.Text), "committee") || len(got.Segments) != 1 || len(got.Words) < 8 {
			t.Fatalf("%s: Transcribe = %+v", name, got)
		}
		joined, at := "", 0.0
		for _, w := range got.Words {
			joined += w.Text
			if w.Start < at-0.2 || w.End < w.Start || w.End > got.Segments[0].End+0.1 || w.Probability <= 0 || w.Probability > 1 || w.Segment != 0 {
				t.Errorf("%s: word %+v after %v in segment %+v", name, w, at, got.Segments[0])
			}
			at = w.Start
		}
		if joined != got.Segments[0].Text {
			t.Errorf("%s: the words joined are %q, want the text %q", name, joined, got.Segments[0].Text)
		}
	}
}

func activity(t *testing.T, e *inference.Engine, sound []int16) {
	a, err := e.Activity(t.Context(), sound)
	if err != nil || a.FrameMS != 32 || len(a.Probabilities) != (len(sound)+511)/512 {
		t.Fatalf("Activity = %d frames of %d ms, %v, want %d of 32", len(a.Probabilities), a.FrameMS, err, (len(sound)+511)/512)
	}
	if a.Probabilities[3] > 0.5 || a.Probabilities[len(a.Probabilities)/2] < 0.5 {
		t.Errorf("Activity = %v at the start and %v in the middle", a.Probabilities[3], a.Probabilities[len(a.Probabilities)/2])
	}
}

func turns(t *testing.T, e *inference.Engine, sound []int16) {
	found, err := e.Turns(t.Context(), sound)
	if err != nil || len(found.Windows) == 0 || len(found.Pieces) == 0 {
		t.Fatalf("Turns = %d windows, %d pieces, %v", len(found.Windows), len(found.Pieces), err)
	}
	for _, p := range found.Pieces {
		w := found.Windows[p.Window]
		if p.Start < w.Start-0.01 || p.End > w.End+0.01 || len(w.Speakers) != 3 || len(w.Speakers[p.Speaker]) == 0 || len(p.Embedding) != 192 {
			t.Errorf("piece of %v to %v by %d with %d numbers in window %+v", p.Start, p.End, p.Speaker, len(p.Embedding), w)
		}
	}
}

func refusals(t *testing.T, e *inference.Engine, sound []int16) {
	for name, hints := range map[string]inference.Hints{
		"a clip outside":           {Clips: []inference.Clip{{Start: 0, End: 1000}}},
		"a clip of no length":      {Clips: []inference.Clip{{Start: 1, End: 1}}},
		"a language that is none":  {Language: "klingonese", Clips: []inference.Clip{{Start: 0, End: 1}}},
		"a clip longer than it is": {Clips: []inference.Clip{{Start: -1, End: 1}}},
	} {
		if _, err := e.Transcribe(t.Context(), sound, hints); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Transcribe = %v, want fault.Invalid", name, err)
		}
	}
	if _, err := e.Activity(t.Context(), make([]int16, (inference.MaxSeconds+1)*inference.Rate)); err == nil {
		t.Error("more than half an hour was taken")
	}
}
