package recognition

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/speech/diarization"
)

const (
	longPauseMS  = 1_500 // always ends a segment
	pauseMS      = 700   // ends a segment that is long enough
	shortMS      = 2_500 // a sentence shorter than this takes the next one with it
	longSegments = 5_000 // long enough to end at a pause without an end mark
	maxSegmentMS = 30_000
)

// transcript puts everything together.
func (j *job) transcript() document.Transcript {
	j.progress("putting it together", j.report.AudioMS)
	t := document.Transcript{
		Engine:   document.Engine{Name: "mainstay", Model: &j.opt.Model, Quality: "normal"},
		Speakers: []document.Speaker{}, Turns: []document.Turn{}, Segments: []document.Segment{},
	}
	if j.report.Words == 0 {
		return t // who says nothing is no speaker: it was music, or a cough
	}
	for c, words := range j.words {
		slices.SortStableFunc(words, func(a, b word) int { return cmp.Compare(a.StartMS, b.StartMS) })
		turns := j.turns(c)
		t.Turns = append(t.Turns, turns...)
		t.Segments = append(t.Segments, segments(words, turns)...)
	}
	slices.SortStableFunc(t.Turns, func(a, b document.Turn) int { return cmp.Compare(a.StartMS, b.StartMS) })
	slices.SortStableFunc(t.Segments, func(a, b document.Segment) int { return cmp.Compare(*a.StartMS, *b.StartMS) })
	for i := range t.Segments {
		t.Segments[i].ID = strconv.Itoa(i + 1)
		if j.language != "" {
			t.Segments[i].Language = &j.language
		}
	}
	for _, turn := range t.Turns {
		if !slices.ContainsFunc(t.Speakers, func(s document.Speaker) bool { return s.ID == turn.Speaker }) {
			t.Speakers = append(t.Speakers, document.Speaker{ID: turn.Speaker})
		}
	}
	j.report.Speakers = len(t.Speakers)
	return t
}

// turns gives who spoke when on a channel. A channel's own speaker, and a speaker known to be alone, speak where speech is.
func (j *job) turns(channel int) []document.Turn {
	if len(j.words) == 1 && j.opt.Speakers != 1 {
		return diarization.Diarize(j.heard, diarization.Options{Speakers: j.opt.Speakers}).Turns
	}
	var out []document.Turn
	for _, s := range j.voiced[channel] {
		out = append(out, document.Turn{Speaker: "S" + strconv.Itoa(channel+1), StartMS: s.StartMS, EndMS: s.EndMS})
	}
	return out
}

// segments gives words to speakers and cuts them where the speaker changes, at pauses and at the ends of sentences.
func segments(words []word, turns []document.Turn) []document.Segment {
	plain := make([]document.Word, len(words))
	for i, w := range words {
		plain[i] = w.Word
	}
	speakers := diarization.Assign(plain, turns)
	var out []document.Segment
	from := 0
	for i := range words {
		if i+1 < len(words) && speakers[i] == speakers[i+1] && !ends(words[from:i+1], words[i+1]) {
			continue
		}
		for _, part := range shortened(words[from : i+1]) {
			out = append(out, spokenBy(part, speakers[i]))
		}
		from = i + 1
	}
	return out
}

// ends reports whether a segment is complete before next.
func ends(words []word, next word) bool {
	last := words[len(words)-1]
	pause, length := next.StartMS-last.EndMS, last.EndMS-words[0].StartMS
	switch {
	case pause >= longPauseMS:
		return true
	case diarization.EndsSentence(last.Text):
		return length >= shortMS
	}
	return pause >= pauseMS && length >= longSegments
}

// shortened cuts words that last too long where the pause between them is the longest, a comma counting as half a second.
func shortened(words []word) [][]word {
	if len(words) < 2 || words[len(words)-1].EndMS-words[0].StartMS <= maxSegmentMS {
		return [][]word{words}
	}
	best, longest := len(words)/2, int64(-1)
	for i := 1; i < len(words); i++ {
		if at := words[i].StartMS - words[0].StartMS; at < maxSegmentMS/4 || at > maxSegmentMS {
			continue
		}
		pause := words[i].StartMS - words[i-1].EndMS
		if strings.HasSuffix(words[i-1].Text, ",") {
			pause += 500
		}
		if pause > longest {
			best, longest = i, pause
		}
	}
	return append(shortened(words[:best]), shortened(words[best:])...)
}

func spokenBy(words []word, speaker string) document.Segment {
	start, end := words[0].StartMS, words[len(words)-1].EndMS
	s := document.Segment{StartMS: &start, EndMS: &end}
	if speaker != "" {
		s.Speaker = &speaker
	}
	var text strings.Builder
	var sum float64
	known := 0
	for i, w := range words {
		if i > 0 && w.spaced {
			text.WriteByte(' ')
		}
		text.WriteString(w.Text)
		s.Words = append(s.Words, w.Word)
		if w.Confidence != nil {
			sum += *w.Confidence
			known++
		}
	}
	s.Text = text.String()
	if known > 0 {
		mean := sum / float64(known)
		s.Confidence = &mean
	}
	return s
}
