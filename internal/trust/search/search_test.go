package search_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"mainstay/internal/trust/search"
)

func TestTheSearchSeesEveryForm(t *testing.T) {
	t.Parallel()
	const word, name = "qzjxvkwpyhgm", "Qzjxvkwpyhgmtext"
	pack := func(w io.WriteCloser, b *bytes.Buffer) []byte {
		_, _ = io.WriteString(w, strings.Repeat("before ", 100)+name+" after")
		_ = w.Close()
		return b.Bytes()
	}
	var zipped, deflated bytes.Buffer
	wide := []byte{0xff}
	for _, unit := range utf16.Encode([]rune(name)) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	cases := map[string]struct {
		body []byte
		form string
	}{
		"text":                {[]byte("x" + name + "x"), "text"},
		"loud":                {[]byte(strings.ToUpper(name)), "text"},
		"folded":              {[]byte(strings.ToLower(name)), "text"},
		"wide":                {wide, "utf-16"},
		"hex":                 {fmt.Appendf(nil, "\\x%x", name), "hex"},
		"base64-0":            {[]byte(base64.StdEncoding.EncodeToString([]byte(name))), "base64"},
		"base64-1":            {[]byte(base64.RawURLEncoding.EncodeToString([]byte("a" + name + "b"))), "base64"},
		"base64-2":            {[]byte(base64.StdEncoding.EncodeToString([]byte("ab" + name + "c"))), "base64"},
		"gzip":                {append([]byte("head"), pack(gzip.NewWriter(&zipped), &zipped)...), "text in gzip"},
		"zlib":                {append(make([]byte, 29), pack(zlib.NewWriter(&deflated), &deflated)...), "text in zlib"},
		"nothing":             {[]byte("There is nothing to see here."), ""},
		"half of " + name[:6]: {[]byte(name[:8]), ""},
	}
	dir := t.TempDir()
	for file, c := range cases {
		if err := os.WriteFile(filepath.Join(dir, file), c.body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	forms := map[string][]string{}
	s := search.For(word)
	for range 2 { // what was found clean is not read again, what was not is
		found, err := s.In(time.Time{}, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range found {
			forms[filepath.Base(hit.Path)] = append(forms[filepath.Base(hit.Path)], hit.Form)
		}
	}
	for file, c := range cases {
		got := strings.Join(forms[file], ", ")
		if want := strings.TrimPrefix(c.form+", "+c.form, ", "); got != want {
			t.Errorf("%s: found as %q, want %q", file, got, want)
		}
	}
}

func TestTheSearchLeavesOutWhatIsOld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("qzjxvkwpyhgm"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := search.For("qzjxvkwpyhgm").In(time.Now().Add(time.Hour), dir); err != nil || len(found) != 0 {
		t.Errorf("In() = %v, %v; want nothing that is older than asked", found, err)
	}
}
