package speech

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// The kinds of sealed documents. They are never renamed.
const (
	kindTranscript = "transcript"
	kindSegment    = "segment"
	kindSpeaker    = "speaker"
)

// sealedTranscript is what a transcript's row keeps sealed, version 1.
type sealedTranscript struct {
	V        int             `json:"v"`
	Engine   document.Engine `json:"engine"`
	Turns    []document.Turn `json:"turns,omitempty"`
	Speakers int             `json:"speakers"`
}

type sealedSegment struct {
	Text       string          `json:"t"`
	Language   *string         `json:"l,omitempty"`
	Confidence *float64        `json:"c,omitempty"`
	Words      []document.Word `json:"w,omitempty"`
}

// sealedSpeaker is a name and, where nobody typed it, the words by which the speaker gave it.
type sealedSpeaker struct {
	Name   string             `json:"name"`
	By     *document.Evidence `json:"by,omitempty"`
	Before *sealedSpeaker     `json:"before,omitempty"` // what an undo goes back to; it has no Before of its own
}

// ofRecording returns the meeting of a recording and the engine that was chosen for it.
func ofRecording(ctx context.Context, tx *gate.Tx, recording [16]byte) (meeting.Meeting, string, error) {
	var id meeting.ID
	var engine string
	err := tx.QueryRow(ctx, `select meeting_id, engine from tenant.recording where workspace_id = $1 and id = $2`, tx.Workspace(), recording).Scan(&id, &engine)
	if err != nil {
		return meeting.Meeting{}, "", fmt.Errorf("finding a recording's meeting: %w", err)
	}
	m, err := meeting.Load(ctx, tx, id)
	return m, engine, err
}

func insert(ctx context.Context, tx *gate.Tx, t *Transcript) error {
	doc := sealedTranscript{V: 1, Engine: t.Engine, Turns: t.Turns, Speakers: len(t.Speakers)}
	body, err := tx.Seal(ctx, tx.Place(t.Record, kindTranscript, t.ID), doc)
	if err != nil {
		return err
	}
	err = tx.QueryRow(ctx, `
insert into tenant.transcript (workspace_id, id, record_id, meeting_id, recording_id, run, language, duration_ms, segments, created_at, sealed)
select $1, $2, $3, $4, $5, coalesce(max(run), 0) + 1, $6, $7, $8, $9, $10 from tenant.transcript where workspace_id = $1 and meeting_id = $4
returning run`,
		tx.Workspace(), t.ID, t.Record, t.Meeting, t.Recording, t.Language, t.DurationMS, len(t.Segments), tx.Now(), body).Scan(&t.Run)
	if err != nil {
		return fmt.Errorf("storing transcript %s: %w", t.ID, err)
	}
	for _, sp := range t.Speakers {
		if sp.Name == nil {
			continue
		}
		doc := sealedSpeaker{Name: *sp.Name}
		if by, ok := t.Introduced[sp.ID]; ok {
			doc.By = &by
		}
		if err := rename(ctx, tx, t.ID, speakerNumber(sp.ID), doc); err != nil {
			return err
		}
	}
	return insertSegments(ctx, tx, t)
}

// insertSegments writes all segments in one statement.
func insertSegments(ctx context.Context, tx *gate.Tx, t *Transcript) error {
	n := len(t.Segments)
	numbers, speakers := make([]int32, n), make([]*int32, n)
	starts, ends, bodies := make([]*int64, n), make([]*int64, n), make([][]byte, n)
	for i, seg := range t.Segments {
		numbers[i], starts[i], ends[i] = int32(i+1), seg.StartMS, seg.EndMS
		if seg.Speaker != nil {
			number := int32(speakerNumber(*seg.Speaker))
			speakers[i] = &number
		}
		doc := sealedSegment{Text: seg.Text, Language: seg.Language, Confidence: seg.Confidence, Words: seg.Words}
		body, err := tx.Seal(ctx, tx.Place(t.Record, kindSegment, rowOf(t.ID, i+1)), doc)
		if err != nil {
			return err
		}
		bodies[i] = body
	}
	_, err := tx.Exec(ctx, `
insert into tenant.segment (workspace_id, transcript_id, number, record_id, speaker, start_ms, end_ms, sealed)
select $1, $2, u.number, $3, u.speaker, u.start_ms, u.end_ms, u.sealed
from unnest($4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::bytea[]) as u (number, speaker, start_ms, end_ms, sealed)`,
		tx.Workspace(), t.ID, t.Record, numbers, speakers, starts, ends, bodies)
	if err != nil {
		return fmt.Errorf("storing %d segments of transcript %s: %w", n, t.ID, err)
	}
	return nil
}

// rowOf names a row of a transcript for the vault: the transcript's id with the number folded into its random half.
func rowOf(id ID, number int) [16]byte {
	row := [16]byte(id)
	for i := 0; i < 4; i++ {
		row[15-i] ^= byte(number >> (8 * i))
	}
	return row
}

// rename sets a speaker's name, or takes it back with "".
func rename(ctx context.Context, tx *gate.Tx, id ID, number int, doc sealedSpeaker) error {
	record, speakers, err := speakersOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if number < 1 || number > speakers {
		return fault.New(fault.Missing, "There is no such speaker in this transcript.")
	}
	body, err := tx.Seal(ctx, tx.Place(record, kindSpeaker, rowOf(id, number)), doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.speaker (workspace_id, transcript_id, number, record_id, version, sealed) values ($1, $2, $3, $4, 1, $5)
on conflict (workspace_id, transcript_id, number) do update set sealed = excluded.sealed, version = tenant.speaker.version + 1`,
		tx.Workspace(), id, number, record, body)
	return err
}

// namedBefore returns what is known of a speaker's name, a zero document where nobody gave one.
func namedBefore(ctx context.Context, tx *gate.Tx, id ID, number int) (sealedSpeaker, error) {
	var doc sealedSpeaker
	var record tenant.RecordID
	var body []byte
	err := tx.QueryRow(ctx, `
select record_id, sealed from tenant.speaker where workspace_id = $1 and transcript_id = $2 and number = $3`, tx.Workspace(), id, number).Scan(&record, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return doc, nil
	}
	if err != nil {
		return doc, fmt.Errorf("reading speaker %d of transcript %s: %w", number, id, err)
	}
	err = tx.Open(ctx, tx.Place(record, kindSpeaker, rowOf(id, number)), body, &doc)
	return doc, err
}

func speakersOf(ctx context.Context, tx *gate.Tx, id ID) (record tenant.RecordID, speakers int, err error) {
	var body []byte
	err = tx.QueryRow(ctx, `select record_id, sealed from tenant.transcript where workspace_id = $1 and id = $2`, tx.Workspace(), id).Scan(&record, &body)
	if err != nil {
		return record, 0, fmt.Errorf("reading transcript %s: %w", id, err)
	}
	var doc sealedTranscript
	err = tx.Open(ctx, tx.Place(record, kindTranscript, id), body, &doc)
	return record, doc.Speakers, err
}

// Latest returns the meeting's newest transcript. It fails with fault.Missing where there is none yet.
func Latest(ctx context.Context, tx *gate.Tx, id meeting.ID) (Transcript, error) {
	return load(ctx, tx, `t.meeting_id = $2 order by t.run desc limit 1`, id)
}

// versions returns the versions of a meeting's transcript that are not erased. It fails with fault.Missing where there is none.
func versions(ctx context.Context, tx *gate.Tx, id meeting.ID) ([]ID, error) {
	rows, err := tx.Query(ctx, `
select t.id from tenant.transcript t
join gate.readable g on g.workspace_id = t.workspace_id and g.record_id = t.record_id
where t.workspace_id = $1 and t.meeting_id = $2 order by t.run`, tx.Workspace(), id)
	if err != nil {
		return nil, fmt.Errorf("listing transcripts: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[ID])
	if err == nil && len(all) == 0 {
		err = fault.New(fault.Missing, "There is no transcript.")
	}
	return all, err
}

// Load returns one version of a transcript inside an act about its meeting or about it.
func Load(ctx context.Context, tx *gate.Tx, id ID) (Transcript, error) {
	return load(ctx, tx, `t.id = $2`, id)
}

func load(ctx context.Context, tx *gate.Tx, which string, id [16]byte) (Transcript, error) {
	var t Transcript
	var body []byte
	err := tx.QueryRow(ctx, `
select t.id, t.record_id, t.meeting_id, t.recording_id, t.run, t.language, t.duration_ms, t.created_at, t.sealed
from tenant.transcript t
join gate.readable g on g.workspace_id = t.workspace_id and g.record_id = t.record_id
where t.workspace_id = $1 and `+which, tx.Workspace(), id).
		Scan(&t.ID, &t.Record, &t.Meeting, &t.Recording, &t.Run, &t.Language, &t.DurationMS, &t.CreatedAt, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, fault.New(fault.Missing, "There is no transcript yet.")
	}
	if err != nil {
		return t, fmt.Errorf("reading a transcript: %w", err)
	}
	var doc sealedTranscript
	if err := tx.Open(ctx, tx.Place(t.Record, kindTranscript, t.ID), body, &doc); err != nil {
		return t, err
	}
	t.Engine, t.Turns = doc.Engine, append([]document.Turn{}, doc.Turns...)
	if err := t.loadSpeakers(ctx, tx, doc.Speakers); err != nil {
		return t, err
	}
	return t, t.loadSegments(ctx, tx)
}

// Speakers returns a transcript's speakers with the names that they have now.
func Speakers(ctx context.Context, tx *gate.Tx, t Transcript) ([]document.Speaker, error) {
	err := t.loadSpeakers(ctx, tx, len(t.Speakers))
	return t.Speakers, err
}

func (t *Transcript) loadSpeakers(ctx context.Context, tx *gate.Tx, count int) error {
	t.Speakers = make([]document.Speaker, count)
	for i := range t.Speakers {
		t.Speakers[i].ID = speakerID(i + 1)
	}
	rows, err := tx.Query(ctx, `select number, sealed from tenant.speaker where workspace_id = $1 and transcript_id = $2`, tx.Workspace(), t.ID)
	if err != nil {
		return fmt.Errorf("reading speakers: %w", err)
	}
	var number int
	var body []byte
	var numbers []int
	var sealed []vault.Sealed
	if _, err := pgx.ForEachRow(rows, []any{&number, &body}, func() error {
		numbers = append(numbers, number)
		sealed = append(sealed, vault.Sealed{Place: tx.Place(t.Record, kindSpeaker, rowOf(t.ID, number)), Bytes: append([]byte(nil), body...)})
		return nil
	}); err != nil {
		return fmt.Errorf("reading speakers: %w", err)
	}
	docs, err := gate.OpenAll[sealedSpeaker](ctx, tx, sealed)
	if err != nil {
		return err
	}
	t.Introduced = map[string]document.Evidence{}
	for i, n := range numbers {
		if n > count || docs[i].Name == "" {
			continue
		}
		t.Speakers[n-1].Name = &docs[i].Name
		if docs[i].By != nil {
			t.Introduced[speakerID(n)] = *docs[i].By
		}
	}
	return nil
}

func (t *Transcript) loadSegments(ctx context.Context, tx *gate.Tx) error {
	rows, err := tx.Query(ctx, `
select number, speaker, start_ms, end_ms, sealed from tenant.segment
where workspace_id = $1 and transcript_id = $2 order by number`, tx.Workspace(), t.ID)
	if err != nil {
		return fmt.Errorf("reading segments: %w", err)
	}
	var sealed []vault.Sealed
	t.Segments, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (document.Segment, error) {
		var seg document.Segment
		var number int
		var speaker *int
		var body []byte
		err := row.Scan(&number, &speaker, &seg.StartMS, &seg.EndMS, &body)
		seg.ID = strconv.Itoa(number)
		if speaker != nil {
			id := speakerID(*speaker)
			seg.Speaker = &id
		}
		sealed = append(sealed, vault.Sealed{Place: tx.Place(t.Record, kindSegment, rowOf(t.ID, number)), Bytes: body})
		return seg, err
	})
	if err != nil {
		return fmt.Errorf("reading segments: %w", err)
	}
	docs, err := gate.OpenAll[sealedSegment](ctx, tx, sealed)
	if err != nil {
		return err
	}
	for i, doc := range docs {
		seg := &t.Segments[i]
		seg.Text, seg.Language, seg.Confidence, seg.Words = doc.Text, doc.Language, doc.Confidence, doc.Words
	}
	return nil
}

// described reads what stands in the clear of a meeting's transcripts that are not erased, the newest first.
func described(ctx context.Context, tx *gate.Tx, id meeting.ID) ([]Transcript, error) {
	rows, err := tx.Query(ctx, `
select t.id, t.record_id, t.meeting_id, t.recording_id, t.run, t.language, t.duration_ms, t.created_at from tenant.transcript t
join gate.readable g on g.workspace_id = t.workspace_id and g.record_id = t.record_id
where t.workspace_id = $1 and t.meeting_id = $2 order by t.run desc`, tx.Workspace(), id)
	if err != nil {
		return nil, fmt.Errorf("listing the transcripts of meeting %s: %w", id, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Transcript, error) {
		var t Transcript
		err := row.Scan(&t.ID, &t.Record, &t.Meeting, &t.Recording, &t.Run, &t.Language, &t.DurationMS, &t.CreatedAt)
		return t, err
	})
}
