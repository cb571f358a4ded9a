// Package gatetest gives tests a gate over a real database and a real vault, with workspaces, members and meetings in it.
package gatetest

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/postgres/pgtest"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Clock is a time that moves when a test says so.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// World is a deployment without services.
type World struct {
	DB     pgtest.Database
	Admin  *pgx.Conn // passes Row-Level Security
	Vault  *vault.Vault
	Gate   *gate.Gate
	Clock  *Clock
	Source tenant.Source
	Folder string // of the blobs

	damages atomic.Int64
}

// Damages returns how often the vault told of sealed bytes that do not verify.
func (w *World) Damages() int64 { return w.damages.Load() }

// New returns a world of its own.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{DB: pgtest.New(t), Clock: &Clock{at: time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)}, Folder: filepath.Join(t.TempDir(), "blobs")}
	w.Admin = w.DB.Admin(t)
	w.Source = tenant.Source{Now: w.Clock.Now, Random: rand.Reader}
	root, err := vault.MemoryRoot()
	check(t, err)
	w.Vault, err = vault.New(t.Context(), vault.Config{Root: root, Keys: vault.NewMemoryStore(), Bucket: vault.NewFolder(w.Folder, nil), Source: w.Source,
		Events: func(vault.Event) { w.damages.Add(1) }})
	check(t, err)
	w.Gate, err = gate.New(gate.Config{Pools: w.DB.Pools, Vault: w.Vault, Source: w.Source})
	check(t, err)
	return w
}

// Workspace is a workspace of a world.
type Workspace struct {
	World *World
	ID    tenant.WorkspaceID
}

// Workspace makes an empty workspace.
func (w *World) Workspace(t testing.TB) Workspace {
	t.Helper()
	ws := Workspace{w, tenant.NewID[tenant.WorkspaceID](w.Source)}
	check(t, w.Vault.CreateWorkspace(t.Context(), ws.ID))
	making := gate.Making{ID: gate.WorkspaceRecord(ws.ID), Kind: "workspace", Purpose: vault.Content}
	check(t, w.Gate.Do(ws.As(t, gate.Installer), gate.Act{Verb: gate.CreateWorkspace, Make: []gate.Making{making}},
		func(ctx context.Context, tx *gate.Tx) error {
			record := gate.WorkspaceRecord(ws.ID)
			sealed, err := tx.Seal(ctx, tx.Place(record, "workspace", ws.ID), map[string]string{"name": "Somewhere"})
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `insert into tenant.workspace (workspace_id, record_id, created_at, version, sealed) values ($1, $2, $3, 1, $4)`,
				ws.ID, record, tx.Now(), sealed)
			return err
		}))
	return ws
}

// As returns a context in which a narrow actor works in the workspace.
func (ws Workspace) As(t testing.TB, job string) context.Context {
	kind := tenant.Job
	if job == gate.Installer {
		kind = tenant.System
	}
	return tenant.WithActor(t.Context(), tenant.Actor{Kind: kind, Job: job, Workspace: ws.ID})
}

// Member makes a member and returns a context in which they act.
func (ws Workspace) Member(t testing.TB, role gate.Role) context.Context {
	t.Helper()
	a := tenant.Actor{Kind: tenant.Member, Workspace: ws.ID, Member: tenant.NewID[tenant.MemberID](ws.World.Source),
		Account: tenant.NewID[tenant.AccountID](ws.World.Source), Session: tenant.NewID[tenant.SessionID](ws.World.Source), Factors: []string{"password"}}
	record := gate.WorkspaceRecord(ws.ID)
	place := vault.Place{Workspace: ws.ID, Record: record, Kind: "member", Row: a.Member}
	sealed, err := ws.World.Vault.Seal(t.Context(), place, []byte(`{"name":"Somebody","email":"somebody@example.com"}`))
	check(t, err)
	_, err = ws.World.Admin.Exec(t.Context(), `
insert into tenant.member (workspace_id, id, record_id, account_id, role, state, created_at, sealed) values ($1, $2, $3, $4, $5, 'active', $6, $7)`,
		ws.ID, a.Member, record, a.Account, role, ws.World.Clock.Now(), sealed)
	check(t, err)
	return ws.World.SignedIn(t, tenant.WithActor(t.Context(), a))
}

// SignedIn returns a member's context as after a sign-in just now.
func (w *World) SignedIn(t testing.TB, member context.Context) context.Context {
	t.Helper()
	a, err := tenant.ActorOf(member)
	check(t, err)
	a.SignedInAt = w.Clock.Now()
	a.ConfirmedAt, a.SeenAt = a.SignedInAt, a.SignedInAt
	return tenant.WithActor(member, a)
}

// Meeting makes a meeting's rows, by somebody else, and returns its id.
func (ws Workspace) Meeting(t testing.TB, private bool) [16]byte {
	t.Helper()
	record, id := tenant.NewID[tenant.RecordID](ws.World.Source), tenant.NewID[tenant.RecordID](ws.World.Source)
	act := gate.Act{Verb: gate.CreateMeeting, Make: []gate.Making{{ID: record, Kind: "meeting", Private: private, Purpose: vault.Content}}}
	check(t, ws.World.Gate.Do(ws.As(t, gate.Installer), act, func(ctx context.Context, tx *gate.Tx) error {
		_, err := tx.Exec(ctx, `
insert into tenant.meeting (workspace_id, id, record_id, state, stage, source, zone, language, template, told, retention, people,
    model_allowed, version, created_at, sealed)
values ($1, $2, $3, 'open', 'new', 'paste', 'UTC', '', 'general', 'unknown', 'kept', 0, true, 1, $4, '')`, tx.Workspace(), id, record, tx.Now())
		return err
	}))
	return id
}

// Events returns the workspace's events, newest first, each as its outcome and reason.
func (ws Workspace) Events(t testing.TB) []string {
	t.Helper()
	rows, err := ws.World.Admin.Query(t.Context(), `select rtrim(outcome || ' ' || reason) from audit.event where workspace_id = $1 order by id desc`, ws.ID)
	check(t, err)
	events, err := pgx.CollectRows(rows, pgx.RowTo[string])
	check(t, err)
	return events
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
