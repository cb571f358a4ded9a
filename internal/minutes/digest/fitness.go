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
)

// fitness says how well a sentence reads on its own, between 0 and about 1. text is its clean form; cut says that its end
// was not said. Sentences in the style of writing, in which articles and prepositions tie nouns together, count more.
func fitness(text string, words []language.Word, s *sentence, cut bool) float64 {
	g := grammars[s.language]
	f := opens(g, headWord(s.words[0])) * power(asked, s.question) * power(unended, cut)
	f *= power(procedural, isCue(words, s.language)) * power(verbless, len(g.verbs) > 0 && !hasVerb(g, s.words))
	tying := 0
	for i, w := range words {
		f *= power(personal, g.persons[headWord(w.Norm)]) * power(broken, isBroken(w, g)) * power(pointed, g.pointing[w.Norm])
		f *= power(sociable, g.social[w.Norm])
		if i > 0 && strings.TrimSpace(text[words[i-1].End:w.Start]) == "" {
			f *= power(clashing, clash(g, words[i-1].Norm, headWord(w.Norm)))
		}
		if g.tying[w.Norm] {
			tying++
		}
	}
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

// isBroken reports whether a word is the rest of one that was broken off: a small letter or two that no vowel makes a word.
func isBroken(w language.Word, g grammar) bool {
	const longest = 3
	if g.interjections[w.Norm] {
		return true
	}
	return len(w.Text) <= longest && len(g.letters) > 0 && w.Text == w.Norm && w.Start > 0 && !g.letters[w.Norm] &&
		(len(w.Text) == 1 || !strings.ContainsAny(w.Norm, "aeiouy0123456789'"))
}

// clash reports whether two neighbours cannot stand in one clause: "the we", "to they", "of is".
func clash(g grammar, a, b string) bool {
	return g.articles[a] && (g.subjects[b] || g.breaks[b] || g.articles[b]) || g.prepositions[a] && g.subjects[b] || a == "to" && g.breaks[b]
}

// hasVerb reports whether some word is a common finite verb or looks like a verb.
func hasVerb(g grammar, words []string) bool {
	for i, w := range words {
		if i > 0 && g.relatives[words[i-1]] {
			continue
		}
		head, tail, contracted := strings.Cut(w, "'")
		if g.verbs[w] || g.verbs[head] || contracted && tail != "" && (tail != "s" || g.subjects[head] || g.pronouns[head]) {
			return true
		}
		if i > 0 && g.subjects[words[i-1]] && len(w) > 2 && !g.breaks[w] {
			return true
		}
		if i > 0 && i+1 < len(words) && len(w) > 4 && strings.HasSuffix(w, "ed") && len(g.verbs) > 0 && !g.articles[words[i-1]] {
			return true
		}
	}
	return false
}

func headWord(norm string) string {
	head, _, _ := strings.Cut(norm, "'")
	return head
}
