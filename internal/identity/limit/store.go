package limit

import (
	"context"
	"fmt"
	"time"

	"mainstay/internal/gate"
)

// take takes one of each allowance, or returns how long it takes until there is one of each again. The order of the
// keys is that of their locks.
func take(ctx context.Context, tx *gate.InstanceTx, k keyed) (time.Duration, error) {
	tag, err := tx.Exec(ctx, `
insert into control.allowance as a (key_hmac, spare, at)
select key, most - 1, $3 from unnest($1::bytea[], $2::float8[]) with ordinality as t (key, most, place) order by place
on conflict (key_hmac) do update set at = excluded.at,
    spare = least(excluded.spare + 1, a.spare + (excluded.spare + 1) * greatest(extract(epoch from excluded.at - a.at), 0) / $4) - 1
where least(excluded.spare + 1, a.spare + (excluded.spare + 1) * greatest(extract(epoch from excluded.at - a.at), 0) / $4) >= 1`,
		k.keys, k.most, tx.Now(), Refill.Seconds())
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
		k.keys, k.most, tx.Now(), Refill.Seconds()).Scan(&wait)
	return max(time.Duration(wait*float64(time.Second)).Round(time.Second)+time.Second, time.Second), err
}

func refill(tx *gate.InstanceTx, keys [][]byte) {
	tx.Later(`delete from control.allowance where key_hmac = any($1)`, keys)
}

func removeFull(ctx context.Context, tx *gate.InstanceTx) error {
	_, err := tx.Exec(ctx, `delete from control.allowance where at < $1`, tx.Now().Add(-Refill))
	return err
}
