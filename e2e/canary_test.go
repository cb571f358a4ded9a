package e2e

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/trust/search"
)

// canary is a word that exists nowhere else. Each place that a person can fill gets the stem with an ending of its own, so
// that one search for the stem finds all of them, and a found word tells where it was filled in.
type canary string

// newCanary returns a stem of twelve random letters.
func newCanary(t testing.TB) canary {
	t.Helper()
	b := make([]byte, 12)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return canary(b)
}

// in returns the canary of a place, with a capital as names have.
func (c canary) in(place string) string {
	return strings.ToUpper(string(c[:1])) + string(c[1:]) + place
}

// byStore counts sightings by the part of a data folder that they are in.
func byStore(found []search.Sighting, data string) map[string]int {
	counts := map[string]int{}
	for _, s := range found {
		counts[storeOf(s.Path, data)]++
	}
	return counts
}

func storeOf(path, data string) string {
	inside, err := filepath.Rel(data, path)
	if err != nil || strings.HasPrefix(inside, "..") {
		return "elsewhere"
	}
	for prefix, store := range map[string]string{"postgres/data/pg_wal/": "write-ahead log", "postgres/data/base/": "cluster", "postgres/server.log": "database log",
		"blobs/": "blobs", "keys.db": "key store"} {
		if strings.HasPrefix(filepath.ToSlash(inside), prefix) {
			return store
		}
	}
	return "other"
}
