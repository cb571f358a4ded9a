// Package language knows the words that people speak in meetings: where sentences and words stand in a text, which of them
// carry content, which are fillers, which are numbers or names, and whether a sentence affirms or denies.
//
// It is pure and small. Every answer that points into a text does so by byte offsets, so that a quote can be cut out of the
// original character for character. English is served best. German, French, Spanish, Italian, Dutch and Portuguese have
// lists of their own. Any other language gets the rules that need no list, and never an error. Input may be anything,
// invalid UTF-8 included: no function panics, and every span lies within its text.
package language

import (
	"strings"

	"github.com/kljensen/snowball"
)

// Language is an ISO 639-1 code in lower case. The empty value means unknown and is served by the rules that need no list.
type Language string

// The languages with word lists.
const (
	English    Language = "en"
	German     Language = "de"
	French     Language = "fr"
	Spanish    Language = "es"
	Italian    Language = "it"
	Dutch      Language = "nl"
	Portuguese Language = "pt"
)

// Parse gives the language of a BCP 47 tag: "en-GB" is English. It is the tag's first part in lower case, whatever that is.
func Parse(tag string) Language {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"), "-")
	return Language(strings.ToLower(base))
}

// Guess gives the language whose stop words the text uses most, or the empty value where too few words tell. It knows the
// languages with word lists only.
func Guess(text string) Language {
	const enough, share = 3, 0.15
	words := Words(text)
	var best Language
	most := 0
	for _, l := range []Language{English, German, French, Spanish, Italian, Dutch, Portuguese} {
		n := 0
		for _, w := range words {
			if l.Stop(w.Norm) {
				n++
			}
		}
		if n > most {
			best, most = l, n
		}
	}
	if most < enough || float64(most) < share*float64(len(words)) {
		return ""
	}
	return best
}

// Stop reports whether a normalised word carries no content of its own: articles, pronouns, auxiliaries, the small talk of
// any sentence. Contractions of stop words ("we'll") are stop words.
func (l Language) Stop(norm string) bool {
	set := stopWords[l]
	if set[norm] {
		return true
	}
	head, tail, found := strings.Cut(norm, "'")
	return found && (head == "" || set[head]) && (len(tail) <= 2 || set[tail])
}

// Stem gives what the inflected forms of a normalised word have in common (the Snowball stemmers). Where there is no
// stemmer for the language, the word is its own stem.
func (l Language) Stem(norm string) string {
	name, ok := stemmers[l]
	if !ok {
		return norm
	}
	stem, err := snowball.Stem(strings.TrimSuffix(norm, "'s"), name, true)
	if err != nil || stem == "" {
		return norm
	}
	return stem
}

// Content gives the stems of the words of text that are neither stop words nor fillers, in order, repetitions included.
func (l Language) Content(text string) []string {
	var stems []string
	for _, w := range Words(text) {
		if !l.Stop(w.Norm) && !l.Filler(w.Norm) {
			stems = append(stems, l.Stem(w.Norm))
		}
	}
	return stems
}

// Filler reports whether a normalised word is a sound of hesitation or of listening, such as "um" and "mm-hmm".
func (l Language) Filler(norm string) bool {
	return fillers[""][norm] || fillers[l][norm]
}

var stemmers = map[Language]string{
	English: "english", French: "french", Spanish: "spanish",
	"ru": "russian", "sv": "swedish", "no": "norwegian", "nb": "norwegian", "hu": "hungarian",
}
