package evidence

import (
	"strings"
	"unicode/utf8"

	"mainstay/internal/language"
)

// named refuses a line with a name that is neither in what it cites nor a cited speaker's.
func (e *Checker) named(text string, src source, said spans) string {
	for _, name := range e.lang.Names(text) {
		if name.Opening || said.hold(name.Span) {
			continue // a capital at the opening proves nothing: such a word is weighed like any other
		}
		for _, w := range language.Words(name.In(text)) {
			if !e.mayStand(w, src) {
				return "names somebody or something that was not named"
			}
		}
	}
	for _, w := range language.Words(text) {
		norm := bareName(w.Norm)
		if e.names[norm] && !src.known[norm] && (w.Capital() || !e.lang.Stop(norm) && !ordinary(e.lang, norm)) {
			return "names somebody who was not named"
		}
	}
	return ""
}

// mayStand reports whether a word with a capital was said, or is one that minutes use of anybody. In German every noun has a
// capital, and compounds and endings differ: there a word may stand that begins like one that was said.
func (e *Checker) mayStand(w language.Word, src source) bool {
	norm := bareName(w.Norm)
	stem := e.lang.Stem(norm)
	if src.known[norm] || src.known[stem] || e.lang.Stop(norm) || framing(e.lang, stem) || timeWords[e.lang][norm] {
		return true
	}
	if e.lang != language.German {
		return len(e.lang.Numbers(w.Text)) > 0
	}
	for said := range src.known {
		if alike(said, norm) {
			return true
		}
	}
	return false
}

// alike reports whether two words share a beginning that is long enough to be the same word inflected.
func alike(a, b string) bool {
	const enough = 5
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n >= enough && utf8.RuneCountInString(a[n:])+utf8.RuneCountInString(b[n:]) <= 4
}

// translatedNames refuses a translation with a name that what it translates does not hold. Words with a capital in the middle
// of a sentence are names in most languages; in German the names of those who were there are looked for alone.
func (e *Checker) translatedNames(text string, src source) string {
	known := map[string]bool{}
	for _, w := range language.Words(src.text) {
		known[bareName(w.Norm)] = true
	}
	for word := range src.known {
		known[word] = true
	}
	for _, name := range e.lang.Names(text) {
		for _, w := range language.Words(name.In(text)) {
			norm := bareName(w.Norm)
			if known[norm] || timeWords[e.lang][norm] || name.Opening && !e.names[norm] || e.lang == language.German && !e.names[norm] {
				continue
			}
			return "names somebody or something that was not named"
		}
	}
	return ""
}

// worded refuses, in a language whose ordinary words are known, a word that nobody in the meeting used and that is not one of
// those by which people retell: such a word is a name or an invention, whatever its capital.
func (e *Checker) worded(text string, src source, said spans) string {
	for _, span := range e.lang.Sentences(text) {
		opening := true
		for _, w := range language.Words(span.In(text)) {
			first := opening
			opening = false
			w.Start, w.End = w.Start+span.Start, w.End+span.Start
			if said.hold(w.Span) || e.mayStand(w, src) || timeWords[e.lang][w.Norm] || e.lang.Filler(w.Norm) ||
				conditions[e.lang][w.Norm] || conjunctions[e.lang][w.Norm] {
				continue
			}
			norm := bareName(w.Norm)
			switch {
			case first && w.Capital() && !ordinary(e.lang, norm):
				return "may name somebody who was not named"
			case !first && knowsOrdinary(e.lang) && !ordinary(e.lang, norm) && !derived(norm) && !e.common[e.lang.Stem(norm)]:
				return "uses a word that nobody said"
			}
		}
	}
	return ""
}

// derived reports whether an English word has an ending that names seldom have.
func derived(norm string) bool {
	for _, ending := range []string{"ing", "ed", "ly", "tion", "sion", "ment", "ness", "ity", "ance", "ence", "able", "ible", "ize", "ise", "ous", "ive", "ful", "less", "ship", "ary", "ate", "ify", "est"} {
		if len(norm) > len(ending)+2 && strings.HasSuffix(norm, ending) {
			return true
		}
	}
	return false
}

// bareName is a word without what English hangs on to names: "Luis's", "Luis'll".
func bareName(norm string) string {
	for _, tail := range []string{"'s", "'ll", "'d", "'ve", "'re"} {
		if bare, ok := strings.CutSuffix(norm, tail); ok {
			return bare
		}
	}
	return norm
}
