package evidence

import (
	"cmp"
	"slices"
	"strings"

	"mainstay/internal/language"
	grammar "mainstay/internal/language/clause"
)

// clause is a stretch of what was said that has a subject of its own.
type clause struct {
	stems    map[string]bool
	denies   bool
	asks     bool
	supposes bool // "if", "unless": it does not say that it is so
}

// clauses reads a text sentence by sentence, cut where a conjunction opens a clause with a subject: "the crane is late, so we
// move the pour". Without a subject the negation before it still holds ("we won't repair and use it"), so nothing is cut.
func (e *Checker) clauses(text string) []clause {
	var all []clause
	for _, span := range e.lang.Sentences(text) {
		sentence := e.lang.Clean(span.In(text)).Text
		asks := strings.Contains(sentence, "?")
		for _, part := range e.split(sentence) {
			c := clause{stems: map[string]bool{}, denies: denies(e.lang, part), asks: asks, supposes: anyOf(part, conditions[e.lang])}
			for _, stem := range e.lang.Content(part) {
				c.stems[stem] = true
			}
			all = append(all, c)
		}
	}
	return all
}

func (e *Checker) split(sentence string) []string {
	if e.lang == language.English && !strings.ContainsAny(sentence, ",.;:!?") {
		return runOn(sentence)
	}
	words := language.Words(sentence)
	var parts []string
	from := 0
	for i := 1; i+1 < len(words); i++ {
		next := words[i+1]
		if conjunctions[e.lang][words[i].Norm] && (subjects[e.lang][head(next.Norm)] || next.Capital() && e.names[next.Norm]) {
			parts = append(parts, sentence[from:words[i].Start])
			from = words[i].Start
		}
	}
	return append(parts, sentence[from:])
}

// runOn parts speech that was recognized without marks: in "not yet no i'll call him" the call is not denied.
func runOn(sentence string) []string {
	t := grammar.New(sentence)
	t.Parse()
	var parts []string
	for _, u := range t.Units() {
		parts = append(parts, t.Words(u.From, u.To))
	}
	return parts
}

func head(norm string) string {
	head, _, _ := strings.Cut(norm, "'")
	return head
}

// denies reports whether a clause says that something is not so: an odd number of negations and refusals. A "no" that answers,
// and the "not" of a question that proposes ("why don't we", "shouldn't we", "isn't it?"), deny nothing.
func denies(l language.Language, text string) bool {
	text = l.Clean(text).Text // what is said twice denies once
	words := language.Words(text)
	asks := strings.Contains(text, "?")
	count := 0
	for i, w := range words {
		answer := i == 0 && len(words) > 1 && answers[w.Norm] &&
			(strings.ContainsAny(text[w.End:words[1].Start], ",.;:–—") || pronouns[head(words[1].Norm)])
		if l.Negation(w.Norm) && !answer && !(asks && (i < 3 || i >= len(words)-3)) {
			count++
		}
		if l.Polarity(w.Text).Refuses {
			count++
		}
	}
	return count%2 == 1
}

// answers are the words for "no" that can stand before what is said; before a pronoun they do so without a comma.
var (
	answers  = wordSet(`no nein non nee não`)
	pronouns = wordSet(`i we you he she it they that this there ich wir du er sie es das je nous vous il elle on ik wij hij zij`)
)

func anyOf(text string, set map[string]bool) bool {
	for _, w := range language.Words(text) {
		if set[w.Norm] {
			return true
		}
	}
	return false
}

// The shares of a line's words that must have been said: of all, and of each of its clauses.
const (
	share       = 0.6
	shareClause = 0.5
	together    = 0.5 // of a clause's words, in one clause of the source
	maxSupport  = 5   // clauses of the source that may support one line
)

// claimed refuses a line that says more than its source, or the opposite.
func (e *Checker) claimed(text string, src source, said spans) string {
	support := e.support(text, src)
	total, found := 0, 0
	for _, piece := range e.pieces(text) {
		n, f := e.weigh(text, piece, support, said)
		if n > 0 && f == 0 || n > 1 && float64(f) < shareClause*float64(n) {
			return "says more than its source"
		}
		if n > 2 && !e.together(text, piece, src, said, n) {
			return "is patched together from its source"
		}
		total, found = total+n, found+f
	}
	if float64(found) < share*float64(total) || total == 0 && !e.echoed(text, support) {
		return "says more than its source"
	}
	if e.opposes(text, src) {
		return "says the opposite of its source"
	}
	return e.overstates(text, src)
}

// support holds the stems of the few clauses of the source that the line resembles most. A line must not be patched together
// from words said here and there.
func (e *Checker) support(text string, src source) map[string]bool {
	want := map[string]bool{}
	for _, stem := range e.lang.Content(text) {
		want[stem] = true
	}
	support, used := map[string]bool{}, map[int]bool{}
	for range maxSupport {
		best, most := -1, 0
		for i, c := range src.clauses {
			n := 0
			for stem := range c.stems {
				if want[stem] && !support[stem] {
					n++
				}
			}
			if !used[i] && n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			break
		}
		used[best] = true
		for stem := range src.clauses[best].stems {
			support[stem] = true
		}
	}
	return support
}

// pieces are the parts of a line that each claim something: between punctuation and conjunctions.
func (e *Checker) pieces(text string) []language.Span {
	var all []language.Span
	words := language.Words(text)
	from := 0
	for i := 1; i < len(words); i++ {
		gap := text[words[i-1].End:words[i].Start]
		if strings.ContainsAny(gap, ",;:.!?–—()") || conjunctions[e.lang][words[i].Norm] {
			all = append(all, language.Span{Start: from, End: words[i-1].End})
			from = words[i].Start
		}
	}
	return append(all, language.Span{Start: from, End: len(text)})
}

// weigh counts the words of a piece that carry a claim of their own, and those of them that were said. Names, numbers and
// times are checked elsewhere, and the words of retelling ("the team discussed") claim little.
func (e *Checker) weigh(text string, piece language.Span, support map[string]bool, said spans) (total, found int) {
	for _, w := range language.Words(piece.In(text)) {
		at := language.Span{Start: w.Start + piece.Start, End: w.End + piece.Start}
		norm := bareName(w.Norm)
		stem := e.lang.Stem(norm)
		switch {
		case e.lang.Stop(norm), e.lang.Filler(norm), e.names[norm], said.hold(at), timeWords[e.lang][norm], len(e.lang.Numbers(w.Text)) > 0:
		case support[stem], e.synonym(stem, support):
			total, found = total+1, found+1
		case !framing(e.lang, stem):
			total++
		}
	}
	return total, found
}

// together reports whether one clause of the source holds enough of a piece's n words.
func (e *Checker) together(text string, piece language.Span, src source, said spans, n int) bool {
	return slices.ContainsFunc(src.clauses, func(c clause) bool {
		_, found := e.weigh(text, piece, c.stems, said)
		return float64(found) >= together*float64(n)
	})
}

// synonym reports whether a stem stands on the same side of a contrast as one that was said: "raise" for "increase".
func (e *Checker) synonym(stem string, support map[string]bool) bool {
	for _, pair := range contrasts[e.lang] {
		for _, side := range pair {
			if slices.Contains(side, stem) && uses(support, side) {
				return true
			}
		}
	}
	return false
}

// echoed reports whether a line of retelling words alone was said in those words.
func (e *Checker) echoed(text string, support map[string]bool) bool {
	content, found := e.lang.Content(text), 0
	for _, stem := range content {
		if support[stem] {
			found++
		}
	}
	return float64(found) >= share*float64(len(content))
}

// opposes compares each clause of the line with the clauses of the source that it resembles most: one of them must deny where
// it denies, and affirm where it affirms.
func (e *Checker) opposes(text string, src source) bool {
	for _, c := range e.clauses(text) {
		like := resembling(c, src.clauses)
		if len(like) > 0 && !slices.ContainsFunc(like, func(s clause) bool { return s.denies == c.denies }) {
			return true
		}
	}
	return false
}

func resembling(c clause, among []clause) []clause {
	overlap := func(s clause) int {
		n := 0
		for stem := range c.stems {
			if s.stems[stem] {
				n++
			}
		}
		return n
	}
	if len(among) == 0 {
		return nil
	}
	best := overlap(slices.MaxFunc(among, func(a, b clause) int { return cmp.Compare(overlap(a), overlap(b)) }))
	if best == 0 {
		return nil
	}
	var like []clause
	for _, s := range among {
		if overlap(s) == best {
			like = append(like, s)
		}
	}
	return like
}

// overstates says how a line makes more of its source, or the contrary: it refuses, denies or contrasts in words that the
// source does not use, decides what was only asked or supposed, or says "all" where nobody did.
func (e *Checker) overstates(text string, src source) string {
	stems := map[string]bool{}
	for _, w := range language.Words(text) {
		stems[e.lang.Stem(bareName(w.Norm))] = true
	}
	if anyOf(text, universal[e.lang]) && !anyOf(src.text, universal[e.lang]) {
		return "says of all what was not said of all"
	}
	if e.lang.Polarity(text).Refuses && !e.lang.Polarity(src.text).Refuses && !slices.ContainsFunc(src.clauses, func(c clause) bool { return c.denies }) {
		return "says the opposite of its source"
	}
	denied := e.negates(text) != e.negates(src.text) // "not accepted" is "rejected"
	for _, pair := range contrasts[e.lang] {
		if denied {
			break
		}
		for i, side := range pair {
			if uses(stems, side) && !uses(src.known, side) && uses(src.known, pair[1-i]) {
				return "says the opposite of its source"
			}
		}
	}
	if e.lang.Polarity(text).Accepts && !strings.Contains(text, "?") && !e.negates(text) {
		return e.undecided(text, src)
	}
	return ""
}

// undecided refuses a line that says that something was agreed where its source only asks or supposes.
func (e *Checker) undecided(text string, src source) string {
	assents := e.lang.Polarity(src.text).Accepts || len(assent[e.lang]) == 0 || anyOf(src.text, assent[e.lang])
	for _, c := range e.clauses(text) {
		like := resembling(c, src.clauses)
		if len(like) == 0 {
			continue
		}
		open := func(s clause) bool { return s.asks || s.supposes && !c.supposes }
		if !assents || !slices.ContainsFunc(like, func(s clause) bool { return !open(s) }) && !e.answered(src) {
			return "takes a question or a condition for a decision"
		}
	}
	return ""
}

// answered reports whether the source holds a word of assent outside of its questions and conditions.
func (e *Checker) answered(src source) bool {
	for _, c := range src.clauses {
		if c.asks || c.supposes {
			continue
		}
		for stem := range c.stems {
			if e.lang.Polarity(stem).Accepts {
				return true
			}
		}
	}
	for _, span := range e.lang.Sentences(src.text) {
		sentence := span.In(src.text)
		if !strings.Contains(sentence, "?") && !anyOf(sentence, conditions[e.lang]) && anyOf(sentence, assent[e.lang]) {
			return true
		}
	}
	return false
}

func (e *Checker) negates(text string) bool {
	return slices.ContainsFunc(language.Words(text), func(w language.Word) bool { return e.lang.Negation(w.Norm) })
}

func uses(stems map[string]bool, side []string) bool {
	return slices.ContainsFunc(side, func(s string) bool { return stems[s] })
}
