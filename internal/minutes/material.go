package minutes

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"mainstay/internal/document"
)

// material is all of a meeting that a model is sent, in the form in which it is sent. [Sends] reads its fields, the ledger
// enters those that a call holds, and nothing else of a meeting leaves.
type material struct {
	Attendees []string    `json:"attendees,omitempty" sends:"The names of the attendees."`
	Segments  []utterance `json:"segments"`
}

type utterance struct {
	ID      string `json:"id" sends:"The number of each stretch of speech, so that lines can cite it."`
	Speaker string `json:"speaker,omitempty" sends:"The name of who speaks, or Speaker 1, Speaker 2 where it is not known."`
	Text    string `json:"text" sends:"What was said, word for word."`
}

// Sent is a kind of content that a model is sent.
type Sent struct {
	Field string // as the ledger names it
	Says  string // what it is, a sentence
}

// Sends lists every kind of content of a meeting that may be sent to a model, from the form in which it is sent.
func Sends() []Sent { return sends("", reflect.TypeFor[material]()) }

func sends(prefix string, t reflect.Type) []Sent {
	var all []Sent
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if inner := f.Type; inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct {
			all = append(all, sends(prefix+name+".", inner.Elem())...)
			continue
		}
		all = append(all, Sent{Field: prefix + name, Says: f.Tag.Get("sends")})
	}
	return all
}

// Withholds lists what of a meeting is never sent to a model, for people to read.
func Withholds() []string {
	return []string{"The recording and its sound.", "The title, the date and the project.", "E-mail addresses.", "File names and the glossary.",
		"How participants were told.", "Minutes of this or any other meeting."}
}

// message writes material as a model gets it, and names the kinds of content in it.
func (m material) message() (text string, fields []string, err error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return "", nil, err
	}
	var sent any
	if err := json.Unmarshal(b.Bytes(), &sent); err != nil {
		return "", nil, err
	}
	held := map[string]bool{}
	walk("", sent, held)
	for _, s := range Sends() {
		if held[s.Field] {
			fields = append(fields, s.Field)
			delete(held, s.Field)
		}
	}
	return strings.TrimSpace(b.String()), fields, nil
}

// walk notes the paths at which a JSON value holds something.
func walk(path string, value any, held map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			walk(strings.TrimPrefix(path+"."+name, "."), inner, held)
		}
	case []any:
		for _, inner := range v {
			walk(path, inner, held)
		}
	default:
		held[path] = true
	}
}

// The sizes of a question, in bytes of speech. Parts overlap, so that what is said across a cut is seen whole once.
const (
	partSize    = 60_000
	partOverlap = 3_000
	maxParts    = 20
)

// parts divides a transcript into what one call each holds. A segment that is larger than a part is divided between sentences
// and keeps its id.
func parts(t document.Transcript) [][]utterance {
	all := utterances(t)
	var parts [][]utterance
	first, size, from := 0, 0, 0 // from: what was in no part yet
	for i, u := range all {
		if size+len(u.Text) > partSize && i > from {
			parts = append(parts, all[first:i])
			first, from, size = overlap(all, i), i, 0
			for _, back := range all[first:i] {
				size += len(back.Text)
			}
		}
		size += len(u.Text)
	}
	return append(parts, all[first:])
}

// overlap is where a part begins whose first new utterance is i.
func overlap(all []utterance, i int) int {
	size := 0
	for k := i; k > 0; k-- {
		if size += len(all[k-1].Text); size > partOverlap {
			return k
		}
	}
	return 0
}

func utterances(t document.Transcript) []utterance {
	var all []utterance
	for _, s := range t.Segments {
		u := utterance{ID: s.ID}
		if s.Speaker != nil {
			u.Speaker = t.SpeakerName(*s.Speaker)
		}
		for text := s.Text; text != ""; {
			u.Text, text = text, ""
			if len(u.Text) > partSize/2 {
				at := sentenceBefore(u.Text, partSize/2)
				u.Text, text = u.Text[:at], u.Text[at:]
			}
			all = append(all, u)
		}
	}
	return all
}

// sentenceBefore is the end of the last sentence of a text that ends before a place; where none does, the last blank before it.
func sentenceBefore(text string, place int) int {
	for _, mark := range []string{". ", "? ", "! ", " "} {
		if at := strings.LastIndex(text[:place], mark); at > 0 {
			return at + len(mark)
		}
	}
	for place > 0 && text[place]&0xC0 == 0x80 {
		place--
	}
	return max(place, 1)
}
