package egress_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
)

// carry is a client whose requests are entered as a call to a server.
func (d *desk) carry(t *testing.T, address string, change func(*egress.Call)) *http.Client {
	t.Helper()
	c := call(t, address)
	c.Body, c.Purpose, c.Fields = nil, "speech", []string{"recording.sound"}
	if change != nil {
		change(&c)
	}
	transport, err := d.Carry(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: transport}
}

func post(ctx context.Context, client *http.Client, address, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	said, err := io.ReadAll(resp.Body)
	if closing := resp.Body.Close(); err == nil {
		err = closing
	}
	return string(said), err
}

func TestWhatIsCarriedIsEnteredFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var began int
		if err := d.ws.World.Admin.QueryRow(r.Context(), `select count(*) from tenant.egress where state = 'begun' and bytes_out = 9`).Scan(&began); err != nil || (began == 1) != (r.Method == http.MethodPost) {
			t.Errorf("%s: %d entries were begun, %v", r.Method, began, err)
		}
		_, _ = w.Write([]byte("We agreed."))
	})
	client := d.carry(t, server.URL, nil)
	if said, err := post(d.owner, client, server.URL+"/v1/audio/transcriptions", "the sound"); err != nil || said != "We agreed." {
		t.Fatalf("%q, %v", said, err)
	}
	req, err := http.NewRequestWithContext(d.owner, http.MethodGet, server.URL+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	entries := d.ledger(t)
	if len(entries) != 1 {
		t.Fatalf("%d entries, want 1: a question about health carries nothing", len(entries))
	}
	if e := entries[0]; e.State != "done" || e.BytesOut != 9 || e.BytesIn != 10 || e.Purpose != "speech" || e.Status != 200 || e.EndedAt == nil {
		t.Errorf("the entry is %+v", e)
	}
}

func TestCarriedFailuresAreEntered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status int
	}{
		"a server that breaks off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0},
		"a server that fails":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, 500},
		"an answer that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("We"))
		}, 200},
	} {
		d := newDesk(t, nil)
		server := serve(t, c.answer)
		_, _ = post(d.owner, d.carry(t, server.URL, nil), server.URL, "the sound")
		if e := d.ledger(t)[0]; e.State != "failed" || e.BytesOut != 9 || e.Status != c.status {
			t.Errorf("%s: the entry is %+v", name, e)
		}
	}
}

func TestWhatCannotBeEnteredDoesNotLeave(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	var reached atomic.Int32
	server := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	client := d.carry(t, server.URL, nil)
	if _, err := post(t.Context(), client, server.URL, "the sound"); err == nil {
		t.Error("nobody carried sound out")
	}
	if _, err := d.ws.World.Admin.Exec(t.Context(), `revoke insert on tenant.egress from mainstay_app, mainstay_worker`); err != nil {
		t.Fatal(err)
	}
	if _, err := post(d.owner, client, server.URL, "the sound"); err == nil {
		t.Error("sound left without an entry")
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the server was reached %d times", n)
	}
}

func TestCarriedSoundGoesNowhereElse(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	var reached atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	if _, err := post(d.owner, d.carry(t, server.URL, nil), server.URL, "the sound"); !fault.Is(err, fault.Denied) {
		t.Errorf("a redirect = %v, want fault.Denied", err)
	}
	if _, err := post(d.owner, d.carry(t, server.URL, nil), other.URL, "the sound"); !fault.Is(err, fault.Denied) {
		t.Errorf("another address = %v, want fault.Denied", err)
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the other server was reached %d times", n)
	}
	d.Hosts = []egress.Host{{Name: "speech.example.com"}}
	if _, err := d.Carry(call(t, server.URL), nil); !fault.Is(err, fault.Denied) {
		t.Errorf("an address that the operator did not list = %v, want fault.Denied", err)
	}
}
