package web

// ErrorPage says what went wrong and what to do. It holds nothing that was submitted.
type ErrorPage struct {
	Shell
	Status   int
	Heading  string
	Sentence string
	Retry    string // where to try again, empty where that would not help
	Request  string
}

func (ErrorPage) page() string { return "error" }
