package vault_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
	"mainstay/internal/vault/vaulttest"
)

func TestDestroyingAKeyErasesWhatLiesBelow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	meeting := w.record(t, tenant.RecordID{})
	recording, transcript := w.record(t, meeting), w.record(t, meeting)
	minutes := w.record(t, transcript)
	sealed := map[tenant.RecordID]vault.Sealed{}
	for _, r := range []tenant.RecordID{meeting, recording, transcript, minutes} {
		sealed[r] = w.sealed(t, r, "words")
	}
	_, err := w.Destroy(t.Context(), w.ws, recording)
	check(t, err)
	if _, err := w.Open(t.Context(), sealed[recording]); !fault.Is(err, fault.Missing) {
		t.Errorf("the recording opens after its erasure: %v", err)
	}
	if _, err := w.Open(t.Context(), sealed[meeting], sealed[transcript], sealed[minutes]); err != nil {
		t.Errorf("erasing the recording took more with it: %v", err)
	}
	receipt, err := w.Destroy(t.Context(), w.ws, meeting)
	if err != nil || len(receipt.Records) != 3 || !receipt.At.Equal(w.clock.at) {
		t.Errorf("Destroy(meeting) = %+v, %v; want 3 records", receipt, err)
	}
	for _, r := range []tenant.RecordID{meeting, transcript, minutes} {
		if _, err := w.Open(t.Context(), sealed[r]); !fault.Is(err, fault.Missing) {
			t.Errorf("it opens after its erasure: %v", err)
		}
	}
	left, err := w.Keys.List(t.Context(), "", "", 100)
	check(t, err)
	for _, e := range left {
		if e.ID[0] == 'r' || e.ID[0] == 'c' {
			t.Errorf("%s is left", e.ID)
		}
	}
	if _, err := w.Destroy(t.Context(), w.ws, meeting); err != nil {
		t.Errorf("erasing twice: %v", err)
	}
	if err := w.CreateRecord(t.Context(), vault.Record{Workspace: w.ws, Record: recording, Parent: meeting}); !fault.Is(err, fault.Missing) {
		t.Errorf("a key below an erased one: %v, want fault.Missing", err)
	}
}

func TestKeysAreMadeOnceAndInTheirBranch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	s := w.sealed(t, r, "words")
	if err := w.CreateRecord(t.Context(), vault.Record{Workspace: w.ws, Record: r, Purpose: vault.Content}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second key for a record: %v, want fault.Conflict", err)
	}
	check(t, w.CreateWorkspace(t.Context(), w.ws))
	w.Close()
	if _, err := w.Open(t.Context(), s); err != nil {
		t.Errorf("making the workspace's keys again lost them: %v", err)
	}
	voice := vault.Record{Workspace: w.ws, Record: tenant.NewID[tenant.RecordID](w.Source), Purpose: vault.Voice, Parent: r}
	if err := w.CreateRecord(t.Context(), voice); err == nil {
		t.Error("a key for voices lies below one for content")
	}
	voice.Workspace = tenant.NewID[tenant.WorkspaceID](w.Source)
	if err := w.CreateRecord(t.Context(), voice); !fault.Is(err, fault.Missing) {
		t.Errorf("a key in a workspace without keys: %v, want fault.Missing", err)
	}
	for name, bad := range map[string]vault.Record{"no workspace": {Record: r}, "no id": {Workspace: w.ws}, "itself above": {Workspace: w.ws, Record: r, Parent: r}} {
		if err := w.CreateRecord(t.Context(), bad); err == nil {
			t.Errorf("a key is made for %s", name)
		}
	}
}

func TestRotationMovesKeysAndNoData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	top := w.record(t, tenant.RecordID{})
	below := w.record(t, top)
	sealed := []vault.Sealed{w.sealed(t, top, "words"), w.sealed(t, below, "words")}
	check(t, w.Rotate(t.Context(), w.ws, vault.Content))
	check(t, w.Rotate(t.Context(), w.ws, vault.Content))
	next, err := vault.MemoryRoot()
	check(t, err)
	check(t, w.RotateRoot(t.Context(), next))
	cfg := w.Config
	if _, err := vault.New(t.Context(), cfg); !fault.Is(err, fault.Busy) {
		t.Errorf("the old root still opens: %v", err)
	}
	cfg.Root = next
	reopened, err := vault.New(t.Context(), cfg)
	check(t, err)
	if got, err := reopened.Open(t.Context(), sealed...); err != nil || string(got[0]) != "words" || string(got[1]) != "words" {
		t.Errorf("after rotation Open = %q, %v", got, err)
	}
	versions, err := w.Keys.List(t.Context(), "w/"+hexOf(w.ws)+"/1/", "", 10)
	if err != nil || len(versions) != 1 || versions[0].ID != "w/"+hexOf(w.ws)+"/1/00000003" {
		t.Errorf("versions left: %v, %v; want the third alone", versions, err)
	}
	w.record(t, top)
	w.record(t, tenant.RecordID{})
}

func TestRotationDoesNotBringBackWhatIsErasedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, gone := w.record(t, tenant.RecordID{}), w.record(t, tenant.RecordID{})
	stays, s := w.sealed(t, kept, "words"), w.sealed(t, gone, "words")
	w.keys.before = func([]vault.Change) { // the new version
		w.keys.before = func([]vault.Change) { // the records, read and not yet written
			if _, err := w.Destroy(t.Context(), w.ws, gone); err != nil {
				t.Error(err)
			}
		}
	}
	check(t, w.Rotate(t.Context(), w.ws, vault.Content))
	if _, err := w.Open(t.Context(), s); !fault.Is(err, fault.Missing) {
		t.Errorf("rotation brought back an erased record: %v", err)
	}
	if _, err := w.Open(t.Context(), stays); err != nil {
		t.Errorf("rotation lost a record: %v", err)
	}
}

func TestARecordMadeDuringRotationKeepsItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := tenant.NewID[tenant.RecordID](w.Source)
	w.keys.before = func([]vault.Change) { // of the record, wrapped by version 1
		check(t, w.Rotate(t.Context(), w.ws, vault.Content))
	}
	check(t, w.CreateRecord(t.Context(), vault.Record{Workspace: w.ws, Record: id, Purpose: vault.Content}))
	if h, err := vault.Inspect(w.sealed(t, id, "words").Bytes); err != nil || h.Version != 2 {
		t.Errorf("its key is of version %d, %v; want 2", h.Version, err)
	}
}

func TestRotationUnderLoadFailsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.Config
	cfg.Keys = openBolt(t, filepath.Join(t.TempDir(), "keys"))
	fresh, err := vault.New(t.Context(), cfg)
	check(t, err)
	w.Vault = fresh
	w.ws = w.workspace(t)
	s := w.sealed(t, w.record(t, tenant.RecordID{}), "words")
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		for ctx.Err() == nil {
			if _, err := w.Open(t.Context(), s); err != nil {
				t.Errorf("during rotation Open: %v", err)
			}
			id := tenant.NewID[tenant.RecordID](w.Source)
			if err := w.CreateRecord(t.Context(), vault.Record{Workspace: w.ws, Record: id, Purpose: vault.Content}); err != nil {
				t.Errorf("during rotation CreateRecord: %v", err)
			}
			if _, err := w.Destroy(t.Context(), w.ws, id); err != nil {
				t.Errorf("during rotation Destroy: %v", err)
			}
		}
	})
	for range 20 {
		check(t, w.Rotate(t.Context(), w.ws, vault.Content))
	}
	cancel()
	all.Wait()
}

func TestCachedKeysExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	s := w.sealed(t, r, "words")
	check(t, w.keys.KeyStore.Write(t.Context(), vault.Change{ID: "r/" + hexOf(w.ws) + "/" + hexOf(r), Always: true})) // as another node would
	if _, err := w.Open(t.Context(), s); err != nil {
		t.Errorf("a cached key is not used: %v", err)
	}
	w.clock.at = w.clock.at.Add(6 * time.Minute)
	if _, err := w.Open(t.Context(), s); !fault.Is(err, fault.Missing) {
		t.Errorf("after the cache's time Open = %v, want fault.Missing", err)
	}
}

func TestTheCacheHoldsSoManyKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.Config
	cfg.CacheSize = 2
	small, err := vault.New(t.Context(), cfg)
	check(t, err)
	var list []vault.Sealed
	for range 5 {
		list = append(list, w.sealed(t, w.record(t, tenant.RecordID{}), "words"))
	}
	for range 2 {
		if _, err := small.Open(t.Context(), list...); err != nil {
			t.Fatal(err)
		}
	}
	w.keys.gets = 0
	for _, s := range list[3:] {
		_, err := small.Open(t.Context(), s)
		check(t, err)
	}
	if w.keys.gets != 0 {
		t.Errorf("the newest two keys are read again: %d reads", w.keys.gets)
	}
	if _, err := small.Open(t.Context(), list[0]); err != nil || w.keys.gets == 0 {
		t.Errorf("the oldest key is in memory still, %v", err)
	}
}

// racing destroys a record between the reading of its key and its use.
type racing struct {
	vault.KeyStore
	after func()
}

func (r *racing) Get(ctx context.Context, ids ...string) ([][]byte, error) {
	values, err := r.KeyStore.Get(ctx, ids...)
	if after := r.after; after != nil {
		r.after = nil
		after()
	}
	return values, err
}

func TestAKeyReadBeforeItsErasureIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	race := &racing{KeyStore: w.keys}
	cfg := w.Config
	cfg.Keys = race
	v, err := vault.New(t.Context(), cfg)
	check(t, err)
	s := w.sealed(t, w.record(t, tenant.RecordID{}), "words")
	race.after = func() {
		if _, err := v.Destroy(t.Context(), w.ws, s.Place.Record); err != nil {
			t.Error(err)
		}
	}
	_, _ = v.Open(t.Context(), s) // began before the erasure
	if _, err := v.Open(t.Context(), s); !fault.Is(err, fault.Missing) {
		t.Errorf("after the erasure Open = %v, want fault.Missing", err)
	}
}

func TestTheCollectorFindsKeysWithoutRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known, orphan := w.record(t, tenant.RecordID{}), w.record(t, tenant.RecordID{})
	w.clock.at = w.clock.at.Add(2 * time.Hour)
	young := w.record(t, tenant.RecordID{})
	got, err := w.Orphans(t.Context(), w.ws, time.Hour, func(_ context.Context, records []tenant.RecordID) ([]bool, error) {
		here := make([]bool, len(records))
		for i, r := range records {
			here[i] = r == known
		}
		return here, nil
	})
	if err != nil || !slices.Equal(got, []tenant.RecordID{orphan}) {
		t.Errorf("Orphans = %v, %v; want %v", got, err, orphan)
	}
	var all []tenant.RecordID
	check(t, w.Records(w.ws, func(r tenant.RecordID) error {
		all = append(all, r)
		_, err := w.Destroy(t.Context(), w.ws, r)
		return err
	}))
	slices.SortFunc(all, func(a, b tenant.RecordID) int { return bytes.Compare(a[:], b[:]) })
	want := []tenant.RecordID{known, orphan, young}
	slices.SortFunc(want, func(a, b tenant.RecordID) int { return bytes.Compare(a[:], b[:]) })
	if !slices.Equal(all, want) {
		t.Errorf("Records = %v, want %v", all, want)
	}
}

func TestDestroyingAWorkspaceLeavesTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sealed(t, w.record(t, w.record(t, tenant.RecordID{})), "words")
	other := w
	other.ws = w.workspace(t)
	theirs := other.sealed(t, other.record(t, tenant.RecordID{}), "words")
	check(t, w.DestroyWorkspace(t.Context(), w.ws))
	if _, err := w.Open(t.Context(), s); !fault.Is(err, fault.Missing) {
		t.Errorf("it opens after its erasure: %v", err)
	}
	if _, err := w.Open(t.Context(), theirs); err != nil {
		t.Errorf("another workspace went with it: %v", err)
	}
	left, err := w.Keys.List(t.Context(), "", "", 1000)
	check(t, err)
	for _, e := range left {
		if bytes.Contains([]byte(e.ID), []byte(hexOf(w.ws))) {
			t.Errorf("%s is left", e.ID)
		}
	}
}

func TestADamagedKeyStoreIsNotTakenForAnErasure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, other := w.record(t, tenant.RecordID{}), w.record(t, tenant.RecordID{})
	s := w.sealed(t, r, "words")
	id, otherID := "r/"+hexOf(w.ws)+"/"+hexOf(r), "r/"+hexOf(w.ws)+"/"+hexOf(other)
	values, err := w.Keys.Get(t.Context(), id, otherID)
	check(t, err)
	for name, value := range map[string][]byte{"cut": values[0][:10], "with a bit flipped": flip(values[0], len(values[0])-1), "of another record": values[1]} {
		check(t, w.Keys.Write(t.Context(), vault.Change{ID: id, Value: value, Always: true}))
		w.Close()
		if _, err := w.Open(t.Context(), s); vault.DamageOf(err) == "" {
			t.Errorf("an entry %s: Open = %v, want damage", name, err)
		}
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func openBolt(t testing.TB, path string) *vault.BoltStore {
	t.Helper()
	store, err := vault.OpenBolt(path)
	check(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestKeyStoresKeepTheSameContract(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]vault.KeyStore{"bolt": openBolt(t, filepath.Join(t.TempDir(), "keys")), "memory": vault.NewMemoryStore()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vaulttest.KeyStore(t, store)
		})
	}
}

func TestBoltKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	store, err := vault.OpenBolt(path)
	check(t, err)
	for i := range 400 {
		check(t, store.Write(t.Context(), vault.Change{ID: fmt.Sprintf("r/%04d", i), Value: bytes.Repeat([]byte{byte(i)}, 90)}))
		if i%3 == 0 {
			check(t, store.Write(t.Context(), vault.Change{ID: fmt.Sprintf("r/%04d", i/2), Always: true}))
		}
	}
	gone := map[string]bool{}
	for i := 0; i < 400; i += 3 {
		gone[fmt.Sprintf("r/%04d", i/2)] = true
	}
	check(t, store.Close())
	store = openBolt(t, path)
	entries, err := store.List(t.Context(), "r/", "", 5000)
	check(t, err)
	if got, want := len(entries), 400-len(gone); got != want {
		t.Errorf("%d entries after opening again, want %d", got, want)
	}
	if _, err := vault.OpenBolt(path); !fault.Is(err, fault.Busy) {
		t.Errorf("a second opener gets %v, want fault.Busy", err)
	}
}

func TestRemovedAndReplacedKeysAreNotInTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	store := openBolt(t, path)
	value := func(i int) []byte { return []byte(fmt.Sprintf("wrapped-key-material-%04d", i)) }
	const count = 300
	for i := range count {
		check(t, store.Write(t.Context(), vault.Change{ID: fmt.Sprintf("r/%04d", i), Value: value(i)}))
	}
	for i := range count {
		c := vault.Change{ID: fmt.Sprintf("r/%04d", i), Was: value(i)}
		if i%2 == 0 {
			c.Value = []byte("another")
		}
		if !holds(t, path, value(i)) {
			t.Fatalf("the control does not find key %d before it goes", i)
		}
		check(t, store.Write(t.Context(), c))
		if holds(t, path, value(i)) {
			t.Fatalf("the file holds key %d after it went", i)
		}
	}
}

func holds(t testing.TB, path string, needle []byte) bool {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	return bytes.Contains(b, needle)
}

// watched remembers the randomness that it gave: every key is in it.
type watched struct {
	io.Reader
	mu   sync.Mutex
	keys [][]byte
}

func (r *watched) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if n == 32 {
		r.keys = append(r.keys, bytes.Clone(p))
	}
	return n, err
}

func TestNoPlainKeyIsInTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "keys")
	random := &watched{Reader: w.Source.Random}
	cfg := w.Config
	cfg.Keys, cfg.Source.Random = openBolt(t, path), random
	v, err := vault.New(t.Context(), cfg)
	check(t, err)
	w.Vault = v
	w.ws = w.workspace(t)
	w.record(t, w.record(t, tenant.RecordID{}))
	check(t, v.Rotate(t.Context(), w.ws, vault.Content))
	if len(random.keys) < 9 {
		t.Fatalf("the control saw %d keys made", len(random.keys))
	}
	for _, key := range random.keys {
		for form, needle := range map[string][]byte{"bytes": key, "hex": []byte(hex.EncodeToString(key)), "base64": []byte(base64.StdEncoding.EncodeToString(key)[:40])} {
			if holds(t, path, needle) {
				t.Errorf("the file holds a plain key as %s", form)
			}
		}
	}
}

func TestRootKeyFileIsGuarded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "root.key")
	if _, err := vault.FileRoot(path, true); !fault.Is(err, fault.Invalid) {
		t.Errorf("a lost root key file = %v, want fault.Invalid", err)
	}
	_, err := vault.FileRoot(path, false)
	check(t, err)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, want 0600", info.Mode())
	}
	check(t, os.Chmod(path, 0o644))
	if _, err := vault.FileRoot(path, true); !fault.Is(err, fault.Invalid) {
		t.Errorf("a readable root key file = %v, want fault.Invalid", err)
	}
	for name, text := range map[string]string{"empty": "", "other": "hello\n"} {
		check(t, os.WriteFile(path, []byte(text), 0o600))
		check(t, os.Chmod(path, 0o600))
		if _, err := vault.FileRoot(path, true); !fault.Is(err, fault.Invalid) {
			t.Errorf("an %s root key file = %v, want fault.Invalid", name, err)
		}
	}
}

func TestTheRootFileSurvivesACrashInItsRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "root.key")
	open := func() *vault.Vault {
		root, err := vault.FileRoot(path, false)
		check(t, err)
		cfg := w.Config
		cfg.Root, cfg.Keys = root, w.keys.KeyStore
		v, err := vault.New(t.Context(), cfg)
		check(t, err)
		return v
	}
	w.keys.KeyStore = vault.NewMemoryStore()
	w.Vault = open()
	w.ws = w.workspace(t)
	s := w.sealed(t, w.record(t, tenant.RecordID{}), "words")
	first, err := os.ReadFile(path)
	check(t, err)
	for crash := range 7 {
		failing := &failingStore{KeyStore: w.keys.KeyStore, left: crash}
		root, err := vault.FileRoot(path, true)
		check(t, err)
		cfg := w.Config
		cfg.Root, cfg.Keys = root, failing
		v, err := vault.New(t.Context(), cfg)
		check(t, err)
		if err := v.RotateRootFile(t.Context(), path); err == nil && crash < 6 {
			t.Errorf("a rotation whose write %d fails: no error", crash)
		}
		if _, err := open().Open(t.Context(), s); err != nil {
			t.Errorf("after a crash at write %d Open: %v", crash, err)
		}
	}
	check(t, open().RotateRootFile(t.Context(), path))
	if _, err := open().Open(t.Context(), s); err != nil {
		t.Errorf("after the rotation Open: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || len(after) != len(first) || bytes.Equal(after, first) {
		t.Errorf("the file holds %d bytes after the rotation, want one new key, %v", len(after), err)
	}
}

// failingStore fails all writes after some.
type failingStore struct {
	vault.KeyStore
	left int
}

func (s *failingStore) Write(ctx context.Context, changes ...vault.Change) error {
	if s.left--; s.left < 0 {
		return io.ErrUnexpectedEOF
	}
	return s.KeyStore.Write(ctx, changes...)
}

func TestTheCollectorSeesWhatHasKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := tenant.NewID[tenant.WorkspaceID](w.Source)
	check(t, w.CreateWorkspace(t.Context(), other))
	w.clock.at = w.clock.at.Add(time.Hour)
	check(t, w.Rotate(t.Context(), w.ws, vault.Content))
	kept, gone := w.record(t, tenant.RecordID{}), w.record(t, tenant.RecordID{})
	_, err := w.Destroy(t.Context(), w.ws, gone)
	check(t, err)
	held, err := w.Held(t.Context(), w.ws, gone, kept)
	check(t, err)
	if !slices.Equal(held, []bool{false, true}) {
		t.Errorf("Held(erased, kept) = %v, want [false true]", held)
	}
	if held, err := w.Held(t.Context(), other, kept); err != nil || held[0] {
		t.Errorf("Held(another workspace's record) = %v, %v; want false", held, err)
	}
	found := map[tenant.WorkspaceID]int{}
	check(t, w.Workspaces(t.Context(), func(ws tenant.WorkspaceID, _ time.Time) error { found[ws]++; return nil }))
	if len(found) != 2 || found[w.ws] != 1 || found[other] != 1 {
		t.Errorf("Workspaces gave %v, want each of the two once", found)
	}
}
