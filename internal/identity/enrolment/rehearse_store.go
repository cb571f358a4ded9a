package enrolment

import (
	"context"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// insertRehearsed makes an account that is undone with its transaction.
func insertRehearsed(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, hmac, sealed []byte) error {
	_, err := tx.Exec(ctx, `
insert into control.account (id, email_hmac, password, state, created_at, sealed) values ($1, $2, '', 'disabled', $3, $4)`, account, hmac, tx.Now(), sealed)
	return err
}

// readRehearsed returns the rows of an account's factors as whoever reads the database sees them.
func readRehearsed(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (string, error) {
	var row string
	err := tx.QueryRow(ctx, `
select concat((select encode(t.sealed, 'escape') from control.totp t where t.account_id = $1),
    (select string_agg(r.salt || encode(r.code_hash, 'escape'), ' ') from control.recovery_code r where r.account_id = $1))`, account).Scan(&row)
	return row, err
}

// endTexts has ten minutes go by for an account's codes.
func endTexts(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
	_, err := tx.Exec(ctx, `update control.text_message set ends_at = $2 where account_id = $1`, account, tx.Now())
	return err
}
