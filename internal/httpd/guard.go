package httpd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Policies of the browser. Scripts come from us alone; text never becomes code; no other site frames us or takes our forms.
const (
	contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
		"connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; " +
		"require-trusted-types-for 'script'; trusted-types app; report-uri " + reportPath
	reportPath        = "/csp-report"
	permissionsPolicy = "camera=(), microphone=(self), geolocation=(), payment=(), usb=(), display-capture=(), browsing-topics=()"
)

const longestURL = 8 << 10

type sightKey struct{}

// sight is what the server knows of a request by the time it is logged.
type sight struct {
	id      tenant.RequestID
	request string
	route   string // method and pattern
	pattern string
	api     bool
	actor   tenant.Actor
	cause   error
	status  int
	bytes   int64
	wrote   bool
	client  client
	limits  limits
	rule    int  // of the firewall, where it refused
	quiet   bool // the route is [Constant]
}

// Access is a request that was answered: who asked for what, when, from where, and what became of it. Nothing in it was sent by
// the client but its address.
type Access struct {
	At      time.Time
	Request tenant.RequestID
	Actor   tenant.Actor // nobody where there was no session
	Address string       // of the client
	Method  string       // "other" where there is no such route and no such method
	Route   string       // the pattern; empty where there is no such route
	Status  int
	Took    time.Duration
	Bytes   int64
}

func sightOf(r *http.Request) *sight {
	if seen, ok := r.Context().Value(sightKey{}).(*sight); ok {
		return seen
	}
	return &sight{}
}

// RequestID returns the id under which the log knows this request.
func RequestID(r *http.Request) string { return sightOf(r).request }

// watched counts what is written and remembers that it began.
type watched struct {
	http.ResponseWriter
	seen *sight
}

func (w *watched) WriteHeader(status int) {
	if !w.seen.wrote {
		w.seen.wrote, w.seen.status = true, status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(p []byte) (int, error) {
	if !w.seen.wrote {
		w.seen.wrote, w.seen.status = true, http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.seen.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Handler returns the server's handler, with everything that is not a route answered as missing.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.cfg.Source.Now()
		seen := &sight{id: tenant.NewID[tenant.RequestID](s.cfg.Source), api: strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/v1/")}
		seen.request = seen.id.String()
		r = r.WithContext(context.WithValue(r.Context(), sightKey{}, seen))
		out := &watched{w, seen}
		var unclear error
		seen.client, unclear = s.clientOf(r)
		s.setHeaders(out.Header(), seen)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(3 * s.cfg.Quiet))
		defer func() { s.logAccess(r, seen, began) }()
		if unclear != nil {
			s.fail(out, r, malformed(unclear))
			return
		}
		s.admit(out, r)
	})
}

// admit lets a client behind a proxy in that has not too many requests open.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) {
	if c := sightOf(r).client; c.proxied {
		if !s.crowd.enter(c.address, s.cfg.PerAddress) {
			s.fail(w, r, tooMany())
			return
		}
		defer s.crowd.leave(c.address)
	}
	s.dispatch(w, r)
}

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.RequestURI()) > longestURL {
		s.fail(w, r, Refuse(http.StatusRequestURITooLong, "This address is too long."))
		return
	}
	handler, pattern := s.mux.Handler(r)
	if pattern == "" {
		s.unrouted(w, r, handler)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// unrouted answers for a path that nobody registered, and for a wrong method of one that somebody did.
func (s *Server) unrouted(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	err := s.limitAddress(w, r, Open)
	if err == nil {
		err = s.inspect(r)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	probe := &headerOnly{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	if allow := probe.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		s.fail(w, r, Refuse(http.StatusMethodNotAllowed, "This address does not do that."))
		return
	}
	if at := probe.header.Get("Location"); at != "" && LocalPath(at) == at {
		http.Redirect(w, r, at, http.StatusPermanentRedirect)
		return
	}
	s.fail(w, r, fault.New(fault.Missing, missing))
}

// headerOnly asks the mux what it would have answered.
type headerOnly struct{ header http.Header }

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(p []byte) (int, error) { return len(p), nil }
func (h *headerOnly) WriteHeader(int)             {}

func (s *Server) setHeaders(h http.Header, seen *sight) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Permissions-Policy", permissionsPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // no-referrer would hide the origin of our own forms from ourselves
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Request-Id", seen.request)
	if seen.client.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// logAccess writes one line a request, and one more where we failed.
func (s *Server) logAccess(r *http.Request, seen *sight, began time.Time) {
	took := s.cfg.Source.Now().Sub(began)
	if !seen.wrote && seen.cause == nil {
		seen.status = http.StatusOK // what net/http says for a handler that says nothing
	}
	s.tellAccess(Access{At: began, Request: seen.id, Actor: seen.actor, Address: seen.client.String(), Method: knownMethod(r.Method), Route: seen.pattern,
		Status: seen.status, Took: took, Bytes: seen.bytes}, seen.quiet)
	attributes := []any{
		"request", seen.request, "route", seen.route, "status", seen.status, "bytes", seen.bytes, "ms", took.Milliseconds(),
		"actor", seen.actor.Kind.String(),
	}
	if !seen.actor.Workspace.IsZero() {
		attributes = append(attributes, "workspace", seen.actor.Workspace.String(), "member", seen.actor.Member.String())
	}
	if seen.rule != 0 {
		attributes = append(attributes, "rule", seen.rule)
	}
	gone := errors.Is(seen.cause, context.Canceled) || r.Context().Err() != nil
	switch {
	case seen.cause != nil && fault.KindOf(seen.cause) == fault.Internal && !gone && seen.status >= 500:
		s.cfg.Log.Error("request failed", append(attributes, "cause", seen.cause.Error())...)
	case seen.cause != nil:
		s.cfg.Log.Info("request refused", append(attributes, "kind", fault.KindOf(seen.cause).String())...)
	default:
		s.cfg.Log.Log(r.Context(), slog.LevelInfo, "request", attributes...)
	}
}

// knownMethod keeps what a client invented out of logs.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func (s *Server) tellAccess(a Access, quiet bool) {
	if s.cfg.Accessed != nil && !quiet {
		s.cfg.Accessed(a)
	}
}

// inspect asks the firewall about a request without a session. The log gets the rule's number and nothing of the request.
func (s *Server) inspect(r *http.Request) error {
	seen := sightOf(r)
	if s.cfg.Firewall == nil || seen.quiet {
		return nil
	}
	rule, refused := s.cfg.Firewall(r, seen.client.String())
	if !refused {
		return nil
	}
	seen.rule = rule
	return Refuse(http.StatusForbidden, "This request looks like an attack and was refused. If it was none, tell the administrator its request id.")
}

func addressOf(r *http.Request) string { return sightOf(r).client.String() }

// limitBody bounds what a request may carry, and its pace: whoever stops sending or reading is let go. Deadlines of sockets are
// of the machine's own clock, whatever clock the program was given.
func (s *Server) limitBody(route Route, h HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		r.Body = http.MaxBytesReader(w, r.Body, route.MaxBody)
		c := http.NewResponseController(w)
		if !route.Stream {
			_ = c.SetReadDeadline(time.Now().Add(2 * s.cfg.Quiet))
			return h(w, r)
		}
		p := &paced{ReadCloser: r.Body, quiet: s.cfg.Quiet, c: c}
		p.extend()
		if r.ContentLength == 0 {
			p.rest() // A deadline would end the answer of an events stream together with its body.
		}
		r.Body = p
		return h(&pacedWriter{w, s.cfg.Quiet, c}, r)
	}
}

// stride is how many bytes a slow client must send within the quiet time.
const stride = 32 << 10

// paced moves the read deadline each time that a stride has come.
type paced struct {
	io.ReadCloser
	quiet time.Duration
	c     *http.ResponseController
	n     int
}

func (p *paced) extend() { _ = p.c.SetReadDeadline(time.Now().Add(p.quiet)) }
func (p *paced) rest()   { _ = p.c.SetReadDeadline(time.Time{}) }

func (p *paced) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if p.n += n; p.n >= stride {
		p.n = 0
		p.extend()
	}
	if err == io.EOF {
		p.rest()
	}
	return n, err
}

// pacedWriter moves the write deadline with each write, so that a long answer to a reader who reads may last.
type pacedWriter struct {
	http.ResponseWriter
	quiet time.Duration
	c     *http.ResponseController
}

func (p *pacedWriter) Write(b []byte) (int, error) {
	_ = p.c.SetWriteDeadline(time.Now().Add(3 * p.quiet))
	return p.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (p *pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
