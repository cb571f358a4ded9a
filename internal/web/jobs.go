package web

// JobsPage shows running, waiting, stopped and finished work.
type JobsPage struct {
	Shell
	Running []Job
	Dead    []DeadJob
	Done    []Job
	Trouble *Trouble
	Refusal *Refusal
}

func (JobsPage) page() string { return "jobs" }

// Job is work on a meeting as people see it.
type Job struct {
	Title, Href, Icon string
	Sentence          string // "Recognizing speech, about 3 min left" or "Third in the queue"
	Percent           int    // 0 while it waits
	State             StateChip
}

// DeadJob is work that stopped, with its reason and, for who may, a way to run it again.
type DeadJob struct {
	Title, Href, Sentence string
	Step, Tries           string // "Recognizing speech", "tried 5 times"
	At                    Stamp
	RunURL                string
}
