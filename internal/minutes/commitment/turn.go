package commitment

import (
	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// turn is what one speaker said in one go: neighbouring segments of the same speaker.
type turn struct {
	speaker string // an id, or "" where nobody knows
	parts   []part
	raw     string
	*clause.Text
	whens []date.When
	reply reply
}

// part says which bytes of a turn are the text of which segment.
type part struct {
	language.Span
	segment int
}

const (
	// turnSegments and turnBytes bound a turn, so that a monologue is not one.
	turnSegments = 24
	turnBytes    = 2000
)

// turns joins the neighbouring segments of a speaker. A long turn is cut where a sentence ends, or else at its bounds.
func turns(segments []document.Segment) []*turn {
	var list []*turn
	for i, s := range segments {
		who := ""
		if s.Speaker != nil {
			who = *s.Speaker
		}
		if len(list) > 0 && who != "" && list[len(list)-1].speaker == who && list[len(list)-1].takes(s.Text) {
			list[len(list)-1].add(i, s.Text)
			continue
		}
		t := &turn{speaker: who}
		t.add(i, s.Text)
		list = append(list, t)
	}
	return list
}

func (t *turn) takes(text string) bool {
	full := len(t.parts) >= turnSegments/2 || len(t.raw)+len(text) > turnBytes/2
	if full && strings.HasSuffix(strings.TrimSpace(t.raw), ".") {
		return false
	}
	return len(t.parts) < turnSegments && len(t.raw)+len(text) <= turnBytes
}

func (t *turn) add(segment int, text string) {
	if t.raw != "" {
		t.raw += " "
	}
	t.parts = append(t.parts, part{language.Span{Start: len(t.raw), End: len(t.raw) + len(text)}, segment})
	t.raw += text
}

// stretch gives the span from one token to another.
func stretch(from, to int) clause.Span { return clause.Span{From: from, To: to} }
