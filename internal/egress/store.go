package egress

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
)

// sealedEntry is what a ledger row keeps sealed: a model's name is the operator's text.
type sealedEntry struct {
	Model string `json:"model"`
	Host  string `json:"host"`
}

type entry struct {
	state  string
	status int
	in     int
	usage  Usage
}

// begin enters a call. It counts the month's tokens in the same transaction, so that a budget cannot be passed by more than
// the calls that run at once.
func begin(ctx context.Context, tx *gate.Tx, id ID, c Call) error {
	month := time.Date(tx.Now().Year(), tx.Now().Month(), 1, 0, 0, 0, 0, time.UTC)
	var used int64
	err := tx.QueryRow(ctx, `
select coalesce(sum(tokens_in + tokens_out), 0) from tenant.egress where workspace_id = $1 and begun_at >= $2`, tx.Workspace(), month).Scan(&used)
	if err != nil {
		return fmt.Errorf("counting the month's tokens: %w", err)
	}
	if c.Budget > 0 && used >= c.Budget {
		return fault.New(fault.Denied, "This month's budget for the model is used up. An owner can raise it in the settings.")
	}
	record := gate.WorkspaceRecord(tx.Workspace())
	body, err := tx.Seal(ctx, tx.Place(record, "egress", id), sealedEntry{Model: c.Model, Host: c.Endpoint.Host})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.egress (workspace_id, id, record_id, state, purpose, provider, region, fields, bytes_out, bytes_in, tokens_in, tokens_out,
    status, begun_at, sealed)
values ($1, $2, $3, 'begun', $4, $5, $6, $7, $8, 0, 0, 0, 0, $9, $10)`,
		tx.Workspace(), id, record, c.Purpose, c.Provider, c.Region, strings.Join(c.Fields, " "), len(c.Body), tx.Now(), body)
	return err
}

func end(ctx context.Context, tx *gate.Tx, id ID, e entry) error {
	_, err := tx.Exec(ctx, `
update tenant.egress set state = $3, status = $4, bytes_in = $5, tokens_in = $6, tokens_out = $7, ended_at = $8
where workspace_id = $1 and id = $2`, tx.Workspace(), id, e.state, e.status, e.in, e.usage.In, e.usage.Out, tx.Now())
	return err
}

// Entry is one call as the ledger shows it.
type Entry struct {
	ID        ID
	State     string
	Purpose   string
	Provider  string
	Region    string
	Fields    string
	BytesOut  int64
	BytesIn   int64
	TokensIn  int64
	TokensOut int64
	Status    int
	BegunAt   time.Time
	EndedAt   *time.Time
}

// Ledger returns the newest calls of the workspace, at most 200.
func (s *Service) Ledger(ctx context.Context) ([]Entry, error) {
	var entries []Entry
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadLedger}, func(ctx context.Context, tx *gate.Tx) error {
		rows, err := tx.Query(ctx, `
select id, state, purpose, provider, region, fields, bytes_out, bytes_in, tokens_in, tokens_out, status, begun_at, ended_at
from tenant.egress where workspace_id = $1 order by begun_at desc, id desc limit 200`, tx.Workspace())
		if err != nil {
			return fmt.Errorf("reading the ledger: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var e Entry
			if err := rows.Scan(&e.ID, &e.State, &e.Purpose, &e.Provider, &e.Region, &e.Fields, &e.BytesOut, &e.BytesIn, &e.TokensIn,
				&e.TokensOut, &e.Status, &e.BegunAt, &e.EndedAt); err != nil {
				return fmt.Errorf("reading the ledger: %w", err)
			}
			entries = append(entries, e)
		}
		tx.Note("count", len(entries))
		return rows.Err()
	})
	return entries, err
}
