package commitment

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
	clause   *clause
	content  span    // the words that say what is to be done, the verb first
	owner    *person // nil where nobody is named
	to       *person // who is asked, nil where nobody is named
	weight   int     // how sure it is that this is an action, 3 is enough
	rich     int     // how much it says of what is done: hollow, pointing or full
	stems    map[string]bool
	whens    []when
}

// enough is the weight from which an action is written down.
const enough = 3

// acts finds what the turn says is to be done.
func (t *turn) acts(p *people, index int) []act {
	var list []act
	for k := range t.sentences {
		s := &t.sentences[k]
		list = append(list, t.idioms(p, s, index, k)...)
		for n := range s.clauses {
			c := &s.clauses[n]
			if t.guarded(s, n) {
				continue
			}
			a := act{turn: index, sentence: k, clause: c}
			if !t.judge(p, s, &a) {
				continue
			}
			a.content = t.contentOf(s, n)
			a.whens = t.whensOf(s, c)
			a.rich, a.stems = t.says(&a)
			a.weight += t.extra(&a)
			list = append(list, a)
		}
	}
	return list
}

// judge sets deed, owner, addressee and weight by subject and force; false where the clause is no act.
func (t *turn) judge(p *people, s *sentence, a *act) bool {
	c := a.clause
	if c.past || c.negated && !c.asks {
		return false
	}
	switch c.subject {
	case me:
		a.owner = p.byID[t.speaker]
		return t.mine(p, s, a)
	case us:
		return t.ours(s, a)
	case you:
		return t.yours(p, s, a)
	case someone, who:
		return t.anybodys(a)
	case named:
		a.owner = c.person
		return t.theirs(a)
	case thing, everyone:
		return t.things(p, s, a)
	case none:
		return t.order(p, s, a)
	}
	return false
}

// mine judges what "I" says.
func (t *turn) mine(p *people, s *sentence, a *act) bool {
	c := a.clause
	dated := len(t.whensOf(s, c)) > 0
	a.deed = promise
	switch {
	case c.asks && c.force&(will|ought|can) != 0 && t.at(c.from) == "shall":
		a.deed, a.weight = offer, 1
	case c.asks:
		return false
	case c.force&lets != 0:
		a.weight = 3
		return !states[c.verb] && (!conduct[c.verb] && !thinking[c.verb] || dated)
	case c.force&would != 0:
		return false
	case c.force&(must|glad) != 0:
		a.weight = 3
		return !states[c.verb] && !talk[c.verb]
	case c.force&will != 0:
		a.weight = 3
		return c.verb != "" && (!states[c.verb] || c.verb == "own")
	case c.force&(can|could) != 0:
		a.deed, a.weight = offer, 2
		if c.force&could != 0 {
			a.weight = 1
		}
		return !states[c.verb] && !thinking[c.verb] && c.verb != "tell" && c.verb != "say"
	case c.force&(ought|wants) != 0:
		return false
	case c.force&ongoing != 0:
		a.weight = 1
		if dated {
			a.weight = 2
		}
		return !states[c.verb] && !talk[c.verb]
	}
	return t.plainly(p, s, a, dated)
}

// thinking is looking and checking on the spot.
var thinking = set(`see look think check know remember find hear believe imagine`)

// plainly judges "I" with a verb and no auxiliary: "I write a ticket", "I owe you", "I need you to", "I want it up by Friday".
func (t *turn) plainly(p *people, s *sentence, a *act, dated bool) bool {
	c := a.clause
	switch {
	case c.verb == "owe":
		a.weight = 3
		return true
	case c.verb == "need" || c.verb == "want" || c.verb == "like":
		a.owner, a.deed, a.weight = nil, ask, 1
		a.to = t.addressee(p, s)
		if t.at(c.object) == "you" && t.at(c.object+1) == "to" {
			a.weight = 2
			return true
		}
		if t.find(c.object, c.to, phrases("from you")) >= 0 {
			a.weight = 2
		}
		return dated || a.weight == 2
	case states[c.verb] || talk[c.verb] || c.verb == "be" || c.verb == "have" || c.verb == "do" && !dated && t.at(c.object) != "it":
		return false
	}
	a.weight = 0
	if dated {
		a.weight = 2
	}
	return true
}

// ours judges what "we" says. Nobody owns it.
func (t *turn) ours(s *sentence, a *act) bool {
	c := a.clause
	switch {
	case c.asks && c.force&(can|could) != 0:
		a.deed, a.weight = ask, 1
		return !states[c.verb] && !conduct[c.verb] || c.verb == "get"
	case c.asks || c.force&(would|can|could|lets|wants) != 0:
		return false
	case c.force&must != 0:
		a.deed, a.weight = need, 2
		return !states[c.verb] && !talk[c.verb] && !conduct[c.verb]
	case c.force&will != 0:
		a.deed, a.weight = promise, 2
		return c.verb != "" && !states[c.verb] && !talk[c.verb] && !conduct[c.verb]
	case c.verb == "need":
		a.deed, a.weight = need, 1
		return true
	}
	return false
}

// yours judges what is said to "you": a request, or a promise of what you get.
func (t *turn) yours(p *people, s *sentence, a *act) bool {
	c := a.clause
	a.to = t.addressee(p, s)
	given := c.verb == "have" || c.verb == "get" || c.verb == "receive" || c.verb == "see" || c.verb == "hear" || c.verb == "expect"
	switch {
	case c.asks && c.force&(can|could|will|would) != 0:
		a.deed, a.weight = ask, 2
		return !perceiving[c.verb] && (!states[c.verb] || c.verb == "mind")
	case c.asks && c.force&wants != 0:
		a.deed, a.weight = offer, 1
		return t.at(c.object) == "me" || t.at(c.object) == "us"
	case c.asks:
		return false
	case given && (c.force&will != 0 && c.force&must == 0 || c.force == 0 && t.find(c.object, c.to, phrases("from me")) >= 0):
		a.deed, a.weight, a.owner = promise, 2, p.byID[t.speaker]
		return c.object < c.to
	case c.force&(must|ought) != 0:
		a.deed, a.weight = ask, 1
		return !states[c.verb]
	case c.force&will != 0:
		a.deed, a.weight = ask, 1
		return !states[c.verb] && c.verb != ""
	case c.force == 0 && !states[c.verb] && c.verb != "be" && c.verb != "have":
		a.deed, a.weight = ask, 0
		return true
	}
	return false
}

var perceiving = set(`see hear imagine believe know tell explain say remember think guess understand picture read`)

// anybodys judges what somebody has to do.
func (t *turn) anybodys(a *act) bool {
	c := a.clause
	a.deed, a.weight = need, 2
	if c.subject == who {
		a.weight = 0
		return c.force&(will|ongoing) != 0 && !states[c.verb]
	}
	if c.asks {
		a.deed = ask
		return c.force&(can|could|will|would) != 0 && !states[c.verb]
	}
	return c.force&(must|ought|will) != 0 && !states[c.verb]
}

// theirs judges what somebody named does.
func (t *turn) theirs(a *act) bool {
	c := a.clause
	a.deed, a.weight = promise, 3
	switch {
	case c.asks || states[c.verb] || c.force&(would|could|wants) != 0 || c.verb == "":
		return false
	case c.force&(must|will) != 0:
		return true
	case c.force&ought != 0:
		return true
	case c.force&can != 0:
		a.weight = 2
		return true
	case c.force&ongoing != 0:
		a.weight = 1
		return true
	}
	a.weight = 1
	return c.force == 0 && c.verb != "be" && c.verb != "have" && c.verb != "do"
}

// things judges a noun or "it": what must be done to it, or when it will be there.
func (t *turn) things(p *people, s *sentence, a *act) bool {
	c := a.clause
	if c.asks || c.force&(would|could|can|wants) != 0 {
		return false
	}
	if t.find(c.object, c.to, phrases("from me, on me")) >= 0 && c.verb != "come" {
		a.deed, a.weight, a.owner = promise, 3, p.byID[t.speaker]
		return true
	}
	if c.force&must != 0 {
		if c.passive || impersonal[c.verb] {
			a.deed, a.weight = need, 2
			return true
		}
		if one := p.third(t, c.noun); one != nil && c.subject == thing && !states[c.verb] && !t.pronoun(c) {
			a.deed, a.weight, a.owner = promise, 3, one
			return true
		}
		return false
	}
	if c.force&will == 0 {
		return false
	}
	if one := p.third(t, c.noun); one != nil && c.subject == thing && !states[c.verb] && !c.passive && c.verb != "be" && !t.pronoun(c) {
		a.deed, a.weight, a.owner = promise, 3, one
		return true
	}
	if c.passive || c.verb == "be" || c.verb == "go" || c.verb == "come" {
		a.deed, a.weight, a.owner = promise, 1, p.byID[t.speaker]
		return c.subject == thing
	}
	return false
}

func (t *turn) pronoun(c *clause) bool {
	return c.noun.to-c.noun.from == 1 && nominatives[t.at(c.noun.from)]
}

// impersonal are the verbs with which a thing is said to need doing.
var impersonal = set(`be go happen come get move change`)

// order judges a bare verb: an order or a request.
func (t *turn) order(p *people, s *sentence, a *act) bool {
	c := a.clause
	if !c.order || c.negated || c.verb == "be" || states[c.verb] {
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
func (t *turn) addressee(p *people, s *sentence) *person {
	var found *person
	for i := s.from; i < s.to; i++ {
		if t.vocative(s, i) && t.tokens[i].name != p.byID[t.speaker] {
			if found != nil && found != t.tokens[i].name {
				return nil
			}
			found = t.tokens[i].name
		}
	}
	return found
}

// extra weighs what stands beside the clause: a date, "please", a name called.
func (t *turn) extra(a *act) int {
	n := 0
	if len(a.whens) > 0 {
		n++
	}
	s := &t.sentences[a.sentence]
	if a.deed == ask {
		for i := s.from; i < s.to; i++ {
			if t.at(i) == "please" {
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
