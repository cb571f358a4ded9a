// Package factor holds the ways to show who one is beside a password: codes of an authenticator app, passkeys, recovery codes,
// and codes by text message. It computes and verifies; what is stored, counted and locked is its callers' business.
package factor

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// The names of factors, as sessions and events carry them.
const (
	KindPassword = "password"
	KindPasskey  = "passkey"
	KindTOTP     = "totp"
	KindRecovery = "recovery"
	KindSMS      = "sms"
)

// digits is the length of the codes that people type from another device.
const digits = 6

// NewCode returns six digits, each code as likely as every other.
func NewCode(random io.Reader) (string, error) {
	n, err := rand.Int(random, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	return fmt.Sprintf("%06d", n.Int64()), nil
}

// NormalCode takes the spaces out of a code that a person typed, and reports whether six digits are left.
func NormalCode(typed string) (string, bool) {
	code := strings.Join(strings.Fields(typed), "")
	return code, len(code) == digits && strings.Trim(code, "0123456789") == ""
}
