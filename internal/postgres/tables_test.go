package postgres_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/postgres"
	"mainstay/internal/postgres/pgtest"
)

var update = flag.Bool("update", false, "write tables.txt anew")

// TestTheDeclaredTablesAreThoseOfTheMigrations keeps tables.txt equal to what a fresh database has.
func TestTheDeclaredTablesAreThoseOfTheMigrations(t *testing.T) {
	t.Parallel()
	rows, err := pgtest.New(t).Admin(t).Query(t.Context(), `
select n.nspname || '.' || c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('control', 'tenant', 'audit', 'queue', 'gate') and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
order by n.nspname collate "C", c.relname collate "C", a.attname collate "C"`)
	if err != nil {
		t.Fatal(err)
	}
	have, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(have, "\n") + "\n"
	if *update {
		if err := os.WriteFile("tables.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if declared := strings.Join(postgres.Tables(), "\n") + "\n"; declared != text && !*update {
		t.Error("tables.txt is not what the migrations make: run make gen")
	}
}
