package web

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/capture"
	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/health"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/identity/token"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/post"
	"mainstay/internal/progress"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
	"mainstay/internal/webhook"
)

// Config is the services that the pages show. All are required.
type Config struct {
	Identity *identity.Service
	Accounts *account.Service
	Roster   *roster.Service
	Tokens   *token.Service
	Hooks    *webhook.Service
	OIDC     *oidc.Service
	Meetings *meeting.Service
	Capture  *capture.Service
	Speech   *speech.Service
	Minutes  *minutes.Service
	Progress *progress.Service
	Models   *llm.Service
	Egress   *egress.Service
	Health   *health.Service
	Post     *post.Service
	Access   *accesslog.Service
	Source   tenant.Source
	Engine   []Fact // what recordings are heard with
}

// App is the pages over the services. A handler parses, calls one service and renders a view.
type App struct {
	Config
	assets *Assets
	render *Renderer
	server *httpd.Server
}

// NewApp returns the pages. They answer once they are registered with a server.
func NewApp(cfg Config) (*App, error) {
	if cfg.Identity == nil || cfg.Accounts == nil || cfg.Roster == nil || cfg.Tokens == nil || cfg.Hooks == nil || cfg.OIDC == nil || cfg.Meetings == nil || cfg.Capture == nil || cfg.Speech == nil || cfg.Minutes == nil ||
		cfg.Progress == nil || cfg.Models == nil || cfg.Egress == nil || cfg.Health == nil || cfg.Post == nil || cfg.Access == nil || cfg.Source.Now == nil {
		return nil, errors.New("web: every service is required")
	}
	assets, err := LoadAssets()
	if err != nil {
		return nil, err
	}
	render, err := NewRenderer(assets)
	return &App{Config: cfg, assets: assets, render: render}, err
}

// Problem answers with the page of a problem: what httpd.Config.ErrorPage wants.
func (a *App) Problem(w http.ResponseWriter, r *http.Request, p httpd.Problem) error {
	return a.render.Problem(w, r, p)
}

// Register adds the pages of people and of the deployment to a server whose sessions are the app's. It panics as httpd.Server.Page does.
func (a *App) Register(s *httpd.Server) {
	a.server = s
	s.Page("GET /static/", httpd.Public(), a.assets.Serve, httpd.Constant())
	a.peopleRoutes(s)
}

// cookieName returns the session cookie's name.
func cookieName(r *http.Request) string { return ownCookie(r, "mainstay") }

// challengeCookie returns the name of the cookie of a sign-in that waits for a second factor.
func challengeCookie(r *http.Request) string { return ownCookie(r, "challenge") }

// ownCookie returns the name of a cookie that no other host can set. A browser takes the prefix only from TLS: ours or a proxy's.
func ownCookie(r *http.Request, name string) string {
	if httpd.Secure(r) {
		return "__Host-" + name
	}
	return name
}

// Actor implements httpd.Sessions: the actor of the request's session cookie. The browser gets the session's new token where
// the old one was due to be replaced.
func (a *App) Actor(w http.ResponseWriter, r *http.Request) (tenant.Actor, error) {
	cookie, err := r.Cookie(cookieName(r))
	if err != nil {
		return tenant.Actor{}, fault.New(fault.Denied, "Sign in first.")
	}
	begun, err := a.Identity.Resume(r.Context(), cookie.Value)
	if begun.Token != "" {
		a.setSession(w, r, begun.Token, begun.EndsAt)
	}
	return begun.Actor, err
}

// enter gives the browser the session that was just begun, and the cookie by which it is known from then on.
func (a *App) enter(w http.ResponseWriter, r *http.Request, begun identity.Begun) {
	a.setSession(w, r, begun.Token, begun.EndsAt)
	if begun.Device != "" {
		a.setCookie(w, r, httpd.DeviceCookie(r), begun.Device, a.Source.Now().Add(identity.DeviceLife))
	}
}

// setSession gives the browser its session, or takes it away where the token is empty.
func (a *App) setSession(w http.ResponseWriter, r *http.Request, token tenant.Secret, ends time.Time) {
	a.setCookie(w, r, cookieName(r), token, ends)
}

// setCookie gives the browser a secret for us alone, or takes it away where it is empty.
func (a *App) setCookie(w http.ResponseWriter, r *http.Request, name string, token tenant.Secret, ends time.Time) {
	cookie := &http.Cookie{Name: name, Value: token.Reveal(), Path: "/", Expires: ends, HttpOnly: true, Secure: httpd.Secure(r), SameSite: http.SameSiteLaxMode}
	if token == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// show writes a page whole, or returns why it could not.
func (a *App) show(w http.ResponseWriter, v View) error { return a.showAgain(w, http.StatusOK, v) }

// showAgain writes a page with a status of its own: a form whose values were not taken.
func (a *App) showAgain(w http.ResponseWriter, status int, v View) error {
	var b bytes.Buffer
	if err := a.render.Page(&b, v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

// fragment writes a part of a page.
func (a *App) fragment(w http.ResponseWriter, part string, view any) error {
	var b bytes.Buffer
	if err := a.render.Part(&b, part, view); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := w.Write(b.Bytes())
	return err
}
