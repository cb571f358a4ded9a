package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/meeting"
	"mainstay/internal/progress"
	"mainstay/internal/tenant"
)

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
	MayCreate bool
}

func (HomePage) Page() string { return "home" }

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

// The lengths of home's lists.
const (
	homeDrafts = 5
	homeRecent = 8
)

func (a *App) home(w http.ResponseWriter, r *http.Request) error {
	if tenant.Visitor(r.Context()).Kind == tenant.Account {
		http.Redirect(w, r, "/workspaces", http.StatusSeeOther)
		return nil
	}
	shell, me, err := a.frame(r, "Home", "/")
	if err != nil {
		return err
	}
	shell.Live, shell.Script = "sse", "live.js"
	zone := zoneOf(r)
	now := a.Source.Now().In(zone)
	p := HomePage{Shell: shell, Greeting: greeting(now, shell.Member), Today: now.Format("Monday 2 January 2006"), MayCreate: me.Role != gate.Viewer}
	work, err := a.Progress.Look(r.Context())
	if err != nil {
		return err
	}
	p.Running = running(work)
	if err := a.homeLists(r, &p, me, zone); err != nil {
		if p.Trouble = troubleOf(r, err); p.Trouble == nil {
			return err
		}
		return errors.Join(err, a.showAgain(w, http.StatusInternalServerError, p))
	}
	return a.show(w, p)
}

// homeLists fills in the meetings: drafts to approve, and what happened lately.
func (a *App) homeLists(r *http.Request, p *HomePage, me identity.Me, zone *time.Location) error {
	drafts, err := a.Meetings.List(r.Context(), meeting.Filter{Stages: []meeting.Stage{meeting.Drafted}, Limit: homeDrafts})
	if err != nil {
		return err
	}
	recent, err := a.Meetings.List(r.Context(), meeting.Filter{Limit: homeRecent})
	if err != nil {
		return err
	}
	p.ToApprove, p.Recent = items(drafts.Meetings, zone), items(recent.Meetings, zone)
	for _, m := range recent.Meetings {
		if m.Source == "sample" {
			p.Sample = pathOf(m.ID)
		}
	}
	if me.Role != gate.Owner {
		return nil
	}
	set, err := a.Models.Setting(r.Context())
	p.Checklist = checklist(p.Sample, recent.Meetings, set.Version > 0)
	return err
}

// followHome streams the work that runs. Once something ended there may be a draft, which the whole page shows.
func (a *App) followHome(w http.ResponseWriter, r *http.Request) error {
	return a.followWork(w, r, func(work []progress.Work) (Event, error) {
		return a.part("running", HomePage{Running: running(work)})
	})
}

func greeting(now time.Time, name string) string {
	first, _, _ := strings.Cut(name, " ")
	switch hour := now.Hour(); {
	case hour < 5 || hour >= 18:
		return "Good evening, " + first
	case hour < 12:
		return "Good morning, " + first
	}
	return "Good afternoon, " + first
}

func pathOf(id meeting.ID) string { return "/meetings/" + id.String() }

func items(meetings []meeting.Meeting, zone *time.Location) []Item {
	var out []Item
	for _, m := range meetings {
		out = append(out, Item{Title: m.Title, Href: pathOf(m.ID), Sentence: about(m, zone), State: ChipOf(chipState(m.Stage))})
	}
	return out
}

// about says when a meeting was, how long, and who was there, as far as that is known.
func about(m meeting.Meeting, zone *time.Location) string {
	var parts []string
	if m.Source == "sample" {
		parts = append(parts, "Made by Mainstay, spoken by synthetic voices")
	}
	when := m.CreatedAt
	if m.StartsAt != nil {
		when = *m.StartsAt
	}
	parts = append(parts, when.In(zone).Format("2 January 2006"))
	if m.DurationMS != nil {
		parts = append(parts, Lasting(time.Duration(*m.DurationMS)*time.Millisecond))
	}
	if n := len(m.Attendees); n > 0 {
		parts = append(parts, Count(n, "person", "people"))
	}
	return strings.Join(parts, ", ")
}

// chipState maps a meeting's stage to the state that its chip shows.
func chipState(s meeting.Stage) string {
	switch s {
	case meeting.Drafted:
		return "draft"
	case meeting.Review:
		return "review"
	case meeting.Approved:
		return "approved"
	case meeting.Failed:
		return "dead"
	case meeting.Uploading:
		return "uploading"
	case meeting.Transcribing, meeting.Drafting:
		return "running"
	}
	return "waiting"
}

// checklist is what is left to do in a new workspace. It goes away with the first own meeting and the sample read: to want no model
// is a decision that is never entered.
func checklist(sample string, meetings []meeting.Meeting, decided bool) []Todo {
	own, read := false, sample == ""
	for _, m := range meetings {
		own = own || m.Source != "sample"
		read = read || m.Source == "sample" && m.Stage == meeting.Approved
	}
	if own && read {
		return nil
	}
	todo := []Todo{{Text: "Own this deployment", Href: "/setup/checks", Done: true}}
	if sample != "" {
		todo = append(todo, Todo{Text: "Read the sample's minutes and approve them", Href: sample, Done: read})
	}
	return append(todo, Todo{Text: "Upload a first recording", Href: "/meetings/new", Done: own},
		Todo{Text: "Decide whether a model may help", Href: "/settings/models", Done: decided})
}

// running returns the work that runs or waits.
func running(work []progress.Work) []Job {
	var out []Job
	for _, one := range work {
		if one.State == "dead" {
			continue
		}
		out = append(out, jobOf(one))
	}
	return out
}
