package vault

import (
	"bytes"
	"sort"
	"strings"
	"sync"

	"mainstay/internal/fault"
)

// MemoryStore keeps wrapped keys in memory, for runs that leave nothing behind.
type MemoryStore struct {
	mu      sync.Mutex
	entries map[string][]byte
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{entries: map[string][]byte{}} }

// Get implements [KeyStore].
func (s *MemoryStore) Get(id string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.entries[id]
	if !ok {
		return nil, fault.New(fault.Missing, "This was erased, or never existed.")
	}
	return bytes.Clone(value), nil
}

// Put implements [KeyStore].
func (s *MemoryStore) Put(entries map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, value := range entries {
		s.entries[id] = bytes.Clone(value)
	}
	return nil
}

// Delete implements [KeyStore].
func (s *MemoryStore) Delete(ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		clear(s.entries[id])
		delete(s.entries, id)
	}
	return nil
}

// Each implements [KeyStore].
func (s *MemoryStore) Each(prefix string, fn func(id string, value []byte) error) error {
	s.mu.Lock()
	found := map[string][]byte{}
	var ids []string
	for id, value := range s.entries {
		if strings.HasPrefix(id, prefix) {
			found[id] = bytes.Clone(value)
			ids = append(ids, id)
		}
	}
	s.mu.Unlock()
	sort.Strings(ids)
	for _, id := range ids {
		if err := fn(id, found[id]); err != nil {
			return err
		}
	}
	return nil
}
