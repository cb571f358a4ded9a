package egress

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// kind names the sealed document for the vault. It is never renamed.
const kind = "egress"

// sealedEntry is what a ledger row keeps sealed: a model's name and a host are the operator's text.
type sealedEntry struct {
	Model string `json:"model"`
	Host  string `json:"host"`
}

type entry struct {
	state  string
	status int
	in     int
	out    int
	usage  Usage
}

// begin enters a call. The workspace's calls are entered one after the other, each with the most that it may take, so that
// the budget cannot be passed however many run at once.
func begin(ctx context.Context, tx *gate.Tx, id ID, c Call) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('egress ' || $1::uuid::text, 0))`, tx.Workspace()); err != nil {
		return fmt.Errorf("waiting for the ledger: %w", err)
	}
	used, err := spent(ctx, tx)
	if err != nil {
		return err
	}
	if c.Budget > 0 && used+c.Reserve > c.Budget {
		return fault.New(fault.Denied, "This month's budget for the model does not suffice for this call. An owner can raise it in the settings.")
	}
	record := gate.WorkspaceRecord(tx.Workspace())
	body, err := tx.Seal(ctx, tx.Place(record, kind, id), sealedEntry{Model: c.Model, Host: c.Endpoint.Host})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.egress (workspace_id, id, record_id, state, purpose, provider, region, fields, bytes_out, bytes_in, tokens_in, tokens_out,
    status, begun_at, sealed)
values ($1, $2, $3, 'begun', $4, $5, $6, $7, $8, 0, $9, 0, 0, $10, $11)`,
		tx.Workspace(), id, record, c.Purpose, c.Provider, c.Region, strings.Join(c.Fields, " "), c.size, c.Reserve, tx.Now(), body)
	return err
}

func end(ctx context.Context, tx *gate.Tx, id ID, e entry) error {
	_, err := tx.Exec(ctx, `
update tenant.egress set state = $3, status = $4, bytes_out = $5, bytes_in = $6, tokens_in = $7, tokens_out = $8, ended_at = $9
where workspace_id = $1 and id = $2`, tx.Workspace(), id, e.state, e.status, e.out, e.in, e.usage.In, e.usage.Out, tx.Now())
	return err
}

// Mailed is content that leaves by mail.
type Mailed struct {
	Host   string   // the mail server
	Fields []string // what kinds of content the mail holds
	Size   int
}

// EnterMail writes a mail into the ledger, inside the act that decides to send it and so before its first byte leaves.
func EnterMail(ctx context.Context, tx *gate.Tx, id ID, m Mailed) error {
	return begin(ctx, tx, id, Call{Purpose: "notice", Provider: "mail", Region: "not said", Fields: m.Fields, Endpoint: &url.URL{Host: m.Host}, size: m.Size})
}

// EndMail completes a mail's entry: status is SMTP's, 0 where the server said nothing.
func EndMail(ctx context.Context, tx *gate.Tx, id ID, sent bool, status, size int) error {
	e := entry{state: "failed", status: status, out: size}
	if sent {
		e.state = "done"
	}
	return end(ctx, tx, id, e)
}

// spent counts the tokens of the month, in UTC.
func spent(ctx context.Context, tx *gate.Tx) (int64, error) {
	month := time.Date(tx.Now().Year(), tx.Now().Month(), 1, 0, 0, 0, 0, time.UTC)
	var used int64
	err := tx.QueryRow(ctx, `
select coalesce(sum(tokens_in + tokens_out), 0)::bigint from tenant.egress where workspace_id = $1 and begun_at >= $2`, tx.Workspace(), month).Scan(&used)
	if err != nil {
		return 0, fmt.Errorf("counting the month's tokens: %w", err)
	}
	return used, nil
}

// Entry is one call as the ledger shows it.
type Entry struct {
	ID        ID
	State     string // "begun", "done", "failed"; "interrupted": it began, and nobody knows how it ended
	Purpose   string
	Provider  string
	Model     string
	Host      string
	Region    string
	Fields    []string // what kinds of content it held
	BytesOut  int64
	BytesIn   int64
	TokensIn  int64 // of a call that did not say: the most that it can have taken
	TokensOut int64
	Status    int // of HTTP; 0 where no answer came
	BegunAt   time.Time
	EndedAt   *time.Time
}

// Ledger returns the newest calls of the workspace, at most 200.
func (s *Service) Ledger(ctx context.Context) ([]Entry, error) {
	var entries []Entry
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadLedger}, func(ctx context.Context, tx *gate.Tx) (err error) {
		entries, err = s.entries(ctx, tx)
		tx.Note("count", len(entries))
		return err
	})
	return entries, err
}

func (s *Service) entries(ctx context.Context, tx *gate.Tx) ([]Entry, error) {
	rows, err := tx.Query(ctx, `
select id, record_id, state, purpose, provider, region, fields, bytes_out, bytes_in, tokens_in, tokens_out, status, begun_at, ended_at, sealed
from tenant.egress where workspace_id = $1 order by begun_at desc, id desc limit 200`, tx.Workspace())
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	var sealed []vault.Sealed
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Entry, error) {
		var e Entry
		var record tenant.RecordID
		var fields string
		var body []byte
		err := row.Scan(&e.ID, &record, &e.State, &e.Purpose, &e.Provider, &e.Region, &fields, &e.BytesOut, &e.BytesIn, &e.TokensIn,
			&e.TokensOut, &e.Status, &e.BegunAt, &e.EndedAt, &body)
		e.Fields = strings.Fields(fields)
		if e.State == "begun" && tx.Now().Sub(e.BegunAt) > s.Limits.Call+s.Limits.Connect {
			e.State = "interrupted"
		}
		sealed = append(sealed, vault.Sealed{Place: tx.Place(record, kind, e.ID), Bytes: body})
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	docs, err := gate.OpenAll[sealedEntry](ctx, tx, sealed)
	for i, doc := range docs {
		entries[i].Model, entries[i].Host = doc.Model, doc.Host
	}
	return entries, err
}

// Spent returns how many tokens the workspace's calls took this month, calls that still run at their most.
func (s *Service) Spent(ctx context.Context) (int64, error) {
	var used int64
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadLedger}, func(ctx context.Context, tx *gate.Tx) (err error) {
		used, err = spent(ctx, tx)
		return err
	})
	return used, err
}
