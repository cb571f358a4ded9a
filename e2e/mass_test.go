package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// serversOwn are fields that a row has and that nobody sets by naming them.
func serversOwn(t *testing.T, other *worldtest.Tenant) map[string]any {
	t.Helper()
	stranger, err := tenant.ActorOf(other.Owner)
	check(t, err)
	return map[string]any{"role": "owner", "workspace_id": other.ID.String(), "email_verified": true, "verified_at": "2026-01-01T00:00:00Z",
		"owner_id": stranger.Member.String(), "member_id": stranger.Member.String(), "account_id": stranger.Account.String(), "created_by": stranger.Member.String(),
		"created_at": "2020-01-01T00:00:00Z", "id": other.ID.String(), "state": "approved", "version": 99, "sealed": "AAAA"}
}

// settable are the fields among them that an operation has, since to set them is what it is for.
func settable(one, field string) bool {
	return field == "role" && slices.Contains([]string{"PUT /api/v1/members/{id}/role", "POST /api/v1/invitations"}, one)
}

// withField returns the body once with the field in it at each place where an object is: at the top and in its lists.
func withField(t *testing.T, body, field string, value any) []string {
	t.Helper()
	var whole map[string]any
	check(t, json.Unmarshal([]byte(body), &whole))
	var bodies []string
	put := func(o map[string]any) {
		before, had := o[field]
		o[field] = value
		text, err := json.Marshal(whole)
		check(t, err)
		bodies = append(bodies, string(text))
		if o[field] = before; !had {
			delete(o, field)
		}
	}
	put(whole)
	for _, v := range whole {
		switch v := v.(type) {
		case map[string]any:
			put(v)
		case []any:
			for _, entry := range v {
				if o, ok := entry.(map[string]any); ok {
					put(o)
				}
			}
		}
	}
	return bodies
}

// TestNoOperationTakesAFieldOfTheServers sends each operation that takes a body one field too many, as an owner: it is refused
// with 422 before anything is looked at, and nothing is changed.
func TestNoOperationTakesAFieldOfTheServers(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten, other := w.Tenant(t, "Cedar"), w.Tenant(t, "Birch")
	owner, c, tried := p.Browser(t, ten.Owner), ten.Case(t, false), 0
	before, table := everything(t, w, ten, watching...), visits()
	p.Server.Walk(func(r httpd.Route) {
		one := r.Method + " " + r.Pattern
		v, ok := table[one]
		if !ok || !strict(r) || v.json == "" {
			return
		}
		for field, value := range serversOwn(t, other) {
			for i, body := range withField(t, v.json, field, value) {
				if i == 0 && settable(one, field) {
					continue
				}
				tried++
				got := v.ask(t, p, owner, r, c, func(r *http.Request) { withBody(r, "application/json", body) })
				if got.Status != http.StatusUnprocessableEntity || len(got.Events) > 0 || strings.Contains(got.Body, other.ID.String()) {
					t.Errorf("%s with the field %s: %d with the events %q, want 422 and none", one, field, got.Status, got.Events)
				}
			}
		}
	})
	if after := everything(t, w, ten, watching...); after != before {
		t.Errorf("something changed\nfrom %s\n  to %s", before, after)
	}
	if tried < 100 {
		t.Errorf("%d requests were tried only", tried)
	}
}

// TestNoFormTakesAFieldOfTheServers sends each form that a member may send with fields that it does not have: nobody's role, place
// or standing changes, and nothing of another workspace's.
func TestNoFormTakesAFieldOfTheServers(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten, other := w.Tenant(t, "Cedar"), w.Tenant(t, "Birch")
	member, c, tried := p.Browser(t, ten.Member), ten.Case(t, false), 0
	standing := func() (text string) {
		t.Helper()
		check(t, w.Admin.QueryRow(t.Context(), `
select string_agg(concat_ws(' ', m.id, m.workspace_id, m.account_id, m.role, m.state, m.created_at, a.verified_at, a.state, s.workspace_id), ',' order by m.id)
from tenant.member m left join control.account a on a.id = m.account_id left join control.seat s on s.member_id = m.id and s.closed_at is null`).Scan(&text))
		return text
	}
	before, theirs, table := standing(), everything(t, w, other), visits()
	p.Server.Walk(func(r httpd.Route) {
		v, ok := table[r.Method+" "+r.Pattern]
		least := leastOf(r)
		if !ok || r.Method != http.MethodPost || strict(r) || v.body != "" || r.Pattern == "/sign-out" ||
			r.Policy != httpd.SignedIn() && (least == "" || !gate.Member.AtLeast(least)) {
			return
		}
		tried++
		got := v.ask(t, p, member, r, c, func(r *http.Request) {
			body, err := io.ReadAll(r.Body)
			check(t, err)
			form, err := url.ParseQuery(string(body))
			check(t, err)
			for field, value := range serversOwn(t, other) {
				text, _ := json.Marshal(value)
				form.Add(field, string(bytes.Trim(text, `"`)))
			}
			withBody(r, r.Header.Get("Content-Type"), form.Encode())
		})
		if got.Status >= http.StatusInternalServerError {
			t.Errorf("%s %s: %d", r.Method, r.Pattern, got.Status)
		}
		if after := standing(); after != before {
			t.Errorf("%s %s changed who somebody is\nfrom %s\n  to %s", r.Method, r.Pattern, before, after)
			before = after
		}
	})
	if after := everything(t, w, other); after != theirs {
		t.Errorf("another workspace changed\nfrom %s\n  to %s", theirs, after)
	}
	if tried < 20 {
		t.Errorf("%d forms were tried only", tried)
	}
}
