// Package document reads and renders transcripts and minutes. It is pure: bytes in, values out, no database, no clock.
//
// The values are those of the published JSON, mainstay.minutes/1. Times are milliseconds from the start of the recording and
// nil where a pasted transcript has none. What is unknown is nil, never a guess. A quote stands in its segment's text
// character for character.
package document

import "slices"

// Format names version 1 of the published JSON.
const Format = "mainstay.minutes/1"

// Document is a meeting with its transcript and minutes, as `mainstay minutes --json` prints it.
type Document struct {
	Format     string     `json:"format"`
	Meeting    Meeting    `json:"meeting"`
	Transcript Transcript `json:"transcript"`
	Minutes    Minutes    `json:"minutes"`

	// What readers should know of lines, by their ids; no part of the published form.
	Typed      map[string]bool `json:"-"` // a person wrote or changed it
	Unfound    map[string]bool `json:"-"` // as a person changed it, its words are not in what it cites
	Translated map[string]bool `json:"-"` // it is in another language than its quotes
}

// Meeting is what is known of a meeting apart from what was said.
type Meeting struct {
	Title      string   `json:"title"`
	Date       *string  `json:"date"` // RFC 3339 date, or date and time, of the start
	Zone       *string  `json:"zone"` // IANA name
	DurationMS *int64   `json:"duration_ms"`
	Language   *string  `json:"language"` // BCP 47, of what was spoken
	Attendees  []string `json:"attendees"`
}

// Transcript is one immutable version of what was said.
type Transcript struct {
	Engine   Engine    `json:"engine"`
	Speakers []Speaker `json:"speakers"`
	Turns    []Turn    `json:"turns"` // as the diarizer found them, overlaps included
	Segments []Segment `json:"segments"`
}

// Engine says what made a transcript. Name is "import" for a pasted one.
type Engine struct {
	Name    string  `json:"name"`
	Model   *string `json:"model"`
	Version *string `json:"version"`
	Quality string  `json:"quality,omitempty"` // "normal" or "draft"
}

// Speaker is a voice, with a name where one is known.
type Speaker struct {
	ID   string  `json:"id"`
	Name *string `json:"name"`
}

// Turn is a stretch of time in which a speaker speaks.
type Turn struct {
	Speaker string `json:"speaker"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
}

// Segment is a piece of speech by at most one speaker: the unit that minutes cite.
type Segment struct {
	ID         string   `json:"id"`
	Speaker    *string  `json:"speaker"` // an id in Speakers
	StartMS    *int64   `json:"start_ms"`
	EndMS      *int64   `json:"end_ms"`
	Text       string   `json:"text"`
	Language   *string  `json:"language,omitempty"`
	Confidence *float64 `json:"confidence,omitempty"` // 0 to 1
	Words      []Word   `json:"words,omitempty"`
}

// Word is a recognized word with its times.
type Word struct {
	Text       string   `json:"text"`
	StartMS    int64    `json:"start_ms"`
	EndMS      int64    `json:"end_ms"`
	Confidence *float64 `json:"confidence,omitempty"`
}

// Minutes is one version of a meeting's minutes.
type Minutes struct {
	Template  string    `json:"template"`
	Language  *string   `json:"language"`
	DraftedBy DraftedBy `json:"drafted_by"`
	Summary   []Line    `json:"summary"`
	Topics    []Topic   `json:"topics"`
	Decisions []Line    `json:"decisions"`
	Actions   []Action  `json:"actions"`
	Questions []Line    `json:"questions"`
	Carried   []Carried `json:"-"` // open items of earlier meetings; no part of the published form
}

// Copy returns minutes whose lists are their own.
func (m Minutes) Copy() Minutes {
	m.Summary, m.Decisions, m.Questions, m.Actions = slices.Clone(m.Summary), slices.Clone(m.Decisions), slices.Clone(m.Questions), slices.Clone(m.Actions)
	m.Topics = slices.Clone(m.Topics)
	for i := range m.Topics {
		m.Topics[i].Lines = slices.Clone(m.Topics[i].Lines)
	}
	return m
}

// Cited returns the minutes without the lines that cite nothing: those that somebody wrote and nobody said.
func (m Minutes) Cited() Minutes {
	m = m.Copy()
	bare := func(l Line) bool { return len(l.Evidence) == 0 }
	m.Summary, m.Decisions, m.Questions = slices.DeleteFunc(m.Summary, bare), slices.DeleteFunc(m.Decisions, bare), slices.DeleteFunc(m.Questions, bare)
	m.Actions = slices.DeleteFunc(m.Actions, func(a Action) bool { return bare(a.Line) })
	for i := range m.Topics {
		m.Topics[i].Lines = slices.DeleteFunc(m.Topics[i].Lines, bare)
	}
	return m
}

// DraftedBy says whether rules or a model wrote the draft. Note says, for example, why a model's draft was not used.
type DraftedBy struct {
	Kind     string  `json:"kind"` // "rules" or "model"
	Provider *string `json:"provider,omitempty"`
	Model    *string `json:"model,omitempty"`
	Note     *string `json:"note,omitempty"`
}

// Topic is a stretch of the meeting about one matter.
type Topic struct {
	Title    string `json:"title"`
	Segments Span   `json:"segments"`
	Lines    []Line `json:"lines"`
}

// Span names a first and a last segment, both included.
type Span struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// Line is a sentence of the minutes with where it comes from.
type Line struct {
	ID       string     `json:"id"`
	Text     string     `json:"text"`
	Evidence []Evidence `json:"evidence"` // at least one
}

// Carried is an open item of an earlier meeting of the series. Its source is that item, so that it cites nothing here.
type Carried struct {
	Line
	Kind    string `json:"kind"`    // "action" or "question"
	From    string `json:"from"`    // the earlier meeting, as people name it
	Meeting string `json:"meeting"` // its id
	Item    string `json:"item"`    // the id of the line there
	Owner   *Owner `json:"owner,omitempty"`
	Due     *Due   `json:"due,omitempty"`
}

// Evidence is a segment and words that stand in it.
type Evidence struct {
	Segment string `json:"segment"`
	Quote   string `json:"quote"`
}

// Action is something that somebody is going to do after the meeting.
type Action struct {
	Line
	Owner *Owner `json:"owner"` // nil where nobody took it
	Due   *Due   `json:"due"`   // nil where no date was said
}

// Owner is who does it: a name, a speaker, or both.
type Owner struct {
	Name    *string `json:"name"`
	Speaker *string `json:"speaker"`
}

// Due is the date that was meant and the words that said it.
type Due struct {
	Date   *string `json:"date"` // RFC 3339 date
	AsSaid string  `json:"as_said"`
}
