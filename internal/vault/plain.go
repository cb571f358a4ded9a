//go:build plain

package vault

import (
	"bytes"
	"crypto/cipher"
	"errors"
)

// Plain says that this build seals nothing. It is true in one test build only.
const Plain = true

// plain leaves documents and blobs as they are. It exists in test builds only, as the control of searches for content at
// rest: the same search must find what this leaves readable. Keys are wrapped all the same.
type plain struct{}

func newSealer([]byte) (cipher.AEAD, error) { return plain{}, nil }

func (plain) NonceSize() int { return 0 }
func (plain) Overhead() int  { return overhead }

func (plain) Seal(dst, _, text, _ []byte) []byte {
	return append(append(dst, text...), bytes.Repeat([]byte{0}, overhead)...)
}

func (plain) Open(dst, _, sealed, _ []byte) ([]byte, error) {
	if len(sealed) < overhead {
		return nil, errors.New("too short")
	}
	return append(dst, sealed[:len(sealed)-overhead]...), nil
}
