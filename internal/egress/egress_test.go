package egress_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
)

// desk is an egress service in a world with one workspace, whose owner tests its model.
type desk struct {
	*egress.Service
	ws    gatetest.Workspace
	owner context.Context
	mu    sync.Mutex
	waits []time.Duration
}

func newDesk(t *testing.T, change func(*egress.Config)) *desk {
	t.Helper()
	w := gatetest.New(t)
	d := &desk{ws: w.Workspace(t)}
	d.owner = d.ws.Member(t, gate.Owner)
	cfg := egress.Config{Gate: w.Gate, Source: w.Source, Pause: func(_ context.Context, wait time.Duration) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.waits = append(d.waits, wait)
		w.Clock.Advance(wait)
		return nil
	}}
	if change != nil {
		change(&cfg)
	}
	var err error
	if d.Service, err = egress.New(cfg); err != nil {
		t.Fatal(err)
	}
	return d
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func call(t *testing.T, address string) egress.Call {
	return egress.Call{Verb: gate.TestModel, Purpose: "test", Provider: "openai", Model: "model-of-the-test", Region: "eu", Fields: []string{"segments.text"},
		Endpoint: parsed(t, address), Own: true, Header: http.Header{"Authorization": {"Bearer secret"}}, Body: []byte("the canary sings"), Reserve: 50}
}

// quiet keeps a server's words about refused handshakes out of the test's.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// serve starts a server that has read the question before it answers, so that it notices when the asker goes.
func serve(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func two([]byte) egress.Usage { return egress.Usage{In: 20, Out: 3} }

func (d *desk) ledger(t *testing.T) []egress.Entry {
	t.Helper()
	entries, err := d.Ledger(d.owner)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestSendCompletesTheLedger(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != "the canary sings" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("the server got %q with %v", body, r.Header)
		}
		var state string
		var bytes int
		// Another connection sees the entry: it was committed before the first byte left.
		if err := d.ws.World.Admin.QueryRow(t.Context(), `select state, bytes_out from tenant.egress`).Scan(&state, &bytes); err != nil || state != "begun" || bytes != len(body) {
			t.Errorf("while the call runs the ledger says %q, %d bytes (%v), want begun, %d", state, bytes, err, len(body))
		}
		_, _ = w.Write([]byte("tweet"))
	}))
	defer server.Close()
	answer, err := d.Send(d.owner, call(t, server.URL), two)
	if err != nil || string(answer.Body) != "tweet" || answer.Status != http.StatusOK {
		t.Fatalf("Send = %+v, %v", answer, err)
	}
	e := d.ledger(t)[0]
	host := parsed(t, server.URL).Host
	if e.State != "done" || e.Status != 200 || e.BytesOut != 16 || e.BytesIn != 5 || e.TokensIn != 20 || e.TokensOut != 3 || e.EndedAt == nil {
		t.Errorf("the entry is %+v", e)
	}
	if e.Purpose != "test" || e.Provider != "openai" || e.Model != "model-of-the-test" || e.Host != host || e.Region != "eu" || !slices.Equal(e.Fields, []string{"segments.text"}) {
		t.Errorf("the entry names %+v", e)
	}
	var readable int
	if err := d.ws.World.Admin.QueryRow(t.Context(), `select count(*) from tenant.egress e where e::text ~ 'canary|secret|model-of-the-test'`).Scan(&readable); err != nil || readable != 0 {
		t.Errorf("%d rows of the ledger hold what was sent, the key or the model in the clear (%v)", readable, err)
	}
}

// A server that is killed in a call leaves what this test leaves: an entry that began, with the most that the call may take.
func TestAnUnfinishedCallShowsAsInterrupted(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		// The completion cannot be written: as if the process were gone.
		if _, err := d.ws.World.Admin.Exec(t.Context(), `revoke update on tenant.egress from mainstay_app, mainstay_worker`); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	if _, err := d.Send(d.owner, call(t, server.URL), two); err == nil {
		t.Error("a call whose end could not be written succeeded")
	}
	if e := d.ledger(t)[0]; e.State != "begun" || e.EndedAt != nil || e.TokensIn != 50 {
		t.Errorf("the entry is %+v, want begun with its reserve", e)
	}
	d.ws.World.Clock.Advance(time.Hour)
	if e := d.ledger(t)[0]; e.State != "interrupted" {
		t.Errorf("an hour later the entry says %q, want interrupted", e.State)
	}
}

func TestBusyServersAreTriedTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		after  string
		calls  int
		wait   time.Duration
	}{
		{"too many requests, no word when", 429, "", 2, 2 * time.Second},
		{"too many requests, seven seconds", 429, "7", 2, 7 * time.Second},
		{"too many requests, at a time", 429, "Thu, 12 Mar 2026 09:00:11 GMT", 2, 11 * time.Second},
		{"too many requests, in an hour", 429, "3600", 1, 0},
		{"server error", 500, "", 2, 2 * time.Second},
		{"unavailable", 503, "1", 2, 2 * time.Second},
		{"overloaded", 529, "", 2, 2 * time.Second},
		{"a wrong key", 401, "", 1, 0},
		{"a wrong question", 400, "", 1, 0},
		{"elsewhere", 307, "", 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, nil)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte("the canary sings"))
			}))
			defer server.Close()
			answer, err := d.Send(d.owner, call(t, server.URL), two)
			if err == nil || answer.Body != nil || answer.Status != tt.status || strings.Contains(err.Error(), "canary") {
				t.Errorf("Send = %+v, %v; want status %d without the body", answer, err, tt.status)
			}
			entries := d.ledger(t)
			if len(entries) != tt.calls || entries[0].State != "failed" || entries[0].Status != tt.status || entries[0].TokensIn != 0 {
				t.Errorf("the ledger is %+v, want %d failed calls that took no tokens", entries, tt.calls)
			}
			if tt.calls == 2 && (len(d.waits) != 1 || d.waits[0] != tt.wait) {
				t.Errorf("waited %v, want %v", d.waits, tt.wait)
			}
		})
	}
}

func TestASecondTrySucceeds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	first := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if first {
			first = false
			w.WriteHeader(529)
		}
	}))
	defer server.Close()
	if answer, err := d.Send(d.owner, call(t, server.URL), two); err != nil || answer.Status != http.StatusOK {
		t.Errorf("Send = %+v, %v", answer, err)
	}
	if entries := d.ledger(t); len(entries) != 2 || entries[0].State != "done" || entries[1].State != "failed" {
		t.Errorf("the ledger is %+v", entries)
	}
}

func TestSlowAndLargeAnswersEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limits egress.Limits
		serve  http.HandlerFunc
		says   string
	}{
		"a server that stalls": {egress.Limits{Call: 50 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "too long"},
		"a server that drips": {egress.Limits{Call: 100 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
			}
		}, "too long"},
		"a server that falls silent": {egress.Limits{Silence: 50 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("half"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "too long"},
		"a server that never ends": {egress.Limits{Answer: 1000}, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 512)); err != nil {
					return
				}
			}
		}, "larger"},
		"a server that breaks off": {egress.Limits{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
		}, "did not answer"},
		"headers without end": {egress.Limits{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 100<<10))
		}, "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, func(c *egress.Config) { c.Limits = tt.limits })
			server := serve(t, tt.serve)
			answer, err := d.Send(d.owner, call(t, server.URL), two)
			if !fault.Is(err, fault.Busy) || !strings.Contains(fault.Sentence(err), tt.says) || answer.Body != nil {
				t.Errorf("Send = %+v, %v; want a sentence with %q", answer, err, tt.says)
			}
			if e := d.ledger(t)[0]; e.State != "failed" || e.TokensIn != 50 {
				t.Errorf("the entry is %+v, want failed, with its reserve counted", e)
			}
		})
	}
}

func TestSendEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	ctx, cancel := context.WithCancel(d.owner)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := d.Send(ctx, call(t, server.URL), two); err == nil {
		t.Error("a cancelled call succeeded")
	}
	if e := d.ledger(t)[0]; e.State != "failed" || e.EndedAt == nil {
		t.Errorf("the entry is %+v, want failed although the caller was gone", e)
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	server.Config.ErrorLog = quiet()
	defer server.Close()
	known := x509.NewCertPool()
	known.AddCert(server.Certificate())
	otherName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for name, tt := range map[string]struct {
		roots   *x509.CertPool
		address string
		ok      bool
	}{
		"an authority that we know":           {known, server.URL, true},
		"an authority that nobody knows":      {nil, server.URL, false},
		"a certificate for another name":      {known, otherName, false},
		"an authority of ours, but another's": {x509.NewCertPool(), server.URL, false},
	} {
		before := asked
		d := newDesk(t, func(c *egress.Config) { c.Roots = tt.roots })
		_, err := d.Send(d.owner, call(t, tt.address), two)
		if tt.ok {
			if err != nil {
				t.Errorf("%s: Send: %v", name, err)
			}
			continue
		}
		if !fault.Is(err, fault.Denied) || !strings.Contains(fault.Sentence(err), "certificate") || asked != before {
			t.Errorf("%s: Send: %v, asked %d times; want a refusal before anything is sent", name, err, asked-before)
		}
		if e := d.ledger(t)[0]; e.State != "failed" || e.BytesOut != 0 || e.TokensIn != 0 {
			t.Errorf("%s: the entry is %+v, want failed, nothing sent", name, e)
		}
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	if _, err := d.Send(d.owner, call(t, server.URL), two); !fault.Is(err, fault.Denied) {
		t.Errorf("Send: %v, want denied", err)
	}
}

func TestTheOperatorsListDecides(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	host := parsed(t, server.URL).Host
	for name, tt := range map[string]struct {
		hosts []egress.Host
		ok    bool
	}{
		"listed for the region":    {[]egress.Host{{Name: "api.example.com"}, {Name: host, Region: "eu"}}, true},
		"listed for any region":    {[]egress.Host{{Name: host}}, true},
		"listed for another":       {[]egress.Host{{Name: host, Region: "us"}}, false},
		"not listed":               {[]egress.Host{{Name: "api.example.com", Region: "eu"}}, false},
		"listed with another port": {[]egress.Host{{Name: "127.0.0.1", Region: "eu"}}, false},
	} {
		before := asked
		d := newDesk(t, func(c *egress.Config) { c.Hosts = tt.hosts })
		_, err := d.Send(d.owner, call(t, server.URL), two)
		if tt.ok != (err == nil) || tt.ok != (asked > before) || !tt.ok && !fault.Is(err, fault.Denied) {
			t.Errorf("%s: Send: %v, %d calls, want allowed %v", name, err, asked-before, tt.ok)
		}
	}
}

func TestBudgetsHold(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	var mu sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked++
	}))
	defer server.Close()
	c := call(t, server.URL)
	c.Budget, c.Reserve = 100, 30
	took30 := func([]byte) egress.Usage { return egress.Usage{In: 29, Out: 1} }
	var wait sync.WaitGroup
	refused := make(chan error, 10)
	for range 10 {
		wait.Go(func() {
			if _, err := d.Send(d.owner, c, took30); err != nil {
				refused <- err
			}
		})
	}
	wait.Wait()
	if asked != 3 || len(refused) != 7 {
		t.Errorf("%d calls left and %d were refused, want 3 of 30 tokens within 100", asked, len(refused))
	}
	if err := <-refused; !fault.Is(err, fault.Denied) {
		t.Errorf("beyond the budget: %v, want denied", err)
	}
	if used, err := d.Spent(d.owner); err != nil || used != 90 {
		t.Errorf("Spent = %d, %v, want 90", used, err)
	}
	d.ws.World.Clock.Advance(31 * 24 * time.Hour)
	if _, err := d.Send(d.ws.World.SignedIn(t, d.owner), c, took30); err != nil {
		t.Errorf("in the next month: %v", err)
	}
}

func TestClaimsOfTokensAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for _, claim := range []egress.Usage{{In: 1 << 62, Out: 1 << 62}, {In: -1 << 62, Out: 5}, {}} {
		if _, err := d.Send(d.owner, call(t, server.URL), func([]byte) egress.Usage { return claim }); err != nil {
			t.Errorf("a claim of %+v: %v", claim, err)
		}
	}
	if used, err := d.Spent(d.owner); err != nil || used != 2<<40+5+50 {
		t.Errorf("Spent = %d, %v, want the bounded claims and a reserve", used, err)
	}
}

func TestPermitIsAskedBeforeAnythingLeaves(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call left") }))
	defer server.Close()
	c := call(t, server.URL)
	never := errors.New("never this meeting")
	c.Permit = func(context.Context, *gate.Tx) error { return never }
	if _, err := d.Send(d.owner, c, two); !errors.Is(err, never) {
		t.Errorf("Send: %v, want %v", err, never)
	}
	if entries := d.ledger(t); len(entries) != 0 {
		t.Errorf("the ledger is %+v, want empty", entries)
	}
}

func TestWhoMaySend(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call left") }))
	defer server.Close()
	meeting := d.ws.Meeting(t, false)
	other := d.ws.World.Workspace(t)
	disclose := func(c egress.Call) egress.Call { c.Verb, c.Object = gate.Disclose, meeting; return c }
	for name, tt := range map[string]struct {
		as   context.Context
		call egress.Call
		want fault.Kind
	}{
		"nobody":                       {t.Context(), call(t, server.URL), fault.Denied},
		"an admin":                     {d.ws.Member(t, gate.Admin), call(t, server.URL), fault.Denied},
		"an owner, a transcript":       {d.owner, disclose(call(t, server.URL)), fault.Missing},
		"a job, no transcript":         {d.ws.As(t, gate.MinuteTaker), disclose(call(t, server.URL)), fault.Missing},
		"a job of another workspace":   {other.As(t, gate.MinuteTaker), disclose(call(t, server.URL)), fault.Missing},
		"the wrong job":                {d.ws.As(t, gate.Transcriber), call(t, server.URL), fault.Denied},
		"an act that is no disclosure": {d.owner, func() egress.Call { c := call(t, server.URL); c.Verb = gate.ReadLedger; return c }(), fault.Denied},
	} {
		if _, err := d.Send(tt.as, tt.call, two); !fault.Is(err, tt.want) {
			t.Errorf("%s: Send: %v, want %v", name, err, tt.want)
		}
	}
}

func TestWhoMayReadTheLedger(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	if _, err := d.Send(d.owner, call(t, server.URL), two); err != nil {
		t.Fatal(err)
	}
	for _, role := range []gate.Role{gate.Member, gate.Viewer} {
		as := d.ws.Member(t, role)
		if _, err := d.Ledger(as); !fault.Is(err, fault.Denied) {
			t.Errorf("Ledger as %s: %v, want denied", role, err)
		}
		if _, err := d.Spent(as); !fault.Is(err, fault.Denied) {
			t.Errorf("Spent as %s: %v, want denied", role, err)
		}
	}
	stranger := d.ws.World.Workspace(t).Member(t, gate.Owner)
	if entries, err := d.Ledger(stranger); err != nil || len(entries) != 0 {
		t.Errorf("Ledger of another workspace = %+v, %v, want nothing", entries, err)
	}
	if used, err := d.Spent(stranger); err != nil || used != 0 {
		t.Errorf("Spent of another workspace = %d, %v, want nothing", used, err)
	}
}
