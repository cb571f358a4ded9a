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
		{Case: "B04", Name: "a link that was used looks good", File: "../link/store.go",
			From: `and l.used_at is null and l.ends_at > $3 and a.state`, To: `and l.ends_at > $3 and a.state`,
			Sees: "TestAPasswordIsResetByMail", Says: "a link that was used"},
		{Case: "B04", Name: "a link of any kind gives a new password", File: "../link/store.go",
			From: `where l.token_hash = $1 and l.kind = $2 and`, To: `where l.token_hash = $1 and $2 <> '' and`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link of another kind"},
		{Case: "B04", Name: "a newer link leaves the older good", File: "recover.go",
			From: `	if err := link.Void(ctx, tx, account, link.Reset); err != nil {`, To: `	if err := error(nil); err != nil {`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link that a newer one voids"},
		{Case: "B04", Name: "a closed account's link is good", File: "../link/store.go",
			From: `and a.state = 'active'`, To: `and a.state <> ''`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link of a closed account"},
	})
}
