package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// rosterVisits are the cases of the pages about who belongs to a workspace.
func rosterVisits() map[string]visit {
	rules := url.Values{"version": {"-1"}, "factor": {"none"}, "hours": {"24"}, "idle": {"60"}, "least": {"12"}, "history": {"0"}, "days": {"0"}}
	return map[string]visit{
		"GET /settings":                          {},
		"GET /settings/roles":                    {},
		"GET /settings/members":                  {},
		"GET /settings/members/invite":           {},
		"POST /settings/members/invite":          {form: url.Values{"name": {"Ines"}, "email": {"{unique}@example.com"}, "role": {"viewer"}, "days": {"7"}}},
		"POST /settings/members/{id}/role":       {of: personOf, form: url.Values{"role": {"viewer"}}},
		"POST /settings/members/{id}/undo":       {of: personOf, ends: http.StatusGone},
		"POST /settings/members/{id}/disable":    {of: personOf},
		"POST /settings/members/{id}/enable":     {of: personOf},
		"GET /settings/members/{id}/remove":      {of: personOf},
		"POST /settings/members/{id}/remove":     {of: personOf},
		"GET /settings/members/{id}/reset":       {of: personOf, ends: http.StatusConflict}, // who is disabled
		"POST /settings/members/{id}/reset":      {of: personOf, ends: http.StatusConflict},
		"POST /settings/members/{id}/restore":    {of: personOf, ends: http.StatusGone},
		"GET /settings/members/{id}/transfer":    {of: personOf},
		"POST /settings/members/{id}/transfer":   {of: personOf, form: url.Values{"confirm": {"transfer"}}, ends: http.StatusConflict}, // who is disabled
		"POST /settings/invitations/{id}/send":   {of: invitationOf},
		"POST /settings/invitations/{id}/revoke": {of: invitationOf},
		"GET /settings/sign-in":                  {},
		"POST /settings/sign-in":                 {form: rules, ends: http.StatusConflict},
		"GET /settings/workspace":                {},
		"POST /settings/workspace":               {form: url.Values{"version": {"-1"}, "workspace": {"Other"}}, ends: http.StatusConflict},
		"POST /settings/name":                    {form: url.Values{"name": {"Somebody Else"}}},
		"GET /settings/leave":                    {},
		"POST /settings/leave":                   {ends: http.StatusUnprocessableEntity}, // without the word
		"GET /join/{token}":                      {none: "its token is its right"},
		"POST /join/{token}":                     {none: "its token is its right"},
		"POST /join/{token}/passkey":             {none: "its token is its right"},
		"GET /join/{token}/with/{provider}":      {none: "its token is its right"},
		"GET /join":                              {none: "the token in its cookie is its right"},
		"POST /join":                             {ends: http.StatusGone},
		"GET /workspaces":                        {},
		"GET /workspaces/new":                    {},
		"POST /workspaces/new":                   {ends: http.StatusUnprocessableEntity},
		"POST /switch":                           {ends: http.StatusNotFound},
	}
}

// TestEveryRoleTimesEveryRoute tries each cell of the policy table at the routes: who may is let in, a lower role gets 403, who was removed or
// disabled and another workspace's owner get 404 although their sessions go on, and nobody gets the way to sign in.
func TestEveryRoleTimesEveryRoute(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten, other := w.Tenant(t, "Cedar"), w.Tenant(t, "Birch")
	roles := map[string]gate.Role{"owner": gate.Owner, "admin": gate.Admin, "member": gate.Member, "viewer": gate.Viewer}
	who := map[string]*worldtest.Browser{"owner": p.Browser(t, ten.Owner), "admin": p.Browser(t, ten.Admin), "member": p.Browser(t, ten.Member),
		"viewer": p.Browser(t, ten.Viewer), "a stranger": p.Browser(t, other.Owner), "nobody": p.Browser(t, nil)}
	for _, state := range []string{"removed", "disabled"} {
		member := ten.Person(t, gate.Owner)
		who[state] = p.Browser(t, member)
		a, _ := tenant.ActorOf(member)
		if _, err := w.Admin.Exec(t.Context(), `update tenant.member set state = $2 where id = $1`, a.Member, state); err != nil {
			t.Fatal(err)
		}
	}
	table, cells := visits(), 0
	p.Server.Walk(func(r httpd.Route) {
		v, ok := table[r.Method+" "+r.Pattern]
		least := leastOf(r)
		if !ok || least == "" {
			return
		}
		var c worldtest.Case
		if v.of != nil {
			c = ten.Case(t, false)
		}
		for _, name := range []string{"nobody", "a stranger", "removed", "disabled", "viewer", "member", "admin", "owner"} {
			cells++
			got := v.ask(t, p, who[name], r, c)
			role, ours := roles[name]
			ok := got.Status != http.StatusForbidden && got.Status != http.StatusUnauthorized
			switch {
			case name == "nobody":
				ok = got.Status == http.StatusUnauthorized || got.Status == http.StatusSeeOther && strings.HasPrefix(got.Header.Get("Location"), "/sign-in")
			case name == "a stranger":
				ok = v.of == nil || got.Status == http.StatusNotFound
			case !ours:
				ok = got.Status == http.StatusNotFound
			case got.Status == v.ends:
				ok = true
			case !role.AtLeast(least):
				ok = got.Status == http.StatusForbidden
			case v.maker && role == gate.Member, v.mine && role != gate.Owner:
				ok = true // whose it is decides, too: TestRoutesKnowTheirRoles
			}
			if !ok {
				t.Errorf("%s %s (least %s) answers %d to %s", r.Method, r.Pattern, least, got.Status, name)
			}
		}
	})
	t.Logf("%d cells", cells)
}
