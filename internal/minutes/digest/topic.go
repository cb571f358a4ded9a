package digest

import (
	"cmp"
	"math"
	"slices"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// stretch is a run of segments about one matter, first and last included.
type stretch struct {
	first, last int
	name        string // under which it was announced; may be empty
}

const (
	// fewest is the number of content words below which a talk has no topics.
	fewest = 25
	// several is the number below which it has more than one only where somebody announces the next.
	several = 100
	// window is the number of content words that are compared on each side of a gap between segments.
	window = 80
	// cueDepth is what a cue ("next item") adds to the depth of a gap.
	cueDepth = 0.35
	// least is the number of content words of a topic that somebody announced.
	least = 5
)

// topics parts the meeting into at most the given number of stretches; none if next to nothing is said. Where somebody
// announces the next matter by its name a topic begins, elsewhere where the words change most. Greetings and closings belong to
// no topic.
func (t *talk) topics(segments []document.Segment, most int) []stretch {
	total := 0
	ends := make([]int, len(segments)) // how many content words were said up to the end of each segment
	var stream []int                   // the terms of the content words, in order
	bySegment := t.termsBySegment(len(segments))
	for i, terms := range bySegment {
		stream = append(stream, terms...)
		total += len(terms)
		ends[i] = total
	}
	if total < fewest || most < 1 {
		return nil
	}
	wanted := min(most, int(math.Round(math.Sqrt(float64(total)/30))))
	depth := t.depths(segments, stream, ends)
	names := t.announcements(segments)
	cuts := announced(names, depth, ends, most-1)
	if total >= several {
		cuts = deepest(cuts, depth, ends, wanted)
	}
	var list []stretch
	first := 0
	for _, cut := range append(cuts, len(segments)) {
		if s, ok := t.withoutManners(stretch{first, cut - 1, names[first]}, bySegment); ok {
			list = append(list, s)
		}
		first = cut
	}
	return list
}

// announced gives the segments, at most the given number, before which a topic begins because it is announced: those with the
// deepest gaps where there are too many.
func announced(names []string, depth []float64, ends []int, most int) []int {
	var cuts []int
	total, last := ends[len(ends)-1], 0
	for i, name := range names {
		if i == 0 || name == "" || total-ends[i-1] < least {
			continue
		}
		if ends[i-1]-last < least && len(cuts) > 0 {
			cuts = cuts[:len(cuts)-1] // what was announced before was not spoken of
		}
		cuts = append(cuts, i)
		last = ends[i-1]
	}
	if len(cuts) > most {
		slices.SortStableFunc(cuts, func(a, b int) int { return cmp.Compare(depth[b], depth[a]) })
		cuts = cuts[:most]
		slices.Sort(cuts)
	}
	return cuts
}

// termsBySegment gives the terms that were said in each segment; a sentence counts for its first.
func (t *talk) termsBySegment(segments int) [][]int {
	terms := make([][]int, segments)
	for _, s := range t.sentences {
		for _, stem := range s.stems {
			terms[s.segment] = append(terms[s.segment], t.numbers[stem])
		}
	}
	return terms
}

// depths says for each segment how much the words change before it: the depth of the valley of likeness between the window
// before and the window after (Hearst 1997), and more where its speaker says that the subject changes.
func (t *talk) depths(segments []document.Segment, stream, ends []int) []float64 {
	like := make([]float64, len(segments))
	like[0] = 1
	for i := 1; i < len(segments); i++ {
		at := ends[i-1]
		like[i] = t.likeness(stream[max(0, at-window):at], stream[at:min(len(stream), at+window)])
	}
	depth := make([]float64, len(segments))
	for i := 1; i < len(segments); i++ {
		if like[i] > like[i-1] || i+1 < len(segments) && like[i] > like[i+1] {
			depth[i] = 0
		} else {
			depth[i] = peak(like, i, -1) + peak(like, i, +1) - 2*like[i]
		}
		if t.changesSubject(segments[i]) {
			depth[i] += cueDepth
		}
	}
	return depth
}

// peak climbs from i as long as likeness does not fall.
func peak(like []float64, i, step int) float64 {
	top := like[i]
	for i += step; i > 0 && i < len(like) && like[i] >= top; i += step {
		top = like[i]
	}
	return top
}

// likeness is the cosine of two runs of terms, rare terms counting more.
func (t *talk) likeness(a, b []int) float64 {
	x, y := t.counted(a), t.counted(b)
	return cosine(x, y)
}

func (t *talk) counted(terms []int) []weight {
	counts := map[int]float64{}
	for _, term := range terms {
		counts[term]++
	}
	return t.vector(counts)
}

// changesSubject reports whether a segment begins by announcing another subject.
func (t *talk) changesSubject(s document.Segment) bool {
	const near = 12
	words := language.Words(s.Text)
	return isCue(words[:min(near, len(words))], t.spoken)
}

// isCue reports whether words hold a phrase that leads from one subject or speaker to the next.
func isCue(words []language.Word, l language.Language) bool {
	for i := range words {
		for _, cue := range subjectCues[l] {
			if hasWords(words[i:], cue) {
				return true
			}
		}
	}
	return false
}

// deepest adds to cuts the segments before which the deepest gaps lie, far enough from each other and from both ends, until there
// are as many topics as wanted.
func deepest(cuts []int, depth []float64, ends []int, wanted int) []int {
	total := ends[len(ends)-1]
	apart := max(window/3, total/(3*wanted))
	order := make([]int, 0, len(depth))
	for i, d := range depth {
		if d > 0 && ends[max(0, i-1)] >= apart && total-ends[max(0, i-1)] >= apart {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(depth[b], depth[a]), a-b)
	})
	for _, i := range order {
		if len(cuts) >= wanted-1 {
			break
		}
		if !slices.ContainsFunc(cuts, func(c int) bool { return abs(ends[c-1]-ends[i-1]) < apart }) {
			cuts = append(cuts, i)
		}
	}
	slices.Sort(cuts)
	return cuts
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// withoutManners leaves out segments at both ends that say next to nothing; false if nothing is left.
func (t *talk) withoutManners(s stretch, terms [][]int) (stretch, bool) {
	const content = 3
	for s.first < s.last && len(terms[s.first]) < content && s.name == "" {
		s.first++
	}
	for s.last > s.first && len(terms[s.last]) < content {
		s.last--
	}
	return s, s.name != "" || len(terms[s.first]) >= content
}

// inside gives the numbers of the sentences that were said in a stretch.
func (t *talk) inside(topic stretch) []int {
	var list []int
	for i, s := range t.sentences {
		if s.segment >= topic.first && s.segment <= topic.last {
			list = append(list, i)
		}
	}
	return list
}
