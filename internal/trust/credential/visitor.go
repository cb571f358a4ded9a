package credential

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"mainstay/internal/tenant"
	"mainstay/internal/trust/markup"
)

// visitor is a browser at the doors. It keeps every cookie that it is given, whatever the machine's clock says of its end.
type visitor struct {
	at      string
	cookies map[string]*http.Cookie
	token   string // of its forms
	asked   int    // how many requests it sent
}

func visit(at string) *visitor { return &visitor{at: at, cookies: map[string]*http.Cookie{}} }

// with is a browser that was given the same cookies.
func (v *visitor) copied() *visitor {
	c := visit(v.at)
	for name, cookie := range v.cookies {
		c.cookies[name] = cookie
	}
	return c
}

// answer is what came back, read whole unless it has no end.
type answer struct {
	status  int
	request tenant.RequestID
	session *http.Cookie // that was sent along; nil: none
	body    []byte
}

// send asks for something. Header is names and values in turn.
func (v *visitor) send(ctx context.Context, method, path string, body io.Reader, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, v.at+path, body)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	for _, c := range v.cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	v.asked++
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{}, fmt.Errorf("asking %s %s: %w", method, r.URL.Path, err)
	}
	defer res.Body.Close()
	got := answer{status: res.StatusCode}
	if id, err := tenant.ParseID[tenant.RequestID](res.Header.Get("X-Request-Id")); err == nil {
		got.request = id
	}
	for _, c := range res.Cookies() {
		v.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
		if strings.TrimPrefix(c.Name, "__Host-") == "mainstay" {
			got.session = c
		}
	}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		got.body, err = io.ReadAll(io.LimitReader(res.Body, 4<<20))
	}
	return got, err
}

func (v *visitor) get(ctx context.Context, path string) (answer, error) {
	return v.send(ctx, http.MethodGet, path, nil)
}

// post sends a form, with the token that its session's forms carry.
func (v *visitor) post(ctx context.Context, path string, fields url.Values) (answer, error) {
	sent := url.Values{"csrf": {v.token}}
	for name, values := range fields {
		sent[name] = values
	}
	return v.send(ctx, http.MethodPost, path, strings.NewReader(sent.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// learn reads the token of the session's forms.
func (v *visitor) learn(ctx context.Context) error {
	got, err := v.get(ctx, "/account/password")
	if err != nil {
		return err
	}
	if v.token = markup.FormToken(got.body); v.token == "" {
		return fmt.Errorf("the pages of who signed in carry no token (status %d)", got.status)
	}
	return nil
}

// in reports whether the visitor is let in as somebody.
func (v *visitor) in(ctx context.Context) (bool, answer, error) {
	got, err := v.get(ctx, "/api/v1/me")
	if err == nil && got.status != http.StatusOK && got.status != http.StatusUnauthorized {
		err = fmt.Errorf("a session is answered %d", got.status)
	}
	return got.status == http.StatusOK, got, err
}

// form is fields of names and values in turn.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// nobody is an address that is nobody's.
func nobody() string { return strings.ToLower(rand.Text()) + "@localhost.invalid" }

// letters returns n random ones.
func letters(n int) string { return strings.ToLower(rand.Text()[:n]) }
