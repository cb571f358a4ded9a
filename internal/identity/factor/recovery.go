package factor

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Codes is how many recovery codes a set has; FewCodes is how many are left when a person is told to make new ones.
const (
	Codes    = 10
	FewCodes = 2
)

// Letters that are not taken for one another (Crockford's base32).
var recoveryLetters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewRecoveryCodes returns a set of codes of 80 random bits each, in groups of four letters.
func NewRecoveryCodes(random io.Reader) ([]string, error) {
	var codes []string
	for range Codes {
		raw := make([]byte, 10)
		if _, err := io.ReadFull(random, raw); err != nil {
			return nil, fmt.Errorf("making a recovery code: %w", err)
		}
		s := recoveryLetters.EncodeToString(raw)
		codes = append(codes, s[:4]+"-"+s[4:8]+"-"+s[8:12]+"-"+s[12:])
	}
	return codes, nil
}

// NormalRecovery reads a recovery code as a person types it: case, spaces and dashes do not matter, and letters that look
// like digits are those digits. It reports whether what is left can be a code at all.
func NormalRecovery(typed string) (string, bool) {
	fold := strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1")
	code := fold.Replace(strings.ToLower(strings.TrimSpace(typed)))
	raw, err := recoveryLetters.DecodeString(code)
	return code, err == nil && len(raw) == 10 && len(code) == 16
}

// Stretch is the work of hashing one recovery code with argon2id (RFC 9106). Memory is in KiB.
type Stretch struct{ Memory, Passes uint32 }

// DefaultStretch is what OWASP names as the least for argon2id, which 80 random bits do not even need.
func DefaultStretch() Stretch { return Stretch{Memory: 19 << 10, Passes: 2} }

// Hash returns what is kept of a recovery code. All codes of a set share one random salt, so that looking for a code in a set
// takes one hash.
func (s Stretch) Hash(code string, salt []byte) []byte {
	return argon2.IDKey([]byte(code), salt, s.Passes, s.Memory, 1, 32)
}
