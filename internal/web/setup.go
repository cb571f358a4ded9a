package web

// SetupPage is the first page of a deployment: its owner and its first workspace.
type SetupPage struct {
	Shell
	Action                      string // where the form goes; it holds the one-time token
	Problem                     string
	Name, Email, Password, Firm Field
}

func (SetupPage) page() string { return "setup" }

// ChecksPage shows what works, each line tried for real.
type ChecksPage struct {
	Shell
	AllGood bool
	Checks  []Check
}

func (ChecksPage) page() string { return "checks" }

// Check is one thing that was tried. State is ok, bad, warn or waiting; Fix is the one thing that mends it.
type Check struct {
	Name, Found, State, Word, Fix string
}
