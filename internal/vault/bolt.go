package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"mainstay/internal/fault"
)

// BoltStore keeps wrapped keys in one file. Every write is synced before it returns. One process has it open at a time.
type BoltStore struct {
	mu   sync.RWMutex // held alone while pages are overwritten
	db   *bbolt.DB
	file *os.File // the same file, to overwrite pages that the database let go
}

var keysBucket = []byte("keys")

// OpenBolt opens or makes the file, and overwrites what a crash left of removed keys. It fails with fault.Busy where another
// process has it open.
func OpenBolt(path string) (*BoltStore, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fault.Wrap(fault.Busy, "Another mainstay is running on this data folder. Stop it first.", err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the key store: %w", err)
	}
	db.MaxBatchDelay = 500 * time.Microsecond
	s := &BoltStore{db: db}
	if err := s.prepare(path); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the key store: %w", err), s.Close())
	}
	return s, nil
}

func (s *BoltStore) prepare(path string) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(keysBucket)
		return err
	})
	if err != nil {
		return err
	}
	if s.file, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return s.scrub()
}

// Close lets the file go.
func (s *BoltStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.db.Close()
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	return err
}

// Get implements [KeyStore].
func (s *BoltStore) Get(_ context.Context, ids ...string) ([][]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	values := make([][]byte, len(ids))
	err := s.db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(keysBucket)
		for i, id := range ids {
			values[i] = bytes.Clone(bucket.Get([]byte(id)))
		}
		return nil
	})
	return values, err
}

// Write implements [KeyStore]. Writes that come together share one sync. The file copies on write and keeps the pages that
// it lets go, so these are overwritten when a change removed or replaced something.
func (s *BoltStore) Write(_ context.Context, changes ...Change) error {
	if len(changes) == 0 {
		return nil
	}
	if err := s.apply(changes); err != nil {
		return err
	}
	for _, c := range changes {
		if c.Value == nil || c.Was != nil && !bytes.Equal(c.Was, c.Value) {
			return s.scrub()
		}
	}
	return nil
}

func (s *BoltStore) apply(changes []Change) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.db.Batch(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(keysBucket)
		for _, c := range changes {
			if err := c.expects(bucket.Get([]byte(c.ID))); err != nil {
				return err
			}
		}
		for _, c := range changes {
			err := error(nil)
			if c.Value == nil {
				err = bucket.Delete([]byte(c.ID))
			} else if !bytes.Equal(c.Was, c.Value) {
				err = bucket.Put([]byte(c.ID), c.Value)
			}
			if err != nil {
				return fmt.Errorf("writing to the key store: %w", err)
			}
		}
		return nil
	})
}

// scrub overwrites every free page with zeros and syncs. The newest meta page is durable by then and reaches none of them;
// no reader of this process is inside, and no other process has the file.
func (s *BoltStore) scrub() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("overwriting removed keys: %w", err)
	}
	dirty, err := s.overwrite(tx)
	if err = errors.Join(err, tx.Rollback()); err == nil && dirty {
		err = s.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("overwriting removed keys: %w", err)
	}
	return nil
}

func (s *BoltStore) overwrite(tx *bbolt.Tx) (dirty bool, err error) {
	size := int64(s.db.Info().PageSize)
	page, zeros := make([]byte, size), make([]byte, size)
	for id := 0; ; id++ {
		free, end, err := freePage(tx, id)
		if err != nil || end {
			return dirty, err
		}
		if !free {
			continue
		}
		if _, err := s.file.ReadAt(page, int64(id)*size); err != nil && !errors.Is(err, io.EOF) {
			return dirty, err
		}
		if bytes.Equal(page, zeros) {
			continue
		}
		if _, err := s.file.WriteAt(zeros, int64(id)*size); err != nil {
			return dirty, err
		}
		dirty = true
	}
}

// freePage reports whether a page is free, or whether the file ends before it.
func freePage(tx *bbolt.Tx, id int) (free, end bool, err error) {
	info, err := tx.Page(id)
	if err != nil || info == nil {
		return false, err == nil, err
	}
	return info.Type == "free", false, nil
}

// List implements [KeyStore].
func (s *BoltStore) List(_ context.Context, prefix, after string, limit int) ([]Entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var entries []Entry
	err := s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(keysBucket).Cursor()
		for k, v := c.Seek([]byte(max(prefix, after))); k != nil && bytes.HasPrefix(k, []byte(prefix)) && len(entries) < limit; k, v = c.Next() {
			if string(k) > after {
				entries = append(entries, Entry{string(k), bytes.Clone(v)})
			}
		}
		return nil
	})
	return entries, err
}
