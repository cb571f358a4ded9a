package e2e

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
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

// sighting is where a search found a word.
type sighting struct {
	Path string
	Form string // how it was written: "text", "utf-16", "base64", "hex", and what it was packed in
}

// search looks for a word in every file below the folders: as text in any case, as UTF-16, base64 and hexadecimal digits, and
// so within what is packed by zlib or gzip. A file that has not changed since it was found clean is not read again.
type search struct {
	forms map[string]string // pattern to form
	clean map[string]stamp
}

type stamp struct {
	size int64
	at   time.Time
}

func searchFor(word string) *search {
	s := &search{forms: map[string]string{}, clean: map[string]stamp{}}
	for _, text := range []string{word, strings.ToLower(word), strings.ToUpper(word), strings.ToUpper(word[:1]) + strings.ToLower(word[1:])} {
		s.forms[text] = "text"
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			var wide []byte
			for _, unit := range utf16.Encode([]rune(text)) {
				wide = order.AppendUint16(wide, unit)
			}
			s.forms[string(wide)] = "utf-16"
		}
		s.forms[hex.EncodeToString([]byte(text))] = "hex"
		s.forms[strings.ToUpper(hex.EncodeToString([]byte(text)))] = "hex"
		for shift := range 3 {
			encoded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
			whole := encoded[(shift*4+2)/3 : len(encoded)-4] // without what depends on the neighbours
			s.forms[whole] = "base64"
			s.forms[strings.NewReplacer("+", "-", "/", "_").Replace(whole)] = "base64"
		}
	}
	return s
}

// in returns every sighting below the folders. What goes while it looks is not there.
func (s *search) in(t testing.TB, folders ...string) []sighting {
	t.Helper()
	var all []sighting
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			found, err := s.file(path, d)
			all = append(all, found...)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func (s *search) file(path string, d fs.DirEntry) ([]sighting, error) {
	info, err := d.Info()
	if err != nil {
		return nil, err
	}
	now := stamp{info.Size(), info.ModTime()}
	if s.clean[path] == now {
		return nil, nil
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	forms := s.within(body)
	if len(forms) == 0 {
		s.clean[path] = now
	}
	found := []sighting{{Path: path, Form: "name"}}
	if len(s.plainly([]byte(filepath.Base(path)))) == 0 {
		found = nil
	}
	for _, form := range forms {
		found = append(found, sighting{path, form})
	}
	return found, nil
}

// within returns the forms in which a body holds the word, by itself and in what is packed in it.
func (s *search) within(body []byte) []string {
	forms := s.plainly(body)
	for name, packed := range packings() {
		for _, magic := range packed.magic {
			for at := bytes.Index(body, magic); at >= 0; {
				for _, form := range s.plainly(unpacked(packed.open, body[at:])) {
					forms = append(forms, form+" in "+name)
				}
				next := bytes.Index(body[at+1:], magic)
				if next < 0 {
					break
				}
				at += 1 + next
			}
		}
	}
	return forms
}

func (s *search) plainly(body []byte) []string {
	var forms []string
	for pattern, form := range s.forms {
		if bytes.Contains(body, []byte(pattern)) {
			forms = append(forms, form)
		}
	}
	return forms
}

type packing struct {
	magic [][]byte
	open  func(io.Reader) (io.ReadCloser, error)
}

func packings() map[string]packing {
	return map[string]packing{
		"gzip": {[][]byte{{0x1f, 0x8b, 8}}, func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }},
		"zlib": {[][]byte{{0x78, 0x01}, {0x78, 0x5e}, {0x78, 0x9c}, {0x78, 0xda}}, zlib.NewReader},
	}
}

// unpacked returns as much as can be unpacked, at most 64 MB.
func unpacked(open func(io.Reader) (io.ReadCloser, error), body []byte) []byte {
	r, err := open(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	defer r.Close()
	text, _ := io.ReadAll(io.LimitReader(r, 64<<20)) // what a broken end leaves is looked at, too
	return text
}

// byStore counts sightings by the part of a data folder that they are in.
func byStore(found []sighting, data string) map[string]int {
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

func TestTheSearchSeesEveryForm(t *testing.T) {
	t.Parallel()
	word := newCanary(t)
	name := word.in("text")
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
	s := searchFor(string(word))
	for range 2 { // what was found clean is not read again, what was not is
		for _, hit := range s.in(t, dir) {
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
