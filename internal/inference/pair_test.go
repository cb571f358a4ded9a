package inference_test

import (
	"testing"

	"mainstay/internal/inference"
	"mainstay/internal/inference/inferencetest"
)

func TestOurProgramGivesWhatAServerLacks(t *testing.T) {
	t.Parallel()
	server := inferencetest.New(t, inferencetest.Script{Foreign: true, Hears: talk})
	sound := make([]int16, 8*inference.Rate)
	installed := inference.Pair{Words: server.Engine(), Voices: behaving(t, "steady")}
	if got, err := installed.Transcribe(t.Context(), sound, inference.Hints{}); err != nil || len(got.Words) != 5 {
		t.Errorf("Transcribe = %+v, %v, want the server's words", got, err)
	}
	if a, err := installed.Activity(t.Context(), sound); err != nil || len(a.Probabilities) != 1 {
		t.Errorf("Activity = %d frames, %v, want the one of our program", len(a.Probabilities), err)
	}
	if _, err := installed.Turns(t.Context(), sound); err != nil {
		t.Errorf("Turns = %v", err)
	}
	if _, err := installed.Languages(t.Context(), sound, nil); err != nil {
		t.Errorf("Languages = %v", err)
	}
	absent := inference.Pair{Words: server.Engine(), Voices: inference.NewLocal(inference.LocalConfig{Python: "/nowhere"})}
	if a, err := absent.Activity(t.Context(), sound); err != nil || len(a.Probabilities) != 250 {
		t.Errorf("Activity without our program = %d frames, %v, want 250 by loudness", len(a.Probabilities), err)
	}
	if _, err := absent.Turns(t.Context(), sound); !inference.Lacks(err) {
		t.Errorf("Turns without our program = %v, want one that the server lacks", err)
	}
	if _, err := absent.Languages(t.Context(), sound, nil); !inference.Lacks(err) {
		t.Errorf("Languages without our program = %v, want one that the server lacks", err)
	}
}

// TestAServerThatHasAllIsAskedAlone keeps our own program from starting beside one on another machine.
func TestAServerThatHasAllIsAskedAlone(t *testing.T) {
	t.Parallel()
	voices := behaving(t, "steady")
	pair := inference.Pair{Words: inferencetest.New(t, inferencetest.Script{Hears: talk}).Engine(), Voices: voices}
	found, err := pair.Turns(t.Context(), make([]int16, 8*inference.Rate))
	if err != nil || len(found.Pieces) != 2 || voices.Running() {
		t.Errorf("Turns = %d pieces, %v, and our program runs: %v", len(found.Pieces), err, voices.Running())
	}
}
