package credential

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// seated is an account of the stage's workspace.
type seated struct {
	member tenant.MemberID
	hash   string
}

func accounts(ctx context.Context, tx *gate.Tx, ws tenant.WorkspaceID) (map[tenant.AccountID]seated, error) {
	rows, err := tx.Query(ctx, `
select a.id, s.member_id, a.password from control.account a join control.seat s on s.account_id = a.id where s.workspace_id = $1`, ws)
	if err != nil {
		return nil, fmt.Errorf("reading accounts: %w", err)
	}
	all := map[tenant.AccountID]seated{}
	var id tenant.AccountID
	var one seated
	_, err = pgx.ForEachRow(rows, []any{&id, &one.member, &one.hash}, func() error { all[id] = one; return nil })
	return all, err
}

// passwords returns how many accounts there are, and how many of them hold something else than a salted hash.
func passwords(ctx context.Context, tx *gate.Tx) (all, bare int, err error) {
	err = tx.QueryRow(ctx, `
select count(*), count(*) filter (where password <> '' and password !~ '^\$(argon2id|2[aby])\$') from control.account`).Scan(&all, &bare)
	return all, bare, err
}

// sessionLife returns the longest life of a session in a workspace, by its row.
func sessionLife(ctx context.Context, tx *gate.Tx, ws tenant.WorkspaceID) (time.Duration, error) {
	var life time.Duration
	err := tx.QueryRow(ctx, `select coalesce(max(ends_at - created_at), '0') from control.session where workspace_id = $1`, ws).Scan(&life)
	return life, err
}

// line is what the access log says of a request.
type line struct {
	at      time.Time
	actor   tenant.MemberID
	address string
	method  string
	route   string
	status  int
}

func lines(ctx context.Context, tx *gate.Tx, requests []tenant.RequestID) (map[tenant.RequestID]line, error) {
	rows, err := tx.Query(ctx, `
select request_id, at, coalesce(actor_id, '00000000-0000-0000-0000-000000000000'), address, method, route, status
from control.access_log where request_id = any($1)`, requests)
	if err != nil {
		return nil, fmt.Errorf("reading the access log: %w", err)
	}
	all := map[tenant.RequestID]line{}
	var id tenant.RequestID
	var l line
	_, err = pgx.ForEachRow(rows, []any{&id, &l.at, &l.actor, &l.address, &l.method, &l.route, &l.status}, func() error { all[id] = l; return nil })
	return all, err
}
