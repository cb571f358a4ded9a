package recognition

import (
	"fmt"
	"math"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/inference"
	"mainstay/internal/speech/diarization"
)

// The numbers of giving words to speakers and of cutting segments, in seconds.
const (
	reach       = 0.8  // a word this far from any turn is nobody's
	longSegment = 30.0 // a segment is at most so long
	longPause   = 2.0  // a speaker who pauses longer begins another segment
)

// transcript puts the parts together.
func (r *recognizer) transcript() document.Transcript {
	turns, speakers := diarization.Turns(r.windows, r.pieces, diarization.Options{Speakers: r.opt.Speakers})
	model := r.opt.Model
	t := document.Transcript{Engine: document.Engine{Name: "mainstay", Model: &model, Quality: "normal"}, Speakers: []document.Speaker{},
		Turns: []document.Turn{}, Segments: []document.Segment{}}
	for i := range speakers {
		t.Speakers = append(t.Speakers, document.Speaker{ID: speakerID(i)})
	}
	for _, turn := range turns {
		t.Turns = append(t.Turns, document.Turn{Speaker: speakerID(turn.Speaker), StartMS: millis(turn.Start), EndMS: millis(turn.End)})
	}
	a := assembler{language: r.language, near: finder{turns: turns}}
	for _, h := range r.segments {
		a.add(h)
	}
	a.flush()
	t.Segments = append(t.Segments, a.out...)
	return t
}

func speakerID(n int) string { return fmt.Sprintf("s%d", n+1) }

func millis(s float64) int64 { return int64(math.Round(s * 1000)) }

// finder finds the speaker of a stretch in turns sorted by their starts.
type finder struct {
	turns []diarization.Turn
	first int // turns before it ended long ago
}

// who returns the speaker with the largest share of a stretch, the nearest within reach where nobody speaks, else -1.
// Stretches come in the order of time.
func (f *finder) who(start, end float64) int {
	for f.first < len(f.turns) && f.turns[f.first].End < start-60 {
		f.first++
	}
	shares := map[int]float64{}
	best, most, nearest, gap := -1, 0.0, -1, reach
	for _, t := range f.turns[f.first:] {
		if t.Start > end+reach {
			break
		}
		if share := min(end, t.End) - max(start, t.Start); share > 0 {
			shares[t.Speaker] += share
			if shares[t.Speaker] > most {
				best, most = t.Speaker, shares[t.Speaker]
			}
			continue
		}
		if d := max(t.Start-end, start-t.End); d < gap {
			nearest, gap = t.Speaker, d
		}
	}
	if best >= 0 {
		return best
	}
	return nearest
}

// assembler turns recognized words into segments of one speaker each.
type assembler struct {
	language string
	near     finder
	out      []document.Segment
	open     *piece
}

// piece is a segment that grows.
type piece struct {
	speaker    int
	start, end float64
	words      []document.Word
	sure       float64 // sum over words
	text       strings.Builder
}

func (a *assembler) add(h heard) {
	if len(h.words) == 0 { // an engine without word times: the segment is one piece
		a.flush()
		a.open = &piece{speaker: a.near.who(h.start, h.end), start: h.start, end: h.end, sure: h.sure}
		a.open.text.WriteString(h.text)
		a.flush()
		return
	}
	speakers := a.speakers(h.words)
	for i, w := range h.words {
		p := a.open
		if p == nil || p.speaker != speakers[i] || w.Start-p.end > longPause || w.End-p.start > longSegment || i == 0 && a.sentenceEnded(w.Start) {
			a.flush()
			a.open = &piece{speaker: speakers[i], start: w.Start, end: w.End}
		}
		a.open.word(w)
	}
}

// sentenceEnded reports whether the open piece is whole: it ended with a full stop and is long enough to stand alone.
func (a *assembler) sentenceEnded(next float64) bool {
	p := a.open
	text := strings.TrimSpace(p.text.String())
	return strings.ContainsAny(text[max(0, len(text)-1):], ".?!") && (p.end-p.start > 8 || next-p.end > 0.6)
}

// speakers gives each word a speaker. A single word between two of another speaker's goes with them: voices change at
// phrases, and a word's time is less sure than a phrase's.
func (a *assembler) speakers(words []inference.Word) []int {
	who := make([]int, len(words))
	for i, w := range words {
		who[i] = a.near.who(w.Start, max(w.End, w.Start+0.02))
	}
	for i := 1; i+1 < len(who); i++ {
		if who[i] != who[i-1] && who[i-1] == who[i+1] {
			who[i] = who[i-1]
		}
	}
	return who
}

func (p *piece) word(w inference.Word) {
	text := w.Text
	if p.text.Len() > 0 && !strings.HasPrefix(text, " ") && len(p.words) == 0 {
		p.text.WriteByte(' ')
	}
	p.text.WriteString(text)
	sure := w.Probability
	p.words = append(p.words, document.Word{Text: strings.TrimSpace(text), StartMS: millis(w.Start), EndMS: millis(max(w.End, w.Start)), Confidence: &sure})
	p.sure += sure
	p.end = max(p.end, w.End)
}

func (a *assembler) flush() {
	p := a.open
	a.open = nil
	if p == nil {
		return
	}
	text := strings.TrimSpace(p.text.String())
	if text == "" {
		return
	}
	start, end := millis(p.start), millis(p.end)
	s := document.Segment{ID: fmt.Sprint(len(a.out) + 1), StartMS: &start, EndMS: &end, Text: text, Words: p.words}
	if p.speaker >= 0 {
		id := speakerID(p.speaker)
		s.Speaker = &id
	}
	if a.language != "" {
		s.Language = &a.language
	}
	sure := p.sure
	if n := len(p.words); n > 0 {
		sure = p.sure / float64(n)
	}
	s.Confidence = &sure
	a.out = append(a.out, s)
}
