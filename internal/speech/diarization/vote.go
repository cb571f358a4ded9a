package diarization

import (
	"math"
	"slices"
)

const (
	frameMS   = 10
	frameSize = 3_000 // frames that are counted at a time

	// In its core, the central half, a window hears both sides of what is said; at its edges it guesses.
	coreVote, edgeVote = 1, 0.3

	reachMS   = 2_000 // speech without a voice takes the nearest voice in time, within this
	gapMS     = 500   // a shorter silence of a speaker is a breath
	shortTurn = 100   // a turn up to this is no turn
)

// vote gives each voice its turns: at each frame, the windows say how many speak and who.
func vote(local Local, tracks [][3]track, voices int) [][]Span {
	b := &ballot{local: local, tracks: tracks, voices: voices, turns: make([][]Span, voices)}
	var end int64
	for _, w := range local.Windows {
		end = max(end, w.EndMS)
	}
	first := 0
	for start := int64(0); start < end; start += frameSize * frameMS {
		block := Span{start, min(start+frameSize*frameMS, end)}
		for first < len(local.Windows) && local.Windows[first].EndMS <= start {
			first++
		}
		b.count(block, first)
	}
	b.settle()
	return b.tidy()
}

// ballot is the state of a vote.
type ballot struct {
	local  Local
	tracks [][3]track
	voices int

	turns  [][]Span // by voice
	orphan []Span   // speech whose voice is not known

	score  []float32 // frames x voices of a block
	talk   []float32 // weighted number of speakers of a frame
	weight []float32
}

// count decides the frames of one block. Windows before first have ended.
func (b *ballot) count(block Span, first int) {
	frames := int((block.length() + frameMS - 1) / frameMS)
	b.score = cleared(b.score, frames*b.voices)
	b.talk, b.weight = cleared(b.talk, frames), cleared(b.weight, frames)
	for w := first; w < len(b.local.Windows) && b.local.Windows[w].StartMS < block.EndMS; w++ {
		b.hear(w, block)
	}
	for f := range frames {
		if b.weight[f] == 0 {
			continue
		}
		n := int(math.Round(float64(b.talk[f] / b.weight[f])))
		b.decide(f, block.StartMS+int64(f)*frameMS, n)
	}
}

func cleared(s []float32, n int) []float32 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// hear adds the votes of one window to a block.
func (b *ballot) hear(w int, block Span) {
	window := b.local.Windows[w]
	eachFrame(window.Span, block, func(f int, ms int64) { b.weight[f] += ballotWeight(window.Span, ms) })
	for who, runs := range window.Speakers {
		t := b.tracks[w][who]
		for _, run := range runs {
			eachFrame(run, block, func(f int, ms int64) {
				weight := ballotWeight(window.Span, ms)
				b.talk[f] += weight
				if voice := t.at(ms); voice != nobody {
					b.score[f*b.voices+voice] += weight
				}
			})
		}
	}
}

// eachFrame calls do for the frames of a block whose middle lies in a span, with the middle's time.
func eachFrame(s, block Span, do func(frame int, ms int64)) {
	s.StartMS, s.EndMS = max(s.StartMS, block.StartMS), min(s.EndMS, block.EndMS)
	f := (s.StartMS - block.StartMS + frameMS/2 - 1) / frameMS
	for ms := block.StartMS + f*frameMS + frameMS/2; ms < s.EndMS; ms += frameMS {
		do(int(f), ms)
		f++
	}
}

func ballotWeight(window Span, ms int64) float32 {
	edge := int64(StepMS) / 2
	if ms >= window.StartMS+edge && ms < window.StartMS+edge+StepMS {
		return coreVote
	}
	return edgeVote
}

// decide gives the frame to the n voices with the most votes; those that lack a voice are kept for later.
func (b *ballot) decide(f int, ms int64, n int) {
	scores := b.score[f*b.voices : (f+1)*b.voices]
	for range n {
		best := -1
		for voice, s := range scores {
			if s > 0 && (best < 0 || s > scores[best]) {
				best = voice
			}
		}
		if best < 0 {
			b.orphan = extended(b.orphan, Span{ms - frameMS/2, ms + frameMS/2})
			return
		}
		scores[best] = 0
		b.turns[best] = extended(b.turns[best], Span{ms - frameMS/2, ms + frameMS/2})
	}
}

// extended adds a span that begins where the last one ended, or later.
func extended(spans []Span, s Span) []Span {
	if last := len(spans) - 1; last >= 0 && spans[last].EndMS >= s.StartMS {
		spans[last].EndMS = max(spans[last].EndMS, s.EndMS)
		return spans
	}
	return append(spans, s)
}

// settle gives speech without a voice to the nearest voice in time that does not speak already. What is far from any voice
// stays nobody's.
func (b *ballot) settle() {
	given := make([][]Span, b.voices)
	for _, o := range b.orphan {
		best, near := nobody, int64(reachMS)+1
		for voice, turns := range b.turns {
			if d := distance(turns, o); d > 0 && d < near {
				best, near = voice, d
			}
		}
		if best != nobody {
			given[best] = append(given[best], o)
		}
	}
	for voice, spans := range given {
		b.turns[voice] = append(b.turns[voice], spans...)
		slices.SortFunc(b.turns[voice], compareSpans)
	}
}

// distance gives how far a span lies from the nearest of sorted spans, at least 1; 0 where they overlap.
func distance(spans []Span, s Span) int64 {
	i, _ := slices.BinarySearchFunc(spans, s.StartMS, func(t Span, ms int64) int {
		if t.EndMS <= ms {
			return -1
		}
		return 1
	})
	near := int64(math.MaxInt64)
	if i > 0 {
		near = s.StartMS - spans[i-1].EndMS + 1
	}
	if i < len(spans) {
		if spans[i].StartMS < s.EndMS {
			return 0
		}
		near = min(near, spans[i].StartMS-s.EndMS+1)
	}
	return near
}

// tidy closes the short gaps of each voice and drops its shortest turns.
func (b *ballot) tidy() [][]Span {
	out := make([][]Span, b.voices)
	for voice, spans := range b.turns {
		var closed []Span
		for _, s := range spans {
			if last := len(closed) - 1; last >= 0 && s.StartMS-closed[last].EndMS < gapMS {
				closed[last].EndMS = max(closed[last].EndMS, s.EndMS)
				continue
			}
			closed = append(closed, s)
		}
		out[voice] = slices.DeleteFunc(closed, func(s Span) bool { return s.length() <= shortTurn })
	}
	return out
}
