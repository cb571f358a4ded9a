// Package commitment finds decisions, actions and open questions in a transcript by rules of language.
package commitment

import (
	"fmt"

	"mainstay/internal/document"
)

// Findings is what was found, in the order of the meeting.
type Findings struct {
	Decisions []document.Line
	Actions   []document.Action
	Questions []document.Line
}

// Find returns what the transcript holds.
func Find(m document.Meeting, t document.Transcript) Findings {
	if !english(m, t) {
		return Findings{}
	}
	r := newReading(m, t)
	x := &exchange{turns: r.turns, people: r.people}
	x.follow()
	var f Findings
	for _, it := range x.items {
		if !it.stands() {
			continue
		}
		if a, ok := r.action(it); ok {
			a.ID = fmt.Sprintf("a%d", len(f.Actions)+1)
			f.Actions = append(f.Actions, a)
		}
	}
	return f
}

// reading is a transcript as the grammar has read it.
type reading struct {
	turns    []*turn
	people   *people
	segments []document.Segment
}

func newReading(m document.Meeting, t document.Transcript) *reading {
	r := &reading{people: newPeople(m, t), segments: t.Segments, turns: turns(t.Segments)}
	calendar := newCalendar(m)
	for _, tn := range r.turns {
		tn.read()
		r.people.name(tn)
		tn.parse()
		tn.timed(calendar)
		tn.reply = tn.answer()
	}
	return r
}
