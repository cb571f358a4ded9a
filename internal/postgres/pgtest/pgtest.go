// Package pgtest gives each test a database of its own on a real PostgreSQL server.
//
// The first test of a test binary starts a private server; it dies with the binary. Every database is cloned from a template
// that was migrated once, which takes a few milliseconds.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
)

// Database is a migrated database that no other test sees.
type Database struct {
	*postgres.Pools
	DSN tenant.Secret // as the server's administrator, for what a test must see past the gate
}

// New returns a database. It and its connections end with the test.
func New(t testing.TB) Database {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	db, err := s.clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Close()
		if err := s.drop(db.DSN); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Admin returns a connection as the server's administrator, who passes Row-Level Security.
func (d Database) Admin(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.DSN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

var shared = sync.OnceValues(start)

type server struct {
	private *postgres.Private
	clones  atomic.Int64
	mu      sync.Mutex // a template can be cloned by one at a time
}

const template = "mainstay"

// start brings the binary's server up and migrates its template.
func start() (*server, error) {
	root := filepath.Join(os.TempDir(), "mainstay-pgtest")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of test servers: %w", err)
	}
	sweep(root)
	private, err := postgres.NewFast(filepath.Join(root, strconv.Itoa(os.Getpid())))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := private.Start(ctx); err != nil {
		return nil, err
	}
	pools, err := postgres.Open(ctx, postgres.Config{DSN: private.DSN(template), Connections: 1})
	if err != nil {
		return nil, err
	}
	pools.Close()
	return &server{private: private}, nil
}

// sweep removes the folders of binaries that have ended.
func sweep(root string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join("/proc", e.Name())); os.IsNotExist(err) {
			_ = os.RemoveAll(filepath.Join(root, e.Name()))
		}
	}
}

func (s *server) clone(ctx context.Context) (Database, error) {
	name := fmt.Sprintf("test_%d", s.clones.Add(1))
	s.mu.Lock()
	err := s.admin(ctx, `create database `+name+` template `+template)
	s.mu.Unlock()
	if err != nil {
		return Database{}, fmt.Errorf("cloning a database: %w", err)
	}
	dsn := s.private.DSN(name)
	pools, err := postgres.Connect(ctx, postgres.Config{DSN: dsn, Connections: 8})
	return Database{Pools: pools, DSN: dsn}, err
}

func (s *server) drop(dsn tenant.Secret) error {
	cfg, err := pgx.ParseConfig(dsn.Reveal())
	if err != nil || !strings.HasPrefix(cfg.Database, "test_") {
		return fmt.Errorf("not a test's database: %w", err)
	}
	return s.admin(context.Background(), `drop database `+cfg.Database+` with (force)`)
}

func (s *server) admin(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.private.DSN("postgres").Reveal())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}
