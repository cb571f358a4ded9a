// Package search finds a word in files, however it was written or packed: what should be nowhere on a disk.
package search

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
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
	"time"
	"unicode/utf16"
)

// Sighting is where a search found a word. Form says how it was written: "text", "utf-16", "base64", "hex" or "name", and what
// it was packed in.
type Sighting struct {
	Path string
	Form string
}

// Search looks for a word in every file below the folders: as text in any case, as UTF-16, base64 and hexadecimal digits, and
// so within what is packed by zlib or gzip. A file that has not changed since it was found clean is not read again.
type Search struct {
	forms map[string]string // pattern to form
	clean map[string]stamp
}

type stamp struct {
	size int64
	at   time.Time
}

// For returns a search for a word of ASCII letters.
func For(word string) *Search {
	s := &Search{forms: map[string]string{}, clean: map[string]stamp{}}
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

// In returns every sighting in the folders, of files that were changed at since or later. What goes while it looks is not there.
func (s *Search) In(since time.Time, folders ...string) ([]Sighting, error) {
	var all []Sighting
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			found, err := s.file(path, d, since)
			all = append(all, found...)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		})
		if err != nil {
			return all, fmt.Errorf("searching %s: %w", folder, err)
		}
	}
	return all, nil
}

func (s *Search) file(path string, d fs.DirEntry, since time.Time) ([]Sighting, error) {
	info, err := d.Info()
	if err != nil {
		return nil, err
	}
	now := stamp{info.Size(), info.ModTime()}
	if s.clean[path] == now || now.at.Before(since) {
		return nil, nil
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	forms := s.Within(body)
	if len(forms) == 0 {
		s.clean[path] = now
	}
	found := []Sighting{{Path: path, Form: "name"}}
	if len(s.plainly([]byte(filepath.Base(path)))) == 0 {
		found = nil
	}
	for _, form := range forms {
		found = append(found, Sighting{path, form})
	}
	return found, nil
}

// Within returns the forms in which a body holds the word, by itself and in what is packed in it.
func (s *Search) Within(body []byte) []string {
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

func (s *Search) plainly(body []byte) []string {
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
