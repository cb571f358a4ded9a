package worldtest

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mainstay/internal/api"
	"mainstay/internal/api/audio"
	"mainstay/internal/api/mcp"
	"mainstay/internal/api/oauth"
	"mainstay/internal/httpd"
	"mainstay/internal/web"
	"mainstay/internal/web/account"
	"mainstay/internal/web/record"
	"mainstay/internal/web/reference"
	"mainstay/internal/web/settings"
)

// Pages is the world's pages and API behind the real server.
type Pages struct {
	World  *World
	App    *web.App
	API    *api.API
	Server *httpd.Server
}

// Pages returns the world's pages. They say nothing to a log.
func (w *World) Pages(t testing.TB) *Pages {
	t.Helper()
	return w.PagesFor(t, nil)
}

// PagesFor returns the world's pages for sessions that the test knows; nil are the real ones. The changes are made to what the
// server is made with.
func (w *World) PagesFor(t testing.TB, sessions httpd.Sessions, changes ...func(*httpd.Config)) *Pages {
	t.Helper()
	app, err := web.NewApp(web.Config{
		Identity: w.Identity, Accounts: w.Accounts,
		Roster:   w.Roster,
		Tokens:   w.Tokens,
		Hooks:    w.Hooks,
		OIDC:     w.Providers,
		Meetings: w.Meetings,
		Capture:  w.Capture,
		Speech:   w.Speech,
		Minutes:  w.Minutes,
		Progress: w.Progress,
		Models:   w.Models,
		Egress:   w.Egress,
		Post:     w.Post,
		Health:   w.Health,
		Access:   w.Access,
		Source:   w.Source,
	})
	check(t, err)
	var ends httpd.Ends
	if sessions == nil {
		sessions, ends = app, w.Identity
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	edge := httpd.Config{Source: w.Source, Sessions: sessions, Bearer: w.Tokens.Resolve, Log: slog.New(slog.DiscardHandler), FormKey: key, ErrorPage: app.Problem,
		Quiet: 5 * time.Second, LimitFactor: 1e6, Accessed: app.Accessed, Ends: ends} // tests ask more often than people
	for _, change := range changes {
		change(&edge)
	}
	server, err := httpd.New(edge)
	check(t, err)
	app.Register(server)
	account.Register(app, server)
	settings.Register(app, server)
	record.Register(app, server)
	oauth.Register(w.Tokens, server)
	audio.Register(w.Speech, server)
	mcp.Register(mcp.Config{Meetings: w.Meetings, Minutes: w.Minutes}, server)
	programs, err := api.Register(api.Config{Identity: w.Identity, Accounts: w.Accounts, OIDC: w.Providers, Hooks: w.Hooks, Access: w.Access, Enter: app.Enter, Roster: w.Roster, Tokens: w.Tokens, Post: w.Post, Meetings: w.Meetings, Capture: w.Capture, Speech: w.Speech, Minutes: w.Minutes,
		Progress: w.Progress, Models: w.Models, Egress: w.Egress, Health: w.Health, Once: w.Once, Source: w.Source, Cursors: key}, server)
	check(t, err)
	check(t, reference.Register(app, server, programs.OpenAPI()))
	return &Pages{World: w, App: app, API: programs, Server: server}
}

// Routes returns every route of the pages.
func (w *World) Routes(t testing.TB) []httpd.Route {
	t.Helper()
	var all []httpd.Route
	w.Pages(t).Server.Walk(func(r httpd.Route) { all = append(all, r) })
	return all
}

// Browser is somebody at the pages: a session's cookie and the token that its forms carry.
type Browser struct {
	pages  *Pages
	Cookie *http.Cookie
	Token  string
}

// Browser signs a member in. A nil member is nobody.
func (p *Pages) Browser(t testing.TB, member context.Context) *Browser {
	t.Helper()
	b := &Browser{pages: p}
	if member != nil {
		token, _ := p.World.Session(t, member)
		b.Cookie = &http.Cookie{Name: "mainstay", Value: token}
		b.Token = formToken.FindStringSubmatch(b.Get(t, "/meetings").Body.String())[1]
	}
	return b
}

var formToken = regexp.MustCompile(`<meta name="csrf" content="([^"]+)">`)

// Do sends a request as a browser does from one of our pages.
func (b *Browser) Do(t testing.TB, method, path string, body io.Reader, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, body)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	if b.Cookie != nil {
		r.AddCookie(b.Cookie)
	}
	out := httptest.NewRecorder()
	b.pages.Server.Handler().ServeHTTP(out, r)
	return out
}

// Get asks for a page.
func (b *Browser) Get(t testing.TB, path string) *httptest.ResponseRecorder {
	t.Helper()
	return b.Do(t, http.MethodGet, path, nil, nil)
}

// First returns the first piece of a stream.
func (b *Browser) First(t testing.TB, path string) string {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	r.AddCookie(b.Cookie)
	out := ending{httptest.NewRecorder(), end}
	b.pages.Server.Handler().ServeHTTP(out, r)
	return out.Body.String()
}

// ending ends a stream after its first piece.
type ending struct {
	*httptest.ResponseRecorder
	end context.CancelFunc
}

func (e ending) Flush() { e.ResponseRecorder.Flush(); e.end() }

// Post sends a form with its token.
func (b *Browser) Post(t testing.TB, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	sent := url.Values{"csrf": {b.Token}}
	for name, values := range form {
		sent[name] = values
	}
	return b.Do(t, http.MethodPost, path, strings.NewReader(sent.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}
