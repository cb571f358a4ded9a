// Package diarization tells who spoke when. From the local voices of short windows and the embeddings of stretches in which
// one voice speaks alone it finds the meeting's speakers and their turns, overlaps included.
//
// The recipe: average linkage over embeddings with the cut chosen by silhouette, local voices assigned to speakers one to one
// within a window, a vote for each frame, as many speakers at once as the windows counted (segmentation: Bredin and Laurent
// 2021, powerset: Plaquet and Bredin 2023; silhouette: Rousseeuw 1987). It is pure: no network, no clock, and the same input
// gives the same output. Times are seconds from the start of the meeting.
package diarization

import (
	"math"
	"sort"
)

// Window is who of some local voices speaks when in a window of sound: runs (start, end) for each voice.
type Window struct {
	Start, End float64
	Voices     [][][2]float64
}

// Piece is a stretch in which one local voice of a window speaks alone, with the voice's embedding.
type Piece struct {
	Window    int // index of the window
	Voice     int // of the window
	Start     float64
	End       float64
	Embedding []float32
}

// Turn is a stretch in which a speaker, numbered from 0 in the order of speaking, speaks.
type Turn struct {
	Speaker    int
	Start, End float64
}

// Options say what is known beforehand.
type Options struct {
	Speakers int // exactly so many speak; 0: unknown
}

// The recipe's numbers, measured on meetings of read speech, telephone calls and far-field recordings.
const (
	frame       = 0.02 // seconds of a vote
	coreWeight  = 1.0
	edgeWeight  = 0.3
	edge        = 2.5  // seconds at a window's ends that count less
	longPiece   = 1.0  // seconds a piece must have to shape a cluster
	leaveTrack  = 0.15 // by so much another speaker must be more like a piece than its track's
	closeGap    = 0.5
	shortestRun = 0.1
)

// Turns returns the turns of a meeting in the order of their starts, and how many speakers there are.
func Turns(windows []Window, pieces []Piece, opt Options) ([]Turn, int) {
	centroids := speakers(pieces, opt.Speakers)
	if len(windows) == 0 {
		return nil, 0
	}
	if len(centroids) == 0 {
		centroids = [][]float32{nil} // there is speech, but too little to tell voices by: one speaker
	}
	votes := newBallot(windows, len(centroids))
	labels := label(windows, pieces, centroids)
	for w, win := range windows {
		for v, runs := range win.Voices {
			votes.cast(win, runs, labels.tracks[w][v], labels.pieces[[2]int{w, v}])
		}
	}
	return ordered(votes.turns())
}

// labelled says which speaker each track (a voice of a window) is, -1 where nobody can say, and which pieces of a track are
// somebody else.
type labelled struct {
	tracks [][]int
	pieces map[[2]int][]labelledPiece
}

type labelledPiece struct {
	start, end float64
	speaker    int
}

func label(windows []Window, pieces []Piece, centroids [][]float32) labelled {
	out := labelled{tracks: make([][]int, len(windows)), pieces: map[[2]int][]labelledPiece{}}
	byTrack := map[[2]int][]Piece{}
	for _, p := range pieces {
		byTrack[[2]int{p.Window, p.Voice}] = append(byTrack[[2]int{p.Window, p.Voice}], p)
	}
	for w, win := range windows {
		likeness := make([][]float64, len(win.Voices))
		for v := range win.Voices {
			likeness[v] = trackLikeness(byTrack[[2]int{w, v}], centroids)
		}
		out.tracks[w] = assign(likeness)
		for v, who := range out.tracks[w] {
			for _, p := range byTrack[[2]int{w, v}] {
				if other := strayed(p, who, centroids); other != who {
					out.pieces[[2]int{w, v}] = append(out.pieces[[2]int{w, v}], labelledPiece{p.Start, p.End, other})
				}
			}
		}
	}
	return out
}

// trackLikeness is the mean similarity of a track's pieces to each speaker, nil for a track without pieces.
func trackLikeness(pieces []Piece, centroids [][]float32) []float64 {
	if len(pieces) == 0 {
		return nil
	}
	sums, total := make([]float64, len(centroids)), 0.0
	for _, p := range pieces {
		length := p.End - p.Start
		total += length
		for c, centroid := range centroids {
			sums[c] += length * cosine(p.Embedding, centroid)
		}
	}
	for c := range sums {
		sums[c] /= total
	}
	return sums
}

// assign gives each track a speaker so that no two tracks share one and the likeness adds up to the most. Tracks beyond the
// number of speakers, and those without likeness, get -1.
func assign(likeness [][]float64) []int {
	best, current := make([]int, len(likeness)), make([]int, len(likeness))
	for i := range best {
		best[i] = -1
	}
	most := math.Inf(-1)
	var try func(track int, sum float64, used map[int]bool)
	try = func(track int, sum float64, used map[int]bool) {
		if track == len(likeness) {
			if sum > most {
				most = sum
				copy(best, current)
			}
			return
		}
		current[track] = -1
		free := len(likeness[track]) > len(used)
		if !free {
			try(track+1, sum, used)
			return
		}
		for c, l := range likeness[track] {
			if used[c] {
				continue
			}
			used[c], current[track] = true, c
			try(track+1, sum+l, used)
			delete(used, c)
		}
	}
	try(0, 0, map[int]bool{})
	return best
}

// strayed returns the speaker of a piece: its track's, unless another is clearly more like it.
func strayed(p Piece, track int, centroids [][]float32) int {
	best, most := track, -1.0
	if track >= 0 {
		most = cosine(p.Embedding, centroids[track]) + leaveTrack
	}
	for c, centroid := range centroids {
		if l := cosine(p.Embedding, centroid); l > most {
			best, most = c, l
		}
	}
	return best
}

// ballot holds the votes of all frames.
type ballot struct {
	speakers int
	votes    []float32 // frame by speaker
	voices   []float32 // weighted count of voices
	weight   []float32
}

func newBallot(windows []Window, speakers int) *ballot {
	end := 0.0
	for _, w := range windows {
		end = max(end, w.End)
	}
	frames := int(end/frame) + 1
	b := &ballot{speakers: speakers, votes: make([]float32, frames*speakers), voices: make([]float32, frames), weight: make([]float32, frames)}
	for _, w := range windows {
		for f := index(w.Start); f < min(index(w.End), frames); f++ {
			b.weight[f] += weightAt(w, f)
		}
	}
	return b
}

func index(t float64) int { return max(0, int(math.Round(t/frame))) }

func weightAt(w Window, f int) float32 {
	t := (float64(f) + 0.5) * frame
	if t < w.Start+edge || t > w.End-edge {
		return edgeWeight
	}
	return coreWeight
}

func (b *ballot) cast(w Window, runs [][2]float64, track int, strays []labelledPiece) {
	for _, run := range runs {
		for f := index(run[0]); f < min(index(run[1]), len(b.weight)); f++ {
			weight := weightAt(w, f)
			b.voices[f] += weight
			who, t := track, (float64(f)+0.5)*frame
			for _, s := range strays {
				if t >= s.start && t < s.end {
					who = s.speaker
				}
			}
			if who >= 0 {
				b.votes[f*b.speakers+who] += weight
			}
		}
	}
}

// turns counts the votes: in each frame as many speakers as the windows heard at once, those with the most votes first.
func (b *ballot) turns() []Turn {
	active := make([][]int, len(b.weight))
	var lost []int // frames with speech that nobody got
	for f := range active {
		if b.weight[f] == 0 {
			continue
		}
		n := int(math.Round(float64(b.voices[f] / b.weight[f])))
		if n == 0 {
			continue
		}
		active[f] = b.top(f, n)
		if len(active[f]) == 0 {
			lost = append(lost, f)
		}
	}
	for _, f := range lost {
		active[f] = nearest(active, f)
	}
	return runs(active, b.speakers)
}

func (b *ballot) top(f, n int) []int {
	votes := b.votes[f*b.speakers : (f+1)*b.speakers]
	var who []int
	for s, v := range votes {
		if v > 0 {
			who = append(who, s)
		}
	}
	sort.SliceStable(who, func(i, j int) bool { return votes[who[i]] > votes[who[j]] })
	return who[:min(n, len(who))]
}

// nearest is who speaks in the frame closest in time that has a speaker, within five seconds.
func nearest(active [][]int, f int) []int {
	const reach = int(5 / frame)
	for d := 1; d <= reach; d++ {
		for _, at := range []int{f - d, f + d} {
			if at >= 0 && at < len(active) && len(active[at]) > 0 {
				return active[at][:1]
			}
		}
	}
	return nil
}

// runs turns frames into turns, closes short gaps of a speaker and drops what is too short to be speech.
func runs(active [][]int, speakers int) []Turn {
	var turns []Turn
	for s := range speakers {
		var open *Turn
		for f := 0; f <= len(active); f++ {
			speaks := f < len(active) && contains(active[f], s)
			at := float64(f) * frame
			switch {
			case speaks && open == nil:
				open = &Turn{Speaker: s, Start: at}
			case !speaks && open != nil:
				open.End = at
				turns = closed(turns, *open)
				open = nil
			}
		}
	}
	kept := turns[:0]
	for _, t := range turns {
		if t.End-t.Start > shortestRun {
			kept = append(kept, t)
		}
	}
	return kept
}

func closed(turns []Turn, t Turn) []Turn {
	if n := len(turns); n > 0 && turns[n-1].Speaker == t.Speaker && t.Start-turns[n-1].End < closeGap {
		turns[n-1].End = t.End
		return turns
	}
	return append(turns, t)
}

func contains(all []int, one int) bool {
	for _, v := range all {
		if v == one {
			return true
		}
	}
	return false
}

// ordered sorts turns by time and numbers the speakers in the order in which they begin to speak.
func ordered(turns []Turn) ([]Turn, int) {
	sort.SliceStable(turns, func(i, j int) bool {
		if turns[i].Start != turns[j].Start {
			return turns[i].Start < turns[j].Start
		}
		return turns[i].End < turns[j].End
	})
	numbers := map[int]int{}
	for i, t := range turns {
		if _, ok := numbers[t.Speaker]; !ok {
			numbers[t.Speaker] = len(numbers)
		}
		turns[i].Speaker = numbers[t.Speaker]
	}
	return turns, len(numbers)
}
