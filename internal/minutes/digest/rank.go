package digest

import (
	"cmp"
	"math"
	"slices"

	"mainstay/internal/language"
)

// talk is what was said in a meeting, with what its sentences weigh.
type talk struct {
	spoken     language.Language
	names      map[string]bool // the words of the names of those present
	sentences  []sentence
	numbers    map[string]int // of the stems
	allPhrases map[string]*phrase
	said       map[string]int // how often each stem was said
	followed   map[string]int // how often right before another content word
	spread     []float64      // in how many sentences each term occurs
	vectors    [][]weight     // the terms of each sentence by tf-idf, of length 1, in order of term
	fit        []int          // the sentences that may become lines
	isFit      []bool
	score      []float64 // how much each of these belongs in minutes
	topicOf    []int     // the number of the topic that each sentence belongs to, 0 where none
}

// weight is how much a term counts in a sentence.
type weight struct {
	term int
	w    float64
}

const (
	// A line has 7 to 45 words; in a talk of fewer than 60 sentences, where little is said, 5.
	fewestWords, mostWords, fewestOfShort, short = 7, 45, 5, 60
	// mostRanked bounds the graph: a transcript of a day has no more sentences worth ranking.
	mostRanked = 3000
)

func newTalk(list []sentence, spoken language.Language, names map[string]bool) *talk {
	t := &talk{sentences: list, spoken: spoken, names: names, score: make([]float64, len(list)), topicOf: make([]int, len(list))}
	t.weigh()
	all := make([]int, len(list))
	for i := range all {
		all[i] = i
	}
	t.allPhrases = t.phrases(all)
	t.countUses()
	few := fewestWords
	if len(list) < short {
		few = fewestOfShort
	}
	if t.choosable(few, mostWords, 3); len(t.fit) == 0 {
		t.choosable(3, 2*mostWords, 2)
		t.fit = t.fullest(t.fit)
	}
	if whole := t.whole(); len(whole) > 0 {
		t.fit = whole
	}
	t.isFit = make([]bool, len(list))
	for _, i := range t.fit {
		t.isFit[i] = true
	}
	t.rank()
	return t
}

// choosable makes fit the sentences with a number of words within bounds and with enough different content words.
func (t *talk) choosable(fewest, most, content int) {
	for i := range t.sentences {
		if n := len(t.sentences[i].words); n >= fewest && n <= most && len(t.vectors[i]) >= content {
			t.fit = append(t.fit, i)
		}
	}
}

// whole gives the fit sentences that are whole statements.
func (t *talk) whole() []int {
	var list []int
	for _, i := range t.fit {
		if t.sentences[i].sound {
			list = append(list, i)
		}
	}
	return list
}

// fullest gives the one sentence with the most content, for talk so short that no sentence is fit.
func (t *talk) fullest(from []int) []int {
	if len(from) == 0 {
		return nil
	}
	return []int{slices.MaxFunc(from, func(a, b int) int { return cmp.Compare(len(t.vectors[a]), len(t.vectors[b])) })}
}

// weigh numbers the stems and gives each sentence its vector.
func (t *talk) weigh() {
	t.numbers = map[string]int{}
	counts := make([]map[int]float64, len(t.sentences))
	for i, s := range t.sentences {
		counts[i] = map[int]float64{}
		for _, stem := range s.stems {
			n, known := t.numbers[stem]
			if !known {
				n = len(t.numbers)
				t.numbers[stem] = n
				t.spread = append(t.spread, 0)
			}
			if counts[i][n] == 0 {
				t.spread[n]++
			}
			counts[i][n]++
		}
	}
	for _, c := range counts {
		t.vectors = append(t.vectors, t.vector(c))
	}
}

func (t *talk) vector(counts map[int]float64) []weight {
	var v []weight
	for term, n := range counts {
		v = append(v, weight{term, n * math.Log(1+float64(len(t.sentences))/t.spread[term])})
	}
	slices.SortFunc(v, func(a, b weight) int { return a.term - b.term })
	var sum float64
	for _, x := range v {
		sum += x.w * x.w
	}
	for i := range v {
		v[i].w /= math.Sqrt(sum)
	}
	return v
}

// salience is how much of what the meeting keeps coming back to a sentence carries, longer ones paying for their length.
func (t *talk) salience(i int) float64 {
	const unsaid = 0.1 // so that a talk that repeats nothing can be ranked
	sum := unsaid
	for _, x := range t.vectors[i] {
		if t.spread[x.term] >= 2 {
			sum += math.Log(1 + t.spread[x.term])
		}
	}
	return sum / math.Sqrt(float64(len(t.sentences[i].words)))
}

// rank scores the sentences that are fit.
func (t *talk) rank() {
	if len(t.fit) > mostRanked {
		slices.SortStableFunc(t.fit, func(a, b int) int { return cmp.Compare(t.salience(b), t.salience(a)) })
		t.fit = t.fit[:mostRanked]
		slices.Sort(t.fit)
	}
	central := lexRank(t.graph())
	for k, i := range t.fit {
		t.score[i] = math.Pow(t.sentences[i].fitness, 1.5) * math.Sqrt(central[k]*t.salience(i))
		if len(t.sentences) < short {
			t.score[i] *= float64(len(t.vectors[i])) // few repeat anything: what says more counts more
		}
	}
}

// edge leads to another sentence that speaks of the same.
type edge struct {
	to     int
	weight float64
}

// graph joins the fit sentences whose cosine is more than a trace.
func (t *talk) graph() [][]edge {
	const trace = 0.05
	where := make([][]edge, len(t.spread))
	for k, i := range t.fit {
		for _, x := range t.vectors[i] {
			where[x.term] = append(where[x.term], edge{k, x.w})
		}
	}
	edges := make([][]edge, len(t.fit))
	cosine := make([]float64, len(t.fit))
	for k, i := range t.fit {
		clear(cosine)
		for _, x := range t.vectors[i] {
			for _, e := range where[x.term] {
				cosine[e.to] += x.w * e.weight
			}
		}
		for to, c := range cosine {
			if c > trace && to != k {
				edges[k] = append(edges[k], edge{to, c})
			}
		}
	}
	return edges
}

// lexRank gives the share of a random reader's time that each node gets, who follows edges by weight and now and then
// begins anywhere.
func lexRank(edges [][]edge) []float64 {
	const damping, rounds = 0.85, 30
	n := float64(len(edges))
	rank := make([]float64, len(edges))
	out := make([]float64, len(edges))
	for k, list := range edges {
		rank[k] = 1 / n
		for _, e := range list {
			out[k] += e.weight
		}
	}
	for range rounds {
		next := make([]float64, len(edges))
		for k, list := range edges {
			next[k] += (1 - damping) / n
			for _, e := range list {
				next[e.to] += damping * rank[k] * e.weight / out[k]
			}
		}
		rank = next
	}
	return rank
}

// cosine of two vectors of length 1.
func cosine(a, b []weight) float64 {
	var sum float64
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].term < b[0].term:
			a = a[1:]
		case a[0].term > b[0].term:
			b = b[1:]
		default:
			sum += a[0].w * b[0].w
			a, b = a[1:], b[1:]
		}
	}
	return sum
}
