//go:build drill

package account_test

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "B01", Name: "the page tells whose address it does not know", File: "../../identity/identity.go",
			From: `	stale, err := s.hasher.Verify(ctx, a.password, password)`,
			To: `	if a.id.IsZero() {
		return Entry{}, fault.New(fault.Denied, "Nobody here has this address.")
	}
	stale, err := s.hasher.Verify(ctx, a.password, password)`,
			Sees: "TestDoorsTellNothingOfAccounts", Says: "Nobody here has this address."},
	})
}
