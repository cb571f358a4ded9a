package identity

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"mainstay/internal/fault"
)

// limiter bounds how often passwords may be tried. It counts by address, by account, and by both together, so that one guesser
// is stopped early, many together late, and the person whose account it is can go on from where they always sign in.
// Addresses that belong to no account are counted like the others. The counts live as long as the process.
type limiter struct {
	mu    sync.Mutex
	tries map[string]bucket
}

// bucket is how many tries are left, and since when.
type bucket struct {
	left float64
	at   time.Time
}

// allowance is how many tries a key has at once, and gets back within refill.
type allowance struct {
	key  string
	most float64
}

const (
	refill      = 15 * time.Minute
	perBoth     = 10
	perAccount  = 50
	perAddress  = 100
	mostCounted = 100_000
)

func newLimiter() *limiter { return &limiter{tries: map[string]bucket{}} }

func allowances(address string, lookup []byte) []allowance {
	from := network(address)
	account := string(lookup)
	return []allowance{{"b" + from + account, perBoth}, {"u" + account, perAccount}, {"a" + from, perAddress}}
}

// network is what one party can easily have many addresses of: 64 bits of an IPv6 address, all of an IPv4 one.
func network(address string) string {
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

// take counts one try. It fails with fault.Busy, which [RetryAfter] knows, where a key has none left.
func (l *limiter) take(now time.Time, all []allowance) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range all {
		if b := l.now(now, a); b.left < 1 {
			wait := time.Duration((1 - b.left) / a.most * float64(refill))
			return &tooMany{wait.Round(time.Second) + time.Second}
		}
	}
	if len(l.tries) > mostCounted {
		clear(l.tries) // each entry cost its maker a slow hash
	}
	for _, a := range all {
		b := l.now(now, a)
		b.left--
		l.tries[a.key] = b
	}
	return nil
}

func (l *limiter) now(now time.Time, a allowance) bucket {
	b, known := l.tries[a.key]
	if !known {
		return bucket{a.most, now}
	}
	gained := float64(now.Sub(b.at)) / float64(refill) * a.most
	return bucket{min(a.most, b.left+max(gained, 0)), now}
}

// forget gives back what a person used up before they got their password right. The address keeps its count.
func (l *limiter) forget(all []allowance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, all[0].key)
}

type tooMany struct{ after time.Duration }

func (e *tooMany) Error() string { return fmt.Sprintf("too many tries, again in %s", e.after) }

// Unwrap gives the sentence, which is the same for every account.
func (e *tooMany) Unwrap() error {
	return fault.New(fault.Busy, "Too many tries to sign in. Wait a few minutes, then try again.")
}

// RetryAfter returns how long to wait after an error of [Service.SignIn], 0 for others.
func RetryAfter(err error) time.Duration {
	var known *tooMany
	if errors.As(err, &known) {
		return known.after
	}
	return 0
}
