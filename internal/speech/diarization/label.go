package diarization

import (
	"cmp"
	"slices"
)

// leaveBy is how much more a piece must resemble another voice than its track's to leave the track: the tracks of a window
// mix voices now and then.
const leaveBy = 0.15

// besideWeight is how much a piece of a neighbouring window counts.
const besideWeight = 0.3

// nobody is the label of what has no voice.
const nobody = -1

// track is a local speaker of one window: its voice, and the pieces in which another voice speaks instead.
type track struct {
	voice  int
	strays []stray
}

type stray struct {
	Span
	voice int
}

// at gives the track's voice at a time.
func (t track) at(ms int64) int {
	for _, s := range t.strays {
		if ms >= s.StartMS && ms < s.EndMS {
			return s.voice
		}
	}
	return t.voice
}

// label gives each local speaker of each window a voice: the one that its pieces resemble most on average, no voice twice
// in a window. Pieces of the windows beside it count where they lie in its runs, since its own are from the core alone. A
// local speaker without any piece is nobody.
func label(local Local, units, centroids [][]float32) [][3]track {
	tracks := make([][3]track, len(local.Windows))
	around := beside(local)
	for w := range tracks {
		l := likenesses(local, w, around[w], units, centroids)
		for who, voice := range match(l) {
			tracks[w][who].voice = voice
		}
	}
	for i, p := range local.Pieces {
		t := &tracks[p.Window][p.Speaker]
		other, score := nearest(units[i], centroids)
		if other != t.voice && (t.voice == nobody || score-dot(units[i], centroids[t.voice]) > leaveBy) {
			t.strays = append(t.strays, stray{p.Span, other})
		}
	}
	return tracks
}

// beside gives, for each window, the range of the pieces of the window before it, its own and those of the next.
func beside(local Local) [][2]int {
	out := make([][2]int, len(local.Windows))
	from, to := 0, 0
	for w := range out {
		for from < len(local.Pieces) && local.Pieces[from].Window < w-1 {
			from++
		}
		for to = max(to, from); to < len(local.Pieces) && local.Pieces[to].Window <= w+1; {
			to++
		}
		out[w] = [2]int{from, to}
	}
	return out
}

// likenesses gives the mean likeness, weighted by length, of each local speaker's pieces to each voice; nil without pieces.
func likenesses(local Local, window int, around [2]int, units, centroids [][]float32) [3][]float32 {
	var sums [3][]float32
	var weights [3]float32
	for i := around[0]; i < around[1]; i++ {
		p := local.Pieces[i]
		for who, runs := range local.Windows[window].Speakers {
			weight := float32(0)
			if p.Window == window && p.Speaker == who {
				weight = float32(p.length())
			} else if in := covered(runs, p.Span); p.Window != window && 2*in > p.length() {
				weight = besideWeight * float32(in)
			}
			if weight == 0 {
				continue
			}
			if sums[who] == nil {
				sums[who] = make([]float32, len(centroids))
			}
			for c, centre := range centroids {
				sums[who][c] += dot(units[i], centre) * weight
			}
			weights[who] += weight
		}
	}
	for who := range sums {
		for c := range sums[who] {
			sums[who][c] /= weights[who]
		}
	}
	return sums
}

// match gives each local speaker at most one voice, no voice twice, so that the sum of likenesses is the highest. Only the
// three likeliest voices of each can matter.
func match(likeness [3][]float32) [3]int {
	var choices [3][]int
	for who, scores := range likeness {
		choices[who] = append(likeliest(scores, 3), nobody)
	}
	best, top := [3]int{nobody, nobody, nobody}, float32(-1e9)
	for _, a := range choices[0] {
		for _, b := range choices[1] {
			for _, c := range choices[2] {
				picked := [3]int{a, b, c}
				if s, valid := value(picked, likeness); valid && s > top {
					best, top = picked, s
				}
			}
		}
	}
	return best
}

// value is the sum of the likenesses of what was picked; leaving a speaker out costs more than any voice.
func value(picked [3]int, likeness [3][]float32) (float32, bool) {
	var sum float32
	for who, voice := range picked {
		if voice == nobody {
			if len(likeness[who]) > 0 {
				sum -= 10
			}
			continue
		}
		if slices.Contains(picked[:who], voice) {
			return 0, false
		}
		sum += likeness[who][voice]
	}
	return sum, true
}

// likeliest gives the indices of the n highest scores.
func likeliest(scores []float32, n int) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order[:min(n, len(order))]
}
