package httpd

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// identify puts the actor of the session into the context. On public routes it is nobody, with where the request came from.
func (s *Server) identify(route Route, h HandlerFunc) HandlerFunc {
	if route.Policy.kind == "public" {
		return func(w http.ResponseWriter, r *http.Request) error {
			if err := s.inspect(r); err != nil {
				return err
			}
			visitor := tenant.Actor{Address: addressOf(r), Request: sightOf(r).id, Browser: browserOf(r), Device: deviceOf(r)}
			return h(w, r.WithContext(tenant.WithActor(r.Context(), visitor)))
		}
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		seen := sightOf(r)
		visitor := tenant.Actor{Address: addressOf(r), Request: seen.id, Browser: browserOf(r), Device: deviceOf(r)}
		actor, err := s.actorOf(w, r.WithContext(tenant.WithActor(r.Context(), visitor)))
		if fault.Is(err, fault.Denied) || err == nil && actor.Kind == tenant.Nobody {
			if err := s.inspect(r); err != nil {
				return err
			}
			return Refuse(http.StatusUnauthorized, "Sign in first.")
		}
		if err != nil {
			return err
		}
		actor.Address, actor.Request, actor.Browser, actor.Device = visitor.Address, visitor.Request, visitor.Browser, visitor.Device
		seen.actor = actor
		if err := s.limitPerson(w, r, route.Class, actor); err != nil {
			return err
		}
		if route.Confirmed && s.cfg.Source.Now().Sub(actor.ConfirmedAt) >= confirmAge {
			return fault.Ask(fault.Confirmation, "Confirm that it is you, then go on.")
		}
		ctx := tenant.WithActor(r.Context(), actor)
		if !route.Stream || s.cfg.Ends == nil {
			return h(w, r.WithContext(ctx))
		}
		return s.lasting(ctx, actor, w, r, h)
	}
}

// actorOf asks for a bearer secret on a program's route, and else for the session. A request that brings both is its secret's.
func (s *Server) actorOf(w http.ResponseWriter, r *http.Request) (tenant.Actor, error) {
	secret, brought := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !sightOf(r).api || !brought {
		return s.cfg.Sessions.Actor(w, r)
	}
	if s.cfg.Bearer == nil {
		return tenant.Actor{}, fault.New(fault.Denied, "This address takes no key.")
	}
	return s.cfg.Bearer(r.Context(), secret)
}

// nextOf remembers where a person wanted to go. Only the path of a page is kept, never a query.
func nextOf(r *http.Request) string {
	if r.URL.Path == "/" || len(r.URL.Path) > 200 {
		return ""
	}
	return "?next=" + url.QueryEscape(r.URL.Path)
}

// LocalPath returns path if it is a path of ours, and "/" otherwise: what follows a sign-in is never another site.
func LocalPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

func changes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
}

const foreign = "This request came from another site, or from an old page. Load the page again."

// checkOrigin refuses what another site's page made a browser send. A request that says nothing about where it comes from is
// refused, too, unless it brings a bearer secret: no page can make a browser do that.
func (s *Server) checkOrigin(route Route, h HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !changes(r) || isReport(route) || route.Unsigned && r.Header.Get("Cookie") == "" {
			return h(w, r)
		}
		silent := r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == ""
		if silent && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			return Refuse(http.StatusForbidden, foreign)
		}
		if s.origins.Check(r) != nil {
			return Refuse(http.StatusForbidden, foreign)
		}
		return h(w, r)
	}
}

func isReport(route Route) bool { return route.Pattern == reportPath }

// checkToken refuses a session's change that does not carry the session's token.
func (s *Server) checkToken(route Route, h HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		session := sightOf(r).actor.Session
		if !changes(r) || session.IsZero() {
			return h(w, r)
		}
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		got := r.Header.Get("X-CSRF-Token")
		if got == "" && kind == "multipart/form-data" && route.Stream && !route.API {
			return h(w, r) // Parts checks the first part.
		}
		if got == "" && kind == "application/x-www-form-urlencoded" {
			if err := r.ParseForm(); err != nil {
				return malformed(err)
			}
			got = r.PostForm.Get("csrf")
		}
		if !s.holds(session, got) {
			return Refuse(http.StatusForbidden, foreign)
		}
		return h(w, r)
	}
}

// Parts reads a form of several parts as it comes, without a file on disk. The first part must be the form's token; where the
// session's token does not match, it fails with 403 before anything else is read.
func (s *Server) Parts(r *http.Request) (*multipart.Reader, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, Refuse(http.StatusUnsupportedMediaType, "This address takes a form with parts.")
	}
	first, err := reader.NextPart()
	if err != nil {
		return nil, malformed(err)
	}
	got, err := io.ReadAll(io.LimitReader(first, 128))
	if err != nil {
		return nil, malformed(err)
	}
	if first.FormName() != "csrf" || !s.holds(sightOf(r).actor.Session, string(got)) {
		return nil, Refuse(http.StatusForbidden, foreign)
	}
	return reader, nil
}

func malformed(err error) error {
	return &refusal{status: http.StatusBadRequest, err: fault.Wrap(fault.Invalid, "This request could not be read.", err)}
}
