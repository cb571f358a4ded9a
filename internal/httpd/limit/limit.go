// Package limit counts how often somebody asks, and says when it is too often.
//
// A [Limiter] holds, for each key, the time until which what was asked is paid for: the generic cell rate algorithm (ITU-T I.371),
// which needs one instant a key and no timer. A key whose debt is paid is as good as unknown, so forgetting it changes nothing:
// that is how memory stays bounded.
package limit

import (
	"net/netip"
	"sync"
	"time"
)

// Quota is how often one key may ask: Most at once, and as often within each Window.
type Quota struct {
	Most   int
	Window time.Duration
}

// Key says who asks for what. Keys of different Class or Kind never share a count.
type Key struct {
	Class uint8
	Kind  uint8
	ID    [16]byte
}

// Network returns what one party can easily have many addresses of: all of an IPv4 address, the first 64 bits of an IPv6 one.
func Network(address netip.Addr) [16]byte {
	id := address.Unmap().As16()
	if address.Unmap().Is6() {
		clear(id[8:])
	}
	return id
}

// Charge is one key's part in a request.
type Charge struct {
	Key   Key
	Quota Quota
}

// Standing is what a key may still ask after a request.
type Standing struct {
	Allowed bool
	Left    int           // requests that would be allowed at once
	Full    time.Duration // until the whole quota is there again
	Retry   time.Duration // until the next request is allowed; 0 if it is now
}

// most is how many keys a limiter remembers; they take about 5 MB.
const most = 1 << 16

// Limiter counts. It is safe for concurrent use, and its zero value is not usable: see [New].
type Limiter struct {
	mu   sync.Mutex
	paid map[Key]time.Time
	most int
}

// New returns a limiter that remembers at most keys keys, 65,536 if keys is 0.
func New(keys int) *Limiter {
	if keys == 0 {
		keys = most
	}
	return &Limiter{paid: map[Key]time.Time{}, most: keys}
}

// Take counts one request against all charges, or, where one of them has nothing left, against none. It returns a standing for
// each charge, in their order, and whether the request is allowed.
func (l *Limiter) Take(now time.Time, charges ...Charge) ([]Standing, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	standings, allowed := make([]Standing, len(charges)), true
	for i, c := range charges {
		standings[i] = c.standing(now, l.paid[c.Key])
		allowed = allowed && standings[i].Allowed
	}
	if !allowed {
		return standings, false
	}
	for i, c := range charges {
		until := later(now, l.paid[c.Key]).Add(c.Quota.each())
		l.remember(now, c.Key, until)
		standings[i] = c.standing(now, until)
		standings[i].Allowed = true
	}
	return standings, true
}

// each is what one request costs.
func (q Quota) each() time.Duration { return q.Window / time.Duration(max(q.Most, 1)) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// standing is what a key may ask whose requests are paid for at until.
func (c Charge) standing(now, until time.Time) Standing {
	debt := max(until.Sub(now), 0)
	each := c.Quota.each()
	left := int((c.Quota.Window - debt) / each)
	s := Standing{Left: min(max(left, 0), c.Quota.Most), Full: debt}
	s.Allowed = s.Left > 0
	if !s.Allowed {
		s.Retry = debt + each - c.Quota.Window
	}
	return s
}

// remember keeps a key's debt. Where there is no room it forgets keys without debt first, then others: a flood of keys makes the
// limiter milder and never larger.
func (l *Limiter) remember(now time.Time, key Key, until time.Time) {
	if _, known := l.paid[key]; !known && len(l.paid) >= l.most {
		for k, at := range l.paid {
			if !at.After(now) {
				delete(l.paid, k)
			}
		}
		for k := range l.paid { // an eighth at a time, so that the search above stays rare
			if len(l.paid) <= l.most-l.most/8-1 {
				break
			}
			delete(l.paid, k)
		}
	}
	l.paid[key] = until
}

// Len returns how many keys are remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.paid)
}
