package evidence

import (
	"unicode/utf8"

	"mainstay/internal/document"
)

// longestQuote is how many characters of a segment are quoted whole.
const longestQuote = 300

// Find returns the segment that says what a person's line says, with the words in it, and nothing where none does. Of several
// the one that covers most of the line is taken, then the first.
func (e *Checker) Find(text string) []document.Evidence {
	var best []document.Evidence
	most := 0.0
	for _, id := range e.order {
		s := e.segments[id]
		covers := e.covers(text, s.Text)
		if covers <= most || covers < share {
			continue
		}
		found := []document.Evidence{{Segment: id, Quote: e.quote(text, s)}}
		if e.Check(document.Line{Text: text, Evidence: found}) == "" {
			best, most = found, covers
		}
	}
	return best
}

// covers is the share of a line's words of content that were said in a text.
func (e *Checker) covers(text, said string) float64 {
	known := map[string]bool{}
	for _, stem := range e.lang.Content(said) {
		known[stem] = true
	}
	content, found := e.lang.Content(text), 0
	for _, stem := range content {
		if known[stem] {
			found++
		}
	}
	if len(content) == 0 {
		return 0
	}
	return float64(found) / float64(len(content))
}

// quote returns a short segment whole, and of a long one the sentence that covers most of the line.
func (e *Checker) quote(text string, s document.Segment) string {
	if utf8.RuneCountInString(s.Text) <= longestQuote {
		return s.Text
	}
	best, most := s.Text, -1.0
	for _, span := range e.lang.Sentences(s.Text) {
		if c := e.covers(text, span.In(s.Text)); c > most {
			best, most = span.In(s.Text), c
		}
	}
	return best
}
