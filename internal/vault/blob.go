package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"mainstay/internal/fault"
)

// chunk is how much of a blob is sealed at a time, so that any part of it can be read alone.
const (
	chunk    = 64 << 10
	sealSize = chunk + overheadSize
	// overheadSize is the nonce and the tag that GCM adds.
	overheadSize = 28
)

// Bucket stores objects by name. Put returns when the object survives a crash; an object is written once.
type Bucket interface {
	Put(ctx context.Context, name string, data []byte) error
	Open(ctx context.Context, name string) (Object, error) // fault.Missing where there is none
	Delete(ctx context.Context, name string) error         // no error where there is none
	Each(ctx context.Context, fn func(name string) error) error
}

// Object is an object of a bucket, open for reading.
type Object interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// objectName is where a blob lies: by ids only.
func objectName(p Place) string {
	return fmt.Sprintf("%x/%x/%x", p.Workspace[:], p.Record[:], p.Row[:])
}

// PutBlob seals data in chunks and stores it durably under the place's ids.
func (v *Vault) PutBlob(ctx context.Context, p Place, data []byte) error {
	key, err := v.key(ctx, p.Workspace, p.Record)
	if err != nil {
		return err
	}
	header := key.header(formatBlob)
	bound := p.bound(header)
	chunks := max(1, (len(data)+chunk-1)/chunk)
	sealed := make([]byte, 0, headerSize+len(data)+chunks*overheadSize)
	sealed = append(sealed, header...)
	for i := range chunks {
		part := data[i*chunk : min(len(data), (i+1)*chunk)]
		sealed = key.aead.Seal(sealed, nil, part, chunkBound(bound, int64(i), i == chunks-1))
	}
	if err := v.Bucket.Put(ctx, objectName(p), sealed); err != nil {
		return fmt.Errorf("storing a %s of record %s: %w", p.Kind, p.Record, err)
	}
	return nil
}

// chunkBound is a chunk's associated data: the blob's place, its number and whether it is the last.
func chunkBound(bound []byte, number int64, last bool) []byte {
	b := make([]byte, 0, len(bound)+9)
	b = append(b, bound...)
	b = binary.BigEndian.AppendUint64(b, uint64(number))
	if last {
		return append(b, 1)
	}
	return append(b, 0)
}

// Blob is a sealed blob open for reading anywhere in it. It is safe for concurrent use.
type Blob struct {
	vault  *Vault
	place  Place
	key    *keyed
	bound  []byte
	object Object
	chunks int64
	size   int64

	mu     sync.Mutex
	number int64 // of the chunk held, -1 for none
	plain  []byte
	sealed []byte
}

// OpenBlob opens a blob and verifies its end, so that a blob that was cut short is refused before a byte of it is read.
func (v *Vault) OpenBlob(ctx context.Context, p Place) (*Blob, error) {
	key, err := v.key(ctx, p.Workspace, p.Record)
	if err != nil {
		return nil, err
	}
	object, err := v.Bucket.Open(ctx, objectName(p))
	if err != nil {
		return nil, fmt.Errorf("opening a %s of record %s: %w", p.Kind, p.Record, err)
	}
	b := &Blob{vault: v, place: p, key: key, object: object, number: -1, sealed: make([]byte, sealSize)}
	if err := b.begin(); err != nil {
		return nil, errors.Join(err, object.Close())
	}
	return b, nil
}

func (b *Blob) begin() error {
	body := b.object.Size() - headerSize
	header := make([]byte, headerSize)
	if body < overheadSize {
		return b.vault.broken(b.place, "too short")
	}
	if _, err := b.object.ReadAt(header, 0); err != nil {
		return fmt.Errorf("reading a blob of record %s: %w", b.place.Record, err)
	}
	if header[0] != formatBlob || !b.key.is(header) {
		return b.vault.broken(b.place, "unknown format or key")
	}
	b.bound = b.place.bound(header)
	b.chunks = (body + sealSize - 1) / sealSize
	b.size = body - b.chunks*overheadSize
	if b.size < 0 {
		return b.vault.broken(b.place, "too short")
	}
	return b.load(b.chunks - 1)
}

// Size returns the length of what was sealed, in bytes.
func (b *Blob) Size() int64 { return b.size }

// ReadAt implements io.ReaderAt. Bytes that do not verify are never returned.
func (b *Blob) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fault.New(fault.Invalid, "There is nothing before the beginning.")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	done := 0
	for done < len(p) {
		if at >= b.size {
			return done, io.EOF
		}
		if number := at / chunk; number != b.number {
			if err := b.load(number); err != nil {
				return done, err
			}
		}
		n := copy(p[done:], b.plain[at%chunk:])
		done, at = done+n, at+int64(n)
	}
	return done, nil
}

func (b *Blob) load(number int64) error {
	from := headerSize + number*sealSize
	size := min(int64(sealSize), b.object.Size()-from)
	if _, err := b.object.ReadAt(b.sealed[:size], from); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading a blob of record %s: %w", b.place.Record, err)
	}
	plain, err := b.key.aead.Open(b.plain[:0], nil, b.sealed[:size], chunkBound(b.bound, number, number == b.chunks-1))
	if err != nil {
		b.number = -1
		return b.vault.broken(b.place, "a chunk does not verify")
	}
	b.plain, b.number = plain, number
	return nil
}

// Close lets the object go.
func (b *Blob) Close() error { return b.object.Close() }

// DeleteBlob removes a blob. What its key sealed stays erased or readable as the key is.
func (v *Vault) DeleteBlob(ctx context.Context, p Place) error {
	return v.Bucket.Delete(ctx, objectName(p))
}
