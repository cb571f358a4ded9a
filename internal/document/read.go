package document

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"mainstay/internal/fault"
)

// The limits of an imported transcript.
const (
	maxBytes    = 20 << 20
	maxSegments = 100_000
)

// Read reads a transcript that somebody already has: WebVTT, SRT, text with or without names, the DOCX of Teams, or JSON of a
// speech engine or of ours. Name is the file's, for its ending; it may be empty, then the bytes decide. Segments come in the
// order of the meeting, one a turn where the text names speakers. It fails with fault.Invalid or fault.TooLarge and a
// sentence that says what to do.
func Read(name string, b []byte) (Transcript, error) {
	if len(b) > maxBytes {
		return Transcript{}, fault.New(fault.TooLarge, "This transcript is larger than 20 MB. Split it.")
	}
	if bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return finished(readDOCX(b))
	}
	if what := foreign(b); what != "" {
		return Transcript{}, fault.New(fault.Invalid, what+" is no transcript that can be read. Save its text as DOCX or TXT and choose that file.")
	}
	text, err := decode(b)
	if err != nil {
		return Transcript{}, err
	}
	trimmed := strings.TrimSpace(text)
	ending := strings.ToLower(filepath.Ext(name))
	switch {
	case trimmed == "":
		return Transcript{}, fault.New(fault.Invalid, "This transcript is empty. Paste its text, or choose another file.")
	case strings.HasPrefix(trimmed, "WEBVTT"):
		return finished(readCues(text, true))
	case ending == ".srt", looksLikeSRT(trimmed):
		return finished(readCues(text, false))
	case ending == ".json", strings.HasPrefix(trimmed, "{") && strings.HasSuffix(trimmed, "}"), strings.HasPrefix(trimmed, "[{"):
		return finished(readJSON([]byte(trimmed)))
	}
	return finished(readText(text))
}

func finished(b *builder, err error) (Transcript, error) {
	if err != nil {
		return Transcript{}, err
	}
	t := b.transcript
	switch {
	case len(t.Segments) == 0:
		return Transcript{}, fault.New(fault.Invalid, "Nobody says anything in this transcript. Choose another file.")
	case len(t.Segments) > maxSegments:
		return Transcript{}, fault.New(fault.TooLarge, "This transcript has more than 100,000 turns. Split it.")
	}
	if t.Engine.Name == "" {
		t.Engine.Name = "import"
	}
	if t.Turns == nil {
		t.Turns = []Turn{}
	}
	if t.Speakers == nil {
		t.Speakers = []Speaker{}
	}
	return t, nil
}

// builder collects segments and gives each name a speaker id.
type builder struct {
	transcript Transcript
	ids        map[string]string
}

func (b *builder) speaker(name string) *string {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		return nil
	}
	if b.ids == nil {
		b.ids = map[string]string{}
	}
	id, ok := b.ids[name]
	if !ok {
		id = "s" + strconv.Itoa(len(b.ids)+1)
		b.ids[name] = id
		b.transcript.Speakers = append(b.transcript.Speakers, Speaker{ID: id, Name: &name})
	}
	return &id
}

func (b *builder) add(speaker *string, start, end *int64, text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	start, end = ordered(start, end)
	id := strconv.Itoa(len(b.transcript.Segments) + 1)
	b.transcript.Segments = append(b.transcript.Segments, Segment{ID: id, Speaker: speaker, StartMS: start, EndMS: end, Text: text})
}

// ordered gives the times that can be: none before the beginning, no end without a start or before it.
func ordered(start, end *int64) (*int64, *int64) {
	switch {
	case start == nil || *start < 0:
		return nil, nil
	case end != nil && *end < *start:
		return start, start
	}
	return start, end
}

// join adds to the last segment where the same person goes on soon after, and begins another otherwise. Cues are cut for the
// screen; a segment is what somebody says in one go, up to half a minute.
func (b *builder) join(speaker *string, start, end int64, text string) {
	const pause, longest = 1_500, 30_000
	text = strings.TrimSpace(text)
	if n := len(b.transcript.Segments); n > 0 && text != "" {
		last := &b.transcript.Segments[n-1]
		same := last.Speaker == nil && speaker == nil || last.Speaker != nil && speaker != nil && *last.Speaker == *speaker
		ended := last.Speaker == nil && strings.ContainsAny(last.Text[len(last.Text)-1:], ".?!")
		if same && !ended && last.EndMS != nil && start-*last.EndMS <= pause && end-*last.StartMS <= longest {
			last.Text += " " + text
			last.EndMS = &end
			return
		}
	}
	b.add(speaker, &start, &end, text)
}

// foreign names a format that people choose by mistake, "" for any other.
func foreign(b []byte) string {
	for start, what := range map[string]string{"%PDF-": "A PDF", "{\\rtf": "An RTF document", "\xd0\xcf\x11\xe0": "An old Word document"} {
		if bytes.HasPrefix(b, []byte(start)) {
			return what
		}
	}
	return ""
}

func lineFault(number int, what string) error {
	return fault.New(fault.Invalid, fmt.Sprintf("Line %d: %s", number, what))
}
