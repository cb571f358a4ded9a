// Package httpd is the side of Mainstay that faces the network: listener, limits, headers, sessions, and the one door through
// which errors leave.
//
// A handler parses, calls one service, renders, and returns its error; it never answers a failure itself. A route cannot be
// registered without saying who may use it: Router.Page and Router.API take a Policy, and its zero value is refused at start.
// What the policy names is checked twice: here a person must be signed in, and the gate decides inside the service.
//
// Every answer carries the security headers and a request id. A missing object and one of another workspace get the same
// answer. Nothing that was submitted is echoed. The log has ids, sizes and kinds, never content.
package httpd

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"mainstay/internal/httpd/limit"
	"mainstay/internal/tenant"
)

// HandlerFunc answers a request or returns why it could not. It must not write before it is sure.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Sessions turns the credentials of a request into an actor, and may give the browser a new one in w. It fails with
// fault.Denied where there are none, or none that still hold; any other kind is a failure to find out.
type Sessions interface {
	Actor(w http.ResponseWriter, r *http.Request) (tenant.Actor, error)
}

// Config is what a Server needs.
type Config struct {
	Source   tenant.Source
	Sessions Sessions
	Bearer   func(ctx context.Context, secret string) (tenant.Actor, error) // who a bearer secret stands for, on routes of programs; nil: nobody
	Log      *slog.Logger
	FormKey  []byte // at least 32 random bytes, from which the forms' tokens come; new at each start is fine
	SignIn   string // where people without a session are sent; "/sign-in" if empty
	Confirm  string // where people are sent who have to show a factor; "/confirm" if empty

	// Ends cuts requests that last when their session ends. Where it is nil they end by themselves.
	Ends Ends

	// ErrorPage writes a problem as a page. A plain sentence is written where it is nil or fails.
	ErrorPage func(w http.ResponseWriter, r *http.Request, p Problem) error

	Quiet    time.Duration // how long a connection may say nothing; 20 s if zero
	Patience time.Duration // how long a TLS handshake may take, and a request's headers; 10 s if zero

	Proxies     []netip.Prefix // whose word about the client counts, beside that of a Unix socket
	PerAddress  int            // requests that a client behind a proxy may have open; 256 if zero
	LimitFactor float64        // multiplies every limit on how often somebody asks; 1 if zero

	// Firewall looks at the address and headers of a request without a session, and names the rule that it breaks. Nil refuses nothing.
	Firewall func(r *http.Request, address string) (rule int, refused bool)
	// Accessed hears of every request once it is answered, but for those of [Constant] routes. It must not block. Nil hears nothing.
	Accessed func(Access)
}

// Server answers requests by its routes.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	routes  []Route
	origins *http.CrossOriginProtection
	limiter *limit.Limiter
	crowd   *crowd
}

// New returns a server without routes.
func New(cfg Config) (*Server, error) {
	if cfg.Sessions == nil || cfg.Log == nil || cfg.Source.Now == nil || cfg.Source.Random == nil {
		return nil, errors.New("httpd: Sessions, Log and Source are required")
	}
	if len(cfg.FormKey) < 32 {
		return nil, fmt.Errorf("httpd: a form key of %d bytes is too short", len(cfg.FormKey))
	}
	if cfg.SignIn == "" {
		cfg.SignIn = "/sign-in"
	}
	if cfg.Confirm == "" {
		cfg.Confirm = "/confirm"
	}
	if cfg.Quiet == 0 {
		cfg.Quiet = 20 * time.Second
	}
	if cfg.Patience == 0 {
		cfg.Patience = headerTime
	}
	if cfg.LimitFactor == 0 {
		cfg.LimitFactor = 1
	}
	if cfg.PerAddress == 0 {
		cfg.PerAddress = mostOfAddress
	}
	return &Server{cfg: cfg, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection(), limiter: limit.New(0),
		crowd: &crowd{open: map[netip.Addr]int{}}}, nil
}

// FormToken returns the token that a session's forms must carry, empty for an actor without a session. It is another text
// each time, so that a compressed page does not give it away by its size; all of a session's tokens hold as long as it does.
func (s *Server) FormToken(actor tenant.Actor) (string, error) {
	if actor.Session.IsZero() {
		return "", nil
	}
	token := make([]byte, 2*sha256.Size)
	if _, err := io.ReadFull(s.cfg.Source.Random, token[:sha256.Size]); err != nil {
		return "", fmt.Errorf("masking a form token: %w", err)
	}
	subtle.XORBytes(token[sha256.Size:], token[:sha256.Size], s.mac(actor.Session))
	return base64.RawURLEncoding.EncodeToString(token), nil
}

// holds reports whether a token is one of the session's.
func (s *Server) holds(session tenant.SessionID, token string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 2*sha256.Size || session.IsZero() {
		return false
	}
	subtle.XORBytes(raw[sha256.Size:], raw[sha256.Size:], raw[:sha256.Size])
	return hmac.Equal(raw[sha256.Size:], s.mac(session))
}

func (s *Server) mac(session tenant.SessionID) []byte {
	mac := hmac.New(sha256.New, s.cfg.FormKey)
	mac.Write(session[:])
	return mac.Sum(nil)
}
