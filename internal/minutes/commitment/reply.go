package commitment

import (
	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
)

// reply is what the opening of a turn says to what was said before it.
type reply struct {
	accepts bool // yes, sure, will do
	refuses bool // no, I can't
	unknown bool // nobody here knows
	dates   bool // it accepts only in that it says that a date holds
	thanks  bool
	laughs  bool // it takes what was said for a joke
}

var (
	yeses = clause.Phrases(`yes, yeah, yep, yup, ya, sure, okay, ok, of course, course, absolutely, no problem, no worries, no bother, will do, can do, got it, you got it, i got it,
		happy to, gladly, certainly, definitely, on it, i'm on it, consider it done, all right, alright, righto, deal, go on then, go on, i will, i can, i could, i shall, fine, please,
		done, done deal, agreed, good, perfect, sounds good, works for me, that works, fair enough, easy, leave it with me, aye, right you are, grand, i suppose, no trouble, both of them,
		consider it, mine, noted, understood, roger, copy that, by all means, with pleasure, cool, great, lovely, brilliant, awesome, wonderful, excellent, go for it, go ahead,
		that'd be, that would be, would you, put you down, i will put you down, thank you, thanks, ta, cheers, oh yes, oh yeah`)
	noes = clause.Phrases(`no, nope, nah, not me, not mine, not it, not today, not this, not possible, cannot, can not, i can not, i could not, i will not, i am not, i would rather, i would prefer, i would but,
		i am afraid, afraid not, i would really, i would love, do not look, i do not think, i have not got, i have no, i have got no, sorry, out of the question, no way, no chance, no can do, rather not,
		i would not, unfortunately, i wish, i am sorry, i do not have, not really, not until, not till, honestly no, absolutely not, definitely not, i really can not, i just can not, sadly`)
	softNo = clause.Phrases(`no problem, no worries, no bother, no trouble, no no that is fine, no that is fine, no that is okay, sorry yes, sorry yeah, no of course, no i will, no no i will, no i can, no yeah, sorry i will, no it is fine`)

	// laughter and mock protest.
	laughter = clause.Phrases(`ha, haha, ha ha, lol, hilarious, very funny, keep dreaming, dream on, do not be, in your dreams, in what universe, only joking, just kidding, half kidding, i am kidding,
		oh stop, stop it, do not you dare, you wish, you and what army, god help us, i would pay to see that, good luck with that, i am joking, give over, do not tempt me`)
	mocking   = clause.Phrases(`dibs, make it two, make it three, sign me up, ah now, charming, behave, kidding, laughter, laughs, chuckles, stop, please do not, joking`)
	gratitude = clause.Phrases(`thank you, thanks, cheers, ta, bless you, you are a star, you are a saint, you are a legend, lovely, brilliant, much appreciated, that is kind, perfect, great, good, awesome, appreciate it`)
)

// answer reads the opening of a turn as a reply.
func (t *turn) answer() reply {
	var r reply
	if len(t.Tokens) == 0 {
		return r
	}
	from, end := t.opening()
	r.laughs = t.Find(0, min(from+4, end+4, len(t.Tokens)), laughter) >= 0 || end <= 4 && t.Find(0, end, mocking) >= 0
	r.thanks = t.Find(0, min(from+3, len(t.Tokens)), gratitude) >= 0
	for i := 0; i <= from && i < len(t.Tokens); i++ {
		r.accepts = r.accepts || t.startsWith(i, yeses)
		r.refuses = r.refuses || t.startsWith(i, noes) && !t.startsWith(i, softNo)
	}
	r.refuses = r.refuses || t.declines()
	if r.refuses && r.accepts && t.undertakes() && !t.declines() {
		r.refuses = false
	}
	if dated, held := t.dateFirst(); held || dated && !t.declines() && t.whens[0].Instead.From > 0 {
		r.dates = !r.accepts
		r.accepts, r.refuses = true, false // "Thursday's fine", "Tuesday, no, make that Thursday"
	}
	r.accepts = r.accepts && !r.refuses
	r.unknown = t.ignorance(0, min(len(t.Tokens), 40)) >= 0
	return r
}

// opening gives the first token after the words that only open the turn, and the end of its first sentence with content.
func (t *turn) opening() (from, end int) {
	for from < len(t.Tokens) && (clause.Opener[t.At(from)] || t.Tokens[from].Who != 0 || clause.Ending[t.At(from)]) {
		from++
	}
	if to := t.dateAt(from); to > from && to < len(t.Tokens) && t.Tokens[to].Gap != " " {
		for from = to; from < len(t.Tokens) && (clause.Opener[t.At(from)] || clause.Ending[t.At(from)]); {
			from++
		}
	}
	return from, t.Sentences[t.SentenceOf(min(from, len(t.Tokens)-1))].To
}

// dateAt gives the token behind a date that begins at a token, as an answer says it: "Thursday, sure", "Eighteenth, aye".
func (t *turn) dateAt(from int) int {
	for _, w := range t.whens {
		if w.From == from {
			return w.To
		}
	}
	if date.Ordinal(t.At(from)) {
		return from + 1
	}
	return from
}

// dateFirst reports whether the turn opens with a date, and whether it says that the date holds: "Friday works".
func (t *turn) dateFirst() (dated, held bool) {
	from := 0
	for from < len(t.Tokens) && (clause.Opener[t.At(from)] || t.Tokens[from].Who != 0) {
		from++
	}
	if t.At(from) == "the" && t.dateAt(from) == from {
		from++
	}
	to := t.dateAt(from)
	if to == from {
		return false, false
	}
	verb, next := t.At(to), t.At(to+1)
	return len(t.whens) > 0, verb == "works" || verb == "suits" || (verb == "is" || verb == "would" && next == "be") && holding[t.At(to+1+len(verb)/5)]
}

// holding words say that a date is good.
var holding = clause.Set(`fine good okay ok perfect great doable grand possible ideal`)

func (t *turn) startsWith(i int, list [][]string) bool {
	for _, p := range list {
		if t.Has(i, p) {
			return true
		}
	}
	return false
}

// declines reports whether the speaker says near the turn's beginning that they will not or cannot.
func (t *turn) declines() bool {
	const near = 2
	for i := range t.Tokens[:min(len(t.Tokens), 12)] {
		for _, ph := range cannot {
			if end := i + len(ph); t.Has(i, ph) && (end >= len(t.Tokens) || t.SentenceEnds(end) || t.Tokens[end].Gap != " ") {
				return true
			}
		}
	}
	seen := 0
	for k := range t.Sentences {
		for _, c := range t.Sentences[k].Clauses {
			if seen++; seen > near {
				return false
			}
			if c.Subject == clause.Me && c.Negated && !c.Past && !c.Asks && (c.Force&(clause.Will|clause.Can|clause.Could|clause.Ongoing|clause.Glad) != 0 || c.Verb == "have") && c.Verb != "know" && c.Verb != "see" && c.Verb != "say" &&
				c.Verb != "think" && c.Verb != "tell" && c.Verb != "wait" && c.Verb != "mind" {
				return true
			}
		}
	}
	return false
}

// cannot are refusals that leave out what is refused; a mark follows them.
var cannot = clause.Phrases(`i can not, i really can not, i just can not, i could not, i wish i could, not this time`)

// undertakes reports whether the speaker says that they will do something.
func (t *turn) undertakes() bool {
	for k := range t.Sentences {
		for _, c := range t.Sentences[k].Clauses {
			if c.Subject == clause.Me && c.Force&clause.Will != 0 && !c.Negated && !states[c.Verb] {
				return true
			}
		}
	}
	return false
}

// Not knowing is said in many words, but most of them deny a word of knowing: "I don't know", "nobody has told us", "no idea",
// "not a word", "they won't give me a date".
var (
	denying = clause.Set(`no not never nobody noone nothing none neither nor without hardly cannot`)
	knowing = clause.Set(`know idea clue idea's clue's sure told tell ask hear heard answer answered information info word whisper reply replied response confirm confirmed say says said settle settled decide
		decided figure figured guess number news back seen thought date visibility certain clear promise decision remember`)
	unknowing = clause.Phrases(`good question, million dollar question, who knows, your guess, search me, beats me, buggered if, god knows, lord knows, goodness knows, depends, park that, parked, stays open, still open, open question,
		come back to, circle back, leave that one, leave it open, we will see, wait and see, let us see, to be determined, tbd, tbc, up in the air, above my pay grade, hard to say, hard to read, hard to tell, is pending, still pending,
		have to weigh in, is silent, not the right person, would have to look, would have to check, have to ask, remains to be seen, anyone's guess, anybody's guess, i wish i knew, hope so, next time, another day, i could ask you the same, unclear,
		want to think about, need to think about, have to think about, sitting on it, waiting to hear, hoping you, not got it with, not on me, do not have it with, still waiting, waiting on, they went quiet, very quiet, reckons, depends on, couldn't say, not my call, budget question, have to check, have to ring, have to call, have to find out, need to check, must ask, must check, need to ask, am waiting, waiting for them, waiting for him, waiting for her`)
)

// ignorance finds where the tokens say that something is not known, or -1.
func (t *turn) ignorance(from, to int) int {
	if i := t.Find(from, to, unknowing); i >= 0 {
		return i
	}
	for k := range t.Sentences {
		if s := &t.Sentences[k]; s.To-s.From == 1 && t.At(0) != "no" && s.From >= from && s.To <= to && (t.At(s.From) == "nothing" || t.At(s.From) == "silence" || t.At(s.From) == "pass") {
			return s.From
		}
	}
	const reach = 5
	for i := from; i < to; i++ {
		if !denying[t.At(i)] || t.At(i) == "no" && knowsNot(t.At(i+1)) {
			continue
		}
		for k := i + 1; k < to && k <= i+reach; k++ {
			if clause.EndsSentence(t.Tokens[k].Gap) || clause.Coordinator[t.At(k)] && t.At(k) != "or" {
				break
			}
			if base, _ := clause.Lookup(t.At(k)); knowing[t.At(k)] || knowing[base] || t.At(k) == "have" && (t.At(k+1) == "it" || t.At(k+1) == "that" || t.SentenceEnds(k+1) || t.Tokens[min(k+1, len(t.Tokens)-1)].Gap == ", ") {
				return i
			}
		}
	}
	return -1
}

// knowsNot reports whether the word after an opening "no" shows that it only answers: "no he said".
func knowsNot(next string) bool {
	return clause.Nominative[next] || clause.Determiner[next] || clause.Opener[next]
}
