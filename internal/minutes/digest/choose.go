package digest

import (
	"math"
	"slices"
	"strconv"

	"mainstay/internal/document"
)

// summary chooses about the given number of words from the whole meeting, fewer from a short one.
func (t *talk) summary(words int) []document.Line {
	const share, least = 0.25, 10
	said := 0
	for _, s := range t.sentences {
		said += len(s.words)
	}
	return t.lines(t.choose(t.fit, min(words, max(least, int(share*float64(said))))), "s")
}

// topicLines chooses what a topic's summary says: two to five lines where there is that much to say.
func (t *talk) topicLines(topic stretch, number int) []document.Line {
	const perLine, most, share = 15, 5, 8
	var fit []int
	said := 0
	for _, i := range t.inside(topic) {
		said += len(t.sentences[i].words)
		if t.isFit[i] {
			fit = append(fit, i)
		}
	}
	chosen := t.choose(fit, min(most*perLine, max(2*perLine, said/share)))
	return t.lines(chosen[:min(most, len(chosen))], "t"+strconv.Itoa(number)+".")
}

// choose picks sentences until the words are used, each the best of what is left after what it repeats is taken off, and
// gives them in the order said.
func (t *talk) choose(from []int, words int) []int {
	var top float64
	for _, i := range from {
		top = max(top, t.score[i])
	}
	likeness := make([]float64, len(t.sentences))
	taken := make([]bool, len(t.sentences))
	var chosen []int
	for used := 0; used < words; {
		best := t.next(from, taken, likeness, top, words-used)
		if best < 0 {
			break
		}
		chosen = append(chosen, best)
		taken[best] = true
		used += len(t.sentences[best].words)
		for _, i := range from {
			likeness[i] = max(likeness[i], cosine(t.vectors[i], t.vectors[best]))
		}
	}
	slices.Sort(chosen)
	return chosen
}

// next gives the sentence that adds the most, or -1 where none fits into the words that are left. The first one always fits.
func (t *talk) next(from []int, taken []bool, likeness []float64, top float64, left int) int {
	const (
		over  = 12  // words by which the last sentence may exceed the limit
		worth = 0.1 // of the best sentence's score, below which nothing is printed
	)
	best, most := -1, math.Inf(-1)
	first := !slices.Contains(taken, true)
	for _, i := range from {
		if taken[i] || !first && t.score[i] < worth*top || !first && len(t.sentences[i].words) > left+over {
			continue
		}
		if v := t.score[i]/top - likeness[i]; v > most {
			best, most = i, v
		}
	}
	return best
}
