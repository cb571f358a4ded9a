package postgres_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"mainstay/internal/postgres"
	"mainstay/internal/postgres/pgtest"
	"mainstay/internal/tenant"
)

// released is the version of the tables in the release before (deploy/previous).
const released = 8

// held are rows as that release wrote them: an owner who is signed in, and a meeting with its transcript, its minutes and its work.
const held = `
insert into control.account (id, email_hmac, password, state, created_at, sealed) values ('018f0000-0000-7000-8000-00000000000a', '\x01', '$argon2id$', 'active', '2026-01-01', '\x02');
insert into control.session (id, account_id, workspace_id, member_id, token_hash, created_at, used_at, ends_at)
values ('018f0000-0000-7000-8000-00000000000b', '018f0000-0000-7000-8000-00000000000a', '018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002', '\x03', '2026-01-01', '2026-01-01', '2026-01-31');
insert into control.workspace (id, region, placement, created_at, claimed_at) values ('018f0000-0000-7000-8000-000000000001', 'here', 'home', '2026-01-01', '2026-01-01');
insert into control.seat (account_id, workspace_id, member_id, created_at) values ('018f0000-0000-7000-8000-00000000000a', '018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002', '2026-01-01');
insert into tenant.workspace (workspace_id, record_id, created_at, version, sealed) values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000003', '2026-01-01', 1, '\x04');
insert into tenant.member (workspace_id, id, record_id, account_id, role, state, created_at, sealed)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002', '018f0000-0000-7000-8000-000000000003', '018f0000-0000-7000-8000-00000000000a', 'owner', 'active', '2026-01-01', '\x05');
insert into tenant.record (workspace_id, id, group_id, kind, visibility, created_by, created_at)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000004', '018f0000-0000-7000-8000-000000000004', 'meeting', 'workspace', '018f0000-0000-7000-8000-000000000002', '2026-01-01');
insert into tenant.meeting (workspace_id, id, record_id, state, stage, source, zone, language, template, told, retention, people, model_allowed, version, created_by, created_at, sealed)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000005', '018f0000-0000-7000-8000-000000000004', 'open', 'draft', 'paste', 'UTC', 'en', 'general', 'unknown', 'kept', 0, true, 1, '018f0000-0000-7000-8000-000000000002', '2026-01-01', '\x06');
insert into tenant.transcript (workspace_id, id, record_id, meeting_id, run, language, segments, created_at, sealed)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000006', '018f0000-0000-7000-8000-000000000004', '018f0000-0000-7000-8000-000000000005', 1, 'en', 1, '2026-01-01', '\x07');
insert into tenant.segment (workspace_id, transcript_id, number, record_id, sealed)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000006', 1, '018f0000-0000-7000-8000-000000000004', '\x08');
insert into tenant.minutes (workspace_id, id, record_id, meeting_id, transcript_id, run, version, state, drafted_by, lines, created_at, changed_at, sealed)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000007', '018f0000-0000-7000-8000-000000000004', '018f0000-0000-7000-8000-000000000005', '018f0000-0000-7000-8000-000000000006', 1, 1, 'draft', 'rules', 1, '2026-01-01', '2026-01-01', '\x09');
insert into tenant.step (workspace_id, id, record_id, kind, input_id, run, state, attempt, failures, next_at, node, phase, progress, reason, created_at)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000008', '018f0000-0000-7000-8000-000000000004', 'draft', '018f0000-0000-7000-8000-000000000006', 1, 'done', 1, 0, '2026-01-01', '', '', 1, '', '2026-01-01');`

// TestMigrationsKeepWhatIsThere brings a database with the release before's rows to today's tables.
func TestMigrationsKeepWhatIsThere(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	cfg, err := pgx.ParseConfig(db.DSN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	old, name := cfg.Database, cfg.Database+"_before"
	admin := db.Admin(t)
	for _, sql := range []string{`create database ` + name, `grant create on database ` + name + ` to mainstay_migrate`} {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		conn, err := pgx.Connect(ctx, db.DSN.Reveal())
		if err == nil {
			_, err = conn.Exec(ctx, `drop database `+name+` with (force)`)
			_ = conn.Close(ctx)
		}
		if err != nil {
			t.Error(err)
		}
	})
	cfg.Database = name
	before(t, cfg)
	past, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close(t.Context())
	if _, err := past.PgConn().Exec(t.Context(), held).ReadAll(); err != nil {
		t.Fatalf("writing the rows of before: %v", err)
	}
	pools, err := postgres.Open(t.Context(), postgres.Config{DSN: tenant.Secret(strings.ReplaceAll(db.DSN.Reveal(), old, name)), Connections: 2})
	if err != nil {
		t.Fatalf("opening it today: %v", err)
	}
	pools.Close()
	var version int
	if err := past.QueryRow(t.Context(), `select max(version_id) from queue.goose_version`).Scan(&version); err != nil || version != postgres.Version() {
		t.Errorf("the database is at version %d, %v, want %d", version, err, postgres.Version())
	}
	for _, table := range []string{"control.account", "control.session", "control.workspace", "control.seat", "tenant.workspace", "tenant.member", "tenant.record", "tenant.meeting",
		"tenant.transcript", "tenant.segment", "tenant.minutes", "tenant.step"} {
		var n int
		if err := past.QueryRow(t.Context(), fmt.Sprintf(`select count(*) from %s`, table)).Scan(&n); err != nil || n != 1 {
			t.Errorf("%s has %d rows of one, %v", table, n, err)
		}
	}
}

// before makes the tables of the release before.
func before(t *testing.T, cfg *pgx.ConnConfig) {
	t.Helper()
	owner := cfg.Copy()
	owner.RuntimeParams["role"] = "mainstay_migrate"
	sql := stdlib.OpenDB(*owner)
	defer sql.Close()
	if _, err := sql.ExecContext(t.Context(), `create schema if not exists queue`); err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, sql, os.DirFS("migrations"), goose.WithTableName("queue.goose_version"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), released); err != nil {
		t.Fatal(err)
	}
}
