package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

func ageSessions(ctx context.Context, tx *gate.InstanceTx, id tenant.WorkspaceID, by Age) error {
	_, err := tx.Exec(ctx, `
update control.session set created_at = created_at - $2::interval, ends_at = ends_at - $2::interval,
    rotated_at = rotated_at - $3::interval, previous_until = previous_until - $3::interval
where workspace_id = $1`, id, by.Begun, by.Rotated)
	if err != nil {
		return fmt.Errorf("making the sessions of %s older: %w", id, err)
	}
	return nil
}

// staged returns the accounts that have a seat in a proof's workspace and in no other.
func staged(ctx context.Context, tx *gate.InstanceTx, id tenant.WorkspaceID) ([]tenant.AccountID, error) {
	rows, err := tx.Query(ctx, `
select s.account_id from control.seat s
where s.workspace_id = $1 and not exists (select from control.seat o where o.account_id = s.account_id and o.workspace_id <> $1)`, id)
	if err != nil {
		return nil, fmt.Errorf("looking for the accounts of %s: %w", id, err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.AccountID])
}

// stranded returns the accounts of proofs that did not come to their end. People's accounts have their seats in workspaces that are
// listed, because a seat comes after its workspace; a proof's never is.
func stranded(ctx context.Context, tx *gate.InstanceTx, before time.Time) ([]tenant.AccountID, error) {
	rows, err := tx.Query(ctx, `
select s.account_id from control.seat s left join control.workspace w on w.id = s.workspace_id
group by s.account_id having bool_and(w.id is null) and max(s.created_at) < $1`, before)
	if err != nil {
		return nil, fmt.Errorf("looking for accounts that a proof left: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.AccountID])
}

// deleteAccounts deletes accounts of proofs with everything that only they have.
func deleteAccounts(ctx context.Context, tx *gate.InstanceTx, ids []tenant.AccountID) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from control.browser where account_id = any($1)`, ids)
	batch.Queue(`delete from control.link where account_id = any($1)`, ids)
	batch.Queue(`delete from control.former_password where account_id = any($1)`, ids)
	batch.Queue(`delete from control.outbox where account_id = any($1)`, ids)
	batch.Queue(`delete from control.session where account_id = any($1)`, ids)
	batch.Queue(`delete from control.seat where account_id = any($1)`, ids)
	batch.Queue(`delete from control.account where id = any($1)`, ids)
	return tx.SendBatch(ctx, batch).Close()
}
