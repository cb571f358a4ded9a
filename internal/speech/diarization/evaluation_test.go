package diarization_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/speech/diarization"
)

// TestEvaluation writes NAME.rttm into MAINSTAY_TEST_TURNS/hyp for each NAME.turns.json (an answer of the inference
// program) in MAINSTAY_TEST_TURNS, to be scored against references. It asserts nothing.
func TestEvaluation(t *testing.T) {
	folder := os.Getenv("MAINSTAY_TEST_TURNS")
	if folder == "" {
		t.Skip("MAINSTAY_TEST_TURNS is not set")
	}
	out := filepath.Join(folder, "hyp")
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.turns.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".turns.json")
		heard := readTurns(t, path)
		var text strings.Builder
		for _, turn := range diarization.Diarize(heard, diarization.Options{}).Turns {
			fmt.Fprintf(&text, "SPEAKER %s 1 %.3f %.3f <NA> <NA> %s <NA> <NA>\n", name, float64(turn.StartMS)/1000, float64(turn.EndMS-turn.StartMS)/1000, turn.Speaker)
		}
		if err := os.WriteFile(filepath.Join(out, name+".rttm"), []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
