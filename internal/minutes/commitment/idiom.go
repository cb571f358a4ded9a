package commitment

import (
	"mainstay/internal/language/clause"
	"mainstay/internal/minutes/people"
)

// taking are the set phrases with which a speaker takes what was spoken of.
var taking = clause.Phrases(`leave it with me, leave that with me, leave this with me, leave it to me, leave that to me, consider it done, consider it in hand, it is in hand, i am on it, i am onto it, on it, put me down for, put me down, give it to me,
	that is on me, that one is on me, it is mine, that is mine, that one is mine, those are mine, they are mine, that is me, i have got it, i have got this, i got it, i got this, i have got that, count me in, i am on that,
	i will do it, i will do that, i will take it, i will take that, i will do so, i shall do it, i do it, i make it, that is one for me, that is for me, down to me, with me, it is on me, i can do that, i can do it, let me do it,
	let me do that, let me handle it, let me handle that, let me take that, i will own that, i will own it, i will handle it, i will handle that, i will sort it, i will sort that, i will get on it, i will get on that, is on me, i can take that, i can take it, mine`)

// idioms finds the set phrases of taking something. They say nothing of what it is.
func (t *turn) idioms(p *people.People, s *clause.Sentence, index, k int) []act {
	for i := s.From; i < s.To; i++ {
		for _, ph := range taking {
			if i+len(ph) > s.To || !t.Has(i, ph) {
				continue
			}
			whole := i == s.From || clause.Opener[t.At(i-1)] || t.Tokens[i].Gap != " " || t.Tokens[i].Second
			if !whole && (len(ph) < 3) || (len(ph) == 1 || ph[0] == "with") && !(whole && t.alone(s, i, len(ph))) {
				continue
			}
			if t.At(i-1) == "if" || t.At(i-1) == "not" {
				continue
			}
			c := &clause.Clause{From: i, To: s.To, At: i, Object: i + len(ph), Subject: clause.Me}
			a := act{deed: promise, turn: index, sentence: k, clause: c, content: stretch(i, i+len(ph)), owner: p.ByID[t.speaker], rich: hollow, weight: 2}
			if len(ph) > 3 {
				a.weight = 3
			}
			a.whens = t.whensOf(s, c)
			return []act{a}
		}
	}
	return nil
}

// proposals are the questions with which a speaker offers to do something; what they would do follows.
var proposals = clause.Phrases(`want me to, like me to, shall i, should i just, need me to, do i need to`)

// proposes finds an offer in the form of a question: "do you want me to redo the form?"
func (t *turn) proposes(p *people.People, s *clause.Sentence, index, k int) []act {
	for i := s.From; i < s.To; i++ {
		for _, ph := range proposals {
			at := i + len(ph)
			if at >= s.To || !t.Has(i, ph) || !(s.Asks || !t.punctuated()) || clause.Asking[t.At(i-1)] || clause.Asking[t.At(i-3)] {
				continue
			}
			verb, _ := clause.Lookup(t.At(at))
			c := &clause.Clause{From: i, To: s.To, At: at, Verb: verb, Object: at + 1, Subject: clause.Me, Asks: true}
			a := act{deed: offer, turn: index, sentence: k, clause: c, owner: p.ByID[t.speaker], weight: 1, content: stretch(at, t.trimEnd(at, s.To))}
			a.whens = t.whensOf(s, c)
			a.rich, a.stems = t.says(&a)
			return []act{a}
		}
	}
	return nil
}

// alone reports whether the phrase at i is all that is left of the sentence, or a mark follows.
func (t *turn) alone(s *clause.Sentence, i, n int) bool {
	return i+n >= s.To || t.Comma(i+n) || clause.Ending[t.At(i+n)] && i+n+1 >= s.To
}
