package web

// ProcessingPage is a meeting whose minutes are not there yet.
type ProcessingPage struct {
	Shell
	ID        string
	Heading   string
	When      Stamp
	Duration  string
	State     StateChip
	Access    Access
	Stream    string // server-sent events with the progress fragment; empty when nothing moves any more
	Progress  Progress
	MayRun    bool
	MayCancel bool
}

func (ProcessingPage) page() string { return "processing" }

// Progress is how far the work is. The page comes with it, and the stream sends it anew.
type Progress struct {
	Percent   int
	PhaseText string // "Recognizing speech"
	Left      string // "about 3 min left"; empty when not known
	Queue     string // "third in the queue"
	Reason    string // why it stopped, empty while it runs
	Kept      string // what is safe nevertheless
	Steps     []Step
}

// Step is a phase of the work. State is done, now, bad, or empty for what is still to come; Said is its word.
type Step struct {
	Number            int
	Name, State, Said string
	Detail, Took      string
}
