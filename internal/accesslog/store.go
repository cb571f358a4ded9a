package accesslog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

func insert(ctx context.Context, tx *gate.InstanceTx, lines []Line) error {
	batch := &pgx.Batch{}
	for _, l := range lines {
		actor := [16]byte(l.Member)
		if l.Member.IsZero() {
			actor = l.Account
		}
		batch.Queue(`
insert into control.access_log (request_id, at, actor_kind, actor_id, credential, workspace_id, address, method, route, status, ms, bytes)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
			l.Request, l.At.UTC(), l.Kind, tenant.MemberID(actor), l.Credential, l.Workspace, l.Address, l.Method, l.Route, l.Status, l.Took.Milliseconds(), l.Bytes)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// newest returns one line more than the filter's limit where there are more.
func newest(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID, f Filter) ([]Line, error) {
	low, high := f.Status.bounds()
	rows, err := tx.Query(ctx, `
select request_id, at, actor_kind, coalesce(actor_id, '00000000-0000-0000-0000-000000000000'), credential, workspace_id, address, method, route, status, ms, bytes
from control.access_log
where workspace_id = $1 and ($2::uuid is null or actor_id = $2) and status between $3 and $4 and ($5::uuid is null or request_id < $5)
order by request_id desc limit $6`, ws, f.Member, low, high, f.Before, f.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("reading the access log: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Line, error) {
		var l Line
		var ms int64
		err := row.Scan(&l.Request, &l.At, &l.Kind, &l.Member, &l.Credential, &l.Workspace, &l.Address, &l.Method, &l.Route, &l.Status, &ms, &l.Bytes)
		l.Took = time.Duration(ms) * time.Millisecond
		return l, err
	})
}

// members returns who is in the workspace's log, at most 200. Each is found by one look into the index.
func members(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID) ([]tenant.MemberID, error) {
	rows, err := tx.Query(ctx, `
with recursive who (id) as (
    (select actor_id from control.access_log where workspace_id = $1 and actor_id is not null order by actor_id limit 1)
    union all
    select (select l.actor_id from control.access_log l where l.workspace_id = $1 and l.actor_id > who.id order by l.actor_id limit 1) from who where who.id is not null
)
select id from who where id is not null limit 200`, ws)
	if err != nil {
		return nil, fmt.Errorf("reading who is in the access log: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.MemberID])
}

// anyDue reports whether a line is too old, or of a stranger and one too many.
func anyDue(ctx context.Context, tx *gate.InstanceTx, before time.Time, strangers int) (bool, error) {
	var due bool
	err := tx.QueryRow(ctx, `
select exists (select from control.access_log where at < $1)
    or exists (select from control.access_log where workspace_id is null order by at desc offset $2 limit 1)`, before, strangers).Scan(&due)
	return due, err
}

// remove removes at most twice as many lines as most.
func remove(ctx context.Context, tx *gate.InstanceTx, before time.Time, strangers, most int) (int64, error) {
	old, err := tx.Exec(ctx, `
delete from control.access_log where request_id in (select request_id from control.access_log where at < $1 order by at limit $2)`, before, most)
	if err != nil {
		return 0, err
	}
	many, err := tx.Exec(ctx, `
delete from control.access_log where request_id in (
    select request_id from control.access_log where workspace_id is null order by at desc offset $1 limit $2)`, strangers, most)
	return old.RowsAffected() + many.RowsAffected(), err
}
