package minutes

import (
	"unicode/utf8"

	"mainstay/internal/document"
)

// longestQuote is how many characters of a segment are quoted whole.
const longestQuote = 300

// Find returns the segment that says what a person's line says, with the words in it, and nothing where none does. Of several
// the one that covers most of the line is taken, then the first.
func (e *Evidence) Find(text string, segments []document.Segment) []document.Evidence {
	var best []document.Evidence
	most := 0.0
	for _, s := range segments {
		evidence := []document.Evidence{{Segment: s.ID, Quote: e.quote(text, s)}}
		covers := e.covered(text, s.Text, evidence)
		if covers > most && covers >= share && e.Check(document.Line{Text: text, Evidence: evidence}, false) == "" {
			best, most = evidence, covers
		}
	}
	return best
}

// quote returns a short segment whole, and of a long one the sentence that covers most of the line.
func (e *Evidence) quote(text string, s document.Segment) string {
	if utf8.RuneCountInString(s.Text) <= longestQuote {
		return s.Text
	}
	best, most := s.Text, -1.0
	for _, span := range e.lang.Sentences(s.Text) {
		if c := e.covered(text, span.In(s.Text), nil); c > most {
			best, most = span.In(s.Text), c
		}
	}
	return best
}
