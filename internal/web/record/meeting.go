package record

import "mainstay/internal/web"

// MeetingPage is a meeting with its minutes beside its transcript.
type MeetingPage struct {
	web.Shell
	ID         string
	Heading    string // the meeting's title
	Project    string
	When       web.Stamp
	Duration   string
	Language   string // its name in English
	State      web.StateChip
	HasMinutes bool
	Minutes    string // the id of the run that is shown
	Version    int    // of the minutes that are shown
	Access     web.Access
	MayEdit    bool
	MayDelete  bool
	MayRun     bool     // nothing is being worked on, so that the reader may have it done again
	MayDraft   bool     // there is a transcript to draft from
	Engines    []string // what the recording can be transcribed with, the usual first
	MaySubmit  bool
	MayApprove bool
	Exports    []Link
	Notes      []web.Note
	Attendees  []string
	Carried    []Carried
	Summary    []Line
	Topics     []Topic
	Decisions  []Line
	Actions    []Line
	Questions  []Line
	Adds       map[string]Line // the places of new lines by their list; nil where the reader may not edit
	DraftedBy  string          // a sentence
	Approval   *Approval
	Speakers   []Speaker
	Transcript Turns
	Sound      *Sound // nil where there is nothing to play
}

func (MeetingPage) Page() string { return "meeting" }

// Carried is an open item of an earlier meeting of the series.
type Carried struct {
	ID, Text    string
	Owner       string
	Due, DueISO string
	From, Href  string // the earlier meeting and the item in it
	SettleURL   string // empty where the reader may not edit
	Token       string
	Minutes     string
	Version     int
}

// Link is a place to go.
type Link struct{ Name, Href string }

// Approval says who made the minutes the record.
type Approval struct {
	By      string
	When    web.Stamp
	Version int
}

// Sound is what the player needs.
type Sound struct {
	URL        string // answers ranges
	Peaks      string // {"peaks":[0..255,...]}: loudness, evenly over the recording
	Words      string // {"s-ID":[[from,to,start_ms,end_ms],...]}: characters of a segment and when they are said
	DurationMS int64
}

// Speaker is a voice of the transcript.
type Speaker struct {
	ID      string
	Name    string // empty until somebody says it
	Label   string // the name, or "Speaker 2"
	Known   bool
	Colour  int    // 1 to 8, 0 for nobody
	Share   string // of the talk: "41 %"
	FirstAt int64  // a moment at which they speak alone, in milliseconds
}

// Topic is a part of the meeting about one matter.
type Topic struct {
	Title string
	Lines []Line
}

// Line is a sentence of the minutes with where it comes from.
type Line struct {
	ID       string // of the element: "l-" and the line's id
	Mark     string // in the margin: D1, A2, Q1
	Text     string
	Sources  []Citation
	Unfound  bool   // its words are not in the recording
	Typed    string // who wrote it, where nobody said it
	Original string // the quote, where the line is a translation
	Action   bool
	Owner    string
	Due      string
	DueISO   string
	AsSaid   string // the words that gave the date

	EditURL, SaveURL, CancelURL string // empty where the reader may not edit
	Editing                     bool
	In                          string // of a new line: the list that it goes to
	Problem                     string // why the change was not taken
	Token                       string
	Minutes                     string // the id of the run that it stands in
	Version                     int    // of the minutes
	Undo                        string // where the change that was just made is taken back
}

// Citation is a chip: the second that a line comes from.
type Citation struct {
	Segment string // of the element: "s-" and the segment's id
	AtMS    int64
	Clock   string
	Quote   string
	Speaker string
	Still   bool // there is no sound to play, so the chip shows its quote
}

// Turns is a part of the transcript; Rest is where the next part is, empty at the end.
type Turns struct {
	Turns  []Turn
	Rest   string
	Unsure bool // some words were heard unclearly
}

// Turn is what one speaker says without a break, or a gap in which nobody does.
type Turn struct {
	Gap      string
	Speaker  string
	Colour   int
	Clock    string // empty where the transcript has no times
	AtMS     int64
	First    string // the first segment's element
	Segments []Segment
}

// Segment is a piece of speech that can be cited.
type Segment struct {
	ID             string
	Timed          bool
	StartMS, EndMS int64
	Pieces         []Piece
}

// Piece is text, heard clearly or not.
type Piece struct {
	Text   string
	Unsure bool
}

// TurnsAPage is how many turns of a transcript the page carries, and each part that it fetches afterwards.
const TurnsAPage = 200
