package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"mainstay/internal/fault"
)

//go:embed migrations/*.sql
var files embed.FS

// advisory names the lock under which one program at a time migrates a cluster.
const advisory int64 = 0x6d61696e73746179

// migrate makes the roles and applies what is missing. Roles belong to the cluster: several databases of one cluster may
// migrate at once, so a lock is taken first.
func migrate(ctx context.Context, admin *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, admin)
	if err != nil {
		return fmt.Errorf("connecting to the database: %w", Fault(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := makeRoles(ctx, conn); err != nil {
		return fmt.Errorf("making the database's roles: %w", Fault(err))
	}
	owner := admin.Copy()
	owner.RuntimeParams["role"] = roleMigrate
	if err := applyMigrations(ctx, owner); err != nil {
		return fmt.Errorf("migrating the database: %w", Fault(err))
	}
	return nil
}

func makeRoles(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, advisory); err != nil {
		return err
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, advisory)
	}()
	for _, role := range []string{roleMigrate, roleApp, roleWorker} {
		var there bool
		if err := conn.QueryRow(ctx, `select exists (select from pg_roles where rolname = $1)`, role).Scan(&there); err != nil {
			return err
		}
		if there {
			continue
		}
		for _, statement := range []string{
			`create role ` + role + ` login nosuperuser nobypassrls nocreatedb nocreaterole noinherit`,
			`grant ` + role + ` to current_user`,
		} {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	_, err := conn.Exec(ctx, `grant create on database `+pgx.Identifier{conn.Config().Database}.Sanitize()+` to `+roleMigrate)
	return err
}

// Version returns the number of the newest migration, which is the version of every database that Open has opened.
func Version() int {
	names, err := fs.Glob(files, "migrations/*.sql")
	newest := 0
	for _, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		if n, notOne := strconv.Atoi(number); err == nil && notOne == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

func applyMigrations(ctx context.Context, cfg *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	if _, err := db.ExecContext(ctx, `create schema if not exists queue`); err != nil {
		return err
	}
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithTableName("queue.goose_version"))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	there, known, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if there > known {
		return newer(there, known)
	}
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	return migrateRiver(ctx, cfg)
}

// newer refuses a database that a newer program has changed: this one knows neither its tables nor what it may not write.
func newer(there, known int64) error {
	return fault.New(fault.Invalid, fmt.Sprintf("The data was written by a newer Mainstay: its database is at version %d, and this program knows %d. "+
		"Install that release again, or bring back the backup that was made before the upgrade.", there, known))
}

func migrateRiver(ctx context.Context, cfg *pgx.ConnConfig) error {
	pc, err := pgxpool.ParseConfig("")
	if err != nil {
		return err
	}
	pc.ConnConfig, pc.MaxConns = cfg.Copy(), 2
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return err
	}
	defer pool.Close()
	river, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: "queue"})
	if err != nil {
		return err
	}
	if _, err := river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrating the queue: %w", err)
	}
	for _, grant := range []string{ // whoever acts for people enters jobs; only workers see to them
		`grant usage on schema queue to mainstay_app, mainstay_worker`,
		`grant select, insert, update on queue.river_job to mainstay_app`,
		`grant select, insert, update, delete on queue.river_job, queue.river_queue, queue.river_leader, queue.river_notification to mainstay_worker`,
		`grant usage on all sequences in schema queue to mainstay_app, mainstay_worker`,
	} {
		if _, err := pool.Exec(ctx, grant); err != nil {
			return err
		}
	}
	return nil
}
