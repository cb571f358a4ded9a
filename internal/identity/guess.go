package identity

import (
	"time"

	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/limit"
	"mainstay/internal/tenant"
)

// How often passwords may be tried: by account and address together, by address, and by account, so that one guesser is stopped
// early and many together late. A browser in which the account signed in before has a count of its own: the person whose account
// others guess at goes on. Addresses that belong to no account are counted like the others.
const (
	perBoth    = 10
	perAccount = 50
	perAddress = 100
	perDevice  = 10
)

// triesOf returns what a try at an account counts against. Known says that the browser is known for the account. While too many
// guess at an account (its soft allowance), a password alone lets nobody in.
func triesOf(from tenant.Actor, lookup []byte, known bool) limit.Tries {
	account := string(lookup)
	if known {
		return limit.Tries{Hard: []limit.Allowance{{Of: "device " + from.Device.Reveal() + account, Most: perDevice}}}
	}
	at := limit.Network(from.Address)
	return limit.Tries{Hard: []limit.Allowance{{Of: "both " + at + " " + account, Most: perBoth}, {Of: "address " + at, Most: perAddress}},
		Soft: []limit.Allowance{{Of: "account " + account, Most: perAccount}}}
}

func (s *Service) counter() limit.Counter { return limit.Counter{Gate: s.Gate, Vault: s.Vault} }

// RetryAfter returns how long to wait after an error of [Service.SignIn] and of other tries, 0 for other errors.
func RetryAfter(err error) time.Duration {
	return max(limit.RetryAfter(err), enrolment.RetryAfter(err))
}
