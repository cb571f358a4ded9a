package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mainstay/internal/client"
)

// deployment stands in for a server: it lets a program in at the second question, and counts what it gives.
type deployment struct {
	*httptest.Server
	polls, refreshes, revoked atomic.Int32
	says                      string // OAuth's error for every question; empty: none
	elsewhere                 string // the address that it calls itself by; empty: its own
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{}
	d.Server = httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.Close)
	return d
}

func (d *deployment) serve(w http.ResponseWriter, r *http.Request) {
	at := d.elsewhere
	if at == "" {
		at = "http://" + r.Host
	}
	answer := func(status int, body map[string]any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	pair := map[string]any{"access_token": "mat_1", "refresh_token": "mrt_1", "expires_in": 900}
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		answer(200, map[string]any{"device_authorization_endpoint": at + "/d", "token_endpoint": at + "/t", "revocation_endpoint": at + "/r"})
	case "/d":
		answer(200, map[string]any{"device_code": "mdc_1", "user_code": "BCDF-GHJK", "verification_uri_complete": at + "/device?code=BCDF-GHJK", "interval": 0})
	case "/t":
		switch {
		case d.says != "":
			answer(400, map[string]any{"error": d.says, "error_description": "The person turned this program away."})
		case r.PostFormValue("grant_type") == "refresh_token":
			d.refreshes.Add(1)
			answer(200, map[string]any{"access_token": "mat_2", "refresh_token": "mrt_2", "expires_in": 900})
		case d.polls.Add(1) == 1:
			answer(400, map[string]any{"error": "authorization_pending"})
		default:
			answer(200, pair)
		}
	case "/r":
		d.revoked.Add(1)
		w.WriteHeader(200)
	case "/api/v1/me":
		answer(200, map[string]any{"with": r.Header.Get("Authorization")})
	default:
		answer(404, map[string]any{"detail": "There is nothing at this address.", "instance": "req_1"})
	}
}

// clock is a time that a test sets.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(c.at.Load(), 0) }

func on(t *testing.T, server, home string, c *clock, more ...string) *client.Client {
	t.Helper()
	got, err := client.New(server, append(more, "HOME="+home), c.now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func login(t *testing.T, c *client.Client) {
	t.Helper()
	err := c.Login(t.Context(), []string{"meetings:read"}, func(address, code string) {
		if !strings.HasSuffix(address, "/device?code=BCDF-GHJK") || code != "BCDF-GHJK" {
			t.Errorf("the person is shown %q and %q", address, code)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// with asks and returns the credential that went along.
func with(t *testing.T, c *client.Client) string {
	t.Helper()
	var got struct{ With string }
	if err := c.Ask(t.Context(), http.MethodGet, "/api/v1/me", nil, &got); err != nil {
		t.Fatal(err)
	}
	return got.With
}

func TestWhatLoginStoresIsOnesOwn(t *testing.T) {
	t.Parallel()
	d, home, c := newDeployment(t), t.TempDir(), &clock{}
	login(t, on(t, d.URL, home, c))
	path := filepath.Join(home, ".config", "mainstay", "credentials.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the stored tokens: %v, %v, want 0600", info.Mode(), err)
	}
	if got := with(t, on(t, "", home, c)); got != "Bearer mat_1" {
		t.Errorf("the next command asks with %q", got)
	}
	other := on(t, "https://other.example", home, c)
	if err := other.Ask(t.Context(), http.MethodGet, "/api/v1/me", nil, nil); err == nil || !strings.Contains(err.Error(), "mainstay login --server https://other.example") {
		t.Errorf("a token for another server: %v", err)
	}
	if err := on(t, "", home, c).Logout(t.Context()); err != nil || d.revoked.Load() != 1 {
		t.Errorf("Logout() = %v, told the server %d times", err, d.revoked.Load())
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after logout the tokens are there: %v", err)
	}
	if err := on(t, d.URL, home, c).Ask(t.Context(), http.MethodGet, "/api/v1/me", nil, nil); !errors.Is(err, client.ErrSignIn) {
		t.Errorf("after logout: %v, want ErrSignIn", err)
	}
}

func TestCommandsAtOnceRefreshOnce(t *testing.T) {
	t.Parallel()
	d, home, c := newDeployment(t), t.TempDir(), &clock{}
	login(t, on(t, d.URL, home, c))
	c.at.Add(870) // within a minute of the end
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := with(t, on(t, "", home, c)); got != "Bearer mat_2" {
				t.Errorf("a command asks with %q", got)
			}
		})
	}
	wait.Wait()
	if n := d.refreshes.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1: a refresh token works once", n)
	}
}

func TestWhoIsTurnedAwayIsToldSo(t *testing.T) {
	t.Parallel()
	d, home, c := newDeployment(t), t.TempDir(), &clock{}
	login(t, on(t, d.URL, home, c))
	d.says = "access_denied"
	if err := on(t, d.URL, t.TempDir(), c).Login(t.Context(), nil, func(string, string) {}); err == nil || !strings.Contains(err.Error(), "turned this program away") {
		t.Errorf("Login() = %v", err)
	}
	c.at.Add(900)
	if err := on(t, "", home, c).Ask(t.Context(), http.MethodGet, "/api/v1/me", nil, nil); !errors.Is(err, client.ErrSignIn) {
		t.Errorf("a refresh that is refused: %v, want ErrSignIn", err)
	}
}

func TestAKeyOfTheEnvironmentNeedsNoLogin(t *testing.T) {
	t.Parallel()
	d, c := newDeployment(t), &clock{}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("mst_2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{"MAINSTAY_CLIENT_KEY=mst_1": "Bearer mst_1", "MAINSTAY_CLIENT_KEY_FILE=" + file: "Bearer mst_2"} {
		if got := with(t, on(t, "", t.TempDir(), c, "MAINSTAY_CLIENT_SERVER="+d.URL, env)); got != want {
			t.Errorf("%s: asks with %q", env, got)
		}
	}
}

func TestNoSecretGoesWhereItShouldNot(t *testing.T) {
	t.Parallel()
	for server, ok := range map[string]bool{"https://minutes.example.com": true, "http://localhost:7070": true, "http://127.0.0.1:7070": true, "http://[::1]:7070": true,
		"http://minutes.example.com": false, "minutes.example.com": false, "https://ada:secret@minutes.example.com": false, "https://minutes.example.com/app": false, "ftp://x": false, "https://x?y": false} {
		if _, err := client.New(server, nil, time.Now); (err == nil) != ok {
			t.Errorf("New(%q) = %v, want ok %v", server, err, ok)
		}
	}
	d := newDeployment(t)
	d.elsewhere = "https://evil.example"
	if err := on(t, d.URL, t.TempDir(), &clock{}).Login(t.Context(), nil, func(string, string) {}); err == nil || !strings.Contains(err.Error(), "another address") {
		t.Errorf("a server that sends its tokens elsewhere: %v", err)
	}
}

func TestErrorsSayWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	err := on(t, d.URL, t.TempDir(), &clock{}, "MAINSTAY_CLIENT_KEY=mst_1").Ask(t.Context(), http.MethodGet, "/api/v1/nothing", nil, nil)
	if err == nil || err.Error() != "There is nothing at this address. (404, request req_1)" {
		t.Errorf("Ask() = %v", err)
	}
	d.Close()
	err = on(t, d.URL, t.TempDir(), &clock{}, "MAINSTAY_CLIENT_KEY=mst_1").Ask(t.Context(), http.MethodGet, "/api/v1/me", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("a server that is gone: %v", err)
	}
}
