package commitment

import (
	"fmt"
	"mainstay/internal/language/clause"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// verdict is a sentence that may settle something, and how sure that is.
type verdict struct {
	turn, sentence int
	weight         int
	words          []place // what was settled, in the words of which sentences
	reply          int     // the turn that agrees, or -1
	stems          map[string]bool
}

// place is a sentence of a turn.
type place struct{ turn, sentence int }

var (
	// settling words settle a thing by being said.
	settling = clause.Phrases(`agreed then, we are agreed, we are all agreed, all agreed, agreed, that is agreed, that is decided, that is settled, so that is settled, that is final, that is approved, is approved, are approved, it is approved,
		is carried, carried, motion carried, resolved that, it is resolved, sold, locked, locked in, it passes, motion passes, passed, that is what we will do, that is what we are doing, that is our rule, that is the rule from,
		that is the decision, that is the plan, decided, i have decided, we have decided, settled, final, final answer, final decision, that is that, that is that one done, let us go with, we will go with, we go with, go with, going with, then we do that, let us do that, then let us do that,
		then that is what, that is a no, that is a yes, silence is yes, all those in favour, all in favour, all in favor, those in favour, those in favor, so be it, we are going with, we will stick with, stick with, let us stick with, let us leave it at, we leave it as it is, let us say, make it, consensus, unanimous`)
	// closing words close a matter, at the end of what they close.
	closing = clause.Set(`done final sold carried agreed settled decided approved locked deal`)
	// polling asks everybody whether they agree.
	polling = clause.Phrases(`everybody okay, everyone okay, everybody okay with, everyone okay with, all okay with, is everyone okay, is everybody okay, everyone happy, everybody happy, are we happy, are we all happy, all happy, any objections, any objection, does that work, does that work for,
		are we agreed, are we all agreed, all agreed, agreed, all agree, do we agree, do we all agree, everyone agrees, everybody agrees, everyone agree, everybody agree, everyone alright with, everybody alright with, everyone good with, everybody good with, everyone good, everybody good,
		is that okay with, is that okay for, okay for everybody, okay for everyone, okay with everybody, okay with everyone, everyone fine with, everybody fine with, fine with everyone, all in favour, all in favor, those in favour, those in favor, all those in favour, can we agree, anyone against,
		anybody against, opposed, all good with, happy with that, that work for everyone, sound good, sounds good, are we saying, any dissent, everyone on board, everybody on board`)
	// lasting says for how long it holds.
	lasting = clause.Phrases(`from now on, as of now, as of today, for now, until further notice, from today, from here on, going forward, from this, starting, effective, for good, in future, as a trial, then`)
	// favours are what others say in support.
	favours = clause.Phrases(`works for me, fine with me, fine by me, fine for me, good with me, okay with me, i am good with, i am fine with, i am okay with, i am happy with, is fine, is okay, is good, i can live with, can live with, i would support, i like that, i like it, me too, i would back, i could vote, happy with, happy to lose,
		that works, good for me, suits me, no objection, i can defend, i would go, i would say yes, second, seconded, it is easy, yes please, thank god, sounds good, why not`)
)

// decisions finds what the meeting settled.
func (r *reading) decisions() []document.Line {
	var found []*verdict
	for i, t := range r.turns {
		var best *verdict
		for k := range t.Sentences {
			if v := r.verdict(i, k); v != nil && (best == nil || v.weight > best.weight) {
				best = v
			}
		}
		if best != nil && best.weight >= enough {
			found = r.settle(found, best)
		}
	}
	var lines []document.Line
	for _, v := range found {
		if l, ok := r.settled(v); ok {
			l.ID = fmt.Sprintf("d%d", len(lines)+1)
			lines = append(lines, l)
		}
	}
	return lines
}

// settle adds a verdict, or strengthens the one shortly before that it confirms.
func (r *reading) settle(found []*verdict, v *verdict) []*verdict {
	const reach = 3
	if n := len(found); n > 0 && v.turn-found[n-1].turn <= reach {
		last := found[n-1]
		common := 0
		for s := range v.stems {
			if last.stems[s] {
				common++
			}
		}
		if common > 0 || len(v.stems) == 0 || v.words[0].turn <= last.turn {
			if v.weight > last.weight && len(v.stems) >= len(last.stems) {
				v.words = append(v.words, last.words...)
				found[n-1] = v
			}
			return found
		}
	}
	return append(found, v)
}

// verdict weighs a sentence; nil where nothing in it settles.
func (r *reading) verdict(i, k int) *verdict {
	t := r.turns[i]
	s := &t.Sentences[k]
	if t.pastOrUnreal(s) {
		return nil
	}
	v := &verdict{turn: i, sentence: k, reply: -1}
	if s.Asks && !t.polls(s) && t.Find(s.From, s.To, clause.Phrases("okay, right")) < 0 {
		return nil
	}
	weight, polled := 0, t.polls(s)
	settles := t.settles(s)
	if settles {
		weight += 2
	}
	if polled {
		weight++
	}
	v.weight = weight
	if k+1 < len(t.Sentences) && t.Sentences[k+1].Asks && t.polls(&t.Sentences[k+1]) {
		v.weight += 2
		polled = true
	}
	if t.concludes(s) {
		v.weight++
	}
	if t.rules(s) {
		v.weight++
	}
	if v.weight == 0 {
		return nil
	}
	if next := r.after(i); next >= 0 && r.turns[next].favours() {
		v.weight++
		if v.reply = next; polled {
			v.weight++
		}
	}
	if r.supported(i) {
		v.weight++
	}
	r.substance(v)
	if len(v.words) == 0 {
		return nil
	}
	return v
}

// after gives the next turn with words by somebody else, or -1.
func (r *reading) after(i int) int {
	for k := i + 1; k < len(r.turns) && k <= i+2; k++ {
		if len(r.turns[k].Tokens) > 0 && r.turns[k].speaker != r.turns[i].speaker {
			return k
		}
	}
	return -1
}

// favours reports whether the turn agrees.
func (t *turn) favours() bool {
	return !t.reply.refuses && !t.reply.unknown && (t.reply.accepts || t.Find(0, min(len(t.Tokens), 12), favours) >= 0)
}

// supported reports whether others spoke for it just before.
func (r *reading) supported(i int) bool {
	for k := i - 1; k >= 0 && k >= i-2; k-- {
		if t := r.turns[k]; t.speaker != r.turns[i].speaker && !t.reply.refuses && t.Find(0, min(len(t.Tokens), 16), favours) >= 0 {
			return true
		}
	}
	return false
}

// polls reports whether the sentence asks everybody whether they agree.
func (t *turn) polls(s *clause.Sentence) bool {
	return t.Find(s.From, s.To, polling) >= 0 && (s.Asks || !t.punctuated())
}

// settles reports whether words of the sentence settle something.
func (t *turn) settles(s *clause.Sentence) bool {
	if i := t.Find(s.From, s.To, settling); i >= 0 && t.At(i-1) != "not" && t.At(i-1) != "never" && t.At(i-1) != "we" && t.At(i-1) != "was" && t.At(i-1) != "what" && !(t.At(i) == "go" && (t.At(i-1) == "to" || clause.Nominative[t.At(i-1)] && t.At(i-1) != "we")) {
		return true
	}
	last := t.At(s.To - 1)
	return closing[last] && !t.OpensGroup(s.To-2, s.To) && !clause.Being[t.At(s.To-2)] && t.At(s.To-2) != "not" || last == "is" && t.At(s.To-2) == "it" && s.To-s.From <= 6 && s.To-s.From > 2
}

// concludes reports whether the sentence draws a conclusion: "so the release moves to Monday", "then fifty percent".
func (t *turn) concludes(s *clause.Sentence) bool {
	for i := s.From; i < s.To && i < s.From+4; i++ {
		switch w := t.At(i); {
		case w == "so" || w == "then":
			return true
		case !clause.Opener[w]:
			return t.At(s.To-1) == "then" && s.To-s.From <= 8
		}
	}
	return false
}

// ruling verbs say in the present how it is going to be.
var rulingVerbs = clause.Set(`stay go move remain become get change come open close start use stop take follow keep calibrate make pay leave wait run switch hire skip drop push hold`)

// rules reports whether the sentence says in the present tense how it is from now on.
func (t *turn) rules(s *clause.Sentence) bool {
	if t.Find(s.From, s.To, lasting) >= 0 && len(s.Clauses) > 0 {
		return true
	}
	for n := range s.Clauses {
		c := &s.Clauses[n]
		if c.Past || c.Asks || c.Force&(clause.Would|clause.Could|clause.Can|clause.Must|clause.Ought) != 0 || c.Link == "if" || c.Link == "because" {
			continue
		}
		if (c.Subject == clause.Thing || c.Subject == clause.Us || c.Subject == clause.Everyone || c.Subject == clause.Named) && rulingVerbs[c.Verb] && c.Force&(clause.Will|clause.Ongoing|clause.Lets) == 0 && !t.pronoun(c) {
			return true
		}
		if c.Subject == clause.Us && c.Force&clause.Ongoing != 0 {
			return true
		}
	}
	return false
}

// pastOrUnreal reports whether the sentence tells of what was, or of what might be.
func (t *turn) pastOrUnreal(s *clause.Sentence) bool {
	for n := range s.Clauses {
		c := &s.Clauses[n]
		if c.Subject == clause.Us && c.Past && (c.Verb == "agree" || c.Verb == "decide" || c.Verb == "settle" || c.Verb == "agreed") && c.At >= 0 && !clause.Having[t.At(c.At-1)] {
			return true
		}
		if c.Subject == clause.Thing && c.Past && (c.Verb == "agree" || c.Verb == "decide" || c.Verb == "minute") {
			return true
		}
		if t.condition(c) && c.Force&clause.Lets == 0 && !t.courteous(c) && t.punctuated() {
			return true
		}
	}
	return t.Find(s.From, s.To, supposing) >= 0 || t.Find(s.From, s.To, quoting) >= 0
}

// substance finds the words that say what was settled: the sentence's own, its neighbours' in the turn, or those of the turn
// before.
func (r *reading) substance(v *verdict) {
	t := r.turns[v.turn]
	own := r.matter(v.turn, v.sentence)
	v.stems = own
	if len(own) >= 2 {
		v.words = []place{{v.turn, v.sentence}}
		return
	}
	best, most := place{v.turn, -1}, len(own)
	for _, k := range []int{v.sentence + 1, v.sentence - 1, v.sentence - 2} {
		if k < 0 || k >= len(t.Sentences) || t.Sentences[k].Asks {
			continue
		}
		if m := r.matter(v.turn, k); len(m) > most {
			best, most = place{v.turn, k}, len(m)
		}
	}
	if best.sentence < 0 && most == 0 {
		best, most = r.matterBefore(v.turn)
	}
	if best.sentence < 0 && most == 0 {
		return
	}
	if best.sentence < 0 {
		v.words = []place{{v.turn, v.sentence}}
		return
	}
	v.words = []place{best}
	for s := range r.matter(best.turn, best.sentence) {
		v.stems[s] = true
	}
}

// matterBefore gives the sentence with most matter in the turns just before.
func (r *reading) matterBefore(i int) (place, int) {
	best, most := place{i, -1}, 0
	for k := i - 1; k >= 0 && k >= i-2; k-- {
		for n := range r.turns[k].Sentences {
			if m := r.matter(k, n); len(m) > most {
				best, most = place{k, n}, len(m)
			}
		}
		if most > 1 {
			break
		}
	}
	return best, most
}

// matter gives the stems of a sentence without the words that settle.
func (r *reading) matter(i, k int) map[string]bool {
	t := r.turns[i]
	s := t.Sentences[k]
	stems := map[string]bool{}
	en := language.English
	for j := s.From; j < s.To; j++ {
		w := t.At(j)
		if t.Tokens[j].Second || closing[w] || en.Filler(w) || clause.Opener[w] || w == "favour" || w == "favor" || w == "objections" || w == "happy" || w == "objection" {
			continue
		}
		if !en.Stop(w) || numeral(w) {
			stems[en.Stem(w)] = true
		}
	}
	return stems
}

// settled writes a verdict down.
func (r *reading) settled(v *verdict) (document.Line, bool) {
	var l document.Line
	seen := map[string]bool{}
	cite := func(p place) {
		s := r.turns[p.turn].Sentences[p.sentence]
		for _, e := range r.quote(r.turns[p.turn], s.From, s.To) {
			if !seen[e.Segment] {
				seen[e.Segment] = true
				l.Evidence = append(l.Evidence, e)
			}
		}
	}
	for n, p := range v.words {
		cite(p)
		if n == 0 {
			t := r.turns[p.turn]
			s := t.Sentences[p.sentence]
			words := t.trimmed(stretch(s.From, s.To))
			l.Text = finish((&writer{reading: r, turn: t, speaker: r.people.byID[t.speaker]}).words(words.From, words.To))
		}
	}
	cite(place{v.turn, v.sentence})
	return l, l.Text != "" && len(l.Evidence) > 0
}
