package commitment

import (
	"mainstay/internal/language/clause"
)

import "strings"

// guarded reports whether the clause n of a sentence only looks like something that is to be done.
func (t *turn) guarded(s *clause.Sentence, n int) bool {
	c := &s.Clauses[n]
	return c.Past || t.conditional(s, n) || t.reported(s, n) || t.general(s, c) || t.habitual(s, c) || t.inMeeting(s, c) || t.subordinate(c) || t.jest(s, c)
}

// conditional reports whether the clause depends on what may not come true, or sets such a condition.
func (t *turn) conditional(s *clause.Sentence, n int) bool {
	c := &s.Clauses[n]
	if t.gently(s, c) {
		return false
	}
	if clause.Condition[c.Link] || c.Link == "case" || c.Link == "long" || c.Link == "otherwise" || c.Link == "else" {
		return true
	}
	if t.Find(s.From, c.From, supposing) >= 0 || t.Find(max(s.From, c.From-2), c.From, clause.Phrases("or else, otherwise")) >= 0 {
		return true
	}
	first := &s.Clauses[0]
	if n > 0 && first.Asks && !s.Asks && first.From <= s.From+2 && first.Force&clause.Ought != 0 || n > 0 && t.At(s.From) == "were" && !s.Asks || n > 0 && t.At(s.From) == "had" && !s.Asks {
		return true
	}
	for k := max(0, n-2); k < len(s.Clauses) && k <= n+1; k++ {
		if k == n || !t.condition(&s.Clauses[k]) {
			continue
		}
		if t.courteous(&s.Clauses[k]) || c.Asks && c.Subject == clause.You {
			continue
		}
		if k < n && t.apart(s, k, n) {
			continue
		}
		return true
	}
	return false
}

// gently reports whether a condition is a request: "if you could send it by Friday, that would be great".
func (t *turn) gently(s *clause.Sentence, c *clause.Clause) bool {
	if c.Link != "if" || c.Force&clause.Could == 0 || c.Past || s.Asks || c.Subject != clause.You && c.Subject != clause.Everyone && c.Subject != clause.Someone {
		return false
	}
	for n := range s.Clauses {
		other := &s.Clauses[n]
		if other.From > c.From && other.Force&(clause.Would|clause.Will|clause.Could|clause.Can) != 0 && !(other.Verb == "be" && t.pronoun(other)) {
			return false
		}
	}
	return true
}

// supposing opens what is only thought.
var supposing = clause.Phrases(`suppose, supposing, imagine, say we, what if, in case, in the event, hypothetically, if i ran, for argument's sake, in a perfect world, in an ideal world, thinking out loud, as long as, provided, assuming, unless,
	worst case, best case`)

func (t *turn) condition(c *clause.Clause) bool {
	return clause.Condition[c.Link] || c.Link == "case" || c.Link == "long"
}

// apart reports whether a clause between two others begins anew, so that a condition on one does not bind the other: "and I".
func (t *turn) apart(s *clause.Sentence, k, n int) bool {
	for m := k + 2; m <= n; m++ {
		if c := &s.Clauses[m]; c.Link == "and" || c.Link == "but" || c.Link == "so" {
			return true
		}
	}
	return false
}

// courteous reports whether a condition is only polite: "if you like", "if that's okay".
func (t *turn) courteous(c *clause.Clause) bool {
	switch c.Verb {
	case "like", "want", "mind", "wish", "prefer", "can", "could", "need", "fancy", "":
		return c.Subject == clause.You || c.Subject == clause.Everyone
	case "be":
		for i := c.Object; i < c.To; i++ {
			if courtesies[t.At(i)] {
				return true
			}
		}
	case "help":
		return true
	}
	return false
}

var courtesies = clause.Set(`okay ok alright fine possible useful helpful easier handy convenient`)

// reported reports whether the clause is what somebody else said, or what the speaker said before.
func (t *turn) reported(s *clause.Sentence, n int) bool {
	c := &s.Clauses[n]
	if i := t.Find(s.From, c.From, quoting); i >= 0 {
		return true
	}
	for k := n - 1; k >= 0; k-- {
		said := &s.Clauses[k]
		if c.Subject == clause.Someone && said.Subject != clause.Me && c.Link == "" && !t.punctuated() {
			return false
		}
		if c.Subject == clause.Me && !said.Asks && (c.Link == "so" || c.Link == "but") {
			return false
		}
		if t.reports(said) {
			return true
		}
	}
	return false
}

var quoting = clause.Phrases(`quote, word for word, according to, it was minuted, in writing that, verbatim`)

// reports reports whether a clause tells what was said.
func (t *turn) reports(c *clause.Clause) bool {
	if !saying[c.Verb] || c.Force&(clause.Will|clause.Must|clause.Can|clause.Could|clause.Would|clause.Ought|clause.Lets|clause.Wants) != 0 || c.Order || c.Asks {
		return false
	}
	if c.Subject == clause.Me || c.Subject == clause.Us || c.Subject == clause.You {
		return c.Past
	}
	return c.Subject != clause.None || c.Past
}

var saying = clause.Set(`say tell write read state promise claim announce mention reply answer insist swear email text suggest mean think reckon`)

// general reports whether the clause gives a rule for everybody and at all times.
func (t *turn) general(s *clause.Sentence, c *clause.Clause) bool {
	if c.Force&(clause.Must|clause.Ought|clause.Will) == 0 && !c.Order && c.Force != 0 {
		return false
	}
	for i := s.From; i < s.To; i++ {
		switch w := t.At(i); {
		case w == "always" || w == "never" && c.Subject != clause.Me, w == "whenever" || w == "every" && everyTime[t.At(i+1)] || w == "each" && t.At(i+1) == "time":
			return true
		case w == "everybody" || w == "everyone" || w == "nobody" || w == "anyone" || w == "anybody" || w == "anything" || w == "people":
			if c.Subject == clause.Everyone && !c.Passive && c.From <= i && i < c.At || i < c.At && i >= c.From && c.Subject == clause.Thing {
				return true
			}
		}
	}
	if (c.Subject == clause.You || c.Subject == clause.Everyone || c.Subject == clause.Thing || c.Subject == clause.Us || c.Subject == clause.Named && c.Who == 0) && t.Find(s.From, s.To, ruling) >= 0 {
		return true
	}
	if next := t.SentenceOf(c.From) + 1; c.Subject != clause.Me && c.Force&(clause.Must|clause.Ought) != 0 && next < len(t.Sentences) && t.Find(t.Sentences[next].From, t.Sentences[next].To, ruling) >= 0 {
		return true
	}
	return c.Force&(clause.Must|clause.Ought) != 0 && t.plural(c)
}

var (
	everyTime = clause.Set(`time day morning night week month year second minute shift hour single two three four five six other document couple`)
	ruling    = clause.Phrases(`the rule, that is the law, the policy, that is policy, company policy, group policy, the standard, best practice, in general, in principle, by law, the manual, the procedure, no exceptions, at all times, rule of thumb, the ordinance,
		first rule, the golden rule, good practice, rule number one, it is basic, this is basic, just common sense, it is mandatory, that is the insurance, standard practice, common courtesy, before anything, as a rule, health and safety says`)
)

// plural reports whether a clause speaks of a class: a plural noun without an article ("drivers must rest").
func (t *turn) plural(c *clause.Clause) bool {
	if c.Subject != clause.Thing || c.Noun.To-c.Noun.From != 1 || c.Passive {
		return false
	}
	w := t.At(c.Noun.From)
	return len(w) > 4 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !t.Tokens[c.Noun.From].Second && c.Force&(clause.Must|clause.Ought) != 0 && persons[strings.TrimSuffix(w, "s")]
}

// persons are those who come in classes.
var persons = clause.Set(`driver manager customer trustee governor server employee worker member visitor contractor supplier user developer engineer nurse doctor teacher parent student pupil tenant resident owner client volunteer operator student
	trainee author reviewer supervisor colleague guest staff`)

// habitual reports whether the clause says what is done again and again.
func (t *turn) habitual(s *clause.Sentence, c *clause.Clause) bool {
	if c.Force&(clause.Will|clause.Must) != 0 && c.Force&clause.Ongoing == 0 {
		return false
	}
	for i := max(s.From, c.From-4); i < c.To; i++ {
		switch w := t.At(i); {
		case w == "usually" || w == "always" || w == "normally" || w == "often" || w == "sometimes" || w == "generally" || w == "regularly" || w == "typically":
			return true
		case w == "every" || w == "each" || (w == "once" || w == "twice") && (t.At(i+1) == "a" || t.At(i+1) == "each"):
			return true
		}
	}
	return false
}

// inMeeting reports whether the clause says what happens in the meeting itself: holding it, showing something, looking.
func (t *turn) inMeeting(s *clause.Sentence, c *clause.Clause) bool {
	if c.Subject == clause.Named && c.Who == 0 {
		return false
	}
	dated := len(t.whensOf(s, c)) > 0
	if opening[c.Verb] && !dated && t.short(c) && (c.From == s.From || t.Tokens[c.From].Gap == " " || clause.Opener[t.At(c.From-1)]) {
		return true
	}
	if t.Find(s.From, s.To, moment) >= 0 && !dated {
		return true
	}
	if c.Verb == "note" || c.Verb == "minute" {
		return true
	}
	for i := c.From; i < c.To; i++ {
		if stage[t.At(i)] && !dated {
			return true
		}
	}
	return t.toldNow(c) && !dated
}

// opening are the verbs of holding a meeting; said without an object they mean this one.
var opening = clause.Set(`start begin kick move skip close stop pause wait proceed continue finish mute unmute hang jump step interrupt adjourn go come end leave run`)

// short reports whether little follows the verb, nothing that could be sent, made or asked.
func (t *turn) short(c *clause.Clause) bool {
	n := 0
	for i := c.Object; i < c.To; i++ {
		if w := t.At(i); !clause.Preposition[w] && !clause.Opener[w] && !clause.Adverb[w] && !clause.Pointer[w] && !clause.Ending[w] && !clause.Coordinator[w] && w != "the" {
			n++
		}
	}
	return n == 0
}

var (
	moment = clause.Phrases(`hang on, hold on, one sec, one second, one moment, just a second, bear with me, there we go, here we go, real quick, while we are, as we speak, round the table, around the table, walk you through, walk us through, take us through,
		take you through, talk us through, talk you through, kick us off, pull up, apologies from, make a start, just close the door, at two minutes, read out, read them out, read it out, by phone, a sense of the room, go first, go ahead, on mute, you will see on page, as usual, step there, take notes, take the notes, keep notes, keep the notes, keep minutes, take minutes, take the minutes, keep time, to order`)
	stage = clause.Set(`screen slide slides mute microphone camera agenda diagram recording motion`)
)

// toldNow reports whether an ask is answered by saying something: "can you tell us", "could you remind me".
func (t *turn) toldNow(c *clause.Clause) bool {
	return (c.Subject == clause.You && c.Asks || c.Order) && talk[c.Verb] && (t.At(c.Object) == "me" || t.At(c.Object) == "us" || t.At(c.Object) == "everyone" || c.Verb == "explain" || c.Verb == "repeat")
}

// subordinate reports whether the clause only describes something: "the one that takes the lock out".
func (t *turn) subordinate(c *clause.Clause) bool {
	switch c.Link {
	case "which", "whose", "than", "until", "till", "while", "though", "although", "as", "whether", "where", "how", "why", "when", "before", "after", "once", "because", "cause", "cos", "since", "lest":
		return c.Subject != clause.Me || c.Link != "though"
	case "who", "what":
		return !(c.Subject == clause.Who) && c.Link == "what"
	}
	return false
}
