package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"mainstay/internal/fault"
)

// spokenJSON is what speech engines write: OpenAI's verbose and diarized answers, Whisper's files, and the like.
type spokenJSON struct {
	Text     string        `json:"text"`
	Language string        `json:"language"`
	Segments []segmentJSON `json:"segments"`
	Words    []wordJSON    `json:"words"`
}

type segmentJSON struct {
	Start   *float64   `json:"start"`
	End     *float64   `json:"end"`
	Text    string     `json:"text"`
	Speaker string     `json:"speaker"`
	Words   []wordJSON `json:"words"`
}

type wordJSON struct {
	Word  string  `json:"word"`
	Text  string  `json:"text"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	// Probability is Whisper's name for it, confidence others'.
	Probability *float64 `json:"probability"`
}

func readJSON(b []byte) (*builder, error) {
	var head struct {
		Format     string     `json:"format"`
		Transcript Transcript `json:"transcript"`
	}
	if err := json.Unmarshal(b, &head); err == nil && head.Format == Format {
		return ours(head.Transcript)
	}
	var spoken spokenJSON
	target := any(&spoken)
	if bytes.HasPrefix(b, []byte("[")) {
		target = &spoken.Segments
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(target); err != nil {
		return nil, fault.Wrap(fault.Invalid, fmt.Sprintf("This JSON cannot be read beyond character %d.", d.InputOffset()), errors.New("broken JSON"))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "Something follows the JSON. Remove it.")
	}
	return spoken.build(), nil
}

func (s spokenJSON) build() *builder {
	b := &builder{}
	var lang *string
	if len(s.Language) == 2 {
		lang = &s.Language
	}
	for _, seg := range s.Segments {
		n := len(b.transcript.Segments)
		b.add(b.speaker(seg.Speaker), millis(seg.Start), millis(seg.End), seg.Text)
		if len(b.transcript.Segments) > n {
			b.transcript.Segments[n].Language = lang
			b.transcript.Segments[n].Words = words(seg.Words)
		}
	}
	if len(s.Segments) == 0 {
		b.add(nil, nil, nil, s.Text)
	}
	return b
}

func words(all []wordJSON) []Word {
	var out []Word
	for _, w := range all {
		text := w.Word
		if text == "" {
			text = w.Text
		}
		start, end := millis(&w.Start), millis(&w.End)
		if text == "" || start == nil || end == nil {
			continue
		}
		out = append(out, Word{Text: text, StartMS: *start, EndMS: *end, Confidence: w.Probability})
	}
	return out
}

// millis turns seconds into milliseconds, nil where they are no time.
func millis(seconds *float64) *int64 {
	if seconds == nil || math.IsNaN(*seconds) || *seconds < 0 || *seconds > 1e7 {
		return nil
	}
	ms := int64(math.Round(*seconds * 1000))
	return &ms
}

// ours takes a transcript of our own format as it is, with its speakers' names.
func ours(t Transcript) (*builder, error) {
	b := &builder{}
	byID := map[string]*string{}
	for _, s := range t.Speakers {
		name := s.ID
		if s.Name != nil {
			name = *s.Name
		}
		byID[s.ID] = b.speaker(name)
		if s.Name == nil && byID[s.ID] != nil {
			b.transcript.Speakers[len(b.transcript.Speakers)-1].Name = nil
		}
	}
	for _, s := range t.Segments {
		n := len(b.transcript.Segments)
		var who *string
		if s.Speaker != nil {
			if who = byID[*s.Speaker]; who == nil {
				return nil, fault.New(fault.Invalid, "A segment names a speaker who is not in the list of speakers.")
			}
		}
		b.add(who, s.StartMS, s.EndMS, s.Text)
		if len(b.transcript.Segments) > n {
			seg := &b.transcript.Segments[n]
			seg.Language, seg.Confidence, seg.Words = s.Language, s.Confidence, s.Words
		}
	}
	return b, nil
}
