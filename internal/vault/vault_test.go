package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
	vault.Config
	clock  *clock
	keys   *counting
	blobs  string // their folder
	events *[]vault.Event
	ws     tenant.WorkspaceID
}

// counting counts the calls of a key store and can stop before them.
type counting struct {
	vault.KeyStore
	gets   int
	before func(changes []vault.Change) // of Write; nil: nothing
}

func (c *counting) Get(ctx context.Context, ids ...string) ([][]byte, error) {
	c.gets++
	return c.KeyStore.Get(ctx, ids...)
}

func (c *counting) Write(ctx context.Context, changes ...vault.Change) error {
	if before := c.before; before != nil {
		c.before = nil
		before(changes)
	}
	return c.KeyStore.Write(ctx, changes...)
}

func newWorld(t testing.TB) world {
	t.Helper()
	root, err := vault.MemoryRoot()
	check(t, err)
	w := world{clock: &clock{time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)}, keys: &counting{KeyStore: vault.NewMemoryStore()},
		blobs: filepath.Join(t.TempDir(), "blobs"), events: &[]vault.Event{}}
	w.Config = vault.Config{Root: root, Keys: w.keys, Bucket: vault.NewFolder(w.blobs, nil),
		Source: tenant.Source{Now: w.clock.now, Random: rand.Reader}, Events: func(e vault.Event) { *w.events = append(*w.events, e) }}
	w.Vault, err = vault.New(t.Context(), w.Config)
	check(t, err)
	w.ws = w.workspace(t)
	return w
}

func (w world) workspace(t testing.TB) tenant.WorkspaceID {
	t.Helper()
	ws := tenant.NewID[tenant.WorkspaceID](w.Source)
	check(t, w.CreateWorkspace(t.Context(), ws))
	return ws
}

// record makes a record with a key below parent.
func (w world) record(t testing.TB, parent tenant.RecordID) tenant.RecordID {
	t.Helper()
	id := tenant.NewID[tenant.RecordID](w.Source)
	check(t, w.CreateRecord(t.Context(), vault.Record{Workspace: w.ws, Record: id, Purpose: vault.Content, Parent: parent}))
	return id
}

func (w world) place(r tenant.RecordID) vault.Place {
	return vault.Place{Workspace: w.ws, Record: r, Kind: "note", Row: tenant.NewID[tenant.EventID](w.Source)}
}

func (w world) sealed(t testing.TB, r tenant.RecordID, text string) vault.Sealed {
	t.Helper()
	s := vault.Sealed{Place: w.place(r)}
	var err error
	s.Bytes, err = w.Seal(t.Context(), s.Place, []byte(text))
	check(t, err)
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// needsSeals skips what cannot hold in the build that seals nothing.
func needsSeals(t testing.TB) {
	t.Helper()
	if vault.Plain {
		t.Skip("this build seals nothing")
	}
}

func hexOf[N tenant.Noun](id tenant.ID[N]) string { return hex.EncodeToString(id[:]) }

func TestSealedDocumentsOpenInTheirPlaceOnly(t *testing.T) {
	t.Parallel()
	needsSeals(t)
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	s := w.sealed(t, r, "the slab was poured")
	if bytes.Contains(s.Bytes, []byte("slab")) {
		t.Error("the sealed form can be read")
	}
	got, err := w.Open(t.Context(), s)
	if err != nil || string(got[0]) != "the slab was poured" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	kind, row, record, workspace := s.Place, s.Place, s.Place, s.Place
	kind.Kind = "notes"
	row.Row[3]++
	record.Record = w.record(t, tenant.RecordID{})
	workspace.Workspace = w.workspace(t)
	check(t, w.CreateRecord(t.Context(), vault.Record{Workspace: workspace.Workspace, Record: r, Purpose: vault.Content}))
	for name, c := range map[string]struct {
		place vault.Place
		want  vault.Damage
	}{
		"another kind":                        {kind, vault.Tampered},
		"another row":                         {row, vault.Tampered},
		"another record":                      {record, vault.OtherKey},
		"the same record of another tenant":   {workspace, vault.OtherKey},
		"the instance's own documents":        {vault.Place{Kind: "note", Row: s.Place.Row}, vault.OtherKey},
		"a kind that continues into the next": {vault.Place{Workspace: w.ws, Record: r, Kind: "not", Row: s.Place.Row}, vault.Tampered},
	} {
		before := len(*w.events)
		got, err := w.Open(t.Context(), vault.Sealed{Place: c.place, Bytes: s.Bytes})
		if vault.DamageOf(err) != c.want || !fault.Is(err, fault.Internal) || got[0] != nil {
			t.Errorf("as %s Open = %q, %v; want %s", name, got, err, c.want)
		}
		if len(*w.events) != before+1 {
			t.Errorf("as %s: %d events, want 1", name, len(*w.events)-before)
		}
	}
}

func TestEveryChangedBitIsNoticed(t *testing.T) {
	t.Parallel()
	needsSeals(t)
	w := newWorld(t)
	s := w.sealed(t, w.record(t, tenant.RecordID{}), "agreed")
	tries := 0
	for i := range s.Bytes {
		for bit := range 8 {
			changed := vault.Sealed{Place: s.Place, Bytes: bytes.Clone(s.Bytes)}
			changed.Bytes[i] ^= 1 << bit
			tries++
			if got, err := w.Open(t.Context(), changed); vault.DamageOf(err) == "" {
				t.Errorf("with bit %d of byte %d changed Open = %q, %v", bit, i, got, err)
			}
		}
		tries++
		if got, err := w.Open(t.Context(), vault.Sealed{Place: s.Place, Bytes: s.Bytes[:i]}); vault.DamageOf(err) == "" {
			t.Errorf("cut to %d bytes Open = %q, %v", i, got, err)
		}
	}
	if got := len(*w.events); got != tries {
		t.Errorf("%d events of %d changes", got, tries)
	}
	for _, e := range *w.events {
		if e.Place != s.Place || e.Reason == "" || !e.At.Equal(w.clock.at) {
			t.Fatalf("an event is %+v", e)
		}
	}
}

func TestErrorsAndSecretsHoldNoBytes(t *testing.T) {
	t.Parallel()
	needsSeals(t)
	w := newWorld(t)
	s := w.sealed(t, w.record(t, tenant.RecordID{}), "canary")
	s.Bytes[len(s.Bytes)-1] ^= 1
	_, err := w.Open(t.Context(), s)
	text := fmt.Sprintf("%v %+v %s", err, err, fault.Sentence(err))
	for _, form := range []string{"canary", string(s.Bytes), hex.EncodeToString(s.Bytes[30:])} {
		if strings.Contains(text, form) {
			t.Errorf("the error holds what was sealed: %s", text)
		}
	}
	type holder struct{ Key any }
	for _, key := range vault.KeysForTest(t) {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key)
		written, _ := json.Marshal(holder{key})
		all := fmt.Sprintf("%v %+v %#v %x %d %s %v", key, key, key, key, key, key, holder{key}) + log.String() + string(written)
		if strings.Contains(all, "7777") || strings.Contains(all, "119 119") || strings.Contains(all, "wwww") || !strings.Contains(all, "[secret]") {
			t.Errorf("a key has a written form: %s", all)
		}
	}
}

func TestNoTwoSealsShareANonce(t *testing.T) {
	t.Parallel()
	needsSeals(t)
	w := newWorld(t)
	place := w.place(w.record(t, tenant.RecordID{}))
	seen := make(map[[12]byte]bool, 100_000)
	for range 100_000 {
		sealed, err := w.Seal(t.Context(), place, []byte("token"))
		check(t, err)
		seen[[12]byte(sealed[13:25])] = true
	}
	if got := len(seen); got != 100_000 {
		t.Errorf("100,000 seals have %d nonces", got)
	}
}

func TestTheHeaderNamesAlgorithmAndKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, other := w.record(t, tenant.RecordID{}), w.record(t, tenant.RecordID{})
	before, err := vault.Inspect(w.sealed(t, r, "x").Bytes)
	check(t, err)
	if before.Algorithm != "AES-256-GCM" || before.Version != 1 {
		t.Errorf("Inspect = %+v", before)
	}
	if theirs, err := vault.Inspect(w.sealed(t, other, "x").Bytes); err != nil || theirs.Key == before.Key {
		t.Errorf("two records share a key: %v", err)
	}
	check(t, w.Rotate(t.Context(), w.ws, vault.Content))
	after, err := vault.Inspect(w.sealed(t, r, "x").Bytes)
	if err != nil || after.Version != 2 || after.Key != before.Key {
		t.Errorf("after rotation Inspect = %+v, %v; want version 2 of the same record key", after, err)
	}
	if _, err := vault.Inspect([]byte(`{"plain":"text"}`)); err == nil {
		t.Error("plain text is taken for sealed bytes")
	}
}

func TestOneErasedRecordDoesNotHideAList(t *testing.T) {
	t.Parallel()
	needsSeals(t)
	w := newWorld(t)
	var list []vault.Sealed
	for range 50 {
		list = append(list, w.sealed(t, w.record(t, tenant.RecordID{}), "title"))
	}
	reopened, err := vault.New(t.Context(), w.Config)
	check(t, err)
	check(t, reopened.Prepare(t.Context(), w.ws))
	w.keys.gets = 0
	if _, err := reopened.Open(t.Context(), list...); err != nil || w.keys.gets != 1 {
		t.Errorf("50 titles of 50 records take %d reads of the key store, %v; want 1", w.keys.gets, err)
	}
	_, err = w.Destroy(t.Context(), w.ws, list[7].Place.Record)
	check(t, err)
	docs, err := w.Open(t.Context(), list...)
	if !fault.Is(err, fault.Missing) || docs[7] != nil || string(docs[8]) != "title" {
		t.Errorf("with one erased Open = %q, %v", docs[6:9], err)
	}
	list[3].Bytes = bytes.Clone(list[3].Bytes)
	list[3].Bytes[40] ^= 1
	docs, err = w.Open(t.Context(), list...)
	if vault.DamageOf(err) != vault.Tampered || docs[3] != nil || string(docs[49]) != "title" {
		t.Errorf("with one broken too Open = %v", err)
	}
}

func TestDigestsAreKeyed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.workspace(t)
	digest := func(ws tenant.WorkspaceID, text string) string {
		d, err := w.Digest(t.Context(), ws, []byte(text))
		check(t, err)
		return string(d)
	}
	one := digest(w.ws, "words")
	if digest(w.ws, "words") != one || digest(w.ws, "word") == one || digest(other, "words") == one {
		t.Error("Digest does not tell contents and workspaces apart")
	}
	check(t, w.Rotate(t.Context(), w.ws, vault.Index))
	if digest(w.ws, "words") != one {
		t.Error("rotation changed a digest")
	}
	r := w.record(t, tenant.RecordID{})
	place := w.place(r)
	first, err := w.DigestIn(t.Context(), place, []byte("words"))
	check(t, err)
	again, err := w.DigestIn(t.Context(), place, []byte("words"))
	elsewhere, err2 := w.DigestIn(t.Context(), w.place(r), []byte("words"))
	if err != nil || err2 != nil || !bytes.Equal(first, again) || bytes.Equal(first, elsewhere) {
		t.Errorf("DigestIn does not tell places apart: %v, %v", err, err2)
	}
	_, err = w.Destroy(t.Context(), w.ws, r)
	check(t, err)
	if _, err := w.DigestIn(t.Context(), place, []byte("words")); !fault.Is(err, fault.Missing) {
		t.Errorf("DigestIn of an erased record = %v, want fault.Missing", err)
	}
}

func TestLookupsOutliveEveryRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := w.Lookup("maria@example.com")
	check(t, err)
	next, err := vault.MemoryRoot()
	check(t, err)
	check(t, w.RotateRoot(t.Context(), next))
	w.Close()
	after, err := w.Lookup("maria@example.com")
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("after rotation Lookup differs, %v", err)
	}
	other, err := newWorld(t).Lookup("maria@example.com")
	if err != nil || bytes.Equal(before, other) {
		t.Errorf("two instances give the same lookup, %v", err)
	}
}

func TestConstructorsRefuseWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*vault.Config){
		"a root": func(c *vault.Config) { c.Root = nil }, "a key store": func(c *vault.Config) { c.Keys = nil },
		"a bucket": func(c *vault.Config) { c.Bucket = nil }, "a clock": func(c *vault.Config) { c.Source.Now = nil },
	} {
		cfg := w.Config
		change(&cfg)
		if _, err := vault.New(t.Context(), cfg); err == nil {
			t.Errorf("New works without %s", name)
		}
	}
	if _, err := w.Seal(t.Context(), vault.Place{Workspace: w.ws, Record: w.record(t, tenant.RecordID{})}, nil); err == nil {
		t.Error("Seal works without a kind")
	}
	broken := w.Config
	broken.Root = refusing{}
	if _, err := vault.New(t.Context(), broken); !fault.Is(err, fault.Busy) {
		t.Errorf("with another root New = %v, want fault.Busy", err)
	}
}

type refusing struct{}

func (refusing) Wrap(context.Context, []byte, []byte) ([]byte, error)   { return nil, errors.New("no") }
func (refusing) Unwrap(context.Context, []byte, []byte) ([]byte, error) { return nil, errors.New("no") }

func FuzzOpen(f *testing.F) {
	needsSeals(f)
	w := newWorld(f)
	s := w.sealed(f, w.record(f, tenant.RecordID{}), "words")
	f.Add(s.Bytes)
	f.Add(s.Bytes[:20])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := w.Open(t.Context(), vault.Sealed{Place: s.Place, Bytes: b}); err == nil && !bytes.Equal(b, s.Bytes) {
			t.Errorf("opened %x from bytes that nobody sealed", got)
		}
		_, _ = vault.Inspect(b)
	})
}
