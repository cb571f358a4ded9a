package commitment

import (
	"mainstay/internal/language"
	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
)

// contentOf gives the words of a clause that say what is to be done: from its verb over the clauses that belong to it, up to
// the next one that begins anew.
func (t *turn) contentOf(s *clause.Sentence, n int) clause.Span {
	c := &s.Clauses[n]
	from := c.At
	if from < 0 {
		from = c.Object
	}
	to := c.To
	for m := n + 1; m < len(s.Clauses); m++ {
		next := &s.Clauses[m]
		if !t.belongs(next) && !t.complement(&s.Clauses[m-1], next) || next.Link == "that" && light[s.Clauses[m-1].Verb] && t.At(s.Clauses[m-1].Object) == "that" {
			break
		}
		to = next.To
	}
	for i := from + 1; i < to; i++ {
		if w := t.At(i); w == "because" || w == "cause" || w == "though" || w == "although" {
			to = i
		}
	}
	return stretch(from, t.trimEnd(from, to))
}

// belongs reports whether a clause goes on the one before it.
func (t *turn) belongs(next *clause.Clause) bool {
	if next.Asks && !t.Sentences[t.SentenceOf(next.From)].Asks {
		return false
	}
	switch next.Link {
	case "and", "then":
		return next.Subject == clause.None && next.Order
	case "that", "what", "whether", "who", "which", "where", "how", "why", "whatever", "than", "before", "after", "when", "until", "till", "once", "as", "minute":
		return true
	case "":
		return next.Subject == clause.None && !next.Order
	}
	return false
}

// complement reports whether a clause is the object of the verb before it: "I'll make sure they have it".
func (t *turn) complement(c, next *clause.Clause) bool {
	return (embedding[c.Verb] || c.Verb == "make" && t.At(c.Object) == "sure") && next.Link == "" && next.From == c.To && !t.Comma(next.From) && next.From-c.Object <= 2
}

// embedding verbs take a clause without "that".
var embedding = clause.Set(`ensure see check tell ask know hope confirm say promise remember think reckon explain`)

// trimEnd drops the words at the end of a stretch that only lead on.
func (t *turn) trimEnd(from, to int) int {
	for to > from+1 {
		w := t.At(to - 1)
		if t.Tokens[to-1].Gap == "-" {
			break // "how-to"
		}
		if !clause.Ending[w] && !clause.Coordinator[w] && !clause.Relation[w] && !clause.Condition[w] && w != "the" && w != "a" && w != "that" && !leading[w] || w == "one" {
			break
		}
		if (w == "that" || w == "then" || w == "everyone" || w == "everybody") && clause.Preposition[t.At(to-2)] {
			break
		}
		if (w == "that" || w == "then" || w == "now" || w == "too" || w == "well" || w == "right" || w == "everyone" || w == "everybody" || w == "once" || w == "before" || w == "after") && to-1-from <= 2 {
			break
		}
		to--
	}
	return to
}

// leading prepositions cannot end a sentence of minutes.
var leading = clause.Set(`by at for of to with from like into onto`)

// How much a stretch of words says of its own.
const (
	hollow   = iota // "do it"
	pointing        // "call him"
	full            // "call the supplier"
)

// light are verbs that say little without an object.
var light = clause.Set(`do take handle sort get go come make be have deal own run try look give put it that see let help carry manage will can`)

// says gives how much the words of an act say, and their stems.
func (t *turn) says(a *act) (int, map[string]bool) {
	stems := t.stemsOf(stretch(min(a.content.From+1, a.content.To), a.content.To))
	if a.clause.Passive && !a.clause.Noun.Empty() {
		for stem := range t.stemsOf(a.clause.Noun) {
			stems[stem] = true
		}
	}
	rich := len(stems) > 0
	if w := t.At(a.content.From); w != "" && a.clause.Verb != "" && !light[a.clause.Verb] {
		stems[language.English.Stem(a.clause.Verb)] = true
	}
	switch {
	case rich && a.deed == promise && a.clause.Subject == clause.Thing && t.pronoun(a.clause) && (a.clause.Passive || a.clause.Verb == "be"):
		return pointing, stems
	case rich:
		return full, stems
	case !light[a.clause.Verb] && a.clause.Verb != "":
		return pointing, stems
	}
	return hollow, stems
}

// stemsOf gives the stems of the words with content in a stretch.
func (t *turn) stemsOf(s clause.Span) map[string]bool {
	stems := map[string]bool{}
	en := language.English
	for i := s.From; i < s.To; i++ {
		w := t.At(i)
		if t.timely(i) || t.Tokens[i].Second || t.Tokens[i].Who != 0 || date.Unit(w) || en.Stop(w) || en.Filler(w) || numeral(w) || clause.Ending[w] || clause.Opener[w] || clause.Adverb[w] {
			continue
		}
		stems[en.Stem(w)] = true
	}
	return stems
}

// trimmed drops openers at the beginning of a stretch and what leads nowhere at its end.
func (t *turn) trimmed(s clause.Span) clause.Span {
	for s.From < s.To && (clause.Opener[t.At(s.From)] && !t.noOne(s.From) || clause.Coordinator[t.At(s.From)] || t.Tokens[s.From].Who != 0 && s.To-s.From > 2 && t.Comma(s.From+1)) {
		s.From++
	}
	s.To = t.trimEnd(s.From, s.To)
	return s
}

// noOne reports whether the "no" at i belongs to the noun after it.
func (t *turn) noOne(i int) bool {
	next := t.At(i + 1)
	return t.At(i) == "no" && next != "" && t.Tokens[i+1].Gap == " " && !clause.Nominative[next] && !clause.Opener[next] && !clause.Determiner[next]
}

// timely reports whether a token is part of a time.
func (t *turn) timely(i int) bool {
	for _, w := range t.whens {
		if i >= w.From && i < w.To {
			return true
		}
	}
	return false
}

// whensOf gives the times that belong to a clause: within it and what depends on it, in the fragments around it, and last in a
// neighbouring clause that says when its occasion is ("I'm there on Thursday, so I'll choose them").
func (t *turn) whensOf(s *clause.Sentence, c *clause.Clause) []date.When {
	n := 0
	for n < len(s.Clauses) && s.Clauses[n].From != c.From {
		n++
	}
	to := c.To
	for m := n + 1; m < len(s.Clauses) && (t.belongs(&s.Clauses[m]) || s.Clauses[m].Force&clause.Lets != 0); m++ {
		to = s.Clauses[m].To
	}
	if found := t.whensIn(c.From, to); len(found) > 0 {
		if later := t.corrected(s); later != nil {
			return later
		}
		return found
	}
	k := t.SentenceOf(c.From)
	before := s.From
	if n > 0 && n <= len(s.Clauses) {
		before = s.Clauses[n-1].To
	}
	if found := t.whensIn(before, c.From); len(found) > 0 {
		return found
	}
	for m := k + 1; m < len(t.Sentences) && m <= k+2; m++ {
		if !t.fragment(m) || m == k+1 && len(t.whensIn(to, s.To)) > 0 {
			continue
		}
		if found := t.whensIn(t.Sentences[m].From, t.Sentences[m].To); len(found) > 0 {
			return found
		}
	}
	if n+1 < len(s.Clauses) && t.times(&s.Clauses[n+1]) {
		return t.whensIn(s.Clauses[n+1].From, s.Clauses[n+1].To)
	}
	if n > 0 && n <= len(s.Clauses) && t.occasion(&s.Clauses[n-1]) {
		return t.whensIn(s.Clauses[n-1].From, s.Clauses[n-1].To)
	}
	return nil
}

// corrected gives the time of a sentence behind that says it anew: "let me say Tuesday", "say the sixth".
func (t *turn) corrected(s *clause.Sentence) []date.When {
	for k := t.SentenceOf(s.From) + 1; k < len(t.Sentences) && k <= t.SentenceOf(s.From)+2; k++ {
		if next := &t.Sentences[k]; len(next.Clauses) > 0 && next.Clauses[0].Verb == "say" && (next.Clauses[0].Order) {
			return t.whensIn(next.From, next.To)
		}
	}
	return nil
}

// times reports whether a clause says of a time that it suits: "Friday is okay".
func (t *turn) times(c *clause.Clause) bool {
	return c.Subject == clause.Thing && !c.Asks && !c.Past && !c.Negated && (c.Verb == "be" || c.Verb == "work" || c.Verb == "suit") && len(t.whensIn(c.Noun.From, c.Noun.To)) > 0
}

// occasion reports whether a clause can say when something else is going to be done.
func (t *turn) occasion(c *clause.Clause) bool {
	return !c.Past && !c.Negated && !c.Asks && c.Force&(clause.Would|clause.Could) == 0 && (c.Link == "" || clause.Coordinator[c.Link] || clause.Opener[c.Link])
}

// fragment reports whether a sentence has no verb of its own: "Wednesday, when it's quiet."
func (t *turn) fragment(k int) bool {
	s := &t.Sentences[k]
	if len(s.Clauses) == 0 {
		return s.To-s.From <= 14
	}
	first := s.Clauses[0]
	if first.Verb == "give" && first.Order || first.Verb == "say" && first.Order {
		return true
	}
	return first.Verb == "say" && first.Force&clause.Lets != 0 || first.From > s.From && t.whensIn(s.From, first.From) != nil || first.Verb == "make" && t.At(first.From) == "make"
}

func (t *turn) whensIn(from, to int) []date.When {
	var found []date.When
	for _, w := range t.whens {
		if w.From >= from && w.To <= to {
			found = append(found, w)
		}
	}
	return found
}

// numeral reports whether a word is a number.
func numeral(norm string) bool {
	return len(language.English.Numbers(norm)) > 0 || norm == "one"
}
