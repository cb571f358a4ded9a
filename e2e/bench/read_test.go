//go:build bench

package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/meeting"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// ground is a deployment as serve opens it: a private server that waits for the disk, a key store in a file.
type ground struct {
	private  *postgres.Private
	gate     *gate.Gate
	vault    *vault.Vault
	source   tenant.Source
	folder   string
	identity *identity.Service
	meetings *meeting.Service
	begun    identity.Begun
}

func open(t *testing.T) *ground {
	t.Helper()
	folder, err := os.MkdirTemp("", "mainstay-bench-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o711))
	g := &ground{folder: folder, source: tenant.Source{Now: time.Now, Random: rand.Reader}}
	keys, err := vault.OpenBolt(filepath.Join(folder, "keys.db"))
	must(t, err)
	t.Cleanup(func() { _ = keys.Close() })
	root, err := vault.FileRoot(filepath.Join(folder, "root.key"), false)
	must(t, err)
	g.vault, err = vault.New(t.Context(), vault.Config{Root: root, Keys: keys, Bucket: vault.NewFolder(filepath.Join(folder, "blobs"), nil), Source: g.source})
	must(t, err)
	g.private, err = postgres.NewPrivate(filepath.Join(folder, "postgres"))
	must(t, err)
	must(t, g.private.Start(t.Context()))
	t.Cleanup(g.private.Stop)
	pools, err := postgres.Open(t.Context(), postgres.Config{DSN: g.private.DSN("mainstay")})
	must(t, err)
	t.Cleanup(pools.Close)
	g.gate, err = gate.New(gate.Config{Pools: pools, Vault: g.vault, Source: g.source})
	must(t, err)
	g.identity, err = identity.New(identity.Config{Gate: g.gate, Vault: g.vault, Source: g.source, Region: "bench"})
	must(t, err)
	g.meetings, err = meeting.New(meeting.Config{Gate: g.gate, Source: g.source})
	must(t, err)
	token, err := g.identity.IssueSetup(t.Context())
	must(t, err)
	g.begun, err = g.identity.FirstRun(t.Context(), identity.Setup{Token: token.Reveal(), Name: "Owner", Email: "owner@example.com",
		Password: "nine measured words are enough here", Workspace: "Bench"})
	must(t, err)
	return g
}

// reads measures how many meetings a second are read through everything that a request passes, against a bare transaction
// that reads the same row, inserts a row as long as an event and commits it to the disk, in two round trips.
func reads(t *testing.T) []figure {
	g := open(t)
	owner := tenant.WithActor(t.Context(), g.begun.Actor)
	m, err := g.meetings.Create(owner, meeting.Details{Title: "Site progress meeting", Attendees: []meeting.Person{{Name: "Ada Lovelace", Email: "ada@example.com"},
		{Name: "Tom Baker", Email: "tom@example.com"}}}, "paste", false)
	must(t, err)
	through := func(ctx context.Context) error {
		actor, err := g.identity.Resolve(ctx, g.begun.Token.Reveal())
		if err != nil {
			return err
		}
		got, err := g.meetings.Read(tenant.WithActor(ctx, actor), m.ID)
		if err == nil && got.Title != m.Title {
			err = fmt.Errorf("read %q", got.Title)
		}
		return err
	}
	bare := bareRead(t, g, m)
	var figures []figure
	for _, clients := range []int{1, 16} {
		rates := map[string][]float64{}
		for range 7 {
			for name, do := range map[string]func(context.Context) error{"through": through, "bare": bare} {
				rates[name] = append(rates[name], rate(t, clients, do))
			}
		}
		ours, theirs := median(rates["through"]), median(rates["bare"])
		figures = append(figures, figure{what: fmt.Sprintf("read of a meeting through everything / bare transaction, %d clients", clients), got: ours / theirs, least: true, bar: 0.5,
			beside: fmt.Sprintf("%.0f and %.0f a second", ours, theirs)})
	}
	return figures
}

// bareRead returns the transaction without Mainstay: no session, no policy, no row security, no sealing.
func bareRead(t *testing.T, g *ground, m meeting.Meeting) func(context.Context) error {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(g.private.DSN("mainstay").Reveal())
	must(t, err)
	cfg.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	must(t, err)
	t.Cleanup(pool.Close)
	for _, sql := range []string{`create table public.bare (like audit.event including all)`} {
		_, err = pool.Exec(t.Context(), sql)
		must(t, err)
	}
	sealed := make([]byte, 140)
	_, _ = rand.Read(sealed)
	var size int
	must(t, pool.QueryRow(t.Context(), `select max(length(sealed)) from audit.event where verb = 'meeting.create'`).Scan(&size))
	if size > len(sealed)+40 {
		t.Fatalf("an event's details have %d bytes, the bare row's %d", size, len(sealed))
	}
	actor := g.begun.Actor
	return func(ctx context.Context) error {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		var row [18]any
		to := make([]any, len(row))
		for i := range row {
			to[i] = &row[i]
		}
		first := &pgx.Batch{}
		first.Queue("begin")
		first.Queue(`
select id, record_id, stage, source, starts_at, zone, language, template, told, retention = 'ephemeral', people, model_allowed, duration_ms,
    version, created_by, created_at, state = 'deleted', sealed
from tenant.meeting where workspace_id = $1 and id = $2`, actor.Workspace, m.ID).QueryRow(func(r pgx.Row) error { return r.Scan(to...) })
		if err := conn.SendBatch(ctx, first).Close(); err != nil {
			return err
		}
		second := &pgx.Batch{}
		second.Queue(`
insert into public.bare (workspace_id, id, at, stream, actor_kind, actor_id, actor_name, on_behalf_of, verb, object_id, record_id, outcome, reason,
    request_id, address, details_hash, sealed)
values ($1, $2, $3, 'access', 'member', $4, '', null, 'meeting.read', $5, $6, 'done', '', $2, '', $7, $8)`,
			actor.Workspace, tenant.NewID[tenant.EventID](g.source), g.source.Now(), actor.Member, m.ID, m.Record, sealed[:32], sealed)
		second.Queue("commit")
		return conn.SendBatch(ctx, second).Close()
	}
}

// rate returns how often clients did something in a second, over one second and a half.
func rate(t *testing.T, clients int, do func(context.Context) error) float64 {
	t.Helper()
	const span = 1500 * time.Millisecond
	var n atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range clients {
		all.Go(func() {
			for time.Since(began) < span {
				if err := do(t.Context()); err != nil {
					t.Error(err)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(began).Seconds()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
