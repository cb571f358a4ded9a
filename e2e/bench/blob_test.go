//go:build bench

package bench

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// memory is a bucket without a disk, so that what is measured is the sealing.
type memory struct {
	buffer []byte
	object []byte
}

func (m *memory) Put(_ context.Context, _ string, body io.Reader) error {
	to := bytes.NewBuffer(m.buffer[:0])
	_, err := io.Copy(to, body)
	m.object, m.buffer = to.Bytes(), to.Bytes()
	return err
}

func (m *memory) Open(context.Context, string) (vault.Object, error) {
	if m.object == nil {
		return nil, fault.New(fault.Missing, "There is no object.")
	}
	return object{bytes.NewReader(m.object)}, nil
}

func (m *memory) Delete(context.Context, string) error                        { m.object = nil; return nil }
func (m *memory) Each(context.Context, string, func(name string) error) error { return nil }

type object struct{ *bytes.Reader }

func (object) Close() error { return nil }

// blobs measures the sealed writing and reading of a part of an upload against AES-256-GCM alone, both in one goroutine and by
// the processor's time, so that what else runs on the machine does not count.
func blobs(t *testing.T) []figure {
	source := tenant.Source{Now: time.Now, Random: rand.Reader}
	root, err := vault.MemoryRoot()
	must(t, err)
	bucket := &memory{buffer: make([]byte, 0, 9<<20)}
	v, err := vault.New(t.Context(), vault.Config{Root: root, Keys: vault.NewMemoryStore(), Bucket: bucket, Source: source})
	must(t, err)
	p := vault.Place{Workspace: tenant.NewID[tenant.WorkspaceID](source), Record: tenant.NewID[tenant.RecordID](source), Kind: "part", Row: tenant.NewID[tenant.EventID](source)}
	must(t, v.CreateWorkspace(t.Context(), p.Workspace))
	must(t, v.CreateRecord(t.Context(), vault.Record{Workspace: p.Workspace, Record: p.Record, Purpose: vault.Content}))
	data, back := make([]byte, 8<<20), make([]byte, 8<<20)
	_, _ = rand.Read(data)
	seal, open := raw(t, data)
	work := map[string]func(){
		"raw seal": seal, "raw open": open,
		"write": func() { must(t, v.PutBlob(t.Context(), p, data)) },
		"read": func() {
			b, err := v.OpenBlob(t.Context(), p)
			must(t, err)
			_, err = io.ReadFull(b, back)
			must(t, err)
			must(t, b.Close())
		},
	}
	work["write"]()
	took := map[string][]time.Duration{}
	for range 41 {
		for name, do := range work {
			began := processorTime(t)
			do()
			took[name] = append(took[name], processorTime(t)-began)
		}
	}
	if !bytes.Equal(back, data) {
		t.Fatal("what was read is not what was written")
	}
	speed := func(name string) float64 { return float64(len(data)) / median(took[name]).Seconds() / 1e6 }
	var figures []figure
	for ours, theirs := range map[string]string{"write": "raw seal", "read": "raw open"} {
		figures = append(figures, figure{what: "sealed blob " + ours + " / raw AES-256-GCM, one goroutine", got: speed(ours) / speed(theirs), least: true, bar: 0.6,
			beside: fmt.Sprintf("%.0f and %.0f MB/s", speed(ours), speed(theirs))})
	}
	return figures
}

// processorTime returns how long the processor worked for this process, the collector of garbage included.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var at unix.Timespec
	must(t, unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &at))
	return time.Duration(at.Nano())
}

// raw returns AES-256-GCM over the same bytes in pieces as long as a blob's chunks, from memory of the same size into memory of
// the same size, and nothing else.
func raw(t *testing.T, data []byte) (seal, open func()) {
	t.Helper()
	const chunk = 64 << 10
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	must(t, err)
	gcm, err := cipher.NewGCM(block)
	must(t, err)
	long := chunk + gcm.Overhead()
	nonce, sealed, plain := make([]byte, gcm.NonceSize()), make([]byte, len(data)/chunk*long), make([]byte, len(data))
	seal = func() {
		for i := range len(data) / chunk {
			gcm.Seal(sealed[i*long:i*long], nonce, data[i*chunk:(i+1)*chunk], nil)
		}
	}
	open = func() {
		for i := range len(data) / chunk {
			_, err := gcm.Open(plain[i*chunk:i*chunk], nonce, sealed[i*long:(i+1)*long], nil)
			must(t, err)
		}
	}
	seal()
	return seal, open
}
