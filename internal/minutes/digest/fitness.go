package digest

import (
	"math"
	"strings"

	"mainstay/internal/language"
)

// What a sentence keeps of its fitness for each thing that a stranger could not follow. Chosen on one half of a set of
// transcribed meetings and checked on the other; none of them is sharp.
const (
	asked      = 0.5  // it is a question
	unended    = 0.95 // nobody said its end
	procedural = 0.4  // it hands over to the next subject or speaker
	backward   = 0.7  // it opens with a pronoun
	halved     = 0.6  // it opens like half a sentence
	unusual    = 0.8  // it does not open as statements do
	verbless   = 0.3
	personal   = 0.7  // each time it speaks of speaker or listener
	broken     = 0.5  // each word that was broken off
	clashing   = 0.6  // each pair of words that cannot be neighbours
	pointed    = 0.85 // each word that points at what is in the room
	sociable   = 0.5  // each word of greetings and thanks
	colloquial = 0.7  // each word that is odd on paper
	decided    = 1.5  // it says what was settled
)

// fitness says how well a sentence reads on its own, between 0 and about 1. text is its clean form; cut says that its end
// was not said. Sentences in the style of writing, in which articles and prepositions tie nouns together, count more.
func fitness(text string, words []language.Word, s *sentence, cut bool) float64 {
	g, c := grammars[s.language], newClauses(text, words, s.language)
	f := opens(g, headWord(s.words[0])) * power(asked, s.question) * power(unended, cut)
	f *= power(procedural, isCue(words, s.language)) * power(verbless, !c.complete())
	settled, tying := false, 0
	for i, w := range words {
		f *= power(personal, g.persons[headWord(w.Norm)]) * power(broken, c.broken(i)) * power(pointed, g.pointing[w.Norm])
		f *= power(sociable, g.social[w.Norm]) * power(colloquial, g.loose[w.Norm]) * power(clashing, c.adjacent(i) && c.clash(i))
		if g.tying[w.Norm] {
			tying++
		}
		settled = settled || g.decisive[w.Norm]
	}
	f *= power(decided, settled)
	if len(g.tying) > 0 {
		f *= math.Pow(0.2+float64(tying)/float64(len(words)), 1.5)
	}
	return f
}

func power(factor float64, applies bool) float64 {
	if applies {
		return factor
	}
	return 1
}

// opens says what the first word leaves of a sentence's fitness.
func opens(g grammar, first string) float64 {
	return power(backward, g.pronouns[first]) * power(halved, g.starters[first]) * power(unusual, len(g.leads) > 0 && !g.leads[first])
}

func headWord(norm string) string {
	head, _, _ := strings.Cut(norm, "'")
	return head
}
