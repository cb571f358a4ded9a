// Package webhook tells other programs that something happened in a workspace, as Standard Webhooks 1.0 describes: a small JSON
// document of ids, signed with a secret of the receiver's, sent at least once and always under the same id.
//
// What was said, named or written is never sent: a receiver that wants it asks the API with a key of its own. An address in a
// private network is refused when it is saved and again when it is dialled, unless the operator listed its machine; no redirect is followed. A receiver that does not
// answer with success is told again, for a day, ever more rarely; then the delivery is dead, and a person can send it again.
package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

type (
	noun         struct{}
	deliveryNoun struct{}
)

func (noun) Prefix() string         { return "whk" }
func (deliveryNoun) Prefix() string { return "msg" }

// ID names a webhook, DeliveryID one telling of it: what the receiver sees as webhook-id.
type (
	ID         = tenant.ID[noun]
	DeliveryID = tenant.ID[deliveryNoun]
)

// Event is what a receiver can be told of. Its name is published and never changes.
type Event string

// The events.
const (
	Transcribed Event = "transcript.created"
	Drafted     Event = "minutes.drafted"
	Submitted   Event = "minutes.submitted"
	Approved    Event = "minutes.approved"
	Failed      Event = "job.failed"
	Test        Event = "test" // sent on request alone
)

// Events lists what can be subscribed to.
func Events() []Event { return []Event{Transcribed, Drafted, Submitted, Approved, Failed} }

// FactDue is about a delivery: it is to be sent.
const FactDue = "webhook.Due"

// Meetings finds the meetings that records belong to, by their ids as people and the API write them.
type Meetings func(ctx context.Context, tx *gate.Tx, groups []tenant.RecordID) (map[tenant.RecordID]string, error)

// Config is what the service stands on. All fields are required.
type Config struct {
	Gate     *gate.Gate
	Queue    *queue.Queue
	Egress   *egress.Service
	Source   tenant.Source
	Meetings Meetings
}

// Service keeps webhooks and sends to them.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Queue == nil || cfg.Egress == nil || cfg.Source.Now == nil || cfg.Meetings == nil {
		return nil, errors.New("webhook: Gate, Queue, Egress, Source and Meetings are required")
	}
	return &Service{cfg}, nil
}

// Webhook is a receiver. Its secret is shown when it is made, and nowhere again.
type Webhook struct {
	ID        ID
	Name      string
	URL       string
	Events    []Event
	On        bool
	Version   int
	CreatedAt time.Time
	Dead      int // deliveries that were given up
	Last      *Delivery
}

// Delivery is one telling.
type Delivery struct {
	ID        DeliveryID
	Event     Event
	State     string // "waiting", "done", "dead"
	Attempts  int
	Status    int // of the last answer; 0: none came
	CreatedAt time.Time
	TriedAt   *time.Time
}

// Wanted is what a person says of a webhook.
type Wanted struct {
	Name   string
	URL    string
	Events []Event
	On     bool
}

const mostWebhooks = 20

func (s *Service) checked(w Wanted) (Wanted, error) {
	w.Name, w.URL = strings.Join(strings.Fields(w.Name), " "), strings.TrimSpace(w.URL)
	if w.Name == "" || utf8.RuneCountInString(w.Name) > 120 {
		return w, fault.New(fault.Invalid, "Give the webhook a name that says who listens, at most 120 characters.")
	}
	at, err := url.Parse(w.URL)
	if err != nil || len(w.URL) > 500 {
		return w, fault.New(fault.Invalid, "Enter an address such as https://example.com/hooks/mainstay.")
	}
	if err := egress.Allowed(at, s.Egress.Listed(at)); err != nil {
		return w, err
	}
	for _, e := range w.Events {
		if !slices.Contains(Events(), e) {
			return w, fault.New(fault.Invalid, "There is no such event. Choose from the list.")
		}
	}
	w.Events = slices.Compact(slices.Sorted(slices.Values(w.Events)))
	if len(w.Events) == 0 {
		return w, fault.New(fault.Invalid, "Choose at least one event.")
	}
	return w, nil
}

// Create makes a webhook and returns its secret, with which the receiver checks signatures. It fails with fault.Invalid for an
// address that nothing may be sent to, and with fault.Conflict where the workspace has enough.
func (s *Service) Create(ctx context.Context, want Wanted) (ID, tenant.Secret, error) {
	want, err := s.checked(want)
	if err != nil {
		return ID{}, "", err
	}
	secret := newSecret()
	id := tenant.NewID[ID](s.Source)
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.CreateWebhook}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("webhook", id.String())
		return insert(ctx, tx, id, want, secret)
	})
	if err != nil {
		return ID{}, "", err
	}
	return id, secret, nil
}

// newSecret returns 256 random bits in the form that Standard Webhooks gives them.
func newSecret() tenant.Secret {
	return tenant.Secret("whsec_" + base64.StdEncoding.EncodeToString(tenant.RandomBits()))
}

// MayCreate fails as Create would for who may not. It is for the form.
func (s *Service) MayCreate(ctx context.Context) error {
	return s.Gate.View(ctx, gate.Act{Verb: gate.CreateWebhook}, func(context.Context, *gate.Tx) error { return nil })
}

// List returns the workspace's webhooks, the oldest first.
func (s *Service) List(ctx context.Context) ([]Webhook, error) {
	var all []Webhook
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ListWebhooks}, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, err = list(ctx, tx, ID{})
		return err
	})
	return all, err
}

// Change replaces what was said of a webhook. It fails with fault.Conflict where version is not the newest.
func (s *Service) Change(ctx context.Context, id ID, version int, want Wanted) error {
	want, err := s.checked(want)
	if err != nil {
		return err
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeWebhook, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		return change(ctx, tx, id, version, want)
	})
}

// Remove ends a webhook. What waits to be sent to it is not sent.
func (s *Service) Remove(ctx context.Context, id ID) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeWebhook, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("removed", true)
		return remove(ctx, tx, id)
	})
}

// Read returns a webhook and its newest deliveries, at most 50. It fails with fault.Missing for one that was removed.
func (s *Service) Read(ctx context.Context, id ID) (Webhook, []Delivery, error) {
	var hook Webhook
	var sent []Delivery
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadWebhook, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if hook, err = load(ctx, tx, id); err != nil {
			return err
		}
		sent, err = deliveries(ctx, tx, id)
		return err
	})
	return hook, sent, err
}

// Removable returns a webhook that the actor may remove, for the page that asks. It is no act of its own.
func (s *Service) Removable(ctx context.Context, id ID) (Webhook, error) {
	var hook Webhook
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ChangeWebhook, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		hook, err = load(ctx, tx, id)
		return err
	})
	return hook, err
}

// Ping sends a test event, like any other.
func (s *Service) Ping(ctx context.Context, id ID) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeWebhook, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		return s.due(ctx, tx, queue.Step{}, Test, []ID{id})
	})
}

// Again sends a delivery that was given up once more, under its own id. It fails with fault.Conflict for one that is not dead.
func (s *Service) Again(ctx context.Context, id ID, delivery DeliveryID) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeWebhook, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		again := gate.NewID[DeliveryID](tx)
		if err := revive(ctx, tx, id, delivery, again); err != nil {
			return err
		}
		return s.Queue.Emit(ctx, tx, queue.Fact{Kind: FactDue, Input: again, Record: gate.WorkspaceRecord(tx.Workspace())})
	})
}
