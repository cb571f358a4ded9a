package egress

import (
	"errors"
	"io"
	"net/http"
	"net/url"
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

// Askable reports whether an address may be asked by an errand with these own hosts. What a name resolves to is checked when it is
// dialled.
func (s *Service) Askable(u *url.URL, own ...string) error {
	_, err := s.askable(u, own)
	return err
}

// askable reports whether an address may be asked, and whether it may be in a private network.
func (s *Service) askable(u *url.URL, own []string) (bool, error) {
	same := func(name string) bool { return strings.EqualFold(name, u.Host) }
	ours := slices.ContainsFunc(own, same) || slices.ContainsFunc(s.Hosts, func(h Host) bool { return same(h.Name) })
	if len(s.Hosts) > 0 && !ours {
		return false, fault.New(fault.Denied, "The operator of this deployment does not allow this address to be asked. Ask them to list it.")
	}
	return ours, Allowed(u, ours)
}

// RoundTrip implements http.RoundTripper.
func (e *errand) RoundTrip(req *http.Request) (*http.Response, error) {
	own, err := e.service.askable(req.URL, e.own)
	if err != nil {
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
