package document

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"mainstay/internal/fault"
)

// decode gives the text of UTF-8, UTF-16 or Windows-1252 bytes with line ends of one kind.
func decode(b []byte) (string, error) {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		b = fromUTF16(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		b = fromUTF16(b[2:], binary.BigEndian)
	default:
		b = unmarked(bytes.TrimPrefix(b, []byte{0xef, 0xbb, 0xbf}))
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return "", fault.New(fault.Invalid, "This file is not a text. Choose a transcript: VTT, SRT, TXT, DOCX or JSON.")
	}
	if !utf8.Valid(b) {
		b = fromWindows(b)
	}
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	return strings.ReplaceAll(text, "\r", "\n"), nil
}

// unmarked decodes UTF-16 without a mark: every other byte of Western text is zero.
func unmarked(b []byte) []byte {
	const sample = 64
	var even, odd int
	head := b[:min(len(b), sample)]
	for i, c := range head {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	switch half := len(head) / 2; {
	case len(b)%2 != 0 || half == 0:
	case odd*4 >= half*3 && even == 0:
		return fromUTF16(b, binary.LittleEndian)
	case even*4 >= half*3 && odd == 0:
		return fromUTF16(b, binary.BigEndian)
	}
	return b
}

func fromUTF16(b []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// windows holds the letters of Windows-1252 from 0x80 to 0x9f; the rest of it is ISO 8859-1. The five bytes that it leaves open
// are replacement characters.
var windows = []rune("€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ")

// fromWindows reads bytes that are no UTF-8 as Windows-1252, in which programs of the West write.
func fromWindows(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		r := rune(c)
		if c >= 0x80 && c < 0xa0 {
			r = windows[c-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
