package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Place says where a sealed document stands. Kind is a constant that is never renamed, of at most 255 bytes. A zero workspace
// and record are the instance's own.
type Place struct {
	Workspace tenant.WorkspaceID
	Record    tenant.RecordID
	Kind      string
	Row       [16]byte
}

const maxKind = 255

// bound is the associated data: the header and every part of a place, each of known length.
func (p Place) bound(header []byte) []byte {
	b := make([]byte, 0, len(header)+49+len(p.Kind)+9)
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

// The header of everything sealed: the format, and the key by the version of its workspace's key and an id of its own.
const (
	formatDocument = 1
	formatBlob     = 2
	keyIDSize      = 8
	headerSize     = 1 + 4 + keyIDSize
)

// Header is what sealed bytes say of themselves in the clear.
type Header struct {
	Algorithm string // "AES-256-GCM"
	Version   uint32 // of the workspace's key for the purpose when the bytes were sealed; 0 for the instance's own
	Key       [8]byte
}

// Inspect reads the header of sealed bytes without opening them.
func Inspect(sealed []byte) (Header, error) {
	if len(sealed) < headerSize || sealed[0] != formatDocument && sealed[0] != formatBlob {
		return Header{}, fault.New(fault.Invalid, "These bytes are not sealed.")
	}
	return Header{Algorithm: "AES-256-GCM", Version: binary.BigEndian.Uint32(sealed[1:]), Key: [8]byte(sealed[5:headerSize])}, nil
}

// Seal returns doc sealed for the place. Every call gives other bytes. It fails with fault.Missing where the record has no key.
func (v *Vault) Seal(ctx context.Context, place Place, doc []byte) ([]byte, error) {
	if len(place.Kind) == 0 || len(place.Kind) > maxKind {
		return nil, fmt.Errorf("sealing for record %s: a kind has 1 to %d bytes", place.Record, maxKind)
	}
	key, err := v.key(ctx, place.Workspace, place.Record)
	if err != nil {
		return nil, err
	}
	header := key.header(formatDocument, len(doc)+overhead)
	return key.seal.Seal(header, nil, doc, place.bound(header)), nil
}

// Open returns the documents in the order given, having read the keys that are not in memory in one call of the key store.
//
// Where some do not open, the others are returned all the same, nil stands in the place of each that did not, and the error
// is of kind fault.Missing if all of those were erased: a list may go on without them. Else it wraps an [IntegrityError], and
// an event told of each.
func (v *Vault) Open(ctx context.Context, sealed ...Sealed) ([][]byte, error) {
	if err := v.load(ctx, sealed); err != nil {
		return nil, err
	}
	docs := make([][]byte, len(sealed))
	var erased, broken error
	for i, s := range sealed {
		doc, err := v.open(ctx, s)
		switch {
		case err == nil:
			docs[i] = doc
		case fault.Is(err, fault.Missing):
			erased = err
		case broken == nil:
			broken = err
		}
	}
	if broken != nil {
		return docs, broken
	}
	return docs, erased
}

func (v *Vault) open(ctx context.Context, s Sealed) ([]byte, error) {
	key, err := v.key(ctx, s.Place.Workspace, s.Place.Record)
	if err != nil {
		return nil, err
	}
	if err := v.check(key, s.Place, formatDocument, s.Bytes); err != nil {
		return nil, err
	}
	header := s.Bytes[:headerSize]
	doc, err := key.seal.Open(make([]byte, 0, max(0, len(s.Bytes)-headerSize-overhead)), nil, s.Bytes[headerSize:], s.Place.bound(header))
	if err != nil {
		return nil, v.broken(s.Place, Tampered)
	}
	return doc, nil
}

// check refuses what cannot be a seal of the format under the key.
func (v *Vault) check(key *keyed, p Place, format byte, b []byte) error {
	switch {
	case len(b) < headerSize+overhead:
		return v.broken(p, Truncated)
	case b[0] != format:
		return v.broken(p, UnknownFormat)
	case [keyIDSize]byte(b[5:headerSize]) != key.id:
		return v.broken(p, OtherKey)
	}
	return nil
}

// Damage is why sealed bytes did not open.
type Damage string

// The kinds of damage. Bytes of another row, record or workspace are Tampered or OtherKey.
const (
	Tampered      Damage = "does not verify"
	Truncated     Damage = "cut short"
	UnknownFormat Damage = "unknown format"
	OtherKey      Damage = "sealed under another key"
)

// IntegrityError says that sealed bytes were changed, moved or cut. It holds ids and no bytes.
type IntegrityError struct {
	Place  Place
	Damage Damage
}

func (e *IntegrityError) Error() string {
	return fmt.Sprintf("sealed %s of record %s: %s", e.Place.Kind, e.Place.Record, e.Damage)
}

// DamageOf returns why sealed bytes did not open, "" where err is something else.
func DamageOf(err error) Damage {
	var e *IntegrityError
	if errors.As(err, &e) {
		return e.Damage
	}
	return ""
}

// broken tells the operator and returns the fault.
func (v *Vault) broken(p Place, d Damage) error {
	if v.cfg.Events != nil {
		v.cfg.Events(Event{Place: p, Reason: string(d), At: v.cfg.Source.Now().UTC()})
	}
	return fault.Wrap(fault.Internal, "Stored data was changed from outside and is not shown. Tell your administrator.",
		&IntegrityError{Place: p, Damage: d})
}

func erased() error { return fault.New(fault.Missing, "This was erased, or never existed.") }
