package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"mainstay/internal/fault"
	"mainstay/internal/vault"
)

// object reads by windows, so that chunks that are read in order share a request.
type object struct {
	store *Store
	name  string
	size  int64

	mu   sync.Mutex
	from int64 // where what is held begins
	held []byte
}

// Open implements [vault.Bucket]. It fetches the beginning at once.
func (s *Store) Open(ctx context.Context, name string) (vault.Object, error) {
	held, size, err := s.fetch(ctx, name, 0, window)
	if err != nil {
		return nil, err
	}
	return &object{store: s, name: name, size: size, held: held}, nil
}

// fetch returns at most n bytes from an offset, and the object's size.
func (s *Store) fetch(ctx context.Context, name string, from, n int64) ([]byte, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, mostRead)
	defer cancel()
	r, err := s.bucket.NewRangeReader(ctx, name, from, n, nil)
	if codeOf(err) == "InvalidRange" && from == 0 {
		return nil, 0, nil // an empty object has no first byte
	}
	if err != nil {
		return nil, 0, kinded(err)
	}
	body, err := io.ReadAll(io.LimitReader(r, n))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, 0, kinded(err)
	}
	if want := min(n, r.Size()-from); int64(len(body)) != want {
		return nil, 0, fault.Wrap(fault.Busy, "The object store broke off. Try again later.", fmt.Errorf("it gave %d bytes of %d", len(body), want))
	}
	return body, r.Size(), nil
}

// Size implements [vault.Object].
func (o *object) Size() int64 { return o.size }

// Close implements [vault.Object].
func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = nil
	return nil
}

// ReadAt implements [vault.Object]. An object does not change, so what is held stays true.
func (o *object) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fault.New(fault.Invalid, "There is nothing before the beginning.")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	done := 0
	for done < len(p) {
		if at >= o.size {
			return done, io.EOF
		}
		if at < o.from || at >= o.from+int64(len(o.held)) {
			held, size, err := o.store.fetch(context.Background(), o.name, at, window)
			if err == nil && size != o.size {
				err = fmt.Errorf("an object of %d bytes has %d now", o.size, size)
			}
			if err != nil {
				return done, err
			}
			o.from, o.held = at, held
		}
		n := copy(p[done:], o.held[at-o.from:])
		done, at = done+n, at+int64(n)
	}
	return done, nil
}
