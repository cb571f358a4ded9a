package web

import (
	"fmt"
	"strings"
	"time"

	"mainstay/internal/progress"
)

// JobsPage shows running, waiting, stopped and finished work.
type JobsPage struct {
	Shell
	Running []Job
	Dead    []DeadJob
	Done    []Job
	Trouble *Trouble
	Refusal *Refusal
}

func (JobsPage) Page() string { return "jobs" }

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

// jobOf shows a step that runs or waits.
func jobOf(w progress.Work) Job {
	j := Job{Title: w.Title, Href: pathOf(w.Meeting), Icon: "hourglass", State: ChipOf(w.State)}
	if w.State == "running" {
		j.Icon, j.Percent = "activity", int(w.Progress*100)
		j.Sentence = phaseName(w.Kind, w.Phase)
		if w.Left != nil {
			j.Sentence += ", " + leftOf(*w.Left)
		}
		return j
	}
	j.Sentence = placeOf(w.Ahead)
	if w.Reason != "" {
		j.Sentence = w.Reason
	}
	return j
}

// phaseName says what a step does just now.
func phaseName(kind, phase string) string {
	switch {
	case kind == "draft":
		return "Drafting the minutes"
	case kind == "resolve":
		return "Looking for owners and dates again"
	}
	if phase == "" {
		return "Opening the recording"
	}
	return strings.ToUpper(phase[:1]) + phase[1:]
}

func leftOf(d time.Duration) string {
	if d < time.Minute {
		return "less than a minute left"
	}
	return "about " + Lasting(d) + " left"
}

// placeOf says how many others wait before this.
func placeOf(ahead int) string {
	names := []string{"Next in the queue", "Second in the queue", "Third in the queue"}
	if ahead < len(names) {
		return names[ahead]
	}
	return fmt.Sprintf("%d others are before it in the queue", ahead)
}
