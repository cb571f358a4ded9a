package vault

import (
	"bytes"
	"errors"
	"fmt"
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
	path string
	mu   sync.RWMutex // held while the file is exchanged
	db   *bbolt.DB
}

var keysBucket = []byte("keys")

// OpenBolt opens or makes the file. It fails with fault.Busy where another process has it open.
func OpenBolt(path string) (*BoltStore, error) {
	db, err := openFile(path)
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(keysBucket)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the key store: %w", err), db.Close())
	}
	return &BoltStore{path: path, db: db}, nil
}

func openFile(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fault.Wrap(fault.Busy, "Another mainstay is running on this data folder. Stop it first.", err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the key store: %w", err)
	}
	return db, nil
}

// Close lets the file go.
func (s *BoltStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db.Close()
}

// Get implements [KeyStore].
func (s *BoltStore) Get(id string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var value []byte
	err := s.db.View(func(tx *bbolt.Tx) error {
		value = bytes.Clone(tx.Bucket(keysBucket).Get([]byte(id)))
		return nil
	})
	if err == nil && value == nil {
		return nil, fault.New(fault.Missing, "This was erased, or never existed.")
	}
	return value, err
}

// Put implements [KeyStore].
func (s *BoltStore) Put(entries map[string][]byte) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.db.Update(func(tx *bbolt.Tx) error {
		for id, value := range entries {
			if err := tx.Bucket(keysBucket).Put([]byte(id), value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Delete implements [KeyStore]. A file that copies on write keeps old pages, so what remains is written to a fresh file and
// the old one is overwritten before it is removed: a deleted key is not on the disk's live blocks when Delete returns.
func (s *BoltStore) Delete(ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, id := range ids {
			if err := tx.Bucket(keysBucket).Delete([]byte(id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.exchange()
}

func (s *BoltStore) exchange() error {
	fresh := s.path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clearing a half-written key store: %w", err)
	}
	next, err := openFile(fresh)
	if err != nil {
		return err
	}
	if err := bbolt.Compact(next, s.db, 0); err != nil {
		return errors.Join(fmt.Errorf("rewriting the key store: %w", err), next.Close())
	}
	old, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		return errors.Join(err, next.Close())
	}
	defer old.Close()
	if err := errors.Join(next.Sync(), os.Rename(fresh, s.path), syncDir(filepath.Dir(s.path))); err != nil {
		return errors.Join(fmt.Errorf("exchanging the key store: %w", err), next.Close())
	}
	before := s.db
	s.db = next
	return errors.Join(before.Close(), overwrite(old))
}

func overwrite(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < info.Size(); at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros[:min(int64(len(zeros)), info.Size()-at)], at); err != nil {
			return err
		}
	}
	return file.Sync()
}

// Each implements [KeyStore].
func (s *BoltStore) Each(prefix string, fn func(id string, value []byte) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(keysBucket).Cursor()
		for k, v := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
			if err := fn(string(k), bytes.Clone(v)); err != nil {
				return err
			}
		}
		return nil
	})
}
