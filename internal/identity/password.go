package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"mainstay/internal/fault"
)

// HashCost is the work of one argon2id hash (RFC 9106). Memory is in KiB.
type HashCost struct {
	Memory  uint32
	Passes  uint32
	Threads uint8
}

// DefaultCost is RFC 9106's second choice, for machines with little memory: 64 MiB, 3 passes, 4 lanes.
func DefaultCost() HashCost { return HashCost{Memory: 64 << 10, Passes: 3, Threads: 4} }

// hasher bounds how many hashes, and so how much memory, are in work at once.
type hasher struct {
	cost  HashCost
	slots chan struct{}
}

func newHasher(cost HashCost) *hasher { return &hasher{cost: cost, slots: make(chan struct{}, 4)} }

func (h *hasher) key(ctx context.Context, password string, salt []byte, cost HashCost) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer h.leave()
		return argon2.IDKey([]byte(password), salt, cost.Passes, cost.Memory, cost.Threads, 32), nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Busy, "Too many people are signing in. Try again in a moment.", ctx.Err())
	}
}

// leave gives a hash's memory back to the machine where no other is in work: an idle server must not keep what a sign-in took.
func (h *hasher) leave() {
	<-h.slots
	if len(h.slots) == 0 && h.cost.Memory >= 16<<10 {
		debug.FreeOSMemory()
	}
}

// hash returns a self-describing hash in the PHC string format.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	key, err := h.key(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.Memory, h.cost.Passes, h.cost.Threads, b64(salt), b64(key)), nil
}

// verify fails with fault.Denied for a wrong password. An empty hash costs as much as a real one and never verifies.
func (h *hasher) verify(ctx context.Context, encoded, password string) error {
	cost, salt, want, err := parseHash(encoded)
	if err != nil {
		cost, salt, want = h.cost, make([]byte, 16), nil
	}
	got, failed := h.key(ctx, password, salt, cost)
	if failed != nil {
		return failed
	}
	if err != nil || subtle.ConstantTimeCompare(got, want) != 1 {
		return fault.New(fault.Denied, "The e-mail address or the password is not right.")
	}
	return nil
}

func parseHash(encoded string) (cost HashCost, salt, key []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost, nil, nil, errors.New("not an argon2id hash")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.Memory, &cost.Passes, &cost.Threads); err != nil {
		return cost, nil, nil, fmt.Errorf("reading a hash's cost: %w", err)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return cost, nil, nil, fmt.Errorf("reading a hash's salt: %w", err)
	}
	key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return cost, salt, key, err
}

// checkPassword refuses what is short, endless, or made of what everybody knows about the person.
func checkPassword(password string, context ...string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < 12:
		return fault.New(fault.Invalid, "A password has at least 12 characters. A sentence is easy to remember.")
	case n > 1000:
		return fault.New(fault.Invalid, "A password has at most 1,000 characters.")
	}
	lower := strings.ToLower(password)
	distinct := map[rune]bool{}
	for _, r := range lower {
		distinct[r] = true
	}
	if len(distinct) < 5 {
		return fault.New(fault.Invalid, "This password repeats too few characters. Choose another.")
	}
	if common(password) {
		return fault.New(fault.Invalid, "This password is among the first that are guessed. Choose another; a sentence is easy to remember.")
	}
	for _, known := range append(context, "mainstay") {
		known = strings.ToLower(known)
		if len(known) >= 4 && strings.Contains(lower, known) && n-utf8.RuneCountInString(known) < 8 {
			return fault.New(fault.Invalid, "This password is too close to your name or address. Choose another.")
		}
	}
	return nil
}
