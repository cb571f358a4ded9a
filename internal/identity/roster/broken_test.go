//go:build drill

package roster_test

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "A09", Name: "an admin makes and changes owners", File: "members.go",
			From: `	if h.mine != gate.Owner && (h.target.Role == gate.Owner || to == gate.Owner) {`, To: `	if !h.mine.AtLeast(gate.Admin) {`,
			Sees: "TestAnAdminReachesNoOwner", Says: "an admin makes themselves owner"},
		{Case: "A09", Name: "an admin invites an owner", File: "invitations.go",
			From: `	case !mine.AtLeast(role):`, To: `	case !mine.AtLeast(gate.Admin):`,
			Sees: "TestAnAdminReachesNoOwner", Says: "an admin invites an owner"},
		{Case: "A09", Name: "the last owner goes", File: "store.go",
			From: `	if owners == 0 {`, To: `	if owners < 0 {`,
			Sees: "TestTheLastOwnerIsKept|TestOfFiftyOwnersWhoStepDownAtOnceOneStays", Says: "0 owners stay after"},
		{Case: "A09", Name: "acts about roles come at once", File: "store.go",
			From: `where workspace_id = $1 for update` + "`, tx.Workspace()).Scan(&id)", To: `where workspace_id = $1` + "`, tx.Workspace()).Scan(&id)",
			Sees: "TestTheLastOwnerIsKept", Says: "0 owners after both stepped down at once"},
		{Case: "A09", Name: "an owner who left counts as one", File: "store.go",
			From: `where workspace_id = $1 and role = 'owner' and state = 'active'` + "`, tx.Workspace()).Scan(&owners)", To: `where workspace_id = $1 and role = 'owner'` + "`, tx.Workspace()).Scan(&owners)",
			Sees: "TestTheLastOwnerIsKept", Says: "the last owner leaves: <nil>"},
		{Case: "A09", Name: "who waited acts with the role from before", File: "store.go",
			From: `	if !mine.AtLeast(least) {`, To: `	if mine = tx.Role(); !mine.AtLeast(least) {`,
			Sees: "TestADemotedMemberLosesAtOnce", Says: "an admin who was demoted while they waited"},
		{Case: "A10", Name: "a removed member's session goes on", File: "store.go",
			From: `where workspace_id = $1 and member_id = $2 and ended_at is null` + "`, ws, member, tx.Now())\n	batch.Queue(`\nupdate control.credential",
			To:   `where workspace_id = $1 and member_id = $2 and ended_at is not null` + "`, ws, member, tx.Now())\n	batch.Queue(`\nupdate control.credential",
			Sees: "TestWhoIsKeptOutIsOut", Says: "the session: "},
		{Case: "A10", Name: "a removed member's seat stays open", File: "store.go",
			From: `where workspace_id = $1 and member_id = $2 and closed_at is null`, To: `where workspace_id = $1 and member_id = $2 and closed_at is not null`,
			Sees: "TestWhoIsKeptOutIsOut", Says: "signing in again leads to"},
		{Case: "A10", Name: "a decision about a stream stands for ever", File: "../../gate/lease.go",
			From: `	if now.Sub(l.checked) < LeaseAge {`, To: `	if now.Sub(l.checked) >= 0 {`,
			Sees: "TestWhoIsKeptOutIsOut|TestWhoIsOutGetsNoFurther", Says: "a recording that was being listened to"},
		{Case: "A10", Name: "a part of an upload is kept without a question", File: "../../gate/lease.go",
			From: `	err = tx.decide()
	if err == nil {
		err = fn(`,
			To: `	if err == nil {
		err = fn(`,
			Sees: "TestWhoIsOutGetsNoFurther", Says: "bytes of it are kept"},
		{Case: "A10", Name: "a stream does not hear of its session's end", File: "../../httpd/session.go",
			From: `		if !route.Stream || s.cfg.Ends == nil {`, To: `		if !route.Stream || s.cfg.Ends != nil {`,
			Sees: "TestPagesOfWhoIsOutClose", Says: "a stream goes on"},
		{Case: "A10", Name: "no node is told of a demotion", File: "store.go",
			From: "	batch.Queue(`select pg_notify('session_ended', ($1::uuid)::text)`, id)\n", To: ``,
			Sees: "TestPagesOfWhoIsOutClose", Says: "after its reader was demoted"},
		{Case: "A10", Name: "a job does not ask again whether its person still may", File: "../../gate/gate.go",
			From: `		if rule.Discloses && !actor.OnBehalfOf.IsZero() && !tx.role.AtLeast(Member) {`, To: `		if rule.Discloses && !actor.OnBehalfOf.IsZero() && len(rule.Jobs) == 0 {`,
			Sees: "TestAJobOfWhoLeftSendsNothing", Says: "a job of who was removed"},
	})
}
