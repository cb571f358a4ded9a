package e2e

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/worldtest"
)

func accessMethods() map[string]method {
	return map[string]method{
		"accesslog.Take":    {none: "the program itself calls it, for each request"},
		"accesslog.Dropped": {none: "a number about the program"},
		"accesslog.Flush":   {none: "the program itself calls it"},
		"accesslog.Sweep":   {none: "the program itself calls it"},
		"accesslog.Run":     {none: "the program itself runs it"},
		"accesslog.Newest": {own: true, least: gate.Admin, call: func(ctx context.Context, w *worldtest.World, _ worldtest.Case) (any, error) {
			return w.Access.Newest(ctx, accesslog.Filter{})
		}},
	}
}

// watching are the tables that say that somebody asked, whatever came of it.
var watching = []string{"audit.event", "control.session", "control.access_log"}

// withBody replaces a request's body.
func withBody(r *http.Request, kind, body string) {
	r.Header.Set("Content-Type", kind)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// withToken puts another text, or none, wherever a request carries its token.
func withToken(r *http.Request, own, other string) {
	body, _ := io.ReadAll(r.Body)
	withBody(r, r.Header.Get("Content-Type"), strings.ReplaceAll(string(body), own, other))
	if r.Header.Del("X-CSRF-Token"); other != "" {
		r.Header.Set("X-CSRF-Token", other)
	}
}

// crossings are what another site's page, or whoever holds no token, can make a browser send.
func crossings(own, other string) map[string]forged {
	bare := func(r *http.Request) { withToken(r, own, "") }
	return map[string]forged{
		"without a token":           bare,
		"with another's token":      func(r *http.Request) { withToken(r, own, other) },
		"with half a token":         func(r *http.Request) { withToken(r, own, own[:len(own)/2]) },
		"as plain text":             func(r *http.Request) { bare(r); withBody(r, "text/plain", "a=b&csrf="+own) },
		"as a form without a token": func(r *http.Request) { bare(r); withBody(r, "application/x-www-form-urlencoded", "a=b") },
		"as parts without a token": func(r *http.Request) {
			bare(r)
			withBody(r, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n")
		},
		"with the token in the query": func(r *http.Request) { bare(r); r.URL.RawQuery = "csrf=" + own },
		"with another method's name": func(r *http.Request) {
			bare(r)
			r.Header.Set("X-HTTP-Method-Override", "GET")
			withBody(r, "application/x-www-form-urlencoded", "_method=GET")
		},
		"without an origin":          func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") },
		"from another site":          func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"from a neighbour":           func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"from another site's origin": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") },
		"from nowhere":               func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") },
		"with a bearer of its own": func(r *http.Request) {
			bare(r)
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Authorization", "Bearer mst_whatever")
		},
	}
}

// TestNoOtherSiteMakesABrowserChangeAnything walks the router and sends each change as another site's page could, with the
// cookie of somebody who may: 403, and nothing is changed.
func TestNoOtherSiteMakesABrowserChangeAnything(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Hazel")
	owner, admin := p.Browser(t, ten.Owner), p.Browser(t, ten.Admin)
	c, tried := ten.Case(t, false), 0
	before, table := everything(t, w, ten, watching...), visits()
	p.Server.Walk(func(r httpd.Route) {
		v := table[r.Method+" "+r.Pattern]
		if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions || r.Policy == httpd.Public() {
			return
		}
		for how, forge := range crossings(owner.Token, admin.Token) {
			tried++
			got := v.ask(t, p, owner, r, c, forge)
			own := r.API && how == "with a bearer of its own" && got.Status == http.StatusUnauthorized // and the cookie counts for nothing
			if got.Status != http.StatusForbidden && !own {
				t.Errorf("%s %s %s: %d, want 403", r.Method, r.Pattern, how, got.Status)
			}
		}
	})
	if after := everything(t, w, ten, watching...); after != before {
		t.Errorf("something changed\nfrom %s\n  to %s", before, after)
	}
	if tried < 200 {
		t.Errorf("%d requests were tried only", tried)
	}
}

// TestReadingChangesNothing sends every GET as another site's link does.
func TestReadingChangesNothing(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Hazel")
	owner, c := p.Browser(t, ten.Owner), ten.Case(t, false)
	table := visits()
	p.Server.Walk(func(r httpd.Route) {
		v := table[r.Method+" "+r.Pattern]
		if r.Method != http.MethodGet || r.Policy == httpd.Public() {
			return
		}
		but := watching
		if r.Pattern == "/notices/{id}" {
			but = append(but[:len(but):len(but)], "tenant.notice") // one that was opened is read, and that is all
		}
		before := everything(t, w, ten, but...)
		v.ask(t, p, owner, r, c, func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("X-HTTP-Method-Override", "DELETE")
			r.Header.Del("X-CSRF-Token")
		})
		if after := everything(t, w, ten, but...); after != before {
			t.Errorf("GET %s changed something\nfrom %s\n  to %s", r.Pattern, before, after)
		}
	})
}

// TestEveryRouteHasALimit walks the router under limits of one request a minute: the second is too many, and a program is told
// what it has left each time.
func TestEveryRouteHasALimit(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.PagesFor(t, nil, func(c *httpd.Config) { c.LimitFactor = 1e-9 })
	ten := w.Tenant(t, "Hazel")
	token, _ := w.Session(t, ten.Owner)
	owner, c := &worldtest.Browser{Cookie: &http.Cookie{Name: "mainstay", Value: token}}, ten.Case(t, false)
	p.Server.Walk(func(r httpd.Route) {
		w.Clock.Advance(61 * time.Second)
		v := visits()[r.Method+" "+r.Pattern]
		first, second := v.ask(t, p, owner, r, c), v.ask(t, p, owner, r, c)
		if first.Status == http.StatusTooManyRequests || second.Status != http.StatusTooManyRequests || second.Header.Get("Retry-After") != "60" {
			t.Errorf("%s %s of the class %s: %d, then %d after %q; want 429 the second time, and a minute", r.Method, r.Pattern, r.Class, first.Status,
				second.Status, second.Header.Get("Retry-After"))
		}
		for _, got := range []reply{first, second} {
			if policy := got.Header.Get("RateLimit-Policy"); r.API && !strings.HasPrefix(policy, `"`+r.Class.String()+`-address";q=1;w=60`) {
				t.Errorf("%s %s: RateLimit-Policy %q", r.Method, r.Pattern, policy)
			}
		}
	})
}
