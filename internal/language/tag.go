package language

import "golang.org/x/text/language"

// Tag returns the canonical form of a BCP 47 tag of a known language, script and region, such as "en" or "pt-BR", and "" for
// anything else. Tags stand in the clear, so that extensions and private use, in which any word could stand, are refused.
func Tag(s string) string {
	tag, err := language.Parse(s)
	if err != nil || len(tag.Extensions()) > 0 || len(tag.Variants()) > 0 || tag.IsRoot() {
		return ""
	}
	return tag.String()
}
