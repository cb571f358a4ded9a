package settings

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
	"mainstay/internal/webhook"
)

// WebhooksPage lists which programs are told of events.
type WebhooksPage struct {
	web.Shell
	Refusal *web.Refusal
	Notice  string
	Rows    []HookRow
}

// Page implements web.View.
func (WebhooksPage) Page() string { return "webhooks" }

// HookRow is a webhook in the list.
type HookRow struct {
	ID, Name, URL, Events string
	State                 web.StateChip
	Last                  web.Stamp
}

// WebhookPage is one webhook: what is said of it, its secret right after it was made, and what it was sent.
type WebhookPage struct {
	web.Shell
	ID, Notice, Problem string
	Secret              string // shown once
	Version             int
	On                  bool
	Name, URL           web.Field
	Events              []web.Option
	Sent                []SentRow
}

// Page implements web.View.
func (WebhookPage) Page() string { return "webhook" }

// SentRow is a delivery.
type SentRow struct {
	ID, Event, Says string
	At              web.Stamp
	State           web.StateChip
	Dead            bool
}

const hooksPath = "/settings/webhooks"

func (a *Pages) webhookRoutes(s *httpd.Server) {
	s.Page("GET "+hooksPath, httpd.Verb(gate.ListWebhooks), a.showWebhooks)
	s.Page("GET "+hooksPath+"/new", httpd.Verb(gate.CreateWebhook), a.newWebhook)
	s.Page("POST "+hooksPath, httpd.Verb(gate.CreateWebhook), a.createWebhook, httpd.MaxBody(8<<10))
	s.Page("GET "+hooksPath+"/{id}", httpd.Verb(gate.ReadWebhook), a.showWebhook)
	s.Page("POST "+hooksPath+"/{id}", httpd.Verb(gate.ChangeWebhook), a.changeWebhook, httpd.MaxBody(8<<10))
	s.Page("POST "+hooksPath+"/{id}/test", httpd.Verb(gate.ChangeWebhook), a.testWebhook, httpd.MaxBody(8<<10))
	s.Page("GET "+hooksPath+"/{id}/remove", httpd.Verb(gate.ChangeWebhook), a.askHookRemoval)
	s.Page("POST "+hooksPath+"/{id}/remove", httpd.Verb(gate.ChangeWebhook), a.removeWebhook, httpd.MaxBody(8<<10))
	s.Page("POST "+hooksPath+"/{id}/deliveries/{delivery}/again", httpd.Verb(gate.ChangeWebhook), a.sendAgain, httpd.MaxBody(8<<10))
}

func (a *Pages) showWebhooks(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.Frame(r, "Webhooks", hooksPath)
	if err != nil {
		return err
	}
	all, err := a.Hooks.List(r.Context())
	if err != nil {
		return err
	}
	p := WebhooksPage{Shell: shell}
	if r.URL.Query().Get("removed") != "" {
		p.Notice = "Removed. Nothing more is sent to it."
	}
	for _, h := range all {
		row := HookRow{ID: h.ID.String(), Name: h.Name, URL: h.URL, Events: web.Count(len(h.Events), "event", "events"), State: web.StateChip{Class: "approved", Icon: "circle-check", Text: "On"}}
		switch {
		case !h.On:
			row.State = web.StateChip{Class: "waiting", Icon: "ban", Text: "Off"}
		case h.Dead > 0:
			row.State = web.StateChip{Class: "dead", Icon: "triangle-alert", Text: web.Count(h.Dead, "delivery given up", "deliveries given up")}
		}
		if h.Last != nil {
			row.Last = web.StampAt(h.Last.CreatedAt, web.ZoneOf(r))
		}
		p.Rows = append(p.Rows, row)
	}
	return a.Show(w, p)
}

func (a *Pages) newWebhook(w http.ResponseWriter, r *http.Request) error {
	if err := a.Hooks.MayCreate(r.Context()); err != nil {
		return err
	}
	p, err := a.webhookForm(r, webhook.Wanted{On: true, Events: webhook.Events()})
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

func (a *Pages) webhookForm(r *http.Request, want webhook.Wanted) (WebhookPage, error) {
	shell, err := a.Frame(r, "Webhook", hooksPath)
	p := WebhookPage{Shell: shell, On: want.On,
		Name: web.Field{ID: "name", Label: "Name", Value: want.Name, Hint: "Who listens, such as “Site log”.", Required: true, First: true, Max: 120},
		URL:  web.Field{ID: "url", Label: "Address", Type: "url", Value: want.URL, Hint: "Such as https://example.com/hooks/mainstay.", Required: true, Max: 500}}
	for _, e := range webhook.Events() {
		option := web.Option{Value: string(e), Name: hookEvent(e)}
		for _, chosen := range want.Events {
			option.Chosen = option.Chosen || chosen == e
		}
		p.Events = append(p.Events, option)
	}
	return p, err
}

func hookEvent(e webhook.Event) string {
	switch e {
	case webhook.Transcribed:
		return "A transcript is stored"
	case webhook.Drafted:
		return "Minutes are drafted"
	case webhook.Submitted:
		return "Others are asked to read minutes"
	case webhook.Approved:
		return "Minutes are approved"
	case webhook.Failed:
		return "Work on a meeting stopped"
	}
	return "A test"
}

func wantedHook(r *http.Request) (webhook.Wanted, error) {
	if err := r.ParseForm(); err != nil {
		return webhook.Wanted{}, httpd.Refuse(http.StatusBadRequest, "This form could not be read. Load the page again.")
	}
	want := webhook.Wanted{Name: r.PostForm.Get("name"), URL: r.PostForm.Get("url"), On: r.PostForm.Get("on") != "no"}
	for _, e := range r.PostForm["event"] {
		want.Events = append(want.Events, webhook.Event(e))
	}
	return want, nil
}

func (a *Pages) createWebhook(w http.ResponseWriter, r *http.Request) error {
	want, err := wantedHook(r)
	if err != nil {
		return err
	}
	id, secret, err := a.Hooks.Create(r.Context(), want)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return a.hookAgain(w, r, "", 0, want, err)
	}
	if err != nil {
		return err
	}
	p, err := a.webhookPage(r, id)
	if err != nil {
		return err
	}
	p.Secret = secret.Reveal()
	return a.Show(w, p)
}

// hookAgain shows the form with what was typed and why it was not taken.
func (a *Pages) hookAgain(w http.ResponseWriter, r *http.Request, id string, version int, want webhook.Wanted, problem error) error {
	p, err := a.webhookForm(r, want)
	if err != nil {
		return err
	}
	p.ID, p.Version, p.Problem = id, version, fault.Sentence(problem)
	return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
}

func (a *Pages) webhookPage(r *http.Request, id webhook.ID) (WebhookPage, error) {
	h, sent, err := a.Hooks.Read(r.Context(), id)
	if err != nil {
		return WebhookPage{}, err
	}
	p, err := a.webhookForm(r, webhook.Wanted{Name: h.Name, URL: h.URL, Events: h.Events, On: h.On})
	p.ID, p.Version = id.String(), h.Version
	for _, d := range sent {
		p.Sent = append(p.Sent, sentRow(d, web.ZoneOf(r)))
	}
	return p, err
}

func sentRow(d webhook.Delivery, zone *time.Location) SentRow {
	row := SentRow{ID: d.ID.String(), Event: hookEvent(d.Event), At: web.StampAt(d.CreatedAt, zone), Dead: d.State == "dead",
		State: web.StateChip{Class: "running", Icon: "hourglass", Text: "On its way"}}
	switch {
	case d.State == "done":
		row.State = web.StateChip{Class: "approved", Icon: "circle-check", Text: "Arrived"}
	case d.State == "dead":
		row.State = web.StateChip{Class: "dead", Icon: "triangle-alert", Text: "Given up"}
	case d.Attempts > 0:
		row.State = web.StateChip{Class: "waiting", Icon: "clock", Text: "Tried again later"}
	}
	row.Says = web.Count(d.Attempts, "try", "tries")
	if d.Status > 0 {
		row.Says += fmt.Sprintf(", the last answer was %d", d.Status)
	} else if d.Attempts > 0 {
		row.Says += ", no answer"
	}
	return row
}

func (a *Pages) showWebhook(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[webhook.ID](r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := a.webhookPage(r, id)
	if err != nil {
		return err
	}
	switch r.URL.Query().Get("done") {
	case "saved":
		p.Notice = "Saved."
	case "tested":
		p.Notice = "A test is on its way. Load the page again to see what the receiver answered."
	case "again":
		p.Notice = "It is sent again, under the id that it had."
	}
	return a.Show(w, p)
}

func (a *Pages) changeWebhook(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[webhook.ID](r.PathValue("id"))
	if err != nil {
		return err
	}
	want, err := wantedHook(r)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(r.PostForm.Get("version"))
	if err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form was not sent by our page. Load the page again.")
	}
	err = a.Hooks.Change(r.Context(), id, version, want)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return a.hookAgain(w, r, id.String(), version, want, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, hooksPath+"/"+id.String()+"?done=saved", http.StatusSeeOther)
	return nil
}

func (a *Pages) testWebhook(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[webhook.ID](r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.Hooks.Ping(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, hooksPath+"/"+id.String()+"?done=tested", http.StatusSeeOther)
	return nil
}

func (a *Pages) askHookRemoval(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[webhook.ID](r.PathValue("id"))
	if err != nil {
		return err
	}
	h, err := a.Hooks.Removable(r.Context(), id)
	if err != nil {
		return err
	}
	shell, err := a.Frame(r, "Remove a webhook", hooksPath)
	if err != nil {
		return err
	}
	at := hooksPath + "/" + id.String()
	return a.Show(w, SurePage{Shell: shell, Heading: "Remove " + h.Name + "?", Lead: "To stop it for a while only, switch it off instead.", Icon: "trash-2",
		Action: at + "/remove", Button: "Remove", Back: at,
		What: []string{"Nothing more is sent to " + h.URL + ".", "What waits to be sent is not sent.", "Its secret is destroyed. A new webhook has another."}})
}

func (a *Pages) removeWebhook(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[webhook.ID](r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.Hooks.Remove(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, hooksPath+"?removed=1", http.StatusSeeOther)
	return nil
}

func (a *Pages) sendAgain(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[webhook.ID](r.PathValue("id"))
	if err != nil {
		return err
	}
	delivery, err := tenant.ParseID[webhook.DeliveryID](r.PathValue("delivery"))
	if err != nil {
		return err
	}
	if err := a.Hooks.Again(r.Context(), id, delivery); err != nil {
		return err
	}
	http.Redirect(w, r, hooksPath+"/"+id.String()+"?done=again", http.StatusSeeOther)
	return nil
}
