package identity

import (
	"context"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// deviceKnown reports whether a device is known for an account, and whether it is one of ours at all.
func deviceKnown(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, hash []byte) (known, ours bool, err error) {
	err = tx.QueryRow(ctx, `select coalesce(bool_or(account_id = $1), false), count(*) > 0 from control.browser where token_hash = $2 and ends_at > $3`,
		account, hash, tx.Now()).Scan(&known, &ours)
	return known, ours, err
}

func upsertDevice(tx *gate.InstanceTx, account tenant.AccountID, hash []byte) {
	tx.Later(`
insert into control.browser (id, account_id, token_hash, created_at, used_at, ends_at) values ($1, $2, $3, $4, $4, $5)
on conflict on constraint browser_is_once_an_account do update set used_at = excluded.used_at, ends_at = excluded.ends_at`,
		gate.NewID[tenant.SessionID](&tx.Tx), account, hash, tx.Now(), tx.Now().Add(DeviceLife))
}

// signedInBefore reports whether an account had a session before the one given.
func signedInBefore(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, now tenant.SessionID) (bool, error) {
	var before bool
	err := tx.QueryRow(ctx, `select exists (select from control.session where account_id = $1 and id <> $2)`, account, now).Scan(&before)
	return before, err
}

// removeOver removes browsers that are not known any more.
func removeOver(ctx context.Context, tx *gate.InstanceTx) error {
	_, err := tx.Exec(ctx, `delete from control.browser where ends_at < $1`, tx.Now())
	return err
}
