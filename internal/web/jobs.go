package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/progress"
	"mainstay/internal/tenant"
)

// JobsPage shows running, waiting, stopped and finished work.
type JobsPage struct {
	Shell
	Running   []Job
	Dead      []DeadJob
	Done      []Job
	Trouble   *Trouble
	Refusal   *Refusal
	MayCreate bool
}

func (JobsPage) Page() string { return "jobs" }

// Job is work on a meeting as people see it.
type Job struct {
	ID                string // of the button that cancels it
	Title, Href, Icon string
	Sentence          string // "Recognizing speech, about 3 min left" or "Third in the queue"
	Percent           int    // 0 while it waits
	State             StateChip
	CancelURL         string // empty where it is over, or not the reader's to end
}

// DeadJob is work that stopped, with its reason and, for who may, a way to run it again.
type DeadJob struct {
	Title, Href, Sentence string
	Step, Tries           string // "Recognizing speech", "tried 5 times"
	At                    Stamp
	RunURL                string
}

// listJobs shows the workspace's work.
func (a *App) listJobs(w http.ResponseWriter, r *http.Request) error {
	shell, me, err := a.frame(r, "Jobs", "/jobs")
	if err != nil {
		return err
	}
	shell.Live, shell.Script = "sse", "live.js"
	work, err := a.Progress.Open(r.Context())
	if err == nil {
		var done []progress.Work
		if done, err = a.Progress.Done(r.Context()); err == nil {
			return a.show(w, a.jobsPage(r, shell, me, work, done))
		}
	}
	trouble := troubleOf(r, err)
	if trouble == nil {
		return err
	}
	return errors.Join(err, a.showAgain(w, http.StatusInternalServerError, JobsPage{Shell: shell, Trouble: trouble}))
}

// troubleOf is what a page shows in place of a list that could not be read, nil where the error is the whole answer.
func troubleOf(r *http.Request, err error) *Trouble {
	if kind := fault.KindOf(err); kind != fault.Internal && kind != fault.Busy {
		return nil
	}
	return &Trouble{Reason: fault.Sentence(err), Request: httpd.RequestID(r), Retry: r.URL.Path}
}

func (a *App) jobsPage(r *http.Request, shell Shell, me identity.Me, work, done []progress.Work) JobsPage {
	may := me.Role != gate.Viewer
	p := JobsPage{Shell: shell, Running: running(work), MayCreate: may}
	for i := range p.Running {
		if !may {
			p.Running[i].CancelURL = ""
		}
	}
	for _, w := range work {
		if w.State == "dead" {
			p.Dead = append(p.Dead, deadJob(w, zoneOf(r), may))
		}
	}
	for _, w := range done {
		p.Done = append(p.Done, doneJob(w, zoneOf(r)))
	}
	return p
}

// followJobs streams the page's list of work that runs and waits.
func (a *App) followJobs(w http.ResponseWriter, r *http.Request) error {
	shell, me, err := a.frame(r, "Jobs", "/jobs")
	if err != nil {
		return err
	}
	return a.followWork(w, r, func(work []progress.Work) (Event, error) {
		return a.part("jobslist", a.jobsPage(r, Shell{Token: shell.Token}, me, work, nil))
	})
}

// followWork streams what show makes of the workspace's work, and "done" once a piece of it ended: the rest of the page
// changed with it.
func (a *App) followWork(w http.ResponseWriter, r *http.Request, show func([]progress.Work) (Event, error)) error {
	news, end, err := a.Progress.WatchAll(r.Context())
	if err != nil {
		return err
	}
	defer end()
	var before map[progress.StepID]bool
	return a.stream(w, r, news, func() (Event, error) {
		work, err := a.Progress.Look(r.Context())
		if err != nil {
			return Event{}, err
		}
		going := map[progress.StepID]bool{}
		for _, one := range work {
			going[one.ID] = one.State != "dead"
		}
		for id, went := range before {
			if went && !going[id] {
				before = going
				return Event{Name: "done"}, nil
			}
		}
		before = going
		return show(work)
	})
}

// rerunJob runs work again that stopped; cancelJob ends work that waits or runs.
func (a *App) rerunJob(w http.ResponseWriter, r *http.Request) error {
	return a.steer(w, r, a.Progress.RunAgain)
}

func (a *App) cancelJob(w http.ResponseWriter, r *http.Request) error {
	return a.steer(w, r, a.Progress.Cancel)
}

func (a *App) steer(w http.ResponseWriter, r *http.Request, do func(context.Context, progress.StepID) error) error {
	id, err := tenant.ParseID[progress.StepID](r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := do(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, "/jobs", http.StatusSeeOther)
	return nil
}

// jobOf shows a step that runs or waits.
func jobOf(w progress.Work) Job {
	j := Job{ID: "cancel-" + w.ID.String(), Title: w.Title, Href: pathOf(w.Meeting), Icon: "hourglass", State: ChipOf(w.State),
		CancelURL: "/jobs/" + w.ID.String() + "/cancel"}
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

// deadJob shows a step that stopped.
func deadJob(w progress.Work, zone *time.Location, may bool) DeadJob {
	d := DeadJob{Title: w.Title, Href: pathOf(w.Meeting), Sentence: w.Reason, Step: stepName(w.Kind), Tries: "tried " + times(w.Attempt)}
	if w.FinishedAt != nil {
		d.At = StampAt(*w.FinishedAt, zone)
	}
	if may {
		d.RunURL = "/jobs/" + w.ID.String() + "/run"
	}
	return d
}

func times(n int) string {
	if n <= 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func stepName(kind string) string {
	switch kind {
	case "transcribe":
		return "Recognizing speech"
	case "draft":
		return "Drafting the minutes"
	}
	return "Looking for owners and dates again"
}

// doneJob shows a step that ended well.
func doneJob(w progress.Work, zone *time.Location) Job {
	j := Job{Title: w.Title, Href: pathOf(w.Meeting), Icon: "circle-check", Sentence: stepName(w.Kind), State: StateChip{"approved", "circle-check", "Done"}}
	if w.FinishedAt != nil && w.StartedAt != nil {
		j.Sentence += fmt.Sprintf(", took %s, %s", took(w.FinishedAt.Sub(*w.StartedAt)), w.FinishedAt.In(zone).Format("15:04"))
	}
	return j
}

// took is a length of time as precisely as it matters.
func took(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second)/time.Second)))
	}
	return Lasting(d)
}
