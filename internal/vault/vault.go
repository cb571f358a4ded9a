// Package vault keeps content unreadable at rest. It owns the key tree, sealed documents and sealed blobs.
//
// The keys are a tree. A root key, which a [Root] holds, wraps a versioned key for each workspace and purpose; that wraps a
// key for each record; and a record's key may wrap the keys of records below it (a meeting's recording, transcript and
// minutes). Everything that a record holds is sealed under its key, so that destroying the key erases the record, and
// destroying a meeting's key erases all that belongs to it. Wrapped keys live in a [KeyStore] of their own and never in the
// data's database. Rotation wraps keys anew and never touches data.
//
// A document is sealed with AES-256-GCM, a random nonce each time, and bound to its [Place]: the workspace, record, kind and
// row. Moved, swapped, cut or changed bytes give a fault and never bytes.
package vault

import (
	"context"
	"errors"
	"sync"
	"time"

	"mainstay/internal/tenant"
)

// Purpose says what a workspace's keys are for. The numbers are stored and never change.
type Purpose uint8

// The purposes.
const (
	Content     Purpose = 1
	Voice       Purpose = 2
	Credentials Purpose = 3
	Index       Purpose = 4
)

func purposes() []Purpose { return []Purpose{Content, Voice, Credentials, Index} }

func (p Purpose) String() string {
	names := [...]string{"none", "content", "voice", "credentials", "index"}
	if int(p) < len(names) {
		return names[p]
	}
	return names[0]
}

// Root wraps and unwraps the keys at the top of the tree. It may be a call over a network. What it wraps opens only with the
// same bound bytes.
type Root interface {
	Wrap(ctx context.Context, key, bound []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped, bound []byte) ([]byte, error)
}

// KeyStore keeps wrapped keys by id. Its writes are durable, and what they replaced or removed is beyond recovery, when they
// return.
type KeyStore interface {
	// Get returns the values in the order of the ids, nil for an id that has none.
	Get(ctx context.Context, ids ...string) ([][]byte, error)
	// Write makes all changes or none. It fails with fault.Conflict where an id does not hold what its change expects.
	Write(ctx context.Context, changes ...Change) error
	// List returns the entries whose ids begin with prefix and come after the id after, in order, at most limit.
	List(ctx context.Context, prefix, after string, limit int) ([]Entry, error)
}

// Entry is what a key store holds under an id.
type Entry struct {
	ID    string
	Value []byte
}

// Change is one change of a key store: Value takes the place of Was. A nil Was expects nothing there; a nil Value removes;
// Always expects whatever stands there.
type Change struct {
	ID     string
	Was    []byte
	Value  []byte
	Always bool
}

// Event tells of something that the operator must know: sealed bytes that do not verify.
type Event struct {
	Place  Place
	Reason string
	At     time.Time
}

// Config is what a vault stands on. Root, Keys, Bucket and Source are required.
type Config struct {
	Root      Root
	Keys      KeyStore
	Bucket    Bucket
	Source    tenant.Source
	CacheSize int           // record keys held in memory; zero: 10,000
	CacheTime time.Duration // for at most this long; zero: 5 minutes
	Events    func(Event)   // nil: nobody is told; must return soon
}

// Vault seals and opens. It is safe for concurrent use.
type Vault struct {
	cfg     Config
	tops    *cache // keys that the root wraps
	records *cache

	mu   sync.RWMutex
	root Root
}

// New returns a vault and makes the keys of the instance on first use.
func New(ctx context.Context, cfg Config) (*Vault, error) {
	if cfg.Root == nil || cfg.Keys == nil || cfg.Bucket == nil || cfg.Source.Now == nil || cfg.Source.Random == nil {
		return nil, errors.New("vault: Root, Keys, Bucket and Source are required")
	}
	if cfg.CacheSize == 0 {
		cfg.CacheSize = 10_000
	}
	if cfg.CacheTime == 0 {
		cfg.CacheTime = 5 * time.Minute
	}
	v := &Vault{cfg: cfg, root: cfg.Root,
		tops:    newCache(cfg.CacheSize, cfg.CacheTime, cfg.Source.Now),
		records: newCache(cfg.CacheSize, cfg.CacheTime, cfg.Source.Now)}
	for _, id := range []string{instanceID, lookupID} {
		if err := v.ensureTop(ctx, id); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Close forgets every key in memory. The vault still works; it reads keys anew.
func (v *Vault) Close() {
	v.tops.clear()
	v.records.clear()
}

func (v *Vault) rootNow() Root {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.root
}

func (v *Vault) setRoot(r Root) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.root = r
}
