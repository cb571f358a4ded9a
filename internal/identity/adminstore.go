package identity

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

func listAccounts(ctx context.Context, tx *gate.InstanceTx) ([]Registered, error) {
	rows, err := tx.Query(ctx, `
select a.id, a.state, a.created_at,
    (select max(s.created_at) from control.session s where s.account_id = a.id),
    (select count(*) from control.session s where s.account_id = a.id and s.ended_at is null and s.ends_at > $1),
    (select count(*) from control.seat p where p.account_id = a.id)
from control.account a order by a.created_at, a.id`, tx.Now())
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Registered, err error) {
		err = row.Scan(&r.ID, &r.State, &r.CreatedAt, &r.LastSignIn, &r.Sessions, &r.Workspaces)
		return r, err
	})
}

// changeState opens or closes an account. A closed one's sessions end, on every node within a second.
func changeState(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID, state string) error {
	tag, err := tx.Exec(ctx, `update control.account set state = $2 where id = $1 and state <> $2`, id, state)
	if err != nil {
		return fmt.Errorf("changing account %s: %w", id, err)
	}
	if tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "This account is "+state+" already.")
	}
	if state == "active" {
		return nil
	}
	_, err = endSessions(ctx, tx, id, tenant.SessionID{})
	return err
}

// emailOf opens the address of an account.
func emailOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (string, error) {
	var body []byte
	if err := tx.QueryRow(ctx, `select sealed from control.account where id = $1`, account).Scan(&body); err != nil {
		return "", missingAccount(err)
	}
	var known person
	err := tx.Open(ctx, tx.Place("account", account), body, &known)
	return known.Email, err
}
