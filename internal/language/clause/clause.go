// Package clause reads the clauses of spoken English: who is said to do what, whether it is done, wanted, denied or asked.
//
// It is a shallow grammar, made for talk and for what a recognizer makes of it: fillers, false starts, no marks, no capitals.
// [New] divides words into sentences and [Token] values, where a contraction is two tokens. The caller may mark tokens that
// name somebody. [Text.Parse] then finds each [Clause] by its verb group:
//
//	somebody'll  have to  draw  that up        subject Someone, force Will|Must, verb "draw"
//	can  you  send  them again                 subject You, force Can, Asks
//	the licence  has to be  amended            subject Thing, force Must, Passive, verb "amend"
//	we  'd  go                                 subject Us, force Would: not real
//
// The auxiliaries give force, tense and negation; what stands before them is the subject, what stands behind up to the next
// clause belongs to the clause; the conjunction before it is its link. Nothing is guessed from a clause's meaning. The word
// classes are closed lists; verbs are looked up in a table of common ones, and any word after a modal is one.
package clause

import (
	"strings"

	"mainstay/internal/language"
)

// Force is what the auxiliaries of a verb group say, as a set of bits.
type Force uint16

const (
	Will    Force = 1 << iota // will, shall, going to
	Can                       // can, able to
	Could                     // could
	Would                     // would, might, may: not real yet
	Must                      // must, have to, need to, got to, had better
	Ought                     // should, ought to, supposed to
	Wants                     // want to, would like to
	Glad                      // happy to, willing to
	Ongoing                   // am doing
	Lets                      // let me, let us
)

// Kind says who or what a clause is about.
type Kind int

const (
	None     Kind = iota // no subject: an order, or cut off
	Me                   // I
	Us                   // we
	You                  // you
	Someone              // someone, one of us
	Everyone             // everybody, people, nobody
	Named                // a person or a body that is named
	Who                  // who, in a question
	Thing                // it, that, a noun
)

// Clause is a verb group with its subject and what follows up to the next clause.
type Clause struct {
	From, To int // tokens, the subject included; to is where the next clause begins
	At       int // the main verb, or -1
	Verb     string
	Object   int // the first token after the verb group
	Subject  Kind
	Noun     Span // the subject's tokens, where it is a noun or a name
	Who      int  // who the subject is, as tokens name it
	Force    Force
	Past     bool // what was, or has been, done
	Negated  bool
	Passive  bool
	Asks     bool   // a question by its order of words
	Order    bool   // an order: it begins with a bare verb
	Link     string // the conjunction that ties it to what was before, "" if none
}

// Span is a stretch of tokens, to not included.
type Span struct{ From, To int }

func (s Span) Empty() bool { return s.From >= s.To }

// Parse finds the clauses of each sentence of the turn. It is a shallow grammar: a clause is found by its verb group, a noun
// subject is what stands before it, and everything up to the next clause belongs to it.
func (t *Text) Parse() {
	for k := range t.Sentences {
		s := &t.Sentences[k]
		for i := s.From; i < s.To; {
			c, ok := t.clauseAt(s, i)
			if !ok {
				i++
				continue
			}
			if from := c.From; c.Asks && len(s.Clauses) > 0 {
				for k := from - 1; k >= from-2 && k >= s.Clauses[len(s.Clauses)-1].Object; k-- {
					if Asking[t.At(k)] {
						c.From = k // "what time is it"
					}
				}
			}
			s.Clauses = append(s.Clauses, c)
			i = max(i+1, c.Object)
		}
		for n := range s.Clauses {
			c := &s.Clauses[n]
			if c.To = s.To; n+1 < len(s.Clauses) {
				c.To = max(c.Object, s.Clauses[n+1].From)
			}
			c.Link = t.linkBefore(s, c)
		}
	}
}

// Units gives the stretches of the text that affirm or deny on their own: a main clause with what depends on it. "I don't think
// we should" is one, "not yet, no, I'll call him" is two.
func (t *Text) Units() []Span {
	var units []Span
	for _, s := range t.Sentences {
		from := s.From
		if len(s.Clauses) > 0 && s.Clauses[0].Order && s.Clauses[0].From > from && t.opening(from, s.Clauses[0].From) {
			units = append(units, Span{from, s.Clauses[0].From})
			from = s.Clauses[0].From
		}
		for n := 1; n < len(s.Clauses); n++ {
			c, before := &s.Clauses[n], &s.Clauses[n-1]
			own := c.Link == "" || Coordinator[c.Link]
			if !own || doubting[before.Verb] || c.From <= from || c.Subject == None && !c.Order || c.Order && c.Link != "" {
				continue
			}
			units = append(units, Span{from, c.From})
			from = c.From
		}
		units = append(units, Span{from, s.To})
	}
	return units
}

func (t *Text) opening(from, to int) bool {
	for i := from; i < to; i++ {
		if !Opener[t.At(i)] {
			return false
		}
	}
	return true
}

// doubting verbs carry their negation into the clause behind them.
var doubting = Set(`think believe say want suppose guess expect hope agree mean see know tell claim reckon imagine feel seem promise`)

// clauseAt reads the clause whose verb group or subject begins at token i.
func (t *Text) clauseAt(s *Sentence, i int) (Clause, bool) {
	w := t.At(i)
	last := 0
	if n := len(s.Clauses); n > 0 {
		last = s.Clauses[n-1].Object
	}
	switch {
	case w == "let" && (t.At(i+1) == "me" || t.At(i+1) == "us"):
		return t.letting(s, i)
	case t.inverted(s, i, last):
		c := Clause{From: i, Asks: true}
		t.setSubject(&c, i+1)
		seen := c
		seen.Object = i + 1
		t.aux(&c, i)
		next := i + 2
		if t.At(i+1) == "not" {
			c.Negated = true
			t.setSubject(&c, i+2)
			next++
		}
		if t.Tokens[i+1].Who != 0 && t.At(i+2) != "" && t.Tokens[min(i+2, len(t.Tokens)-1)].Who == t.Tokens[i+1].Who {
			next++
		}
		return t.group(s, c, next, Being[w])
	case t.requested(s, i) > 0:
		c := Clause{From: i, Asks: true, Subject: Thing, Noun: Span{i + 1, t.requested(s, i)}}
		if n := c.Noun.To; t.At(n-1) == "you" {
			c.Subject = map[bool]Kind{true: Someone, false: You}[choosing[t.At(i+1)]]
		}
		t.aux(&c, i)
		return t.group(s, c, c.Noun.To, false)
	case w == "have" && (Determiner[t.At(i+1)] || Objective[t.At(i+1)] && isBare(t.At(i+2))) && t.orders(s, i):
		return t.group(s, Clause{From: i, Order: true}, i, false)
	case t.OpensGroup(i, s.To):
		c := Clause{From: i}
		t.subjectBefore(&c, s, i, last)
		return t.group(s, c, i, false)
	case Nominative[w] || t.Tokens[i].Who != 0:
		return t.plain(s, i, last)
	case t.orders(s, i):
		c := Clause{From: i, Order: true}
		return t.group(s, c, i, false)
	}
	return t.nounClause(s, i, last)
}

// requested gives the end of the subject where a modal at i asks a group, or what is the listener's: "could one of you", "can
// your fitters". It gives 0 where none stands there.
func (t *Text) requested(s *Sentence, i int) int {
	const longest = 4
	w, next := t.At(i), t.At(i+1)
	if w != "can" && w != "could" && w != "will" && w != "would" || t.Tokens[i].Second || i > s.From && Nominative[t.At(i-1)] {
		return 0
	}
	if next != "your" && next != "the" && next != "both" && next != "all" && next != "each" && !choosing[next] {
		return 0
	}
	for k := i + 2; k <= i+1+longest && k < s.To; k++ {
		if next == "your" && k > i+2 && isBare(t.At(k)) || t.At(k-1) == "you" && t.At(k-2) == "of" && isBare(t.At(k)) {
			return k
		}
		if t.Tokens[k].Gap != " " {
			break
		}
	}
	return 0
}

// choosing words ask any one of a group.
var choosing = Set(`one some any either`)

// letting reads "let me see" and "let us see".
func (t *Text) letting(s *Sentence, i int) (Clause, bool) {
	c := Clause{From: i, Subject: Me, Force: Lets, Order: true}
	if t.At(i+1) == "us" {
		c.Subject = Us
	}
	return t.group(s, c, i+2, false)
}

// inverted reports whether a question begins at i: an auxiliary before its subject.
func (t *Text) inverted(s *Sentence, i, last int) bool {
	w, next := t.At(i), t.At(i+1)
	if next == "not" && i+2 < s.To && t.Tokens[i+1].Second && i != last && (t.At(i+2) == "you" || t.At(i+2) == "we" || t.At(i+2) == "i" || t.At(i+2) == "they" || t.At(i+2) == "he" || t.At(i+2) == "she") {
		return !Nominative[t.At(i-1)]
	}
	if i+1 >= s.To || !Modal[w] && !(Being[w] && w != "be") && !Having[w] && !doings[w] || t.Tokens[i].Second && !Asking[t.At(i-1)] {
		return false
	}
	subject := Nominative[next] && next != "there" && next != "what" && next != "which" && next != "who" || t.Tokens[i+1].Who != 0
	if !subject || (next == "that" || next == "this") && !Being[w] && !Modal[w] && !doings[w] {
		return false
	}
	if i == last || i == s.From {
		return true
	}
	before := t.At(i - 1)
	return !(Nominative[before] && !Asking[before]) && !(Adverb[before] && Nominative[t.At(i-2)] && !Asking[t.At(i-2)])
}

// OpensGroup reports whether a verb group can begin at i: with an auxiliary.
func (t *Text) OpensGroup(i, to int) bool {
	w, next := t.At(i), t.At(i+1)
	switch {
	case w == "am":
		return t.At(i-1) == "i" || next == "i"
	case Modal[w], w == "is", w == "are", w == "was", w == "were", Having[w] && w != "having", doings[w]:
		return w != "will" && w != "may" && w != "might" && w != "can" || i+1 < to
	case w == "need" || w == "needs" || w == "want" || w == "wants" || w == "needed" || w == "wanted":
		return next == "to" || IsGerund(next)
	case w == "got":
		return next == "to"
	}
	return w == "ought"
}

// plain reads a clause without an auxiliary: a pronoun or a name, and a verb that agrees with it.
func (t *Text) plain(s *Sentence, i, last int) (Clause, bool) {
	if t.Tokens[i].Gap == "-" {
		return Clause{}, false // "thank-you note"
	}
	if n := len(s.Clauses); n > 0 && i == s.Clauses[n-1].Object && keeping[s.Clauses[n-1].Verb] && Pointer[t.At(i)] {
		return Clause{}, false
	}
	j := i + 1
	for j < s.To && (Adverb[t.At(j)] && t.At(j) != "not" || t.Tokens[j].Who != 0 && t.Tokens[i].Who == t.Tokens[j].Who) {
		j++
	}
	if j >= s.To || strings.ContainsAny(t.Tokens[j].Gap, ";:") || t.OpensGroup(j, s.To) {
		return Clause{}, false
	}
	base, f := Lookup(t.At(j))
	w := t.At(i)
	agrees := f == Bare && (w == "i" || w == "we" || w == "you" || w == "they" || w == "who") || f == Third && w != "i" && w != "we" && w != "you" && w != "they" ||
		f == Past || f == NoVerb && IsParticiple(t.At(j))
	// "Read" and "put" look the same in past and present; after "he" they are past.
	agrees = agrees || f == Bare && len(pastForms(base)) > 0
	if t.Tokens[i].Who != 0 {
		agrees = f == Third || f == Past
	}
	if !agrees || i > last && Preposition[t.At(i-1)] && w != "i" && w != "we" && w != "they" && w != "he" && w != "she" {
		return Clause{}, false
	}
	c := Clause{From: i, Past: f == Past || f == NoVerb || f == Bare && (w == "he" || w == "she")}
	t.setSubject(&c, i)
	return t.group(s, c, j, false)
}

// pastForms gives the past forms of a verb that are equal to its bare form.
func pastForms(base string) []string {
	if same[base] {
		return []string{base}
	}
	return nil
}

var same = Set(`cost cut hit let put quit read reset set shut split`)

// orders reports whether an order begins at i: a bare verb where a sentence or a clause begins.
func (t *Text) orders(s *Sentence, i int) bool {
	w := t.At(i)
	if _, f := Lookup(w); f != Bare || w == "need" || w == "want" || w == "own" || w == "like" {
		return false
	}
	if next := t.At(i + 1); Being[next] || Modal[next] || i+1 < s.To && t.Tokens[i+1].Norm == "of" {
		return false
	}
	if before := t.At(i - 1); (t.At(i+1) == "me" || t.At(i+1) == "us") && i > s.From && w != "let" && !Nominative[before] && before != "to" && !Modal[before] && before != "not" && !Coordinator[before] && !Adverb[before] {
		return true
	}
	for j := i - 1; j >= s.From; j-- {
		before := t.At(j)
		switch {
		case before == "please" || before == "then" || before == "just" || before == "and" && j > s.From:
			return true
		case t.Tokens[j].Who != 0 || Opener[before] || before == "not" || before == "do":
			continue
		}
		return false
	}
	return true
}

// nounClause reads a noun with a verb that agrees: "the treasurer moves the money", "VRF stays".
func (t *Text) nounClause(s *Sentence, i, last int) (Clause, bool) {
	_, f := Lookup(t.At(i))
	if f != Third && f != Past || i == s.From || i <= last && i > 0 && last > 0 {
		return Clause{}, false
	}
	before := t.At(i - 1)
	if n := len(s.Clauses); f == Past && n > 0 && i <= s.Clauses[n-1].Object+4 && keeping[s.Clauses[n-1].Verb] {
		return Clause{}, false
	}
	if f == Past && !t.determined(s, i, last) {
		return Clause{}, false
	}
	if Determiner[before] || Preposition[before] || Coordinator[before] || Opener[before] || t.OpensGroup(i-1, s.To) || Nominative[before] ||
		Adverb[before] || Being[before] || strings.ContainsAny(t.Tokens[i].Gap, ",;:-") || IsGerund(before) {
		return Clause{}, false
	}
	if _, g := Lookup(before); g != NoVerb && i-1 == s.From || f == Third && before != "one" && len(language.English.Numbers(before)) > 0 {
		return Clause{}, false // "two quotes"
	}
	c := Clause{From: i, Past: f == Past}
	t.subjectBefore(&c, s, i, last)
	if c.Subject == None {
		return Clause{}, false
	}
	return t.group(s, c, i, false)
}

// determined reports whether the noun before token i has an article or a name's capital.
func (t *Text) determined(s *Sentence, i, last int) bool {
	from := t.nounFrom(s, i-1, last)
	return from < i && (Determiner[t.At(from)] || t.Tokens[from].Who != 0)
}

// keeping are verbs that take an object and a participle: "have the gutters done".
var keeping = Set(`have get need want see keep leave make find hear`)

// linkBefore gives the conjunction that opens a clause.
func (t *Text) linkBefore(s *Sentence, c *Clause) string {
	for j := c.From - 1; j >= s.From && j >= c.From-4; j-- {
		w := t.At(j)
		switch {
		case Condition[w] && !t.whether(j), w == "case", w == "long" && t.At(j-1) == "as", w == "otherwise", w == "else":
			return w
		case w == "if":
			return "whether"
		case Relation[w] || Coordinator[w]:
			return w
		case w == "that":
			return w
		case Adverb[w] || Opener[w] || w == "soon" || w == "minute" || w == "moment" || w == "the" || t.Tokens[j].Who != 0:
			continue
		}
		return ""
	}
	return ""
}

// whether reports whether the "if" at j asks and sets no condition: "see if", "ask him if".
func (t *Text) whether(j int) bool {
	for k := j - 1; k >= 0 && k >= j-3; k-- {
		if wondering[t.At(k)] {
			return true
		}
	}
	return false
}

var wondering = Set(`see ask check know find wonder tell sure asking seeing checking asked out confirm say`)
