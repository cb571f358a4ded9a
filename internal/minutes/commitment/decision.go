package commitment

import (
	"fmt"
	"slices"

	"mainstay/internal/document"
	"mainstay/internal/language"
	"mainstay/internal/language/clause"
)

// piece is a sentence, or where speech runs on without marks a part of one that stands on its own.
type piece struct {
	clause.Span
	clauses []clause.Clause
	asks    bool
}

// pieces divides a turn into its pieces.
func (t *turn) pieces() []piece {
	var list []piece
	for _, s := range t.Sentences {
		spans := []clause.Span{stretch(s.From, s.To)}
		if !t.punctuated() {
			spans = nil
			for _, u := range t.Units() {
				if u.From >= s.From && u.To <= s.To {
					spans = append(spans, u)
				}
			}
		}
		for _, span := range spans {
			p := piece{Span: span, asks: s.Asks}
			for _, c := range s.Clauses {
				if c.From >= span.From && c.From < span.To {
					p.clauses = append(p.clauses, c)
				}
			}
			list = append(list, p)
		}
	}
	return list
}

// verdict is a turn that may settle something.
type verdict struct {
	turn   int
	weight int
	follow bool    // it settles what was said before
	points bool    // what it settles was said before: "that's our rule"
	places []place // the pieces that say what was settled, the fullest first, and those that settle it
	stems  map[string]bool
}

// place is a piece, or a sentence, of a turn.
type place struct{ turn, sentence int }

var (
	// settling words settle a thing by being said.
	settling = clause.Phrases(`agreed, we are agreed, that is agreed, that is decided, that is settled, is settled, that is final, is final, is approved, are approved, is carried, carried, is resolved, it passes, motion passes, passed,
		that is what we will do, that is what we are doing, that is our rule, that is the rule from, that is the decision, that is the plan, i have decided, we have decided, decided, sold, locked, final, final answer, final decision, that is that, that is that one done, what we are sticking with, what we are going with, take that as rejected, take it as rejected, take that as agreed, take it as agreed, is rejected, i withdraw it, i withdraw that, is ruled out,
		go with, we go with, going with, stick with, that is a no, that is a yes, silence is yes, all those in favour, all in favour, all in favor, those in favour, those in favor, so be it, we leave it as, leave it as it is, unanimous`)
	// following settles what was proposed just before.
	following = clause.Phrases(`we do that, let us do that, let us do it, do it, that is what we will do, that is our rule, that is the rule, that is approved, that is agreed, that is settled, that is decided, that is the plan, that is the decision, that is final, silence is yes, so be it`)
	// closing words close a matter at the end, or at the beginning, of what they close.
	closing = clause.Set(`done final sold carried agreed settled decided approved locked deal`)
	// polling asks everybody whether they agree.
	polling = clause.Phrases(`make that the rule, make it the rule, can we all live with, everybody okay, everyone okay, all okay with, is everyone okay, is everybody okay, everyone happy, everybody happy, are we happy, are we all happy, all happy, any objections, any objection, does that work, are we agreed, are we all agreed, all agreed, agreed,
		all agree, do we agree, everyone agrees, everybody agrees, all of us agree, everyone agree, everybody agree, everyone alright with, everybody alright with, everyone good, everybody good, is that okay with, is that okay for, okay for everybody, okay for everyone, okay with everybody, okay with everyone,
		everyone fine with, everybody fine with, fine with everyone, all in favour, all in favor, those in favour, those in favor, can we agree, anyone against, anybody against, opposed, all good with, happy with that, work for everyone, sound good, sounds good, any dissent, on board, any other business`)
	// lasting says from when, or for how long, it holds.
	lasting = clause.Phrases(`from now on, as of now, as of today, for now, until further notice, from today, from here on, going forward, for good, in future, as a trial`)
	// favours are what others say in support.
	favours = clause.Phrases(`works for me, fine with me, fine by me, fine for me, good with me, okay with me, i am good with, i am fine with, i am okay with, i am happy with, is fine, is okay, i can live with, can live with, i would support, i like that, i like it, me too, i would back, i could vote, happy with,
		happy to lose, that works, good for me, suits me, no objection, i can defend, i would go, i would say yes, seconded, i second, yes please, thank god, sounds good, why not, hear hear, go on then, makes sense, amen, love it`)
)

// decisions finds what the meeting settled.
func (r *reading) decisions() []document.Line {
	var found []*verdict
	for i := range r.turns {
		if v := r.verdict(i); v != nil {
			found = r.settle(found, v)
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

// settle adds a verdict, or joins it to the one shortly before that it confirms.
func (r *reading) settle(found []*verdict, v *verdict) []*verdict {
	const reach = 4
	if n := len(found); n > 0 && v.turn-found[n-1].turn <= reach {
		last, common := found[n-1], 0
		for s := range v.stems {
			if last.stems[s] {
				common++
			}
		}
		if common > 0 || v.points || v.follow || len(v.stems) == 0 || v.turn == last.turn+1 && len(v.stems) < 2 {
			if len(v.stems) > len(last.stems) && !v.points {
				v.places = append(v.places, last.places...)
				found[n-1] = v
				return found
			}
			last.places = append(last.places, v.places...)
			last.turn = v.turn
			return found
		}
	}
	return append(found, v)
}

// verdict weighs a turn; nil where it settles nothing.
func (r *reading) verdict(i int) *verdict {
	t := r.turns[i]
	pieces := t.pieces()
	v := &verdict{turn: i, stems: map[string]bool{}}
	best, most, ruled, settles := -1, 0, -1, false
	for k := range pieces {
		w := t.decides(pieces, k)
		if w == 0 {
			continue
		}
		if v.places = append(v.places, place{i, k}); t.ruledBy(&pieces[k]) {
			ruled = k
		}
		v.weight += w
		settles = settles || w >= enough || t.polls(&pieces[k])
		v.points = v.points || t.follows(&pieces[k])
	}
	if v.weight == 0 || !settles && i == 0 || !settles && len(t.Tokens) > explaining {
		return nil
	}
	if next := r.after(i); next >= 0 && r.turns[next].favours() {
		v.weight++
	} else if r.supported(i) {
		v.weight++
	}
	if v.weight < enough {
		return nil
	}
	for k := range pieces {
		n := len(t.matter(&pieces[k]))
		if k == ruled || n > 0 && !t.polls(&pieces[k]) && slices.Contains(v.places, place{i, k}) {
			n += 2
		}
		if n > most && !t.bound(&pieces[k]) {
			best, most = k, n
		}
	}
	if best >= 0 {
		v.stems = t.matter(&pieces[best])
	}
	if len(v.stems) < 2 && v.points || best < 0 {
		if p, ok := r.proposed(i); ok {
			v.points = true
			v.places = append([]place{p}, v.places...)
			v.stems = r.turns[p.turn].matter(&r.turns[p.turn].pieces()[p.sentence])
			return v
		}
	}
	if best < 0 {
		return nil
	}
	v.follow, v.points = v.points, v.points && len(v.stems) < 2
	v.places = append([]place{{i, best}}, v.places...)
	return v
}

// decides weighs what a piece does to settle something.
func (t *turn) decides(pieces []piece, k int) int {
	p := &pieces[k]
	if t.pastOrUnreal(p) || t.ignorance(p.From, p.To) >= 0 || t.Find(p.From, p.To, moment) >= 0 {
		return 0
	}
	w := 0
	switch {
	case t.polls(p):
		if w = 1; k > 0 || len(t.matter(p)) > 1 {
			w = 2
		}
	case p.asks:
		return 0
	case t.settles(p):
		w = 3
	case t.bound(p):
		return 0
	case t.ruledBy(p):
		if w = 2; t.Find(p.From, p.To, lasting) >= 0 || t.thenWe(p) {
			w = 3
		}
	case t.concludes(p) && len(t.stemsOf(p.Span)) > 0 && t.Find(p.From, p.To, [][]string{{"item"}, {"next"}}) < 0:
		w = 1
		if last := len(p.clauses) - 1; last < 0 || p.clauses[last].Passive && p.clauses[last].Force == 0 && !p.clauses[last].Negated {
			w = 2
		}
	case t.refusesAll(p):
		w = 2
	}
	return w
}

// thenWe reports whether the piece says what all do now that they have talked: "then we take it out of the sprint".
func (t *turn) thenWe(p *piece) bool {
	return len(p.clauses) > 0 && p.clauses[0].Subject == clause.Us && p.clauses[0].Link == "then" && p.clauses[0].Force == 0 && t.concludes(p) && !(opening[p.clauses[0].Verb] && t.short(&p.clauses[0]))
}

// refusesAll reports whether the piece rules something out without a verb: "no tooling changes for a label".
func (t *turn) refusesAll(p *piece) bool {
	const brief = 12
	if len(t.Tokens) > brief || !t.punctuated() {
		return false
	}
	i := p.From
	for i < p.To && clause.Opener[t.At(i)] && !t.noOne(i) {
		i++
	}
	return i < p.To-2 && t.noOne(i) && len(p.clauses) == 0 && len(t.matter(p)) > 1
}

// explaining is the number of words from which a turn explains how things are, unless it says that it settles them.
const explaining = 35

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

// polls reports whether the piece asks everybody whether they agree.
func (t *turn) polls(p *piece) bool {
	if t.Find(p.From, p.To, polling) >= 0 && (p.asks || !t.punctuated()) {
		return true
	}
	if !p.asks {
		return false
	}
	named := 0
	for i := p.From; i < p.To; i++ {
		if named += min(t.Tokens[i].Who, 1); named == p.To-p.From {
			return false
		}
		if w := t.At(i); t.Tokens[i].Who == 0 && w != "okay" && w != "ok" && w != "yes" && w != "right" && w != "alright" && w != "yeah" {
			return false
		}
	}
	return true
}

// settles reports whether words of the piece settle something.
func (t *turn) settles(p *piece) bool {
	for i := p.From; i < p.To; i++ {
		for _, ph := range settling {
			if i+len(ph) > p.To || !t.Has(i, ph) {
				continue
			}
			before := t.At(i - 1)
			if before == "not" || before == "never" || before == "was" || before == "what" || before == "to" || before == "it" && ph[0] == "decided" || ph[0] == "go" && (before == "i" || before == "you" || before == "they") {
				continue
			}
			// A word alone settles only apart: "agreed, the signs go up", not "as agreed with them".
			if len(ph) == 1 && !(i == p.From || clause.Opener[before] || before == "all" || t.Comma(i)) && i+1 < p.To {
				continue
			}
			return true
		}
	}
	if t.follows(p) && p.To-p.From <= 8 {
		return true
	}
	last, before := t.At(p.To-1), t.At(p.To-2)
	if last == "is" && before == "it" {
		return (p.To-p.From <= 6 || !t.punctuated()) && p.To-p.From > 2 && (len(p.clauses) <= 1 || !t.punctuated()) && !clause.IsParticiple(t.At(p.To-3)) && t.At(p.To-3) != "what"
	}
	first := p.From
	for first+1 < p.To && clause.Opener[t.At(first)] && !closing[t.At(first)] {
		first++
	}
	if closing[t.At(first)] && t.At(first) != "deal" && t.At(first) != "done" || t.At(first) == "done" && (first+1 == p.To && p.From > 0 || first > p.From && !t.punctuated()) {
		return true
	}
	if last == "done" && (len(p.clauses) == 0 || p.clauses[len(p.clauses)-1].Verb != "be") {
		return false
	}
	return closing[last] && !t.OpensGroup(p.To-2, p.To) && !clause.Being[before] && before != "not" && before != "it" && before != "half" && before != "get" && !t.punctuated()
}

// follows reports whether the piece settles what was proposed before: "then we do that".
func (t *turn) follows(p *piece) bool {
	i := p.From
	for i < p.To && (clause.Opener[t.At(i)] || clause.Coordinator[t.At(i)]) {
		i++
	}
	for _, ph := range following {
		if i+len(ph) <= p.To && t.Has(i, ph) {
			return true
		}
	}
	return false
}

// concludes reports whether the piece draws a conclusion: "so the release moves to Monday", "church hall, then".
func (t *turn) concludes(p *piece) bool {
	for i := p.From; i < p.To && i < p.From+4; i++ {
		switch w := t.At(i); {
		case w == "so" || w == "then":
			return true
		case !clause.Opener[w]:
			return t.At(p.To-1) == "then" && p.To-p.From <= 8
		}
	}
	return false
}

// rulingVerbs say in the present how it is going to be.
var rulingVerbs = clause.Set(`stay go move remain become get change come open close start use stop take follow keep calibrate make pay leave wait run switch hire skip drop push hold kill end provide accept do`)

// ruledBy reports whether the piece says in the present tense how it is from now on.
func (t *turn) ruledBy(p *piece) bool {
	held := t.Find(p.From, p.To, lasting) >= 0
	for _, w := range t.whensIn(p.From, p.To) {
		held = held || w.Lead == "from"
	}
	for n := range p.clauses {
		c := &p.clauses[n]
		if c.Past || c.Asks || c.Force&(clause.Would|clause.Could|clause.Can|clause.Must|clause.Ought|clause.Wants) != 0 || c.Link == "if" || c.Link == "because" || c.Link == "when" || c.Link == "whether" || clause.Asking[c.Link] {
			continue
		}
		switch {
		case c.Subject == clause.Us && c.Force&clause.Ongoing != 0 && c.Verb != "do" && c.Verb != "go" && c.Verb != "get" && c.Verb != "try" && !states[c.Verb] && !talk[c.Verb]:
			return true
		case c.Subject == clause.Us && c.Force&clause.Lets != 0 && !conduct[c.Verb] && !thinking[c.Verb] && !talk[c.Verb] && c.Verb != "get":
			return true
		case held && c.Passive && c.Force == 0 && c.Subject == clause.Thing && !t.pronoun(c):
			return true
		case c.Subject == clause.Thing && c.Force == clause.Ongoing && (c.Verb == "stay" || c.Verb == "remain") && !c.Negated:
			return true
		case c.Passive && dropping[c.Verb] && c.Force == 0 && !c.Negated:
			return true
		case c.Subject != clause.Thing && c.Subject != clause.Us && c.Subject != clause.Everyone || c.Force != 0:
		case c.Passive && c.Verb == "do", c.Subject == clause.Us && (c.Verb == "go" || c.Verb == "come") && t.At(c.Object) != "with" && !t.concludes(p):
		case rulingVerbs[c.Verb] && (!t.pronoun(c) || c.Verb == "stay" || c.Verb == "remain"):
			return true
		case c.Verb == "be" && held && !t.pronoun(c), held && c.Negated:
			return true
		}
	}
	return held && t.At(p.From) == "no" || held && len(p.clauses) == 0
}

// dropping verbs, in the passive, say what was settled: "photo mode is cut".
var dropping = clause.Set(`cut drop cancel scrap postpone keep accept reject approve delay defer abandon`)

// bound reports whether the piece speaks of what one person does, or asks for, or of what must be done: no decision of all.
func (t *turn) bound(p *piece) bool {
	for i := p.From; i < p.To; i++ {
		if t.At(i) == "you" && (t.At(i-1) == "from" || t.At(i-1) == "for") {
			return true
		}
	}
	for n := range p.clauses {
		c := &p.clauses[n]
		if c.Verb == "propose" || c.Verb == "suggest" || c.Verb == "move" {
			continue
		}
		if c.Subject == clause.Me || c.Subject == clause.You || c.Order && c.Force&clause.Lets == 0 && c.Verb != "go" && c.Verb != "make" || c.Subject == clause.Named || c.Subject == clause.Someone || c.Force&clause.Must != 0 {
			return true
		}
	}
	return false
}

// pastOrUnreal reports whether the piece tells of what was, or of what might be.
func (t *turn) pastOrUnreal(p *piece) bool {
	for n := range p.clauses {
		c := &p.clauses[n]
		if c.Subject == clause.Us && c.Past && (c.Verb == "agree" || c.Verb == "decide" || c.Verb == "settle") && c.At > 0 && !clause.Having[t.At(c.At-1)] {
			return true
		}
		if c.Subject == clause.Thing && c.Past && (c.Verb == "agree" || c.Verb == "decide" || c.Verb == "minute") {
			return true
		}
		if t.condition(c) && c.Force&clause.Lets == 0 && !t.courteous(c) {
			return true
		}
	}
	return t.Find(p.From, p.To, supposing) >= 0 || t.Find(p.From, p.To, quoting) >= 0 || t.Find(p.From, p.To, taking) >= 0
}

// proposed gives the fullest piece of the turns just before, which a verdict without words of its own follows.
func (r *reading) proposed(i int) (place, bool) {
	const reach = 3
	best, most := place{}, -3
	for k := i - 1; k >= 0 && k >= i-reach; k-- {
		t := r.turns[k]
		pieces := t.pieces()
		for n := range pieces {
			m := len(t.matter(&pieces[n]))
			if t.bound(&pieces[n]) {
				m -= 3 // what one person does is seldom what all settle
			}
			if m > most && !t.pastOrUnreal(&pieces[n]) {
				best, most = place{k, n}, m
			}
		}
		if most > 1 && k < i-1 {
			break
		}
	}
	return best, most > -2
}

// matter gives the stems of a piece without the words that settle.
func (t *turn) matter(p *piece) map[string]bool {
	stems := map[string]bool{}
	en := language.English
	for j := p.From; j < p.To; j++ {
		w := t.At(j)
		if t.Tokens[j].Second || closing[w] || en.Filler(w) || clause.Opener[w] || settlers[w] {
			continue
		}
		if !en.Stop(w) || numeral(w) {
			stems[en.Stem(w)] = true
		}
	}
	return stems
}

var settlers = clause.Set(`favour favor objections objection happy opposed silence rule decision plan agree side everybody works`)

// unwrapped takes off the words that only settle or poll: "that's settled, ...", "everybody okay with ...", "..., that's decided".
func (t *turn) unwrapped(s clause.Span) clause.Span {
	for _, ph := range slices.Concat(polling, settling) {
		for i := s.From; i+len(ph) <= s.To; i++ {
			if !t.Has(i, ph) || ph[0] == "go" || ph[0] == "we" && ph[1] == "go" {
				continue
			}
			behind := i + len(ph)
			for w := t.At(behind); behind < s.To && (w == "with" || w == "of" || w == "then" || w == "that" || w == "so" || w == "on" || w == "to"); w = t.At(behind) {
				behind++
			}
			switch {
			case len(t.stemsOf(stretch(behind, s.To))) > 1 && i <= s.From+3 && len(t.stemsOf(stretch(s.From, i))) == 0:
				return t.unwrapped(stretch(behind, s.To))
			case len(t.stemsOf(stretch(s.From, i))) > 1 && behind >= s.To:
				return stretch(s.From, i)
			}
		}
	}
	return s
}

// settled writes a verdict down.
func (r *reading) settled(v *verdict) (document.Line, bool) {
	var l document.Line
	seen := map[string]bool{}
	for n, p := range v.places {
		t := r.turns[p.turn]
		pieces := t.pieces()
		s := pieces[p.sentence]
		if n == 0 {
			words := t.trimmed(t.unwrapped(s.Span))
			l.Text = finish(r.plain(t).Words(words.From, words.To))
		}
		for _, e := range r.quote(t, s.From, s.To) {
			if !seen[e.Segment] {
				seen[e.Segment] = true
				l.Evidence = append(l.Evidence, e)
			}
		}
	}
	return l, l.Text != "" && len(l.Evidence) > 0
}
