package digest

import (
	"math"
	"slices"
)

// summary chooses about the given number of words from the whole meeting, fewer from a short one: a line for each topic, or two
// lines and another for every twenty sentences.
func (t *talk) summary(words int, topics []stretch) []int {
	const share, least, lines, perLine = 0.25, 30, 2, 20
	said := 0
	for _, s := range t.sentences {
		said += len(s.words)
	}
	telling := map[int]bool{} // the topics of which a line could tell
	for n, topic := range topics {
		for _, i := range t.inside(topic) {
			if t.topicOf[i] = n + 1; t.isFit[i] {
				telling[n] = true
			}
		}
	}
	most := max(len(telling), lines+len(t.sentences)/perLine)
	return t.choose(t.fit, min(words, max(least, int(share*float64(said)))), most)
}

// topicLines chooses what a topic's summary says: two to four lines where there is that much to say. What the meeting's summary
// says already comes again only where a topic would have nothing else.
func (t *talk) topicLines(topic stretch, summary []int) []int {
	const perLine, most, share = 15, 4, 8
	var fit, fresh []int
	said := 0
	for _, i := range t.inside(topic) {
		said += len(t.sentences[i].words)
		if !t.isFit[i] {
			continue
		}
		fit = append(fit, i)
		if !slices.Contains(summary, i) {
			fresh = append(fresh, i)
		}
	}
	if len(fresh) > 0 {
		fit = fresh
	}
	return t.choose(fit, min(most*perLine, max(2*perLine, said/share)), most)
}

// choose picks sentences until the words or the lines are used, each the best of what is left after what it repeats is taken
// off, and gives them in the order said.
func (t *talk) choose(from []int, words, lines int) []int {
	c := choice{talk: t, from: from, likeness: make([]float64, len(t.sentences)), taken: make([]bool, len(t.sentences)), told: map[int]int{}}
	for _, i := range from {
		c.top = max(c.top, t.score[i])
	}
	for used := 0; used < words && len(c.chosen) < lines; {
		best := c.next(words - used)
		if best < 0 {
			break
		}
		c.take(best)
		used += len(t.sentences[best].words)
	}
	slices.Sort(c.chosen)
	return c.chosen
}

// choice is what was chosen so far.
type choice struct {
	talk     *talk
	from     []int
	top      float64   // score of the best sentence
	likeness []float64 // of each sentence to what was chosen
	taken    []bool
	told     map[int]int // how many lines tell of each topic
	chosen   []int
}

func (c *choice) take(best int) {
	c.chosen = append(c.chosen, best)
	c.taken[best] = true
	c.told[c.talk.topicOf[best]]++
	for _, i := range c.from {
		c.likeness[i] = max(c.likeness[i], cosine(c.talk.vectors[i], c.talk.vectors[best]))
	}
}

// next gives the sentence that adds the most, or -1 where none fits into the words that are left. The first one always fits.
func (c *choice) next(left int) int {
	const (
		over  = 12   // words by which the last sentence may exceed the limit
		worth = 0.15 // of the best sentence's score, below which nothing is printed
		again = 0.75 // of a sentence's score for each line that tells of its topic already
		spare = 0.1  // the same in a short talk, whose few lines are for different topics, whatever they are worth
	)
	each, bar := again, worth
	if len(c.talk.sentences) < short {
		each, bar = spare, 0
	}
	best, most := -1, math.Inf(-1)
	for _, i := range c.from {
		score := c.talk.score[i] / c.top
		if c.taken[i] || len(c.chosen) > 0 && (score < bar || len(c.talk.sentences[i].words) > left+over) {
			continue
		}
		if v := score*math.Pow(each, float64(c.told[c.talk.topicOf[i]])) - c.likeness[i]; v > most {
			best, most = i, v
		}
	}
	return best
}
