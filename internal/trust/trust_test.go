package trust_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/minutes"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
	"mainstay/internal/trust"
	"mainstay/internal/trust/ear"
	"mainstay/internal/vault"
	"mainstay/internal/worldtest"
)

// sessions are those that a proof makes up.
type sessions func(*http.Request) (tenant.Actor, error)

func (s sessions) Actor(_ http.ResponseWriter, r *http.Request) (tenant.Actor, error) { return s(r) }

// store is one that a program takes.
const store = "s3://bucket?region=nowhere&endpoint=https://store.invalid"

// deploy returns a whole deployment whose queue runs.
func deploy(t *testing.T) (*worldtest.World, *trust.Deployment) {
	t.Helper()
	return deployed(t, worldtest.New(t))
}

func deployed(t *testing.T, w *worldtest.World) (*worldtest.World, *trust.Deployment) {
	t.Helper()
	w.Drafter = minutes.Model{Completer: w.Models, Fallback: minutes.Rules{}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Queue.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) { // a short test can stop it while it starts
			t.Errorf("the queue: %v", err)
		}
	})
	heard := ear.New(slog.DiscardHandler)
	root := filepath.Join(t.TempDir(), "root.key")
	check(t, os.WriteFile(root, []byte("not a key"), 0o600))
	d := &trust.Deployment{Gate: w.Gate, Vault: w.Vault, Identity: w.Identity, Meetings: w.Meetings, Capture: w.Capture, Speech: w.Speech, Minutes: w.Minutes,
		Progress: w.Progress, Models: w.Models, Egress: w.Egress, Roster: w.Roster, Post: w.Post, Source: w.Source, Data: filepath.Dir(w.Folder), Temp: t.TempDir(), RootKey: root, Objects: vault.NewFolder(w.Folder, nil), Damages: w.Damages,
		Accounts: w.Accounts, Tokens: w.Tokens, Access: w.Access, Work: w.Identity.Hash,
		Providers: func(cfg oidc.Config) (trust.Journeys, error) { return oidc.New(cfg) },
		Connect: func(ctx context.Context, dsn tenant.Secret) error {
			_, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
			return err
		},
		Refuses: func(settings ...string) bool {
			text := strings.Join(settings, " ")
			return !strings.Contains(text, "LOG") && text != "MAINSTAY_BLOBS="+store && !strings.Contains(text, "SMTP_TLS=starttls")
		},
		Pages: func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			return w.PagesFor(t, sessions(s)).Server.Handler(), nil
		},
		Doors:  func() (http.Handler, error) { return w.PagesFor(t, nil, saysTo(heard)).Server.Handler(), nil },
		Listen: heard.Listen,
		Strict: func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			return w.PagesFor(t, sessions(s), func(c *httpd.Config) { c.LimitFactor = 1e-9 }).Server.Handler(), nil
		}}
	for _, r := range w.Routes(t) {
		d.Routes = append(d.Routes, trust.Route{Method: r.Method, Pattern: r.Pattern, Policy: r.Policy.String()})
	}
	return w, d
}

// saysTo has pages log to a handler.
func saysTo(h slog.Handler) func(*httpd.Config) {
	return func(c *httpd.Config) { c.Log = slog.New(h) }
}

// prove checks one promise.
func prove(t *testing.T, d *trust.Deployment, id string) trust.Result {
	t.Helper()
	results, err := trust.Prove(t.Context(), *d, id)
	if err != nil || len(results) != 1 {
		t.Fatalf("Prove(%s) = %v, %v", id, results, err)
	}
	return results[0]
}

func TestAWholeDeploymentKeepsItsPromises(t *testing.T) {
	t.Parallel()
	w, d := deploy(t)
	results, err := trust.Prove(t.Context(), *d)
	check(t, err)
	for _, r := range results {
		if r.State == trust.Fail || r.Found == "" {
			t.Errorf("%s %s: %s: %s", r.ID, r.Says, r.State, r.Found)
		}
		t.Logf("%s %-14s %s: %s", r.ID, r.State, r.Says, r.Found)
	}
	var left int
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from tenant.record where erased_at is null`).Scan(&left))
	if left != 0 {
		t.Errorf("%d records of the proof were left", left)
	}
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from tenant.step where state in ('waiting', 'running')`).Scan(&left))
	if left != 0 {
		t.Errorf("%d steps of work of the proof were left", left)
	}
}

func TestPromisesAreInOrderAndWhole(t *testing.T) {
	t.Parallel()
	before := ""
	for _, p := range trust.Promises() {
		if p.ID <= before || p.Says == "" {
			t.Errorf("%s %q comes after %s", p.ID, p.Says, before)
		}
		before = p.ID
	}
}

func TestAnUnknownPromiseIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := trust.Prove(t.Context(), trust.Deployment{}, "P999"); !fault.Is(err, fault.Invalid) {
		t.Errorf("Prove(P999) = %v, want fault.Invalid", err)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
