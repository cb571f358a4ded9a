package tenant

import (
	"database/sql/driver"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"mainstay/internal/fault"
)

// Noun says what an id names. It is an empty struct type; its prefix begins the id's written form and is never changed.
type Noun interface{ Prefix() string }

// ID is a UUIDv7 that cannot be taken for the id of another noun. People and the API see "mtg_" and 26 letters of base32;
// the database column is a uuid. The zero value names nothing.
type ID[N Noun] [16]byte

var letters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Source is where a package gets time and randomness. Tests fix both.
type Source struct {
	Now    func() time.Time
	Random io.Reader
}

// Prefix begins the id's written form.
func (ID[N]) Prefix() string {
	var noun N
	return noun.Prefix()
}

// Typed is any ID: it lets NewID and ParseID be called with the id's own type, as in NewID[tenant.EventID](source).
type Typed interface {
	~[16]byte
	Prefix() string
}

// NewID returns a fresh id of source's time and randomness (RFC 9562, version 7). It panics if the randomness fails, which
// crypto/rand never does.
func NewID[I Typed](source Source) I {
	var id [16]byte
	if _, err := io.ReadFull(source.Random, id[:]); err != nil {
		panic("tenant: no randomness: " + err.Error())
	}
	ms := uint64(source.Now().UnixMilli())
	binary.BigEndian.PutUint32(id[0:], uint32(ms>>16))
	binary.BigEndian.PutUint16(id[4:], uint16(ms))
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return I(id)
}

// ParseID reads an id's written form. It fails with fault.Missing, because a malformed id names no object.
func ParseID[I Typed](s string) (I, error) {
	var id I
	missing := fault.New(fault.Missing, "There is nothing at this address.")
	body, ok := strings.CutPrefix(s, id.Prefix()+"_")
	if !ok || len(body) != 26 {
		return id, missing
	}
	raw, err := letters.DecodeString(body)
	if err != nil || len(raw) != len(id) || letters.EncodeToString(raw) != body {
		return id, missing
	}
	return I(raw), nil
}

// IsZero reports whether the id names nothing.
func (id ID[N]) IsZero() bool { return id == ID[N]{} }

// Bytes returns the id as it is.
func (id ID[N]) Bytes() [16]byte { return id }

func (id ID[N]) String() string {
	return id.Prefix() + "_" + letters.EncodeToString(id[:])
}

// Time returns when the id was made, to the millisecond.
func (id ID[N]) Time() time.Time {
	ms := int64(binary.BigEndian.Uint32(id[0:]))<<16 | int64(binary.BigEndian.Uint16(id[4:]))
	return time.UnixMilli(ms).UTC()
}

// MarshalText writes the prefixed form; the zero id is empty.
func (id ID[N]) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads the prefixed form; empty gives the zero id.
func (id *ID[N]) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID[N]{}
		return nil
	}
	got, err := ParseID[ID[N]](string(b))
	if err == nil {
		*id = got
	}
	return err
}

// Value gives the database the uuid, and null for the zero id.
func (id ID[N]) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// Scan reads a uuid column; null gives the zero id.
func (id *ID[N]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID[N]{}
		return nil
	case string:
		raw, err := hex.DecodeString(strings.ReplaceAll(v, "-", ""))
		if err != nil || len(raw) != len(id) {
			return fmt.Errorf("scanning an id: %d characters are no uuid", len(v))
		}
		copy(id[:], raw)
		return nil
	case []byte:
		if len(v) != len(id) {
			return fmt.Errorf("scanning an id: %d bytes are no uuid", len(v))
		}
		copy(id[:], v)
		return nil
	case [16]byte:
		*id = v
		return nil
	}
	return fmt.Errorf("scanning an id: %T is no uuid", src)
}
