// Package postgres opens the database: pools for the roles of the program, migrations, and, where no database was given, a
// private server in the data folder. Nobody but the gate and the queue asks it for a pool.
//
// Three roles share the work. mainstay_migrate owns the tables and runs migrations; mainstay_app and mainstay_worker, which
// serve people and jobs, own nothing and cannot pass Row-Level Security. Open refuses a database in which that is not so.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// The roles of the program.
const (
	roleMigrate = "mainstay_migrate"
	roleApp     = "mainstay_app"
	roleWorker  = "mainstay_worker"
)

// Config says which database and how many connections. DSN is an administrator's connection string, who may make roles.
type Config struct {
	DSN         tenant.Secret
	Connections int32 // of each role, at most; zero: 16
}

// Pools are the connections to the home placement.
type Pools struct {
	app, worker, read *pgxpool.Pool
}

// Open migrates the database to this program's version, checks that the roles are as weak as they must be, and returns the
// pools. It fails with fault.Invalid for a connection that is neither local nor verified TLS.
func Open(ctx context.Context, cfg Config) (*Pools, error) {
	admin, err := pgx.ParseConfig(cfg.DSN.Reveal())
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "The database's connection string is not usable. Check it.", errors.New("unreadable connection string"))
	}
	if err := secure(admin); err != nil {
		return nil, err
	}
	if err := migrate(ctx, admin); err != nil {
		return nil, err
	}
	return Connect(ctx, cfg)
}

// Connect is Open for a database that is migrated already.
func Connect(ctx context.Context, cfg Config) (*Pools, error) {
	pools, err := &Pools{}, error(nil)
	for _, p := range []struct {
		role   string
		pool   **pgxpool.Pool
		params map[string]string
	}{{roleApp, &pools.app, nil}, {roleWorker, &pools.worker, nil}, {roleApp, &pools.read, map[string]string{"default_transaction_read_only": "on"}}} {
		if *p.pool, err = open(ctx, cfg, p.role, p.params); err != nil {
			pools.Close()
			return nil, err
		}
	}
	if err := pools.check(ctx); err != nil {
		pools.Close()
		return nil, err
	}
	return pools, nil
}

// secure refuses a connection over a network without verified TLS. A Unix socket needs none.
func secure(c *pgx.ConnConfig) error {
	if strings.HasPrefix(c.Host, "/") {
		return nil
	}
	if c.TLSConfig == nil || c.TLSConfig.InsecureSkipVerify || c.TLSConfig.ServerName == "" || len(c.Fallbacks) > 0 {
		return fault.New(fault.Invalid, "The database connection is not verified. Add sslmode=verify-full to the connection string, or use a Unix socket.")
	}
	return nil
}

// open connects as the role itself where the socket knows us (a private server), and otherwise as the connection string's
// user who takes the role at once.
func open(ctx context.Context, cfg Config, role string, params map[string]string) (*pgxpool.Pool, error) {
	pc, err := pgxpool.ParseConfig(cfg.DSN.Reveal())
	if err != nil {
		return nil, errors.New("reading the connection string")
	}
	if strings.HasPrefix(pc.ConnConfig.Host, "/") && pc.ConnConfig.Password == "" {
		pc.ConnConfig.User = role
	} else {
		pc.ConnConfig.RuntimeParams["role"] = role
	}
	pc.ConnConfig.RuntimeParams["statement_timeout"] = "60000"
	pc.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "60000"
	pc.ConnConfig.RuntimeParams["timezone"] = "UTC"
	maps.Copy(pc.ConnConfig.RuntimeParams, params)
	pc.AfterConnect = func(_ context.Context, conn *pgx.Conn) error { uuids(conn); return nil }
	pc.MaxConns = cfg.Connections
	if pc.MaxConns == 0 {
		pc.MaxConns = 16
	}
	pc.MaxConnIdleTime = 5 * time.Minute
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("opening the pool of %s: %w", role, Fault(err))
	}
	return pool, nil
}

// App returns the pool that serves people of the workspace.
func (p *Pools) App(tenant.WorkspaceID) (*pgxpool.Pool, error) { return p.app, nil }

// Worker returns the pool that serves jobs of the workspace.
func (p *Pools) Worker(tenant.WorkspaceID) (*pgxpool.Pool, error) { return p.worker, nil }

// Control returns the pool of the schema control.
func (p *Pools) Control() (*pgxpool.Pool, error) { return p.app, nil }

// ControlRead returns a pool of the schema control whose connections cannot write.
func (p *Pools) ControlRead() (*pgxpool.Pool, error) { return p.read, nil }

// Close ends every connection.
func (p *Pools) Close() {
	for _, pool := range []*pgxpool.Pool{p.app, p.worker, p.read} {
		if pool != nil {
			pool.Close()
		}
	}
}

// check refuses to serve from a database in which the program's roles could pass Row-Level Security.
func (p *Pools) check(ctx context.Context) error {
	var strong, bare int
	err := p.app.QueryRow(ctx, `
select (select count(*) from pg_roles where rolname in ('mainstay_app', 'mainstay_worker') and (rolsuper or rolbypassrls)),
       (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('tenant', 'audit') and c.relkind in ('r', 'p')
          and (not c.relrowsecurity or not c.relforcerowsecurity or pg_get_userbyid(c.relowner) in ('mainstay_app', 'mainstay_worker')))`).
		Scan(&strong, &bare)
	if err != nil {
		return fmt.Errorf("checking the database's roles: %w", Fault(err))
	}
	if strong > 0 || bare > 0 {
		return fault.New(fault.Invalid, "The database's roles are stronger than they may be, or a table is not under forced row security. Mainstay does not start like this.")
	}
	return nil
}

// socketDSN addresses a server by its Unix socket.
func socketDSN(folder, user, database string) tenant.Secret {
	q := url.Values{"host": {folder}, "user": {user}, "database": {database}, "port": {port}}
	return tenant.Secret("postgres:///?" + q.Encode())
}
