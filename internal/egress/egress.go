// Package egress is the way out: every connection that carries content to another machine goes through [Service.Send]. It
// refuses hosts that the operator or the workspace did not allow, checks the address that was really reached when it dials,
// verifies certificates, follows no redirect, uses no proxy, and keeps a ledger. A ledger entry is committed before the first
// byte leaves and completed afterwards, so that a crash cannot lose what left; it says when, to whom, for what and how much,
// and never what.
package egress

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

type noun struct{}

func (noun) Prefix() string { return "egr" }

// ID names a ledger entry.
type ID = tenant.ID[noun]

// Config is what the service stands on. Zero fields but the first two get their defaults.
type Config struct {
	Gate     *gate.Gate
	Source   tenant.Source
	Hosts    []Host // where content may go at all, as the operator says; none: where a workspace's owner decides
	Limits   Limits
	Roots    *x509.CertPool                             // certificate authorities; nil: the system's
	Resolver *net.Resolver                              // nil: the system's
	Pause    func(context.Context, time.Duration) error // waits before a second try; nil: in real time
}

// Host is a machine that content may be sent to, and the region in which it stands.
type Host struct {
	Name   string // "api.example.com", or with a port other than 443
	Region string // what Call.Region must say; empty: anything
}

// Limits bound what another side can cost us.
type Limits struct {
	Connect time.Duration // until there is a verified connection; zero: 10 s
	Silence time.Duration // between two bytes of an answer that began; zero: 30 s
	Call    time.Duration // of a whole call, answer included, however it drips; zero: 5 min
	Wait    time.Duration // before a second try, whatever the other side asks for; zero: 20 s
	Answer  int           // bytes of an answer; zero: 8 MiB
}

func (l Limits) filled() Limits {
	for field, usual := range map[*time.Duration]time.Duration{&l.Connect: 10 * time.Second, &l.Silence: 30 * time.Second,
		&l.Call: 5 * time.Minute, &l.Wait: 20 * time.Second} {
		if *field == 0 {
			*field = usual
		}
	}
	if l.Answer == 0 {
		l.Answer = 8 << 20
	}
	return l
}

// Service sends and keeps the ledger.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Source.Now == nil {
		return nil, errors.New("egress: Gate and Source are required")
	}
	cfg.Limits = cfg.Limits.filled()
	if cfg.Pause == nil {
		cfg.Pause = pause
	}
	return &Service{cfg}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Call is one request that carries content out.
type Call struct {
	Verb     gate.Verb // gate.Disclose, gate.DiscloseSound, or gate.TestModel for what holds no content
	Object   [16]byte  // the transcript whose text is sent, or the recording whose sound
	Purpose  string    // "minutes", "speech", "test"
	Provider string
	Model    string
	Region   string
	Fields   []string                              // what kinds of content it holds: "segments.text", "attendees"
	Permit   func(context.Context, *gate.Tx) error // asked in the act that enters the call: on an error nothing leaves; may be nil
	Budget   int64                                 // tokens that the month may use up; 0: no limit
	Reserve  int64                                 // the most tokens that the call may take, counted until its answer says how many it took
	Endpoint *url.URL
	Own      bool // the operator's own machine: private addresses are allowed, and plain HTTP on loopback
	Header   http.Header
	Body     []byte

	size int // of the body
}

// Answer is what came back. Status is 0 where nothing did.
type Answer struct {
	Status int
	Body   []byte
}

// Usage is how many tokens a call took, as its provider says.
type Usage struct{ In, Out int64 }

// Send enters the call in the ledger, sends it, and completes the entry with what count reads from the answer. Where the
// other side is busy (429, 500, 502, 503, 504, 529) it tries once more, as a call of its own, after the pause that the other
// side asked for, unless that is longer than Limits.Wait. It fails with fault.Denied where the address is not allowed or the
// month's budget does not suffice, and with fault.Busy where the other side does not answer as agreed; an answer with another
// status than 200 comes with the error and without its body.
func (s *Service) Send(ctx context.Context, c Call, count func([]byte) Usage) (Answer, error) {
	if c.Verb != gate.Disclose && c.Verb != gate.TestModel && c.Verb != gate.SendWebhook {
		return Answer{}, fault.New(fault.Denied, "This is not allowed.")
	}
	if err := s.allow(c); err != nil {
		return Answer{}, err
	}
	got, err := s.attempt(ctx, c, count)
	wait, again := s.tryAgain(got)
	if err == nil || !again || ctx.Err() != nil {
		return got.Answer, err
	}
	if err := s.Pause(ctx, wait); err != nil {
		return Answer{}, err
	}
	got, err = s.attempt(ctx, c, count)
	return got.Answer, err
}

// allow checks a call's address and region against the rules and the operator's list.
func (s *Service) allow(c Call) error {
	if err := Allowed(c.Endpoint, c.Own); err != nil {
		return err
	}
	if len(s.Hosts) == 0 {
		return nil
	}
	for _, h := range s.Hosts {
		if strings.EqualFold(h.Name, c.Endpoint.Host) && (h.Region == "" || h.Region == c.Region) {
			return nil
		}
	}
	return fault.New(fault.Denied, "The operator of this deployment does not allow content to go to this address and region. Nothing was sent.")
}

// Listed reports whether the operator named the address's machine: then it may stand in a private network.
func (s *Service) Listed(u *url.URL) bool {
	return u != nil && slices.ContainsFunc(s.Hosts, func(h Host) bool { return strings.EqualFold(h.Name, u.Host) })
}

// attempt is one call with its ledger entry.
func (s *Service) attempt(ctx context.Context, c Call, count func([]byte) Usage) (reply, error) {
	c.size = len(c.Body)
	id := tenant.NewID[ID](s.Source)
	if err := s.enter(ctx, id, c); err != nil {
		return reply{}, err
	}
	got, failure := s.exchange(ctx, c)
	return got, errors.Join(failure, s.complete(ctx, id, outcome(c, got, failure, count)))
}

// enter writes a call into the ledger, or fails, and then nothing may leave.
func (s *Service) enter(ctx context.Context, id ID, c Call) error {
	return s.Gate.Do(ctx, gate.Act{Verb: c.Verb, Object: c.Object}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("provider", c.Provider)
		tx.Note("bytes", c.size)
		if c.Permit != nil {
			if err := c.Permit(ctx, tx); err != nil {
				return err
			}
		}
		return begin(ctx, tx, id, c)
	})
}

// complete writes how a call ended, even where the caller is gone; what a kill leaves says "begun".
func (s *Service) complete(ctx context.Context, id ID, ended entry) error {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.Gate.Do(ending, gate.Act{Verb: gate.EndDisclosure}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("entry", id.String())
		return end(ctx, tx, id, ended)
	})
}

// most bounds a number that a provider claims, so that a year of claims still adds up.
const most = 1 << 40

// outcome is how a call's entry ends. Where an answer does not say how many tokens it took, the most that it can have been
// counts; where nothing was sent or the other side refused, none.
func outcome(c Call, got reply, failure error, count func([]byte) Usage) entry {
	e := entry{state: "done", status: got.Status, in: len(got.Body), out: len(c.Body)}
	if failure != nil {
		e.state, e.in = "failed", got.size
	}
	switch {
	case !got.sent:
		e.out = 0
	case failure == nil:
		e.usage = count(got.Body)
		e.usage.In, e.usage.Out = min(max(e.usage.In, 0), most), min(max(e.usage.Out, 0), most)
		if e.usage == (Usage{}) {
			e.usage.In = c.Reserve
		}
	case got.Status == 0 || got.Status == http.StatusOK:
		e.usage.In = c.Reserve
	}
	return e
}
