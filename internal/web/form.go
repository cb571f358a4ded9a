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
	Digits    bool // a code, for which phones show digits
	Max       int
	Among     []string // what is suggested
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
