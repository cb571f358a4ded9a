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
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"mainstay/internal/fault"
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

// Root wraps and unwraps the keys at the top of the tree. It may be a call over a network.
type Root interface {
	Wrap(ctx context.Context, key, bound []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped, bound []byte) ([]byte, error)
}

// KeyStore keeps wrapped keys. Its writes are durable when they return.
type KeyStore interface {
	Get(id string) ([]byte, error) // fault.Missing where there is none
	Put(entries map[string][]byte) error
	Delete(ids []string) error
	Each(prefix string, fn func(id string, value []byte) error) error
}

// Event tells of something that the operator must know: sealed bytes that do not verify.
type Event struct {
	Place  Place
	Reason string
}

// Config is what a vault stands on. Root, Keys, Bucket and Source are required.
type Config struct {
	Root      Root
	Keys      KeyStore
	Bucket    Bucket
	Source    tenant.Source
	CacheSize int           // record keys held in memory; zero: 10,000
	CacheTime time.Duration // for at most this long; zero: 5 minutes
	Events    func(Event)   // nil: nobody is told
}

// Vault seals and opens. It is safe for concurrent use.
type Vault struct {
	Config
	cache cache
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
	v := &Vault{Config: cfg, cache: newCache(cfg.CacheSize, cfg.CacheTime, cfg.Source.Now)}
	for _, id := range []string{instanceID, lookupID} {
		if err := v.ensureTop(ctx, id); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Place says where a sealed document stands. Kind is a constant that is never renamed. A zero workspace and record are the
// instance's own.
type Place struct {
	Workspace tenant.WorkspaceID
	Record    tenant.RecordID
	Kind      string
	Row       [16]byte
}

// bound is the associated data: every part of a place, each of known length.
func (p Place) bound(header []byte) []byte {
	b := make([]byte, 0, len(header)+49+len(p.Kind))
	b = append(b, header...)
	b = append(b, p.Workspace[:]...)
	b = append(b, p.Record[:]...)
	b = append(b, p.Row[:]...)
	b = append(b, byte(len(p.Kind)))
	return append(b, p.Kind...)
}

// Sealed is a sealed document and where it stands.
type Sealed struct {
	Place Place
	Bytes []byte
}

// The header of everything sealed: the format, and the id of the key.
const (
	formatDocument = 1
	formatBlob     = 2
	headerSize     = 1 + keyIDSize
)

// Seal returns doc sealed for the place. Every call gives other bytes.
func (v *Vault) Seal(ctx context.Context, place Place, doc []byte) ([]byte, error) {
	key, err := v.key(ctx, place.Workspace, place.Record)
	if err != nil {
		return nil, err
	}
	header := key.header(formatDocument)
	return key.aead.Seal(header, nil, doc, place.bound(header)), nil
}

// Open returns the documents, in the order given. It fails with fault.Missing where a key was destroyed, and with
// fault.Internal, after an event, where bytes do not verify.
func (v *Vault) Open(ctx context.Context, sealed ...Sealed) ([][]byte, error) {
	docs := make([][]byte, len(sealed))
	for i, s := range sealed {
		doc, err := v.open(ctx, s)
		if err != nil {
			return nil, err
		}
		docs[i] = doc
	}
	return docs, nil
}

func (v *Vault) open(ctx context.Context, s Sealed) ([]byte, error) {
	key, err := v.key(ctx, s.Place.Workspace, s.Place.Record)
	if err != nil {
		return nil, err
	}
	if len(s.Bytes) < headerSize || s.Bytes[0] != formatDocument {
		return nil, v.broken(s.Place, "unknown format")
	}
	header := s.Bytes[:headerSize]
	doc, err := key.aead.Open(nil, nil, s.Bytes[headerSize:], s.Place.bound(header))
	if err != nil || !key.is(header) {
		return nil, v.broken(s.Place, "does not verify")
	}
	return doc, nil
}

// broken tells the operator and returns the fault.
func (v *Vault) broken(p Place, reason string) error {
	if v.Events != nil {
		v.Events(Event{Place: p, Reason: reason})
	}
	return fault.Wrap(fault.Internal, "Stored data was changed from outside and is not shown. Tell your administrator.",
		fmt.Errorf("sealed %s of record %s: %s", p.Kind, p.Record, reason))
}

// Digest returns a keyed digest of content, by which the same content is found again in one workspace and nowhere else.
func (v *Vault) Digest(ctx context.Context, ws tenant.WorkspaceID, content []byte) ([]byte, error) {
	key, err := v.purposeKey(ctx, ws, Index)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key.raw[:])
	mac.Write(content)
	return mac.Sum(nil), nil
}

// Lookup returns a keyed digest of a normalised word (an e-mail address) under a key of the instance that is never rotated.
func (v *Vault) Lookup(word string) ([]byte, error) {
	key, err := v.topKey(context.Background(), lookupID)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key.raw[:])
	mac.Write([]byte(word))
	return mac.Sum(nil), nil
}

// keyed is a key ready for use.
type keyed struct {
	id   [keyIDSize]byte
	raw  secret
	aead cipher.AEAD
}

func (k *keyed) header(format byte) []byte { return append([]byte{format}, k.id[:]...) }

func (k *keyed) is(header []byte) bool { return [keyIDSize]byte(header[1:headerSize]) == k.id }

// secret is key material. It has no written form.
type secret [32]byte

func (secret) String() string               { return "[secret]" }
func (secret) GoString() string             { return "[secret]" }
func (secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }
