package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"mainstay/internal/fault"
)

// The limits of a DOCX, by what is really unpacked and not by what its headers say.
const (
	maxUnpacked = 50 << 20
	maxEntries  = 2_000
	maxDepth    = 200
)

func badDOCX(cause error) error {
	return fault.Wrap(fault.Invalid, "This document cannot be read. Save it as DOCX or TXT again and choose that file.", cause)
}

// readDOCX reads the paragraphs of a word processor's document and takes them as text with names, as Teams writes them.
func readDOCX(b []byte) (*builder, error) {
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, badDOCX(errors.New("not a zip archive"))
	}
	if len(archive.File) > maxEntries {
		return nil, badDOCX(errors.New("too many entries"))
	}
	for _, f := range archive.File {
		if f.Name != "word/document.xml" || !f.Mode().IsRegular() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, badDOCX(errors.New("its text cannot be opened"))
		}
		defer r.Close()
		text, err := docxText(io.LimitReader(r, maxUnpacked+1))
		if err != nil {
			return nil, err
		}
		return readText(text)
	}
	return nil, badDOCX(errors.New("it holds no text"))
}

// breaks are what elements of a run stand for.
var breaks = map[string]string{"br": "\n", "cr": "\n", "tab": " "}

// docxText gives a line a paragraph; a break within a paragraph is a line too. A document type declaration is refused: no
// word processor writes one, and entities would be declared there.
func docxText(r io.Reader) (string, error) {
	var text strings.Builder
	d := xml.NewDecoder(r)
	depth, inText, skipped := 0, false, 0 // skipped: the depth of a copy for older programs, 0 outside of one
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text.String(), nil
		}
		if err != nil {
			return "", badDOCX(errors.New("its XML is broken"))
		}
		if d.InputOffset() > maxUnpacked {
			return "", fault.New(fault.TooLarge, "This document is too large when it is unpacked. Save its text as TXT.")
		}
		switch t := token.(type) {
		case xml.Directive:
			return "", badDOCX(errors.New("it declares a document type"))
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return "", badDOCX(errors.New("nested too deeply"))
			}
			if t.Name.Local == "Fallback" && skipped == 0 {
				skipped = depth
			}
			if inText = t.Name.Local == "t"; skipped == 0 {
				text.WriteString(breaks[t.Name.Local])
			}
		case xml.EndElement:
			if inText = false; depth == skipped {
				skipped = 0
			}
			if depth--; t.Name.Local == "p" {
				text.WriteByte('\n')
			}
		case xml.CharData:
			if inText && skipped == 0 {
				text.Write(t)
			}
		}
	}
}
