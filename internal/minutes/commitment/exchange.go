package commitment

import (
	"mainstay/internal/language/clause"
	"mainstay/internal/minutes/people"
)

// item is one thing to be done, put together from what several turns say of it.
type item struct {
	acts    []*act
	owner   *people.Person
	asked   *people.Person // who was asked by name
	deed    deed           // of the last act that moved it on
	last    int            // the last turn that spoke of it
	by      string         // who spoke of it last
	weight  int
	taken   bool // somebody said that they will
	refused bool
	jest    bool
	replies []int // turns that accept, without an act of their own
}

// How far back, in turns, an act can refer.
const (
	replyReach  = 2
	calledReach = 3 // of who was asked by name
	takeReach   = 6
	addReach    = 5
)

// exchange follows requests, refusals and promises over the turns of a meeting.
type exchange struct {
	turns  []*turn
	people *people.People
	items  []*item
}

// follow reads the turns in order.
func (x *exchange) follow() {
	for i, t := range x.turns {
		if len(t.Tokens) == 0 {
			continue
		}
		acts := t.acts(x.people, i)
		x.answered(i, t, len(acts) > 0)
		for k := range acts {
			x.enter(&acts[k])
		}
	}
}

// answered lets a turn's opening settle what was asked or offered just before.
func (x *exchange) answered(i int, t *turn, acts bool) {
	for k := len(x.items) - 1; k >= 0 && x.items[k].last >= i-addReach; k-- {
		it := x.items[k]
		if it.by == t.speaker || it.last >= i || it.last < i-replyReach && it.deed != offer && !(it.deed == ask && it.last >= i-calledReach && x.calls(it, t) && x.askedBack(it, i)) {
			continue
		}
		switch {
		case it.deed == promise:
			x.reacted(it, i, t)
		case it.deed == offer && t.urges():
			x.offered(it, i, t)
		case it.last < i-1 && !x.calls(it, t):
		case it.deed == offer:
			x.offered(it, i, t)
		case it.deed == ask:
			x.asked(it, i, t, acts)
		case it.deed == need && t.reply.accepts && !t.reply.dates && it.last == i-1:
			it.weight++
		}
	}
}

// askedBack reports whether who was asked has only asked back since.
func (x *exchange) askedBack(it *item, i int) bool {
	for k := it.last + 1; k < i; k++ {
		if t := x.turns[k]; x.calls(it, t) && len(t.Sentences) > 0 && !t.Sentences[len(t.Sentences)-1].Asks {
			return false
		}
	}
	return true
}

// calls reports whether the speaker of the turn was asked by name.
func (x *exchange) calls(it *item, t *turn) bool {
	return it.asked != nil && t.speaker != "" && it.asked == x.people.ByID[t.speaker]
}

// reacted weighs what others say to a promise: thanks make it surer, laughter unmakes it.
func (x *exchange) reacted(it *item, i int, t *turn) {
	if last := it.acts[len(it.acts)-1]; (t.reply.laughs || t.echoes(it)) && last.deed == promise && (len(it.acts) == 1 || it.acts[0].weight < 2) {
		it.jest = true
	}
	if t.reply.thanks && it.last == i-1 && !t.reply.laughs {
		it.weight++
	}
	if last := it.acts[len(it.acts)-1]; t.reply.accepts && !t.reply.dates && !t.reply.thanks && it.last == i-1 && last.deed == promise && last.clause.Force == 0 && last.rich == full {
		it.weight++ // "then I freeze it", "please"
	}
	if it.last == i-1 && t.forbids() {
		it.refused = true
	}
}

// echoes reports whether the turn takes up the verb of a promise only to wave it off: "don't cry".
func (t *turn) echoes(it *item) bool {
	for i := 0; i+2 < len(t.Tokens) && i < 8; i++ {
		if t.At(i) == "do" && t.At(i+1) == "not" && t.At(i+2) == it.acts[0].clause.Verb {
			return true
		}
	}
	return false
}

// forbids reports whether the turn tells the one before not to: "no, don't".
func (t *turn) forbids() bool {
	from, _ := t.opening()
	for i := 0; i <= from+1 && i+1 < len(t.Tokens); i++ {
		if t.At(i) == "do" && t.At(i+1) == "not" && (i+2 >= len(t.Tokens) || t.Tokens[i+2].Gap != " " || t.At(i+2) == "do" || t.At(i+2) == "bother") {
			return true
		}
	}
	return false
}

// urges reports whether the turn tells somebody to go on with what they offered: "let's do that", "please do".
func (t *turn) urges() bool {
	return t.Find(0, min(len(t.Tokens), 8), urging) >= 0
}

var urging = clause.Phrases(`put you down, let us do that, let us do it, do that, do it, please do, go for it, go ahead, would you, that would be great, that would be good, that would be helpful, that would be brilliant, that would be lovely`)

// offered settles an offer: it holds when somebody takes it.
func (x *exchange) offered(it *item, i int, t *turn) {
	switch {
	case t.reply.refuses:
		it.refused = true
	case t.reply.accepts || t.reply.thanks || t.urges() || t.revises() != nil:
		it.weight += 2
		it.taken = true
		it.replies = append(it.replies, i)
		it.owner = it.acts[len(it.acts)-1].owner
		it.deed = promise
	}
}

// asked settles a request that the turn's speaker may answer.
func (x *exchange) asked(it *item, i int, t *turn, acts bool) {
	who := x.people.ByID[t.speaker]
	if it.asked != nil && who != it.asked {
		return
	}
	switch {
	case t.reply.refuses:
		it.refused = true
		it.asked = nil
	case t.reply.accepts:
		it.weight += 2
		if it.toAll(x) {
			who = nil
		}
		it.taken, it.owner, it.deed = true, who, promise
		it.last, it.by = i, t.speaker
		it.replies = append(it.replies, i)
	}
}

// toAll reports whether everybody was asked, so that who answers first does not own it.
func (it *item) toAll(x *exchange) bool {
	for _, a := range it.acts {
		if s := x.turns[a.turn].Sentences[a.sentence]; a.deed == ask && x.turns[a.turn].Find(s.From, s.To, everybody) >= 0 {
			return true
		}
	}
	return false
}

var everybody = clause.Phrases(`all of you, each of you, every one of you, you all, everybody, everyone, everyone's, everybody's`)

// enter adds an act to the item that it speaks of, or makes a new one.
func (x *exchange) enter(a *act) {
	if it := x.target(a); it != nil {
		x.join(it, a)
		return
	}
	if a.rich == hollow && a.deed != need && !x.explain(a) {
		return
	}
	if a.deed == ask && a.clause.Order && x.elided(a) {
		return
	}
	if a.deed == need && a.rich != full && x.turns[a.turn].pronoun(a.clause) && !x.explain(a) {
		x.explained(a)
	}
	it := &item{acts: []*act{a}, owner: a.owner, asked: a.to, deed: a.deed, last: a.turn, by: x.turns[a.turn].speaker, weight: a.weight, taken: a.deed == promise}
	if a.deed == ask || a.deed == need {
		it.owner = nil
	}
	x.items = append(x.items, it)
}

// elided joins a bare verb to the request that its speaker has just accepted: "Okay. Draft to Sofia by Friday."
func (x *exchange) elided(a *act) bool {
	for _, it := range x.items {
		if n := len(it.replies); n > 0 && it.replies[n-1] == a.turn && it.owner == x.people.ByID[x.turns[a.turn].speaker] {
			a.deed, a.owner, a.weight = promise, it.owner, it.weight+1
			x.join(it, a)
			return true
		}
	}
	return false
}

// explain looks for what a hollow promise means: what its speaker said just before.
func (x *exchange) explain(a *act) bool {
	t := x.turns[a.turn]
	if a.deed == ask {
		return len(a.whens) > 0 && a.clause.Subject == clause.Me && x.explained(a)
	}
	if a.deed != promise && a.deed != offer && a.deed != need || a.weight < 2 {
		return false
	}
	for from := a.clause.From; from > 0; {
		k := t.SentenceOf(from - 1)
		s := stretch(t.Sentences[k].From, from)
		if stems := t.stemsOf(s); len(stems) > 1 || len(stems) == 1 && a.deed == need {
			a.topic, a.stems, a.rich, a.borrowed = t.trimmed(s), stems, full, true
			return true
		}
		if from = s.From; k < a.sentence-1 {
			break
		}
	}
	return a.weight >= enough && x.explained(a)
}

// explained takes what a hollow promise means from what another said in the turns just before.
func (x *exchange) explained(a *act) bool {
	for i := a.turn - 1; i >= 0 && i >= a.turn-replyReach; i-- {
		t := x.turns[i]
		if t.speaker == x.turns[a.turn].speaker {
			continue
		}
		best, most := -1, 1
		for k := range t.Sentences {
			if n := len(t.stemsOf(stretch(t.Sentences[k].From, t.Sentences[k].To))); n >= most {
				best, most = k, n
			}
		}
		if best >= 0 {
			s := t.Sentences[best]
			a.origin = &place{i, best}
			a.stems, a.rich, a.borrowed = t.stemsOf(stretch(s.From, s.To)), full, true
			return true
		}
	}
	return false
}

// target finds the item that an act speaks of, the latest first.
func (x *exchange) target(a *act) *item {
	for k := len(x.items) - 1; k >= 0 && x.items[k].last >= a.turn-takeReach; k-- {
		if x.meets(x.items[k], a) {
			return x.items[k]
		}
	}
	return nil
}

// meets reports whether an act speaks of the item.
func (x *exchange) meets(it *item, a *act) bool {
	far := a.turn - it.last
	common := x.common(it, a)
	switch {
	case (a.deed == promise || a.deed == offer && far == 0) && it.owner == a.owner && it.taken:
		return far == 0 && x.continues(it, a) || far > 0 && far <= addReach && (a.rich != full || common > 0) && x.near(it, a) && (common > 1 || x.continues(it, a))
	case a.deed == promise && it.taken && it.owner == nil && a.rich == hollow:
		return far <= addReach
	case a.deed == promise && it.taken && it.owner != nil && it.owner.Speaker == nil && far == 0:
		return a.rich != full // "Declan will repair them. I'll have him do it by Friday."
	case (a.deed == promise || a.deed == offer) && it.taken:
		return false
	case a.deed == promise || a.deed == offer:
		return x.takes(it, a, far, common)
	case a.deed == ask && it.taken:
		return it.owner != nil && a.to == it.owner && far <= replyReach && (a.rich != full || common > 0)
	case it.deed == offer:
		return a.deed == ask && it.by != x.turns[a.turn].speaker && far <= 1 && (a.rich != full || common > 0)
	case a.deed == need && !it.taken && far <= replyReach && x.turns[a.turn].pronoun(a.clause):
		return true
	case it.taken:
		return a.deed == need && far <= 1 && a.rich == hollow
	}
	return far <= addReach && (common > 0 || a.rich == hollow && far <= 1) || far == 0 && (a.rich == hollow || a.rich == pointing && a.deed == ask && it.deed == need)
}

// near reports whether nothing else was spoken of since the item.
func (x *exchange) near(it *item, a *act) bool {
	return a.rich == full || it == x.items[len(x.items)-1] || a.turn-it.last <= 1
}

// continues reports whether a second promise in a turn goes on the first one; what has a date of its own does not.
func (x *exchange) continues(it *item, a *act) bool {
	first := it.acts[len(it.acts)-1]
	return !(a.rich == full && first.rich == full && len(a.whens) > 0 && len(first.whens) > 0 && !a.whens[0].Date.Equal(first.whens[0].Date))
}

// takes reports whether a promise takes what was asked, needed or refused before.
func (x *exchange) takes(it *item, a *act, far, common int) bool {
	mine := it.asked == nil || it.asked == a.owner || it.refused
	switch {
	case a.owner != x.people.ByID[x.turns[a.turn].speaker]: // somebody else is named
		return far <= takeReach && (common > 0 || a.rich != full)
	case !mine:
		return false
	case far <= 1 && (it.deed == ask || it.deed == need) && it.by != x.turns[a.turn].speaker && x.firstOf(a) && !(a.clause.Link == "and" && a.rich == full && common == 0):
		return true
	case far == 0 && it.deed == ask && a.rich != hollow && it.by == x.turns[a.turn].speaker:
		return false
	}
	return common > 0 && far <= addReach || a.rich != full && far <= takeReach && it == x.items[len(x.items)-1]
}

// firstOf reports whether the act is the first in its turn.
func (x *exchange) firstOf(a *act) bool {
	for _, it := range x.items {
		for _, b := range it.acts {
			if b.turn == a.turn && b != a {
				return false
			}
		}
	}
	return true
}

// common counts the stems that an act shares with an item.
func (x *exchange) common(it *item, a *act) int {
	n := 0
	for stem := range a.stems {
		for _, b := range it.acts {
			if b.stems[stem] {
				n++
				break
			}
		}
	}
	return n
}

// join adds an act to an item.
func (x *exchange) join(it *item, a *act) {
	before := it.deed
	it.acts = append(it.acts, a)
	it.last, it.by = a.turn, x.turns[a.turn].speaker
	switch a.deed {
	case promise:
		it.weight = max(it.weight, a.weight)
		if before != promise {
			it.weight += 2
		}
		if !it.taken || it.owner == nil || it.owner.Speaker != nil {
			it.owner = a.owner
		}
		it.taken, it.refused, it.deed = true, false, promise
	case offer:
		if before == promise {
			return
		}
		if before == ask || before == need {
			it.weight, it.owner, it.taken, it.refused, it.deed = max(it.weight, a.weight)+2, a.owner, true, false, promise
		}
	default:
		if before == offer {
			it.owner, it.taken, it.deed, it.weight = it.acts[0].owner, true, promise, it.weight+1
		}
		it.weight = max(it.weight, a.weight) + 1
		if a.to != nil && !it.taken {
			it.asked = a.to
		}
		if !it.taken && it.deed == need {
			it.deed = a.deed
		}
	}
}

// stands reports whether an item is an action.
func (it *item) stands() bool {
	return it.weight >= enough && !it.refused && !it.jest && !it.wanting()
}

// wanting reports whether all that was said is that something is wanted: "we need two dry days".
func (it *item) wanting() bool {
	for _, a := range it.acts {
		if a.deed != need || a.clause.Verb != "need" {
			return false
		}
	}
	return true
}
