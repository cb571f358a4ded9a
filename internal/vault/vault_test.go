package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

type world struct {
	*vault.Vault
	clock  *clock
	keys   vault.KeyStore
	root   string // of the blobs
	events *[]vault.Event
	ws     tenant.WorkspaceID
}

func newWorld(t testing.TB) world {
	t.Helper()
	root, err := vault.MemoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	w := world{clock: &clock{time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)}, keys: vault.NewMemoryStore(), root: t.TempDir(), events: &[]vault.Event{}}
	w.Vault, err = vault.New(t.Context(), vault.Config{Root: root, Keys: w.keys, Bucket: vault.NewFolder(filepath.Join(w.root, "blobs"), nil),
		Source: tenant.Source{Now: w.clock.now, Random: rand.Reader}, Events: func(e vault.Event) { *w.events = append(*w.events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	w.ws = tenant.NewID[tenant.WorkspaceID](w.Source)
	if err := w.CreateWorkspace(t.Context(), w.ws); err != nil {
		t.Fatal(err)
	}
	return w
}

// record makes a record with a key below parent.
func (w world) record(t testing.TB, parent tenant.RecordID) tenant.RecordID {
	t.Helper()
	id := tenant.NewID[tenant.RecordID](w.Source)
	if err := w.CreateRecord(t.Context(), vault.Record{Workspace: w.ws, Record: id, Purpose: vault.Content, Parent: parent}); err != nil {
		t.Fatal(err)
	}
	return id
}

func (w world) place(r tenant.RecordID) vault.Place {
	return vault.Place{Workspace: w.ws, Record: r, Kind: "note", Row: tenant.NewID[tenant.EventID](w.Source)}
}

func TestSealedDocumentsOpenInTheirPlaceOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, other := w.record(t, tenant.RecordID{}), w.record(t, tenant.RecordID{})
	place := w.place(r)
	sealed, err := w.Seal(t.Context(), place, []byte("the slab was poured"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("slab")) {
		t.Error("the sealed form can be read")
	}
	got, err := w.Open(t.Context(), vault.Sealed{Place: place, Bytes: sealed})
	if err != nil || string(got[0]) != "the slab was poured" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	moved := map[string]vault.Place{"another row": w.place(r), "another record": w.place(other)}
	kind := place
	kind.Kind = "notes"
	moved["another kind"] = kind
	for name, p := range moved {
		if got, err := w.Open(t.Context(), vault.Sealed{Place: p, Bytes: sealed}); err == nil || got != nil {
			t.Errorf("in %s it opens: %q", name, got)
		}
	}
	foreign := newWorld(t)
	theirs := place
	theirs.Workspace = foreign.ws
	if _, err := foreign.Open(t.Context(), vault.Sealed{Place: theirs, Bytes: sealed}); err == nil {
		t.Error("another workspace opens it")
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.place(w.record(t, tenant.RecordID{}))
	sealed, err := w.Seal(t.Context(), place, []byte("agreed"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if got, err := w.Open(t.Context(), vault.Sealed{Place: place, Bytes: changed}); err == nil {
			t.Errorf("with byte %d changed it opens: %q", i, got)
		}
		if got, err := w.Open(t.Context(), vault.Sealed{Place: place, Bytes: sealed[:i]}); err == nil {
			t.Errorf("cut to %d bytes it opens: %q", i, got)
		}
	}
	if got, want := len(*w.events), 2*len(sealed); got != want {
		t.Errorf("%d events, want %d", got, want)
	}
}

func TestNoTwoSealsAreEqual(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.place(w.record(t, tenant.RecordID{}))
	seen := map[string]bool{}
	for range 100_000 {
		sealed, err := w.Seal(t.Context(), place, []byte("token"))
		if err != nil {
			t.Fatal(err)
		}
		nonce := string(sealed[9:21])
		if seen[nonce] {
			t.Fatal("a nonce came twice")
		}
		seen[nonce] = true
	}
}

func TestDestroyingAKeyErasesWhatLiesBelow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	meeting := w.record(t, tenant.RecordID{})
	recording, transcript := w.record(t, meeting), w.record(t, meeting)
	places := map[tenant.RecordID]vault.Sealed{}
	for _, r := range []tenant.RecordID{meeting, recording, transcript} {
		p := w.place(r)
		sealed, err := w.Seal(t.Context(), p, []byte("words"))
		if err != nil {
			t.Fatal(err)
		}
		places[r] = vault.Sealed{Place: p, Bytes: sealed}
	}
	if _, err := w.Destroy(t.Context(), w.ws, recording); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Open(t.Context(), places[recording]); !fault.Is(err, fault.Missing) {
		t.Errorf("the recording opens after its erasure: %v", err)
	}
	if _, err := w.Open(t.Context(), places[meeting], places[transcript]); err != nil {
		t.Errorf("erasing the recording took more with it: %v", err)
	}
	receipt, err := w.Destroy(t.Context(), w.ws, meeting)
	if err != nil || len(receipt.Records) != 3 {
		t.Errorf("Destroy(meeting) = %d records, %v; want 3", len(receipt.Records), err)
	}
	for _, r := range []tenant.RecordID{meeting, transcript} {
		if _, err := w.Open(t.Context(), places[r]); !fault.Is(err, fault.Missing) {
			t.Errorf("it opens after its erasure: %v", err)
		}
	}
	if _, err := w.Destroy(t.Context(), w.ws, meeting); err != nil {
		t.Errorf("erasing twice: %v", err)
	}
	if err := w.CreateRecord(t.Context(), vault.Record{Workspace: w.ws, Record: recording, Purpose: vault.Content, Parent: meeting}); !fault.Is(err, fault.Missing) {
		t.Errorf("a key below an erased one: %v, want fault.Missing", err)
	}
}

func TestRotationKeepsDataReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	place := w.place(r)
	sealed, err := w.Seal(t.Context(), place, []byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Rotate(t.Context(), w.ws, vault.Content); err != nil {
		t.Fatal(err)
	}
	next, err := vault.MemoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RotateRoot(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	reopened, err := vault.New(t.Context(), w.Config)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reopened.Open(t.Context(), vault.Sealed{Place: place, Bytes: sealed}); err != nil || string(got[0]) != "words" {
		t.Errorf("after rotation Open = %q, %v", got, err)
	}
	w.record(t, tenant.RecordID{})
}

func TestCachedKeysExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	place := w.place(r)
	sealed, err := w.Seal(t.Context(), place, []byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.keys.Delete([]string{"r/" + hexOf(w.ws) + "/" + hexOf(r)}); err != nil { // as another node would
		t.Fatal(err)
	}
	if _, err := w.Open(t.Context(), vault.Sealed{Place: place, Bytes: sealed}); err != nil {
		t.Errorf("a cached key is not used: %v", err)
	}
	w.clock.at = w.clock.at.Add(6 * time.Minute)
	if _, err := w.Open(t.Context(), vault.Sealed{Place: place, Bytes: sealed}); !fault.Is(err, fault.Missing) {
		t.Errorf("after the cache's time Open = %v, want fault.Missing", err)
	}
}

func hexOf[N tenant.Noun](id tenant.ID[N]) string {
	v, _ := id.Value()
	return strings.ReplaceAll(v.(string), "-", "")
}

func TestKeyStoresKeepTheSameContract(t *testing.T) {
	t.Parallel()
	bolt, err := vault.OpenBolt(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bolt.Close() })
	for name, store := range map[string]vault.KeyStore{"bolt": bolt, "memory": vault.NewMemoryStore()} {
		t.Run(name, func(t *testing.T) {
			if _, err := store.Get("a/1"); !fault.Is(err, fault.Missing) {
				t.Errorf("Get of nothing = %v, want fault.Missing", err)
			}
			if err := store.Put(map[string][]byte{"a/1": []byte("one"), "a/2": []byte("two"), "b/1": []byte("three")}); err != nil {
				t.Fatal(err)
			}
			var seen []string
			if err := store.Each("a/", func(id string, _ []byte) error { seen = append(seen, id); return nil }); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(seen, " "), "a/1 a/2"; got != want {
				t.Errorf("Each = %s, want %s", got, want)
			}
			if err := store.Delete([]string{"a/1", "gone"}); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Get("a/1"); !fault.Is(err, fault.Missing) {
				t.Errorf("Get of what was deleted = %v, want fault.Missing", err)
			}
			if got, err := store.Get("b/1"); err != nil || string(got) != "three" {
				t.Errorf("Get = %q, %v", got, err)
			}
		})
	}
}

func TestADeletedKeyIsNotInTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	store, err := vault.OpenBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	secret := []byte("wrapped-key-material-that-must-go")
	if err := store.Put(map[string][]byte{"r/1": secret, "r/2": []byte("stays")}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(before, secret) {
		t.Fatalf("the control does not find the key before its deletion: %v", err)
	}
	if err := store.Delete([]string{"r/1"}); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || bytes.Contains(after, secret) {
		t.Errorf("the file holds a deleted key: %v", err)
	}
	if _, err := vault.OpenBolt(path); !fault.Is(err, fault.Busy) {
		t.Errorf("a second opener gets %v, want fault.Busy", err)
	}
}

func TestRootKeyFileIsGuarded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "root.key")
	if _, err := vault.FileRoot(path, true); !fault.Is(err, fault.Invalid) {
		t.Errorf("a lost root key file = %v, want fault.Invalid", err)
	}
	if _, err := vault.FileRoot(path, false); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, want 0600", info.Mode())
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.FileRoot(path, true); !fault.Is(err, fault.Invalid) {
		t.Errorf("a readable root key file = %v, want fault.Invalid", err)
	}
}

func TestBlobsReadAnywhereAndRefuseTampering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	data := make([]byte, 3*65536+17)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	place, second := w.place(r), w.place(r)
	for _, p := range []vault.Place{place, second} {
		if err := w.PutBlob(t.Context(), p, data); err != nil {
			t.Fatal(err)
		}
	}
	blob, err := w.OpenBlob(t.Context(), place)
	if err != nil || blob.Size() != int64(len(data)) {
		t.Fatalf("OpenBlob: %v", err)
	}
	for _, at := range []int64{0, 1, 65535, 65536, 131000, int64(len(data)) - 5} {
		got := make([]byte, min(70000, int64(len(data))-at))
		if n, err := blob.ReadAt(got, at); err != nil || !bytes.Equal(got[:n], data[at:at+int64(n)]) {
			t.Errorf("ReadAt(%d) = %d bytes, %v", at, n, err)
		}
	}
	if err := blob.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.root, "blobs", hexOf(w.ws), hexOf(r), hexOf(tenant.EventID(place.Row)))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const sealed = 65536 + 28
	other, err := os.ReadFile(filepath.Join(w.root, "blobs", hexOf(w.ws), hexOf(r), hexOf(tenant.EventID(second.Row))))
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{
		"empty":                 {},
		"cut inside a chunk":    whole[:len(whole)-3],
		"cut between chunks":    whole[:9+2*sealed],
		"chunks in other order": join(whole[:9], whole[9+sealed:9+2*sealed], whole[9:9+sealed], whole[9+2*sealed:]),
		"a chunk left out":      join(whole[:9+sealed], whole[9+2*sealed:]),
		"spliced with another":  join(whole[:9+sealed], other[9+sealed:]),
		"something behind":      join(whole, []byte("more")),
	} {
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := readAll(w, place, len(data)); err == nil {
			t.Errorf("%s: it reads", name)
		}
	}
	if _, err := w.Destroy(t.Context(), w.ws, r); err != nil {
		t.Fatal(err)
	}
	if _, err := w.OpenBlob(t.Context(), second); !fault.Is(err, fault.Missing) {
		t.Errorf("an erased blob = %v, want fault.Missing", err)
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func readAll(w world, p vault.Place, size int) error {
	blob, err := w.OpenBlob(context.Background(), p)
	if err != nil {
		return err
	}
	_, err = blob.ReadAt(make([]byte, size), 0)
	return errors.Join(err, blob.Close())
}

func FuzzOpen(f *testing.F) {
	w := newWorld(f)
	place := w.place(w.record(f, tenant.RecordID{}))
	sealed, err := w.Seal(f.Context(), place, []byte("words"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := w.Open(t.Context(), vault.Sealed{Place: place, Bytes: b}); err == nil && !bytes.Equal(b, sealed) {
			t.Errorf("opened %x from bytes that nobody sealed", got)
		}
	})
}
