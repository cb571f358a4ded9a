package password

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"mainstay/internal/fault"
)

// The lengths of a password, in characters. No policy goes below the least.
const (
	Least = 12
	Most  = 1000
)

// Check fails with fault.Invalid for a password that is shorter than least (never less than [Least]), endless, on the list of
// the most common ones or made of common words, or made of what everybody knows: about names the person, their address, their
// workspace.
func Check(password string, least int, about ...string) error {
	n := utf8.RuneCountInString(password)
	least = max(least, Least)
	switch {
	case n < least:
		return fault.New(fault.Invalid, fmt.Sprintf("A password has at least %d characters. A sentence is easy to remember.", least))
	case n > Most:
		return fault.New(fault.Invalid, "A password has at most 1,000 characters.")
	}
	lower := strings.ToLower(password)
	distinct := map[rune]bool{}
	for _, r := range lower {
		distinct[r] = true
	}
	switch {
	case len(distinct) < 5:
		return fault.New(fault.Invalid, "This password repeats too few characters. Choose another.")
	case listed(lower) || listed(core(lower)) || listed(core(substitutes.Replace(lower))) || common(password):
		return fault.New(fault.Invalid, "This password is among the first that are guessed. Choose another; a sentence is easy to remember.")
	case known(lower, append(about, "mainstay")):
		return fault.New(fault.Invalid, "This password is too close to your name or address. Choose another.")
	}
	return nil
}

// list is the first six bytes of the SHA-256 of each of the most common passwords, in lower case, sorted: see build.
//
//go:embed list.bin
var list []byte

const width = 6

// listed reports whether a password in lower case is one of the most common. One in two billion others is taken for one.
func listed(lower string) bool {
	sum := sha256.Sum256([]byte(lower))
	want := sum[:width]
	at := func(i int) []byte { return list[i*width : (i+1)*width] }
	n := len(list) / width
	i := sort.Search(n, func(i int) bool { return bytes.Compare(at(i), want) >= 0 })
	return i < n && bytes.Equal(at(i), want)
}

// core is a password without the digits and signs that people put around a word to make it longer.
func core(lower string) string {
	return strings.Trim(lower, " 0123456789!@#$%^&*()?.,:;-_+=/\\'\"")
}

// known reports whether little is left of a password without what everybody knows about its person.
func known(lower string, about []string) bool {
	var words []string
	for _, text := range about {
		text = strings.ToLower(text)
		words = append(words, text)
		words = append(words, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" @.-_,", r) })...)
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	rest := lower
	for _, word := range words {
		if len(word) >= 4 {
			rest = strings.ReplaceAll(rest, word, "")
		}
	}
	return rest != lower && utf8.RuneCountInString(rest) < 8
}
