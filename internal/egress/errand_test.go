package egress_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
)

func asks(t *testing.T, client *http.Client, address string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.Status + " " + string(body), err
}

func TestErrandsGoWhereTheyMay(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		_, _ = w.Write([]byte("known"))
	})
	host := strings.TrimPrefix(server.URL, "http://")
	d := newDesk(t, nil)
	for _, address := range []string{server.URL, "https://127.0.0.1:1", "https://10.0.0.8", "https://169.254.169.254/latest", "https://intranet", "http://login.example.com"} {
		if got, err := asks(t, d.Errand(), address); err == nil || reached.Load() != 0 {
			t.Errorf("%s answered %q, want that it is not asked", address, got)
		}
	}
	if got, err := asks(t, d.Errand(host), server.URL); err != nil || got != "200 OK known" {
		t.Errorf("a host that the operator configured: %q, %v", got, err)
	}
	d.Hosts = []egress.Host{{Name: host}}
	if got, err := asks(t, d.Errand(), server.URL); err != nil || got != "200 OK known" {
		t.Errorf("a host that the operator listed: %q, %v", got, err)
	}
	d.Hosts = []egress.Host{{Name: "login.example.com"}}
	if _, err := asks(t, d.Errand(), server.URL); !fault.Is(err, fault.Denied) {
		t.Errorf("a host beside the list: %v, want fault.Denied", err)
	}
	if _, err := asks(t, d.Errand(), "https://93.184.216.34"); !fault.Is(err, fault.Denied) {
		t.Errorf("a public address beside the list: %v, want fault.Denied", err)
	}
}

func TestErrandsReadLittleAndFollowNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	long := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20+1)) })
	if got, err := asks(t, d.Errand(strings.TrimPrefix(long.URL, "http://")), long.URL); err == nil {
		t.Errorf("%d bytes of an answer were taken", len(got))
	}
	elsewhere := httptest.NewServer(http.RedirectHandler(long.URL, http.StatusFound))
	t.Cleanup(elsewhere.Close)
	hosts := []string{strings.TrimPrefix(long.URL, "http://"), strings.TrimPrefix(elsewhere.URL, "http://")}
	if got, err := asks(t, d.Errand(hosts...), elsewhere.URL); err != nil || !strings.HasPrefix(got, "302") {
		t.Errorf("a redirect gave %.40q, %v; want itself", got, err)
	}
}

// TestErrandsAreCheckedWhenDialled: a name that leads into the private network is refused, whatever it led to before.
func TestErrandsAreCheckedWhenDialled(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	server.Config.ErrorLog = quiet()
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	d := newDesk(t, func(c *egress.Config) { c.Resolver = resolver(t, "127.0.0.1") })
	if _, err := asks(t, d.Errand(), "https://rebound.example.com"+port); !fault.Is(err, fault.Denied) || reached.Load() != 0 {
		t.Errorf("a name that leads to this machine: %v, want fault.Denied", err)
	}
}
