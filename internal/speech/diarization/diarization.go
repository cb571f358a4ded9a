// Package diarization says who spoke when. It turns what the networks heard in short windows (who of three local speakers
// talks, and how their voices sound) into the speakers of a whole recording and their turns, and gives words to speakers.
//
// It is pure: values in, values out, no clock, no chance; the same input in any order gives the same answer. Times are
// milliseconds from the start of the recording. Speakers are numbered S1, S2, ... by their first turn.
//
// The way: windows and pieces of all parts are collected in a [Local]; pieces are clustered by average linkage on cosine
// distance (in blocks of bounded size, then over the blocks' clusters); the cut with the best silhouette decides how many
// speakers there are; local tracks take the voice that they resemble most, one to one within a window; and a vote of the
// windows at each 10 ms gives the turns, overlaps included. Memory is some 1 KB a piece, and 16 MB for a block.
package diarization

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"mainstay/internal/document"
)

// A recording goes to the networks in parts. A part that is to give the windows from one time to another is posted with
// LeadMS of audio before and TrailMS behind (as far as the recording goes), because the first and the last window of a post
// have cores that reach to its edges. All three times are multiples of StepMS.
const (
	StepMS  = 5_000
	LeadMS  = 5_000
	TrailMS = 10_000
)

// MaxSpeakers is the most speakers that are told apart.
const MaxSpeakers = 64

// Span is a stretch of time, EndMS not included.
type Span struct{ StartMS, EndMS int64 }

func (s Span) length() int64 { return s.EndMS - s.StartMS }

// Window is a stretch of some seconds in which up to three speakers are told apart, each with the runs in which they talk.
// Which speaker of one window is which of the next is not known.
type Window struct {
	Span
	Speakers [3][]Span
}

// Piece is a stretch in which one local speaker of a window talks alone, and the embedding of that voice.
type Piece struct {
	Window  int // index in Local.Windows
	Speaker int // 0 to 2
	Span
	Embedding []float32
}

// Local is what the networks heard, of one part or of a whole recording.
type Local struct {
	Windows []Window
	Pieces  []Piece
}

// Append adds a part's windows that begin within keep, and their pieces. Times of the part count from shiftMS of the
// recording, those of keep from the start of the recording. Pieces without a usable embedding are left out. The caller may
// not change the part's embeddings afterwards.
func (l *Local) Append(part Local, shiftMS int64, keep Span) {
	place := make(map[int]int, len(part.Windows))
	for i, w := range part.Windows {
		if start := w.StartMS + shiftMS; start < keep.StartMS || start >= keep.EndMS {
			continue
		}
		place[i] = len(l.Windows)
		l.Windows = append(l.Windows, w.shifted(shiftMS))
	}
	for _, p := range part.Pieces {
		at, kept := place[p.Window]
		if !kept || p.Speaker < 0 || p.Speaker > 2 || p.EndMS <= p.StartMS || !usable(p.Embedding) {
			continue
		}
		if len(l.Pieces) > 0 && len(l.Pieces[0].Embedding) != len(p.Embedding) {
			continue
		}
		l.Pieces = append(l.Pieces, Piece{at, p.Speaker, p.Span.shifted(shiftMS), p.Embedding})
	}
}

func (w Window) shifted(by int64) Window {
	out := Window{Span: w.Span.shifted(by)}
	for who, runs := range w.Speakers {
		for _, run := range runs {
			if run.EndMS > run.StartMS {
				out.Speakers[who] = append(out.Speakers[who], run.shifted(by))
			}
		}
	}
	return out
}

func (s Span) shifted(by int64) Span { return Span{s.StartMS + by, s.EndMS + by} }

func usable(v []float32) bool {
	square := float64(dot(v, v))
	return square > 1e-12 && !math.IsInf(square, 0) && !math.IsNaN(square)
}

// Options of one recording.
type Options struct {
	Speakers int // how many people speak, where it is known; 0 where not
}

// Speaker is a voice of the recording.
type Speaker struct {
	ID       string
	Voice    []float32 // unit length, the mean of the voice's pieces
	SpeechMS int64     // sum of the turns
}

// Result is who spoke when.
type Result struct {
	Speakers []Speaker
	Turns    []document.Turn // by start; turns of different speakers may overlap
}

// Diarize gives speakers and turns of a whole recording. A recording with speech too short for a voice has no speakers.
func Diarize(heard Local, opt Options) Result {
	local := heard.sorted()
	voices := newVoices(local)
	centroids := voices.centroids(opt.Speakers)
	if len(centroids) == 0 {
		return Result{}
	}
	labels := label(local, voices.units, centroids)
	return result(vote(local, labels, len(centroids)), centroids)
}

// sorted gives the same windows and pieces by time, so that the order in which parts came does not matter.
func (l Local) sorted() Local {
	order := make([]int, len(l.Windows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareSpans(l.Windows[a].Span, l.Windows[b].Span) })
	place := make([]int, len(order))
	out := Local{Windows: make([]Window, len(order)), Pieces: make([]Piece, 0, len(l.Pieces))}
	for to, from := range order {
		out.Windows[to] = l.Windows[from]
		place[from] = to
	}
	for _, p := range l.Pieces {
		if p.Window < 0 || p.Window >= len(place) {
			continue
		}
		p.Window = place[p.Window]
		out.Pieces = append(out.Pieces, p)
	}
	slices.SortStableFunc(out.Pieces, func(a, b Piece) int {
		return cmp.Or(cmp.Compare(a.Window, b.Window), compareSpans(a.Span, b.Span), cmp.Compare(a.Speaker, b.Speaker))
	})
	return out
}

func compareSpans(a, b Span) int {
	return cmp.Or(cmp.Compare(a.StartMS, b.StartMS), cmp.Compare(a.EndMS, b.EndMS))
}

// result numbers the voices that have turns by their first one.
func result(spans [][]Span, centroids [][]float32) Result {
	var out Result
	voices := make([]int, 0, len(spans))
	for v := range spans {
		if len(spans[v]) > 0 {
			voices = append(voices, v)
		}
	}
	slices.SortStableFunc(voices, func(a, b int) int { return compareSpans(spans[a][0], spans[b][0]) })
	for number, v := range voices {
		speaker := Speaker{ID: "S" + strconv.Itoa(number+1), Voice: centroids[v]}
		for _, s := range spans[v] {
			speaker.SpeechMS += s.length()
			out.Turns = append(out.Turns, document.Turn{Speaker: speaker.ID, StartMS: s.StartMS, EndMS: s.EndMS})
		}
		out.Speakers = append(out.Speakers, speaker)
	}
	slices.SortStableFunc(out.Turns, func(a, b document.Turn) int {
		return cmp.Or(cmp.Compare(a.StartMS, b.StartMS), cmp.Compare(a.EndMS, b.EndMS))
	})
	return out
}
