package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/tenant"
)

// How often may be tried, at once and again within refill. Tries are counted by account and address together, by address, and
// by account, so that one guesser is stopped early and many together late. A browser in which the account signed in before has a
// count of its own: the person whose account others guess at goes on. Addresses that belong to no account are counted like the
// others. The counts are in the database, and so of all nodes together.
const (
	refill     = 15 * time.Minute
	perBoth    = 10
	perAccount = 50
	perAddress = 100
	perDevice  = 10
	perLetters = 4 // links to one address
)

// allowance is how many tries a key has.
type allowance struct {
	of   string
	most float64
}

// tries are the allowances of one try to sign in.
type tries struct {
	hard []allowance // without one of these nothing is tried
	soft []allowance // without these a password alone lets nobody in
}

// triesOf returns what a try at an account counts against. Known says that the browser is known for the account.
func triesOf(from tenant.Actor, lookup []byte, known bool) tries {
	account := string(lookup)
	if known {
		return tries{hard: []allowance{{"device " + from.Device.Reveal() + account, perDevice}}}
	}
	at := network(from.Address)
	return tries{hard: []allowance{{"both " + at + " " + account, perBoth}, {"address " + at, perAddress}}, soft: []allowance{{"account " + account, perAccount}}}
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

// take counts one try. It fails with fault.Busy, which [RetryAfter] knows, where a hard allowance is used up. Short is the wait
// where a soft one is, zero where there is none.
func (s *Service) take(ctx context.Context, t tries) (short time.Duration, err error) {
	hard, err := s.keyed(t.hard)
	if err != nil {
		return 0, err
	}
	soft, err := s.keyed(t.soft)
	if err != nil {
		return 0, err
	}
	err = s.Gate.Tally(s.as(ctx, gate.Authenticator), gate.CountTries, func(ctx context.Context, tx *gate.InstanceTx) error {
		wait, err := takeAllowances(ctx, tx, hard)
		if err == nil && wait > 0 {
			return &tooMany{wait}
		}
		if err == nil && len(soft.keys) > 0 {
			short, err = takeAllowances(ctx, tx, soft)
		}
		return err
	})
	return short, err
}

// forgive gives back what a person used up before they got their password right. What the address used up stays used.
func (s *Service) forgive(ctx context.Context, t tries) error {
	first, err := s.keyed(t.hard[:1])
	if err != nil {
		return err
	}
	return s.Gate.Tally(s.as(ctx, gate.Authenticator), gate.CountTries, func(ctx context.Context, tx *gate.InstanceTx) error {
		return refillAllowances(ctx, tx, first.keys)
	})
}

// keyed are allowances as the database knows them.
type keyed struct {
	keys [][]byte
	most []float64
}

func (s *Service) keyed(all []allowance) (keyed, error) {
	var k keyed
	for _, a := range all {
		key, err := s.Vault.Lookup("allowance " + a.of)
		if err != nil {
			return k, err
		}
		k.keys, k.most = append(k.keys, key), append(k.most, a.most)
	}
	return k, nil
}

type tooMany struct{ after time.Duration }

func (e *tooMany) Error() string { return fmt.Sprintf("too many tries, again in %s", e.after) }

// Unwrap gives the sentence, which is the same for every account.
func (e *tooMany) Unwrap() error {
	return fault.New(fault.Busy, "Too many tries. Wait a few minutes, then try again.")
}

// RetryAfter returns how long to wait after an error of [Service.SignIn] and other tries, 0 for other errors.
func RetryAfter(err error) time.Duration {
	var known *tooMany
	if errors.As(err, &known) {
		return known.after
	}
	return enrolment.RetryAfter(err)
}
