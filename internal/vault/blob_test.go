package vault_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
	"mainstay/internal/vault/vaulttest"
)

const (
	head   = 13 + 16    // of a blob
	sealed = 65536 + 28 // of a chunk
)

func random(t testing.TB, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	_, err := rand.Read(data)
	check(t, err)
	return data
}

func (w world) blob(t testing.TB, r tenant.RecordID, data []byte) vault.Place {
	t.Helper()
	p := w.place(r)
	check(t, w.PutBlob(t.Context(), p, data))
	return p
}

// file is where the blob of a place lies.
func (w world) file(p vault.Place) string {
	return filepath.Join(w.blobs, hexOf(p.Workspace), hexOf(p.Record), hexOf(tenant.EventID(p.Row)))
}

func (w world) readAll(p vault.Place) ([]byte, error) {
	blob, err := w.OpenBlob(context.Background(), p)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(blob)
	return data, errors.Join(err, blob.Close())
}

func TestBlobsOfEverySizeComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	for _, size := range []int{0, 1, 65535, 65536, 65537, 2 * 65536, 3*65536 + 17, 40 * 65536} {
		data := random(t, size)
		p := w.place(r)
		n, err := w.PutBlobFrom(t.Context(), p, io.LimitReader(bytes.NewReader(data), 1<<30))
		if err != nil || n != int64(size) {
			t.Errorf("PutBlobFrom %d bytes = %d, %v", size, n, err)
		}
		got, err := w.readAll(p)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("a blob of %d bytes comes back as %d others, %v", size, len(got), err)
		}
	}
}

func TestBlobsReadAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	data := random(t, 20*65536+17)
	blob, err := w.OpenBlob(t.Context(), w.blob(t, w.record(t, tenant.RecordID{}), data))
	if err != nil || blob.Size() != int64(len(data)) {
		t.Fatalf("OpenBlob: %v", err)
	}
	defer blob.Close()
	for _, at := range []int{0, 1, 65535, 65536, 131000, 300_000, 5, len(data) - 5, 65536} {
		for _, size := range []int{1, 5, 70_000, 1 << 20} {
			size = min(size, len(data)-at)
			got := make([]byte, size)
			if n, err := blob.ReadAt(got, int64(at)); err != nil || n != size || !bytes.Equal(got, data[at:at+size]) {
				t.Errorf("ReadAt(%d, %d bytes) = %d, %v", at, size, n, err)
			}
		}
	}
	if n, err := blob.ReadAt(make([]byte, 10), int64(len(data))-3); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt across the end = %d, %v; want 3, io.EOF", n, err)
	}
	_, err = blob.Seek(-100, io.SeekEnd)
	check(t, err)
	if tail, err := io.ReadAll(blob); err != nil || !bytes.Equal(tail, data[len(data)-100:]) {
		t.Errorf("after Seek it reads %d bytes, %v", len(tail), err)
	}
}

func TestBlobsRefuseTampering(t *testing.T) {
	t.Parallel()
	needsSeals(t)
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	data := random(t, 3*65536+17)
	p, second := w.blob(t, r, data), w.blob(t, r, data)
	whole, err := os.ReadFile(w.file(p))
	check(t, err)
	other, err := os.ReadFile(w.file(second))
	check(t, err)
	check(t, w.DeleteBlob(t.Context(), p))
	check(t, w.PutBlob(t.Context(), p, data))
	again, err := os.ReadFile(w.file(p))
	check(t, err)
	cases := map[string][]byte{
		"empty":                       {},
		"a header alone":              whole[:head],
		"cut inside a chunk":          whole[:len(whole)-3],
		"cut between chunks":          whole[:head+2*sealed],
		"cut in a tag":                whole[:head+3*sealed+20],
		"chunks in other order":       join(whole[:head], whole[head+sealed:head+2*sealed], whole[head:head+sealed], whole[head+2*sealed:]),
		"a chunk left out":            join(whole[:head+sealed], whole[head+2*sealed:]),
		"a chunk twice":               join(whole[:head+sealed], whole[head:]),
		"spliced with another":        join(whole[:head+sealed], other[head+sealed:]),
		"spliced with an earlier put": join(whole[:head+sealed], again[head+sealed:]),
		"another's whole":             other,
		"something behind":            join(whole, []byte("more")),
		"a document's format":         join([]byte{1}, whole[1:]),
	}
	for at := 0; at < len(whole); at += 997 {
		cases[fmt.Sprintf("byte %d changed", at)] = flip(whole, at)
	}
	for name, broken := range cases {
		check(t, os.WriteFile(w.file(p), broken, 0o600))
		before := len(*w.events)
		if got, err := w.readAll(p); vault.DamageOf(err) == "" || len(got) > 0 && !bytes.HasPrefix(data, got) {
			t.Errorf("%s: %d bytes, %v; want damage", name, len(got), err)
		}
		if len(*w.events) == before {
			t.Errorf("%s: no event", name)
		}
	}
	check(t, os.WriteFile(w.file(p), whole, 0o600))
	if got, err := w.readAll(p); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the control, put back whole: %v", err)
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestErasureEndsABlobThatIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	p := w.blob(t, r, random(t, 3*65536))
	blob, err := w.OpenBlob(t.Context(), p)
	check(t, err)
	defer blob.Close()
	_, err = blob.ReadAt(make([]byte, 10), 0)
	check(t, err)
	_, err = w.Destroy(t.Context(), w.ws, r)
	check(t, err)
	if _, err := blob.ReadAt(make([]byte, 10), 70_000); !fault.Is(err, fault.Missing) {
		t.Errorf("an open blob reads on: %v, want fault.Missing", err)
	}
	if _, err := w.OpenBlob(t.Context(), p); !fault.Is(err, fault.Missing) {
		t.Errorf("an erased blob opens: %v, want fault.Missing", err)
	}
}

func TestNothingOfABlobIsReadableInTheFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.blob(t, w.record(t, tenant.RecordID{}), []byte(strings.Repeat("canary ", 20_000)))
	b, err := os.ReadFile(w.file(p))
	check(t, err)
	if got := bytes.Contains(b, []byte("canary")); got != vault.Plain {
		t.Errorf("the canary is found: %t, want %t", got, vault.Plain)
	}
	check(t, filepath.WalkDir(w.blobs, func(path string, d fs.DirEntry, err error) error {
		check(t, err)
		info, err := d.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %v", path, info.Mode())
		}
		return nil
	}))
}

func TestTheCollectorFindsBlobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.record(t, tenant.RecordID{})
	first, second := w.blob(t, r, nil), w.blob(t, r, nil)
	other := w
	other.ws = w.workspace(t)
	other.blob(t, other.record(t, tenant.RecordID{}), nil)
	left := filepath.Join(w.blobs, ".unfinished", "of-a-crash")
	check(t, os.WriteFile(left, nil, 0o600))
	found := map[[16]byte]bool{}
	check(t, w.Blobs(t.Context(), w.ws, func(record tenant.RecordID, row [16]byte) error {
		found[row] = record == r
		return nil
	}))
	if len(found) != 2 || !found[first.Row] || !found[second.Row] {
		t.Errorf("Blobs finds %v", found)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a crash left is there still: %v", err)
	}
}

func TestAFullDiskIsSaidAndLeavesNothing(t *testing.T) {
	t.Parallel()
	disk := newDisk()
	folder := vault.NewFolder("/data/blobs", disk)
	check(t, folder.Put(t.Context(), "a/1", strings.NewReader("safe")))
	disk.full = true
	if err := folder.Put(t.Context(), "a/2", strings.NewReader("more")); !fault.Is(err, fault.Busy) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Put on a full disk = %v, want fault.Busy", err)
	}
	disk.full = false
	disk.crash()
	if got, want := disk.names(), "/data/blobs/a/1"; got != want {
		t.Errorf("on the disk are %q, want %q", got, want)
	}
}

func TestFolderKeepsTheContractOfBuckets(t *testing.T) {
	t.Parallel()
	vaulttest.Bucket(t, vault.NewFolder(filepath.Join(t.TempDir(), "not", "yet"), nil))
	vaulttest.Bucket(t, vault.NewFolder("/data/blobs", newDisk()))
}

func TestFolderRefusesNamesThatLeaveIt(t *testing.T) {
	t.Parallel()
	folder := vault.NewFolder(t.TempDir(), nil)
	for _, name := range []string{"", "../a", "a/../../b", "/etc/passwd", ".unfinished/a"} {
		if err := folder.Put(t.Context(), name, strings.NewReader("x")); err == nil {
			t.Errorf("Put(%q) works", name)
		}
	}
}

func FuzzOpenBlob(f *testing.F) {
	needsSeals(f)
	w := newWorld(f)
	data := random(f, 65536+100)
	p := w.blob(f, w.record(f, tenant.RecordID{}), data)
	whole, err := os.ReadFile(w.file(p))
	check(f, err)
	f.Add(whole)
	f.Add(whole[:head+28])
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		check(t, os.WriteFile(w.file(p), b, 0o600))
		if got, err := w.readAll(p); err == nil && !bytes.Equal(b, whole) {
			t.Errorf("read %d bytes that nobody sealed", len(got))
		}
	})
}

// benchSize is a part of an upload.
const benchSize = 8 << 20

// raw times AES-GCM alone on as many bytes, in chunks, in one goroutine.
func raw(b *testing.B, rounds int, open bool) time.Duration {
	b.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	check(b, err)
	aead, err := cipher.NewGCMWithRandomNonce(block)
	check(b, err)
	plain := random(b, 65536)
	box := aead.Seal(nil, nil, plain, nil)
	out := make([]byte, 0, len(box)+64)
	began := time.Now()
	for range rounds * benchSize / 65536 {
		if open {
			_, err = aead.Open(out, nil, box, nil)
		} else {
			_ = aead.Seal(out, nil, plain, nil)
		}
	}
	check(b, err)
	return time.Since(began)
}

// memory is a bucket that costs nothing, to measure what sealing costs.
type memory struct{ data []byte }

func (m *memory) Put(_ context.Context, _ string, body io.Reader) error {
	m.data = m.data[:0]
	_, err := body.(io.WriterTo).WriteTo(m)
	return err
}
func (m *memory) Write(p []byte) (int, error) { m.data = append(m.data, p...); return len(p), nil }
func (m *memory) Open(context.Context, string) (vault.Object, error) {
	return object{bytes.NewReader(m.data)}, nil
}
func (m *memory) Delete(context.Context, string) error                   { return nil }
func (m *memory) Each(context.Context, string, func(string) error) error { return nil }

type object struct{ *bytes.Reader }

func (object) Close() error { return nil }

// BenchmarkBlob prints, as "of-raw", how fast blobs are written and read compared with AES-GCM alone on the same bytes, over
// a bucket in memory and over the folder of the disk; the folder's writes are synced.
func BenchmarkBlob(b *testing.B) {
	for name, bucket := range map[string]vault.Bucket{"memory": &memory{}, "folder": vault.NewFolder(b.TempDir(), nil)} {
		w := newWorld(b)
		cfg := w.Config
		cfg.Bucket = bucket
		v, err := vault.New(b.Context(), cfg)
		check(b, err)
		p := w.place(w.record(b, tenant.RecordID{}))
		data, buffer := random(b, benchSize), make([]byte, 1<<20)
		b.Run("write/"+name, func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				check(b, v.PutBlob(b.Context(), p, data))
			}
			b.ReportMetric(float64(raw(b, b.N, false))/float64(b.Elapsed()), "of-raw")
		})
		b.Run("read/"+name, func(b *testing.B) {
			check(b, v.PutBlob(b.Context(), p, data))
			b.SetBytes(benchSize)
			for b.Loop() {
				blob, err := v.OpenBlob(b.Context(), p)
				check(b, err)
				_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{blob}, buffer)
				check(b, errors.Join(err, blob.Close()))
			}
			b.ReportMetric(float64(raw(b, b.N, true))/float64(b.Elapsed()), "of-raw")
		})
	}
}

func TestDeletingAWorkspacesBlobsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.blob(t, w.record(t, tenant.RecordID{}), random(t, 10))
	theirs := vault.Place{Workspace: tenant.NewID[tenant.WorkspaceID](w.Source), Record: tenant.NewID[tenant.RecordID](w.Source), Kind: "part"}
	check(t, w.CreateWorkspace(t.Context(), theirs.Workspace))
	check(t, w.CreateRecord(t.Context(), vault.Record{Workspace: theirs.Workspace, Record: theirs.Record, Purpose: vault.Content}))
	check(t, w.PutBlob(t.Context(), theirs, random(t, 10)))
	check(t, w.DeleteBlobs(t.Context(), theirs.Workspace))
	if _, err := w.readAll(theirs); !fault.Is(err, fault.Missing) {
		t.Errorf("the deleted workspace's blob: %v, want fault.Missing", err)
	}
	if _, err := w.readAll(mine); err != nil {
		t.Errorf("another workspace's blob: %v", err)
	}
}
