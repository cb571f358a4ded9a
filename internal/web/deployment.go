package web

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/health"
)

// DeploymentPage shows who administrates how the deployment does: numbers of this moment, and what was tried.
type DeploymentPage struct {
	Shell
	Now    Measured
	Checks ChecksPage
}

// Page implements View.
func (DeploymentPage) Page() string { return "deployment" }

// Measured is the numbers of one moment. It is drawn anew while the page is open, when something changed.
type Measured struct {
	Seen   string // of what is shown
	At     Stamp
	Rows   []Check
	Models []ModelRow
	Facts  []Fact
}

// ModelRow is a model that recordings need.
type ModelRow struct {
	Name, Size, Licence, Digest string
	State                       StateChip
}

// showDeployment is one act; what the page asks for while it is open is part of it.
func (a *App) showDeployment(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.shell(r, "Deployment", "/settings/deployment")
	if err != nil {
		return err
	}
	results, err := a.Health.Open(r.Context())
	if err != nil {
		return err
	}
	now, err := a.Health.Measure(r.Context())
	if err != nil {
		return err
	}
	shell.Live = "htmx"
	return a.show(w, DeploymentPage{Shell: shell, Now: measured(now, zoneOf(r)), Checks: checksPage(Shell{}, results)})
}

// followDeployment is the numbers alone. Nothing changed is 204, and the page stays.
func (a *App) followDeployment(w http.ResponseWriter, r *http.Request) error {
	now, err := a.Health.Measure(r.Context())
	if err != nil {
		return err
	}
	m := measured(now, zoneOf(r))
	if m.Seen == r.URL.Query().Get("seen") {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return a.fragment(w, "measured", m)
}

func measured(d health.Deployment, zone *time.Location) Measured {
	m := Measured{Rows: []Check{workRow(d), stoppedRow(d), diskRow(d), mailRow(d), databaseRow(d)}}
	for _, model := range d.Models {
		row := ModelRow{Name: model.Name, Licence: model.Licence, Digest: model.Digest, Size: fmt.Sprintf("%d MB", model.Size>>20),
			State: StateChip{"approved", "circle-check", "Here"}}
		if !model.Here {
			row.State = StateChip{"dead", "triangle-alert", "Missing"}
		}
		m.Models = append(m.Models, row)
	}
	keys := "in PostgreSQL"
	if d.Keys > 0 {
		keys = volume(d.Keys)
	}
	recordings := "in the data folder"
	if d.Bucket != "" {
		recordings = "in " + d.Bucket
	}
	m.Facts = []Fact{{Name: "Version", Value: d.Version}, {Name: "Running since", Value: StampAt(d.Began, zone).Text},
		{Name: "Database's tables", Value: "version " + strconv.Itoa(d.Database.Version)}, {Name: "Key store", Value: keys}, {Name: "Sealed recordings", Value: recordings}}
	digest := fnv.New64a()
	fmt.Fprint(digest, m)
	m.Seen, m.At = strconv.FormatUint(digest.Sum64(), 36), StampAt(d.Now, zone)
	return m
}

func workRow(d health.Deployment) Check {
	c := Check{Name: "Work", State: "ok", Word: "Flows", Found: fmt.Sprintf("%s, %d waiting", Count(d.Work.Running, "step running", "steps running"), d.Work.Waiting)}
	if d.Work.Later > 0 {
		c.Found += fmt.Sprintf(", %d for another try later", d.Work.Later)
	}
	if d.Work.Oldest == nil {
		return c
	}
	waits := d.Now.Sub(*d.Work.Oldest)
	c.Found += ", the longest for " + took(max(0, waits))
	if waits > health.Patience {
		c.State, c.Word = "warn", "Slow"
		c.Fix = "Recordings come in faster than they are heard. Give the machine more processors, or let an engine of its own hear them (engine in the settings)."
	}
	return c
}

func stoppedRow(d health.Deployment) Check {
	if d.Work.Dead == 0 {
		return Check{Name: "Stopped work", State: "ok", Word: "None", Found: "No work was given up"}
	}
	return Check{Name: "Stopped work", State: "warn", Word: strconv.Itoa(d.Work.Dead), Found: Count(d.Work.Dead, "step was", "steps were") + " given up, in all workspaces",
		Fix: "Who may read a meeting sees why, and can begin again.", Go: "Open the jobs of this workspace", Href: "/jobs"}
}

func diskRow(d health.Deployment) Check {
	c := Check{Name: "Disk", State: "ok", Word: "Enough", Found: fmt.Sprintf("%s of %s free where the data folder is", volume(d.Space.Free), volume(d.Space.Total))}
	switch {
	case d.Space.Total == 0:
		c.State, c.Word, c.Found = "warn", "Unknown", "Nobody said where the data folder is"
	case d.Space.Full():
		c.State, c.Word, c.Fix = "bad", "Full", "Free some space: uploads are refused when the disk is full. Nothing that was stored is lost."
	case d.Space.Scarce():
		c.State, c.Word, c.Fix = "warn", "Scarce", "An hour of recording takes up to 600 MB. Make room soon."
	}
	return c
}

func mailRow(d health.Deployment) Check {
	m := d.Mail
	if !m.Works {
		return Check{Name: "Mail", State: "warn", Word: "Off", Found: "No mail server is set. Links that would be mailed are shown once, to be handed over",
			Fix: "Set smtp, smtp_from and url in the settings of the deployment, and restart it."}
	}
	c := Check{Name: "Mail", State: "ok", Word: "Sent", Found: fmt.Sprintf("%d sent in the last day, %d waiting", m.Sent, m.Waiting)}
	var fixes []string
	if m.Oldest != nil && d.Now.Sub(*m.Oldest) > health.Patience {
		fixes = append(fixes, "The oldest letter waits for "+took(d.Now.Sub(*m.Oldest))+".")
	}
	if m.Dead > 0 {
		fixes = append(fixes, Count(m.Dead, "letter was", "letters were")+" given up in the last 30 days.")
	}
	if m.Status != 0 {
		fixes = append(fixes, fmt.Sprintf("The server's last refusal was %d.", m.Status))
	}
	if len(fixes) > 0 {
		c.State, c.Word, c.Fix = "warn", "Trouble", strings.Join(fixes, " ")+" Look at the mail server, and at smtp in the settings of the deployment."
	}
	return c
}

func databaseRow(d health.Deployment) Check {
	whose := "a server of yours"
	if d.Database.Private {
		whose = "private to Mainstay"
	}
	return Check{Name: "Database", State: "ok", Word: volume(d.Database.Size), Found: fmt.Sprintf("PostgreSQL %s, %s", d.Database.Server, whose)}
}

// volume is a number of bytes as people read it.
func volume(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d kB", (n+1023)>>10)
	case n < 10<<30:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d GB", n>>30)
}
