package audio

import (
	"math"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"mainstay/internal/speech"
)

// The answers, as OpenAI's API describes them. Times are seconds.
type (
	short struct {
		Text string `json:"text"`
	}
	verbose struct {
		Task     string    `json:"task"`
		Language string    `json:"language"` // its English name, in lower case
		Duration float64   `json:"duration"`
		Text     string    `json:"text"`
		Segments []segment `json:"segments"`
		Words    []word    `json:"words,omitempty"`
	}
	segment struct {
		ID          int     `json:"id"`
		Seek        int     `json:"seek"`
		Start       float64 `json:"start"`
		End         float64 `json:"end"`
		Text        string  `json:"text"`
		Tokens      []int   `json:"tokens"`
		Temperature float64 `json:"temperature"`
		Logprob     float64 `json:"avg_logprob"`
		Compression float64 `json:"compression_ratio"`
		NoSpeech    float64 `json:"no_speech_prob"`
	}
	word struct {
		Word  string  `json:"word"`
		Start float64 `json:"start"`
		End   float64 `json:"end"`
	}
	diarized struct {
		Task     string  `json:"task"`
		Duration float64 `json:"duration"`
		Text     string  `json:"text"`
		Segments []turn  `json:"segments"`
	}
	turn struct {
		ID      string  `json:"id"`
		Type    string  `json:"type"`
		Speaker string  `json:"speaker"`
		Start   float64 `json:"start"`
		End     float64 `json:"end"`
		Text    string  `json:"text"`
	}
)

// shape writes what was heard as the request wants it.
func shape(heard speech.Heard, asked request) any {
	switch asked.format {
	case "verbose_json":
		v := verbose{Task: "transcribe", Language: nameOf(heard.Language), Duration: seconds(heard.DurationMS), Text: plainOf(heard), Segments: []segment{}}
		for i, s := range heard.Segments {
			v.Segments = append(v.Segments, segment{ID: i, Seek: 0, Start: at(s.StartMS), End: at(s.EndMS), Text: s.Text, Tokens: []int{}, Logprob: logprob(s.Confidence), Compression: 1})
			for _, w := range s.Words {
				if asked.words {
					v.Words = append(v.Words, word{w.Text, seconds(w.StartMS), seconds(w.EndMS)})
				}
			}
		}
		return v
	case "diarized_json":
		d := diarized{Task: "transcribe", Duration: seconds(heard.DurationMS), Text: plainOf(heard), Segments: []turn{}}
		for _, s := range heard.Segments {
			t := turn{ID: s.ID, Type: "transcript.text.segment", Start: at(s.StartMS), End: at(s.EndMS), Text: s.Text}
			if s.Speaker != nil {
				t.Speaker = heard.SpeakerName(*s.Speaker)
			}
			d.Segments = append(d.Segments, t)
		}
		return d
	}
	return short{plainOf(heard)}
}

// plainOf is the words alone.
func plainOf(heard speech.Heard) string {
	var parts []string
	for _, s := range heard.Segments {
		parts = append(parts, strings.TrimSpace(s.Text))
	}
	return strings.Join(parts, " ")
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

func at(ms *int64) float64 {
	if ms == nil {
		return 0
	}
	return seconds(*ms)
}

// logprob is the mean of a segment's words, as far as the engine told how sure it was.
func logprob(confidence *float64) float64 {
	if confidence == nil || *confidence <= 0 {
		return 0
	}
	return math.Log(*confidence)
}

// nameOf is a language's English name, as Whisper writes it.
func nameOf(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	base, _ := parsed.Base()
	return strings.ToLower(display.English.Languages().Name(language.Make(base.String())))
}
