package capture_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/capture/media"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/sandbox"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// desk is a capture service over a world with one workspace, known to the instance, and a member in it.
type desk struct {
	*capture.Service
	world *gatetest.World
	ws    gatetest.Workspace
	as    context.Context
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w := gatetest.New(t)
	d := &desk{Service: serviceOver(t, w, w.Gate, w.Vault), world: w, ws: w.Workspace(t)}
	d.as = d.ws.Member(t, gate.Owner)
	_, err := w.Admin.Exec(t.Context(), `insert into control.workspace (id, region, placement, created_at) values ($1, 'local', 'home', $2)`, d.ws.ID, w.Clock.Now())
	check(t, err)
	return d
}

func serviceOver(t *testing.T, w *gatetest.World, g *gate.Gate, v *vault.Vault) *capture.Service {
	t.Helper()
	q, err := queue.New(queue.Config{Gate: g, Source: w.Source, Node: "test", Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	s, err := capture.New(capture.Config{Gate: g, Queue: q, Vault: v, Source: w.Source, Media: media.NewDecoder(sandbox.Without(errors.New("not here")))})
	check(t, err)
	return s
}

func (d *desk) meeting(t *testing.T) meeting.ID {
	t.Helper()
	s, err := meeting.New(meeting.Config{Gate: d.world.Gate, Source: d.world.Source})
	check(t, err)
	m, err := s.Create(d.as, meeting.Details{Title: "Review"}, "upload", false)
	check(t, err)
	return m.ID
}

// upload takes a whole recording in and returns it with its record.
func (d *desk) upload(t *testing.T, id meeting.ID, size int) capture.Upload {
	t.Helper()
	body := append([]byte("fLaC"), bytes.Repeat([]byte{7}, size-4)...)
	u, err := d.Put(d.as, id, "talk.flac", int64(size), bytes.NewReader(body))
	check(t, err)
	return u
}

func (d *desk) collect(t *testing.T, want capture.Report) {
	t.Helper()
	got, err := d.Collect(t.Context())
	if err != nil || got != want {
		t.Errorf("Collect() = %+v, %v; want %+v", got, err, want)
	}
}

func (d *desk) blobs(t *testing.T) int {
	t.Helper()
	n := 0
	check(t, d.world.Vault.Blobs(t.Context(), d.ws.ID, func(tenant.RecordID, [16]byte) error { n++; return nil }))
	return n
}

func (d *desk) holds(t *testing.T, record tenant.RecordID) bool {
	t.Helper()
	held, err := d.world.Vault.Held(t.Context(), d.ws.ID, record)
	check(t, err)
	return held[0]
}

// query returns one text of the database, past the gate.
func (d *desk) query(t *testing.T, sql string, args ...any) string {
	t.Helper()
	var text string
	check(t, d.world.Admin.QueryRow(t.Context(), sql, args...).Scan(&text))
	return text
}

func TestAWholeDeploymentHasNothingToCollect(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	u := d.upload(t, d.meeting(t), 100_000)
	d.world.Clock.Advance(1000 * time.Hour)
	before := len(d.ws.Events(t))
	d.collect(t, capture.Report{})
	if after := len(d.ws.Events(t)); after != before {
		t.Errorf("collecting nothing left %d events", after-before)
	}
	played, err := d.Play(d.world.SignedIn(t, d.as), u.Recording)
	check(t, err)
	if got, err := io.ReadAll(played); err != nil || len(got) != 100_000 {
		t.Errorf("after collecting the recording has %d bytes, %v", len(got), err)
	}
}

func TestAKeyWithoutARowIsDestroyedWhenItIsOld(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	orphan := tenant.NewID[tenant.RecordID](d.world.Source)
	check(t, d.world.Vault.CreateRecord(t.Context(), vault.Record{Workspace: d.ws.ID, Record: orphan, Purpose: vault.Content}))
	d.world.Clock.Advance(capture.CollectorGrace - time.Second)
	d.collect(t, capture.Report{})
	if !d.holds(t, orphan) {
		t.Error("the key of an act that may be in flight was destroyed")
	}
	d.world.Clock.Advance(2 * time.Second)
	d.collect(t, capture.Report{Keys: 1})
	if d.holds(t, orphan) {
		t.Error("the key is still there")
	}
	if newest := d.ws.Events(t)[0]; newest != "done" {
		t.Errorf("the newest event is %q, want the collector's", newest)
	}
	d.collect(t, capture.Report{})
}

func TestAnObjectWithoutARowIsRemovedWhenItIsOld(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	u := d.upload(t, d.meeting(t), 1000)
	place := vault.Place{Workspace: d.ws.ID, Record: u.Record, Kind: "part", Row: tenant.NewID[capture.ObjectID](d.world.Source)}
	check(t, d.world.Vault.PutBlob(t.Context(), place, []byte("what a crash left")))
	d.collect(t, capture.Report{})
	d.world.Clock.Advance(capture.CollectorGrace + time.Second)
	d.collect(t, capture.Report{Blobs: 1})
	if got := d.blobs(t); got != 1 {
		t.Errorf("%d objects are left, want the recording's own", got)
	}
}

func TestAnUploadThatRestsExpires(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.meeting(t)
	u, err := d.Begin(d.as, id, "talk.flac", 1000)
	check(t, err)
	u, err = d.Append(d.as, u.ID, 0, strings.NewReader("fLaC and more"))
	check(t, err)
	d.world.Clock.Advance(capture.UploadLife - time.Second)
	d.collect(t, capture.Report{})
	d.world.Clock.Advance(time.Second)
	d.collect(t, capture.Report{Uploads: 1, Blobs: 1})
	if d.holds(t, u.Record) || d.blobs(t) != 0 {
		t.Error("the upload's key or bytes are still there")
	}
	if got := d.query(t, `select state from tenant.upload where id = $1`, u.ID); got != "expired" {
		t.Errorf("the upload is %s, want expired", got)
	}
	if _, err := d.Append(d.as, u.ID, u.Received, strings.NewReader("late")); err == nil {
		t.Error("an expired upload goes on")
	}
}

func TestAnErasureThatACrashCutIsFinished(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.meeting(t)
	erased, kept := d.upload(t, id, 1000), d.upload(t, id, 1000)
	_, err := d.world.Vault.Destroy(t.Context(), d.ws.ID, erased.Record)
	check(t, err)
	d.world.Clock.Advance(capture.CollectorGrace + time.Second)
	d.collect(t, capture.Report{Erasures: 1, Blobs: 1})
	if got := d.query(t, `select state from tenant.recording where id = $1`, erased.Recording); got != "erased" {
		t.Errorf("the recording is %s, want erased", got)
	}
	if _, err := d.Play(d.as, erased.Recording); !fault.Is(err, fault.Missing) {
		t.Errorf("playing what was erased: %v, want fault.Missing", err)
	}
	if _, err := d.Play(d.as, kept.Recording); err != nil {
		t.Errorf("the other recording: %v", err)
	}
}

func TestAnEphemeralRecordingGoesOnceItIsTranscribed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.meeting(t)
	_, err := d.world.Admin.Exec(t.Context(), `update tenant.meeting set retention = 'ephemeral'`)
	check(t, err)
	u := d.upload(t, id, 1000)
	d.world.Clock.Advance(capture.CollectorGrace + time.Second)
	d.collect(t, capture.Report{})
	record := tenant.NewID[tenant.RecordID](d.world.Source)
	group := tenant.RecordID(uuid(t, d.query(t, `select record_id::text from tenant.meeting`)))
	act := gate.Act{Verb: gate.WriteTranscript, Object: u.Recording, Make: []gate.Making{{ID: record, Kind: "transcript", Group: group, Purpose: vault.Content}}}
	check(t, d.world.Gate.Do(d.ws.As(t, gate.Transcriber), act, func(ctx context.Context, tx *gate.Tx) error {
		_, err := tx.Exec(ctx, `
insert into tenant.transcript (workspace_id, id, record_id, meeting_id, recording_id, run, language, segments, created_at, sealed)
values ($1, $2, $2, $3, $4, 1, '', 0, $5, '')`, tx.Workspace(), record, id, u.Recording, tx.Now())
		return err
	}))
	d.collect(t, capture.Report{Recordings: 1, Blobs: 1})
	if d.holds(t, u.Record) || !d.holds(t, record) || !d.holds(t, group) {
		t.Error("want the recording's key gone, the transcript's and the meeting's kept")
	}
}

func TestAKeyStoreOfAnotherDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	u := d.upload(t, d.meeting(t), 1000)
	root, err := vault.MemoryRoot()
	check(t, err)
	other, err := vault.New(t.Context(), vault.Config{Root: root, Keys: vault.NewMemoryStore(), Bucket: vault.NewFolder(d.world.Folder, nil), Source: d.world.Source})
	check(t, err)
	stranger, record := tenant.NewID[tenant.WorkspaceID](d.world.Source), tenant.NewID[tenant.RecordID](d.world.Source)
	check(t, other.CreateWorkspace(t.Context(), stranger))
	check(t, other.CreateRecord(t.Context(), vault.Record{Workspace: stranger, Record: record, Purpose: vault.Content}))
	g, err := gate.New(gate.Config{Pools: d.world.DB.Pools, Vault: other, Source: d.world.Source})
	check(t, err)
	d.world.Clock.Advance(1000 * time.Hour)

	report, err := serviceOver(t, d.world, g, other).Collect(t.Context())
	if !fault.Is(err, fault.Invalid) || !report.Empty() {
		t.Errorf("Collect() = %+v, %v; want nothing and fault.Invalid", report, err)
	}
	if got := d.query(t, `select count(*)::text from tenant.record where erased_at is not null`); got != "0" {
		t.Errorf("%s records were marked as erased", got)
	}
	if held, err := other.Held(t.Context(), stranger, record); err != nil || !held[0] {
		t.Errorf("a workspace of another database lost its keys: %v", err)
	}
	if _, err := d.Play(d.world.SignedIn(t, d.as), u.Recording); err != nil {
		t.Errorf("the recording: %v", err)
	}
}

func TestAWorkspaceThatNeverGotAnOwnerIsForgotten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	begun := d.world.Workspace(t).ID // its keys and rows, and no line in the list
	proof := d.world.Workspace(t)
	proof.Meeting(t, false)
	d.world.Clock.Advance(capture.CollectorGrace - time.Second)
	d.collect(t, capture.Report{})
	d.world.Clock.Advance(2 * time.Second)
	d.collect(t, capture.Report{Workspaces: 2})
	var left []tenant.WorkspaceID
	check(t, d.world.Vault.Workspaces(t.Context(), func(ws tenant.WorkspaceID, _ time.Time) error { left = append(left, ws); return nil }))
	if slices.Contains(left, begun) || slices.Contains(left, proof.ID) || !slices.Contains(left, d.ws.ID) {
		t.Errorf("the workspaces with keys are %v, want %v alone", left, d.ws.ID)
	}
}

func uuid(t *testing.T, text string) [16]byte {
	t.Helper()
	var id tenant.RecordID
	check(t, id.Scan(text))
	return id
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
