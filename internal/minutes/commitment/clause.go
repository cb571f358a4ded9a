package commitment

import "strings"

// force is what the auxiliaries of a verb group say, as a set of bits.
type force uint16

const (
	will    force = 1 << iota // will, shall, going to
	can                       // can, able to
	could                     // could
	would                     // would, might, may: not real yet
	must                      // must, have to, need to, got to, had better
	ought                     // should, ought to, supposed to
	wants                     // want to, would like to
	glad                      // happy to, willing to
	ongoing                   // am doing
	lets                      // let me, let us
)

// kind says who or what a clause is about.
type kind int

const (
	none     kind = iota // no subject: an order, or cut off
	me                   // I
	us                   // we
	you                  // you
	someone              // someone, one of us
	everyone             // everybody, people, nobody
	named                // a person or a body that is named
	who                  // who, in a question
	thing                // it, that, a noun
)

// clause is a verb group with its subject and what follows up to the next clause.
type clause struct {
	from, to int // tokens, the subject included; to is where the next clause begins
	at       int // the main verb, or -1
	verb     string
	object   int // the first token after the verb group
	subject  kind
	noun     span // the subject's tokens, where it is a noun or a name
	person   *person
	force    force
	past     bool // what was, or has been, done
	negated  bool
	passive  bool
	asks     bool   // a question by its order of words
	order    bool   // an order: it begins with a bare verb
	link     string // the conjunction that ties it to what was before, "" if none
}

// span is a stretch of tokens, to not included.
type span struct{ from, to int }

func (s span) empty() bool { return s.from >= s.to }

// parse finds the clauses of each sentence of the turn. It is a shallow grammar: a clause is found by its verb group, a noun
// subject is what stands before it, and everything up to the next clause belongs to it.
func (t *turn) parse() {
	for k := range t.sentences {
		s := &t.sentences[k]
		for i := s.from; i < s.to; {
			c, ok := t.clauseAt(s, i)
			if !ok {
				i++
				continue
			}
			s.clauses = append(s.clauses, c)
			i = max(i+1, c.object)
		}
		for n := range s.clauses {
			c := &s.clauses[n]
			if c.to = s.to; n+1 < len(s.clauses) {
				c.to = max(c.object, s.clauses[n+1].from)
			}
			c.link = t.linkBefore(s, c)
		}
	}
}

// clauseAt reads the clause whose verb group or subject begins at token i.
func (t *turn) clauseAt(s *sentence, i int) (clause, bool) {
	w := t.at(i)
	last := 0
	if n := len(s.clauses); n > 0 {
		last = s.clauses[n-1].object
	}
	switch {
	case w == "let" && (t.at(i+1) == "me" || t.at(i+1) == "us"):
		return t.letting(s, i)
	case t.inverted(s, i, last):
		c := clause{from: i, asks: true}
		t.setSubject(&c, i+1)
		seen := c
		seen.object = i + 1
		t.aux(&c, i)
		next := i + 2
		if t.tokens[i+1].name != nil && t.at(i+2) != "" && t.tokens[min(i+2, len(t.tokens)-1)].name == t.tokens[i+1].name {
			next++
		}
		return t.group(s, c, next, beings[w])
	case t.opensGroup(i, s.to):
		c := clause{from: i}
		t.subjectBefore(&c, s, i, last)
		return t.group(s, c, i, false)
	case nominatives[w] || t.tokens[i].name != nil:
		return t.plain(s, i, last)
	case t.orders(s, i):
		c := clause{from: i, order: true}
		return t.group(s, c, i, false)
	}
	return t.nounClause(s, i, last)
}

// letting reads "let me see" and "let us see".
func (t *turn) letting(s *sentence, i int) (clause, bool) {
	c := clause{from: i, subject: me, force: lets, order: true}
	if t.at(i+1) == "us" {
		c.subject = us
	}
	return t.group(s, c, i+2, false)
}

// inverted reports whether a question begins at i: an auxiliary before its subject.
func (t *turn) inverted(s *sentence, i, last int) bool {
	w, next := t.at(i), t.at(i+1)
	if i+1 >= s.to || !modals[w] && !(beings[w] && w != "be") && !havings[w] && !doings[w] || t.tokens[i].second && !asking[t.at(i-1)] {
		return false
	}
	subject := nominatives[next] && next != "there" && next != "what" && next != "which" && next != "who" || t.tokens[i+1].name != nil
	if !subject || (next == "that" || next == "this") && !beings[w] && !modals[w] && !doings[w] {
		return false
	}
	if i == last || i == s.from {
		return true
	}
	before := t.at(i - 1)
	return !(nominatives[before] && !asking[before]) && !(adverbs[before] && nominatives[t.at(i-2)] && !asking[t.at(i-2)])
}

// opensGroup reports whether a verb group can begin at i: with an auxiliary.
func (t *turn) opensGroup(i, to int) bool {
	w, next := t.at(i), t.at(i+1)
	switch {
	case modals[w], w == "am", w == "is", w == "are", w == "was", w == "were", havings[w] && w != "having", doings[w]:
		return w != "will" && w != "may" && w != "might" && w != "can" || i+1 < to
	case w == "need" || w == "needs" || w == "want" || w == "wants" || w == "needed" || w == "wanted":
		return next == "to" || isGerund(next)
	case w == "got":
		return next == "to"
	}
	return w == "ought"
}

// plain reads a clause without an auxiliary: a pronoun or a name, and a verb that agrees with it.
func (t *turn) plain(s *sentence, i, last int) (clause, bool) {
	j := i + 1
	for j < s.to && (adverbs[t.at(j)] && t.at(j) != "not" || t.tokens[j].name != nil && t.tokens[i].name == t.tokens[j].name) {
		j++
	}
	if j >= s.to || strings.ContainsAny(t.tokens[j].gap, ";:") || t.opensGroup(j, s.to) {
		return clause{}, false
	}
	base, f := verb(t.at(j))
	w := t.at(i)
	agrees := f == bare && (w == "i" || w == "we" || w == "you" || w == "they" || w == "who") || f == third && w != "i" && w != "we" && w != "you" && w != "they" ||
		f == past || f == noVerb && isParticiple(t.at(j))
	// "Read" and "put" look the same in past and present; after "he" they are past.
	agrees = agrees || f == bare && len(pastForms(base)) > 0
	if t.tokens[i].name != nil {
		agrees = f == third || f == past
	}
	if !agrees || i > last && prepositions[t.at(i-1)] && w != "i" && w != "we" && w != "they" && w != "he" && w != "she" {
		return clause{}, false
	}
	c := clause{from: i, past: f == past || f == noVerb || f == bare && (w == "he" || w == "she")}
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

var same = set(`cost cut hit let put quit read reset set shut split`)

// orders reports whether an order begins at i: a bare verb where a sentence or a clause begins.
func (t *turn) orders(s *sentence, i int) bool {
	w := t.at(i)
	if _, f := verb(w); f != bare || w == "need" || w == "want" || w == "own" || w == "like" {
		return false
	}
	if next := t.at(i + 1); beings[next] || modals[next] || i+1 < s.to && t.tokens[i+1].norm == "of" {
		return false
	}
	for j := i - 1; j >= s.from; j-- {
		before := t.at(j)
		switch {
		case before == "please" || before == "then" || before == "just" || before == "and" && j > s.from:
			return true
		case t.tokens[j].name != nil || openers[before] || before == "not" || before == "do":
			continue
		}
		return false
	}
	return true
}

// nounClause reads a noun with a verb that agrees: "the treasurer moves the money", "VRF stays".
func (t *turn) nounClause(s *sentence, i, last int) (clause, bool) {
	_, f := verb(t.at(i))
	if f != third && f != past || i == s.from || i <= last && i > 0 && last > 0 {
		return clause{}, false
	}
	before := t.at(i - 1)
	if determiners[before] || prepositions[before] || coordinators[before] || openers[before] || t.opensGroup(i-1, s.to) || nominatives[before] ||
		adverbs[before] || beings[before] || strings.ContainsAny(t.tokens[i].gap, ",;:-") || isGerund(before) {
		return clause{}, false
	}
	if _, g := verb(before); g != noVerb && i-1 == s.from {
		return clause{}, false
	}
	c := clause{from: i, past: f == past}
	t.subjectBefore(&c, s, i, last)
	if c.subject == none {
		return clause{}, false
	}
	return t.group(s, c, i, false)
}

// linkBefore gives the conjunction that opens a clause.
func (t *turn) linkBefore(s *sentence, c *clause) string {
	for j := c.from - 1; j >= s.from && j >= c.from-4; j-- {
		w := t.at(j)
		switch {
		case conditions[w] && !t.whether(j), w == "case", w == "long" && t.at(j-1) == "as", w == "otherwise", w == "else":
			return w
		case w == "if":
			return "whether"
		case relations[w] || coordinators[w]:
			return w
		case w == "that":
			return w
		case adverbs[w] || openers[w] || w == "soon" || w == "minute" || w == "moment" || w == "the" || t.tokens[j].name != nil:
			continue
		}
		return ""
	}
	return ""
}

// whether reports whether the "if" at j asks and sets no condition: "see if", "ask him if".
func (t *turn) whether(j int) bool {
	for k := j - 1; k >= 0 && k >= j-3; k-- {
		if wondering[t.at(k)] {
			return true
		}
	}
	return false
}

var wondering = set(`see ask check know find wonder tell sure asking seeing checking asked out confirm say`)
