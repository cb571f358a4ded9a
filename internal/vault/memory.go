package vault

import (
	"bytes"
	"context"
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
func (s *MemoryStore) Get(_ context.Context, ids ...string) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := make([][]byte, len(ids))
	for i, id := range ids {
		values[i] = bytes.Clone(s.entries[id])
	}
	return values, nil
}

// Write implements [KeyStore].
func (s *MemoryStore) Write(_ context.Context, changes ...Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		if err := c.expects(s.entries[c.ID]); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if c.Value != nil {
			s.entries[c.ID] = bytes.Clone(c.Value)
			continue
		}
		clear(s.entries[c.ID])
		delete(s.entries, c.ID)
	}
	return nil
}

// expects fails with fault.Conflict where what stands there is not what the change expects.
func (c Change) expects(have []byte) error {
	if c.Always || (c.Was == nil) == (have == nil) && bytes.Equal(c.Was, have) {
		return nil
	}
	return fault.New(fault.Conflict, "Another change of the same keys was first. Try again.")
}

// List implements [KeyStore].
func (s *MemoryStore) List(_ context.Context, prefix, after string, limit int) ([]Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id := range s.entries {
		if strings.HasPrefix(id, prefix) && id > after {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	ids = ids[:min(limit, len(ids))]
	entries := make([]Entry, len(ids))
	for i, id := range ids {
		entries[i] = Entry{id, bytes.Clone(s.entries[id])}
	}
	return entries, nil
}
