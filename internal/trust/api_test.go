package trust_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/tenant"
	"mainstay/internal/trust"
	"mainstay/internal/worldtest"
)

// instead answers requests whose path ends so in another way.
func instead(ending string, answer http.HandlerFunc) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		before := d.Pages
		d.Pages = func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			h, err := before(s)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ending) {
					answer(w, r)
					return
				}
				h.ServeHTTP(w, r)
			}), err
		}
	}
}

func TestOperationsThatTakeAnyCredentialAreSeen(t *testing.T) {
	t.Parallel()
	open := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	red(t, "P060", instead("/api/v1/ledger", open))
	red(t, "P060", instead("/api/v1/me", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer eyJ") { // a token that signs itself is believed
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	red(t, "P060", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Routes = nil })
}

func TestOperationsThatReadLooselyAreSeen(t *testing.T) {
	t.Parallel()
	loose := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
	}
	red(t, "P171", instead("/api/v1/meetings", loose))
	red(t, "P171", instead("/api/v1/settings/speech", func(w http.ResponseWriter, r *http.Request) { // it says what it was sent
		body, _ := io.ReadAll(r.Body)
		status := http.StatusUnprocessableEntity
		switch {
		case len(body) > 1<<20:
			status, body = http.StatusRequestEntityTooLarge, nil
		case strings.HasSuffix(string(body), ":") || strings.HasPrefix(string(body), "{} "):
			status = http.StatusBadRequest
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	red(t, "P171", instead("/api/v1/openapi.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"paths":{}}`) }))
}
