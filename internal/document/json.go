package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"

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
	Speaker labelJSON  `json:"speaker"`
	Words   []wordJSON `json:"words"`
}

// labelJSON is a voice's label: a text, or a number.
type labelJSON string

// UnmarshalJSON implements json.Unmarshaler.
func (l *labelJSON) UnmarshalJSON(b []byte) error {
	var number json.Number
	if err := json.Unmarshal(b, &number); err == nil && number != "" {
		*l = labelJSON("speaker " + number.String())
		return nil
	}
	return json.Unmarshal(b, (*string)(l))
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
		return nil, fault.Wrap(fault.Invalid, fmt.Sprintf("This JSON cannot be read beyond character %d. Export it again.", d.InputOffset()), errors.New("broken JSON"))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "Something follows the JSON. Remove it.")
	}
	return spoken.build(), nil
}

func (s spokenJSON) build() *builder {
	b := &builder{}
	lang := languageOf(s.Language)
	loose := words(s.Words)
	for _, seg := range s.Segments {
		n := len(b.transcript.Segments)
		b.add(b.voice(string(seg.Speaker)), millis(seg.Start), millis(seg.End), seg.Text)
		if len(b.transcript.Segments) == n {
			continue
		}
		added := &b.transcript.Segments[n]
		added.Language = lang
		if added.Words = words(seg.Words); len(added.Words) == 0 {
			added.Words, loose = wordsUntil(loose, added.EndMS)
		}
	}
	if len(s.Segments) == 0 {
		b.add(nil, nil, nil, s.Text)
	}
	return b
}

// label matches what an engine calls a voice whose name it does not know: "A", "SPEAKER_00", "Speaker 2".
var label = regexp.MustCompile(`^(?:[A-Z]|(?i:(?:speaker|spk|spkr)[ _-]?[0-9]{1,3}|unknown|unknown speaker))$`)

// voice is speaker for what an engine wrote: its labels are no names.
func (b *builder) voice(name string) *string {
	known := len(b.transcript.Speakers)
	id := b.speaker(name)
	if len(b.transcript.Speakers) > known && label.MatchString(name) {
		b.transcript.Speakers[known].Name = nil
	}
	return id
}

// wordsUntil divides the words that stand beside the segments: those that end with a segment, and the rest.
func wordsUntil(all []Word, end *int64) (here, rest []Word) {
	n := 0
	for end != nil && n < len(all) && (all[n].StartMS+all[n].EndMS)/2 <= *end {
		n++
	}
	if n == 0 {
		return nil, all
	}
	return all[:n:n], all[n:]
}

// languageOf gives the code of a language that an engine names by code or, as Whisper does, by its English name; nil for others.
func languageOf(name string) *string {
	name = strings.ToLower(strings.TrimSpace(name))
	if code, ok := languageCodes[name]; ok {
		return &code
	}
	if len(name) == 2 {
		return &name
	}
	return nil
}

var languageCodes = map[string]string{
	"english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl", "portuguese": "pt", "polish": "pl",
	"russian": "ru", "ukrainian": "uk", "swedish": "sv", "norwegian": "no", "danish": "da", "finnish": "fi", "czech": "cs", "hungarian": "hu",
	"romanian": "ro", "greek": "el", "turkish": "tr", "arabic": "ar", "hebrew": "he", "hindi": "hi", "chinese": "zh", "japanese": "ja",
	"korean": "ko", "welsh": "cy", "irish": "ga", "catalan": "ca",
}

func words(all []wordJSON) []Word {
	var out []Word
	for _, w := range all {
		text := strings.TrimSpace(w.Word)
		if text == "" {
			text = strings.TrimSpace(w.Text)
		}
		start, end := millis(&w.Start), millis(&w.End)
		if text == "" || start == nil || end == nil || *end < *start {
			continue
		}
		out = append(out, Word{Text: text, StartMS: *start, EndMS: *end, Confidence: share(w.Probability)})
	}
	return out
}

// share gives a probability, nil where it is none.
func share(p *float64) *float64 {
	if p == nil || !(*p >= 0 && *p <= 1) {
		return nil
	}
	return p
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
			seg.Language, seg.Confidence, seg.Words = s.Language, share(s.Confidence), s.Words
		}
	}
	return b, nil
}
