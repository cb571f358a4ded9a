package web

// Field is a line of a form.
type Field struct {
	ID, Label string // ID is the element's and the form's name for it
	Type      string // of the input; empty is text
	Value     string // what was typed before; always empty for secrets
	Complete  string // the autocomplete token
	Hint      string
	Problem   string // why the value was not taken
	Required  bool
	First     bool // takes the focus
	Max       int
}

// Select is a choice of one.
type Select struct {
	ID, Label, Hint string
	Options         []Option
}

// Option is a possible choice.
type Option struct {
	Value, Name, Hint string
	Chosen            bool
}

// Choose returns the options with the value chosen.
func Choose(value string, options ...Option) []Option {
	out := make([]Option, len(options))
	for i, o := range options {
		o.Chosen = o.Value == value
		out[i] = o
	}
	return out
}

// Details are what is asked of a meeting when it begins, and can be changed later.
type Details struct {
	Title, Date Field
	Zone        Select
	Attendees   string // one name a line
	Project     Select
	Language    Select
	Speakers    Select
	Template    Select
	Models      bool // a language model is on, so that it can be refused for this meeting
	NoModel     bool
	Told        []Option
	How         Field
	Keep        []Option // empty where there is no recording, or where it is already gone
}

// DetailsPage changes the details of a meeting that exists.
type DetailsPage struct {
	Shell
	ID      string
	Heading string
	Version int
	Problem string
	Details Details
}

func (DetailsPage) page() string { return "details" }
