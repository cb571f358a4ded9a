package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"mainstay/internal/fault"
)

// reply is what came of one exchange.
type reply struct {
	Answer
	sent  bool // the request began to leave
	size  int  // bytes of the answer that were read, kept or not
	after time.Duration
}

// errSlow ends a call in which the other side fell silent.
var errSlow = errors.New("silent for too long")

func (s *Service) exchange(ctx context.Context, c Call) (got reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.Call)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var left atomic.Bool
	defer func() { got.sent = left.Load() }()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint.String(), bytes.NewReader(c.Body))
	if err != nil {
		return got, fault.Wrap(fault.Invalid, "The provider's address is not usable. Check it in the settings.", errors.New("an address that makes no request"))
	}
	req.Header = c.Header.Clone()
	resp, err := s.client(c).Do(req)
	if err != nil {
		return got, unreachable(ctx, err)
	}
	defer resp.Body.Close()
	got.Status = resp.StatusCode
	got.after = retryAfter(resp.Header.Get("Retry-After"), s.Source.Now())
	if resp.StatusCode != http.StatusOK {
		return got, refused(resp.StatusCode)
	}
	watch := time.AfterFunc(s.Limits.Silence, func() { stop(errSlow) })
	defer watch.Stop()
	body, err := io.ReadAll(io.LimitReader(heard{resp.Body, watch, s.Limits.Silence}, int64(s.Limits.Answer)+1))
	got.size = len(body)
	switch {
	case err != nil:
		return got, unreachable(ctx, err)
	case len(body) > s.Limits.Answer:
		return got, fault.New(fault.Busy, "The provider's answer is larger than any minutes. It was not used.")
	}
	got.Body = body
	return got, nil
}

// heard puts off a watch with each read.
type heard struct {
	io.Reader
	watch   *time.Timer
	silence time.Duration
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.watch.Reset(h.silence)
	return n, err
}

// unreachable says what went wrong on the way. A transport error can quote the address, with a key in its query at some
// providers: the log gets its kind, never its text.
func unreachable(ctx context.Context, err error) error {
	var refusal *fault.Error
	if errors.As(err, &refusal) {
		return refusal // ours, from the moment of dialling
	}
	cause := fmt.Errorf("calling the provider: %T", innermost(err))
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unverified), errors.As(err, &unknown):
		return fault.Wrap(fault.Denied, "The provider's certificate could not be verified. Nothing was sent.", cause)
	case errors.Is(context.Cause(ctx), errSlow), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.Wrap(fault.Busy, "The provider took too long to answer. Try again later.", cause)
	}
	return fault.Wrap(fault.Busy, "The provider did not answer. Try again later.", cause)
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

func refused(status int) error {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.New(fault.Denied, "The provider refused the key. Check it in the settings.")
	case status == http.StatusNotFound:
		return fault.New(fault.Denied, "The provider knows no such address or model. Check both in the settings.")
	case status == http.StatusTooManyRequests:
		return fault.New(fault.Busy, "The provider is limiting requests. Try again later.")
	case status >= 300 && status < 400:
		return fault.New(fault.Denied, "The provider sent us elsewhere, which is not followed. Check the address in the settings.")
	default:
		return fault.New(fault.Busy, fmt.Sprintf("The provider answered with status %d. Try again later.", status))
	}
}

// The pause before a second try where the other side names none.
const usualPause = 2 * time.Second

// tryAgain reports whether a refused call is worth a second try, and after what pause.
func (s *Service) tryAgain(got reply) (time.Duration, bool) {
	switch got.Status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout, 529: // 529 is Anthropic's "overloaded"
		wait := max(got.after, usualPause)
		return wait, wait <= s.Limits.Wait
	}
	return 0, false
}

// retryAfter reads the header of RFC 9110, section 10.2.3: seconds or a date. What is unreadable or past is 0.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// client dials only what may be reached, follows nothing, uses no proxy of the environment, and keeps no connection.
func (s *Service) client(c Call) *http.Client {
	dialer := &net.Dialer{Timeout: s.Limits.Connect, Resolver: s.Resolver, Control: func(_, address string, _ syscall.RawConn) error {
		return dialled(c.Endpoint, c.Own, address)
	}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: s.Limits.Connect, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dialled decides on the address that a name led to, at the moment of the connection.
func dialled(endpoint *url.URL, own bool, address string) error {
	at, err := netip.ParseAddrPort(address)
	switch {
	case err != nil:
		return fault.New(fault.Denied, "The provider's name leads nowhere that content may go. Nothing was sent.")
	case endpoint.Scheme == "http" && !at.Addr().Unmap().IsLoopback():
		return fault.New(fault.Denied, "Without https:// only this machine itself may be reached. Nothing was sent.")
	case own && private(at.Addr()), public(at.Addr()):
		return nil
	}
	return fault.New(fault.Denied, "The provider's name leads into a private network. Nothing was sent.")
}
