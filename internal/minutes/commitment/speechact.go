package commitment

import (
	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
	"mainstay/internal/minutes/people"
)

// deed is what a clause does about something that is to be done.
type deed int

const (
	promise deed = iota + 1 // the speaker, or somebody named, is going to do it
	offer                   // the speaker would do it
	ask                     // somebody is asked to do it
	need                    // it has to be done, by whom is not said
)

// act is a clause that speaks of something to be done after the meeting.
type act struct {
	deed     deed
	turn     int
	sentence int
	clause   *clause.Clause
	content  clause.Span    // the words that say what is to be done, the verb first
	owner    *people.Person // nil where nobody is named
	to       *people.Person // who is asked, nil where nobody is named
	weight   int            // how sure it is that this is an action, 3 is enough
	topic    clause.Span    // what is spoken of, where it stands before the clause: "the note on that, I'll have it out"
	borrowed bool           // what it says stands elsewhere: it says only that it is done
	origin   *place         // where that was said, if another turn said it
	rich     int            // how much it says of what is done: hollow, pointing or full
	stems    map[string]bool
	whens    []date.When
}

// enough is the weight from which an action is written down.
const enough = 3

// acts finds what the turn says is to be done.
func (t *turn) acts(p *people.People, index int) []act {
	var list []act
	for k := range t.Sentences {
		s := &t.Sentences[k]
		taken := append(t.idioms(p, s, index, k), t.proposes(p, s, index, k)...)
		list = append(list, taken...)
		for n := range s.Clauses {
			c := &s.Clauses[n]
			if covered(taken, c) || t.guarded(s, n) || n > 0 && c.Order && t.belongs(c) {
				continue
			}
			a := act{turn: index, sentence: k, clause: c}
			if !t.judge(p, s, &a) {
				continue
			}
			t.fill(s, n, &a)
			if a.deed == ask && c.Order && a.rich != full && a.weight < 2 {
				continue
			}
			list = append(list, a)
		}
		list = append(list, t.verbless(p, s, index, k)...)
	}
	return list
}

// fill adds what an act says: its words, its times, and what stands beside the clause.
func (t *turn) fill(s *clause.Sentence, n int, a *act) {
	a.content = t.contentOf(s, n)
	a.whens = t.whensOf(s, a.clause)
	a.rich, a.stems = t.says(a)
	a.weight += t.extra(a)
	if a.rich == full || a.clause.Subject == clause.Thing && !t.pronoun(a.clause) || a.deed == ask && a.clause.Subject != clause.None {
		return
	}
	before := s.From
	if n > 0 {
		before = s.Clauses[n-1].To
	}
	topic := stretch(before, a.clause.From)
	switch {
	case n > 0 && a.rich == pointing && a.clause.Link == "" && a.clause.From == s.Clauses[n-1].To && !t.Comma(a.clause.From) && s.Clauses[n-1].Object < a.clause.From && s.Clauses[n-1].Verb == "be":
		topic = stretch(s.Clauses[n-1].Object, a.clause.From) // "that's the elevation I've got to redo"
	case t.Tokens[a.clause.From].Gap == " " && n > 0:
		return
	}
	if stems := t.stemsOf(topic); len(stems) > 0 {
		a.topic, a.rich = t.trimmed(topic), full
		for stem := range stems {
			a.stems[stem] = true
		}
	}
}

// covered reports whether a set phrase that was found holds the clause.
func covered(taken []act, c *clause.Clause) bool {
	for _, a := range taken {
		if c.From < a.content.To && c.Object >= a.content.From {
			return true
		}
	}
	return false
}

// verbless finds what is asked without a verb: "Anita, the rates in writing, please", and the name alone: "Dmitri?"
func (t *turn) verbless(p *people.People, s *clause.Sentence, index, k int) []act {
	if len(s.Clauses) > 0 {
		return nil
	}
	c := &clause.Clause{From: s.From, To: s.To, At: s.From, Object: s.From, Subject: clause.None}
	a := act{deed: ask, turn: index, sentence: k, clause: c, to: t.addressee(p, s), content: t.trimmed(stretch(s.From, s.To))}
	if a.whens = t.whensOf(s, c); a.to == nil && len(a.whens) == 0 {
		return nil
	}
	if s.Asks && s.To-s.From <= 3 {
		a.rich = hollow
		return []act{a}
	}
	for i := s.From; i < s.To; i++ {
		if t.At(i) == "please" || a.to != nil && t.At(i) == "you" && (t.At(i-1) == "from" || t.At(i-1) == "for") {
			a.stems = t.stemsOf(a.content)
			a.rich, a.weight = full, 1+t.extra(&a)
			return []act{a}
		}
	}
	return nil
}

// judge sets deed, owner, addressee and weight by subject and force; false where the clause is no act.
func (t *turn) judge(p *people.People, s *clause.Sentence, a *act) bool {
	c := a.clause
	if c.Past || c.Negated && !c.Asks {
		return false
	}
	if t.gently(s, c) {
		a.deed, a.weight, a.to = ask, 2, t.addressee(p, s)
		return !states[c.Verb] && !talk[c.Verb] && c.Verb != ""
	}
	switch c.Subject {
	case clause.Me:
		a.owner = p.ByID[t.speaker]
		return t.mine(p, s, a)
	case clause.Us:
		a.to = t.addressee(p, s)
		return t.ours(s, a)
	case clause.You:
		return t.yours(p, s, a)
	case clause.Someone, clause.Who:
		return t.anybodys(a)
	case clause.Named:
		a.owner = p.Of(c.Who)
		return t.theirs(a)
	case clause.Thing, clause.Everyone:
		return t.things(p, s, a)
	case clause.None:
		return t.order(p, s, a)
	}
	return false
}

// mine judges what "I" says.
func (t *turn) mine(p *people.People, s *clause.Sentence, a *act) bool {
	c := a.clause
	dated := len(t.whensOf(s, c)) > 0
	a.deed = promise
	switch {
	case c.Passive && c.Force == 0:
		return false // "I'm slammed"
	case c.Asks && c.Force&(clause.Will|clause.Ought|clause.Can) != 0 && t.At(c.From) == "shall":
		a.deed, a.weight = offer, 1
	case c.Asks:
		return false
	case c.Force&clause.Lets != 0:
		a.weight = 3
		return !states[c.Verb] && (!conduct[c.Verb] && !thinking[c.Verb] || dated)
	case c.Force&clause.Would != 0 && c.Verb == "have" && t.At(c.Object) == "it" && c.Link != "then" && t.deadline(s, c):
		a.deed, a.weight = offer, 2 // "I'd have it for you by Friday"
		return true
	case c.Force&clause.Would != 0:
		return false
	case c.Force&(clause.Must|clause.Glad) != 0:
		a.weight = 3
		return !states[c.Verb] && (!talk[c.Verb] || t.tellsOthers(c)) && !(c.Verb == "get" && t.At(c.Object) == "to")
	case c.Force&clause.Will != 0 && c.Verb == "need":
		a.owner, a.deed, a.weight, a.to = nil, ask, 0, t.addressee(p, s)
		return c.Object < c.To
	case c.Force&clause.Will != 0:
		if a.weight = 3; c.Force&clause.Ongoing != 0 {
			a.weight = 2
		}
		return c.Verb != "" && (!states[c.Verb] || c.Verb == "own") && !(c.Verb == "put" && t.At(c.Object) == "you") && !(talk[c.Verb] && (t.At(c.Object) == "you" || t.At(c.Object) == "it"))
	case c.Force&(clause.Can|clause.Could) != 0:
		a.deed, a.weight = offer, 2
		if c.Force&clause.Could != 0 {
			a.weight = 1
		}
		return (c.Verb != "" || c.Force&clause.Could == 0) && !states[c.Verb] && !thinking[c.Verb] && c.Verb != "tell" && c.Verb != "say"
	case c.Force == clause.Wants && (c.Verb == "see" || c.Verb == "have" || c.Verb == "get"):
		a.owner, a.deed, a.weight, a.to = nil, ask, 1, t.addressee(p, s) // "I'd like to see a sample"
		return c.Object < c.To && (clause.Determiner[t.At(c.Object)] || dated)
	case c.Force&(clause.Ought|clause.Wants) != 0:
		return false
	case c.Force&clause.Ongoing != 0:
		a.weight = 1
		if dated {
			a.weight = 2
		}
		if t.awaits(s, c) {
			a.weight = 3
		}
		return !states[c.Verb] && !talk[c.Verb]
	}
	return t.plainly(p, s, a, dated)
}

// awaits reports whether a clause beside this one says on what it waits: "when he's back I'm going over there".
func (t *turn) awaits(s *clause.Sentence, c *clause.Clause) bool {
	for n := range s.Clauses {
		switch other := &s.Clauses[n]; other.Link {
		case "when", "once", "as", "after":
			if !other.Past && other.Force&clause.Would == 0 && other.From != c.From && (other.To == c.From || c.To <= other.From) {
				return true
			}
		}
	}
	return false
}

// tellsOthers reports whether a clause of telling or asking names whom, who is not in the room: "I must tell the landlord".
func (t *turn) tellsOthers(c *clause.Clause) bool {
	w := t.At(c.Object)
	return (c.Verb == "tell" || c.Verb == "ask" || c.Verb == "remind" || c.Verb == "warn" || c.Verb == "thank") &&
		(w == "her" || w == "him" || w == "them" || w == "the" || w == "their" || w == "my" || w == "our" || c.Object < len(t.Tokens) && t.Tokens[c.Object].Capital && w != "i")
}

// thinking is looking and checking on the spot.
var thinking = clause.Set(`see look think check know remember find hear believe imagine`)

// plainly judges "I" with a verb and no auxiliary: "I write a ticket", "I owe you", "I need you to", "I want it up by Friday".
func (t *turn) plainly(p *people.People, s *clause.Sentence, a *act, dated bool) bool {
	c := a.clause
	switch {
	case c.Verb == "owe":
		a.weight = 3
		return true
	case c.Verb == "need" || c.Verb == "want" || c.Verb == "like":
		a.owner, a.deed, a.weight = nil, ask, 1
		a.to = t.addressee(p, s)
		if t.At(c.Object) == "you" && t.At(c.Object+1) == "to" {
			a.weight = 2
			return true
		}
		if t.Find(c.Object, c.To, clause.Phrases("from you")) >= 0 {
			a.weight = 2
		}
		if c.Verb != "like" && t.deadline(s, c) {
			a.weight = 2
		}
		return dated || a.weight == 2
	case states[c.Verb] || talk[c.Verb] || c.Verb == "be" || c.Verb == "have" || c.Verb == "do" && t.At(c.Object) != "it" && !(dated && (t.At(c.Object) == "this" || t.At(c.Object) == "that")) && t.At(c.From-1) != "this" && t.At(c.From-1) != "that":
		return false
	}
	a.weight = 0
	if dated || c.Link == "then" {
		a.weight = 2
	}
	return true
}

// ours judges what "we" says. Nobody owns it.
func (t *turn) ours(s *clause.Sentence, a *act) bool {
	c := a.clause
	switch {
	case c.Asks && c.Force&(clause.Can|clause.Could) != 0:
		a.deed, a.weight = ask, 1
		return !states[c.Verb] && !conduct[c.Verb] && !resolving[c.Verb] || c.Verb == "get"
	case c.Asks || c.Force&(clause.Would|clause.Can|clause.Could|clause.Lets|clause.Wants) != 0:
		return false
	case c.Force&clause.Must != 0:
		a.deed, a.weight = need, 2
		return !states[c.Verb] && !talk[c.Verb] && !conduct[c.Verb]
	case c.Force&clause.Will != 0 && c.Verb == "need":
		a.deed, a.weight = need, 1
		return true
	case c.Force&clause.Will != 0:
		a.deed, a.weight = promise, 2
		return c.Verb != "" && !states[c.Verb] && !talk[c.Verb] && !opening[c.Verb] && !thinking[c.Verb] || c.Verb == "run" && c.Object < c.To
	case (c.Verb == "need" || c.Verb == "want") && c.Force == 0 && t.deadline(s, c):
		a.deed, a.weight = ask, 2
		return true
	case c.Verb == "need":
		a.deed, a.weight = need, 1
		return true
	}
	return false
}

// deadline reports whether a clause says by when.
func (t *turn) deadline(s *clause.Sentence, c *clause.Clause) bool {
	for _, w := range t.whensOf(s, c) {
		if w.Deadline && !w.Date.IsZero() {
			return true
		}
	}
	return false
}

// yours judges what is said to "you": a request, or a promise of what you get.
func (t *turn) yours(p *people.People, s *clause.Sentence, a *act) bool {
	c := a.clause
	a.to = t.addressee(p, s)
	dated := len(t.whensOf(s, c)) > 0
	given := c.Verb == "have" || c.Verb == "get" || c.Verb == "receive" || c.Verb == "see" || c.Verb == "hear" || c.Verb == "expect"
	switch {
	case c.Asks && c.Force&(clause.Can|clause.Could|clause.Will|clause.Would) != 0:
		a.deed, a.weight = ask, 2
		return !perceiving[c.Verb] && (!states[c.Verb] || c.Verb == "mind")
	case c.Asks && c.Force&clause.Wants != 0:
		a.deed, a.weight = offer, 1
		return t.At(c.Object) == "me" || t.At(c.Object) == "us"
	case c.Asks:
		return false
	case s.Asks && c.Force == clause.Can && c.Link == "so" && dated:
		a.deed, a.weight = ask, 1 // "so you can do it Thursday?"
		return !states[c.Verb] && !talk[c.Verb] && !perceiving[c.Verb]
	case given && (c.Force&clause.Will != 0 && c.Force&clause.Must == 0 || c.Force == 0 && (dated || t.Find(c.Object, c.To, clause.Phrases("from me")) >= 0)):
		a.deed, a.weight, a.owner = promise, 2, p.ByID[t.speaker]
		return c.Object < c.To
	case c.Force&(clause.Must|clause.Ought) != 0:
		a.deed, a.weight = ask, 1
		return !states[c.Verb]
	case c.Force&clause.Will != 0:
		a.deed, a.weight = ask, 1
		return !states[c.Verb] && c.Verb != ""
	case c.Force == 0 && !states[c.Verb] && c.Verb != "be" && c.Verb != "have":
		a.deed, a.weight = ask, 0
		return true
	}
	return false
}

var perceiving = clause.Set(`see hear imagine believe know tell explain say remember think guess understand picture read`)

// anybodys judges what somebody has to do.
func (t *turn) anybodys(a *act) bool {
	c := a.clause
	a.deed, a.weight = need, 3
	if c.Subject == clause.Who {
		a.weight = 0
		return c.Force&(clause.Will|clause.Ongoing|clause.Can|clause.Could) != 0 && !states[c.Verb] && !perceiving[c.Verb] && !talk[c.Verb]
	}
	if c.Asks {
		a.deed = ask
		return c.Force&(clause.Can|clause.Could|clause.Will|clause.Would) != 0 && !states[c.Verb]
	}
	return c.Force&(clause.Must|clause.Ought|clause.Will) != 0 && !states[c.Verb]
}

// theirs judges what somebody named does.
func (t *turn) theirs(a *act) bool {
	c := a.clause
	a.deed, a.weight = promise, 3
	switch {
	case !c.Asks && c.Force&^clause.Will == 0 && c.Verb == "need" && c.Object < c.To:
		a.deed, a.weight, a.owner = need, 1, nil
		return true
	case c.Asks || states[c.Verb] || c.Force&(clause.Would|clause.Could|clause.Wants) != 0 || c.Verb == "":
		return false
	case c.Force&(clause.Must|clause.Will) != 0:
		return true
	case c.Force&clause.Ought != 0:
		return true
	case c.Force&clause.Can != 0:
		a.weight = 2
		return true
	case c.Force&clause.Ongoing != 0:
		a.weight = 1
		return true
	}
	if a.weight = 1; c.Link == "so" || c.Link == "then" {
		a.weight = 2
	}
	return c.Force == 0 && c.Verb != "be" && c.Verb != "have" && c.Verb != "do"
}

// things judges a noun or "it": what must be done to it, or when it will be there.
func (t *turn) things(p *people.People, s *clause.Sentence, a *act) bool {
	c := a.clause
	if c.Asks && c.Subject == clause.Thing && t.At(c.Noun.From) == "your" && c.Force&(clause.Can|clause.Could|clause.Will|clause.Would) != 0 {
		a.deed, a.weight, a.to = ask, 2, t.addressee(p, s) // "can your team wire it"
		return !states[c.Verb] && !talk[c.Verb] && c.Verb != ""
	}
	if c.Asks || c.Force&(clause.Would|clause.Could|clause.Wants) != 0 {
		return false
	}
	if mine := t.At(c.Noun.From) == "my" && c.Noun.To-c.Noun.From == 2; mine && c.Force&^(clause.Can|clause.Will) == 0 && c.Force != 0 && people.Crew(t.At(c.Noun.To-1)) {
		a.deed, a.weight, a.owner = promise, 3, p.ByID[t.speaker] // "my foreman can do it"
		return !states[c.Verb] && !talk[c.Verb] && !c.Passive && c.Verb != "be" && c.Verb != ""
	}
	if one := people.Role(t.Text, c.Noun); one != nil && c.Force == clause.Ought && c.Subject == clause.Thing && !c.Passive {
		a.deed, a.weight, a.owner = promise, 2, one
		return !states[c.Verb] && !talk[c.Verb] && c.Verb != "be" && c.Verb != "have"
	}
	if c.Force&clause.Can != 0 {
		a.deed, a.weight, a.owner = promise, 1, p.Third(t.Text, c.Noun)
		return a.owner != nil && !t.pronoun(c) && !states[c.Verb] && !c.Passive
	}
	if i := t.Find(c.Object, t.limit(s, c), clause.Phrases("from me, by me")); i >= 0 && c.Verb != "come" && c.Verb != "be" {
		a.deed, a.weight, a.owner = promise, 3, p.ByID[t.speaker]
		return true
	}
	if c.Force&^clause.Will == 0 && (c.Verb == "need" || c.Verb == "want" && (clause.IsGerund(t.At(c.Object)) || t.deadline(s, c))) && c.Object < c.To && c.Subject == clause.Thing {
		a.deed, a.weight = need, 1
		return true
	}
	if c.Force&clause.Must != 0 {
		if c.Passive || impersonal[c.Verb] && !(c.Verb == "be" && t.pronoun(c) && len(t.whensOf(s, c)) == 0) {
			a.deed, a.weight = need, 2
			return true
		}
		if one := p.Third(t.Text, c.Noun); one != nil && c.Subject == clause.Thing && !states[c.Verb] && !t.pronoun(c) {
			a.deed, a.weight, a.owner = promise, 3, one
			return true
		}
		return false
	}
	if c.Force == 0 && c.Subject == clause.Thing && (t.At(c.Object) == "your" || t.At(c.Object) == "you") && len(t.whensOf(s, c)) > 0 {
		a.deed, a.weight, a.owner = promise, 2, p.ByID[t.speaker]
		return true
	}
	if c.Force&clause.Will == 0 {
		a.deed, a.weight, a.owner = promise, 1, people.Role(t.Text, c.Noun)
		return c.Force == clause.Ongoing && a.owner != nil && c.Subject == clause.Thing && !t.pronoun(c) && !states[c.Verb] && !talk[c.Verb]
	}
	if one := p.Third(t.Text, c.Noun); one != nil && c.Subject == clause.Thing && !states[c.Verb] && !talk[c.Verb] && !c.Passive && c.Verb != "be" && !t.pronoun(c) {
		a.deed, a.weight, a.owner = promise, 3, one
		return true
	}
	if c.Passive || c.Verb == "be" || c.Verb == "go" || c.Verb == "come" {
		if a.deed, a.weight, a.owner = promise, 1, p.ByID[t.speaker]; c.Passive && len(t.whensOf(s, c)) > 0 {
			a.weight = 2
		}
		return c.Subject == clause.Thing
	}
	return false
}

func (t *turn) pronoun(c *clause.Clause) bool {
	return c.Noun.To-c.Noun.From == 1 && c.Subject == clause.Thing && clause.Nominative[t.At(c.Noun.From)]
}

// limit gives the end of the sentence's part that a clause and what is tied to it by "and" fill.
func (t *turn) limit(s *clause.Sentence, c *clause.Clause) int {
	to := c.To
	for n := range s.Clauses {
		if next := &s.Clauses[n]; next.From >= to && (next.Link == "and" || next.Link == "") && next.Subject != clause.Me {
			to = next.To
		}
	}
	return to
}

// impersonal are the verbs with which a thing is said to need doing.
var impersonal = clause.Set(`be go happen come move change`)

// order judges a bare verb: an order or a request.
func (t *turn) order(p *people.People, s *clause.Sentence, a *act) bool {
	c := a.clause
	if !c.Order || c.Negated || c.Verb == "thank" || c.Verb == "welcome" || c.Verb == "be" || states[c.Verb] || c.Verb == "say" || c.Verb == "give" && t.At(c.Object) == "me" && len(t.whensIn(c.Object, c.To)) > 0 || c.Verb == "make" && t.At(c.Object) == "it" {
		return false
	}
	a.deed, a.weight = ask, 0
	a.to = t.addressee(p, s)
	if a.to != nil {
		a.weight = 1
	}
	return true
}

// addressee gives the person whom a sentence calls by name, nil where it is none or several.
func (t *turn) addressee(p *people.People, s *clause.Sentence) *people.Person {
	var found *people.Person
	for i := s.From; i < s.To; i++ {
		if people.Vocative(t.Text, s, i) && p.Of(t.Tokens[i].Who) != p.ByID[t.speaker] {
			if found != nil && found != p.Of(t.Tokens[i].Who) {
				return nil
			}
			found = p.Of(t.Tokens[i].Who)
		}
	}
	return found
}

// deedly reports whether a verb is one of work and daily business: the grammar knows those, and what is left over is mostly
// said for fun.
func deedly(verb string) bool {
	_, f := clause.Lookup(verb)
	return f == clause.Bare && !bodily[verb] || light[verb]
}

var bodily = clause.Set(`eat hang die live lie sleep wear sing dance drink cry kiss marry swim`)

// extra weighs what stands beside the clause: a date, "please", a name called.
func (t *turn) extra(a *act) int {
	n := 0
	for _, w := range a.whens {
		if !w.Date.IsZero() || w.Deadline {
			n++
			break
		}
	}
	if a.deed == promise && a.clause.Subject == clause.Me && !deedly(a.clause.Verb) {
		n--
	}
	s := &t.Sentences[a.sentence]
	if a.deed == ask {
		for i := s.From; i < s.To; i++ {
			if t.At(i) == "please" || t.At(i) == "you" && i+1 >= s.To && (t.At(i-1) == "would" || t.At(i-1) == "could" || t.At(i-1) == "will") {
				n++
				break
			}
		}
		if a.to != nil {
			n++
		}
	}
	return n
}
