package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mainstay/internal/httpd"
	"mainstay/internal/worldtest"
)

// through returns a client that reaches the server by its socket and says what a proxy says.
func through(socket string, header http.Header) func(method, path string, form url.Values) (*http.Response, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}
	return func(method, path string, form url.Values) (*http.Response, error) {
		req, err := http.NewRequest(method, "http://mainstay.example"+path, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header = header.Clone()
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://mainstay.example")
		res, err := client.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		return res, err
	}
}

// TestServeBehindAProxy: by a Unix socket, the cookie and HSTS follow the browser's scheme, and the log has the browser's address.
// Its last lines are stored when the server stops.
func TestServeBehindAProxy(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	socket := filepath.Join(d.root, "web.sock")
	open := func() string {
		t.Helper()
		select {
		case at := <-d.launch(t, "MAINSTAY_LISTEN=unix:"+socket):
			path, _, _ := strings.Cut(at, " ")
			return path
		case <-time.After(d.patience):
			t.Fatalf("the server does not start: %s", d.run.log)
			return ""
		}
	}
	setup := open()
	const browser = "203.0.113.9"
	secure := through(socket, http.Header{"X-Forwarded-For": {"198.51.100.1, " + browser}, "X-Forwarded-Proto": {"https"}})
	res, err := secure(http.MethodPost, setup, owner())
	check(t, err)
	if c := res.Cookies(); res.StatusCode != http.StatusSeeOther || len(c) == 0 || !strings.HasPrefix(c[0].Name, "__Host-") || !c[0].Secure ||
		res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("through TLS: %d, %v, %v", res.StatusCode, c, res.Header)
	}
	clear := through(socket, http.Header{"X-Forwarded-For": {browser}, "X-Forwarded-Proto": {"http"}})
	res, err = clear(http.MethodGet, "/sign-in", nil)
	check(t, err)
	if res.Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS in the clear")
	}
	d.stop(t)
	open()
	var lines, events int
	conn := d.admin(t)
	check(t, conn.QueryRow(t.Context(), `select count(*) from control.access_log where address = $1 and route = '/setup/{token}' and status = 303`, browser).Scan(&lines))
	check(t, conn.QueryRow(t.Context(), `select count(*) from control.event where address = $1`, browser).Scan(&events))
	if lines != 1 || events == 0 {
		t.Errorf("%d lines of the access log and %d events name the browser's address, want 1 and some", lines, events)
	}
}

// freePort returns an address that nobody listens on just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

// TestServeTakesANewCertificate: SIGHUP reads the files again; a bad one changes nothing. The plain listener sends people on.
func TestServeTakesANewCertificate(t *testing.T) {
	t.Parallel()
	cert, key, roots := certificate(t)
	plain := freePort(t)
	d := newDeployment(t, "", "MAINSTAY_TLS_CERT="+cert, "MAINSTAY_TLS_KEY="+key, "MAINSTAY_REDIRECT="+plain, "MAINSTAY_TLS=1.3")
	d.start(t)
	at, err := url.Parse(d.run.url)
	check(t, err)
	shake := func(roots *x509.CertPool, most uint16) error {
		conn, err := tls.Dial("tcp", at.Host, &tls.Config{RootCAs: roots, ServerName: "localhost", MaxVersion: most})
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	if err := shake(roots, tls.VersionTLS12); err == nil {
		t.Error("a server of TLS 1.3 alone speaks 1.2")
	}
	check(t, os.WriteFile(cert, []byte("half a file"), 0o600))
	check(t, d.run.cmd.Process.Signal(syscall.SIGHUP))
	d.until(t, "the bad file is logged", func() bool { return strings.Contains(d.run.log.String(), "the one before it stays") })
	check(t, shake(roots, 0))
	newer, newKey, newRoots := certificate(t)
	for from, to := range map[string]string{newer: cert, newKey: key} {
		text, err := os.ReadFile(from)
		check(t, err)
		check(t, os.WriteFile(to, text, 0o600))
	}
	check(t, d.run.cmd.Process.Signal(syscall.SIGHUP))
	d.until(t, "the new certificate is shown", func() bool { return shake(newRoots, 0) == nil })
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get("http://" + plain + "/meetings?q=1")
	check(t, err)
	defer res.Body.Close()
	if want := "https://127.0.0.1:" + at.Port() + "/meetings?q=1"; res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != want {
		t.Errorf("in the clear: %d to %s, want 308 to %s", res.StatusCode, res.Header.Get("Location"), want)
	}
}

// TestStuffingCredentialsEnds tries one password on many accounts from one address that claims to be another each time.
func TestStuffingCredentialsEnds(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.PagesFor(t, nil, func(c *httpd.Config) { c.LimitFactor = 0.5 })
	nobody, tries := p.Browser(t, nil), 0
	for ; tries < 300; tries++ {
		form := url.Values{"email": {fmt.Sprintf("person%d@example.com", tries)}, "password": {"the same for everybody"}}
		got := nobody.Do(t, http.MethodPost, "/sign-in", strings.NewReader(form.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded",
			"X-Forwarded-For": fmt.Sprintf("198.51.100.%d", tries%250), "Forwarded": fmt.Sprintf("for=198.51.100.%d", tries%250), "X-Real-IP": fmt.Sprintf("198.51.100.%d", tries%250)})
		if got.Code == http.StatusTooManyRequests {
			break
		}
	}
	if tries == 0 || tries > 100 {
		t.Errorf("the first refusal came after %d tries, want at most 100", tries)
	}
}
