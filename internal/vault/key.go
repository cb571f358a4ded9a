package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync"
)

// secret is key material. It has no written form.
type secret [32]byte

func (secret) String() string               { return "[secret]" }
func (secret) GoString() string             { return "[secret]" }
func (secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, "[secret]") }
func (secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }
func (secret) LogValue() slog.Value         { return slog.StringValue("[secret]") }

// keyed is a key ready for use: what is derived from it, one part a use (RFC 5869), so that no two uses share key material.
// The key itself is not kept.
type keyed struct {
	id      [keyIDSize]byte
	version uint32  // of the workspace's key at the top of its branch
	purpose Purpose // of the branch
	seal    cipher.AEAD
	wrap    cipher.AEAD

	mu     sync.RWMutex
	mac    secret
	zeroed bool
}

// ready derives what a key is used for and overwrites the key.
func ready(raw []byte, e entry) (*keyed, error) {
	defer clear(raw)
	k := &keyed{id: e.id, version: e.version, purpose: e.purpose}
	var parts [3][]byte
	for i, use := range []string{"mainstay seal 1", "mainstay wrap 1", "mainstay digest 1"} {
		part, err := hkdf.Expand(sha256.New, raw, use, len(secret{}))
		if err != nil {
			return nil, fmt.Errorf("deriving a key: %w", err)
		}
		defer clear(part)
		parts[i] = part
	}
	var err error
	if k.seal, err = newSealer(parts[0]); err != nil {
		return nil, fmt.Errorf("preparing a key: %w", err)
	}
	if k.wrap, err = newGCM(parts[1]); err != nil {
		return nil, fmt.Errorf("preparing a key: %w", err)
	}
	k.mac = secret(parts[2])
	return k, nil
}

// newGCM returns AES-256-GCM that puts a random nonce of 96 bits before each ciphertext.
func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// overhead is the nonce and the tag that GCM adds.
const overhead = 12 + 16

// header begins sealed bytes, with room for what follows.
func (k *keyed) header(format byte, room int) []byte {
	b := append(make([]byte, 0, headerSize+room), format)
	b = binary.BigEndian.AppendUint32(b, k.version)
	return append(b, k.id[:]...)
}

// digest returns the keyed digest of the parts, each preceded by its length. It is false once the key left the cache.
func (k *keyed) digest(parts ...[]byte) ([]byte, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.zeroed {
		return nil, false
	}
	mac := hmac.New(sha256.New, k.mac[:])
	for _, part := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write(part)
	}
	return mac.Sum(nil), true
}

// zero overwrites what Go lets us overwrite. The ciphers' own copies go with the garbage.
func (k *keyed) zero() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.mac[:])
	k.zeroed = true
}

func (k *keyed) String() string             { return "[secret]" }
func (k *keyed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }
func (k *keyed) LogValue() slog.Value       { return slog.StringValue("[secret]") }
