package language

import "strings"

// Polarity is what a text affirms or denies.
type Polarity struct {
	Negated bool // it denies: an odd number of "not", "never", "without" and the like
	Accepts bool // it speaks of agreeing, approving, accepting
	Refuses bool // it speaks of rejecting, refusing, cancelling
}

// Polarity reads a sentence. It counts words; it does not parse, so ask it about one sentence and not about a whole speech.
func (l Language) Polarity(sentence string) Polarity {
	var p Polarity
	words := Words(sentence)
	for i, w := range words {
		if l.Negation(w.Norm) && !(l == English && w.Norm == "no" && answers(sentence, words, i)) {
			p.Negated = !p.Negated
		}
		p.Accepts = p.Accepts || hasPrefixOf(w.Norm, accepting[l])
		p.Refuses = p.Refuses || hasPrefixOf(w.Norm, refusing[l])
	}
	return p
}

// Same reports whether two sentences can mean the same: both deny or neither does, and neither refuses what the other accepts.
func (p Polarity) Same(q Polarity) bool {
	turned := p.Accepts && !p.Refuses && q.Refuses && !q.Accepts || p.Refuses && !p.Accepts && q.Accepts && !q.Refuses
	return p.Negated == q.Negated && !turned
}

// Negation reports whether a normalised word denies: "not", "never", "didn't", "nobody".
func (l Language) Negation(norm string) bool {
	return negations[l][norm] || l == English && (strings.HasSuffix(norm, "n't") || norm == "'t")
}

// answers reports whether the "no" at i answers and denies nothing in its sentence: a mark or a new clause follows.
func answers(sentence string, words []Word, i int) bool {
	if i+1 == len(words) {
		return i > 0
	}
	next := words[i+1]
	return strings.ContainsAny(sentence[words[i].End:next.Start], ",.;:!?") || next.Norm == "no" || subjects[English][firstPart(next.Norm)] && next.Norm != "what" && next.Norm != "if"
}

func hasPrefixOf(word string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(word, p) {
			return true
		}
	}
	return false
}
