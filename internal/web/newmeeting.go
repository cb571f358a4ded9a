package web

// NewMeetingPage takes recordings, or the text of a transcript.
type NewMeetingPage struct {
	Shell
	Paste      bool
	Action     string
	Problem    string
	Text       string // what was pasted, when it was not understood
	Limit      string // "4 GB"
	LimitBytes int64
	Leaves     string // what is sent to a model outside, empty for nothing
	Details    Details
}

func (NewMeetingPage) page() string { return "newmeeting" }
