package recognition

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mainstay/internal/document"
)

// timedWord is a word of a segment with times from the start of its clip. Probability is negative where it is not known.
type timedWord struct {
	Span
	text        string
	spaced      bool // a blank stands before it
	probability float64
}

// word is a recognized word of the recording.
type word struct {
	document.Word
	spaced bool
}

func (w timedWord) recorded(c clip) word {
	out := word{spaced: w.spaced}
	out.Text = w.text
	out.StartMS = c.recordedMS(w.StartMS, false)
	// A word over a joint of the clip ends where its first stretch ends.
	out.EndMS = min(c.recordedMS(w.EndMS, true), out.StartMS+max(w.EndMS-w.StartMS, 0))
	out.EndMS = max(out.EndMS, out.StartMS)
	if w.probability >= 0 {
		p := min(w.probability, 1)
		out.Confidence = &p
	}
	return out
}

// timedWords gives the words of a segment. Blanks are those of the segment's text, since not all languages have them
// between words. Without times of words, the segment's time is shared out by length.
func timedWords(s segment) []timedWord {
	if len(s.words) == 0 {
		return sharedOut(s)
	}
	out := make([]timedWord, 0, len(s.words))
	rest := strings.TrimSpace(s.Text)
	for i, w := range s.words {
		text := strings.TrimSpace(w.Text)
		if text == "" {
			continue
		}
		spaced := true
		if at := strings.Index(rest, text); at >= 0 && strings.TrimSpace(rest[:at]) == "" {
			spaced = at > 0
			rest = rest[at+len(text):]
		}
		out = append(out, timedWord{s.times[i], text, spaced, w.Probability})
	}
	if len(out) > 0 {
		out[0].spaced = true
	}
	return out
}

func sharedOut(s segment) []timedWord {
	var out []timedWord
	total := int64(utf8.RuneCountInString(s.Text))
	at := int64(0)
	for _, field := range strings.FieldsFunc(s.Text, unicode.IsSpace) {
		size := int64(utf8.RuneCountInString(field)) + 1
		start := s.span.StartMS + (s.span.EndMS-s.span.StartMS)*at/(total+1)
		end := s.span.StartMS + (s.span.EndMS-s.span.StartMS)*min(at+size, total+1)/(total+1)
		out = append(out, timedWord{Span{StartMS: start, EndMS: end}, field, true, -1})
		at += size
	}
	return out
}
