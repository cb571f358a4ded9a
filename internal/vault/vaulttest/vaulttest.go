// Package vaulttest holds the contracts that every key store and every bucket must keep, as tests to run against each.
package vaulttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/vault"
)

// KeyStore tests what a vault relies on. The store is empty.
func KeyStore(t *testing.T, store vault.KeyStore) {
	t.Helper()
	ctx := t.Context()
	put := func(id, value string) vault.Change { return vault.Change{ID: id, Value: []byte(value)} }
	check(t, store.Write(ctx, put("a/1", "one"), put("a/2", "two"), put("a/3", "three"), put("b/1", "four")))

	got, err := store.Get(ctx, "a/2", "gone", "a/1")
	check(t, err)
	if len(got) != 3 || string(got[0]) != "two" || got[1] != nil || string(got[2]) != "one" {
		t.Errorf("Get = %q, want the values in order and nil for what is not there", got)
	}
	listed(t, store, "a/", "", 10, "a/1 a/2 a/3")
	listed(t, store, "a/", "a/1", 1, "a/2")
	listed(t, store, "a/", "a/3", 10, "")
	listed(t, store, "", "a/3", 10, "b/1")

	for name, c := range map[string]vault.Change{
		"made though it is there":        put("a/1", "other"),
		"replaced though it has changed": {ID: "a/1", Was: []byte("zero"), Value: []byte("other")},
		"removed though it has changed":  {ID: "a/1", Was: []byte("zero")},
		"replaced though it is gone":     {ID: "gone", Was: []byte("zero"), Value: []byte("other")},
	} {
		if err := store.Write(ctx, put("a/9", "half"), c); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v, want fault.Conflict", name, err)
		}
	}
	if got, err := store.Get(ctx, "a/1", "a/9"); err != nil || string(got[0]) != "one" || got[1] != nil {
		t.Errorf("after refused writes Get = %q, %v: a part of them was made", got, err)
	}
	check(t, store.Write(ctx, vault.Change{ID: "a/1", Was: []byte("one"), Value: []byte("1")}, vault.Change{ID: "a/2", Always: true},
		vault.Change{ID: "gone", Always: true}, vault.Change{ID: "b/1", Was: []byte("four"), Value: []byte("four")}))
	if got, err := store.Get(ctx, "a/1", "a/2", "b/1"); err != nil || string(got[0]) != "1" || got[1] != nil || string(got[2]) != "four" {
		t.Errorf("after a write Get = %q, %v", got, err)
	}
	oneWriterWins(t, store)
}

func listed(t *testing.T, store vault.KeyStore, prefix, after string, limit int, want string) {
	t.Helper()
	entries, err := store.List(t.Context(), prefix, after, limit)
	check(t, err)
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("List(%q, %q, %d) = %q, want %q", prefix, after, limit, got, want)
	}
}

func oneWriterWins(t *testing.T, store vault.KeyStore) {
	t.Helper()
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if store.Write(context.Background(), vault.Change{ID: "race", Value: []byte{byte(i)}}) == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if got := won.Load(); got != 1 {
		t.Errorf("%d of 8 writers made the same entry, want 1", got)
	}
}

// Bucket tests what a vault relies on. The bucket is empty.
func Bucket(t *testing.T, bucket vault.Bucket) {
	t.Helper()
	ctx := t.Context()
	body := make([]byte, 200_000)
	_, _ = rand.Read(body)
	check(t, bucket.Put(ctx, "aa/bb/1", bytes.NewReader(body)))
	check(t, bucket.Put(ctx, "aa/bb/2", strings.NewReader("")))
	check(t, bucket.Put(ctx, "ab/1", strings.NewReader("else")))

	object, err := bucket.Open(ctx, "aa/bb/1")
	check(t, err)
	if got, want := object.Size(), int64(len(body)); got != want {
		t.Errorf("Size = %d, want %d", got, want)
	}
	for _, span := range [][2]int{{0, 10}, {199_990, 10}, {70_000, 100_000}, {0, len(body)}} {
		got := make([]byte, span[1])
		if _, err := object.ReadAt(got, int64(span[0])); err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(got, body[span[0]:span[0]+span[1]]) {
			t.Errorf("ReadAt(%d, %d bytes) gives others, %v", span[0], span[1], err)
		}
	}
	if n, err := object.ReadAt(make([]byte, 20), 199_990); n != 10 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt across the end = %d, %v; want 10, io.EOF", n, err)
	}
	check(t, object.Close())

	if err := bucket.Put(ctx, "aa/bb/3", io.MultiReader(strings.NewReader("half"), broken{})); err == nil {
		t.Error("Put of a body that fails: no error")
	}
	for _, name := range []string{"aa/bb/3", "aa/bb/9"} {
		if _, err := bucket.Open(ctx, name); !fault.Is(err, fault.Missing) {
			t.Errorf("Open(%s) = %v, want fault.Missing", name, err)
		}
	}
	names(t, bucket, "aa/", "aa/bb/1 aa/bb/2")
	check(t, bucket.Delete(ctx, "aa/bb/1"))
	check(t, bucket.Delete(ctx, "aa/bb/1"))
	names(t, bucket, "", "aa/bb/2 ab/1")
}

func names(t *testing.T, bucket vault.Bucket, prefix, want string) {
	t.Helper()
	var found []string
	check(t, bucket.Each(t.Context(), prefix, func(name string) error { found = append(found, name); return nil }))
	slices.Sort(found)
	if got := strings.Join(found, " "); got != want {
		t.Errorf("Each(%q) = %q, want %q", prefix, got, want)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, fmt.Errorf("the body broke off") }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
