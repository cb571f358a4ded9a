package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/worldtest"
)

// strict reports whether a route is an operation of the JSON API: it refuses what it does not know.
func strict(r httpd.Route) bool { return strings.HasPrefix(r.Pattern, "/api/v1/") }

// programVisits are the cases of the JSON API, by the route below /api/v1.
func programVisits() map[string]visit {
	whatever := map[string]string{"If-Match": "*"}
	return map[string]visit{
		"GET /openapi.json":           {none: "what the API is like"},
		"GET /me":                     {},
		"GET /workspace":              {},
		"GET /meetings":               {},
		"POST /meetings":              {json: `{"title":"New"}`},
		"GET /meetings/{id}":          {of: meetingOf},
		"PATCH /meetings/{id}":        {of: meetingOf, header: whatever, json: `{"title":"Changed"}`},
		"DELETE /meetings/{id}":       {of: meetingOf, maker: true},
		"POST /meetings/{id}/restore": {of: meetingOf, maker: true},
		"POST /meetings/{id}/erase":   {of: meetingOf, maker: true},
	}
}

// refusesForgeries wants an operation to refuse a field or a parameter that claims to be of another workspace, before it looks
// at anything, and to take no notice of one in a header or a cookie.
func refusesForgeries(t *testing.T, what string, v visit, got, plain reply) {
	t.Helper()
	if what == "in the query" || what == "in the body" && v.json != "" {
		if got.Status != http.StatusUnprocessableEntity || len(got.Events) > 0 {
			t.Errorf("another workspace's ids %s: %d with the events %q, want 422 and none", what, got.Status, got.Events)
		}
		return
	}
	if got.Status != plain.Status {
		t.Errorf("another workspace's ids %s: %d, want %d", what, got.Status, plain.Status)
	}
}

// TestAnAnswerIsItsAskersAlone: a key of one member's gives nobody else an answer, whatever their workspace.
func TestAnAnswerIsItsAskersAlone(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	if _, before, err := w.Once.Begin(a.Owner, "key", []byte("request")); err != nil || before != nil {
		t.Fatal(before, err)
	}
	if _, _, err := w.Once.Begin(a.Owner, "key", []byte("request")); !fault.Is(err, fault.Conflict) {
		t.Errorf("while it is being done: %v, want fault.Conflict", err)
	}
	for who, ctx := range map[string]context.Context{"another workspace": b.Owner, "a colleague": a.Admin} {
		if _, before, err := w.Once.Begin(ctx, "key", []byte("request")); err != nil || before != nil {
			t.Errorf("for %s: %v, %v; want a claim of their own", who, before, err)
		}
	}
}
