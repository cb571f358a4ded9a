package commitment

import (
	"mainstay/internal/language"
)

// contentOf gives the words of a clause that say what is to be done: from its verb over the clauses that belong to it, up to
// the next one that begins anew.
func (t *turn) contentOf(s *sentence, n int) span {
	c := &s.clauses[n]
	from := c.at
	if from < 0 {
		from = c.object
	}
	to := c.to
	for m := n + 1; m < len(s.clauses); m++ {
		next := &s.clauses[m]
		if !t.belongs(next) {
			break
		}
		to = next.to
	}
	return span{from, t.trimEnd(from, to)}
}

// belongs reports whether a clause goes on the one before it.
func (t *turn) belongs(next *clause) bool {
	switch next.link {
	case "and", "then":
		return next.subject == none && next.order
	case "that", "what", "whether", "who", "which", "where", "how", "why", "whatever", "than", "before", "after", "when", "until", "till", "once", "as", "minute":
		return true
	case "":
		return next.subject == none && !next.order
	}
	return false
}

// trimEnd drops the words at the end of a stretch that only lead on.
func (t *turn) trimEnd(from, to int) int {
	for to > from+1 {
		w := t.at(to - 1)
		if !endings[w] && !coordinators[w] && !relations[w] && !conditions[w] && w != "the" && w != "a" && !openers[w] && w != "that" || w == "one" {
			break
		}
		if (w == "that" || w == "then" || w == "now" || w == "too" || w == "well" || w == "right" || w == "everyone" || w == "everybody" || w == "once" || w == "before" || w == "after") && to-1-from <= 2 {
			break
		}
		to--
	}
	return to
}

// How much a stretch of words says of its own.
const (
	hollow   = iota // "do it"
	pointing        // "call him"
	full            // "call the supplier"
)

// light are verbs that say little without an object.
var light = set(`do take handle sort get go come make be have deal own run try look give put it that see let help carry manage will can`)

// says gives how much the words of an act say, and their stems.
func (t *turn) says(a *act) (int, map[string]bool) {
	stems := map[string]bool{}
	en := language.English
	times := 0
	for i := a.content.from; i < a.content.to && i < len(t.tokens); i++ {
		if t.timely(i) || i == a.content.from || t.tokens[i].second || t.tokens[i].name != nil {
			continue
		}
		w := t.at(i)
		if !en.Stop(w) && !en.Filler(w) && !numeral(w) && !endings[w] && !openers[w] && !adverbs[w] {
			times++
			stems[en.Stem(w)] = true
		}
	}
	if a.clause.passive && !a.clause.noun.empty() {
		for i := a.clause.noun.from; i < a.clause.noun.to; i++ {
			if w := t.at(i); !en.Stop(w) && t.tokens[i].name == nil {
				times++
				stems[en.Stem(w)] = true
			}
		}
	}
	if w := t.at(a.content.from); w != "" && !light[a.clause.verb] {
		stems[en.Stem(a.clause.verb)] = true
	}
	switch {
	case times > 0:
		return full, stems
	case !light[a.clause.verb]:
		return pointing, stems
	}
	return hollow, stems
}

// timely reports whether a token is part of a time.
func (t *turn) timely(i int) bool {
	for _, w := range t.whens {
		if i >= w.from && i < w.to {
			return true
		}
	}
	return false
}

// whensOf gives the times that belong to a clause: within it and what depends on it, in the fragments around it, and last in a
// neighbouring clause that says when its occasion is ("I'm there on Thursday, so I'll choose them").
func (t *turn) whensOf(s *sentence, c *clause) []when {
	n := 0
	for n < len(s.clauses) && s.clauses[n].from != c.from {
		n++
	}
	to := c.to
	for m := n + 1; m < len(s.clauses) && t.belongs(&s.clauses[m]); m++ {
		to = s.clauses[m].to
	}
	if found := t.whensIn(c.from, to); len(found) > 0 {
		return found
	}
	k := t.sentenceOf(c.from)
	before := s.from
	if n > 0 && n <= len(s.clauses) {
		before = s.clauses[n-1].to
	}
	if found := t.whensIn(before, c.from); len(found) > 0 {
		return found
	}
	for m := k + 1; m < len(t.sentences) && m <= k+2 && t.fragment(m); m++ {
		if found := t.whensIn(t.sentences[m].from, t.sentences[m].to); len(found) > 0 {
			return found
		}
	}
	if n > 0 && n <= len(s.clauses) && t.occasion(&s.clauses[n-1]) {
		return t.whensIn(s.clauses[n-1].from, s.clauses[n-1].to)
	}
	return nil
}

// occasion reports whether a clause can say when something else is going to be done.
func (t *turn) occasion(c *clause) bool {
	return !c.past && !c.negated && !c.asks && c.force&(would|could) == 0 && (c.link == "" || coordinators[c.link] || openers[c.link])
}

// fragment reports whether a sentence has no verb of its own: "Wednesday, when it's quiet."
func (t *turn) fragment(k int) bool {
	s := &t.sentences[k]
	if len(s.clauses) == 0 {
		return s.to-s.from <= 14
	}
	first := s.clauses[0]
	return first.verb == "say" && first.force&lets != 0 || first.from > s.from && t.whensIn(s.from, first.from) != nil || first.verb == "make" && t.at(first.from) == "make"
}

func (t *turn) whensIn(from, to int) []when {
	var found []when
	for _, w := range t.whens {
		if w.from >= from && w.to <= to {
			found = append(found, w)
		}
	}
	return found
}
