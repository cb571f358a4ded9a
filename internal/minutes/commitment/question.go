package commitment

import (
	"fmt"
	"mainstay/internal/language/clause"
	"strings"

	"mainstay/internal/document"
)

// question is something asked, with where it stands.
type question struct {
	turn     int
	sentence int
	words    clause.Span
	stems    map[string]bool
}

// leaving says that a matter is left open, whatever was said to it.
var leaving = clause.Phrases(`stays open, still open, park that, come back to that, come back to it, circle back, leave that one, leave it open, open question, take that offline, never settled`)

// openReach is how many turns behind a question still answer it, or say that nobody can.
const openReach = 3

// questions finds what was asked and not answered: the talk after it says that nobody knows.
func (r *reading) questions() []document.Line {
	var lines []document.Line
	for i, t := range r.turns {
		q, ok := r.asked(i, t)
		if !ok || !r.open(q) {
			continue
		}
		text := finishQuestion(r.plain(t).Words(q.words.From, q.words.To))
		evidence := r.quote(t, q.words.From, q.words.To)
		if text == "" || len(evidence) == 0 {
			continue
		}
		lines = append(lines, document.Line{ID: fmt.Sprintf("q%d", len(lines)+1), Text: text, Evidence: evidence})
	}
	return lines
}

func finishQuestion(text string) string {
	if text = finish(text); text == "" {
		return ""
	}
	return strings.TrimSuffix(text, ".") + "?"
}

// asked gives the question of a turn, the fullest where there are several.
func (r *reading) asked(i int, t *turn) (question, bool) {
	var best question
	for k := range t.Sentences {
		s := &t.Sentences[k]
		words, ok := t.interrogates(s)
		if !ok {
			continue
		}
		q := question{turn: i, sentence: k, words: words, stems: t.stemsOf(words)}
		if len(q.stems) > len(best.stems) || len(q.stems) == len(best.stems) && len(q.stems) > 0 {
			best = q
		}
	}
	return best, len(best.stems) > 0
}

// interrogates gives the words of a sentence that ask for knowledge; requests, offers and polls do not.
func (t *turn) interrogates(s *clause.Sentence) (clause.Span, bool) {
	from := s.From
	for from < s.To && (clause.Opener[t.At(from)] || clause.Coordinator[t.At(from)] || t.Tokens[from].Who != 0 && from+1 < s.To && t.Comma(from+1)) {
		from++
	}
	start := -1
	for n := range s.Clauses {
		c := &s.Clauses[n]
		if !c.Asks && c.Subject != clause.Who && !(t.punctuated() && (clause.Asking[t.At(c.From)] || clause.Asking[t.At(c.From-1)] && c.From-1 >= s.From && c.Link != "")) {
			continue
		}
		if c.Subject == clause.Me && c.Verb == "ask" {
			continue // "can I just ask, ..."
		}
		if t.requests(c) {
			return clause.Span{}, false
		}
		if start < 0 {
			start = c.From
			for start > from && (clause.Asking[t.At(start-1)] || start-2 >= from && clause.Asking[t.At(start-2)]) {
				start--
			}
		}
	}
	switch {
	case s.Asks && t.polls(&piece{Span: stretch(s.From, s.To), asks: true}):
		return clause.Span{}, false
	case t.Find(s.From, s.To, supposing) >= 0:
		return clause.Span{}, false
	case s.Asks && start < 0 && !t.enquires(from, s):
		return clause.Span{}, false
	case s.Asks:
		return stretch(from, s.To), true
	case start < 0 || t.punctuated():
		return clause.Span{}, false
	case start > from+6:
		from = start
	}
	if last := &s.Clauses[len(s.Clauses)-1]; start >= 0 && !last.Asks && last.From > start+12 {
		return clause.Span{}, false // the turn went on to something else
	}
	return stretch(from, t.trimEnd(from, s.To)), true
}

// enquires reports whether words without a verb ask for knowledge: "any word on the boots?", "how many?"
func (t *turn) enquires(from int, s *clause.Sentence) bool {
	for i := from; i < s.To && i < from+6; i++ {
		if t.OpensGroup(i, s.To) && (i == from || t.Comma(i)) { // "is the insurance going to pay", "can I ask, are the"
			return true
		}
	}
	return clause.Asking[t.At(from)] || t.At(from) == "any" || prepositionAsks(t.At(from), t.At(from+1))
}

func prepositionAsks(first, second string) bool {
	return clause.Preposition[first] && clause.Asking[second]
}

// punctuated reports whether the turn has end marks, so that a question would bear one.
func (t *turn) punctuated() bool { return strings.ContainsAny(t.raw, ".?!") }

// requests reports whether a clause in the form of a question asks for a deed.
func (t *turn) requests(c *clause.Clause) bool {
	switch c.Subject {
	case clause.You:
		return c.Force&(clause.Can|clause.Could|clause.Will|clause.Would) != 0 && !perceiving[c.Verb] || c.Force&clause.Wants != 0
	case clause.Me:
		return c.Force&(clause.Can|clause.Could|clause.Will|clause.Ought) != 0 && c.Asks && !clause.Asking[t.At(c.From-1)]
	}
	return false
}

// replies reports whether a turn is an answer of a word or two: "not yet", "two", "Friday".
func (t *turn) replies() bool {
	const brief = 4
	from, _ := t.opening()
	if t.At(from) == "not" && t.At(from+1) == "yet" {
		return true
	}
	if len(t.Tokens) > brief || t.Sentences[0].Asks {
		return false
	}
	for i := range t.Tokens {
		if numeral(t.At(i)) || t.timely(i) {
			return true
		}
	}
	return false
}

// open reports whether what follows a question says that nobody knows.
func (r *reading) open(q question) bool {
	asker, answered := r.turns[q.turn].speaker, false
	for i := q.turn + 1; i <= q.turn+openReach && i < len(r.turns); i++ {
		t := r.turns[i]
		if len(t.Tokens) == 0 {
			continue
		}
		if t.speaker != asker && !answered && t.replies() {
			return false
		}
		if t.reply.unknown && !answered && t.speaker != asker || t.Find(0, len(t.Tokens), leaving) >= 0 {
			return true
		}
		_, back := r.asked(i, t)
		answered = answered || !back && t.speaker != asker && len(t.stemsOf(stretch(0, len(t.Tokens)))) > 1
		if t.speaker == asker {
			if _, again := r.asked(i, t); again {
				return false
			}
			continue
		}
		if t.reply.accepts || t.reply.refuses && i == q.turn+1 && len(t.Tokens) > 3 {
			return false
		}
		if _, back := r.asked(i, t); !back && len(t.stemsOf(stretch(0, len(t.Tokens)))) > 1 && i > q.turn+1 {
			return false
		}
	}
	return false
}
