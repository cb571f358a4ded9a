package gate_test

import (
	"slices"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
)

// TestEveryRoleTimesEveryVerb does each act about the workspace or about a meeting that somebody else made as each role: who may
// does it, and everybody else is refused, which leaves one event.
func TestEveryRoleTimesEveryVerb(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ws := w.Workspace(t)
	roles := gate.Roles() // the most first
	levels := map[gate.Role]gate.Level{gate.Owner: gate.Manager, gate.Admin: gate.Manager, gate.Member: gate.Contributor, gate.Viewer: gate.Reader}
	suffices := map[gate.Level][]gate.Level{gate.Reader: {gate.Reader, gate.Contributor, gate.Manager}, gate.Contributor: {gate.Contributor, gate.Manager},
		gate.Manager: {gate.Manager}}
	cells := 0
	refusals := func() (n int) {
		t.Helper()
		err := w.Admin.QueryRow(t.Context(), `select count(*) from audit.event where workspace_id = $1 and outcome = 'refused' and reason = 'denied'`, ws.ID).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, role := range roles {
		who, meeting := ws.Member(t, role), ws.Meeting(t, false)
		for _, rule := range gate.Policy() {
			act := gate.Act{Verb: rule.Verb}
			switch rule.Object {
			case gate.None:
			case gate.Meeting:
				act.Object = meeting
			default:
				continue
			}
			cells++
			may := rule.Least != "" && role.AtLeast(rule.Least) && (rule.Object == gate.None || slices.Contains(suffices[rule.Level], levels[role]))
			before := refusals()
			err := w.Gate.Do(who, act, nothing)
			if (err == nil) != may || err != nil && !fault.Is(err, fault.Denied) {
				t.Errorf("%s as %s: %v, want ok %t", rule.Verb, role, err, may)
			}
			if n := refusals() - before; n != 1 && !may && err != nil {
				t.Errorf("%s as %s left %d refusals, want one refusal", rule.Verb, role, n)
			}
		}
	}
	if cells < 100 {
		t.Errorf("%d cells were tried only", cells)
	}
}
