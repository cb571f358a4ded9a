package commitment

import (
	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
	"mainstay/internal/minutes/people"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// action writes an item down; false where nothing readable is left.
func (r *reading) action(it *item) (document.Action, bool) {
	lead := r.leading(it)
	text := r.sentence(it, lead)
	if text == "" {
		return document.Action{}, false
	}
	due := r.due(it) // first, as it may add a turn to cite
	a := document.Action{Line: document.Line{Text: text, Evidence: r.evidence(it)}, Owner: it.owner.Owner(), Due: due}
	return a, len(a.Evidence) > 0
}

// leading gives the act that says most of what is to be done; the latest of those that say as much.
func (r *reading) leading(it *item) *act {
	best := it.acts[0]
	for _, a := range it.acts[1:] {
		if a.weight <= 0 && best.weight > 0 && best.rich > hollow {
			continue
		}
		if best.borrowed && !a.borrowed && a.rich > hollow {
			best = a
			continue
		}
		if a.borrowed && !best.borrowed && best.rich > hollow {
			continue
		}
		if a.rich > best.rich || a.rich == best.rich && a.deed == promise && best.deed != promise && len(a.stems) >= len(best.stems) {
			best = a
		}
	}
	return best
}

// sentence writes what an act says as an order: "Send the cut sheets".
func (r *reading) sentence(it *item, a *act) string {
	if a.origin != nil {
		return r.original(*a.origin)
	}
	t, c := r.turns[a.turn], a.clause
	w := &people.Writer{Text: t.Text, Speaker: r.people.ByID[t.speaker], Other: r.partner(it, a), Lowered: -1}
	w.Acts = a.deed == promise || a.deed == offer
	switch {
	case !a.topic.Empty() && a.rich == full && a.clause.At == a.content.From && c.Subject == clause.Me && c.Force != 0:
		return finish(w.Words(a.topic.From, a.topic.To) + ": " + c.Verb + " " + w.Words(c.Object, a.content.To))
	case !a.topic.Empty():
		return finish(w.Words(a.topic.From, a.topic.To))
	case c.At < 0 || c.Subject == clause.None && !c.Order:
		return finish(w.Words(a.content.From, a.content.To))
	case c.Passive && (c.Subject == clause.Thing || c.Subject == clause.Everyone) && !t.pronoun(c):
		w.Lowered = c.Noun.From
		return finish(c.Verb + " " + w.Words(c.Noun.From, c.Noun.To) + " " + w.Words(c.Object, a.content.To))
	case (c.Subject == clause.Thing || c.Subject == clause.Everyone) && a.deed != ask && (a.owner == nil || c.Verb == "be" || c.Force == 0 || c.Passive || c.Force&clause.Will != 0 && a.owner == w.Speaker):
		return finish(w.Words(c.From, a.content.To))
	}
	return finish(c.Verb + " " + w.Words(c.Object, a.content.To))
}

// original writes the sentence that says what a hollow promise is about.
func (r *reading) original(p place) string {
	t := r.turns[p.turn]
	s := t.Sentences[p.sentence]
	words := t.trimmed(stretch(s.From, s.To))
	return finish(r.plain(t).Words(words.From, words.To))
}

// partner gives who is meant by "you" in a promise: who spoke just before, if the item cites what they said.
func (r *reading) partner(it *item, a *act) *people.Person {
	for _, b := range it.acts {
		if b.turn == a.turn-1 && r.turns[b.turn].speaker != r.turns[a.turn].speaker {
			return r.people.ByID[r.turns[b.turn].speaker]
		}
	}
	return nil
}

// plain writes what a turn's speaker said.
func (r *reading) plain(t *turn) *people.Writer {
	return &people.Writer{Text: t.Text, Speaker: r.people.ByID[t.speaker]}
}

// finish gives a sentence a capital and an end mark.
func finish(text string) string {
	text = strings.TrimRight(strings.TrimSpace(text), ",;:–—-.?! ")
	if text == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:] + "."
}

// evidence cites the sentences of an item's acts and the replies that accept it.
func (r *reading) evidence(it *item) []document.Evidence {
	var list []document.Evidence
	seen := map[string]bool{}
	add := func(t *turn, k int) {
		s := t.Sentences[k]
		for _, e := range r.quote(t, s.From, s.To) {
			if !seen[e.Segment] {
				seen[e.Segment] = true
				list = append(list, e)
			}
		}
	}
	for _, a := range it.acts {
		if a.origin != nil {
			add(r.turns[a.origin.turn], a.origin.sentence)
		}
		add(r.turns[a.turn], a.sentence)
	}
	for _, i := range it.replies {
		add(r.turns[i], 0)
		for k := 1; k < len(r.turns[i].Sentences) && k < 3; k++ {
			if len(r.turns[i].whensIn(r.turns[i].Sentences[k].From, r.turns[i].Sentences[k].To)) > 0 {
				add(r.turns[i], k)
			}
		}
	}
	return list
}

// quote gives the words from one token to another as they stand in their segments.
func (r *reading) quote(t *turn, from, to int) []document.Evidence {
	if from >= to {
		return nil
	}
	src := t.Clean.Source(language.Span{Start: t.Tokens[from].Span.Start, End: t.Tokens[to-1].Span.End})
	var list []document.Evidence
	for _, p := range t.parts {
		start, end := max(src.Start, p.Start), min(src.End, p.End)
		if start >= end {
			continue
		}
		quote := strings.TrimSpace(t.raw[start:end])
		if len(language.Words(quote)) > 0 {
			list = append(list, document.Evidence{Segment: r.segments[p.segment].ID, Quote: quote})
		}
	}
	return list
}

// due gives the date by which an item is to be done: what the acceptance says, then the promise, then what was asked, then a
// deadline beside it, then a date that somebody adds.
func (r *reading) due(it *item) *document.Due {
	if d := r.revised(it); d != nil {
		return d
	}
	if d := r.dueInReply(it); d != nil {
		return d
	}
	if last := it.acts[len(it.acts)-1]; last.deed == ask && it.taken && slices.ContainsFunc(last.whens, func(w date.When) bool { return w.Deadline }) {
		if d := r.dueOf(r.turns[last.turn], last.whens); d != nil {
			return d // "I'll do it this week", "by Thursday, please"
		}
	}
	for _, deeds := range []deed{promise, offer, ask, need} {
		for k := len(it.acts) - 1; k >= 0; k-- {
			a := it.acts[k]
			if a.deed != deeds {
				continue
			}
			if d := r.dueOf(r.turns[a.turn], a.whens); d != nil {
				return d
			}
		}
	}
	if d := r.deadlineBeside(it); d != nil {
		return d
	}
	return r.addedLater(it)
}

// revised finds the other date that somebody else sets in the next turns, and cites it: "make it the sixteenth".
func (r *reading) revised(it *item) *document.Due {
	const reach = 2
	for i := it.last + 1; i <= it.last+reach && i < len(r.turns); i++ {
		w := r.turns[i].revises()
		if w == nil || r.turns[i].speaker == it.by || r.claimed[i] != nil && r.claimed[i] != it {
			continue
		}
		it.replies = append(it.replies, i)
		return r.dueOf(r.turns[i], []date.When{*w})
	}
	return nil
}

// revises gives the time that a turn sets instead of one said before, nil where it sets none.
func (t *turn) revises() *date.When {
	for k := range t.whens {
		w := &t.whens[k]
		for _, ph := range revising {
			if from := w.From - len(ph); from >= 0 && t.Has(from, ph) && !w.Date.IsZero() && t.begins(from) {
				return w
			}
		}
	}
	return nil
}

// begins reports whether a sentence begins at a token, openers aside.
func (t *turn) begins(i int) bool {
	for i > 0 && clause.Opener[t.At(i-1)] {
		i--
	}
	return i == t.Sentences[t.SentenceOf(i)].From
}

var revising = clause.Phrases(`make it, make that, let us say, call it, let us make it`)

// addedLater finds a date that the next turns add in a few words: "Friday's good", "By the twentieth, then". It cites the turn.
func (r *reading) addedLater(it *item) *document.Due {
	const reach, short = 3, 10
	for i := it.last + 1; i <= it.last+reach && i < len(r.turns); i++ {
		t := r.turns[i]
		if len(t.Tokens) > short || t.asksOrActs() || r.claimed[i] != nil && r.claimed[i] != it {
			continue
		}
		if d := r.dueOf(t, t.whens); d != nil {
			it.replies = append(it.replies, i)
			return d
		}
	}
	return nil
}

// asksOrActs reports whether the turn asks, or speaks of something of its own.
func (t *turn) asksOrActs() bool {
	for _, s := range t.Sentences {
		for n := range s.Clauses {
			if c := &s.Clauses[n]; c.Past || c.Asks || c.Negated || c.Subject != clause.Thing || !t.times(c) && !(c.Verb == "be" && (t.At(c.Noun.From) == "that" || t.At(c.Noun.From) == "it")) {
				return true
			}
		}
		if s.Asks || t.Find(s.From, s.To, [][]string{{"next"}}) >= 0 && len(s.Clauses) > 0 || t.Find(s.From, s.To, [][]string{{"same", "time"}}) >= 0 {
			return true
		}
	}
	return t.reply.refuses
}

// deadlineBeside finds a "by" or "before" in the sentence behind an act: "just so we have it before we see her on the fifth".
func (r *reading) deadlineBeside(it *item) *document.Due {
	for k := len(it.acts) - 1; k >= 0; k-- {
		a := it.acts[k]
		t := r.turns[a.turn]
		for m := a.sentence; m <= a.sentence+1 && m < len(t.Sentences); m++ {
			s := &t.Sentences[m]
			for n := range s.Clauses {
				c := &s.Clauses[n]
				if c.Past || c.Negated || c.Asks || t.condition(c) || c.From < a.clause.From || n+1 < len(s.Clauses) && s.Clauses[n+1].Link == "until" {
					continue
				}
				for _, w := range t.whensIn(c.From, c.To) {
					if d := r.dueOf(t, []date.When{w}); d != nil && (w.Deadline || c.Link == "before" || t.Find(c.From, w.From, [][]string{{"before"}, {"by"}}) >= 0) {
						return d
					}
				}
			}
		}
	}
	return nil
}

// dueInReply finds a date in a turn that accepts: "Sure, by Friday."
func (r *reading) dueInReply(it *item) *document.Due {
	for k := len(it.replies) - 1; k >= 0; k-- {
		t := r.turns[it.replies[k]]
		for m := 0; m < len(t.Sentences) && m < 3; m++ {
			s := &t.Sentences[m]
			if len(s.Clauses) > 0 && (s.Clauses[0].Past || s.Clauses[0].Subject == clause.Thing && s.Clauses[0].Verb == "be") {
				continue
			}
			if d := r.dueOf(t, t.whensIn(s.From, s.To)); d != nil {
				return d
			}
		}
	}
	return nil
}

func (r *reading) dueOf(t *turn, whens []date.When) *document.Due {
	var best *date.When
	for i := range whens {
		w := &whens[i]
		if w.Date.IsZero() {
			continue
		}
		if best == nil || rank(w) > rank(best) {
			best = w
		}
	}
	if best == nil {
		return nil
	}
	from, to := best.From, best.To
	if !best.Instead.Empty() {
		from, to = best.Instead.From, best.Instead.To
	}
	quotes := r.quote(t, from, to)
	if len(quotes) != 1 {
		return nil
	}
	date := best.Date.Format(time.DateOnly)
	return &document.Due{Date: &date, AsSaid: quotes[0].Quote}
}

// rank orders the times of an act by how likely they say when it is due: a deadline first, what a thing lasts for last.
func rank(w *date.When) int {
	switch {
	case w.Deadline:
		return 2
	case w.Lead == "for" || w.Lead == "to" || w.Lead == "from":
		return 0
	}
	return 1
}
