package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// How long a receiver is tried.
const (
	answerTime = 15 * time.Second // of one attempt
	giveUp     = 24 * time.Hour
)

// Announce is the step behind a fact: one delivery for each webhook that asked for the event, each sent by a step of its own,
// so that a receiver that is down keeps none waiting.
func (s *Service) Announce(ctx context.Context, step queue.Step, event Event) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.AnnounceEvent}, func(ctx context.Context, tx *gate.Tx) error {
		ids, err := subscribed(ctx, tx, event)
		if err != nil {
			return err
		}
		if err := s.due(ctx, tx, step, event, ids); err != nil {
			return err
		}
		return s.Queue.Finish(ctx, tx, step)
	})
}

// due stores deliveries and the work of sending them.
func (s *Service) due(ctx context.Context, tx *gate.Tx, of queue.Step, event Event, ids []ID) error {
	for _, id := range ids {
		delivery := gate.NewID[DeliveryID](tx)
		if err := insertDelivery(ctx, tx, delivery, id, event, of); err != nil {
			return err
		}
		if err := s.Queue.Emit(ctx, tx, queue.Fact{Kind: FactDue, Input: delivery, Record: gate.WorkspaceRecord(tx.Workspace())}); err != nil {
			return err
		}
	}
	return nil
}

// payload is what is sent: ids and nothing else.
type payload struct {
	Type      Event     `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of the event
	Data      data      `json:"data"`
}

type data struct {
	Workspace string `json:"workspace_id"`
	Object    string `json:"id,omitempty"`
	Meeting   string `json:"meeting_id,omitempty"`
}

// Deliver is the step of one attempt. It parks until the next where the receiver does not answer with success.
func (s *Service) Deliver(ctx context.Context, step queue.Step) error {
	var p pending
	var body []byte
	err := s.Gate.View(ctx, gate.Act{Verb: gate.SendWebhook}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if p, err = loadPending(ctx, tx, DeliveryID(step.Input)); err != nil {
			return err
		}
		body, err = s.write(ctx, tx, p)
		return err
	})
	if err != nil {
		return err
	}
	if !p.on {
		return s.note(ctx, step, p, "dead", 0, true)
	}
	status, err := s.send(ctx, p, body)
	switch {
	case err == nil:
		return s.note(ctx, step, p, "done", status, true)
	case status == http.StatusGone, s.Source.Now().Sub(p.created) >= giveUp:
		return s.note(ctx, step, p, "dead", status, true)
	}
	if noted := s.note(ctx, step, p, "waiting", status, false); noted != nil {
		return noted
	}
	return fault.Wrap(fault.Busy, "The receiver did not answer with success. It is tried again.", err)
}

func (s *Service) write(ctx context.Context, tx *gate.Tx, p pending) ([]byte, error) {
	d := data{Workspace: tx.Workspace().String(), Object: p.object}
	if !p.group.IsZero() {
		found, err := s.Meetings(ctx, tx, []tenant.RecordID{p.group})
		if err != nil {
			return nil, err
		}
		d.Meeting = found[p.group]
	}
	return json.Marshal(payload{p.event, p.created, d})
}

// send signs and sends a delivery and returns the answer's status, 0 where none came. Every attempt stands in the ledger.
func (s *Service) send(ctx context.Context, p pending, body []byte) (int, error) {
	at, err := url.Parse(p.URL)
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, "The webhook's address is not usable.", err)
	}
	signer, err := standard.NewWebhook(p.Secret)
	if err != nil {
		return 0, fmt.Errorf("reading a webhook's secret: %w", err)
	}
	now := s.Source.Now()
	signature, err := signer.Sign(p.message.String(), now, body)
	if err != nil {
		return 0, fmt.Errorf("signing delivery %s: %w", p.id, err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Mainstay"}, "Webhook-Id": {p.message.String()},
		"Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature}}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	got, err := s.Egress.Send(ctx, egress.Call{Verb: gate.SendWebhook, Purpose: "webhook", Provider: "webhook", Fields: []string{"ids"}, Endpoint: at, Own: s.Egress.Listed(at), Header: header, Body: body},
		func([]byte) egress.Usage { return egress.Usage{} })
	if got.Status >= 200 && got.Status < 300 {
		return got.Status, nil
	}
	return got.Status, err
}

// note stores what came of an attempt, and ends the step where there is no other.
func (s *Service) note(ctx context.Context, step queue.Step, p pending, state string, status int, ends bool) error {
	return s.Gate.Do(context.WithoutCancel(ctx), gate.Act{Verb: gate.NoteDelivery}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("delivery", p.id.String())
		tx.Note("status", status)
		if err := noteDelivery(ctx, tx, p.id, state, status); err != nil {
			return err
		}
		if status == http.StatusGone {
			if err := switchOff(ctx, tx, p.webhook); err != nil {
				return err
			}
		}
		if !ends {
			return nil
		}
		return s.Queue.Finish(ctx, tx, step)
	})
}
