package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// takeAllowances takes one of each allowance, or returns how long it takes until there is one of each again. The order of the
// keys is that of their locks.
func takeAllowances(ctx context.Context, tx *gate.InstanceTx, k keyed) (time.Duration, error) {
	tag, err := tx.Exec(ctx, `
insert into control.allowance as a (key_hmac, spare, at)
select key, most - 1, $3 from unnest($1::bytea[], $2::float8[]) with ordinality as t (key, most, place) order by place
on conflict (key_hmac) do update set at = excluded.at,
    spare = least(excluded.spare + 1, a.spare + (excluded.spare + 1) * greatest(extract(epoch from excluded.at - a.at), 0) / $4) - 1
where least(excluded.spare + 1, a.spare + (excluded.spare + 1) * greatest(extract(epoch from excluded.at - a.at), 0) / $4) >= 1`,
		k.keys, k.most, tx.Now(), refill.Seconds())
	if err != nil {
		return 0, fmt.Errorf("counting a try: %w", err)
	}
	if int(tag.RowsAffected()) == len(k.keys) {
		return 0, nil
	}
	var wait float64
	err = tx.QueryRow(ctx, `
select coalesce(max((1 - least(t.most, a.spare + t.most * greatest(extract(epoch from $3::timestamptz - a.at), 0) / $4)) * $4 / t.most), 0)
from unnest($1::bytea[], $2::float8[]) as t (key, most) join control.allowance a on a.key_hmac = t.key`,
		k.keys, k.most, tx.Now(), refill.Seconds()).Scan(&wait)
	return max(time.Duration(wait*float64(time.Second)).Round(time.Second)+time.Second, time.Second), err
}

func refillAllowances(ctx context.Context, tx *gate.InstanceTx, keys [][]byte) error {
	_, err := tx.Exec(ctx, `delete from control.allowance where key_hmac = any($1)`, keys)
	return err
}

// deviceKnown reports whether a device is known for an account, and whether it is one of ours at all.
func deviceKnown(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, hash []byte) (known, ours bool, err error) {
	err = tx.QueryRow(ctx, `select coalesce(bool_or(account_id = $1), false), count(*) > 0 from control.browser where token_hash = $2 and ends_at > $3`,
		account, hash, tx.Now()).Scan(&known, &ours)
	return known, ours, err
}

func upsertDevice(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, hash []byte) error {
	_, err := tx.Exec(ctx, `
insert into control.browser (id, account_id, token_hash, created_at, used_at, ends_at) values ($1, $2, $3, $4, $4, $5)
on conflict on constraint browser_is_once_an_account do update set used_at = excluded.used_at, ends_at = excluded.ends_at`,
		gate.NewID[tenant.SessionID](&tx.Tx), account, hash, tx.Now(), tx.Now().Add(DeviceLife))
	return err
}

func forgetDevices(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
	_, err := tx.Exec(ctx, `delete from control.browser where account_id = $1`, account)
	return err
}

// signedInBefore reports whether an account had a session before the one given.
func signedInBefore(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, now tenant.SessionID) (bool, error) {
	var before bool
	err := tx.QueryRow(ctx, `select exists (select from control.session where account_id = $1 and id <> $2)`, account, now).Scan(&before)
	return before, err
}

// removeOver removes counts that are full again, browsers that are not known any more, and links that are long over.
func removeOver(ctx context.Context, tx *gate.InstanceTx) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from control.allowance where at < $1`, tx.Now().Add(-refill))
	batch.Queue(`delete from control.browser where ends_at < $1`, tx.Now())
	batch.Queue(`delete from control.link where ends_at < $1`, tx.Now().Add(-keepLinks))
	return errors.Join(tx.SendBatch(ctx, batch).Close())
}
