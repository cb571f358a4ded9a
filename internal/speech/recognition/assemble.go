package recognition

import (
	"fmt"
	"math"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/speech/diarization"
)

// The numbers of cutting segments, in milliseconds.
const (
	longSegment = 30_000 // a segment is at most so long
	longPause   = 2_000  // a speaker who pauses longer begins another segment
	enough      = 8_000  // a sentence's end after so long ends the segment
	breath      = 600    // and so does one before a pause
)

// transcript puts the parts together.
func (r *recognizer) transcript() document.Transcript {
	who := diarization.Diarize(r.voices, diarization.Options{Speakers: r.opt.Speakers})
	model := r.opt.Model
	t := document.Transcript{Engine: document.Engine{Name: "mainstay", Model: &model, Quality: "normal"}, Speakers: []document.Speaker{},
		Turns: append([]document.Turn{}, who.Turns...), Segments: []document.Segment{}}
	for _, s := range who.Speakers {
		t.Speakers = append(t.Speakers, document.Speaker{ID: s.ID})
	}
	a := assembler{language: r.language}
	words, speakers := r.words(), []string{}
	speakers = append(speakers, diarization.Assign(words, who.Turns)...)
	for _, h := range r.segments {
		n := max(1, len(h.words))
		a.add(h, words[:n], speakers[:n])
		words, speakers = words[n:], speakers[n:]
	}
	a.flush()
	t.Segments = append(t.Segments, a.out...)
	return t
}

// words are those of all segments in order; a segment without word times is one word, to give it a speaker by its time.
func (r *recognizer) words() []document.Word {
	var all []document.Word
	for _, h := range r.segments {
		if len(h.words) == 0 {
			all = append(all, document.Word{Text: h.text, StartMS: millis(h.start), EndMS: millis(h.end)})
		}
		for _, w := range h.words {
			sure := w.Probability
			all = append(all, document.Word{Text: w.Text, StartMS: millis(w.Start), EndMS: millis(max(w.End, w.Start)), Confidence: &sure})
		}
	}
	return all
}

func millis(s float64) int64 { return int64(math.Round(s * 1000)) }

// assembler turns recognized words into segments of one speaker each.
type assembler struct {
	language string
	out      []document.Segment
	open     *piece
}

// piece is a segment that grows.
type piece struct {
	speaker    string
	start, end int64
	words      []document.Word
	text       strings.Builder
	sure       float64 // of a segment without words
}

func (a *assembler) add(h heard, words []document.Word, speakers []string) {
	if len(h.words) == 0 {
		a.flush()
		a.open = &piece{speaker: speakers[0], start: words[0].StartMS, end: words[0].EndMS, sure: h.sure}
		a.open.text.WriteString(h.text)
		a.flush()
		return
	}
	for i, w := range words {
		p := a.open
		if p == nil || p.speaker != speakers[i] || w.StartMS-p.end > longPause || w.EndMS-p.start > longSegment || p.whole(w.StartMS) {
			a.flush()
			a.open = &piece{speaker: speakers[i], start: w.StartMS}
		}
		a.open.word(w)
	}
}

// whole reports whether a piece ended with a sentence and is long enough to stand alone.
func (p *piece) whole(next int64) bool {
	return diarization.EndsSentence(strings.TrimSpace(p.text.String())) && (p.end-p.start > enough || next-p.end > breath)
}

func (p *piece) word(w document.Word) {
	if p.text.Len() > 0 && !strings.HasPrefix(w.Text, " ") && len(p.words) == 0 {
		p.text.WriteByte(' ')
	}
	p.text.WriteString(w.Text)
	w.Text = strings.TrimSpace(w.Text)
	p.words = append(p.words, w)
	p.end = max(p.end, w.EndMS)
}

func (a *assembler) flush() {
	p := a.open
	a.open = nil
	if p == nil || strings.TrimSpace(p.text.String()) == "" {
		return
	}
	sure := p.sure
	for _, w := range p.words {
		sure += *w.Confidence / float64(len(p.words))
	}
	s := document.Segment{ID: fmt.Sprint(len(a.out) + 1), StartMS: &p.start, EndMS: &p.end, Text: strings.TrimSpace(p.text.String()),
		Words: p.words, Confidence: &sure}
	if p.speaker != "" {
		s.Speaker = &p.speaker
	}
	if a.language != "" {
		s.Language = &a.language
	}
	a.out = append(a.out, s)
}
