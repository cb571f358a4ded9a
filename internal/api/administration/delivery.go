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

// Delivery is one telling of an event.
type Delivery struct {
	ID        string     `json:"id" example:"msg_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Event     string     `json:"event" enum:"transcript.created,minutes.drafted,minutes.submitted,minutes.approved,job.failed,test"`
	State     string     `json:"state" enum:"waiting,done,dead" doc:"Dead: it was given up."`
	Attempts  int        `json:"attempts"`
	Status    int        `json:"status" doc:"Of the last answer; 0: none came."`
	CreatedAt time.Time  `json:"created_at"`
	TriedAt   *time.Time `json:"tried_at" doc:"Null: not yet."`
}

type webhookDeliveries struct {
	WebhookPath
	operation.Paging
}

type deliveryPath struct {
	WebhookPath
	Delivery string `path:"delivery" doc:"The delivery's id." example:"msg_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (d *Desk) deliveries() {
	const at = "/webhooks/{id}/deliveries"
	operation.Add(d.set, operation.Operation{ID: "list-deliveries", Method: http.MethodGet, Path: at, Noun: Webhooks, Verb: gate.ReadWebhook,
		Summary: "List deliveries", Says: "What a webhook was sent, the newest first, at most 50."}, d.listDeliveries)
	operation.Add(d.set, operation.Operation{ID: "send-delivery", Method: http.MethodPost, Path: at + "/{delivery}/send", Noun: Webhooks, Verb: gate.ChangeWebhook, Status: http.StatusNoContent,
		Summary: "Send a delivery again", Says: "One that was given up, under the id that its receiver knows. It fails with 409 for another."}, d.sendDelivery)
}

func (d *Desk) listDeliveries(ctx context.Context, in *webhookDeliveries) (*operation.Page[Delivery], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	_, all, err := d.Hooks.Read(ctx, id)
	if err != nil {
		return nil, err
	}
	var shown []Delivery
	for _, one := range all {
		shown = append(shown, shownDelivery(one))
	}
	return operation.Cut(&in.Paging, shown), nil
}

func (d *Desk) sendDelivery(ctx context.Context, in *deliveryPath) (*operation.Done, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	delivery, err := tenant.ParseID[webhook.DeliveryID](in.Delivery)
	if err != nil {
		return nil, err
	}
	return &operation.Done{}, d.Hooks.Again(ctx, id, delivery)
}

func shownDelivery(d webhook.Delivery) Delivery {
	return Delivery{ID: d.ID.String(), Event: string(d.Event), State: d.State, Attempts: d.Attempts, Status: d.Status, CreatedAt: d.CreatedAt.UTC(), TriedAt: operation.UTC(d.TriedAt)}
}
