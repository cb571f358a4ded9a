package egress

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"mainstay/internal/fault"
)

// Limits of an errand: what identity providers answer is small and quick, or of no use.
const (
	errandTime   = 15 * time.Second
	errandAnswer = 1 << 20
)

// Errand returns a client for questions that carry no content, such as those that signing in asks an identity provider. They
// stand in no ledger; for the rest they leave as everything does: by verified TLS, to what may be reached, following nothing,
// at most 1 MiB of an answer within 15 s. Own are the hosts ("login.example.com:8443") that the operator configured: they
// and those of Config.Hosts may be in a private network. Where Config.Hosts lists machines, no others are asked.
func (s *Service) Errand(own ...string) *http.Client {
	return &http.Client{
		Transport:     &errand{service: s, own: own},
		Timeout:       errandTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type errand struct {
	service *Service
	own     []string
}

// RoundTrip implements http.RoundTripper.
func (e *errand) RoundTrip(req *http.Request) (*http.Response, error) {
	same := func(name string) bool { return strings.EqualFold(name, req.URL.Host) }
	listed := slices.ContainsFunc(e.service.Hosts, func(h Host) bool { return same(h.Name) })
	own := listed || slices.ContainsFunc(e.own, same)
	if len(e.service.Hosts) > 0 && !own {
		return nil, fault.New(fault.Denied, "The operator of this deployment does not allow this address to be asked. Ask them to list it.")
	}
	if err := Allowed(req.URL, own); err != nil {
		return nil, err
	}
	resp, err := e.service.client(Call{Endpoint: req.URL, Own: own}).Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &short{ReadCloser: resp.Body, left: errandAnswer}
	return resp, nil
}

// short is a body that fails where it is longer than it may be.
type short struct {
	io.ReadCloser
	left int
}

func (s *short) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if s.left -= n; s.left < 0 {
		return 0, errors.New("egress: the answer is too long")
	}
	return n, err
}
