package operation_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"mainstay/internal/api/operation"
)

// FuzzParse: what is taken is one JSON value for the standard library, too, and nothing makes it fail otherwise than by refusing.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"title":"x"}`, `{"a":1,"a":2}`, `[[[]]]`, `{} {}`, `"\ud800"`, `1e999`, "\xff", `{"a":{"b":[null,true,1.5]}}`, `nul`, ` `, `{"":""}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := operation.Parse(body); err == nil && !json.Valid(body) {
			t.Errorf("%q was taken and is no JSON", body)
		}
	})
}

// FuzzCursor: a cursor that was not signed for a place is never read, whatever it is made of.
func FuzzCursor(f *testing.F) {
	key := bytes.Repeat([]byte{7}, 32)
	good := operation.NewCursor(key, 50, "mine")
	f.Add(good, "mine")
	f.Add(good, "theirs")
	f.Add(good[:40], "mine")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, text, place string) {
		from, ok := operation.Cursor(key, text, place)
		if ok && (text != operation.NewCursor(key, from, place)) {
			t.Errorf("%q is read as %d at %q, and nobody signed it", text, from, place)
		}
	})
}

func TestCursorsHoldForTheirPlaceAndKey(t *testing.T) {
	t.Parallel()
	key, other := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)
	cursor := operation.NewCursor(key, 50, "mine")
	if from, ok := operation.Cursor(key, cursor, "mine"); !ok || from != 50 {
		t.Errorf("Cursor = %d, %v; want 50", from, ok)
	}
	if _, ok := operation.Cursor(key, cursor, "theirs"); ok {
		t.Error("it holds for another list")
	}
	if _, ok := operation.Cursor(other, cursor, "mine"); ok {
		t.Error("it holds under another key")
	}
}
