package digest

import (
	"strings"

	"mainstay/internal/language"
)

// sound reports whether a sentence is a whole statement that a stranger can read. In a language whose small words are not
// listed most flaws cannot be seen, and everything but a question is sound.
func (c clauses) sound() bool {
	flaws := []func() bool{c.pointsBack, c.speaksOfSelf, c.procedural, c.unbalanced, c.orders, c.falseStart, c.stammers, c.stranded, c.topicFirst,
		c.pointsAtOther, c.interrupted}
	for _, flawed := range flaws {
		if flawed() {
			return false
		}
	}
	for i := range c.words {
		if c.broken(i) || c.adjacent(i) && c.clash(i) {
			return false
		}
	}
	return c.complete()
}

// adjacent reports whether only a blank parts a word from the one before it.
func (c clauses) adjacent(i int) bool {
	return i > 0 && strings.TrimSpace(c.between(i)) == ""
}

// between is what stands between word i and the one before it.
func (c clauses) between(i int) string {
	if i <= 0 || i >= len(c.words) {
		return ""
	}
	return c.text[c.words[i-1].End:c.words[i].Start]
}

// pointsBack: it opens with a pronoun for what was said before, "That is late", unless the pronoun stands for what follows, "There is a
// leak", "It is important to".
func (c clauses) pointsBack() bool {
	if !c.g.pronouns[headWord(c.norm(0))] {
		return c.norm(0) == "you" || c.norm(0) == "your" || headWord(c.norm(0)) == "you"
	}
	switch c.norm(0) {
	case "there", "there's":
		return false
	case "this":
		return !c.g.times[c.norm(1)]
	}
	at := 1
	if c.norm(0) == "it" {
		at = 2
	}
	if c.g.between[c.norm(at)] || c.g.degrees[c.norm(at)] {
		at++
	}
	return headWord(c.norm(0)) != "it" || !c.g.judging[c.norm(at)]
}

// pointsAtOther: its subject is part of what was said before, "One of them is", "The third one is", or it ends with a "that".
func (c clauses) pointsAtOther() bool {
	const subject = 5
	if last := len(c.words) - 1; c.g.demonstratives[c.norm(last)] && !c.isNoun(last-1) {
		return true
	}
	for i := 0; i < subject && i+1 < len(c.words); i++ {
		before := c.norm(i - 1) // "no one is", "phase one is" point at nothing
		if w := c.norm(i); (w == "one" || w == "ones") && before != "no" && (c.g.adverbs[before] || !c.isNoun(i-1)) && c.finite(i+1) {
			return true
		}
	}
	for i := 1; i < subject && i < len(c.words); i++ {
		if w := c.norm(i); c.norm(i-1) == "of" && (w == "them" || w == "it" || (w == "these" || w == "those" || w == "that") && !c.isNoun(i+1)) {
			return true
		}
	}
	return false
}

// interrupted: nothing but a comma follows its subject or its "is", "We almost, cut it", "The results are, the feel".
func (c clauses) interrupted() bool {
	for i := 1; i < len(c.words); i++ {
		a, b := c.norm(i-1), c.norm(i)
		if !strings.HasPrefix(c.between(i), ",") {
			continue
		}
		subject := c.g.subjects[a] || i > 1 && c.g.between[a] && c.g.subjects[c.norm(i-2)]
		if subject || c.g.being[a] && (c.g.articles[b] || c.g.subjects[headWord(b)] || c.v.finite[b]) {
			return true
		}
	}
	return false
}

// speaksOfSelf: "I sent it". Who speaks is not on the line. Nor is it how people write: "We're gonna".
func (c clauses) speaksOfSelf() bool {
	for _, w := range c.words {
		if c.g.singular[headWord(w.Norm)] || c.g.slurred[w.Norm] {
			return true
		}
	}
	return false
}

// procedural: "Let's move on to the next item".
func (c clauses) procedural() bool {
	return c.norm(0) == "let's" || c.norm(0) == "let" || isCue(c.words, c.language)
}

// unbalanced: a quotation begins or ends outside of it, or a transcriber's mark stands in it.
func (c clauses) unbalanced() bool {
	return strings.Count(c.text, `"`)%2 == 1 || strings.Count(c.text, "(") != strings.Count(c.text, ")") || strings.Contains(c.text, "@ ")
}

// orders: it opens with a verb and has no subject, "Feed them first", "Going with red".
func (c clauses) orders() bool {
	w := c.norm(0)
	head := headWord(w)
	switch {
	case c.v.helpers[w] || c.v.helpers[head]:
		return true
	case c.v.finite[w]:
		return !c.v.nouns[w] || c.g.articles[c.norm(1)] || c.g.objects[c.norm(1)] || c.g.prepositions[c.norm(1)]
	}
	return strings.HasSuffix(w, "ing") && len(w) > 4 && len(c.v.finite) > 0 && !strings.Contains(c.text, ", ")
}

// falseStart: its first word is none, or stands apart: "Th so, we", "Colour, it seems".
func (c clauses) falseStart() bool {
	first := c.words[0]
	if len(c.v.finite) == 0 {
		return false
	}
	letters := len([]rune(first.Norm))
	alone := letters == 1 && first.Norm != "a" && first.Norm != "i"
	voweless := letters <= 3 && first.Text != strings.ToUpper(first.Text) && !strings.ContainsAny(first.Norm, "aeiouy0123456789") && !c.g.letters[first.Norm]
	asks := c.g.questions[first.Norm] && !c.g.clausal[headWord(c.norm(1))]
	apart := strings.HasPrefix(strings.TrimSpace(c.between(1)), ",") && !strings.HasSuffix(first.Norm, "ly") && !c.g.adverbs[first.Norm]
	return alone && c.adjacent(1) || voweless || apart || asks || c.norm(0) == "so" || c.g.fragments[first.Norm]
}

// stammers: three words come again, or a word comes again in another form: "constituents constituent".
func (c clauses) stammers() bool {
	const same = 4
	seen := map[string]bool{}
	for i := range c.words {
		if i+2 < len(c.words) {
			run := c.norm(i) + " " + c.norm(i+1) + " " + c.norm(i+2)
			if seen[run] && len(c.language.Content(run)) > 0 {
				return true
			}
			seen[run] = true
		}
		a, b := c.norm(i-1), c.norm(i)
		if c.adjacent(i) && len(a) >= same && len(b) >= same && a != b && a[:same] == b[:same] {
			return true
		}
		if i > 1 && c.g.subjects[b] && c.norm(i-2) == b && c.g.adverbs[a] {
			return true
		}
	}
	return false
}

// stranded: it ends with a preposition that belongs to no verb and to no "what" or "that" before it, "He met the minister for".
func (c clauses) stranded() bool {
	last := len(c.words) - 1
	if !c.g.prepositions[c.norm(last)] || !c.isNoun(last-1) {
		return false
	}
	for i := range last {
		if c.g.subordinators[c.norm(i)] {
			return false
		}
	}
	verb := c.v.finite[c.norm(last-1)] && (c.norm(last-2) == "to" || c.g.subjects[headWord(c.norm(last-2))])
	return !verb
}

// topicFirst: it names its matter and begins again before any verb, "The buttons, there are many", "The problem the fact that".
func (c clauses) topicFirst() bool {
	w := c.norm(0)
	if len(c.v.finite) == 0 || c.g.prepositions[w] || c.g.subordinators[w] || c.g.adverbs[w] || strings.HasSuffix(w, "ly") || strings.HasSuffix(w, "ing") {
		return false
	}
	comma := false
	for i := range c.words {
		gap := strings.TrimSpace(c.between(i))
		again := c.g.clausal[headWord(c.norm(i))] || c.g.articles[c.norm(i)] || strings.HasSuffix(c.norm(i), "ly")
		comma = comma || again && strings.HasPrefix(gap, ",")
		switch {
		case c.finite(i):
			return comma
		case c.norm(i) == "and" || c.norm(i) == "or":
			comma = false
		case i > 1 && gap == "" && (c.norm(i) == "the" || c.norm(i) == "a") && c.isNoun(i-1) && !c.g.times[c.norm(i-1)]:
			return true
		}
	}
	return false
}

// broken reports whether word i was broken off: a letter or two that are no word, the beginning of the word that follows, or
// a small word with a capital in the middle, where a sentence began anew.
func (c clauses) broken(i int) bool {
	w := c.words[i]
	next := c.norm(i + 1)
	rest := len(next) - len(w.Norm) // of the word that follows
	switch {
	case c.g.interjections[w.Norm]:
		return true
	case len(w.Norm) > 1 && c.adjacent(i+1) && (rest > 2 || rest == 2 && len(w.Norm) < 4) && strings.HasPrefix(next, w.Norm) && !c.language.Stop(w.Norm):
		return true
	case i > 0 && w.Capital() && c.norm(i) != "May" && strings.Trim(c.between(i), " ,") == "" && headWord(w.Norm) != "i" && c.language.Stop(w.Norm) && !c.words[i-1].Capital() && (i+1 == len(c.words) || !c.words[i+1].Capital()):
		return len(c.v.finite) > 0
	case len(w.Norm) == 2 && strings.TrimSpace(c.between(i+1)) == "-" && !c.language.Stop(w.Norm) && !c.g.prefixes[w.Norm]:
		return true
	}
	return i > 0 && isScrap(w, c.g)
}

// isScrap reports whether a word is a small letter or two that no vowel makes a word.
func isScrap(w language.Word, g grammar) bool {
	const longest = 3
	return len(w.Text) <= longest && len(g.letters) > 0 && w.Text == w.Norm && !g.letters[w.Norm] &&
		!strings.ContainsAny(w.Norm, "0123456789'") && (len(w.Text) == 1 || !strings.ContainsAny(w.Norm, "aeiouy"))
}

// clash reports whether word i cannot follow the one before it in a clause.
func (c clauses) clash(i int) bool {
	a, b, next := c.norm(i-1), c.norm(i), c.norm(i+1)
	head := headWord(b)
	hyphenated := strings.HasPrefix(strings.TrimSpace(c.between(i+1)), "-")
	bound := c.g.prepositions[b] && b != "about" && !hyphenated && next != "least" && next != "most" && next != "all"
	switch {
	case c.g.articles[a], i > 1 && c.g.articles[c.norm(i-2)] && strings.HasSuffix(a, "ly"): // "the we", "the is", "a also", "a in", "a really a"
		return c.g.subjects[head] || c.g.breaks[b] || c.g.articles[b] || bound
	case c.v.modals[a]: // "will the"
		return c.g.articles[b] || c.g.subjects[b] || c.v.helpers[b] && b != "have" && b != "do"
	case a == "to": // "to is", "to at"
		return c.v.helpers[b] && b != "do" && b != "have" || bound && b != "to"
	case c.g.prepositions[a]: // "of we", "for with", "of had"
		return c.g.subjects[head] && b == head || bound && a != "from" && a != "in" && a != "on" || c.v.helpers[b] || b == "if" || b == "because"
	case c.g.partial[a] && c.g.articles[b]: // "some the"
		return true
	case c.g.subjects[a], i > 1 && c.g.between[a] && c.g.subjects[c.norm(i-2)]: // "we for", "we the", "we only for", "we I"
		return bound || c.g.articles[b] || c.g.subjects[head] || b == "instead"
	case i > 1 && c.g.between[a] && c.v.helpers[b] && c.norm(i-2) == b, c.g.subjects[head] && (a == "need" || a == "needs" || a == "has" || a == "have"):
		return true // "have all have", "we need we"
	case c.g.being[a]: // "is use the"
		return c.v.finite[b] && c.g.articles[next] && !strings.HasSuffix(b, "ed") && !participles[b] || c.g.being[b]
	case b == "what" || b == "well": // "the action what we want", "the doors well should"
		return c.isNoun(i-1) && (c.g.articles[c.norm(i-2)] || c.g.articles[c.norm(i-3)])
	}
	return false
}
