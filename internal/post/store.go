package post

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// letterKind names the sealed document for the vault. It is never renamed.
const letterKind = "outbox"

// addressOfAccount opens the address of an account. It fails with fault.Missing.
func addressOfAccount(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID) (string, error) {
	var body []byte
	err := tx.QueryRow(ctx, `select sealed from control.account where id = $1`, id).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.New(fault.Missing, "There is no such account.")
	}
	if err != nil {
		return "", fmt.Errorf("reading account %s: %w", id, err)
	}
	var doc struct {
		Email string `json:"email"`
	}
	err = tx.Open(ctx, tx.Place("account", id), body, &doc)
	return doc.Email, err
}

func insertLetter(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, doc sealedLetter) error {
	id := gate.NewID[ID](&tx.Tx)
	body, err := tx.Seal(ctx, tx.Place(letterKind, id), doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into control.outbox (id, account_id, state, tries, status, next_at, created_at, sealed) values ($1, $2, 'waiting', 0, 0, $3, $3, $4)`,
		id, account, tx.Now(), body)
	if err != nil {
		return fmt.Errorf("queueing letter %s: %w", id, err)
	}
	return nil
}

func lettersDue(ctx context.Context, tx *gate.InstanceTx) (bool, error) {
	var due bool
	err := tx.QueryRow(ctx, `
select exists (select from control.outbox where state = 'waiting' and next_at <= $1 and (lease_until is null or lease_until <= $1))`, tx.Now()).Scan(&due)
	return due, err
}

// take leases the letter that is due longest. It fails with fault.Missing where there is none.
func take(ctx context.Context, tx *gate.InstanceTx) (taken, error) {
	var t taken
	err := tx.QueryRow(ctx, `
update control.outbox o set tries = tries + 1, lease_until = $2
where id = (
    select id from control.outbox where state = 'waiting' and next_at <= $1 and (lease_until is null or lease_until <= $1)
    order by next_at, id limit 1 for update skip locked)
returning id, account_id, account_id is not null and not exists (select from control.account a where a.id = o.account_id and a.state <> 'disabled'),
    tries, created_at, sealed`, tx.Now(), tx.Now().Add(leaseLife)).Scan(&t.id, &t.account, &t.disabled, &t.tries, &t.createdAt, &t.sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, fault.New(fault.Missing, "No letter is due.")
	}
	return t, err
}

// settle writes the end of an attempt, unless another one was begun meanwhile, and forgets letters that ended long ago.
func settle(ctx context.Context, tx *gate.InstanceTx, t taken, e ending) error {
	batch := &pgx.Batch{}
	if e.state == "waiting" {
		batch.Queue(`
update control.outbox set next_at = $3, status = $4, lease_until = null where id = $1 and tries = $2 and state = 'waiting'`, t.id, t.tries, e.next, e.status)
	} else {
		batch.Queue(`
update control.outbox set state = $3, status = $4, ended_at = $5, lease_until = null, sealed = null
where id = $1 and tries = $2 and state = 'waiting'`, t.id, t.tries, e.state, e.status, tx.Now())
	}
	batch.Queue(`delete from control.outbox where ended_at < $1`, tx.Now().Add(-keepEnded))
	return tx.SendBatch(ctx, batch).Close()
}

func counts(ctx context.Context, tx *gate.InstanceTx, c *Counts) error {
	day := tx.Now().Add(-24 * time.Hour)
	err := tx.QueryRow(ctx, `
select count(*) filter (where state = 'waiting'), count(*) filter (where state = 'sent' and ended_at >= $1), count(*) filter (where state = 'dead'),
    min(created_at) filter (where state = 'waiting'),
    coalesce((select status from control.outbox where status not in (0, 250) and coalesce(ended_at, next_at) >= $1 order by coalesce(ended_at, next_at) desc limit 1), 0)
from control.outbox`, day).Scan(&c.Waiting, &c.Sent, &c.Dead, &c.Oldest, &c.Status)
	if err != nil {
		return fmt.Errorf("counting letters: %w", err)
	}
	return nil
}
