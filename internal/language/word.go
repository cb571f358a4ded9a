package language

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a stretch of a text in bytes: Start included, End not.
type Span struct{ Start, End int }

// In gives the text of the span.
func (s Span) In(text string) string { return text[s.Start:s.End] }

// Word is a word as it stands in a text, and its normalised form.
type Word struct {
	Span
	Text string
	Norm string
}

// Capital reports whether the word begins with an upper-case letter.
func (w Word) Capital() bool {
	r, _ := utf8.DecodeRuneInString(w.Text)
	return unicode.IsUpper(r)
}

// Words gives the words of a text in order. A word is a run of letters and digits; it may hold apostrophes ("don't", "l'eau"),
// the points and commas of a number ("1,200.50"), and underscores between spelled letters ("L_C_D_"). Hyphens part words.
// In scripts without spaces each ideograph is a word. The "'m" of a tokenised "I 'm" is a word of its own.
func Words(text string) []Word {
	var words []Word
	for i := 0; i < len(text); {
		end := wordEnd(text, i)
		if end == i {
			_, n := utf8.DecodeRuneInString(text[i:])
			i += n
			continue
		}
		words = append(words, Word{Span{i, end}, text[i:end], Norm(text[i:end])})
		i = end
	}
	return words
}

// Norm gives the form in which words are compared: lower case, straight apostrophes, no underscores.
func Norm(word string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_':
			return -1
		case '’', '‘', 'ʼ':
			return '\''
		}
		return unicode.ToLower(r)
	}, word)
}

// wordEnd gives the end of the word that begins at i, or i where none does.
func wordEnd(text string, i int) int {
	r, n := utf8.DecodeRuneInString(text[i:])
	switch {
	case isApostrophe(r):
		return cliticEnd(text, i, i+n)
	case !isWordRune(r):
		return i
	case isIdeograph(r):
		return i + n
	}
	end := i + n
	for last := r; end < len(text); {
		r, n = utf8.DecodeRuneInString(text[end:])
		if !isWordRune(r) || isIdeograph(r) {
			if !joins(last, r, text[end+n:]) {
				break
			}
		}
		last, end = r, end+n
	}
	return end
}

// joins reports whether the rune r, which is no letter or digit, holds together what stands before and after it.
func joins(before, r rune, rest string) bool {
	after, _ := utf8.DecodeRuneInString(rest)
	switch {
	case r == '_':
		return unicode.IsLetter(before)
	case isApostrophe(r):
		return unicode.IsLetter(before) && unicode.IsLetter(after)
	case r == '.' || r == ',':
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

// cliticEnd finds the end of a clitic such as "'m" whose apostrophe stands before i; start where there is none.
func cliticEnd(text string, start, i int) int {
	end := i
	for end < len(text) {
		r, n := utf8.DecodeRuneInString(text[end:])
		if !isWordRune(r) {
			break
		}
		end += n
	}
	switch strings.ToLower(text[i:end]) {
	case "m", "s", "re", "ve", "ll", "d", "t", "em", "cause", "kay":
		return end
	}
	return start
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' }

func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// Name is a run of capitalised words that may name somebody or something.
type Name struct {
	Span
	Text    string
	Opening bool // it opens a sentence, where any word is capitalised
}

// Names gives the capitalised words of a text, neighbours joined ("Tom Baker"). A capitalised stop word is no name. A word
// that opens a sentence is marked and stands alone, since its capital proves nothing. In German every noun has a capital,
// so that a name there is only a candidate.
func (l Language) Names(text string) []Name {
	var names []Name
	for _, s := range l.Sentences(text) {
		opening := true
		for _, w := range Words(s.In(text)) {
			w.Start, w.End = w.Start+s.Start, w.End+s.Start
			if first := opening; w.Capital() && !l.Stop(w.Norm) && !l.Filler(w.Norm) {
				names = l.addName(names, text, w, first)
			}
			opening = false
		}
	}
	return names
}

func (l Language) addName(names []Name, text string, w Word, opening bool) []Name {
	if n := len(names); n > 0 && !names[n-1].Opening && !opening && strings.Trim(text[names[n-1].End:w.Start], " -") == "" {
		last := &names[n-1]
		last.End = w.End
		last.Text = last.In(text)
		return names
	}
	return append(names, Name{w.Span, w.Text, opening})
}
