package web

// ModelsPage is the settings of the language model.
type ModelsPage struct {
	Shell
	Refusal                         *Refusal
	Version                         int
	On                              bool
	Saved, Problem                  string
	Provider                        Select
	Model, URL, Key, Region, Budget Field
	Training, Retention             Select
	Spent                           string
	Sends                           []Sent
	Test                            *Note // the outcome of a test that was just sent
	Engine                          []Fact
}

func (ModelsPage) Page() string { return "models" }

// Sent is a line of "what will be sent": something that is, or something that never is.
type Sent struct {
	Yes  bool
	Text string
}

// Fact is a name and its value.
type Fact struct{ Name, Value string }
