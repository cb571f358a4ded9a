package httpd_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
)

// cookies is a stand-in for identity: the cookie "who" is a session id.
type cookies struct{}

func (cookies) Actor(_ http.ResponseWriter, r *http.Request) (tenant.Actor, error) {
	c, err := r.Cookie("who")
	if err != nil {
		return tenant.Actor{}, fault.New(fault.Denied, "Sign in first.")
	}
	if c.Value == "broken" {
		return tenant.Actor{}, errors.New("database away")
	}
	id, err := tenant.ParseID[tenant.SessionID](c.Value)
	return tenant.Actor{Kind: tenant.Member, Session: id}, err
}

var source = tenant.Source{Now: time.Now, Random: rand.Reader}

func newServer(t *testing.T, log io.Writer, change ...func(*httpd.Config)) *httpd.Server {
	t.Helper()
	cfg := httpd.Config{Source: source, Sessions: cookies{}, Log: slog.New(slog.NewJSONHandler(log, nil)), FormKey: make([]byte, 32), Quiet: time.Second}
	for _, c := range change {
		c(&cfg)
	}
	s, err := httpd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func do(s *httpd.Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func get(path string) *http.Request { return httptest.NewRequest("GET", path, nil) }

func TestEachKindHasItsStatus(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err  error
		want int
	}{
		{fault.New(fault.Invalid, "No."), 422},
		{fault.New(fault.Denied, "No."), 403},
		{fault.New(fault.Missing, "No."), 404},
		{fault.New(fault.Conflict, "No."), 409},
		{fault.New(fault.TooLarge, "No."), 413},
		{fault.New(fault.Busy, "No."), 503},
		{fault.New(fault.Ended, "No."), 410},
		{fault.New(fault.Internal, "No."), 500},
		{errors.New("pq: secret"), 500},
		{fmt.Errorf("reading mtg_1: %w", fault.New(fault.Missing, "No.")), 404},
		{httpd.Refuse(412, "Stale."), 412},
	}
	for _, c := range cases {
		s := newServer(t, io.Discard)
		s.API("GET /api/x", httpd.Public(), func(http.ResponseWriter, *http.Request) error { return c.err })
		w := do(s, get("/api/x?secret=canary"))
		if w.Code != c.want {
			t.Errorf("status of %v = %d, want %d", c.err, w.Code, c.want)
		}
		var problem map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || problem["status"] != float64(c.want) || problem["instance"] != w.Header().Get("X-Request-Id") {
			t.Errorf("problem of %v = %s", c.err, w.Body)
		}
		if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("problem of %v tells the cause or echoes the request: %s", c.err, w.Body)
		}
		if c.want == 503 && w.Header().Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	}
}

func TestMissingForeignAndUnroutedLookTheSame(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	s.Page("GET /m/missing", httpd.Public(), func(http.ResponseWriter, *http.Request) error { return fault.New(fault.Missing, "Not in the table.") })
	s.Page("GET /m/foreign", httpd.Public(), func(http.ResponseWriter, *http.Request) error {
		return fmt.Errorf("other workspace: %w", fault.New(fault.Missing, "It belongs to others."))
	})
	answer := func(path string) string {
		w := do(s, get(path))
		id := w.Header().Get("X-Request-Id")
		return strings.ReplaceAll(fmt.Sprint(w.Code, w.Header(), w.Body), id, "ID")
	}
	want := answer("/m/missing")
	for _, path := range []string{"/m/foreign", "/m/nowhere"} {
		if got := answer(path); got != want {
			t.Errorf("%s answers %s, want %s", path, got, want)
		}
	}
}

func TestRouteWithoutPolicyDoesNotStart(t *testing.T) {
	t.Parallel()
	for _, policy := range []httpd.Policy{{}, httpd.Verb("")} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a route with policy %q was taken", policy)
				}
			}()
			newServer(t, io.Discard).Page("GET /x", policy, nil)
		}()
	}
}

func TestWalkShowsEachRoute(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	s.Page("GET /a", httpd.SignedIn(), nil)
	s.API("PATCH /b/{id}", httpd.Verb("meeting.upload"), nil, httpd.Stream(), httpd.MaxBody(9))
	var got []string
	s.Walk(func(r httpd.Route) {
		got = append(got, fmt.Sprint(r.Method, r.Pattern, " ", r.Policy, r.API, r.Stream, r.MaxBody))
	})
	want := []string{"GET/a signed in false false 1048576", "PATCH/b/{id} verb meeting.upload true true 9"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("Walk = %q, want %q", got, want)
	}
}

func session(t *testing.T, s *httpd.Server) (*http.Cookie, string) {
	t.Helper()
	id := tenant.NewID[tenant.SessionID](source)
	token, err := s.FormToken(tenant.Actor{Kind: tenant.Member, Session: id})
	if err != nil {
		t.Fatal(err)
	}
	return &http.Cookie{Name: "who", Value: id.String()}, token
}

func TestChangesNeedTheSessionsToken(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	s.Page("POST /change", httpd.SignedIn(), func(w http.ResponseWriter, r *http.Request) error {
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	own, token := session(t, s)
	_, other := session(t, s)
	form := func(token string) *http.Request {
		r := httptest.NewRequest("POST", "/change", strings.NewReader(url.Values{"csrf": {token}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://example.com")
		r.AddCookie(own)
		return r
	}
	cases := []struct {
		name   string
		change func(*http.Request)
		token  string
		want   int
	}{
		{"own token in the form passes", func(*http.Request) {}, token, 204},
		{"own token in the header passes", func(r *http.Request) { r.Header.Set("X-CSRF-Token", token) }, "", 204},
		{"no token is refused", func(*http.Request) {}, "", 403},
		{"another session's token is refused", func(*http.Request) {}, other, 403},
		{"another site is refused", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, token, 403},
		{"another site by fetch metadata is refused", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, token, 403},
		{"silence about the origin is refused", func(r *http.Request) { r.Header.Del("Origin") }, token, 403},
		{"plain text is refused", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, token, 403},
		{"no session is sent to sign in", func(r *http.Request) { r.Header.Del("Cookie") }, token, 401},
		{"a broken session store is our fault", func(r *http.Request) { r.Header.Set("Cookie", "who=broken") }, token, 500},
	}
	for _, c := range cases {
		r := form(c.token)
		c.change(r)
		if w := do(s, r); w.Code != c.want {
			t.Errorf("%s: status %d, want %d", c.name, w.Code, c.want)
		}
	}
}

func TestTokensOfASessionDiffer(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	actor := tenant.Actor{Session: tenant.NewID[tenant.SessionID](source)}
	a, _ := s.FormToken(actor)
	b, _ := s.FormToken(actor)
	if a == b || a == "" {
		t.Errorf("tokens %q and %q are one text", a, b)
	}
	if none, _ := s.FormToken(tenant.Actor{}); none != "" {
		t.Errorf("token without a session = %q", none)
	}
}

func TestPartsChecksTheFirstPart(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	s.Page("POST /parts", httpd.SignedIn(), func(w http.ResponseWriter, r *http.Request) error {
		parts, err := s.Parts(r)
		if err != nil {
			return err
		}
		part, err := parts.NextPart()
		if err != nil {
			return err
		}
		_, err = io.Copy(w, part)
		return err
	}, httpd.Stream())
	own, token := session(t, s)
	for _, c := range []struct {
		first, value string
		want         int
	}{{"csrf", token, 200}, {"csrf", "x", 403}, {"file", token, 403}} {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		_ = m.WriteField(c.first, c.value)
		_ = m.WriteField("file", "words")
		_ = m.Close()
		r := httptest.NewRequest("POST", "/parts", &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		r.Header.Set("Origin", "http://example.com")
		r.AddCookie(own)
		if w := do(s, r); w.Code != c.want {
			t.Errorf("first part %s: status %d, want %d", c.first, w.Code, c.want)
		}
	}
}

func TestStrangersGoToSignInAndBack(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	h := func(http.ResponseWriter, *http.Request) error { return errors.New("reached") }
	s.Page("GET /meetings/{id}", httpd.Verb("meeting.read"), h)
	s.API("GET /api/v1/meetings", httpd.Verb("meeting.list"), h)
	w := do(s, get("/meetings/mtg_1?q=words"))
	if w.Code != 303 || w.Header().Get("Location") != "/sign-in?next=%2Fmeetings%2Fmtg_1" {
		t.Errorf("page answers %d to %s", w.Code, w.Header().Get("Location"))
	}
	if w := do(s, get("/api/v1/meetings")); w.Code != 401 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("api answers %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestLocalPathNeverLeaves(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/meetings/mtg_1": "/meetings/mtg_1", "": "/", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/",
		"javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/", "meetings": "/",
	} {
		if got := httpd.LocalPath(path); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestPanicIsAnAnswerAndOneLogLine(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newServer(t, &log)
	s.Page("GET /boom/{id}", httpd.Public(), func(http.ResponseWriter, *http.Request) error { panic("boom") })
	if w := do(s, get("/boom/canary?q=canary")); w.Code != 500 || strings.Contains(w.Body.String(), "boom") {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "panic: boom") || !strings.Contains(log.String(), `"route":"GET /boom/{id}"`) {
		t.Errorf("log = %s", &log)
	}
	if strings.Contains(log.String(), "canary") {
		t.Errorf("log holds what was submitted: %s", &log)
	}
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	s.Page("GET /ok", httpd.Public(), func(w http.ResponseWriter, _ *http.Request) error { _, err := io.WriteString(w, "hi"); return err })
	for _, path := range []string{"/ok", "/missing", "/" + strings.Repeat("a", 9000)} {
		r := get(path)
		r.TLS = &tls.ConnectionState{}
		h := do(s, r).Header()
		for name, part := range map[string]string{
			"Content-Security-Policy": "require-trusted-types-for 'script'; trusted-types app; report-uri /csp-report", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000", "Cache-Control": "no-store", "X-Request-Id": "req_",
		} {
			if !strings.Contains(h.Get(name), part) {
				t.Errorf("%s of %.20s = %q, want %q", name, path, h.Get(name), part)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Error("the policy is unsafe")
		}
	}
}

func TestWrongMethodSaysWhichAreRight(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	s.Page("GET /a", httpd.Public(), func(http.ResponseWriter, *http.Request) error { return nil })
	w := do(s, httptest.NewRequest("DELETE", "/a", nil))
	if w.Code != 405 || !strings.Contains(w.Header().Get("Allow"), "GET") {
		t.Errorf("DELETE answers %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestTooMuchBodyIs413(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	s.API("POST /x", httpd.Public(), func(_ http.ResponseWriter, r *http.Request) error { _, err := io.ReadAll(r.Body); return err }, httpd.MaxBody(10))
	r := httptest.NewRequest("POST", "/x", strings.NewReader("eleven bytes"))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if w := do(s, r); w.Code != 413 {
		t.Errorf("status %d, want 413", w.Code)
	}
}

func TestPagesAreCompressedAndEventsAreNot(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	answer := func(kind string) httpd.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", kind)
			_, err := io.WriteString(w, strings.Repeat("words ", 500))
			return err
		}
	}
	s.Page("GET /page", httpd.Public(), answer("text/html; charset=utf-8"))
	s.Page("GET /sound", httpd.Public(), answer("audio/mpeg"))
	s.Page("GET /events", httpd.Public(), answer("text/event-stream"), httpd.Stream())
	for path, want := range map[string]string{"/page": "gzip", "/sound": "", "/events": ""} {
		r := get(path)
		r.Header.Set("Accept-Encoding", "gzip")
		if got := do(s, r).Header().Get("Content-Encoding"); got != want {
			t.Errorf("encoding of %s = %q, want %q", path, got, want)
		}
	}
}

func TestReportsAreCountedAndNotKept(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var told []string
	s := newServer(t, &log)
	s.Reports(func(d string) { told = append(told, d) })
	for _, body := range []string{`{"csp-report":{"effective-directive":"script-src-elem","document-uri":"http://x/canary"}}`, `{"csp-report":{"effective-directive":"canary"}}`, `canary`} {
		if w := do(s, httptest.NewRequest("POST", "/csp-report", strings.NewReader(body))); w.Code != 204 {
			t.Errorf("report answers %d", w.Code)
		}
	}
	if strings.Join(told, " ") != "script-src-elem unknown unknown" || strings.Contains(log.String(), "canary") {
		t.Errorf("told %v, log %s", told, &log)
	}
}

func TestOnlyLoopbackWithoutTLS(t *testing.T) {
	t.Parallel()
	for addr, ok := range map[string]bool{"127.0.0.1:0": true, "[::1]:0": true, "0.0.0.0:0": false, ":0": false, "192.0.2.1:0": false} {
		l, err := httpd.Listening{Address: addr}.Listen(context.Background())
		if err == nil {
			_ = l.Close()
		}
		if addr == "[::1]:0" && err != nil && !strings.Contains(err.Error(), "other machines") {
			continue // A machine without IPv6.
		}
		if (err == nil) != ok {
			t.Errorf("Listen(%s) = %v, want success %v", addr, err, ok)
		}
	}
}

// start runs the server until the test ends.
func start(t *testing.T, s *httpd.Server) string {
	t.Helper()
	l, err := httpd.Listening{Address: "127.0.0.1:0"}.Listen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return l.Addr().String()
}

func TestWhoStopsSendingIsLetGo(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, func(c *httpd.Config) { c.Quiet = 200 * time.Millisecond })
	ended := make(chan error, 1)
	s.API("POST /slow", httpd.Public(), func(_ http.ResponseWriter, r *http.Request) error {
		_, err := io.ReadAll(r.Body)
		ended <- err
		return err
	}, httpd.Stream())
	conn, err := net.Dial("tcp", start(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST /slow HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 100\r\n\r\nabc")
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the body ended well")
		}
	case <-time.After(20 * time.Second):
		t.Error("the server waits for ever")
	}
}

func TestEventsOutliveTheQuietTime(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, func(c *httpd.Config) { c.Quiet = 50 * time.Millisecond })
	s.Page("GET /events", httpd.Public(), func(w http.ResponseWriter, r *http.Request) error {
		c := http.NewResponseController(w)
		tick := time.NewTicker(40 * time.Millisecond)
		defer tick.Stop()
		for range 10 {
			select {
			case <-r.Context().Done():
				return r.Context().Err()
			case <-tick.C:
				_, _ = io.WriteString(w, "data: x\n\n")
				_ = c.Flush()
			}
		}
		return nil
	}, httpd.Stream())
	resp, err := http.Get("http://" + start(t, s) + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if n := strings.Count(string(body), "data:"); err != nil || n != 10 {
		t.Errorf("%d events arrived, %v, want 10", n, err)
	}
}

func TestHealthSaysWhetherToSendPeopleHere(t *testing.T) {
	t.Parallel()
	var broken error
	s := newServer(t, io.Discard)
	s.Health("1.2.3", func(context.Context) error { return broken })
	for _, want := range []struct {
		err    error
		path   string
		status int
		says   string
	}{
		{nil, "/healthz", 200, `"ok"`}, {nil, "/readyz", 200, `"ready"`}, {nil, "/version", 200, `"1.2.3"`},
		{errors.New("connection to 10.0.0.7 refused"), "/healthz", 200, `"ok"`}, {errors.New("connection to 10.0.0.7 refused"), "/readyz", 503, "does not answer"},
	} {
		broken = want.err
		got := do(s, get(want.path))
		if got.Code != want.status || !strings.Contains(got.Body.String(), want.says) || strings.Contains(got.Body.String(), "10.0.0.7") {
			t.Errorf("%s with %v: %d %s", want.path, want.err, got.Code, got.Body)
		}
	}
}
