package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"mainstay/internal/fault"
)

// The limits of an ISO base media file (ISO/IEC 14496-12).
const (
	maxIndex    = 64 << 20
	maxBoxes    = 10_000
	boxHeader   = 8
	largeHeader = 16
)

// box is a top-level box: where it begins and how long it is, header included.
type box struct {
	kind string
	at   int64
	size int64
}

func badIndex(why string) error {
	return fault.Wrap(fault.Invalid, "The index of this recording is missing or damaged: it was not finished. Export it again, or choose another file.", errors.New(why))
}

// indexFirst returns how to stream the file with its index (moov) before the sound (mdat), as a decoder needs that cannot
// seek. The offsets in the index move with it. A file in the right order, or fragmented, passes as it is. It fails for sound
// that is encrypted, which a decoder would turn into noise.
func indexFirst(source io.ReaderAt, size int64) (func() io.Reader, error) {
	boxes, err := topBoxes(source, size)
	if err != nil {
		return nil, err
	}
	index, data := -1, -1
	for i, b := range boxes {
		if b.kind == "moov" && index < 0 {
			index = i
		}
		if b.kind == "mdat" && data < 0 {
			data = i
		}
	}
	if index < 0 {
		return nil, badIndex("no moov box")
	}
	moov := make([]byte, boxes[index].size)
	if _, err := source.ReadAt(moov, boxes[index].at); err != nil {
		return nil, fmt.Errorf("reading a recording's index: %w", err)
	}
	header := int64(boxHeader)
	if binary.BigEndian.Uint32(moov) == 1 {
		header = largeHeader
	}
	if int64(len(moov)) < header {
		return nil, badIndex("a box of impossible size")
	}
	if protected(moov[header:]) {
		return nil, fault.New(fault.Invalid, "This recording is protected against copying (DRM) and cannot be read. Choose one that is not.")
	}
	if data < 0 || index < data {
		return func() io.Reader { return io.NewSectionReader(source, 0, size) }, nil
	}
	moved := boxes[index]
	err = walk(moov[header:], 0, func(kind string, body []byte) error { return shift(kind, body, moved.size, moved.at) })
	if err != nil {
		return nil, err
	}
	first := boxes[data].at
	return func() io.Reader {
		return io.MultiReader(
			io.NewSectionReader(source, 0, first), bytes.NewReader(moov),
			io.NewSectionReader(source, first, moved.at-first),
			io.NewSectionReader(source, moved.at+moved.size, size-moved.at-moved.size))
	}, nil
}

func topBoxes(source io.ReaderAt, size int64) ([]box, error) {
	var boxes []box
	header := make([]byte, largeHeader)
	for at := int64(0); at+boxHeader <= size; {
		if len(boxes) == maxBoxes {
			return nil, badIndex("too many boxes")
		}
		n, err := source.ReadAt(header, at)
		if n < boxHeader {
			return nil, fmt.Errorf("reading a recording's boxes: %w", err)
		}
		b := box{kind: string(header[4:8]), at: at, size: int64(binary.BigEndian.Uint32(header))}
		switch {
		case b.size == 0:
			b.size = size - at
		case b.size == 1 && n == largeHeader:
			b.size = int64(min(binary.BigEndian.Uint64(header[8:]), math.MaxInt64))
		}
		if b.size < boxHeader || b.kind == "moov" && (b.size > maxIndex || b.size > size-at) {
			return nil, badIndex("a box of impossible size")
		}
		b.size = min(b.size, size-at) // a last box that was cut short
		boxes = append(boxes, b)
		at += b.size
	}
	return boxes, nil
}

// walk visits the boxes of an index that describe its tracks.
func walk(b []byte, depth int, visit func(kind string, body []byte) error) error {
	if depth > 8 {
		return badIndex("nested too deeply")
	}
	for len(b) >= boxHeader {
		size := int64(binary.BigEndian.Uint32(b))
		if size == 0 {
			size = int64(len(b))
		}
		if size < boxHeader || size > int64(len(b)) {
			return badIndex("a box of impossible size")
		}
		kind, body := string(b[4:8]), b[boxHeader:size]
		var err error
		switch kind {
		case "trak", "mdia", "minf", "stbl":
			err = walk(body, depth+1, visit)
		default:
			err = visit(kind, body)
		}
		if err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// protected reports whether an index says that its sound is encrypted: by Common Encryption (ISO/IEC 23001-7) or as music
// shops do. What else is wrong with the index does not matter here.
func protected(moov []byte) bool {
	const fixed = 8 // version, flags, count
	found := false
	_ = walk(moov, 0, func(kind string, body []byte) error {
		if kind != "stsd" || len(body) < fixed {
			return nil
		}
		for b := body[fixed:]; len(b) >= boxHeader; {
			found = found || string(b[4:8]) == "enca" || string(b[4:8]) == "drms"
			size := int64(binary.BigEndian.Uint32(b))
			if size < boxHeader || size > int64(len(b)) {
				break
			}
			b = b[size:]
		}
		return nil
	})
	return found
}

// shift adds by to every chunk offset that points before limit: those are what the index moves ahead of.
func shift(kind string, body []byte, by, limit int64) error {
	switch kind {
	case "stco":
		return shiftTable(body, 4, by, limit)
	case "co64":
		return shiftTable(body, 8, by, limit)
	case "cmov":
		return badIndex("a compressed index")
	}
	return nil
}

func shiftTable(b []byte, width int, by, limit int64) error {
	const fixed = 8 // version, flags, count
	if len(b) < fixed {
		return badIndex("a table that was cut short")
	}
	count := int64(binary.BigEndian.Uint32(b[4:]))
	table := b[fixed:]
	if count > int64(len(table)/width) {
		return badIndex("a table longer than its box")
	}
	for i := range int(count) {
		cell := table[i*width : (i+1)*width]
		if width == 8 {
			if at := int64(binary.BigEndian.Uint64(cell)); at < limit {
				binary.BigEndian.PutUint64(cell, uint64(at+by))
			}
			continue
		}
		at := int64(binary.BigEndian.Uint32(cell))
		if at >= limit {
			continue
		}
		if at+by > math.MaxUint32 {
			return badIndex("offsets beyond four gigabytes")
		}
		binary.BigEndian.PutUint32(cell, uint32(at+by))
	}
	return nil
}
