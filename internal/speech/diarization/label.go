package diarization

import (
	"cmp"
	"slices"
)

// leaveBy is how much more a piece must resemble another voice than its track's to leave the track: the tracks of a window
// mix voices now and then.
const leaveBy = 0.15

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
// in a window. A local speaker without pieces is nobody.
func label(local Local, units, centroids [][]float32) [][3]track {
	tracks := make([][3]track, len(local.Windows))
	for w := range tracks {
		tracks[w] = [3]track{{voice: nobody}, {voice: nobody}, {voice: nobody}}
	}
	for from := 0; from < len(local.Pieces); {
		to := from
		for to < len(local.Pieces) && local.Pieces[to].Window == local.Pieces[from].Window {
			to++
		}
		tracks[local.Pieces[from].Window] = labelWindow(local.Pieces[from:to], units[from:to], centroids)
		from = to
	}
	return tracks
}

// labelWindow labels the local speakers of one window that have pieces.
func labelWindow(pieces []Piece, units, centroids [][]float32) [3]track {
	var tracks [3]track
	for who, voice := range match(likenesses(pieces, units, centroids)) {
		tracks[who].voice = voice
	}
	for i, p := range pieces {
		own := tracks[p.Speaker].voice
		other, score := nearest(units[i], centroids)
		if other != own && (own == nobody || score-dot(units[i], centroids[own]) > leaveBy) {
			tracks[p.Speaker].strays = append(tracks[p.Speaker].strays, stray{p.Span, other})
		}
	}
	return tracks
}

// likenesses gives the mean likeness, weighted by length, of each local speaker's pieces to each voice; nil without pieces.
func likenesses(pieces []Piece, units, centroids [][]float32) [3][]float32 {
	var sums [3][]float32
	var lengths [3]float32
	for i, p := range pieces {
		if sums[p.Speaker] == nil {
			sums[p.Speaker] = make([]float32, len(centroids))
		}
		for c, centre := range centroids {
			sums[p.Speaker][c] += dot(units[i], centre) * float32(p.length())
		}
		lengths[p.Speaker] += float32(p.length())
	}
	for who := range sums {
		for c := range sums[who] {
			sums[who][c] /= lengths[who]
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
