package minutes

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// kind names the sealed document for the vault. It is never renamed.
const kind = "minutes"

// sealed is what a row of minutes keeps sealed, version 1.
type sealed struct {
	V       int                        `json:"v"`
	Minutes document.Minutes           `json:"minutes"`
	Edited  map[string]bool            `json:"edited,omitempty"`
	Typed   map[string]tenant.MemberID `json:"typed,omitempty"`
	Before  *before                    `json:"before,omitempty"`
	Dropped int                        `json:"dropped,omitempty"`

	Unfound    map[string]bool    `json:"unfound,omitempty"`
	Translated map[string]bool    `json:"translated,omitempty"`
	Settled    map[string]bool    `json:"settled,omitempty"`
	Carried    []document.Carried `json:"carried,omitempty"` // frozen with the approval
}

func (m Minutes) body(ctx context.Context, tx *gate.Tx) ([]byte, error) {
	doc := sealed{V: 1, Minutes: m.Minutes, Edited: m.Edited, Typed: m.Typed, Before: m.before, Dropped: m.Dropped, Unfound: m.Unfound,
		Translated: m.Translated, Settled: m.settled}
	if m.State == Approved {
		doc.Carried = m.Carried
	}
	return tx.Seal(ctx, tx.Place(m.Record, kind, m.ID), doc)
}

// insert stores a draft as the meeting's newest run; drafts before it are superseded, approved minutes stay.
func insert(ctx context.Context, tx *gate.Tx, m *Minutes) error {
	body, err := m.body(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
update tenant.minutes set state = 'superseded', changed_at = $3
where workspace_id = $1 and meeting_id = $2 and state in ('draft', 'review')`, tx.Workspace(), m.Meeting, tx.Now())
	if err != nil {
		return fmt.Errorf("superseding drafts of meeting %s: %w", m.Meeting, err)
	}
	err = tx.QueryRow(ctx, `
insert into tenant.minutes (workspace_id, id, record_id, meeting_id, transcript_id, run, version, state, drafted_by, lines,
    created_at, changed_at, sealed)
select $1, $2, $3, $4, $5, coalesce(max(run), 0) + 1, $6, $7, $8, $9, $10, $10, $11
from tenant.minutes where workspace_id = $1 and meeting_id = $4
returning run`, tx.Workspace(), m.ID, m.Record, m.Meeting, m.Transcript, m.Version, m.State, m.DraftedBy.Kind, count(m.Minutes), tx.Now(), body).Scan(&m.Run)
	if err != nil {
		return fmt.Errorf("storing minutes %s: %w", m.ID, err)
	}
	return nil
}

func update(ctx context.Context, tx *gate.Tx, m *Minutes) error {
	body, err := m.body(ctx, tx)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update tenant.minutes set version = $3, lines = $4, changed_at = $5, sealed = $6
where workspace_id = $1 and id = $2 and version = $3 - 1 and state in ('draft', 'review')`, tx.Workspace(), m.ID, m.Version, count(m.Minutes), tx.Now(), body)
	if err == nil && tag.RowsAffected() != 1 {
		return stale()
	}
	return err
}

func submit(ctx context.Context, tx *gate.Tx, m Minutes) error {
	tag, err := tx.Exec(ctx, `
update tenant.minutes set state = 'review', changed_at = $4
where workspace_id = $1 and id = $2 and version = $3 and state = 'draft'`, tx.Workspace(), m.ID, m.Version, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return stale()
	}
	return err
}

func approve(ctx context.Context, tx *gate.Tx, m Minutes) error {
	m.State = Approved
	body, err := m.body(ctx, tx)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update tenant.minutes set state = 'approved', approved_at = $4, approved_by = $5, changed_at = $4, sealed = $6
where workspace_id = $1 and id = $2 and version = $3 and state in ('draft', 'review')`,
		tx.Workspace(), m.ID, m.Version, tx.Now(), tx.Actor().Member, body)
	if err == nil && tag.RowsAffected() != 1 {
		return stale()
	}
	return err
}

const columns = `m.id, m.record_id, m.meeting_id, m.transcript_id, m.run, m.version, m.state, m.created_at, m.approved_at, m.approved_by, m.sealed`

func latest(ctx context.Context, tx *gate.Tx, id meeting.ID) (Minutes, error) {
	return scan(ctx, tx, tx.QueryRow(ctx, `
select `+columns+` from tenant.minutes m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
where m.workspace_id = $1 and m.meeting_id = $2 and m.state <> 'superseded'
order by m.run desc limit 1`, tx.Workspace(), id))
}

// approved returns the newest approved run of a meeting's minutes, a zero id where there is none.
func approved(ctx context.Context, tx *gate.Tx, id meeting.ID) (ID, error) {
	var run ID
	err := tx.QueryRow(ctx, `
select m.id from tenant.minutes m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
where m.workspace_id = $1 and m.meeting_id = $2 and m.state = 'approved' order by m.run desc limit 1`, tx.Workspace(), id).Scan(&run)
	if errors.Is(err, pgx.ErrNoRows) {
		return run, nil
	}
	if err != nil {
		return run, fmt.Errorf("finding the approved minutes of meeting %s: %w", id, err)
	}
	return run, nil
}

// runs returns the runs of a meeting's minutes that are not erased. It fails with fault.Missing where there is none.
func runs(ctx context.Context, tx *gate.Tx, id meeting.ID) ([]ID, error) {
	rows, err := tx.Query(ctx, `
select m.id from tenant.minutes m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
where m.workspace_id = $1 and m.meeting_id = $2 order by m.run`, tx.Workspace(), id)
	if err != nil {
		return nil, fmt.Errorf("listing minutes: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[ID])
	if err == nil && len(all) == 0 {
		err = fault.New(fault.Missing, "There are no minutes.")
	}
	return all, err
}

// StageLeft returns the stage that is true of a meeting whose work ended without success: that of the minutes which it has from
// before, and Failed where there are none.
func StageLeft(ctx context.Context, tx *gate.Tx, group tenant.RecordID) (meeting.Stage, error) {
	stage := meeting.Failed
	err := tx.QueryRow(ctx, `
select m.state from tenant.minutes m join tenant.meeting t on t.workspace_id = m.workspace_id and t.id = m.meeting_id
where t.workspace_id = $1 and t.record_id = $2 and m.state <> 'superseded' order by m.run desc limit 1`, tx.Workspace(), group).Scan(&stage)
	if errors.Is(err, pgx.ErrNoRows) {
		return meeting.Failed, nil
	}
	return stage, err
}

func load(ctx context.Context, tx *gate.Tx, id ID) (Minutes, error) {
	return scan(ctx, tx, tx.QueryRow(ctx, `
select `+columns+` from tenant.minutes m
join gate.readable g on g.workspace_id = m.workspace_id and g.record_id = m.record_id
where m.workspace_id = $1 and m.id = $2`, tx.Workspace(), id))
}

func scan(ctx context.Context, tx *gate.Tx, row pgx.Row) (Minutes, error) {
	var m Minutes
	var body []byte
	err := row.Scan(&m.ID, &m.Record, &m.Meeting, &m.Transcript, &m.Run, &m.Version, &m.State, &m.CreatedAt, &m.ApprovedAt, &m.ApprovedBy, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return m, fault.New(fault.Missing, "There are no minutes yet.")
	}
	if err != nil {
		return m, fmt.Errorf("reading minutes: %w", err)
	}
	var doc sealed
	if err := tx.Open(ctx, tx.Place(m.Record, kind, m.ID), body, &doc); err != nil {
		return m, fmt.Errorf("reading minutes %s: %w", m.ID, err)
	}
	m.Minutes, m.Edited, m.Typed, m.before, m.Dropped = doc.Minutes, doc.Edited, doc.Typed, doc.Before, doc.Dropped
	m.Unfound, m.Translated, m.settled, m.Carried = doc.Unfound, doc.Translated, doc.Settled, doc.Carried
	return m, nil
}
