package diarization_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/document"
	"mainstay/internal/speech/diarization"
)

// spoken gives words of 300 ms with gaps of 50 ms, the first at startMS; "|" is a pause of a second.
func spoken(startMS int64, text string) []document.Word {
	var out []document.Word
	for _, w := range strings.Fields(text) {
		if w == "|" {
			startMS += 1000
			continue
		}
		out = append(out, document.Word{Text: w, StartMS: startMS, EndMS: startMS + 300})
		startMS += 350
	}
	return out
}

func turn(speaker string, start, end int64) document.Turn {
	return document.Turn{Speaker: speaker, StartMS: start, EndMS: end}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		words []document.Word
		turns []document.Turn
		want  string
	}{
		"a word belongs to the turn around it":                      {spoken(0, "a b | c d"), []document.Turn{turn("1", 0, 800), turn("2", 1500, 2600)}, "1 1 2 2"},
		"a word just outside a turn belongs to it":                  {spoken(0, "a b"), []document.Turn{turn("1", 300, 500)}, "1 1"},
		"a word far from any turn is nobody's":                      {spoken(5000, "a b"), []document.Turn{turn("1", 0, 800)}, "? ?"},
		"without turns nobody speaks":                               {spoken(0, "a"), nil, "?"},
		"who speaks goes on while another cuts in":                  {spoken(0, "a b c d"), []document.Turn{turn("1", 0, 1400), turn("2", 350, 1000)}, "1 1 1 1"},
		"a change late by a word moves to the end of the sentence":  {spoken(0, "Is it done? Yes it is."), []document.Turn{turn("1", 0, 1390), turn("2", 1395, 2100)}, "1 1 1 2 2 2"},
		"a change early by a word moves to the end of the sentence": {spoken(0, "Is it done? Yes it is."), []document.Turn{turn("1", 0, 690), turn("2", 700, 2100)}, "1 1 1 2 2 2"},
		"a change far from the end of a sentence stays":             {spoken(0, "a b c d e f g. h"), []document.Turn{turn("1", 0, 690), turn("2", 700, 2800)}, "1 1 2 2 2 2 2 2"},
		"one word of another between two sentences stays":           {spoken(0, "Is it? Yes. Good then."), []document.Turn{turn("1", 0, 690), turn("2", 700, 1040), turn("1", 1050, 1800)}, "1 1 2 1 1"},
		"turns of one speaker that touch count together":            {spoken(0, "abc"), []document.Turn{turn("1", 0, 100), turn("1", 100, 200), turn("2", 200, 320)}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := diarization.Assign(c.words, c.turns)
			for i := range got {
				if got[i] == "" {
					got[i] = "?"
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
