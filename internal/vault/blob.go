package vault

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// A blob is a header, a random number of its own, and chunks, each sealed alone so that any part can be read alone. A chunk
// is bound to the blob's place and number, to its own number, and to whether it is the last.
const (
	chunk      = 64 << 10
	sealedSize = chunk + overhead
	saltSize   = 16
	blobHead   = headerSize + saltSize
)

// Bucket stores objects by name. Put returns when all of what body gives survives a crash, and stores nothing where body
// fails; an object is written once. Each may leave out objects that are put or deleted meanwhile.
type Bucket interface {
	Put(ctx context.Context, name string, body io.Reader) error
	Open(ctx context.Context, name string) (Object, error) // fault.Missing where there is none
	Delete(ctx context.Context, name string) error         // durable; no error where there is none
	Each(ctx context.Context, prefix string, fn func(name string) error) error
}

// Object is an object of a bucket, open for reading. It is safe for concurrent use.
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
	rest := data
	_, err := v.putBlob(ctx, p, func() ([]byte, error) {
		part := rest[:min(chunk, len(rest))]
		rest = rest[len(part):]
		return part, nil
	})
	return err
}

// PutBlobFrom seals what body gives, in chunks, while it is stored, and returns its length. Nothing is stored where body
// fails. It holds a few chunks in memory.
func (v *Vault) PutBlobFrom(ctx context.Context, p Place, body io.Reader) (int64, error) {
	buffers, turn := [2][]byte{make([]byte, chunk), make([]byte, chunk)}, 0
	defer func() { clear(buffers[0]); clear(buffers[1]) }()
	return v.putBlob(ctx, p, func() ([]byte, error) {
		turn = 1 - turn
		n, err := io.ReadFull(body, buffers[turn])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
		return buffers[turn][:n], err
	})
}

// putBlob seals the chunks that next gives. All are whole but the last, which may be empty.
func (v *Vault) putBlob(ctx context.Context, p Place, next func() ([]byte, error)) (int64, error) {
	if len(p.Kind) == 0 || len(p.Kind) > maxKind {
		return 0, fmt.Errorf("sealing a blob for record %s: a kind has 1 to %d bytes", p.Record, maxKind)
	}
	key, err := v.key(ctx, p.Workspace, p.Record)
	if err != nil {
		return 0, err
	}
	header := key.header(formatBlob, saltSize)[:blobHead]
	if _, err := io.ReadFull(v.cfg.Source.Random, header[headerSize:]); err != nil {
		return 0, fmt.Errorf("numbering a blob of record %s: %w", p.Record, err)
	}
	first, err := next()
	if err != nil {
		return 0, fmt.Errorf("reading what becomes a %s of record %s: %w", p.Kind, p.Record, err)
	}
	s := &sealing{key: key, next: next, plain: first, bound: p.bound(header), sealed: append(make([]byte, 0, blobHead+sealedSize), header...)}
	if err := v.cfg.Bucket.Put(ctx, objectName(p), s); err != nil {
		return 0, fmt.Errorf("storing a %s of record %s: %w", p.Kind, p.Record, err)
	}
	return s.size, nil
}

// sealing gives the sealed form of chunks. It reads one chunk ahead, to know the last.
type sealing struct {
	key    *keyed
	next   func() ([]byte, error)
	plain  []byte // the chunk read ahead
	bound  []byte
	number int64
	size   int64
	ended  bool
	sealed []byte // what is to be given: first the header alone
	given  int
}

// Read implements io.Reader.
func (s *sealing) Read(p []byte) (int, error) {
	if s.given == len(s.sealed) {
		if err := s.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.sealed[s.given:])
	s.given += n
	return n, nil
}

// WriteTo implements io.WriterTo, which spares a copy.
func (s *sealing) WriteTo(w io.Writer) (int64, error) {
	for total := int64(0); ; {
		n, err := w.Write(s.sealed[s.given:])
		s.given, total = s.given+n, total+int64(n)
		if err != nil {
			return total, err
		}
		if err := s.advance(); errors.Is(err, io.EOF) {
			return total, nil
		} else if err != nil {
			return total, err
		}
	}
}

// advance seals the next chunk.
func (s *sealing) advance() error {
	if s.ended {
		return io.EOF
	}
	plain := s.plain
	if s.ended = len(plain) < chunk; !s.ended {
		var err error
		if s.plain, err = s.next(); err != nil {
			return err
		}
		s.ended = len(s.plain) == 0
	}
	s.sealed = s.key.seal.Seal(s.sealed[:0], nil, plain, chunkBound(s.bound, s.number, s.ended))
	s.given = 0
	s.number++
	s.size += int64(len(plain))
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

// Blob is a sealed blob open for reading anywhere in it. ReadAt is safe for concurrent use; Read and Seek share a position.
// Once its record is erased it gives fault.Missing.
type Blob struct {
	*io.SectionReader
	at *sealedAt
}

// OpenBlob opens a blob and verifies its end, so that a blob that was cut short is refused before a byte of it is read.
func (v *Vault) OpenBlob(ctx context.Context, p Place) (*Blob, error) {
	if _, err := v.key(ctx, p.Workspace, p.Record); err != nil {
		return nil, err
	}
	object, err := v.cfg.Bucket.Open(ctx, objectName(p))
	if err != nil {
		return nil, fmt.Errorf("opening a %s of record %s: %w", p.Kind, p.Record, err)
	}
	at := &sealedAt{vault: v, place: p, object: object, number: -1, sealed: make([]byte, sealedSize)}
	if err := at.begin(ctx); err != nil {
		return nil, errors.Join(err, object.Close())
	}
	return &Blob{io.NewSectionReader(at, 0, at.size), at}, nil
}

// Close lets the object go.
func (b *Blob) Close() error { return b.at.object.Close() }

// sealedAt opens chunks.
type sealedAt struct {
	vault  *Vault
	place  Place
	bound  []byte
	object Object
	chunks int64
	size   int64

	mu     sync.Mutex
	number int64  // of the chunk held
	plain  []byte // the chunk held
	sealed []byte
}

func (s *sealedAt) begin(ctx context.Context) error {
	key, err := s.vault.key(ctx, s.place.Workspace, s.place.Record)
	if err != nil {
		return err
	}
	body := s.object.Size() - blobHead
	if body < overhead {
		return s.vault.broken(s.place, Truncated)
	}
	header := make([]byte, blobHead+overhead)
	if _, err := s.object.ReadAt(header, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading a blob of record %s: %w", s.place.Record, err)
	}
	if err := s.vault.check(key, s.place, formatBlob, header); err != nil {
		return err
	}
	s.bound = s.place.bound(header[:blobHead])
	s.chunks = (body + sealedSize - 1) / sealedSize
	s.size = body - s.chunks*overhead
	if s.size < 0 || s.size <= (s.chunks-1)*chunk && s.chunks > 1 {
		return s.vault.broken(s.place, Truncated)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold(s.chunks - 1)
}

// ReadAt implements io.ReaderAt. Bytes that do not verify are never returned.
func (s *sealedAt) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fault.New(fault.Invalid, "There is nothing before the beginning.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	done := 0
	for done < len(p) {
		if at >= s.size {
			return done, io.EOF
		}
		n, err := s.readChunk(p[done:], at)
		if err != nil {
			return done, err
		}
		done, at = done+n, at+int64(n)
	}
	return done, nil
}

// readChunk reads from one chunk: straight into p where p takes all of it, else by way of the chunk held.
func (s *sealedAt) readChunk(p []byte, at int64) (int, error) {
	number := at / chunk
	if at%chunk == 0 && len(p) >= chunk && number != s.number && number < s.chunks-1 {
		_, err := s.open(number, p[:0:chunk])
		return chunk, err
	}
	if number != s.number {
		if err := s.hold(number); err != nil {
			return 0, err
		}
	}
	return copy(p, s.plain[at%chunk:]), nil
}

func (s *sealedAt) hold(number int64) error {
	s.number = -1
	plain, err := s.open(number, s.plain[:0])
	if err == nil {
		s.plain, s.number = plain, number
	}
	return err
}

// open appends a chunk to dst, where nothing stands.
func (s *sealedAt) open(number int64, dst []byte) ([]byte, error) {
	from := blobHead + number*sealedSize
	sealed := s.sealed[:min(sealedSize, s.object.Size()-from)]
	if _, err := s.object.ReadAt(sealed, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading a blob of record %s: %w", s.place.Record, err)
	}
	// The key is asked for again each time, so that an erasure ends what is open.
	key, err := s.vault.key(context.Background(), s.place.Workspace, s.place.Record)
	if err != nil {
		return nil, err
	}
	plain, err := key.seal.Open(dst, nil, sealed, chunkBound(s.bound, number, number == s.chunks-1))
	if err != nil {
		return nil, s.vault.broken(s.place, Tampered)
	}
	return plain, nil
}

// DeleteBlob removes a blob. What its key sealed stays erased or readable as the key is.
func (v *Vault) DeleteBlob(ctx context.Context, p Place) error {
	return v.cfg.Bucket.Delete(ctx, objectName(p))
}

// Blobs calls fn with the record and row of every blob of the workspace, for the collector. Fn may delete it.
func (v *Vault) Blobs(ctx context.Context, ws tenant.WorkspaceID, fn func(record tenant.RecordID, row [16]byte) error) error {
	prefix := fmt.Sprintf("%x/", ws[:])
	return v.cfg.Bucket.Each(ctx, prefix, func(name string) error {
		one, two, _ := strings.Cut(name[len(prefix):], "/")
		record, err := hex.DecodeString(one)
		row, err2 := hex.DecodeString(two)
		if err != nil || err2 != nil || len(record) != 16 || len(row) != 16 {
			return nil // nothing of ours
		}
		return fn(tenant.RecordID(record), [16]byte(row))
	})
}

// DeleteBlobs removes every blob of a workspace, which is to be destroyed.
func (v *Vault) DeleteBlobs(ctx context.Context, ws tenant.WorkspaceID) error {
	var names []string
	err := v.cfg.Bucket.Each(ctx, fmt.Sprintf("%x/", ws[:]), func(name string) error { names = append(names, name); return nil })
	for _, name := range names {
		err = errors.Join(err, v.cfg.Bucket.Delete(ctx, name))
	}
	return err
}
