package web

// MeetingsPage is the list of meetings.
type MeetingsPage struct {
	Shell
	Query                  string
	Project, State, Person Select
	From, To, Sort         string
	Filtered               bool
	Columns                []Column
	Rows                   []MeetingRow
	Count                  string // "38 meetings"
	Prev, Next             string
	Sample                 string
	Trouble                *Trouble
	Refusal                *Refusal
}

func (MeetingsPage) page() string { return "meetings" }

// Column is a head of the table; Sorted is "ascending", "descending" or empty.
type Column struct{ Name, Href, Sorted string }

// MeetingRow is one meeting of the list.
type MeetingRow struct {
	Title, Href, Project string
	When                 Stamp
	Duration             string
	People               string // "4 people"
	State                StateChip
	DeleteURL            string
}
