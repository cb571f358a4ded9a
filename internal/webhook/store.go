package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// kind names the sealed document for the vault. It is never renamed.
const kind = "webhook"

// receiver is what a webhook's row keeps sealed.
type receiver struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

func seal(ctx context.Context, tx *gate.Tx, id ID, r receiver) ([]byte, error) {
	return tx.Seal(ctx, tx.Place(gate.WorkspaceRecord(tx.Workspace()), kind, id), r)
}

func insert(ctx context.Context, tx *gate.Tx, id ID, want Wanted, secret tenant.Secret) error {
	var n int
	if err := tx.QueryRow(ctx, `select count(*) from tenant.webhook where workspace_id = $1 and state <> 'removed'`, tx.Workspace()).Scan(&n); err != nil {
		return fmt.Errorf("counting webhooks: %w", err)
	}
	if n >= mostWebhooks {
		return fault.New(fault.Conflict, "A workspace has at most 20 webhooks. Remove one first.")
	}
	sealed, err := seal(ctx, tx, id, receiver{want.Name, want.URL, secret.Reveal()})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.webhook (workspace_id, id, record_id, state, events, version, created_by, created_at, changed_at, sealed)
values ($1, $2, $3, $4, $5, 1, $6, $7, $7, $8)`, tx.Workspace(), id, gate.WorkspaceRecord(tx.Workspace()), stateOf(want.On), want.Events, tx.Actor().Member, tx.Now(), sealed)
	return err
}

func stateOf(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// list returns the webhooks of the workspace; only the one given, where it is not zero.
func list(ctx context.Context, tx *gate.Tx, only ID) ([]Webhook, error) {
	rows, err := tx.Query(ctx, `
select w.id, w.state = 'on', w.events, w.version, w.created_at, w.sealed,
       (select count(*) from tenant.delivery d where d.workspace_id = w.workspace_id and d.webhook_id = w.id and d.state = 'dead'),
       d.id, coalesce(d.event, ''), coalesce(d.state, ''), coalesce(d.attempts, 0), coalesce(d.status, 0), d.created_at, d.tried_at
from tenant.webhook w
left join lateral (select * from tenant.delivery d where d.workspace_id = w.workspace_id and d.webhook_id = w.id order by d.id desc limit 1) d on true
where w.workspace_id = $1 and w.state <> 'removed' and ($2::uuid is null or w.id = $2) order by w.id`, tx.Workspace(), only)
	if err != nil {
		return nil, fmt.Errorf("listing webhooks: %w", err)
	}
	var sealed []vault.Sealed
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Webhook, error) {
		var w Webhook
		var last Delivery
		var body []byte
		var at *time.Time
		err := row.Scan(&w.ID, &w.On, &w.Events, &w.Version, &w.CreatedAt, &body, &w.Dead, &last.ID, &last.Event, &last.State, &last.Attempts, &last.Status, &at, &last.TriedAt)
		if at != nil {
			last.CreatedAt = *at
			w.Last = &last
		}
		sealed = append(sealed, vault.Sealed{Place: tx.Place(gate.WorkspaceRecord(tx.Workspace()), kind, w.ID), Bytes: body})
		return w, err
	})
	if err != nil {
		return nil, err
	}
	opened, err := gate.OpenEach[receiver](ctx, tx, sealed)
	if err != nil {
		return nil, err
	}
	for i, r := range opened {
		if r != nil {
			all[i].Name, all[i].URL = r.Name, r.URL
		}
	}
	return all, nil
}

// load fails with fault.Missing for one that was removed.
func load(ctx context.Context, tx *gate.Tx, id ID) (Webhook, error) {
	found, err := list(ctx, tx, id)
	if err == nil && len(found) == 0 {
		return Webhook{}, fault.New(fault.Missing, "This webhook was removed.")
	}
	if err != nil {
		return Webhook{}, err
	}
	return found[0], nil
}

func change(ctx context.Context, tx *gate.Tx, id ID, version int, want Wanted) error {
	var body []byte
	err := tx.QueryRow(ctx, `select sealed from tenant.webhook where workspace_id = $1 and id = $2 and state <> 'removed' and version = $3 for update`, tx.Workspace(), id, version).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Conflict, "Somebody changed this webhook meanwhile. Load the page again.")
	}
	if err != nil {
		return fmt.Errorf("reading webhook %s: %w", id, err)
	}
	var r receiver
	if err := tx.Open(ctx, tx.Place(gate.WorkspaceRecord(tx.Workspace()), kind, id), body, &r); err != nil {
		return err
	}
	sealed, err := seal(ctx, tx, id, receiver{want.Name, want.URL, r.Secret})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
update tenant.webhook set state = $3, events = $4, version = version + 1, changed_at = $5, sealed = $6 where workspace_id = $1 and id = $2`,
		tx.Workspace(), id, stateOf(want.On), want.Events, tx.Now(), sealed)
	return err
}

func remove(ctx context.Context, tx *gate.Tx, id ID) error {
	sealed, err := seal(ctx, tx, id, receiver{})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update tenant.webhook set state = 'removed', version = version + 1, changed_at = $3, sealed = $4 where workspace_id = $1 and id = $2`,
		tx.Workspace(), id, tx.Now(), sealed)
	return err
}

func switchOff(ctx context.Context, tx *gate.Tx, id ID) error {
	_, err := tx.Exec(ctx, `update tenant.webhook set state = 'off', version = version + 1, changed_at = $3 where workspace_id = $1 and id = $2 and state = 'on'`, tx.Workspace(), id, tx.Now())
	return err
}

func subscribed(ctx context.Context, tx *gate.Tx, event Event) ([]ID, error) {
	rows, err := tx.Query(ctx, `select id from tenant.webhook where workspace_id = $1 and state = 'on' and $2 = any(events) order by id`, tx.Workspace(), event)
	if err != nil {
		return nil, fmt.Errorf("finding webhooks: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[ID])
}

// kept is how long a delivery that ended is shown.
const kept = 30 * 24 * time.Hour

func insertDelivery(ctx context.Context, tx *gate.Tx, id DeliveryID, to ID, event Event, of queue.Step) error {
	var object *[16]byte
	if of.Input != ([16]byte{}) {
		object = &of.Input
	}
	_, err := tx.Exec(ctx, `
insert into tenant.delivery (workspace_id, id, webhook_id, message_id, event, object_id, group_id, state, attempts, status, created_at)
values ($1, $2, $3, $2, $4, $5, $6, 'waiting', 0, 0, $7)`, tx.Workspace(), id, to, event, object, of.Record, tx.Now())
	return err
}

func deliveries(ctx context.Context, tx *gate.Tx, id ID) ([]Delivery, error) {
	rows, err := tx.Query(ctx, `
select id, event, state, attempts, status, created_at, tried_at from tenant.delivery
where workspace_id = $1 and webhook_id = $2 order by id desc limit 50`, tx.Workspace(), id)
	if err != nil {
		return nil, fmt.Errorf("listing deliveries: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
}

// revive takes a dead delivery's place with one that waits, under the same id for the receiver and with a day of its own.
func revive(ctx context.Context, tx *gate.Tx, of ID, dead, again DeliveryID) error {
	tag, err := tx.Exec(ctx, `
with gone as (delete from tenant.delivery where workspace_id = $1 and webhook_id = $2 and id = $3 and state = 'dead' returning *)
insert into tenant.delivery (workspace_id, id, webhook_id, message_id, event, object_id, group_id, state, attempts, status, created_at)
select workspace_id, $4, webhook_id, message_id, event, object_id, group_id, 'waiting', 0, 0, $5 from gone`, tx.Workspace(), of, dead, again, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "Only a delivery that was given up can be sent again.")
	}
	return err
}

// pending is a delivery with its receiver.
type pending struct {
	receiver
	id      DeliveryID
	message DeliveryID
	webhook ID
	on      bool
	event   Event
	object  string
	group   tenant.RecordID
	created time.Time
}

func loadPending(ctx context.Context, tx *gate.Tx, id DeliveryID) (pending, error) {
	p := pending{id: id}
	var body []byte
	var object *[16]byte
	err := tx.QueryRow(ctx, `
select d.message_id, d.webhook_id, w.state = 'on' or d.event = 'test', d.event, d.object_id, d.group_id, d.created_at, w.sealed
from tenant.delivery d join tenant.webhook w on w.workspace_id = d.workspace_id and w.id = d.webhook_id
where d.workspace_id = $1 and d.id = $2 and d.state = 'waiting'`, tx.Workspace(), id).Scan(&p.message, &p.webhook, &p.on, &p.event, &object, &p.group, &p.created, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fault.New(fault.Missing, "There is no such delivery.")
	}
	if err != nil {
		return p, fmt.Errorf("reading delivery %s: %w", id, err)
	}
	if object != nil {
		p.object = objectID(p.event, *object)
	}
	return p, tx.Open(ctx, tx.Place(gate.WorkspaceRecord(tx.Workspace()), kind, p.webhook), body, &p.receiver)
}

func noteDelivery(ctx context.Context, tx *gate.Tx, id DeliveryID, state string, status int) error {
	batch := &pgx.Batch{}
	batch.Queue(`
update tenant.delivery set state = $3, attempts = attempts + 1, status = $4, tried_at = $5 where workspace_id = $1 and id = $2`,
		tx.Workspace(), id, state, status, tx.Now())
	batch.Queue(`delete from tenant.delivery where workspace_id = $1 and state <> 'waiting' and created_at < $2`, tx.Workspace(), tx.Now().Add(-kept))
	return tx.SendBatch(ctx, batch).Close()
}

// The nouns of what events are about; their packages stand above this one.
type (
	transcriptNoun struct{}
	minutesNoun    struct{}
	jobNoun        struct{}
)

func (transcriptNoun) Prefix() string { return "trn" }
func (minutesNoun) Prefix() string    { return "min" }
func (jobNoun) Prefix() string        { return "stp" }

// objectID writes the id of what an event is about as the API does.
func objectID(e Event, id [16]byte) string {
	switch e {
	case Transcribed:
		return tenant.ID[transcriptNoun](id).String()
	case Failed:
		return tenant.ID[jobNoun](id).String()
	}
	return tenant.ID[minutesNoun](id).String()
}
