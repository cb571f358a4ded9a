package people

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mainstay/internal/language"
	"mainstay/internal/language/clause"
)

// Writer turns spoken words into those of minutes.
type Writer struct {
	Text    *clause.Text
	Speaker *Person
	Other   *Person // whom the speaker calls "you", nil where nobody knows
	Lowered int     // a token that is no longer the first
	Acts    bool    // the speaker is the one who acts
}

// Words writes tokens with their marks, with names for "you" and "me" where they are known, and without what only speaks to
// the listener.
func (w *Writer) Words(from, to int) string {
	var b strings.Builder
	for i := from; i < to && i < len(w.Text.Tokens); i++ {
		tok := w.Text.Tokens[i]
		if tok.Second || tok.Who != 0 && i > from && w.Text.Comma(i) && (i+1 == to || w.Text.Comma(i+1)) {
			continue // a name that is called
		}
		gap := tok.Gap
		if i == from {
			gap = ""
		}
		word, skip := w.word(i, from)
		if skip > 0 {
			i += skip - 1
			continue
		}
		if gap = strings.TrimLeft(gap, "."); gap == "" && b.Len() > 0 {
			gap = " "
		}
		if b.Len() > 0 {
			b.WriteString(gap)
		}
		b.WriteString(word)
	}
	return b.String()
}

// word gives a token as it is written, and how many tokens to leave out instead.
func (w *Writer) word(i, from int) (string, int) {
	tok := w.Text.Tokens[i]
	you := w.Other
	if !w.Acts {
		you = nil
	}
	switch tok.Norm {
	case "you":
		if name := first(you); name != "" {
			return name, 0
		}
		if i == from && w.Acts {
			return "", 1
		}
	case "your":
		if name := first(you); name != "" {
			return name + "'s", 0
		}
	case "me":
		if name := first(w.Speaker); name != "" && !w.Acts {
			return name, 0
		}
	case "my":
		if name := first(w.Speaker); name != "" {
			return name + "'s", 0
		}
	case "to", "with", "for", "over":
		if w.Text.At(i+1) == "you" && w.Acts && first(you) == "" {
			return "", 2
		}
		if tok.Norm == "over" && w.Text.At(i+1) == "to" && w.Text.At(i+2) == "you" && w.Acts && first(you) == "" {
			return "", 3
		}
	case "please", "just":
		return "", 1
	}
	if i > from && clause.Determiner[tok.Norm] || i == w.Lowered && clause.Determiner[tok.Norm] {
		return strings.ToLower(tok.Text), 0
	}
	if tok.Who != 0 && !tok.Capital {
		r, n := utf8.DecodeRuneInString(tok.Text)
		return string(unicode.ToUpper(r)) + tok.Text[n:], 0
	}
	return tok.Text, 0
}

// first gives a person's first name, "" where none is known.
func first(p *Person) string {
	if p == nil || p.Name == nil {
		return ""
	}
	words := language.Words(*p.Name)
	for _, w := range words {
		if !Title[w.Norm] {
			return w.Text
		}
	}
	return ""
}
