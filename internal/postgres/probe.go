package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Facts is what a probe found.
type Facts struct {
	Version string        // "15.14"
	Took    time.Duration // of a durable commit
	Now     time.Time     // the server's clock
	Newest  *time.Time    // the newest event's time, nil before the first
}

// Probe asks the server's facts and commits a write that leaves no row: a message in the write-ahead log, which reaches the
// disk before the commit returns.
func (p *Pools) Probe(ctx context.Context) (Facts, error) {
	var f Facts
	err := p.app.QueryRow(ctx, `select split_part(current_setting('server_version'), ' ', 1), clock_timestamp(), (select at from control.event order by id desc limit 1)`).
		Scan(&f.Version, &f.Now, &f.Newest)
	if err != nil {
		return f, Fault(err)
	}
	began := time.Now()
	err = pgx.BeginFunc(ctx, p.app, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select pg_logical_emit_message(true, 'mainstay', 'probe')`)
		return err
	})
	f.Took = time.Since(began)
	return f, Fault(err)
}

// Server returns PostgreSQL's version, such as "15.14".
func (p *Pools) Server(ctx context.Context) (string, error) {
	var version string
	err := p.app.QueryRow(ctx, `select split_part(current_setting('server_version'), ' ', 1)`).Scan(&version)
	return version, Fault(err)
}

// Size returns how many bytes the database takes on its server's disk.
func (p *Pools) Size(ctx context.Context) (int64, error) {
	var n int64
	err := p.app.QueryRow(ctx, `select pg_database_size(current_database())`).Scan(&n)
	return n, Fault(err)
}
