package httpd_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
)

// TestTheClientIsWhoTheProxySaw sends what proxies and liars send, and looks at the address that handlers get.
func TestTheClientIsWhoTheProxySaw(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, func(c *httpd.Config) {
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	})
	s.API("GET /who", httpd.Public(), func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, tenant.Visitor(r.Context()).Address)
		return err
	})
	const stranger, proxy = "203.0.113.9:4000", "10.0.0.2:4000"
	for _, c := range []struct {
		name, peer string
		header     []string
		want       string
	}{
		{"nobody between", stranger, nil, "203.0.113.9"},
		{"a stranger's X-Forwarded-For", stranger, []string{"X-Forwarded-For", "192.0.2.1"}, "203.0.113.9"},
		{"a stranger's Forwarded", stranger, []string{"Forwarded", "for=192.0.2.1"}, "203.0.113.9"},
		{"a proxy's word", proxy, []string{"X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
		{"what the client put in front of it", proxy, []string{"X-Forwarded-For", "1.1.1.1, 192.0.2.1"}, "192.0.2.1"},
		{"a second proxy of ours", proxy, []string{"X-Forwarded-For", "1.1.1.1, 192.0.2.1, 10.9.9.9"}, "192.0.2.1"},
		{"in several headers", proxy, []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
		{"what is no address", proxy, []string{"X-Forwarded-For", "192.0.2.1, unknown"}, "10.0.0.2"},
		{"with a port", proxy, []string{"X-Forwarded-For", "192.0.2.1:5555"}, "192.0.2.1"},
		{"an IPv6 client", "[2001:db8:1::5]:9", []string{"X-Forwarded-For", "2001:db8:2::7"}, "2001:db8:2::7"},
		{"Forwarded", proxy, []string{"Forwarded", `for=1.1.1.1, for="[2001:db8:2::7]:4711";proto=https;by=10.0.0.2`}, "2001:db8:2::7"},
		{"a hidden hop of Forwarded", proxy, []string{"Forwarded", "for=192.0.2.1, for=_hidden"}, "10.0.0.2"},
		{"both lists, one client", proxy, []string{"X-Forwarded-For", "192.0.2.1", "Forwarded", "for=192.0.2.1"}, "192.0.2.1"},
		{"both lists, two clients", proxy, []string{"X-Forwarded-For", "192.0.2.1", "Forwarded", "for=1.1.1.1"}, "400"},
		{"a silent proxy", proxy, nil, "10.0.0.2"},
		{"a mapped address", "[::ffff:10.0.0.2]:4000", []string{"X-Forwarded-For", "::ffff:192.0.2.1"}, "192.0.2.1"},
		{"a Unix socket", "@", []string{"X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
		{"a silent Unix socket", "@", nil, ""},
	} {
		r := get("/who")
		r.RemoteAddr = c.peer
		for i := 0; i+1 < len(c.header); i += 2 {
			r.Header.Add(c.header[i], c.header[i+1])
		}
		w := do(s, r)
		if got := w.Body.String(); w.Code == 200 && got != c.want || w.Code != 200 && c.want != "400" {
			t.Errorf("%s: %d %s, want %s", c.name, w.Code, got, c.want)
		}
	}
}

func TestTheSchemeIsTheBrowsers(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, func(c *httpd.Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")} })
	s.API("GET /secure", httpd.Public(), func(w http.ResponseWriter, r *http.Request) error {
		if httpd.Secure(r) {
			w.WriteHeader(http.StatusAccepted)
		}
		return nil
	})
	for _, c := range []struct {
		name, peer string
		tls        bool
		header     []string
		want       bool
	}{
		{"plain", "203.0.113.9:1", false, nil, false},
		{"TLS to us", "203.0.113.9:1", true, nil, true},
		{"a stranger's word", "203.0.113.9:1", false, []string{"X-Forwarded-Proto", "https"}, false},
		{"TLS to the proxy", "10.0.0.2:1", false, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https"}, true},
		{"TLS to the proxy, by Forwarded", "10.0.0.2:1", false, []string{"Forwarded", "for=192.0.2.1; proto=https"}, true},
		{"a proxy before the proxy", "10.0.0.2:1", false, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https, http"}, false},
		{"plain to the proxy", "10.0.0.2:1", false, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "http"}, false},
		{"a Unix socket", "@", false, []string{"X-Forwarded-Proto", "https"}, true},
	} {
		r := get("/secure")
		r.RemoteAddr = c.peer
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		for i := 0; i+1 < len(c.header); i += 2 {
			r.Header.Add(c.header[i], c.header[i+1])
		}
		w := do(s, r)
		if got := w.Code == http.StatusAccepted; got != c.want || (w.Header().Get("Strict-Transport-Security") != "") != c.want {
			t.Errorf("%s: secure %v, HSTS %q", c.name, got, w.Header().Get("Strict-Transport-Security"))
		}
	}
}

// TestAClientBehindAProxyIsBounded opens requests that do not end.
func TestAClientBehindAProxyIsBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, func(c *httpd.Config) {
		c.Proxies, c.PerAddress = []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}, 2
	})
	inside, end := make(chan struct{}), make(chan struct{})
	s.Page("GET /events", httpd.Public(), func(http.ResponseWriter, *http.Request) error {
		inside <- struct{}{}
		<-end
		return nil
	}, httpd.Stream())
	s.Page("GET /ok", httpd.Public(), func(http.ResponseWriter, *http.Request) error { return nil })
	ask := func(path, from string) int {
		r := get(path)
		r.RemoteAddr = "10.0.0.2:1"
		r.Header.Set("X-Forwarded-For", from)
		return do(s, r).Code
	}
	ended := make(chan int)
	for range 2 {
		go func() { ended <- ask("/events", "192.0.2.1") }()
		<-inside
	}
	if got := ask("/ok", "192.0.2.1"); got != http.StatusTooManyRequests {
		t.Errorf("the third request of a client answers %d, want 429", got)
	}
	if got := ask("/ok", "192.0.2.2"); got != http.StatusOK {
		t.Errorf("another client gets %d", got)
	}
	close(end)
	<-ended
	<-ended
	if got := ask("/ok", "192.0.2.1"); got != http.StatusOK {
		t.Errorf("after their end the client gets %d", got)
	}
}

// TestEveryRequestIsTold: what was refused, too; nothing that the client wrote; not what everybody gets.
func TestEveryRequestIsTold(t *testing.T) {
	t.Parallel()
	var told []httpd.Access
	s := newServer(t, io.Discard, func(c *httpd.Config) { c.Accessed = func(a httpd.Access) { told = append(told, a) } })
	s.API("GET /api/v1/meetings/{id}", httpd.SignedIn(), func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "words")
		return err
	})
	s.Page("GET /static/", httpd.Public(), func(http.ResponseWriter, *http.Request) error { return nil }, httpd.Constant())
	own, _ := session(t, s)
	signed := get("/api/v1/meetings/canary?q=canary")
	signed.AddCookie(own)
	for _, r := range []*http.Request{signed, get("/api/v1/meetings/canary"), get("/static/x"), get("/canary")} {
		do(s, r)
	}
	if len(told) != 3 {
		t.Fatalf("%d requests were told, want 3", len(told))
	}
	for i, want := range []struct {
		route  string
		status int
		kind   tenant.Kind
		bytes  int64
	}{{"/api/v1/meetings/{id}", 200, tenant.Member, 5}, {"/api/v1/meetings/{id}", 401, tenant.Nobody, told[1].Bytes}, {"", 404, tenant.Nobody, told[2].Bytes}} {
		got := told[i]
		if got.Route != want.route || got.Status != want.status || got.Actor.Kind != want.kind || got.Bytes != want.bytes || got.Address != "192.0.2.1" ||
			got.Method != "GET" || got.Request.IsZero() || got.At.IsZero() {
			t.Errorf("request %d is told as %+v", i, got)
		}
	}
}

// TestTheFirewallSeesWhoHasNoSession: its rule's number is logged, nothing of the request is.
func TestTheFirewallSeesWhoHasNoSession(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var asked []string
	s := newServer(t, &log, func(c *httpd.Config) {
		c.Firewall = func(r *http.Request, address string) (int, bool) {
			asked = append(asked, r.URL.Path+" "+address)
			return 942100, r.URL.Query().Has("canary")
		}
	})
	ok := func(http.ResponseWriter, *http.Request) error { return nil }
	s.Page("GET /door", httpd.Public(), ok)
	s.Page("GET /inside", httpd.SignedIn(), ok)
	s.Page("GET /static/", httpd.Public(), ok, httpd.Constant())
	own, _ := session(t, s)
	for _, c := range []struct {
		path   string
		signed bool
		want   int
	}{
		{"/door", false, 200}, {"/door?canary", false, 403}, {"/inside?canary", false, 403}, {"/inside", false, 303}, {"/inside?canary", true, 200},
		{"/static/x?canary", false, 200}, {"/nowhere?canary", false, 403}, {"/nowhere", false, 404},
	} {
		r := get(c.path)
		if c.signed {
			r.AddCookie(own)
		}
		log.Reset()
		if w := do(s, r); w.Code != c.want {
			t.Errorf("%s, signed in %v: %d, want %d", c.path, c.signed, w.Code, c.want)
		}
		if refused := c.want == 403; strings.Count(log.String(), `"rule":942100`) != map[bool]int{true: 1}[refused] || strings.Contains(log.String(), "canary") {
			t.Errorf("%s is logged as %s", c.path, &log)
		}
	}
	if len(asked) != 6 {
		t.Errorf("the firewall was asked about %q", asked)
	}
}

func TestPlainHTTPIsSentToHTTPS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host, target string
		header       string
		status       int
		location     string
	}{
		{"mainstay.example", "/meetings?q=1", "", 308, "https://mainstay.example:8443/meetings?q=1"},
		{"mainstay.example:80", "/", "", 308, "https://mainstay.example:8443/"},
		{"mainstay.example", "//evil.example/x", "", 308, "https://mainstay.example:8443//evil.example/x"},
		{"evil.example", "/", "", 421, ""},
		{"evil.example/x?", "/", "", 421, ""},
		{"", "/", "", 421, ""},
		{"mainstay.example", "/api/v1/meetings", "", 403, ""},
		{"mainstay.example", "/meetings", "Bearer mst_x", 403, ""},
	} {
		r := httptest.NewRequest("GET", "http://x"+c.target, nil)
		r.Host = c.host
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		w := httptest.NewRecorder()
		httpd.Redirect("8443", "mainstay.example").ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%q %s: %d %s, want %d %s", c.host, c.target, w.Code, w.Header().Get("Location"), c.status, c.location)
		}
	}
	r := get("/x")
	r.Host = "[2001:db8::1]:80"
	w := httptest.NewRecorder()
	if httpd.Redirect("443").ServeHTTP(w, r); w.Header().Get("Location") != "https://[2001:db8::1]/x" {
		t.Errorf("an IPv6 host is sent to %s", w.Header().Get("Location"))
	}
}

// frozen is a time that moves when a test says so.
type frozen struct{ at time.Time }

// TestEveryClassHasItsLimit: 429 with Retry-After, and the next request is allowed when that says so.
func TestEveryClassHasItsLimit(t *testing.T) {
	t.Parallel()
	now := &frozen{time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)}
	for class, want := range map[httpd.Class]string{httpd.Open: "public-address", httpd.SignIn: "sign-in-address", httpd.Read: "read-person",
		httpd.Write: "write-person", httpd.Upload: "upload-person", httpd.Speech: "speech-person", httpd.Events: "stream-person"} {
		s := newServer(t, io.Discard, func(c *httpd.Config) {
			c.LimitFactor, c.Source.Now = 0.05, func() time.Time { return now.at }
		})
		policy := httpd.SignedIn()
		if class <= httpd.SignIn {
			policy = httpd.Public()
		}
		s.API("GET /api/x", policy, func(http.ResponseWriter, *http.Request) error { return nil }, httpd.Limited(class))
		own, _ := session(t, s)
		ask := func() *httptest.ResponseRecorder {
			r := get("/api/x")
			r.AddCookie(own)
			return do(s, r)
		}
		refused, asked := ask(), 1
		for ; refused.Code == 200; asked++ {
			if h := refused.Header(); !strings.Contains(h.Get("RateLimit-Policy"), `"`+want+`";q=`) || h.Get("RateLimit") == "" {
				t.Fatalf("%s: the headers are %v", class, h)
			}
			refused = ask()
		}
		if refused.Code != 429 || refused.Header().Get("Retry-After") == "" || !strings.HasPrefix(refused.Header().Get("RateLimit"), `"`+want+`";r=0`) {
			t.Errorf("%s: after %d requests %d %v", class, asked, refused.Code, refused.Header())
		}
		after, err := time.ParseDuration(refused.Header().Get("Retry-After") + "s")
		if err != nil || after > time.Minute {
			t.Errorf("%s: Retry-After %s", class, refused.Header().Get("Retry-After"))
		}
		if now.at = now.at.Add(after); ask().Code != 200 {
			t.Errorf("%s: still refused after Retry-After", class)
		}
	}
}
