// Package egress is the way out: every connection that carries content to another machine goes through [Service.Send]. It
// refuses hosts that the workspace did not allow, checks the address that was really reached when it dials, follows no
// redirect, and keeps a ledger. A ledger entry is committed before the first byte leaves and completed afterwards, so that
// a crash cannot lose what left; it says when, to whom, for what and how much, and never what.
package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

type noun struct{}

func (noun) Prefix() string { return "egr" }

// ID names a ledger entry.
type ID = tenant.ID[noun]

// Config is what the service stands on.
type Config struct {
	Gate    *gate.Gate
	Source  tenant.Source
	Timeout time.Duration // of a whole call, answer included; zero: 3 minutes
	Roots   *tls.Config   // nil: the system's certificate authorities
}

// Service sends and keeps the ledger.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil {
		return nil, errors.New("egress: Gate is required")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 3 * time.Minute
	}
	return &Service{cfg}, nil
}

// Call is one request that carries content out.
type Call struct {
	Object   [16]byte // the transcript whose text is sent
	Purpose  string   // "minutes"
	Provider string
	Model    string
	Region   string
	Fields   []string // what kind of content: "segments.text", "speakers.name"
	Budget   int64    // tokens of this month that may be used up before the call is refused; 0: no limit
	Endpoint *url.URL
	Own      bool // the operator's own machine: private addresses are allowed, and plain HTTP on loopback
	Header   http.Header
	Body     []byte
}

// Answer is what came back. Tokens are counted by Count.
type Answer struct {
	Status int
	Body   []byte
}

// Usage is how many tokens a call took, as its provider says.
type Usage struct{ In, Out int64 }

// maxAnswer bounds what a provider can make us hold.
const maxAnswer = 8 << 20

// Send enters the call in the ledger, sends it, and completes the entry with what count reads from the answer. It fails with
// fault.Denied where the address is not allowed or the month's budget is used up, and with fault.Busy where the other side
// does not answer as agreed.
func (s *Service) Send(ctx context.Context, c Call, count func([]byte) Usage) (Answer, error) {
	if err := Allowed(c.Endpoint, c.Own); err != nil {
		return Answer{}, err
	}
	act := gate.Act{Verb: gate.Disclose, Object: c.Object}
	id := tenant.NewID[ID](s.Source)
	err := s.Gate.Do(ctx, act, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("provider", c.Provider)
		tx.Note("bytes", len(c.Body))
		return begin(ctx, tx, id, c)
	})
	if err != nil {
		return Answer{}, err
	}
	answer, failure := s.exchange(ctx, c)
	ended := entry{state: "done", status: answer.Status, in: len(answer.Body)}
	if failure != nil {
		ended.state = "failed"
	} else {
		ended.usage = count(answer.Body)
	}
	err = s.Gate.Do(context.WithoutCancel(ctx), act, func(ctx context.Context, tx *gate.Tx) error { return end(ctx, tx, id, ended) })
	return answer, errors.Join(failure, err)
}

func (s *Service) exchange(ctx context.Context, c Call) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint.String(), bytes.NewReader(c.Body))
	if err != nil {
		return Answer{}, fault.Wrap(fault.Invalid, "The provider's address is not usable. Check it in the settings.", err)
	}
	req.Header = c.Header.Clone()
	resp, err := s.client(c.Own).Do(req)
	if err != nil {
		return Answer{}, unreachable(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return Answer{Status: resp.StatusCode}, unreachable(err)
	case len(body) > maxAnswer:
		return Answer{Status: resp.StatusCode}, fault.New(fault.Busy, "The provider's answer is larger than any minutes. It was not used.")
	case resp.StatusCode != http.StatusOK:
		return Answer{Status: resp.StatusCode, Body: body}, refused(resp.StatusCode)
	}
	return Answer{Status: resp.StatusCode, Body: body}, nil
}

func unreachable(err error) error {
	if fault.KindOf(err) == fault.Denied {
		return err
	}
	// A transport error can quote the address, with a key in its query at some providers: keep the kind, not the text.
	return fault.Wrap(fault.Busy, "The provider did not answer. Try again later.", fmt.Errorf("calling the provider: %T", errors.Unwrap(err)))
}

func refused(status int) error {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.New(fault.Denied, "The provider refused the key. Check it in the settings.")
	case status == http.StatusTooManyRequests:
		return fault.New(fault.Busy, "The provider is limiting requests. Try again later.")
	case status >= 300 && status < 400:
		return fault.New(fault.Denied, "The provider sent us elsewhere, which is not followed. Check the address in the settings.")
	default:
		return fault.New(fault.Busy, fmt.Sprintf("The provider answered with status %d. Try again later.", status))
	}
}

// Allowed reports whether an address may be configured at all. What it resolves to is checked again when it is dialled.
func Allowed(u *url.URL, own bool) error {
	switch {
	case u == nil || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return fault.New(fault.Invalid, "Enter an address such as https://api.example.com, without user or fragment.")
	case u.Scheme == "https":
	case u.Scheme == "http" && own && isLoopback(u.Hostname()):
		return nil
	default:
		return fault.New(fault.Invalid, "The address must begin with https://.")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !own && !public(ip) {
		return fault.New(fault.Invalid, "This address is in a private network. If the server is yours, mark it as your own.")
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// public reports whether an address is one that the internet routes.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsValid() || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, reserved := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"} {
		if netip.MustParsePrefix(reserved).Contains(ip) {
			return false
		}
	}
	return true
}

// client dials only what may be reached, follows nothing and uses no proxy of the environment.
func (s *Service) client(own bool) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !own && !public(at.Addr()) {
			return fault.New(fault.Denied, "The provider's name leads into a private network. Nothing was sent.")
		}
		return nil
	}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: s.Roots, TLSHandshakeTimeout: 10 * time.Second,
			DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
