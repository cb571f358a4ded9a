package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/token"
	"mainstay/internal/worldtest"
)

// bearer signs a request with a secret.
func bearer(secret string) forged {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}

// TestKeysKnowTheirScopes asks each operation with an owner's key of each scope: what it was not given for is refused and leaves
// the refusal in the log, and what it was given for is done as its owner would.
func TestKeysKnowTheirScopes(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Cedar")
	nobody, shared, table := p.Browser(t, nil), ten.Case(t, false), visits()
	key := func(scopes ...gate.Scope) string {
		made, err := w.Tokens.Create(ten.Owner, token.Request{Name: "Key", Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return made.Key.Reveal()
	}
	single := map[gate.Scope]string{}
	for _, scope := range gate.Scopes() {
		single[scope] = key(scope)
	}
	for _, op := range p.API.Operations() {
		one := op.Method + " " + operation.Base + op.Path
		v, wanted, r := table[one], []gate.Scope{}, httpd.Route{Method: op.Method, Pattern: operation.Base + op.Path}
		scopes, byKey := op.Scopes()
		wanted = append(wanted, scopes...)
		t.Run(one, func(t *testing.T) {
			for _, scope := range gate.Scopes() {
				if byKey && (len(wanted) == 0 || slices.Equal(wanted, []gate.Scope{scope})) {
					continue
				}
				got := v.ask(t, p, nobody, r, shared, bearer(single[scope]))
				refused := slices.ContainsFunc(got.Events, func(e string) bool { return strings.Contains(e, "refused") })
				if got.Status != http.StatusForbidden || !refused && op.Verb != "" {
					t.Errorf("with a key for %s: %d with the events %q, want 403 and a refusal", scope, got.Status, got.Events)
				}
			}
			if !byKey {
				return
			}
			if len(wanted) == 0 {
				wanted = []gate.Scope{gate.AuditRead}
			}
			c := shared
			if v.of != nil && r.Method != http.MethodGet {
				c = ten.Case(t, false)
			}
			got := v.ask(t, p, nobody, r, c, bearer(key(wanted...)))
			if v.ends == 0 && got.Status >= 400 || v.ends != 0 && got.Status != v.ends {
				t.Errorf("with a key for %s: %d, %.300s", wanted, got.Status, got.Body)
			}
		})
	}
}

// TestNoOperationTakesABadCredential asks each operation with every sort of credential that does not hold: each answer is 401,
// and none of them differs.
func TestNoOperationTakesABadCredential(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Cedar")
	nobody, c, table := p.Browser(t, nil), ten.Case(t, false), visits()
	make := func(days int) token.Made {
		made, err := w.Tokens.Create(ten.Owner, token.Request{Name: "Spent", Scopes: gate.Scopes(), Days: days})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	ended, expired, good := make(30), make(1), make(30)
	if err := w.Tokens.End(ten.Owner, ended.ID); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(24*time.Hour + time.Second)
	session, _ := w.Session(t, ten.Owner)
	bad := map[string]forged{
		"nothing":                   func(*http.Request) {},
		"an empty secret":           bearer(""),
		"a made-up key":             bearer("mst_" + strings.Repeat("A", 43)),
		"an ended key":              bearer(ended.Key.Reveal()),
		"an expired key":            bearer(expired.Key.Reveal()),
		"a key that was changed":    bearer(expired.Key.Reveal()[:20] + "x"),
		"a session's token":         bearer(session),
		"a token that signs itself": bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciIsImF1ZCI6Im1haW5zdGF5In0."),
		"a name and a password":     func(r *http.Request) { r.SetBasicAuth("owner", "password") },
		"a good key in a header":    func(r *http.Request) { r.Header.Set("X-Api-Key", good.Key.Reveal()) },
		"a good key as a password":  func(r *http.Request) { r.SetBasicAuth("key", good.Key.Reveal()) },
		"a good key in a cookie":    func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "mainstay", Value: good.Key.Reveal()}) },
		"a good key in the address": func(r *http.Request) { r.URL.RawQuery = "access_token=" + good.Key.Reveal() },
		"a made-up cookie":          func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "mainstay", Value: strings.Repeat("A", 43)}) },
	}
	p.Server.Walk(func(r httpd.Route) {
		v, ok := table[r.Method+" "+r.Pattern]
		if !ok || !strict(r) || v.none != "" {
			return
		}
		for what, credential := range bad {
			if got := v.ask(t, p, nobody, r, c, credential); got.Status != http.StatusUnauthorized || len(got.Events) > 0 || strings.Contains(got.Body, ten.Word) {
				t.Errorf("%s %s with %s: %d with the events %q, want 401 and nothing", r.Method, r.Pattern, what, got.Status, got.Events)
			}
		}
	})
}
