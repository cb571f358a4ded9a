package e2e

import (
	"encoding/hex"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/postgres"
	"mainstay/internal/vault"
)

// remains is what lies in a data folder, read past the program: by the files and rows themselves.
type remains struct {
	keys    map[string]bool // workspace/record that has a key
	records map[string]bool // workspace/record that has a row and was not erased
	blobs   map[string]bool // workspace/record/object in the folder of blobs
	parts   map[string]bool // workspace/record/object that a row of a living record counts
	strays  []string        // files that a crash left half-written
}

// inspect reads a data folder over which nothing runs.
func (d *deployment) inspect(t *testing.T) remains {
	t.Helper()
	r := remains{keys: map[string]bool{}, blobs: map[string]bool{}}
	store, err := vault.OpenBolt(filepath.Join(d.data(), "keys.db"))
	check(t, err)
	entries, err := store.List(t.Context(), "r/", "", 1_000_000)
	check(t, err)
	check(t, store.Close())
	for _, e := range entries {
		r.keys[strings.TrimPrefix(e.ID, "r/")] = true
	}
	blobs := filepath.Join(d.data(), "blobs")
	err = filepath.WalkDir(blobs, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return ignoreMissing(err)
		}
		name, err := filepath.Rel(blobs, path)
		if strings.HasPrefix(name, ".") {
			r.strays = append(r.strays, name)
			return err
		}
		r.blobs[filepath.ToSlash(name)] = true
		return err
	})
	check(t, err)
	server, err := postgres.NewPrivate(filepath.Join(d.data(), "postgres"))
	check(t, err)
	check(t, server.Start(t.Context()))
	defer server.Stop()
	conn := d.admin(t)
	defer conn.Close(t.Context())
	r.records = names(t, conn, `select workspace_id, id from tenant.record where erased_at is null`)
	r.parts = names(t, conn, `
select p.workspace_id, p.record_id, p.object_id from tenant.part p
join tenant.record r on r.workspace_id = p.workspace_id and r.id = p.record_id where r.erased_at is null`)
	return r
}

func ignoreMissing(err error) error {
	if err != nil && strings.Contains(err.Error(), "no such file") {
		return nil
	}
	return err
}

// names reads rows of ids and writes each as hexadecimal digits, joined by slashes.
func names(t *testing.T, conn *pgx.Conn, sql string) map[string]bool {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	check(t, err)
	found := map[string]bool{}
	for rows.Next() {
		values, err := rows.Values()
		check(t, err)
		parts := make([]string, len(values))
		for i, v := range values {
			id := v.([16]byte)
			parts[i] = hex.EncodeToString(id[:])
		}
		found[strings.Join(parts, "/")] = true
	}
	check(t, rows.Err())
	return found
}

// whole fails the test for everything that has no counterpart.
func (r remains) whole(t *testing.T) {
	t.Helper()
	if len(r.keys) == 0 || len(r.records) == 0 {
		t.Errorf("there are %d keys and %d records: nothing was inspected", len(r.keys), len(r.records))
	}
	for what, lack := range map[string][]string{
		"keys without rows": beyond(r.keys, r.records), "rows without keys": beyond(r.records, r.keys),
		"objects without rows": beyond(r.blobs, r.parts), "rows without objects": beyond(r.parts, r.blobs), "half-written files": r.strays,
	} {
		if len(lack) > 0 {
			t.Errorf("%d %s: %v", len(lack), what, lack)
		}
	}
}

// beyond returns what only a has.
func beyond(a, b map[string]bool) []string {
	var only []string
	for name := range a {
		if !b[name] {
			only = append(only, name)
		}
	}
	sort.Strings(only)
	return only
}

// collected starts the server with its clock two hours ahead, waits until the collector went through, and stops it.
func (d *deployment) collected(t *testing.T) {
	t.Helper()
	d.start(t, "MAINSTAY_TEST_CLOCK="+(2*time.Hour).String())
	d.until(t, "the collector went through", func() bool { return len(d.logged("collected")) > 0 })
	for _, failure := range d.logged("collecting") {
		t.Errorf("the collector failed: %v", failure)
	}
	d.stop(t)
}
