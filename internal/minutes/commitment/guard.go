package commitment

import "strings"

// guarded reports whether the clause n of a sentence only looks like something that is to be done.
func (t *turn) guarded(s *sentence, n int) bool {
	c := &s.clauses[n]
	return c.past || t.conditional(s, n) || t.reported(s, n) || t.general(s, c) || t.habitual(s, c) || t.inMeeting(s, c) || t.subordinate(c) || t.jest(s, c)
}

// conditional reports whether the clause depends on what may not come true, or sets such a condition.
func (t *turn) conditional(s *sentence, n int) bool {
	c := &s.clauses[n]
	if conditions[c.link] || c.link == "case" || c.link == "long" || c.link == "otherwise" || c.link == "else" {
		return true
	}
	if t.find(s.from, c.from, supposing) >= 0 || t.find(max(s.from, c.from-2), c.from, phrases("or else, otherwise")) >= 0 {
		return true
	}
	first := &s.clauses[0]
	if n > 0 && first.asks && !s.asks && first.from <= s.from+2 && first.force&ought != 0 || n > 0 && t.at(s.from) == "were" && !s.asks || n > 0 && t.at(s.from) == "had" && !s.asks {
		return true
	}
	for k := max(0, n-2); k < len(s.clauses) && k <= n+1; k++ {
		if k == n || !t.condition(&s.clauses[k]) {
			continue
		}
		if t.courteous(&s.clauses[k]) || c.asks && c.subject == you {
			continue
		}
		if k < n && t.apart(s, k, n) {
			continue
		}
		return true
	}
	return false
}

// supposing opens what is only thought.
var supposing = phrases(`suppose, supposing, imagine, say we, what if, in case, in the event, hypothetically, if i ran, for argument's sake, in a perfect world, in an ideal world, thinking out loud, as long as, provided, assuming, unless,
	worst case, best case`)

func (t *turn) condition(c *clause) bool {
	return conditions[c.link] || c.link == "case" || c.link == "long"
}

// apart reports whether a clause between two others begins anew, so that a condition on one does not bind the other: "and I".
func (t *turn) apart(s *sentence, k, n int) bool {
	for m := k + 2; m <= n; m++ {
		if c := &s.clauses[m]; c.link == "and" || c.link == "but" || c.link == "so" {
			return true
		}
	}
	return false
}

// courteous reports whether a condition is only polite: "if you like", "if that's okay".
func (t *turn) courteous(c *clause) bool {
	switch c.verb {
	case "like", "want", "mind", "wish", "prefer", "can", "could", "need", "fancy", "":
		return c.subject == you || c.subject == everyone
	case "be":
		for i := c.object; i < c.to; i++ {
			if courtesies[t.at(i)] {
				return true
			}
		}
	case "help":
		return true
	}
	return false
}

var courtesies = set(`okay ok alright fine possible useful helpful easier handy convenient`)

// reported reports whether the clause is what somebody else said, or what the speaker said before.
func (t *turn) reported(s *sentence, n int) bool {
	c := &s.clauses[n]
	if i := t.find(s.from, c.from, quoting); i >= 0 {
		return true
	}
	for k := n - 1; k >= 0; k-- {
		said := &s.clauses[k]
		if c.subject == me && !said.asks && (c.link == "so" || c.link == "but") {
			return false
		}
		if t.reports(said) {
			return true
		}
	}
	return false
}

var quoting = phrases(`quote, word for word, according to, it was minuted, in writing that, verbatim`)

// reports reports whether a clause tells what was said.
func (t *turn) reports(c *clause) bool {
	if !saying[c.verb] || c.force&(will|must|can|could|would|ought|lets|wants) != 0 || c.order || c.asks {
		return false
	}
	if c.subject == me || c.subject == us || c.subject == you {
		return c.past
	}
	return c.subject != none || c.past
}

var saying = set(`say tell write read state promise claim announce mention reply answer insist swear email text suggest mean think reckon`)

// general reports whether the clause gives a rule for everybody and at all times.
func (t *turn) general(s *sentence, c *clause) bool {
	if c.force&(must|ought|will) == 0 && !c.order && c.force != 0 {
		return false
	}
	for i := s.from; i < s.to; i++ {
		switch w := t.at(i); {
		case w == "always" || w == "never" && c.subject != me, w == "whenever" || w == "every" && everyTime[t.at(i+1)] || w == "each" && t.at(i+1) == "time":
			return true
		case w == "everybody" || w == "everyone" || w == "nobody" || w == "anyone" || w == "anybody" || w == "anything" || w == "people":
			if c.subject == everyone && !c.passive && c.from <= i && i < c.at || i < c.at && i >= c.from && c.subject == thing {
				return true
			}
		}
	}
	if (c.subject == you || c.subject == everyone || c.subject == thing || c.subject == us || c.subject == named && c.person == nil) && t.find(s.from, s.to, ruling) >= 0 {
		return true
	}
	if next := t.sentenceOf(c.from) + 1; c.subject != me && c.force&(must|ought) != 0 && next < len(t.sentences) && t.find(t.sentences[next].from, t.sentences[next].to, ruling) >= 0 {
		return true
	}
	return c.force&(must|ought) != 0 && t.plural(c)
}

var (
	everyTime = set(`time day morning night week month year second minute shift hour single two three four five six other document couple`)
	ruling    = phrases(`the rule, that is the law, the policy, that is policy, company policy, group policy, the standard, best practice, in general, in principle, by law, the manual, the procedure, no exceptions, at all times, rule of thumb, the ordinance,
		first rule, the golden rule, good practice, rule number one, it is basic, this is basic, just common sense, it is mandatory, that is the insurance, standard practice, common courtesy, before anything, as a rule, health and safety says`)
)

// plural reports whether a clause speaks of a class: a plural noun without an article ("drivers must rest").
func (t *turn) plural(c *clause) bool {
	if c.subject != thing || c.noun.to-c.noun.from != 1 || c.passive {
		return false
	}
	w := t.at(c.noun.from)
	return len(w) > 4 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !t.tokens[c.noun.from].second && c.force&(must|ought) != 0 && persons[strings.TrimSuffix(w, "s")]
}

// persons are those who come in classes.
var persons = set(`driver manager customer trustee governor server employee worker member visitor contractor supplier user developer engineer nurse doctor teacher parent student pupil tenant resident owner client volunteer operator student
	trainee author reviewer supervisor colleague guest staff`)

// habitual reports whether the clause says what is done again and again.
func (t *turn) habitual(s *sentence, c *clause) bool {
	if c.force&(will|must) != 0 && c.force&ongoing == 0 {
		return false
	}
	for i := max(s.from, c.from-4); i < c.to; i++ {
		switch w := t.at(i); {
		case w == "usually" || w == "always" || w == "normally" || w == "often" || w == "sometimes" || w == "generally" || w == "regularly" || w == "typically":
			return true
		case w == "every" || w == "each" || (w == "once" || w == "twice") && (t.at(i+1) == "a" || t.at(i+1) == "each"):
			return true
		}
	}
	return false
}

// inMeeting reports whether the clause says what happens in the meeting itself: holding it, showing something, looking.
func (t *turn) inMeeting(s *sentence, c *clause) bool {
	if c.subject == named && c.person == nil {
		return false
	}
	dated := len(t.whensOf(s, c)) > 0
	if opening[c.verb] && !dated && (c.object >= c.to || t.short(c)) {
		return true
	}
	if t.find(s.from, s.to, moment) >= 0 && !dated {
		return true
	}
	if c.verb == "note" || c.verb == "minute" {
		return true
	}
	for i := c.from; i < c.to; i++ {
		if stage[t.at(i)] && !dated {
			return true
		}
	}
	return t.toldNow(c) && !dated
}

// opening are the verbs of holding a meeting; said without an object they mean this one.
var opening = set(`start begin kick move skip close stop pause wait proceed continue finish mute unmute hang jump step interrupt adjourn go come end leave run`)

// short reports whether little follows the verb, nothing that could be sent, made or asked.
func (t *turn) short(c *clause) bool {
	n := 0
	for i := c.object; i < c.to; i++ {
		if w := t.at(i); !prepositions[w] && !openers[w] && !adverbs[w] && !pointers[w] && !endings[w] && !coordinators[w] && w != "the" {
			n++
		}
	}
	return n == 0
}

var (
	moment = phrases(`hang on, hold on, one sec, one second, one moment, just a second, bear with me, there we go, here we go, real quick, while we are, as we speak, round the table, around the table, walk you through, walk us through, take us through,
		take you through, talk us through, talk you through, kick us off, pull up, apologies from, make a start, just close the door, at two minutes, read out, read them out, read it out, by phone, a sense of the room, go first, go ahead, on mute, you will see on page, as usual, step there`)
	stage = set(`screen slide slides mute microphone camera agenda diagram recording motion order`)
)

// toldNow reports whether an ask is answered by saying something: "can you tell us", "could you remind me".
func (t *turn) toldNow(c *clause) bool {
	return (c.subject == you && c.asks || c.order) && talk[c.verb] && (objects[t.at(c.object)] || c.verb == "explain" || c.verb == "repeat")
}

// subordinate reports whether the clause only describes something: "the one that takes the lock out".
func (t *turn) subordinate(c *clause) bool {
	switch c.link {
	case "which", "whose", "than", "until", "till", "while", "though", "although", "as", "whether", "where", "how", "why", "when", "before", "after", "once", "because", "cause", "cos", "since", "lest":
		return c.subject != me || c.link != "because" && c.link != "cause" && c.link != "cos" && c.link != "since" && c.link != "though"
	case "who", "what":
		return !(c.subject == who) && c.link == "what"
	}
	return false
}
