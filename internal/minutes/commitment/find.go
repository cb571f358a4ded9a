// Package commitment finds decisions, actions and open questions in a transcript by rules of language: no model, no network,
// the same answer every time. It reads English; of a meeting in another language it says nothing.
//
// # Actions
//
// A turn is what one speaker says in one go. Each clause of it (package clause) may be an act about something that is to be
// done after the meeting (speechact.go):
//
//	promise   "I'll send it", "leave it with me", "you'll have it by Friday", "Tom's going to call them"
//	offer     "I can draft it", "shall I?"
//	ask       "Tom, could you?", "please call them", "I want it up by Friday"
//	need      "somebody has to call them", "the permit must be renewed"
//
// Guards (guard.go, joke.go) take out what only looks like one: conditions, what was, what is denied, what others said, rules for
// everybody, habits, holding the meeting, jests. Acts then meet over the turns (exchange.go): a request and the answer to it, a
// need and who takes it, an offer and the thanks for it, a promise and its date. What meets is one action. Each act has a weight
// from its form, raised by a date, a name, "please", an acceptance; from three on the action stands. A request refused and a
// promise laughed at do not.
//
// The owner is who promises or accepts; "I" is the speaker, "we" is nobody, a third person is who is named. The date is that of
// the promise, else of the request, else one that the next turns add; an event's date is looked up in the meeting (event.go).
// Where the words do not say it, owner and date stay blank: a guess is worse.
//
// # Decisions and questions
//
// A decision (decision.go) is a turn that closes a matter: it says so ("agreed", "then we do that", "done"), or asks everybody and
// hears no objection, or says in the present tense how it is from now on and is supported. A question (question.go) is open when
// the talk behind it says that nobody knows.
//
// Every line is written from the words of the segments that it cites, so that it passes the evidence check.
package commitment

import (
	"fmt"
	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
	"mainstay/internal/minutes/people"
	"strings"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/language"
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
	f := Findings{Decisions: r.decisions(), Questions: r.questions()}
	r.claimed = map[int]*item{}
	for _, it := range x.items {
		for _, i := range it.replies {
			r.claimed[i] = it
		}
	}
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
	people   *people.People
	segments []document.Segment
	claimed  map[int]*item // which item a turn accepts
}

func newReading(m document.Meeting, t document.Transcript) *reading {
	r := &reading{people: people.New(m, t), segments: t.Segments, turns: turns(t.Segments)}
	calendar := date.New(m.Date, m.Zone)
	for _, tn := range r.turns {
		tn.Text = clause.New(tn.raw)
		r.people.Mark(tn.Text)
		tn.Parse()
		tn.whens = calendar.Times(tn.Text)
		tn.reply = tn.answer()
	}
	talk := make(date.Talk, len(r.turns))
	for i, tn := range r.turns {
		talk[i] = date.Said{Text: tn.Text, Times: tn.whens}
	}
	talk.Resolve()
	return r
}

// Due reads the words that said when something is due and computes the date that they mean, counted from the meeting's day
// in its zone: a weekday is the next one after that day, "the end of next week" its Friday, "the twentieth" the next
// twentieth. Where the words speak of a time but no date follows from them ("before the next meeting"), Date is nil and the
// words stay. It returns nil where they speak of no time.
func Due(m document.Meeting, said string) *document.Due {
	const longest = 400
	said = strings.TrimSpace(said)
	if said == "" || len(said) > longest {
		return nil
	}
	whens := date.New(m.Date, m.Zone).Times(clause.New(said))
	var best *date.When
	for i := range whens {
		w := &whens[i]
		if best == nil || best.Date.IsZero() && !w.Date.IsZero() || w.Deadline && !best.Deadline && !w.Date.IsZero() {
			best = w
		}
	}
	if best == nil {
		return nil
	}
	due := &document.Due{AsSaid: said}
	if !best.Date.IsZero() {
		date := best.Date.Format(time.DateOnly)
		due.Date = &date
	}
	return due
}

// english reports whether the rules of this package may read a transcript: it is in English, or nobody says otherwise.
func english(m document.Meeting, t document.Transcript) bool {
	if m.Language != nil && *m.Language != "" {
		return language.Parse(*m.Language) == language.English
	}
	var sample strings.Builder
	for _, s := range t.Segments {
		if sample.WriteString(s.Text + " "); sample.Len() > 5000 {
			break
		}
	}
	guess := language.Guess(sample.String())
	return guess == language.English || guess == ""
}
