// Package limit counts tries of all nodes together: how often a password is guessed, how many letters somebody asks for. The counts
// are in the database, by keys that say nothing of whom they are about.
package limit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Refill is how long it takes until an allowance that was used up is full again.
const Refill = 15 * time.Minute

// Allowance is how many tries a key has at once, and gets back within [Refill].
type Allowance struct {
	Of   string
	Most float64
}

// Tries are what one try counts against. Without one of the hard allowances nothing is tried; without a soft one a try goes on,
// and its caller knows.
type Tries struct {
	Hard, Soft []Allowance
}

// Counter counts.
type Counter struct {
	Gate  *gate.Gate
	Vault *vault.Vault
}

// Take counts one try. It fails with fault.Busy, which [RetryAfter] knows, where a hard allowance is used up. Short is the wait
// where a soft one is, zero where there is none.
func (c Counter) Take(ctx context.Context, t Tries) (short time.Duration, err error) {
	hard, err := c.keyed(t.Hard)
	if err != nil {
		return 0, err
	}
	soft, err := c.keyed(t.Soft)
	if err != nil {
		return 0, err
	}
	err = c.Gate.Tally(tenant.As(ctx, gate.Authenticator), gate.CountTries, func(ctx context.Context, tx *gate.InstanceTx) error {
		wait, err := take(ctx, tx, hard)
		if err == nil && wait > 0 {
			return TooMany(wait)
		}
		if err == nil && len(soft.keys) > 0 {
			short, err = take(ctx, tx, soft)
		}
		return err
	})
	return short, err
}

// Forgive fills allowances again: those of somebody who got it right.
func (c Counter) Forgive(ctx context.Context, all ...Allowance) error {
	return c.Gate.Tally(tenant.As(ctx, gate.Authenticator), gate.CountTries, func(_ context.Context, tx *gate.InstanceTx) error {
		return c.ForgiveIn(tx, all...)
	})
}

// ForgiveIn is Forgive inside an act of its caller's.
func (c Counter) ForgiveIn(tx *gate.InstanceTx, all ...Allowance) error {
	k, err := c.keyed(all)
	if err == nil && len(all) > 0 {
		refill(tx, k.keys)
	}
	return err
}

// Tidy removes the counts that are full again, inside a tally of its caller's.
func Tidy(ctx context.Context, tx *gate.InstanceTx) error { return removeFull(ctx, tx) }

// keyed are allowances as the database knows them.
type keyed struct {
	keys [][]byte
	most []float64
}

func (c Counter) keyed(all []Allowance) (keyed, error) {
	var k keyed
	for _, a := range all {
		key, err := c.Vault.Lookup("allowance " + a.Of)
		if err != nil {
			return k, err
		}
		k.keys, k.most = append(k.keys, key), append(k.most, a.Most)
	}
	return k, nil
}

// TooMany is the error of a try that must wait. It names no account, so that it is the same for all.
func TooMany(after time.Duration) error { return &tooMany{after} }

type tooMany struct{ after time.Duration }

func (e *tooMany) Error() string { return fmt.Sprintf("too many tries, again in %s", e.after) }

// Unwrap gives the sentence, which is the same for every account.
func (e *tooMany) Unwrap() error {
	return fault.New(fault.Busy, "Too many tries. Wait a few minutes, then try again.")
}

// RetryAfter returns how long to wait after an error of [Counter.Take], 0 for other errors.
func RetryAfter(err error) time.Duration {
	var known *tooMany
	if errors.As(err, &known) {
		return known.after
	}
	return 0
}

// Network is what one party can easily have many addresses of: 64 bits of an IPv6 address, all of an IPv4 one.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is6() {
		prefix, _ := ip.WithZone("").Prefix(64)
		return prefix.String()
	}
	return ip.String()
}
