package recognition

import (
	"errors"
	"fmt"
	"io"
)

// tape is the stretch of a recording that is in memory. Positions are samples from the start of the recording.
type tape struct {
	from     io.Reader
	channels [][]int16
	start    int64 // position of the first sample in memory
	ended    bool
	raw      []byte
}

func newTape(from io.Reader, channels int) *tape {
	channels = max(1, channels)
	return &tape{from: from, channels: make([][]int16, channels), raw: make([]byte, 2*channels*rate)}
}

// end is the position behind the last sample in memory.
func (t *tape) end() int64 { return t.start + int64(len(t.channels[0])) }

// fill reads on until position or the end of the recording. A frame that is cut short at the end is not kept.
func (t *tape) fill(until int64) error {
	width := int64(2 * len(t.channels))
	for !t.ended && t.end() < until {
		raw := t.raw[:min(int64(len(t.raw)), (until-t.end())*width)]
		n, err := io.ReadFull(t.from, raw)
		t.keep(raw[:n])
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			t.ended = true
		case err != nil:
			return fmt.Errorf("reading audio at %d ms: %w", t.end()*1000/rate, err)
		}
	}
	return nil
}

func (t *tape) keep(raw []byte) {
	width := 2 * len(t.channels)
	for at := 0; at+width <= len(raw); at += width {
		for c := range t.channels {
			low, high := raw[at+2*c], raw[at+2*c+1]
			t.channels[c] = append(t.channels[c], int16(uint16(low)|uint16(high)<<8))
		}
	}
}

// drop forgets what lies before a position. It keeps its memory for what comes.
func (t *tape) drop(before int64) {
	gone := min(before, t.end()) - t.start
	if gone <= 0 {
		return
	}
	for c, samples := range t.channels {
		t.channels[c] = samples[:copy(samples, samples[gone:])]
	}
	t.start += gone
}

// cut gives the samples of a channel between two positions, as far as they are in memory. It is valid until drop or fill.
func (t *tape) cut(channel int, from, to int64) []int16 {
	from, to = max(from, t.start), min(to, t.end())
	if to <= from {
		return nil
	}
	return t.channels[channel][from-t.start : to-t.start]
}
