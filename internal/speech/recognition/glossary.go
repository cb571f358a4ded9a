package recognition

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A network has little room for hints, and many of them make it hear them everywhere.
const (
	maxHotWords    = 40
	maxHotRunes    = 300 // of all hot words together
	maxHotWordSize = 40  // runes of one
)

// hotWords gives the terms of a glossary that fit, the first ones first: no doubles, no commas or line breaks, nothing long.
func hotWords(glossary []string) []string {
	var out []string
	seen, left := map[string]bool{}, maxHotRunes
	for _, term := range glossary {
		term = strings.Join(strings.FieldsFunc(term, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || r == ',' || r == utf8.RuneError
		}), " ")
		size := utf8.RuneCountInString(term)
		if size < 2 || size > maxHotWordSize || seen[strings.ToLower(term)] {
			continue
		}
		if len(out) == maxHotWords || size+2 > left {
			break
		}
		seen[strings.ToLower(term)] = true
		left -= size + 2
		out = append(out, term)
	}
	return out
}
