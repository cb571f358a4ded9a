package web

// HomePage is what waits for the person, and what happened lately.
type HomePage struct {
	Shell
	Greeting  string
	Today     string
	ToApprove []Item
	Running   []Job
	Recent    []Item
	Trouble   *Trouble
	Checklist []Todo
	Sample    string // where the sample meeting is
}

func (HomePage) page() string { return "home" }

// Item is a meeting in a short list.
type Item struct {
	Title, Href, Sentence string
	State                 StateChip
}

// Todo is a line of the quiet checklist of a new workspace.
type Todo struct {
	Text, Href string
	Done       bool
}
