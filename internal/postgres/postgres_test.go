package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/postgres"
	"mainstay/internal/postgres/pgtest"
	"mainstay/internal/tenant"
)

func TestTenantTablesAreFenced(t *testing.T) {
	t.Parallel()
	admin := pgtest.New(t).Admin(t)
	for name, query := range map[string]string{
		"row security is forced on": `
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('tenant', 'audit') and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`,
		"a policy stands on": `
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('tenant', 'audit') and c.relkind in ('r', 'p') and not exists (select from pg_policy p where p.polrelid = c.oid)`,
		"workspace_id is never null in": `
select t.table_schema || '.' || t.table_name from information_schema.tables t
where t.table_schema in ('tenant', 'audit') and t.table_type = 'BASE TABLE' and not exists (
    select from information_schema.columns c where c.table_schema = t.table_schema and c.table_name = t.table_name
    and c.column_name = 'workspace_id' and c.is_nullable = 'NO')`,
		"workspace_id leads every index of": `
select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('tenant', 'audit')
  and (select attname from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0]) is distinct from 'workspace_id'`,
		"no function runs as its definer": `
select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('tenant', 'audit', 'control', 'gate') and p.prosecdef`,
		"views ask as their reader": `
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('tenant', 'audit', 'gate') and c.relkind = 'v' and not coalesce('security_invoker=true' = any (c.reloptions), false)`,
		"no role of the program may change events": `
select grantee || ' ' || privilege_type from information_schema.role_table_grants
where table_name = 'event' and grantee in ('mainstay_app', 'mainstay_worker') and privilege_type not in ('SELECT', 'INSERT')`,
		"at most one sealed column in": `
select table_schema || '.' || table_name from information_schema.columns
where data_type = 'bytea' and column_name not like '%hmac' and column_name not like '%hash' and table_schema in ('tenant', 'control', 'audit')
group by 1 having count(*) > 1 or max(column_name) <> 'sealed'`,
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := admin.Query(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			broken, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			if len(broken) > 0 {
				t.Errorf("broken by %s", strings.Join(broken, ", "))
			}
		})
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	admin := db.Admin(t)
	if _, err := admin.Exec(t.Context(), `insert into queue.goose_version (version_id, is_applied) values (9999, true)`); err != nil {
		t.Fatal(err)
	}
	pools, err := postgres.Open(t.Context(), postgres.Config{DSN: db.DSN})
	if err == nil {
		pools.Close()
	}
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Sentence(err), "at version 9999") || !strings.Contains(fault.Sentence(err), "backup") {
		t.Errorf("opening a database of version 9999: %v, want fault.Invalid with a next step", err)
	}
	if _, err := admin.Exec(t.Context(), `delete from queue.goose_version where version_id = 9999`); err != nil {
		t.Fatal(err)
	}
	if pools, err = postgres.Open(t.Context(), postgres.Config{DSN: db.DSN}); err != nil {
		t.Fatalf("opening it as it was: %v", err)
	}
	pools.Close()
}

func TestWithoutAWorkspaceThereAreNoRows(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	_, err := db.Admin(t).Exec(t.Context(), `
insert into tenant.record (workspace_id, id, group_id, kind, visibility, created_at)
values ('018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002', '018f0000-0000-7000-8000-000000000002', 'meeting', 'workspace', now())`)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.App(tenant.WorkspaceID{})
	if err != nil {
		t.Fatal(err)
	}
	for _, workspace := range []string{"", "018f0000-0000-7000-8000-000000000009"} {
		var rows int
		tx, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), `select set_config('app.workspace_id', $1, true)`, workspace); err != nil {
			t.Fatal(err)
		}
		if err := tx.QueryRow(t.Context(), `select count(*) from tenant.record`).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("workspace %q sees %d rows, %v; want 0", workspace, rows, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConnectionsOverTheNetworkAreVerified(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]tenant.Secret{
		"no TLS":             "postgres://db.invalid/mainstay?sslmode=disable",
		"TLS if it likes":    "postgres://db.invalid/mainstay?sslmode=prefer",
		"any certificate":    "postgres://db.invalid/mainstay?sslmode=require",
		"any host's name":    "postgres://db.invalid/mainstay?sslmode=verify-ca",
		"not a DSN":          "::::",
		"TCP on loopback":    "postgres://127.0.0.1/mainstay?sslmode=disable",
		"default of drivers": "postgres://db.invalid/mainstay",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn}); !fault.Is(err, fault.Invalid) {
				t.Errorf("Open = %v, want fault.Invalid", err)
			}
		})
	}
}
