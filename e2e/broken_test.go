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
		{Case: "A11", Name: "a field that nobody knows is passed over", File: "../internal/api/operation/check.go",
			From: `			c.unknown(names, m.name, at)`, To: `			_ = names`,
			Sees: "TestNoOperationTakesAFieldOfTheServers", Says: "want 422 and none"},
	})
}
