package meeting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// kind names the sealed document for the vault. It is never renamed.
const kind = "meeting"

// sealed is what a meeting's row keeps sealed, version 1.
type sealed struct {
	V         int      `json:"v"`
	Title     string   `json:"title"`
	Project   string   `json:"project,omitempty"`
	Attendees []Person `json:"attendees,omitempty"`
	Told      Told     `json:"told"`
	Glossary  []string `json:"glossary,omitempty"`
	Writing   string   `json:"writing,omitempty"`
}

const columns = `m.id, m.record_id, m.stage, m.source, m.starts_at, m.zone, m.language, m.template, m.told, m.retention = 'ephemeral',
    m.people, m.model_allowed, m.duration_ms, m.version, m.created_by, m.created_at, m.state = 'deleted', m.sealed`

// row is a meeting before its sealed part is opened.
type row struct {
	Meeting
	sealed []byte
	err    error // of reading it ahead
}

func (r *row) scan(s pgx.Row, more ...any) error {
	m := &r.Meeting
	return s.Scan(append([]any{&m.ID, &m.Record, &m.Stage, &m.Source, &m.StartsAt, &m.Zone, &m.Language, &m.Template, &m.Told.State,
		&m.Ephemeral, &m.People, &m.ModelAllowed, &m.DurationMS, &m.Version, &m.CreatedBy, &m.CreatedAt, &m.Deleted, &r.sealed}, more...)...)
}

func (m *Meeting) unseal(doc sealed) {
	m.Title, m.Project, m.Attendees, m.Told.How, m.Glossary = doc.Title, doc.Project, doc.Attendees, doc.Told.How, doc.Glossary
	m.Writing = doc.Writing
}

// Load returns a meeting inside another package's act, which must be about the meeting or something below it.
func Load(ctx context.Context, tx *gate.Tx, id ID) (Meeting, error) {
	if tx.Group().IsZero() {
		return load(ctx, tx, `m.id = $2`, id)
	}
	// The gate has decided on this group already, so the row is enough.
	var r row
	err := r.scan(tx.QueryRow(ctx, `
select `+columns+` from tenant.meeting m where m.workspace_id = $1 and m.id = $2 and m.record_id = $3`, tx.Workspace(), id, tx.Group()))
	r.Private = tx.Private()
	return r.open(ctx, tx, err)
}

// ahead reads the row of a meeting that an act is about, together with the gate's own reads; its error is for the act's body.
func (r *row) ahead(id ID) func(*pgx.Batch) {
	return func(b *pgx.Batch) {
		b.Queue(`select `+columns+` from tenant.meeting m where m.workspace_id = tenant.current_workspace() and m.id = $1`, id).QueryRow(func(found pgx.Row) error {
			r.err = r.scan(found)
			return nil
		})
	}
}

// ByRecord returns the meeting that leads a record's group.
func ByRecord(ctx context.Context, tx *gate.Tx, group tenant.RecordID) (Meeting, error) {
	return load(ctx, tx, `m.record_id = $2`, group)
}

func load(ctx context.Context, tx *gate.Tx, which string, id [16]byte) (Meeting, error) {
	var r row
	err := r.scan(tx.QueryRow(ctx, `
select `+columns+`, g.level, rec.visibility = 'private'
from tenant.meeting m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
join tenant.record rec on rec.workspace_id = m.workspace_id and rec.id = m.record_id
where m.workspace_id = $1 and `+which, tx.Workspace(), id), &r.Level, &r.Private)
	return r.open(ctx, tx, err)
}

// open opens a row that was read with err.
func (r *row) open(ctx context.Context, tx *gate.Tx, err error) (Meeting, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return Meeting{}, fault.New(fault.Missing, "There is no such meeting, or it is not shared with you.")
	}
	if err != nil {
		return Meeting{}, fmt.Errorf("reading a meeting: %w", err)
	}
	var doc sealed
	if err := tx.Open(ctx, tx.Place(r.Record, kind, r.ID), r.sealed, &doc); err != nil {
		return Meeting{}, fmt.Errorf("reading meeting %s: %w", r.ID, err)
	}
	r.unseal(doc)
	r.Level = tx.Level()
	return r.Meeting, nil
}

func insert(ctx context.Context, tx *gate.Tx, m Meeting) error {
	body, err := tx.Seal(ctx, tx.Place(m.Record, kind, m.ID), m.document())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.meeting (workspace_id, id, record_id, state, stage, source, starts_at, zone, language, template, told, retention,
    people, model_allowed, version, created_by, created_at, sealed)
values ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		tx.Workspace(), m.ID, m.Record, m.Stage, m.Source, m.StartsAt, m.Zone, m.Language, m.Template, m.Told.State, m.retention(),
		m.People, m.ModelAllowed, m.Version, m.CreatedBy, m.CreatedAt, body)
	return err
}

func update(ctx context.Context, tx *gate.Tx, m Meeting) error {
	body, err := tx.Seal(ctx, tx.Place(m.Record, kind, m.ID), m.document())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
update tenant.meeting set starts_at = $3, zone = $4, language = $5, template = $6, told = $7, retention = $8, people = $9,
    model_allowed = $10, version = $11, sealed = $12
where workspace_id = $1 and id = $2`,
		tx.Workspace(), m.ID, m.StartsAt, m.Zone, m.Language, m.Template, m.Told.State, m.retention(), m.People, m.ModelAllowed, m.Version, body)
	return err
}

func (m Meeting) document() sealed {
	return sealed{V: 1, Title: m.Title, Project: m.Project, Attendees: m.Attendees, Told: m.Told, Glossary: m.Glossary, Writing: m.Writing}
}

func (m Meeting) retention() string {
	if m.Ephemeral {
		return "ephemeral"
	}
	return "kept"
}

func setHidden(ctx context.Context, tx *gate.Tx, id ID, hidden bool) error {
	var at *time.Time
	state := "open"
	if hidden {
		now := tx.Now()
		at, state = &now, "deleted"
	}
	batch := &pgx.Batch{}
	batch.Queue(`update tenant.meeting set state = $3, deleted_at = $4 where workspace_id = $1 and id = $2`, tx.Workspace(), id, state, at)
	batch.Queue(`update tenant.record set hidden_at = $3 where workspace_id = $1 and id = $2`, tx.Workspace(), tx.Record(), at)
	return tx.SendBatch(ctx, batch).Close()
}

// Advance moves a meeting to a stage inside the act that made it true.
func Advance(ctx context.Context, tx *gate.Tx, id ID, stage Stage) error {
	_, err := tx.Exec(ctx, `update tenant.meeting set stage = $3 where workspace_id = $1 and id = $2`, tx.Workspace(), id, stage)
	return err
}

// AdvanceGroup moves the meeting that leads a record's group to a stage.
func AdvanceGroup(ctx context.Context, tx *gate.Tx, group tenant.RecordID, stage Stage) error {
	_, err := tx.Exec(ctx, `update tenant.meeting set stage = $3 where workspace_id = $1 and record_id = $2`, tx.Workspace(), group, stage)
	return err
}

// Learn stores what the transcript told of a meeting: its length and, where nobody had chosen it, its language.
func Learn(ctx context.Context, tx *gate.Tx, id ID, durationMS *int64, language string) error {
	_, err := tx.Exec(ctx, `
update tenant.meeting set duration_ms = coalesce($3, duration_ms), language = case when language = '' then $4 else language end
where workspace_id = $1 and id = $2`, tx.Workspace(), id, durationMS, language)
	return err
}

// narrowed is the part of a filter that stands in clear columns.
const narrowed = `
from tenant.meeting m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
where m.workspace_id = $1 and m.state = 'open'
  and ($2 = '' or m.stage = any(string_to_array($2, ' ')))
  and ($3::timestamptz is null or coalesce(m.starts_at, m.created_at) >= $3)
  and ($4::timestamptz is null or coalesce(m.starts_at, m.created_at) < $4)`

func (f Filter) narrow(tx *gate.Tx) []any {
	stages := make([]string, len(f.Stages))
	for i, s := range f.Stages {
		stages[i] = string(s)
	}
	return []any{tx.Workspace(), strings.Join(stages, " "), f.From, f.Until}
}

func count(ctx context.Context, tx *gate.Tx, f Filter) (n int, err error) {
	err = tx.QueryRow(ctx, `select count(*)`+narrowed, f.narrow(tx)...).Scan(&n)
	return n, err
}

// orders are the sorts that SQL can do; titles are sealed and sorted once they are open.
var orders = map[Sort]string{
	Newest:   "coalesce(m.starts_at, m.created_at) desc, m.id desc",
	Oldest:   "coalesce(m.starts_at, m.created_at), m.id",
	Longest:  "m.duration_ms desc nulls last, m.id desc",
	Shortest: "m.duration_ms nulls last, m.id",
}

func page(ctx context.Context, tx *gate.Tx, f Filter, limit, offset int) ([]row, error) {
	order, ok := orders[f.Sort]
	if !ok {
		order = orders[Newest]
	}
	rows, err := tx.Query(ctx, `
select `+columns+`, g.level`+narrowed+`
order by `+order+` limit $5 offset $6`, append(f.narrow(tx), limit, offset)...)
	if err != nil {
		return nil, fmt.Errorf("listing meetings: %w", err)
	}
	return pgx.CollectRows(rows, func(s pgx.CollectableRow) (row, error) {
		var r row
		return r, r.scan(s, &r.Level)
	})
}

func open(ctx context.Context, tx *gate.Tx, rows []row) ([]Meeting, error) {
	bodies := make([]vault.Sealed, len(rows))
	for i, r := range rows {
		bodies[i] = vault.Sealed{Place: tx.Place(r.Record, kind, r.ID), Bytes: r.sealed}
	}
	docs, err := gate.OpenEach[sealed](ctx, tx, bodies)
	if err != nil {
		return nil, err
	}
	meetings := make([]Meeting, len(rows))
	for i, r := range rows {
		if r.Damaged = docs[i] == nil; r.Damaged {
			r.Title = "This meeting cannot be opened"
		} else {
			r.unseal(*docs[i])
		}
		r.Level = r.offered(tx)
		meetings[i] = r.Meeting
	}
	return meetings, nil
}

// ByRecords returns the meetings that lead the records' groups, by record. What the actor may not read is left out.
func ByRecords(ctx context.Context, tx *gate.Tx, groups []tenant.RecordID) (map[tenant.RecordID]Meeting, error) {
	ids := make([][16]byte, len(groups))
	for i, g := range groups {
		ids[i] = g
	}
	rows, err := tx.Query(ctx, `
select `+columns+`, g.level
from tenant.meeting m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
where m.workspace_id = $1 and m.record_id = any($2::uuid[])`, tx.Workspace(), ids)
	if err != nil {
		return nil, fmt.Errorf("reading meetings of records: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(s pgx.CollectableRow) (row, error) {
		var r row
		return r, r.scan(s, &r.Level)
	})
	if err != nil {
		return nil, err
	}
	meetings, err := open(ctx, tx, found)
	byRecord := map[tenant.RecordID]Meeting{}
	for _, m := range meetings {
		byRecord[m.Record] = m
	}
	return byRecord, err
}

// InStage counts the meetings of a stage that the actor may read.
func InStage(ctx context.Context, tx *gate.Tx, stage Stage) (n int, err error) {
	err = tx.QueryRow(ctx, `
select count(*) from tenant.meeting m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
where m.workspace_id = $1 and m.state = 'open' and m.stage = $2`, tx.Workspace(), stage).Scan(&n)
	return n, err
}
