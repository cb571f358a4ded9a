package digest

import (
	"strings"

	"mainstay/internal/language"
)

// clauses reads an English sentence from left to right and counts what it takes to stand alone. It is no parser: it knows the
// small words, the verbs that people use most, and how both follow each other.
type clauses struct {
	language language.Language
	g        grammar
	v        verbs
	text     string
	words    []language.Word
}

func newClauses(text string, words []language.Word, l language.Language) clauses {
	return clauses{l, grammars[l], verbForms(l), text, words}
}

// complete reports whether the words hold a main clause: a finite verb that no "if", "which" or the like has claimed. A
// sentence of a language whose verbs are not known is taken to be complete.
func (c clauses) complete() bool {
	if len(c.v.finite) == 0 {
		return true
	}
	main, open := 0, 0
	bare := false // the only main verb stands behind a pronoun that follows a noun: "the money we have"
	for i := 0; i < len(c.words); i++ {
		switch {
		case c.subordinates(i):
			open++
		case !c.finite(i):
		case open > 0:
			open--
			i = c.group(i)
		default:
			main++
			bare = main == 1 && c.reduced(i)
			i = c.group(i)
		}
	}
	return open == 0 && (main > 1 || main == 1 && !bare)
}

// subordinates reports whether word i opens a clause that needs a verb of its own.
func (c clauses) subordinates(i int) bool {
	w, next := c.norm(i), c.norm(i+1)
	switch {
	case next == "to", next == "", w == "because" && next == "of":
		return false // how to, where to
	case w == "that":
		return c.complementizer(i)
	case w == "as" || w == "than" || w == "since" || w == "until" || w == "before" || w == "after":
		return c.g.clausal[headWord(next)]
	case w == "so":
		return false
	}
	return c.g.subordinators[w]
}

// complementizer reports whether "that" opens a clause: "we think that the door", "the part that is missing"; not "that door".
func (c clauses) complementizer(i int) bool {
	next := c.norm(i + 1)
	if i == 0 || c.g.prepositions[c.norm(i-1)] {
		return false
	}
	return c.g.clausal[headWord(next)] || c.g.articles[next] || c.v.helpers[next] || c.v.finite[next] && !c.v.nouns[next] || c.isNoun(i-1) || c.words[i+1].Capital()
}

// isNoun reports whether word i can be a noun: it is none of the small words and no form that is a verb only.
func (c clauses) isNoun(i int) bool {
	w := c.norm(i)
	return w != "" && !language.English.Stop(w) && (!c.v.finite[w] || c.v.nouns[w]) && !strings.HasSuffix(w, "ly")
}

// norm is the word's normalised form, "" outside of the sentence. The month of May is no "may".
func (c clauses) norm(i int) string {
	switch {
	case i < 0 || i >= len(c.words):
		return ""
	case i > 0 && c.words[i].Text == "May":
		return "May"
	}
	return c.words[i].Norm
}

// finite reports whether word i is a verb that can carry a clause.
func (c clauses) finite(i int) bool {
	w, before := c.norm(i), c.norm(i-1)
	head, tail, contracted := strings.Cut(w, "'")
	switch {
	case c.v.helpers[w]:
		return before != "to" && !c.v.modals[before]
	case contracted && c.g.clausal[head]:
		return tail == "s" || tail == "re" || tail == "m" || tail == "ll" || tail == "ve" || tail == "d"
	case before == "to", c.g.articles[before], c.g.prepositions[before] && before != "in" && before != "on" && before != "by", c.v.modals[before]:
		return false
	case i > 0 && c.g.subjects[before] || i > 1 && (strings.HasSuffix(before, "ly") || c.g.between[before]) && c.g.subjects[c.norm(i-2)]:
		return !c.g.breaks[w] && !c.g.articles[w] && !c.g.prepositions[w] && !c.g.between[w] && !strings.HasSuffix(w, "ly")
	case !c.v.finite[w]:
		return c.pastOfUnknown(i) || c.g.relatives[before] && len(w) > 3 && (strings.HasSuffix(w, "s") || strings.HasSuffix(w, "ed"))
	case i == 0:
		return false // an order: "Check the door"
	case c.v.nouns[w]:
		return c.isNoun(i-1) && (c.g.articles[c.norm(i+1)] || c.g.objects[c.norm(i+1)])
	}
	return !c.describes(i)
}

// pastOfUnknown reports whether a word that no list knows looks like the past of a verb behind its subject: "the wall collapsed".
func (c clauses) pastOfUnknown(i int) bool {
	w := c.norm(i)
	if len(w) < 5 || i == 0 || !c.isNoun(i-1) && !c.g.subjects[c.norm(i-1)] {
		return false
	}
	next := c.norm(i + 1)
	if strings.HasSuffix(w, "ed") {
		return next == "" || c.g.articles[next] || c.g.objects[next] || next == "that" || next == "to" || next == "in" || next == "on"
	}
	return strings.HasSuffix(w, "s") && !strings.HasSuffix(c.norm(i-1), "s") && (c.g.articles[next] || next == "it" || next == "them" || next == "us")
}

// describes reports whether a form that may be a participle describes its noun: "the homes listed in the report", "a used car".
func (c clauses) describes(i int) bool {
	w, before, next := c.norm(i), c.norm(i-1), c.norm(i+1)
	participle := strings.HasSuffix(w, "ed") || participles[w]
	switch {
	case !participle:
		return c.g.adjectival[before]
	case strings.HasPrefix(before, "be") || before == "having" || c.v.helpers[before]:
		return true // the helper was counted
	}
	return next == "by" || next == "from" || next == "for" || next == "with" || next == "of" || c.g.adjectival[before] || !c.isNoun(i-1)
}

// participles are the irregular pasts that are participles, too.
var participles = set(`made found said told left held kept built bought brought caught sent spent lost paid put set met read heard meant sold taught
	cut led stood understood won thought felt dealt laid`)

// group gives the last word of the verb that begins at i, with its helpers and adverbs: "would not have been".
func (c clauses) group(i int) int {
	if w := c.norm(i); !c.v.helpers[w] && !strings.Contains(w, "'") {
		return i
	}
	for k := i + 1; k < len(c.words) && k <= i+4; k++ {
		w := c.norm(k)
		if !c.v.helpers[w] && w != "not" && w != "been" && w != "be" && !strings.HasSuffix(w, "ly") && !c.v.modals[c.norm(k-1)] {
			break
		}
		i = k
	}
	return i
}

// reduced reports whether the verb at i belongs to a clause that a noun has without a "that": "the stuff we have in there". A
// time may stand before a main clause so: "next week we meet".
func (c clauses) reduced(i int) bool {
	subject := i
	if !c.g.clausal[headWord(c.norm(i))] {
		subject = i - 1
	}
	if subject <= 0 || !c.g.subjects[headWord(c.norm(subject))] || !c.isNoun(subject-1) {
		return false
	}
	gap := c.text[c.words[subject-1].End:c.words[subject].Start]
	return c.g.determiners[c.norm(0)] && strings.TrimSpace(gap) == "" && !c.g.times[c.norm(subject-1)]
}
