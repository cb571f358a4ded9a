package trust

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/trust/search"
)

// inventory returns the columns that the database has, in the form and order of [postgres.Tables].
func inventory(ctx context.Context, tx *gate.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `
select n.nspname || '.' || c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('control', 'tenant', 'audit', 'queue', 'gate') and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
order by n.nspname collate "C", c.relname collate "C", a.attname collate "C"`)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// connection says how the act's connection came: by Unix socket, else with or without TLS.
func connection(ctx context.Context, tx *gate.Tx) (socket, tls bool, err error) {
	err = tx.QueryRow(ctx, `
select a.client_addr is null, coalesce(s.ssl, false) from pg_stat_activity a left join pg_stat_ssl s on s.pid = a.pid
where a.pid = pg_backend_pid()`).Scan(&socket, &tls)
	return socket, tls, err
}

// bare returns the tables of workspaces that are not walled, each with what it lacks, and how many there are in all.
func bare(ctx context.Context, tx *gate.Tx) (lacks []string, tables int, err error) {
	rows, err := tx.Query(ctx, `
select n.nspname || '.' || c.relname,
    case when a.attnotnull is not true then 'has no workspace_id that must be set'
         when not c.relrowsecurity then 'is not under row security'
         when not c.relforcerowsecurity then 'is not under forced row security'
         when pg_get_userbyid(c.relowner) in ('mainstay_app', 'mainstay_worker') then 'is owned by a role that serves'
         when not exists (select from pg_policy p where p.polrelid = c.oid) then 'has no policy'
         else '' end
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped
where n.nspname in ('tenant', 'audit') and c.relkind in ('r', 'p')
union all
select 'role ' || rolname, 'can pass row security' from pg_roles where rolname in ('mainstay_app', 'mainstay_worker') and (rolsuper or rolbypassrls)
union all
select 'view ' || n.nspname || '.' || c.relname, 'runs with the rights of its owner'
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('control', 'tenant', 'audit', 'gate') and c.relkind in ('v', 'm') and not coalesce(c.reloptions @> array['security_invoker=true'], false)
order by 1`)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the catalogue: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, lack string
		if err := rows.Scan(&table, &lack); err != nil {
			return nil, 0, err
		}
		tables++
		if lack != "" {
			lacks = append(lacks, table+" "+lack)
		}
	}
	return lacks, tables, rows.Err()
}

// ownTables returns the tables that have a workspace_id, and whether the acting role may change their rows.
func ownTables(ctx context.Context, tx *gate.Tx) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `
select c.oid::regclass::text, has_table_privilege(c.oid, 'update')
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
where n.nspname in ('tenant', 'audit') and c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select')`)
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	defer rows.Close()
	tables := map[string]bool{}
	for rows.Next() {
		var name string
		var changes bool
		if err := rows.Scan(&name, &changes); err != nil {
			return nil, err
		}
		tables[name] = changes
	}
	return tables, rows.Err()
}

// inRows returns the tables in which a row of the workspace holds what the search looks for, and how many rows it has. The
// tables' names come from the catalogue, which quotes them.
func inRows(ctx context.Context, tx *gate.Tx, s *search.Search) (tables []string, rows int, err error) {
	all, err := ownTables(ctx, tx)
	if err != nil {
		return nil, 0, err
	}
	return inTables(ctx, tx, s, maps.Keys(all), `t.workspace_id = $1`, tx.Workspace())
}

// inTables looks at the rows of tables for which a condition on t and $1 holds.
func inTables(ctx context.Context, tx *gate.Tx, s *search.Search, all iter.Seq[string], where string, arg any) (tables []string, rows int, err error) {
	for table := range all {
		found, err := tx.Query(ctx, `select t.* from `+table+` t where `+where, arg)
		hit, n, err := within(found, err, s)
		if err != nil {
			return nil, rows, fmt.Errorf("reading %s: %w", table, err)
		}
		if rows += n; hit {
			tables = append(tables, table)
		}
	}
	return tables, rows, nil
}

// within reports whether a row holds what the search looks for, and how many rows there are.
func within(found pgx.Rows, err error, s *search.Search) (hit bool, rows int, _ error) {
	if err != nil {
		return false, 0, err
	}
	defer found.Close()
	for found.Next() {
		rows++
		for _, cell := range found.RawValues() {
			hit = hit || len(s.Within(cell)) > 0
		}
	}
	return hit, rows, found.Err()
}

// horizon returns the transaction since which everything that will be written can be told apart.
func horizon(ctx context.Context, tx *gate.Tx) (string, error) {
	var xid string
	err := tx.QueryRow(ctx, `select pg_snapshot_xmin(pg_current_snapshot())::text`).Scan(&xid)
	return xid, err
}

// sharedTables returns the tables of no workspace that the acting role may read.
func sharedTables(ctx context.Context, tx *gate.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `
select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('control', 'queue') and c.relkind = 'r' and has_table_privilege(c.oid, 'select') order by 1`)
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// inShared is inRows for the tables of no workspace, and for what was written there since a transaction.
func inShared(ctx context.Context, tx *gate.Tx, s *search.Search, since string) (tables []string, rows int, err error) {
	all, err := sharedTables(ctx, tx)
	if err != nil {
		return nil, 0, err
	}
	return inTables(ctx, tx, s, slices.Values(all), `age(t.xmin) <= age(($1::text)::xid8::xid)`, since)
}

// foreign counts the rows of other workspaces that an act of this one sees, and those of one that it could change. Nothing
// that it tries stays.
func foreign(ctx context.Context, tx *gate.Tx, other [16]byte) (seen, changed int64, tables int, err error) {
	all, err := ownTables(ctx, tx)
	if err != nil {
		return 0, 0, 0, err
	}
	for table, changes := range all {
		var n int64
		if err := tx.QueryRow(ctx, `select count(*) from `+table+` where workspace_id <> $1`, tx.Workspace()).Scan(&n); err != nil {
			return 0, 0, 0, fmt.Errorf("counting in %s: %w", table, err)
		}
		seen += n
		if !changes {
			continue
		}
		tag, err := tx.Exec(ctx, `update `+table+` set workspace_id = workspace_id where workspace_id = $1`, other)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("changing %s: %w", table, err)
		}
		changed += tag.RowsAffected()
	}
	return seen, changed, len(all), nil
}
