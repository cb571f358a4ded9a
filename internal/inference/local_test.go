package inference_test

import (
	"os"
	"path/filepath"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/inference"
	"mainstay/internal/sandbox"
)

// local returns the real program where it is installed.
func local(t testing.TB, model string) *inference.Local {
	t.Helper()
	venv, models := os.Getenv("MAINSTAY_TEST_VENV"), os.Getenv("MAINSTAY_TEST_MODELS")
	if venv == "" || models == "" {
		t.Skip("the speech engine is not installed: run make test")
	}
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("../../inference")
	if err != nil {
		t.Fatal(err)
	}
	l := inference.NewLocal(inference.LocalConfig{Sandbox: s, Python: filepath.Join(venv, "bin", "python"), Program: program, Models: models,
		Model: model, Sockets: filepath.Join(t.TempDir(), "s")})
	t.Cleanup(l.Close)
	return l
}

func TestTheRealProgramAnswersInTheSandbox(t *testing.T) {
	t.Parallel()
	l := local(t, "whisper-tiny.en")
	silence := make([]int16, 12*inference.Rate)
	a, err := l.Activity(t.Context(), silence)
	if err != nil || len(a.Probabilities) < 300 {
		t.Fatalf("Activity = %d frames, %v", len(a.Probabilities), err)
	}
	for _, p := range a.Probabilities {
		if p > 0.3 {
			t.Fatalf("silence has speech with probability %v", p)
		}
	}
	turns, err := l.Turns(t.Context(), silence)
	if err != nil || len(turns.Windows) == 0 || len(turns.Pieces) != 0 {
		t.Errorf("Turns = %d windows, %d pieces, %v", len(turns.Windows), len(turns.Pieces), err)
	}
	if _, err := l.Transcribe(t.Context(), silence, inference.Hints{Language: "en", Clips: []inference.Clip{}}); err != nil {
		t.Errorf("Transcribe = %v", err)
	}
}

func TestAMissingEngineIsASentence(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l := inference.NewLocal(inference.LocalConfig{Sandbox: s, Python: "/nowhere/bin/python", Program: "/nowhere", Models: "/nowhere", Model: "x", Sockets: t.TempDir()})
	if _, err := l.Activity(t.Context(), nil); !fault.Is(err, fault.Busy) {
		t.Errorf("Activity = %v, want fault.Busy", err)
	}
}
