package diarization

import (
	"slices"
	"strings"

	"mainstay/internal/document"
)

const (
	// A word this near to a turn belongs to it: recognizers are some tenths of a second off.
	wordReachMS = 500
	// A change of speaker moves by up to so many words, and so long, to the end of a sentence or a pause.
	snapWords = 2
	snapMS    = 700
	pauseMS   = 250
)

// Assign gives each word the id of its speaker: whose turn covers most of it, else whose turn is within half a second, else
// "", because an empty speaker is better than a wrong one. Where turns overlap, the speaker of the word before goes on. A
// change of speaker beside the end of a sentence or a pause is moved there. Words and turns are in order of their start.
func Assign(words []document.Word, turns []document.Turn) []string {
	lookup := newLookup(turns)
	out := make([]string, len(words))
	before := ""
	for i, w := range words {
		out[i] = lookup.speaker(w, before)
		before = out[i]
	}
	snap(words, out)
	return out
}

// lookup finds the turns around a time.
type lookup struct {
	turns []document.Turn
	ends  []int64 // the latest end among the turns up to each
}

func newLookup(turns []document.Turn) *lookup {
	l := &lookup{turns, make([]int64, len(turns))}
	var end int64
	for i, t := range turns {
		end = max(end, t.EndMS)
		l.ends[i] = end
	}
	return l
}

func (l *lookup) speaker(w document.Word, before string) string {
	first, _ := slices.BinarySearch(l.ends, w.StartMS-wordReachMS)
	best, most := "", int64(-wordReachMS)
	covered := make(map[string]int64, 2)
	for _, t := range l.turns[first:] {
		if t.StartMS > w.EndMS+wordReachMS {
			break
		}
		overlap := min(t.EndMS, max(w.EndMS, w.StartMS+1)) - max(t.StartMS, w.StartMS)
		if known, seen := covered[t.Speaker]; seen {
			overlap = max(overlap, 0) + max(known, 0) + min(0, max(overlap, known))
		}
		covered[t.Speaker] = overlap
		if overlap > most || (overlap == most && t.Speaker == before) {
			best, most = t.Speaker, overlap
		}
	}
	// Where two speak at once, who speaks already goes on.
	if own, seen := covered[before]; seen && before != "" && own > 0 && own*2 >= most {
		return before
	}
	return best
}

// snap moves each change of speaker to the nearest end of a sentence or pause, as long as no speaker loses all words.
func snap(words []document.Word, speakers []string) {
	for i := 1; i < len(words); i++ {
		if speakers[i] == speakers[i-1] || speakers[i] == "" || speakers[i-1] == "" {
			continue
		}
		to, found := boundary(words, i)
		if !found || to == i {
			continue
		}
		if to < i && to > 0 && speakers[to-1] == speakers[i-1] {
			fill(speakers[to:i], speakers[i])
		}
		if to > i && to < len(words) && speakers[to] == speakers[i] {
			fill(speakers[i:to], speakers[i-1])
			i = to
		}
	}
}

func fill(s []string, with string) {
	for i := range s {
		s[i] = with
	}
}

// boundary gives the place nearest to i, within reach, before which a sentence ends or a pause lies.
func boundary(words []document.Word, i int) (int, bool) {
	for d := 0; d <= snapWords; d++ {
		for _, at := range []int{i - d, i + d} {
			if at < 1 || at >= len(words) || !apart(words[at-1], words[at]) {
				continue
			}
			if moved := words[at].StartMS - words[i].StartMS; moved <= snapMS && moved >= -snapMS {
				return at, true
			}
		}
	}
	return 0, false
}

// apart reports whether a sentence ends or a pause lies between two words.
func apart(a, b document.Word) bool {
	return EndsSentence(a.Text) || b.StartMS-a.EndMS >= pauseMS
}

// EndsSentence reports whether a word carries the mark at the end of a sentence.
func EndsSentence(word string) bool {
	word = strings.TrimRight(word, "\"'”’)]»")
	for _, mark := range []string{".", "?", "!", "。", "？", "！", "…", "।", "؟"} {
		if strings.HasSuffix(word, mark) {
			return true
		}
	}
	return false
}
