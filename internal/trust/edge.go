package trust

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/loopback"
	"mainstay/internal/trust/markup"
)

// reader sends requests to the program's pages as the owner of our workspace.
type reader struct {
	address string
	session string
	token   string // of its forms
	client  *http.Client
	close   func()
}

// reader opens pages on a listener of its own, which speaks TLS where secure says so.
func (p *proof) reader(pages func(func(*http.Request) (tenant.Actor, error)) (http.Handler, error), secure bool) (*reader, error) {
	r := &reader{session: rand.Text(), client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	handler, err := pages(func(q *http.Request) (tenant.Actor, error) {
		if c, err := q.Cookie(cookie); err == nil && c.Value == r.session {
			return p.ours.owner, nil
		}
		return tenant.Actor{}, fault.New(fault.Denied, "Sign in first.")
	})
	if err != nil {
		return nil, err
	}
	var pair *tls.Certificate
	if secure {
		if pair, err = loopback.Unknown(); err != nil {
			return nil, err
		}
		r.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // it is our own listener, a line above
	}
	if r.address, r.close, err = loopback.Serve(handler, pair); err != nil {
		return nil, err
	}
	return r, nil
}

// answer is what came back, read whole unless it has no end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (r *reader) send(ctx context.Context, method, path string, header ...string) (answer, error) {
	q, err := http.NewRequestWithContext(ctx, method, r.address+path, nil)
	if err != nil {
		return answer{}, err
	}
	q.AddCookie(&http.Cookie{Name: cookie, Value: r.session})
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Add(header[i], header[i+1])
	}
	res, err := r.client.Do(q)
	if err != nil {
		return answer{}, fmt.Errorf("asking for %s: %w", path, err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		a.body, err = io.ReadAll(res.Body)
	}
	return a, err
}

// learn reads the token that the session's forms carry.
func (r *reader) learn(ctx context.Context) error {
	page, err := r.send(ctx, http.MethodGet, "/meetings")
	if err != nil {
		return err
	}
	r.token = markup.FormToken(page.body)
	if r.token == "" {
		return fmt.Errorf("the pages carry no token (status %d)", page.status)
	}
	return nil
}

// cookiesClosed signs out over TLS, which sends the session's cookie as signing in does, and reads its flags.
func cookiesClosed(ctx context.Context, p *proof) (finding, error) {
	r, err := p.reader(p.Pages, true)
	if err != nil {
		return finding{}, err
	}
	defer r.close()
	if err := r.learn(ctx); err != nil {
		return finding{}, err
	}
	got, err := r.send(ctx, http.MethodPost, "/sign-out", "Sec-Fetch-Site", "same-origin", "X-CSRF-Token", r.token)
	if err != nil {
		return finding{}, err
	}
	sent := (&http.Response{Header: got.header}).Cookies()
	if len(sent) == 0 {
		return fail("signing out over TLS sends no cookie (status %d)", got.status)
	}
	for _, c := range sent {
		switch {
		case !strings.HasPrefix(c.Name, "__Host-"), c.Path != "/", c.Domain != "":
			return fail("the cookie %s can be another host's or path's", c.Name)
		case !c.Secure, !c.HttpOnly:
			return fail("the cookie %s is Secure %v, HttpOnly %v; both are wanted", c.Name, c.Secure, c.HttpOnly)
		case c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode:
			return fail("the cookie %s goes along with other sites' requests", c.Name)
		}
	}
	if !strings.Contains(got.header.Get("Strict-Transport-Security"), "max-age=31536000") {
		return fail("TLS is not asked for the next time (HSTS)")
	}
	return pass("%d cookies over TLS: __Host-, Secure, HttpOnly, SameSite, and HSTS for a year", len(sent))
}

// pagesConfined asks for every page and reads what its browser may do.
func pagesConfined(ctx context.Context, p *proof) (finding, error) {
	o, err := p.opened(ctx)
	if err != nil {
		return finding{}, err
	}
	r, err := p.reader(p.Pages, false)
	if err != nil {
		return finding{}, err
	}
	defer r.close()
	pages := 0
	for _, route := range p.Routes {
		if route.Method != http.MethodGet {
			continue
		}
		got, err := r.send(ctx, http.MethodGet, route.Filled(o.Meeting.ID.String()))
		if err != nil {
			return finding{}, err
		}
		if why := markup.Loose(got.header.Get("Content-Security-Policy")); why != "" {
			return fail("%s: %s", route.Pattern, why)
		}
		if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			continue
		}
		pages++
		for _, e := range markup.Elements(got.body) {
			if why := markup.Inline(e); why != "" {
				return fail("%s holds %s", route.Pattern, why)
			}
		}
	}
	if pages == 0 {
		return fail("there is no page, so that nothing was looked at")
	}
	return pass("%d pages: scripts and styles from our own address alone, none inline, no frames, Trusted Types", pages)
}

// crossSiteRefused sends every change as another site's page could make a browser send it.
func crossSiteRefused(ctx context.Context, p *proof) (finding, error) {
	r, err := p.reader(p.Pages, false)
	if err != nil {
		return finding{}, err
	}
	defer r.close()
	if err := r.learn(ctx); err != nil {
		return finding{}, err
	}
	const form = "application/x-www-form-urlencoded"
	foreign := [][]string{
		{"Origin", "https://other.example", "Content-Type", form},
		{"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain", "X-CSRF-Token", r.token},
		{"Origin", "null", "Content-Type", form, "X-CSRF-Token", r.token},
	}
	bare := [][]string{{"Sec-Fetch-Site", "same-origin", "Content-Type", form}, {"Content-Type", form, "X-CSRF-Token", r.token}}
	routes, tried := 0, 0
	for _, route := range p.Routes {
		if route.Method == http.MethodGet || route.Method == http.MethodHead || route.Method == http.MethodOptions || route.Pattern == "/csp-report" {
			continue
		}
		routes++
		attempts := foreign
		if route.Policy != "public" {
			attempts = append(attempts[:len(attempts):len(attempts)], bare...)
		}
		for _, header := range attempts {
			tried++
			got, err := r.send(ctx, route.Method, route.Filled("mtg_none"), header...)
			if err != nil || got.status != http.StatusForbidden {
				return fail("%s %s answers %d to a request with %q, want 403 (%v)", route.Method, route.Pattern, got.status, header, err)
			}
		}
	}
	got, err := r.send(ctx, http.MethodPost, "/sign-out", "Sec-Fetch-Site", "same-origin", "X-CSRF-Token", r.token)
	if err != nil || got.status == http.StatusForbidden || routes == 0 {
		return fail("a request with its token answers %d as well, so that the refusals say nothing (%v)", got.status, err)
	}
	return pass("%d requests of other sites, or without the session's token, to %d addresses that change something: each 403", tried, routes)
}

// everyAddressLimited asks each address until it is too often, under limits of one request a minute.
func everyAddressLimited(ctx context.Context, p *proof) (finding, error) {
	r, err := p.reader(p.Strict, false)
	if err != nil {
		return finding{}, err
	}
	defer r.close()
	let := 0
	for _, route := range p.Routes {
		path := route.Filled("mtg_none")
		var got answer
		for range 2 { // the first of its class is let through
			if got, err = r.send(ctx, route.Method, path, "Sec-Fetch-Site", "same-origin"); err != nil {
				return finding{}, err
			}
			if got.status == http.StatusTooManyRequests {
				break
			}
			let++
		}
		if got.status != http.StatusTooManyRequests {
			return fail("%s %s answers %d to the second request in a minute, where one is allowed", route.Method, route.Pattern, got.status)
		}
		for _, name := range []string{"Retry-After", "RateLimit", "RateLimit-Policy"} {
			if got.header.Get(name) == "" {
				return fail("%s %s does not say %s", route.Method, route.Pattern, name)
			}
		}
	}
	if let == 0 {
		return fail("no request was let through, so that nothing was counted")
	}
	return pass("%d addresses: each answers 429 with Retry-After and what is left, once its limit is reached", len(p.Routes))
}
