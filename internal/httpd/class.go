package httpd

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd/limit"
	"mainstay/internal/tenant"
)

// Class is what limits a route shares with its like. A route without one of its own gets it from its policy and method.
type Class uint8

// unset is the class of a route that names none.
const unset Class = 255

// The classes.
const (
	Open   Class = iota // what everybody may read
	SignIn              // doors: what changes something without a session
	Read                // pages and objects
	Write               // changes
	Upload              // long bodies
	Speech              // transcribing while somebody waits
	Events              // long answers: events, sound
)

var classNames = [...]string{"public", "sign-in", "read", "write", "upload", "speech", "stream"}

func (c Class) String() string { return classNames[c] }

// Limited puts a route into a class.
func Limited(c Class) Option { return func(r *Route) { r.Class = c } }

// Constant is for routes that give everybody the same bytes: files, health. They are in no access log and no firewall's way.
func Constant() Option { return func(r *Route) { r.Constant = true } }

// classOf is the class of a route that names none.
func classOf(r Route) Class {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	switch {
	case r.Policy.kind == "public" && (reads || isReport(r)):
		return Open
	case r.Policy.kind == "public":
		return SignIn
	case r.Stream && reads:
		return Events
	case r.Stream:
		return Upload
	case reads:
		return Read
	}
	return Write
}

// The kinds of key that requests are counted by.
const (
	byAddress = iota
	byPerson
	byWorkspace
)

var keyNames = [...]string{"address", "person", "workspace"}

// perMinute is how many requests of a class an address, a person and a workspace have.
func perMinute(c Class) [3]float64 {
	return [...][3]float64{
		Open:   {3000, 0, 0},
		SignIn: {60, 0, 0},
		Read:   {3000, 600, 6000},
		Write:  {1200, 240, 2400},
		Upload: {1200, 600, 3000},
		Speech: {120, 60, 240},
		Events: {1200, 300, 3000},
	}[c]
}

// quota is what a key of a class has under the operator's factor: never less than one a minute.
func (s *Server) quota(c Class, key int) limit.Quota {
	most := math.Min(perMinute(c)[key]*s.cfg.LimitFactor, math.MaxInt32)
	return limit.Quota{Most: max(int(most), 1), Window: time.Minute}
}

func (s *Server) charge(c Class, key int, id [16]byte) limit.Charge {
	return limit.Charge{Key: limit.Key{Class: uint8(c), Kind: uint8(key), ID: id}, Quota: s.quota(c, key)}
}

// limitAddress counts a request by where it comes from, before anything else is done for it.
func (s *Server) limitAddress(w http.ResponseWriter, r *http.Request, c Class) error {
	return s.limit(w, r, s.charge(c, byAddress, limit.Network(sightOf(r).client.address)))
}

// limitPerson counts a request by who sent it and by their workspace.
func (s *Server) limitPerson(w http.ResponseWriter, r *http.Request, c Class, actor tenant.Actor) error {
	person := [16]byte(actor.Member)
	if actor.Member.IsZero() {
		person = actor.Account
	}
	charges := []limit.Charge{s.charge(c, byPerson, person)}
	if !actor.Workspace.IsZero() {
		charges = append(charges, s.charge(c, byWorkspace, actor.Workspace))
	}
	return s.limit(w, r, charges...)
}

// limit counts a request, and tells programs what is left (draft-ietf-httpapi-ratelimit-headers): every policy that was applied,
// and the standing of the tightest.
func (s *Server) limit(w http.ResponseWriter, r *http.Request, charges ...limit.Charge) error {
	standings, allowed := s.limiter.Take(s.cfg.Source.Now(), charges...)
	seen := sightOf(r)
	retry := time.Duration(0)
	for i, standing := range standings {
		name := fmt.Sprintf("%s-%s", Class(charges[i].Key.Class), keyNames[charges[i].Key.Kind])
		share := float64(standing.Left) / float64(charges[i].Quota.Most)
		if !standing.Allowed {
			share, retry = -1, max(retry, standing.Retry)
		}
		if seen.limits.policies != "" {
			seen.limits.policies += ", "
		}
		seen.limits.policies += fmt.Sprintf("%q;q=%d;w=60", name, charges[i].Quota.Most)
		if seen.limits.state == "" || share < seen.limits.share {
			seen.limits.share, seen.limits.state = share, fmt.Sprintf("%q;r=%d;t=%d", name, standing.Left, seconds(standing.Full))
		}
	}
	if seen.api || !allowed {
		w.Header().Set("RateLimit-Policy", seen.limits.policies)
		w.Header().Set("RateLimit", seen.limits.state)
	}
	if allowed {
		return nil
	}
	w.Header().Set("Retry-After", strconv.Itoa(seconds(retry)))
	return tooMany()
}

func tooMany() error {
	return &refusal{status: http.StatusTooManyRequests, err: fault.New(fault.Busy, "These are too many requests at once. Wait a moment, then try again.")}
}

// limits are what a request was counted by so far.
type limits struct {
	policies, state string
	share           float64 // of the tightest quota that is left
}

// seconds rounds up, to at least one.
func seconds(d time.Duration) int { return max(int(math.Ceil(d.Seconds())), 1) }
