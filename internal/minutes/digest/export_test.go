package digest

import "mainstay/internal/language"

// Sound reports whether an English sentence is a whole statement that a stranger can read.
func Sound(text string) bool {
	return newClauses(text, language.Words(text), language.English).sound()
}
