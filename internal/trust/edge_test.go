package trust_test

import (
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
	"mainstay/internal/trust"
	"mainstay/internal/worldtest"
)

// headers changes the headers of every answer.
func headers(change func(http.Header)) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return pages(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(changing{w, change}, r)
		})
	})
}

type changing struct {
	http.ResponseWriter
	change func(http.Header)
}

func (c changing) WriteHeader(status int)      { c.change(c.Header()); c.ResponseWriter.WriteHeader(status) }
func (c changing) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// cookieWithout takes a word out of every cookie that is sent.
func cookieWithout(word, instead string) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return headers(func(h http.Header) {
		for i, c := range h["Set-Cookie"] {
			h["Set-Cookie"][i] = strings.ReplaceAll(c, word, instead)
		}
	})
}

func TestOpenCookiesAreSeen(t *testing.T) {
	t.Parallel()
	for word, instead := range map[string]string{"__Host-": "", "; HttpOnly": "", "; Secure": "", "; SameSite=Lax": "", "SameSite=Lax": "SameSite=None", "Path=/": "Path=/; Domain=example.com"} {
		red(t, "P026", cookieWithout(word, instead))
	}
	red(t, "P026", headers(func(h http.Header) { h.Del("Strict-Transport-Security") }))
}

func TestLoosePoliciesAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P173", headers(func(h http.Header) { h.Del("Content-Security-Policy") }))
	for word, instead := range map[string]string{"script-src 'self'": "script-src 'self' 'unsafe-inline'", "frame-ancestors 'none'; ": "", "default-src 'none'": "default-src *"} {
		red(t, "P173", headers(func(h http.Header) {
			h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), word, instead, 1))
		}))
	}
	red(t, "P173", pages(rewritten(func(page []byte) []byte { return append(page, "<script>run()</script>"...) })))
	red(t, "P173", pages(rewritten(func(page []byte) []byte { return append(page, `<p style="color: red">x</p>`...) })))
}

// asked changes requests before the program sees them.
func asked(change func(*http.Request)) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return pages(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(r)
			h.ServeHTTP(w, r)
		})
	})
}

func TestForgedRequestsAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P175", asked(func(r *http.Request) { // as if nobody looked at where a request comes from
		r.Header.Del("Origin")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}))
	red(t, "P175", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { // as if no route asked for a token
		before := d.Pages
		d.Pages = func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			return before(func(r *http.Request) (tenant.Actor, error) {
				a, err := s(r)
				if r.Method != http.MethodGet {
					a.Session = tenant.SessionID{}
				}
				return a, err
			})
		}
	})
	red(t, "P175", pages(func(http.Handler) http.Handler { // as if everything were refused
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	}))
}

func TestAddressesWithoutALimitAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P176", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Strict = d.Pages })
	red(t, "P176", func(t *testing.T, w *worldtest.World, d *trust.Deployment) {
		d.Strict = func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			h := w.PagesFor(t, sessions(s), func(c *httpd.Config) { c.LimitFactor = 1e-9 }).Server.Handler()
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(changing{w, func(h http.Header) { h.Del("Retry-After") }}, r)
			}), nil
		}
	})
	red(t, "P176", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Routes = append(d.Routes, trust.Route{Method: "GET", Pattern: "/static/nowhere", Policy: "public"})
		strict := d.Strict
		d.Strict = func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			h, err := strict(s)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/static/nowhere" {
					h.ServeHTTP(w, r)
				}
			}), err
		}
	})
}
