// Package audit keeps the append-only record of who did what, and to which record.
//
// An act leaves one [Event], written by the gate in the act's own transaction. The columns in the clear say who, what, when
// and with what outcome; what a person wrote or is called stands in the sealed details only, under the key of the record
// that the act was about, so that an erased record takes its details with it and leaves the event. A salted hash of the
// details stands in the clear beside them: it tells nothing to who has not the salt, which is sealed with them, and it lets
// the event be verified after its details are gone. The database grants no role of the program the right to change or delete
// an event.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/tenant"
)

// Stream sorts events by who reads them.
type Stream string

// The streams.
const (
	Access         Stream = "access"         // something was read, listed, played
	Data           Stream = "data"           // something was made, changed, erased
	Administration Stream = "administration" // people, roles, settings, sign-in
	Keys           Stream = "keys"           // keys made, rotated, destroyed; integrity failures
)

// Outcome says how an act ended.
type Outcome string

// The outcomes. Refused is the policy's answer, failed is everything else that was undone.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
	Failed  Outcome = "failed"
)

// Event is one act. Reason is the kind of a fault, empty when done. Record is whose key seals the details.
type Event struct {
	ID      tenant.EventID
	At      time.Time
	Stream  Stream
	Actor   tenant.Actor
	Verb    string
	Object  [16]byte
	Record  tenant.RecordID
	Outcome Outcome
	Reason  string
	Hash    [sha256.Size]byte // of the details with their salt, as Details gives it
	Sealed  []byte
}

// details is what an event keeps sealed, version 1.
type details struct {
	V       int            `json:"v"`
	Salt    []byte         `json:"salt"`
	Details map[string]any `json:"details,omitempty"`
}

// Details returns what an event's details are sealed from, a fresh salt among them, and the hash that commits to it.
func Details(random io.Reader, noted map[string]any) (plain []byte, hash [sha256.Size]byte, err error) {
	d := details{V: 1, Salt: make([]byte, sha256.Size), Details: noted}
	if _, err := io.ReadFull(random, d.Salt); err != nil {
		return nil, hash, fmt.Errorf("salting an event: %w", err)
	}
	if plain, err = json.Marshal(d); err != nil {
		return nil, hash, fmt.Errorf("writing an event's details: %w", err)
	}
	return plain, sha256.Sum256(plain), nil
}

const insertEvent = `
insert into audit.event (workspace_id, id, at, stream, actor_kind, actor_id, actor_name, on_behalf_of, verb, object_id,
    record_id, outcome, reason, request_id, address, details_hash, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

const insertInstanceEvent = `
insert into control.event (id, at, stream, actor_kind, actor_id, actor_name, verb, object_id, outcome, reason, request_id, address, details_hash,
    sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

// Queue adds the event's insert to a batch of the act's transaction.
func Queue(batch *pgx.Batch, e Event) {
	a := e.Actor
	batch.Queue(insertEvent, a.Workspace, e.ID, e.At, e.Stream, a.Kind.String(), actorID(a), a.Job, a.OnBehalfOf, e.Verb,
		nullable(e.Object), e.Record, e.Outcome, e.Reason, a.Request, a.Address, e.Hash[:], e.Sealed)
}

// QueueInstance adds the insert of an event that belongs to no workspace.
func QueueInstance(batch *pgx.Batch, e Event) {
	a := e.Actor
	batch.Queue(insertInstanceEvent, e.ID, e.At, e.Stream, a.Kind.String(), actorID(a), a.Job, e.Verb, nullable(e.Object),
		e.Outcome, e.Reason, a.Request, a.Address, e.Hash[:], e.Sealed)
}

func actorID(a tenant.Actor) *[16]byte {
	switch a.Kind {
	case tenant.Member:
		return nullable(a.Member)
	case tenant.Account:
		return nullable(a.Account)
	default:
		return nil
	}
}

func nullable(id [16]byte) *[16]byte {
	if id == ([16]byte{}) {
		return nil
	}
	return &id
}

// Querier reads inside an act of the gate.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Entry is an event as a reader gets it, before its details are opened.
type Entry struct {
	ID         tenant.EventID
	At         time.Time
	Stream     Stream
	ActorKind  string
	ActorID    tenant.MemberID
	ActorName  string
	OnBehalfOf tenant.MemberID
	Verb       string
	Object     *[16]byte
	Record     tenant.RecordID
	Outcome    Outcome
	Reason     string
	Request    tenant.RequestID
	Address    string
	Hash       []byte
	Sealed     []byte
}

// Newest returns up to limit events of the act's workspace, newest first, older than before if it is set.
func Newest(ctx context.Context, q Querier, before tenant.EventID, limit int) ([]Entry, error) {
	rows, err := q.Query(ctx, `
select id, at, stream, actor_kind, actor_id, actor_name, on_behalf_of, verb, object_id, record_id, outcome, reason, request_id,
    address, details_hash, sealed
from audit.event
where workspace_id = tenant.current_workspace() and ($1::uuid is null or id < $1)
order by id desc limit $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Entry, error) {
		var e Entry
		err := row.Scan(&e.ID, &e.At, &e.Stream, &e.ActorKind, &e.ActorID, &e.ActorName, &e.OnBehalfOf, &e.Verb, &e.Object,
			&e.Record, &e.Outcome, &e.Reason, &e.Request, &e.Address, &e.Hash, &e.Sealed)
		return e, err
	})
}
