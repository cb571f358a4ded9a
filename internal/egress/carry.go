package egress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Carry returns a transport for the client of a speech engine on another machine, which sends a recording's sound as requests
// of its own. Every request with a body is entered in the ledger as a call like c before its first byte leaves, by the actor in
// its context, and completed when its answer was read or given up. It goes to c's endpoint and nowhere else; roots are the
// certificate authorities to believe, nil for the system's.
func (s *Service) Carry(c Call, roots *x509.CertPool) (http.RoundTripper, error) {
	if err := s.allow(c); err != nil {
		return nil, err
	}
	next, ok := s.client(c).Transport.(*http.Transport)
	if !ok {
		return nil, errors.New("egress: the client has no transport of its own")
	}
	if roots != nil {
		next.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &carrier{service: s, call: c, next: next}, nil
}

type carrier struct {
	service *Service
	call    Call
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != t.call.Endpoint.Scheme || req.URL.Host != t.call.Endpoint.Host {
		return nil, fault.New(fault.Denied, "The speech engine sent us elsewhere, which is not followed. Check its address in the configuration.")
	}
	if req.Body == nil || req.Body == http.NoBody {
		return t.next.RoundTrip(req)
	}
	c := t.call
	c.size = int(req.ContentLength)
	id := tenant.NewID[ID](t.service.Source)
	if err := t.service.enter(req.Context(), id, c); err != nil {
		return nil, err
	}
	var left atomic.Bool
	traced := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }})
	resp, err := t.next.RoundTrip(req.WithContext(traced))
	ended := entry{state: "failed"}
	if left.Load() {
		ended.out = c.size
	}
	if err != nil {
		return nil, errors.Join(err, t.service.complete(req.Context(), id, ended))
	}
	ended.status = resp.StatusCode
	resp.Body = &carried{ReadCloser: resp.Body, complete: func(read int, whole bool) error {
		if ended.in = read; whole && ended.status == http.StatusOK {
			ended.state = "done"
		}
		return t.service.complete(req.Context(), id, ended)
	}}
	return resp, nil
}

// carried is an answer that completes its entry when it is closed.
type carried struct {
	io.ReadCloser
	complete func(read int, whole bool) error
	read     int
	whole    bool
	once     sync.Once
}

func (c *carried) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.read += n
	c.whole = c.whole || errors.Is(err, io.EOF)
	return n, err
}

func (c *carried) Close() error {
	err := c.ReadCloser.Close()
	c.once.Do(func() { err = errors.Join(err, c.complete(c.read, c.whole)) })
	return err
}
