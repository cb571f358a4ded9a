package tenant

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// Secret is text that no log, error or JSON shows.
type Secret string

func (Secret) String() string               { return "[secret]" }
func (Secret) GoString() string             { return "[secret]" }
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Reveal returns the text itself, for the one place that uses it.
func (s Secret) Reveal() string { return string(s) }

// NewSecret returns 256 random bits as text that fits into an address.
func NewSecret() Secret { return Secret(base64.RawURLEncoding.EncodeToString(RandomBits())) }

// RandomBits returns 256 random bits. What is secret never comes from an injected source.
func RandomBits() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it cannot fail: without randomness the program ends
	return b
}

// Digest is what a database keeps of a secret: 256 random bits need no slow hash.
func Digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
