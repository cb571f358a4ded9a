package ear_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"mainstay/internal/trust/ear"
)

func TestWhatIsSaidIsHeardWhileSomebodyListens(t *testing.T) {
	t.Parallel()
	var kept, heard bytes.Buffer
	e := ear.New(slog.NewJSONHandler(&kept, &slog.HandlerOptions{Level: slog.LevelWarn}))
	log := slog.New(e).With("part", "door").WithGroup("in")
	log.Error("before", "n", 1)
	stop := e.Listen(&heard)
	log.Debug("quietly", "n", 2)
	log.Error("loudly", "n", 3)
	stop()
	log.Error("after", "n", 4)
	if got := heard.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `"part":"door","in":{"n":2}`) || !strings.Contains(got, "loudly") {
		t.Errorf("heard %q, want what was said meanwhile", got)
	}
	if got := kept.String(); strings.Count(got, "\n") != 3 || strings.Contains(got, "quietly") {
		t.Errorf("the log has %q, want what it takes and nothing else", got)
	}
}
