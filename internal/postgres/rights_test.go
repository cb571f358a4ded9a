package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"mainstay/internal/postgres/pgtest"
	"mainstay/internal/tenant"
)

// rights is what each role may do with each table: s(elect), i(nsert), u(pdate), d(elete). What is not here is nothing.
func rights() map[string]string {
	return map[string]string{
		"mainstay_app audit.event":              "si",
		"mainstay_app control.access_log":       "sid",
		"mainstay_app control.account":          "siud",
		"mainstay_app control.allowance":        "siud",
		"mainstay_app control.challenge":        "siu",
		"mainstay_app control.browser":          "siud",
		"mainstay_app control.former_password":  "siud",
		"mainstay_app control.link":             "siud",
		"mainstay_app control.credential":       "siu",
		"mainstay_app control.device":           "siud",
		"mainstay_app control.event":            "si",
		"mainstay_app control.outbox":           "siud",
		"mainstay_app control.linked_identity":  "siud",
		"mainstay_app control.proven_domain":    "siud",
		"mainstay_app control.provider":         "siud",
		"mainstay_app control.used_state":       "sid",
		"mainstay_app tenant.domain":            "siud",
		"mainstay_app tenant.sign_in_provider":  "siud",
		"mainstay_app control.invitation":       "siu",
		"mainstay_app control.seat":             "siud",
		"mainstay_app tenant.invitation":        "siu",
		"mainstay_app control.session":          "siud",
		"mainstay_app control.ceremony":         "siud",
		"mainstay_app control.passkey":          "siud",
		"mainstay_app control.phone":            "siud",
		"mainstay_app control.recovery_code":    "siud",
		"mainstay_app control.text_message":     "siud",
		"mainstay_app control.totp":             "siud",
		"mainstay_app control.wrong_code":       "siu",
		"mainstay_app control.setup":            "siu",
		"mainstay_app control.token":            "siud",
		"mainstay_app control.workspace":        "siu",
		"mainstay_app gate.readable":            "s",
		"mainstay_app queue.river_job":          "siu",
		"mainstay_app tenant.access":            "s",
		"mainstay_app tenant.credential":        "siu",
		"mainstay_app tenant.egress":            "siu",
		"mainstay_app tenant.idempotency":       "siud",
		"mainstay_app tenant.meeting":           "siu",
		"mainstay_app tenant.member":            "siud",
		"mainstay_app tenant.minutes":           "siu",
		"mainstay_app tenant.model":             "siu",
		"mainstay_app tenant.mail_setting":      "siu",
		"mainstay_app tenant.notice":            "su",
		"mainstay_app tenant.notice_choice":     "siu",
		"mainstay_app tenant.part":              "si",
		"mainstay_app tenant.record":            "siu",
		"mainstay_app tenant.recording":         "siu",
		"mainstay_app tenant.segment":           "si",
		"mainstay_app tenant.speaker":           "siu",
		"mainstay_app tenant.speech_setting":    "siu",
		"mainstay_app tenant.step":              "siu",
		"mainstay_app tenant.transcript":        "si",
		"mainstay_app tenant.upload":            "siu",
		"mainstay_app tenant.webhook":           "siu",
		"mainstay_app tenant.delivery":          "sid",
		"mainstay_worker tenant.webhook":        "su",
		"mainstay_worker tenant.delivery":       "siud",
		"mainstay_app tenant.workspace":         "siu",
		"mainstay_worker audit.event":           "si",
		"mainstay_worker gate.readable":         "s",
		"mainstay_worker tenant.access":         "s",
		"mainstay_worker tenant.egress":         "siu",
		"mainstay_worker tenant.idempotency":    "sd",
		"mainstay_worker tenant.meeting":        "su",
		"mainstay_worker tenant.member":         "s",
		"mainstay_worker tenant.minutes":        "siu",
		"mainstay_worker tenant.model":          "s",
		"mainstay_worker tenant.mail_setting":   "s",
		"mainstay_worker tenant.notice":         "siu",
		"mainstay_worker tenant.notice_choice":  "siu",
		"mainstay_worker tenant.part":           "s",
		"mainstay_worker tenant.record":         "siu",
		"mainstay_worker tenant.recording":      "su",
		"mainstay_worker tenant.segment":        "si",
		"mainstay_worker tenant.speaker":        "siu",
		"mainstay_worker tenant.speech_setting": "s",
		"mainstay_worker tenant.step":           "siu",
		"mainstay_worker tenant.transcript":     "si",
		"mainstay_worker tenant.upload":         "su",
		"mainstay_worker tenant.workspace":      "s",

		"mainstay_worker queue.river_job":          "siud",
		"mainstay_worker queue.river_leader":       "siud",
		"mainstay_worker queue.river_notification": "siud",
		"mainstay_worker queue.river_queue":        "siud",
		"mainstay_worker queue.turn":               "siu",
	}
}

func TestRolesHaveTheseRightsOnly(t *testing.T) {
	t.Parallel()
	admin := pgtest.New(t).Admin(t)
	rows, err := admin.Query(t.Context(), `
select r.rolname || ' ' || n.nspname || '.' || c.relname,
       concat(case when has_table_privilege(r.oid, c.oid, 'select') then 's' end, case when has_table_privilege(r.oid, c.oid, 'insert') then 'i' end,
              case when has_table_privilege(r.oid, c.oid, 'update') then 'u' end, case when has_table_privilege(r.oid, c.oid, 'delete') then 'd' end,
              case when has_table_privilege(r.oid, c.oid, 'truncate') then ' truncate' end, case when has_table_privilege(r.oid, c.oid, 'references') then ' references' end,
              case when has_table_privilege(r.oid, c.oid, 'trigger') then ' trigger' end)
from pg_roles r, pg_class c join pg_namespace n on n.oid = c.relnamespace
where r.rolname in ('mainstay_app', 'mainstay_worker') and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var what, may string
	if _, err := pgx.ForEachRow(rows, []any{&what, &may}, func() error {
		if may != "" {
			got[what] = may
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rights(), got); diff != "" {
		t.Errorf("what roles may do is not what this test says (-want +got):\n%s", diff)
	}
}

// TestRolesCannotReachFurther tries, as each role, what an injected statement would.
func TestRolesCannotReachFurther(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	app, _ := db.App(tenant.WorkspaceID{})
	worker, _ := db.Worker(tenant.WorkspaceID{})
	read, _ := db.ControlRead()
	for _, attempt := range []string{
		`create table tenant.extra (id int)`, `create table public.extra (id int)`, `create schema extra`,
		`create function tenant.extra() returns int language sql as 'select 1'`,
		`alter table tenant.meeting disable row level security`, `alter table tenant.meeting no force row level security`,
		`drop policy workspace_is_own on tenant.meeting`, `drop table tenant.meeting`, `truncate audit.event`,
		`create or replace function tenant.current_workspace() returns uuid language sql as 'select null::uuid'`,
		`create trigger t before insert on audit.event for each row execute function suppress_redundant_updates_trigger()`,
		`update audit.event set verb = ''`, `delete from audit.event`, `delete from tenant.record`, `update tenant.segment set number = 1`,
		`set role mainstay_migrate`, `set session authorization mainstay_migrate`, `alter role current_user bypassrls`, `create role extra`,
		`grant mainstay_migrate to current_user`,
		`copy tenant.meeting to program 'true'`, `copy (select 1) to '/tmp/extra'`, `select pg_read_file('/etc/passwd')`,
		`select rolpassword from pg_authid`, `alter system set log_statement = 'all'`,
		`select * from queue.goose_version`, `select lo_import('/etc/passwd')`,
	} {
		for role, pool := range map[string]*pgxpool.Pool{"app": app, "worker": worker} {
			if _, err := pool.Exec(t.Context(), attempt); !refused(err) {
				t.Errorf("%s did %q: %v", role, attempt, err)
			}
		}
	}
	for _, attempt := range []string{`select * from control.account`, `select * from control.session`, `insert into tenant.member default values`,
		`update tenant.workspace set version = 1`, `insert into tenant.access default values`} {
		if _, err := worker.Exec(t.Context(), attempt); !refused(err) {
			t.Errorf("worker did %q: %v", attempt, err)
		}
	}
	if _, err := read.Exec(t.Context(), `update control.session set ended_at = null`); code(err) != "25006" {
		t.Errorf("a look wrote: %v", err)
	}
}

func code(err error) string {
	var pg *pgconn.PgError
	errors.As(err, &pg)
	if pg == nil {
		return ""
	}
	return pg.Code
}

// refused reports whether an error says that a role may not, in one of PostgreSQL's ways.
func refused(err error) bool {
	return slices.Contains([]string{"42501", "28000"}, code(err)) // insufficient privilege, invalid authorization
}

// TestEveryColumnHasAClass holds docs/data-classes.md to the database, both ways.
func TestEveryColumnHasAClass(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "data-classes.md"))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		table := strings.TrimSpace(cells[0])
		if len(cells) != 8 || !strings.Contains(table, ".") {
			continue
		}
		for i, class := range []string{"id", "time", "count", "label", "digest", "personal", "sealed"} {
			names := strings.Fields(cells[i+1])
			if class == "sealed" {
				names = regexp.MustCompile(`^\s*sealed: \w`).FindStringSubmatch(cells[i+1])
				for j := range names {
					names[j] = "sealed"
				}
			}
			for _, name := range names {
				if before, twice := written[table+"."+name]; twice {
					t.Errorf("%s.%s has two classes, %s and %s", table, name, before, class)
				}
				written[table+"."+name] = class
			}
		}
	}
	for column, kind := range columns(t) {
		class, ok := written[column]
		if !ok {
			t.Errorf("%s has no class in docs/data-classes.md", column)
		}
		if !slices.Contains(kindsOf(class), kind) {
			t.Errorf("%s is %s, which holds no %s", column, kind, class)
		}
		delete(written, column)
	}
	for column := range written {
		t.Errorf("docs/data-classes.md names %s, which does not exist", column)
	}
}

// kindsOf returns the types of columns that a class may have: bytes are digests or sealed, and text is never a count.
func kindsOf(class string) []string {
	return map[string][]string{
		"id": {"uuid", "bigint", "integer"}, "time": {"timestamp with time zone", "timestamp without time zone"},
		"count": {"smallint", "integer", "bigint", "real"}, "digest": {"bytea", "text"}, "personal": {"text"}, "sealed": {"bytea"},
		"label": {"text", "boolean", "integer", "USER-DEFINED", "bit", "ARRAY", "jsonb"},
	}[class]
}

func columns(t *testing.T) map[string]string {
	t.Helper()
	rows, err := pgtest.New(t).Admin(t).Query(t.Context(), `
select c.table_schema || '.' || c.table_name || '.' || c.column_name, c.data_type
from information_schema.columns c join information_schema.tables b using (table_schema, table_name)
where b.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	var column, kind string
	if _, err := pgx.ForEachRow(rows, []any{&column, &kind}, func() error { all[column] = kind; return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}
