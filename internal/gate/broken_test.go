//go:build drill

package gate_test

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "A08", Name: "a role is not asked for", File: "gate.go",
			From: `		if rule.Least == "" || tx.role.rank() < rule.Least.rank() {`, To: `		if rule.Least == "" {`,
			Sees: "TestEveryRoleTimesEveryVerb", Says: "meeting.create as viewer"},
		{Case: "A08", Name: "what no member may everybody may", File: "gate.go",
			From: `		if rule.Least == "" || tx.role.rank() < rule.Least.rank() {`, To: `		if tx.role.rank() < rule.Least.rank() {`,
			Sees: "TestEveryRoleTimesEveryVerb", Says: "workspace.create as"},
		{Case: "A08", Name: "the level on a record is not asked for", File: "gate.go",
			From: `		if rule.Object != None && tx.level().rank() < rule.Level.rank() {`, To: `		if rule.Object != None && tx.level().rank() < 0 {`,
			Sees: "TestEveryRoleTimesEveryVerb", Says: "meeting.delete as member"},
		{Case: "A08", Name: "a refusal leaves no event", File: "gate.go",
			From: `	if err := tx.commit(ctx, audit.Refused, fault.KindOf(refusal).String()); err != nil {
		return fmt.Errorf("recording a refusal: %w", err)
	}
	return refusal`,
			To: `	tx.abandon(ctx)
	return refusal`,
			Sees: "TestEveryRoleTimesEveryVerb|TestRefusedLooksLeaveAnEvent", Says: "want one refusal"},
		{Case: "A08", Name: "a row of the table gives a viewer what is an admin's", File: "policy.go",
			From: `{Verb: ChangeWorkspace, Says: "change the workspace's settings", Least: Admin,`, To: `{Verb: ChangeWorkspace, Says: "change the workspace's settings", Least: Viewer,`,
			Sees: "TestPermissionsAreWritten", Says: "is not what the policy says"},
		{Case: "A10", Name: "a lease is not asked again", File: "lease.go",
			From: `	if now.Sub(l.checked) < LeaseAge {`, To: `	if now.Sub(l.checked) >= 0 {`,
			Sees: "TestLeasesEndWithTheAccess", Says: "after the member was removed"},
		{Case: "B14", Name: "a key does what its scopes do not name", File: "admit.go",
			From: `rule.Scope != "" && slices.Contains(tx.actor.Scopes, string(tx.rule.Scope))`, To: `rule.Scope != "" && slices.Contains(Scopes(), tx.rule.Scope)`,
			Sees: "TestAKeyHasItsScopeAndItsPersonsRole", Says: "want ok false"},
		{Case: "B14", Name: "a key does what only a person may", File: "admit.go",
			From: `tx.rule.Scope != "" && slices.Contains(tx.actor.Scopes, string(tx.rule.Scope))`, To: `slices.Contains(tx.actor.Scopes, string(tx.rule.Scope))`,
			Sees: "TestAKeyHasItsScopeAndItsPersonsRole", Says: "Do(model.change) = <nil>"},
	})
}
