package administration

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/webhook"
)

// Webhook is a program that is told of events. Its secret is never shown.
type Webhook struct {
	ID        string    `json:"id" example:"whk_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Name      string    `json:"name"`
	URL       string    `json:"url"`
	Events    []string  `json:"events"`
	Enabled   bool      `json:"enabled"`
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"version"`
}

// ListedWebhook is a webhook and how its deliveries go.
type ListedWebhook struct {
	Webhook
	Dead int       `json:"dead" doc:"How many deliveries were given up."`
	Last *Delivery `json:"last_delivery" doc:"Null: there was none."`
}

// MadeWebhook is a webhook that was just made.
type MadeWebhook struct {
	Webhook
	Secret string `json:"secret" doc:"With which the receiver checks signatures (Standard Webhooks 1.0). It is shown once and nowhere again."`
}

// NewWebhook is what is said of a webhook.
type NewWebhook struct {
	Name    string   `json:"name" minLength:"1" maxLength:"120" doc:"Who listens."`
	URL     string   `json:"url" minLength:"1" maxLength:"500" doc:"An address in a private network is refused, unless the operator listed it."`
	Events  []string `json:"events" minItems:"1" maxItems:"5" enum:"transcript.created,minutes.drafted,minutes.submitted,minutes.approved,job.failed"`
	Enabled bool     `json:"enabled"`
}

// WebhookPath names a webhook.
type WebhookPath struct {
	ID string `path:"id" doc:"The webhook's id." example:"whk_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (in WebhookPath) id() (webhook.ID, error) { return tenant.ParseID[webhook.ID](in.ID) }

type newWebhook struct{ Body NewWebhook }

type changedWebhook struct {
	WebhookPath
	operation.Match
	Body NewWebhook
}

func (d *Desk) webhooks() {
	example := map[string]any{"name": "Site log", "url": "https://example.com/hooks/mainstay", "events": []string{"minutes.approved"}, "enabled": true}
	operation.Add(d.set, operation.Operation{ID: "list-webhooks", Method: http.MethodGet, Path: "/webhooks", Noun: Webhooks, Verb: gate.ListWebhooks,
		Summary: "List webhooks", Says: "The oldest first, at most 20."}, d.listWebhooks)
	operation.Add(d.set, operation.Operation{ID: "create-webhook", Method: http.MethodPost, Path: "/webhooks", Noun: Webhooks, Verb: gate.CreateWebhook, Reads: true, Status: http.StatusCreated, Alone: true,
		Also: []int{409, 410}, Summary: "Make a webhook", Says: "It is told of events by their ids, never of what was said. Its secret is answered once.", Example: example}, d.createWebhook)
	operation.Add(d.set, operation.Operation{ID: "read-webhook", Method: http.MethodGet, Path: "/webhooks/{id}", Noun: Webhooks, Verb: gate.ReadWebhook,
		Summary: "Read a webhook", Says: "All of it but its secret."}, d.readWebhook)
	operation.Add(d.set, operation.Operation{ID: "change-webhook", Method: http.MethodPut, Path: "/webhooks/{id}", Noun: Webhooks, Verb: gate.ChangeWebhook, Reads: true, IfMatch: true,
		Summary: "Change a webhook", Says: "Replaces what was said of it. Its secret stays.", Example: example}, d.changeWebhook)
	operation.Add(d.set, operation.Operation{ID: "remove-webhook", Method: http.MethodDelete, Path: "/webhooks/{id}", Noun: Webhooks, Verb: gate.ChangeWebhook, Status: http.StatusNoContent,
		Summary: "Remove a webhook", Says: "What waits to be sent to it is not sent."}, d.onWebhook(d.Hooks.Remove))
	operation.Add(d.set, operation.Operation{ID: "test-webhook", Method: http.MethodPost, Path: "/webhooks/{id}/test", Noun: Webhooks, Verb: gate.ChangeWebhook, Status: http.StatusNoContent,
		Summary: "Send a test", Says: "Like any other event. Its delivery is in the list then."}, d.onWebhook(d.Hooks.Ping))
}

func (d *Desk) listWebhooks(ctx context.Context, in *operation.Paging) (*operation.Page[ListedWebhook], error) {
	all, err := d.Hooks.List(ctx)
	if err != nil {
		return nil, err
	}
	var shown []ListedWebhook
	for _, h := range all {
		one := ListedWebhook{Webhook: shownWebhook(h), Dead: h.Dead}
		if h.Last != nil {
			last := shownDelivery(*h.Last)
			one.Last = &last
		}
		shown = append(shown, one)
	}
	return operation.Cut(in, shown), nil
}

func (d *Desk) createWebhook(ctx context.Context, in *newWebhook) (*operation.Created[MadeWebhook], error) {
	id, secret, err := d.Hooks.Create(ctx, in.Body.wanted())
	if err != nil {
		return nil, err
	}
	made, err := d.webhook(ctx, id)
	if err != nil {
		return nil, err
	}
	return &operation.Created[MadeWebhook]{Location: operation.Base + "/webhooks/" + id.String(), Body: MadeWebhook{made, secret.Reveal()}}, nil
}

func (d *Desk) readWebhook(ctx context.Context, in *WebhookPath) (*operation.Reply[Webhook], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	shown, err := d.webhook(ctx, id)
	if err != nil {
		return nil, err
	}
	return operation.Answer(shown), nil
}

func (d *Desk) webhook(ctx context.Context, id webhook.ID) (Webhook, error) {
	h, _, err := d.Hooks.Read(ctx, id)
	if err != nil {
		return Webhook{}, err
	}
	return shownWebhook(h), nil
}

func (d *Desk) changeWebhook(ctx context.Context, in *changedWebhook) (*operation.Reply[Webhook], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	before, err := d.webhook(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := in.Of(before); err != nil {
		return nil, err
	}
	if err := d.Hooks.Change(ctx, id, before.Version, in.Body.wanted()); err != nil {
		return nil, operation.Stale(err)
	}
	now, err := d.webhook(ctx, id)
	return operation.Answer(now), err
}

// onWebhook does an act about a webhook that needs no more than its id.
func (d *Desk) onWebhook(act func(context.Context, webhook.ID) error) func(context.Context, *WebhookPath) (*operation.Done, error) {
	return func(ctx context.Context, in *WebhookPath) (*operation.Done, error) {
		id, err := in.id()
		if err != nil {
			return nil, err
		}
		return &operation.Done{}, act(ctx, id)
	}
}

func (n NewWebhook) wanted() webhook.Wanted {
	want := webhook.Wanted{Name: n.Name, URL: n.URL, On: n.Enabled}
	for _, e := range n.Events {
		want.Events = append(want.Events, webhook.Event(e))
	}
	return want
}

func shownWebhook(h webhook.Webhook) Webhook {
	shown := Webhook{ID: h.ID.String(), Name: h.Name, URL: h.URL, Events: []string{}, Enabled: h.On, CreatedAt: h.CreatedAt.UTC(), Version: h.Version}
	for _, e := range h.Events {
		shown.Events = append(shown.Events, string(e))
	}
	return shown
}
