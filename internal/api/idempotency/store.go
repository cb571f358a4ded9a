package idempotency

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// kind names the sealed document for the vault. It is never renamed.
const kind = "answer"

// entry is a row.
type entry struct {
	id      ID
	member  tenant.MemberID
	key     []byte
	request []byte
	run     int
}

// enter makes the row of a new request, takes over one that was never done, or returns the answer that is there.
func (e *entry) enter(ctx context.Context, tx *gate.Tx) (*Answer, error) {
	if _, err := tx.Exec(ctx, `
delete from tenant.idempotency where workspace_id = $1 and member_id = $2 and key_hmac = $3 and ends_at <= $4`,
		tx.Workspace(), e.member, e.key, tx.Now()); err != nil {
		return nil, fmt.Errorf("removing an old entry: %w", err)
	}
	tag, err := tx.Exec(ctx, `
insert into tenant.idempotency (workspace_id, id, member_id, record_id, key_hmac, request_hmac, state, run, begun_at, lease_until, ends_at)
values ($1, $2, $3, $4, $5, $6, 'running', 1, $7, $8, $9) on conflict on constraint idempotency_key_is_once do nothing`,
		tx.Workspace(), e.id, e.member, gate.WorkspaceRecord(tx.Workspace()), e.key, e.request, tx.Now(), tx.Now().Add(Lease), tx.Now().Add(Life))
	if err != nil {
		return nil, fmt.Errorf("entering a request: %w", err)
	}
	if e.run = 1; tag.RowsAffected() == 1 {
		return nil, nil
	}
	return e.again(ctx, tx)
}

// again is enter for a key that has a row.
func (e *entry) again(ctx context.Context, tx *gate.Tx) (*Answer, error) {
	var request, sealed []byte
	var state string
	var record tenant.RecordID
	var until time.Time
	var acted *time.Time
	err := tx.QueryRow(ctx, `
select id, record_id, request_hmac, state, run, lease_until, acted_at, sealed from tenant.idempotency
where workspace_id = $1 and member_id = $2 and key_hmac = $3 for update`, tx.Workspace(), e.member, e.key).
		Scan(&e.id, &record, &request, &state, &e.run, &until, &acted, &sealed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, running()
	case err != nil:
		return nil, fmt.Errorf("reading an entry: %w", err)
	case !hmac.Equal(request, e.request):
		return nil, fault.New(fault.Invalid, "This Idempotency-Key came with another request before. Use a new key for each request.")
	case state == "done":
		return e.open(ctx, tx, record, sealed)
	case tx.Now().Before(until):
		return nil, running()
	case acted != nil:
		return nil, fault.New(fault.Conflict, "This request was done, and its answer was lost. Look for what it made; a new key would do it again.")
	}
	e.run++
	_, err = tx.Exec(ctx, `
update tenant.idempotency set run = $3, lease_until = $4 where workspace_id = $1 and id = $2`, tx.Workspace(), e.id, e.run, tx.Now().Add(Lease))
	return nil, err
}

func running() error {
	return fault.New(fault.Conflict, "A request with this Idempotency-Key is being done. Ask again in a moment.")
}

// open returns a kept answer. It fails with fault.Ended where the record that it told of was erased.
func (e *entry) open(ctx context.Context, tx *gate.Tx, record tenant.RecordID, sealed []byte) (*Answer, error) {
	var a Answer
	err := tx.Open(ctx, tx.Place(record, kind, e.id), sealed, &a)
	if fault.Is(err, fault.Missing) {
		return nil, fault.New(fault.Ended, "This request was done, and what it told of was destroyed since.")
	}
	return &a, err
}

// mark says in the act's own transaction that the request was done.
func (e *entry) mark(ctx context.Context, tx *gate.Tx) error {
	tag, err := tx.Exec(ctx, `
update tenant.idempotency set acted_at = coalesce(acted_at, $4), record_id = $5
where workspace_id = $1 and id = $2 and run = $3 and state = 'running'`, tx.Workspace(), e.id, e.run, tx.Now(), tx.Keeper())
	if err != nil {
		return fmt.Errorf("marking request %s: %w", e.id, err)
	}
	if tag.RowsAffected() == 0 {
		return running()
	}
	return nil
}

// keep stores the answer, sealed under the record of the last act.
func (e *entry) keep(ctx context.Context, tx *gate.Tx, a Answer) error {
	var record tenant.RecordID
	err := tx.QueryRow(ctx, `
select record_id from tenant.idempotency where workspace_id = $1 and id = $2 and run = $3 and state = 'running' for update`,
		tx.Workspace(), e.id, e.run).Scan(&record)
	if errors.Is(err, pgx.ErrNoRows) {
		return running()
	}
	if err != nil {
		return fmt.Errorf("reading entry %s: %w", e.id, err)
	}
	body, err := tx.Seal(ctx, tx.Place(record, kind, e.id), a)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update tenant.idempotency set state = 'done', sealed = $3 where workspace_id = $1 and id = $2`, tx.Workspace(), e.id, body)
	return err
}

// release removes the row of a request that did nothing.
func (e *entry) release(ctx context.Context, tx *gate.Tx) error {
	_, err := tx.Exec(ctx, `
delete from tenant.idempotency where workspace_id = $1 and id = $2 and run = $3 and state = 'running' and acted_at is null`, tx.Workspace(), e.id, e.run)
	return err
}

func countOver(ctx context.Context, tx *gate.Tx) (int, error) {
	n := 0
	err := tx.QueryRow(ctx, `select count(*) from tenant.idempotency where workspace_id = $1 and ends_at <= $2`, tx.Workspace(), tx.Now()).Scan(&n)
	return n, err
}

func removeOver(ctx context.Context, tx *gate.Tx) error {
	_, err := tx.Exec(ctx, `delete from tenant.idempotency where workspace_id = $1 and ends_at <= $2`, tx.Workspace(), tx.Now())
	return err
}

func workspaces(ctx context.Context, tx *gate.InstanceTx) ([]tenant.WorkspaceID, error) {
	rows, err := tx.Query(ctx, `select id from control.workspace`)
	if err != nil {
		return nil, fmt.Errorf("listing workspaces: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.WorkspaceID])
}
