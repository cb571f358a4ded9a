package capture

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// The kinds of sealed documents and blobs. They are never renamed.
const (
	kindUpload    = "upload"
	kindPart      = "part"
	kindRecording = "recording"
)

type sealedUpload struct {
	Name     string `json:"name"`
	Metadata string `json:"metadata,omitempty"`
}

type sealedRecording struct {
	V     int    `json:"v"`
	Name  string `json:"name"`
	Peaks []byte `json:"peaks,omitempty"`
}

func insertUpload(ctx context.Context, tx *gate.Tx, u Upload) error {
	body, err := tx.Seal(ctx, tx.Place(u.Record, kindUpload, u.ID), sealedUpload{Name: u.Name, Metadata: u.Metadata})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.upload (workspace_id, id, record_id, meeting_id, state, size, received, expires_at, created_by, created_at, sealed)
values ($1, $2, $3, $4, 'open', $5, 0, $6, $7, $8, $9)`,
		tx.Workspace(), u.ID, u.Record, u.Meeting, u.Size, u.ExpiresAt, tx.Actor().Member, tx.Now(), body)
	return err
}

// loadUpload returns an upload to who began it. For anybody else there is none.
func loadUpload(ctx context.Context, tx *gate.Tx, id UploadID) (Upload, error) {
	u := Upload{ID: id}
	var body []byte
	err := tx.QueryRow(ctx, `
select u.record_id, u.meeting_id, u.state, u.size, u.received, u.created_by, u.expires_at, u.sealed,
    (select r.id from tenant.recording r where r.workspace_id = u.workspace_id and r.meeting_id = u.meeting_id and r.upload_id = u.id)
from tenant.upload u where u.workspace_id = $1 and u.id = $2`,
		tx.Workspace(), id).Scan(&u.Record, &u.Meeting, &u.State, &u.Size, &u.Received, &u.CreatedBy, &u.ExpiresAt, &body, &u.Recording)
	if err != nil {
		return u, fmt.Errorf("reading upload %s: %w", id, err)
	}
	if actor := tx.Actor(); actor.Kind == tenant.Member && actor.Member != u.CreatedBy {
		return Upload{}, fault.New(fault.Missing, "There is no such upload.")
	}
	var doc sealedUpload
	err = tx.Open(ctx, tx.Place(u.Record, kindUpload, id), body, &doc)
	u.Name, u.Metadata = doc.Name, doc.Metadata
	return u, err
}

// setSize says how large an upload turned out to be.
func setSize(ctx context.Context, tx *gate.Tx, u Upload) error {
	tag, err := tx.Exec(ctx, `
update tenant.upload set size = received where workspace_id = $1 and id = $2 and state = 'open' and received = $3`, tx.Workspace(), u.ID, u.Received)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "This upload is finished already.")
	}
	return err
}

// insertPart counts a part's bytes. It fails with fault.Conflict where somebody else went on with the upload.
func insertPart(ctx context.Context, tx *gate.Tx, u Upload, object ObjectID, size int) error {
	tag, err := tx.Exec(ctx, `
update tenant.upload set received = received + $4, expires_at = $5
where workspace_id = $1 and id = $2 and received = $3 and state = 'open'`,
		tx.Workspace(), u.ID, u.Received, size, tx.Now().Add(UploadLife))
	if err != nil {
		return fmt.Errorf("counting a part of upload %s: %w", u.ID, err)
	}
	if tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "The upload goes on at another place. Ask how far it is and continue there.")
	}
	_, err = tx.Exec(ctx, `
insert into tenant.part (workspace_id, upload_id, number, record_id, object_id, size, created_at)
select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6 from tenant.part where workspace_id = $1 and upload_id = $2`,
		tx.Workspace(), u.ID, u.Record, object, size, tx.Now())
	return err
}

func endUpload(ctx context.Context, tx *gate.Tx, id UploadID) error {
	_, err := tx.Exec(ctx, `update tenant.upload set state = 'ended' where workspace_id = $1 and id = $2 and state = 'open'`, tx.Workspace(), id)
	return err
}

func loadParts(ctx context.Context, tx *gate.Tx, id UploadID) ([]part, error) {
	return parts(ctx, tx, `select object_id, size from tenant.part where workspace_id = $1 and upload_id = $2 order by number`, id)
}

func partsOfRecording(ctx context.Context, tx *gate.Tx, id [16]byte) ([]part, error) {
	return parts(ctx, tx, `
select p.object_id, p.size from tenant.part p
join tenant.recording r on r.workspace_id = p.workspace_id and r.upload_id = p.upload_id
where r.workspace_id = $1 and r.id = $2 order by p.number`, id)
}

func parts(ctx context.Context, tx *gate.Tx, sql string, id [16]byte) ([]part, error) {
	rows, err := tx.Query(ctx, sql, tx.Workspace(), id)
	if err != nil {
		return nil, fmt.Errorf("reading parts: %w", err)
	}
	var at int64
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (part, error) {
		p := part{start: at}
		err := row.Scan(&p.object, &p.size)
		at += p.size
		return p, err
	})
}

func insertRecording(ctx context.Context, tx *gate.Tx, u Upload, id RecordingID, format string, digest []byte) error {
	tag, err := tx.Exec(ctx, `
update tenant.upload set state = 'finished' where workspace_id = $1 and id = $2 and state = 'open' and received = size`, tx.Workspace(), u.ID)
	if err != nil {
		return fmt.Errorf("finishing upload %s: %w", u.ID, err)
	}
	if tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "This upload is finished already.")
	}
	body, err := tx.Seal(ctx, tx.Place(u.Record, kindRecording, id), sealedRecording{V: 1, Name: u.Name})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.recording (workspace_id, id, record_id, meeting_id, upload_id, state, reason, format, size, digest_hmac, created_at, sealed)
values ($1, $2, $3, $4, $5, 'stored', '', $6, $7, $8, $9, $10)`,
		tx.Workspace(), id, u.Record, u.Meeting, u.ID, format, u.Size, digest, tx.Now(), body)
	return err
}

func describeRecording(ctx context.Context, tx *gate.Tx, id RecordingID, milliseconds int64, channels int, peaks []byte) error {
	rec, err := loadRecording(ctx, tx, id)
	if err != nil {
		return err
	}
	body, err := tx.Seal(ctx, tx.Place(rec.Record, kindRecording, id), sealedRecording{V: 1, Name: rec.Name, Peaks: peaks})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
update tenant.recording set state = 'decoded', duration_ms = $3, channels = $4, sealed = $5 where workspace_id = $1 and id = $2`,
		tx.Workspace(), id, milliseconds, channels, body)
	return err
}

func eraseRecording(ctx context.Context, tx *gate.Tx, id RecordingID) error {
	_, err := tx.Exec(ctx, `update tenant.recording set state = 'erased' where workspace_id = $1 and id = $2`, tx.Workspace(), id)
	return err
}

// insertRefused keeps why an upload did not become a recording. Nothing of the file is left, so nothing is sealed.
func insertRefused(ctx context.Context, tx *gate.Tx, u Upload, id RecordingID, reason string) error {
	_, err := tx.Exec(ctx, `
insert into tenant.recording (workspace_id, id, record_id, meeting_id, upload_id, state, reason, format, size, digest_hmac, created_at, sealed)
values ($1, $2, $3, $4, $5, 'refused', $6, '', $7, '', $8, '')`, tx.Workspace(), id, u.Record, u.Meeting, u.ID, reason, u.Size, tx.Now())
	return err
}

// arriving returns the meeting's open upload that was begun last.
func arriving(ctx context.Context, tx *gate.Tx, id meeting.ID) (Upload, error) {
	u := Upload{Meeting: id, State: "open"}
	err := tx.QueryRow(ctx, `
select id, record_id, size, received, created_by, expires_at from tenant.upload
where workspace_id = $1 and meeting_id = $2 and state = 'open' order by created_at desc limit 1`, tx.Workspace(), id).
		Scan(&u.ID, &u.Record, &u.Size, &u.Received, &u.CreatedBy, &u.ExpiresAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return u, fault.New(fault.Missing, "Nothing is being uploaded.")
	}
	return u, err
}

const recordingColumns = `r.id, r.record_id, r.meeting_id, r.format, r.size, r.state, r.reason, r.duration_ms, coalesce(r.channels, 0), r.created_at, r.sealed,
    (select o.meeting_id from tenant.recording o
     join gate.readable g on g.workspace_id = o.workspace_id and g.record_id = o.record_id
     where o.workspace_id = r.workspace_id and o.digest_hmac = r.digest_hmac and o.digest_hmac <> '' and o.meeting_id <> r.meeting_id and o.created_at <= r.created_at
     order by o.created_at limit 1)`

func loadRecording(ctx context.Context, tx *gate.Tx, id [16]byte) (Recording, error) {
	return scanRecording(ctx, tx, tx.QueryRow(ctx, `
select `+recordingColumns+` from tenant.recording r where r.workspace_id = $1 and r.id = $2`, tx.Workspace(), id))
}

func newestRecording(ctx context.Context, tx *gate.Tx, id meeting.ID) (Recording, error) {
	return scanRecording(ctx, tx, tx.QueryRow(ctx, `
select `+recordingColumns+` from tenant.recording r
where r.workspace_id = $1 and r.meeting_id = $2 order by r.created_at desc, r.id desc limit 1`, tx.Workspace(), id))
}

func scanRecording(ctx context.Context, tx *gate.Tx, row pgx.Row) (Recording, error) {
	var r Recording
	var body []byte
	err := row.Scan(&r.ID, &r.Record, &r.Meeting, &r.Format, &r.Size, &r.State, &r.Reason, &r.DurationMS, &r.Channels, &r.CreatedAt, &body, &r.Same)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fault.New(fault.Missing, "There is no recording.")
	}
	if err != nil {
		return r, fmt.Errorf("reading a recording: %w", err)
	}
	if r.State == "erased" || r.State == "refused" {
		return r, nil
	}
	var doc sealedRecording
	if err := tx.Open(ctx, tx.Place(r.Record, kindRecording, r.ID), body, &doc); err != nil {
		return r, err
	}
	r.Name, r.Peaks = doc.Name, doc.Peaks
	return r, nil
}

// What the collector looks for.

func listWorkspaces(ctx context.Context, tx *gate.InstanceTx) ([]tenant.WorkspaceID, error) {
	rows, err := tx.Query(ctx, `select id from control.workspace order by id`)
	if err != nil {
		return nil, fmt.Errorf("listing workspaces: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.WorkspaceID])
}

func uploadsOver(ctx context.Context, tx *gate.Tx) ([]UploadID, error) {
	rows, err := tx.Query(ctx, `
select u.id from tenant.upload u
join tenant.record r on r.workspace_id = u.workspace_id and r.id = u.record_id
where u.workspace_id = $1 and u.state = 'open' and u.expires_at <= $2 and r.erased_at is null order by u.id`, tx.Workspace(), tx.Now())
	if err != nil {
		return nil, fmt.Errorf("listing uploads that are over: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[UploadID])
}

// expireUpload fails with fault.Conflict where the upload went on or ended. It holds the row, so that no part is counted from
// now on, before the caller destroys the key.
func expireUpload(ctx context.Context, tx *gate.Tx, id UploadID) error {
	tag, err := tx.Exec(ctx, `
update tenant.upload set state = 'expired' where workspace_id = $1 and id = $2 and state = 'open' and expires_at <= $3`, tx.Workspace(), id, tx.Now())
	if err != nil {
		return fmt.Errorf("expiring upload %s: %w", id, err)
	}
	if tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "This upload goes on, or is over already.")
	}
	return nil
}

// recordingsHeard lists the recordings that were to be destroyed once they are transcribed, and are transcribed.
func recordingsHeard(ctx context.Context, tx *gate.Tx) ([]RecordingID, error) {
	rows, err := tx.Query(ctx, `
select c.id from tenant.recording c
join tenant.meeting m on m.workspace_id = c.workspace_id and m.id = c.meeting_id
join tenant.record r on r.workspace_id = c.workspace_id and r.id = c.record_id
where c.workspace_id = $1 and m.retention = 'ephemeral' and c.state <> 'erased' and r.erased_at is null
  and exists (select from tenant.transcript t where t.workspace_id = c.workspace_id and t.recording_id = c.id)
order by c.id`, tx.Workspace())
	if err != nil {
		return nil, fmt.Errorf("listing recordings that were transcribed: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[RecordingID])
}

func livingRecords(ctx context.Context, tx *gate.Tx, after tenant.RecordID, limit int) ([]tenant.RecordID, error) {
	rows, err := tx.Query(ctx, `
select id from tenant.record
where workspace_id = $1 and erased_at is null and ($2::uuid is null or id > $2) order by id limit $3`, tx.Workspace(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing records: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.RecordID])
}

// markErased says in the rows of records that their keys are destroyed; nil stands for every record of the workspace.
func markErased(ctx context.Context, tx *gate.Tx, records []tenant.RecordID) error {
	batch := &pgx.Batch{}
	batch.Queue(`
update tenant.record set erased_at = $3
where workspace_id = $1 and ($2::uuid[] is null or id = any($2)) and erased_at is null`, tx.Workspace(), records, tx.Now())
	batch.Queue(`
update tenant.recording set state = 'erased'
where workspace_id = $1 and ($2::uuid[] is null or record_id = any($2)) and state <> 'erased'`, tx.Workspace(), records)
	batch.Queue(`
update tenant.upload set state = 'ended'
where workspace_id = $1 and ($2::uuid[] is null or record_id = any($2)) and state = 'open'`, tx.Workspace(), records)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("marking erased records: %w", err)
	}
	return nil
}

// knownRecords reports for each record whether it has a row.
func knownRecords(ctx context.Context, tx *gate.Tx, records []tenant.RecordID) ([]bool, error) {
	rows, err := tx.Query(ctx, `
select exists (select from tenant.record r where r.workspace_id = $1 and r.id = k.id)
from unnest($2::uuid[]) with ordinality as k(id, place) order by k.place`, tx.Workspace(), records)
	if err != nil {
		return nil, fmt.Errorf("looking for %d records: %w", len(records), err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[bool])
}

// countedObjects reports for each object whether something still needs it: a row that counts it, where its record is a
// recording, or its record's life, where another package stored it.
func countedObjects(ctx context.Context, tx *gate.Tx, objects []object) ([]bool, error) {
	records, ids := make([]tenant.RecordID, len(objects)), make([]ObjectID, len(objects))
	for i, o := range objects {
		records[i], ids[i] = o.record, o.id
	}
	rows, err := tx.Query(ctx, `
select r.id is not null and (r.kind <> 'recording'
    or exists (select from tenant.part p where p.workspace_id = $1 and p.record_id = b.record_id and p.object_id = b.id)
    or exists (select from tenant.recording c where c.workspace_id = $1 and c.record_id = b.record_id and c.peaks_id = b.id))
from unnest($2::uuid[], $3::uuid[]) with ordinality as b(record_id, id, place)
left join tenant.record r on r.workspace_id = $1 and r.id = b.record_id and r.erased_at is null
order by b.place`, tx.Workspace(), records, ids)
	if err != nil {
		return nil, fmt.Errorf("looking for %d objects: %w", len(objects), err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[bool])
}
