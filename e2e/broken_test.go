//go:build drill

package e2e

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "A08", Name: "a role is not asked for", File: "../internal/gate/gate.go",
			From: `		if rule.Least == "" || tx.role.rank() < rule.Least.rank() {`, To: `		if rule.Least == "" {`,
			Sees: "TestServiceMethodsKnowTheirRoles|TestRoutesKnowTheirRoles|TestEveryRoleTimesEveryRoute"},
		{Case: "A11", Name: "a field that nobody knows is passed over", File: "../internal/api/operation/check.go",
			From: `			c.unknown(names, m.name, at)`, To: `			_ = names`,
			Sees: "TestNoOperationTakesAFieldOfTheServers", Says: "want 422 and none"},
		{Case: "A11", Name: "an operation takes a field of the server's", File: "../internal/api/account.go",
			From: "	Name   string   `json:\"name\" minLength:\"1\" maxLength:\"120\" doc:\"What uses it.\"`",
			To: "	Name   string   `json:\"name\" minLength:\"1\" maxLength:\"120\" doc:\"What uses it.\"`\n" +
				"	Owner  string   `json:\"owner_id,omitempty\"`",
			Sees: "TestNoOperationTakesAFieldOfTheServers", Says: "POST /api/v1/keys with the field owner_id"},
		{Case: "A11", Name: "a new name brings a role", File: "../internal/identity/roster/store.go",
			From: "`update tenant.member set sealed = $3 where workspace_id = $1 and id = $2`, tx.Workspace(), m.ID, sealed)",
			To:   "`update tenant.member set sealed = $3, role = 'owner' where workspace_id = $1 and id = $2`, tx.Workspace(), m.ID, sealed)",
			Sees: "TestNoFormTakesAFieldOfTheServers", Says: "changed who somebody is"},
		{Case: "B14", Name: "a key in an address is taken", File: "../internal/httpd/session.go",
			From: `	if !sightOf(r).api || !brought {`,
			To: `	if inAddress := r.URL.Query().Get("access_token"); inAddress != "" {
		secret, brought = inAddress, true
	}
	if !sightOf(r).api || !brought {`,
			Sees: "TestNoOperationTakesABadCredential", Says: "a good key in the address"},
		{Case: "B15", Name: "a change needs no token", File: "../internal/httpd/session.go",
			From: `		if !s.holds(session, got) {`, To: `		if len(got) > 1000 {`,
			Sees: "TestNoOtherSiteMakesABrowserChangeAnything", Says: "without a token: "},
		{Case: "B15", Name: "a link changes something", File: "../internal/web/settings/members.go",
			From: `a.askRemoval)`, To: `a.onMember("removed", a.Roster.Remove))`,
			Sees: "TestReadingChangesNothing", Says: "GET /settings/members/{id}/remove changed something"},
	})
}
