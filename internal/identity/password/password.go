// Package password hashes passwords, verifies them, and says which are too weak to take. It stores nothing.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"mainstay/internal/fault"
)

// Cost is the work of one argon2id hash (RFC 9106). Memory is in KiB.
type Cost struct {
	Memory  uint32
	Passes  uint32
	Threads uint8
}

// DefaultCost is RFC 9106's second choice, for machines with little memory: 64 MiB, 3 passes, 4 lanes.
func DefaultCost() Cost { return Cost{Memory: 64 << 10, Passes: 3, Threads: 4} }

// bearable bounds what a stored hash may ask for: a row that was tampered with must not take the machine.
func (c Cost) bearable() bool {
	return c.Memory >= 8 && c.Memory <= 1<<20 && c.Passes >= 1 && c.Passes <= 16 && c.Threads >= 1 && c.Threads <= 32
}

// Hasher bounds how many hashes, and so how much memory, are in work at once: no more than there are processors, and 4.
type Hasher struct {
	cost  Cost
	slots chan struct{}
	work  atomic.Int64
	favor func() // what is done before the first hash
}

// NewHasher returns a hasher whose new hashes have the cost. A program has one.
func NewHasher(cost Cost) *Hasher {
	atOnce := min(runtime.NumCPU(), 4)
	return &Hasher{cost: cost, slots: make(chan struct{}, atOnce), favor: sync.OnceFunc(func() { favor(int(cost.Memory)<<10, 2*atOnce+1) })}
}

// Work returns how many hashes were computed so far.
func (h *Hasher) Work() int64 { return h.work.Load() }

// enter waits for a slot.
func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		h.work.Add(1)
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Busy, "Too many people are signing in. Try again in a moment.", ctx.Err())
	}
}

func (h *Hasher) leave() { <-h.slots }

func (h *Hasher) key(ctx context.Context, password string, salt []byte, cost Cost) ([]byte, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer h.leave()
	h.favor()
	return argon2.IDKey([]byte(password), salt, cost.Passes, cost.Memory, cost.Threads, 32), nil
}

// Hash returns a self-describing argon2id hash in the PHC string format. The password is taken byte for byte.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
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

// Verify fails with fault.Denied for a wrong password. An empty hash costs as much as a real one and never verifies. Stale says
// that a right password's hash is of another kind or cost than [Hasher.Hash] gives now, and should be replaced by a new one.
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (stale bool, err error) {
	if isBcrypt(encoded) {
		return true, h.verifyBcrypt(ctx, encoded, password)
	}
	cost, salt, want, unreadable := parse(encoded)
	if unreadable != nil {
		cost, salt, want = h.cost, make([]byte, 16), nil
	}
	got, err := h.key(ctx, password, salt, cost)
	if err != nil {
		return false, err
	}
	if unreadable != nil || subtle.ConstantTimeCompare(got, want) != 1 {
		return false, wrong()
	}
	return cost != h.cost, nil
}

func wrong() error {
	return fault.New(fault.Denied, "The e-mail address or the password is not right.")
}

// isBcrypt knows the hashes of imported accounts, by the names that bcrypt goes by.
func isBcrypt(encoded string) bool {
	return strings.HasPrefix(encoded, "$2a$") || strings.HasPrefix(encoded, "$2b$") || strings.HasPrefix(encoded, "$2y$")
}

const mostBcrypt = 16 // rounds are two to the power of it

func (h *Hasher) verifyBcrypt(ctx context.Context, encoded, password string) error {
	if cost, err := bcrypt.Cost([]byte(encoded)); err != nil || cost > mostBcrypt {
		return wrong()
	}
	if err := h.enter(ctx); err != nil {
		return err
	}
	defer h.leave()
	if bcrypt.CompareHashAndPassword([]byte(encoded), []byte(password)) != nil {
		return wrong()
	}
	return nil
}

func parse(encoded string) (cost Cost, salt, key []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost, nil, nil, errors.New("not an argon2id hash")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.Memory, &cost.Passes, &cost.Threads); err != nil {
		return cost, nil, nil, fmt.Errorf("reading a hash's cost: %w", err)
	}
	if !cost.bearable() {
		return cost, nil, nil, errors.New("a hash's cost is out of bounds")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return cost, nil, nil, fmt.Errorf("reading a hash's salt: %w", err)
	}
	key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return cost, salt, key, err
}
