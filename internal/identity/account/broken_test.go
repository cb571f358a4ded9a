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
			From: `	if err := link.Void(ctx, tx, l.Account, link.Reset); err != nil {`, To: `	if err := error(nil); err != nil {`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link that a newer one voids"},
		{Case: "B04", Name: "a closed account's link is good", File: "../link/store.go",
			From: `and a.state = 'active'`, To: `and a.state <> ''`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link of a closed account"},
		{Case: "B04", Name: "a link has no end", File: "../link/link.go",
			From: `until = tx.Now().Add(l.Kind.Life())`, To: `until = tx.Now().Add(365 * l.Kind.Life())`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link half an hour later"},
		{Case: "B04", Name: "a link is good for as many as come at once", File: "../link/store.go",
			From: `where id = $1 and used_at is null and ends_at > $2`, To: `where id = $1 and ends_at > $2`,
			Sees: "TestOfTwoUsesOfALinkAtOnceOneWins", Says: "of 8 uses of one link won"},
		{Case: "B04", Name: "a link outlives the address that it went to", File: "store.go",
			From: `	return link.Void(ctx, tx, account, link.Reset, link.Verify)`, To: `	return link.Void(ctx, tx, account, link.Verify)`,
			Sees: "TestLinksDoNotOutliveWhatTheyWereFor", Says: "that is not the account's any more"},
		{Case: "B04", Name: "a link outlives the password that it was to replace", File: "account.go",
			From: `	if err := link.Void(ctx, tx, account, link.Reset, link.Verify); err != nil {`, To: `	if err := error(nil); err != nil {`,
			Sees: "TestLinksDoNotOutliveWhatTheyWereFor", Says: "from before the password was changed"},
		{Case: "B04", Name: "a new password is enough", File: "../outdated.go",
			From: `if gate.StrengthOf(shown.Factors) == gate.Single {`, To: `if gate.StrengthOf(shown.Factors) != gate.Single {`,
			Sees: "TestANewPasswordKeepsTheSecondFactor", Says: "a new password alone lets in"},
		{Case: "B07", Name: "a stranger's passkey outlives the word that it was not me", File: "recover.go",
			From: `{s.Identity.Factors.Reset, oidc.TakeBack, token.TakeBack}`, To: `{oidc.TakeBack, token.TakeBack}`,
			Sees: "TestDisowningTakesBackWhatAStrangerAdded", Says: "1 passkeys are left"},
		{Case: "B07", Name: "a stranger's account at a provider outlives it", File: "../oidc/store.go",
			From: `delete from control.linked_identity where account_id = $1 and created_at >= $2`, To: `delete from control.linked_identity where account_id = $1 and created_at >= $2 and id is null`,
			Sees: "TestDisowningTakesBackWhatAStrangerAdded", Says: "control.linked_identity: 2"},
		{Case: "B07", Name: "a stranger's key outlives it", File: "../token/store.go",
			From: `where account_id = $1 and created_at >= $2 and ended_at is null`, To: `where account_id = $1 and created_at >= $2 and id is null`,
			Sees: "TestDisowningTakesBackWhatAStrangerAdded", Says: "ended_at is null: 2"},
		{Case: "B07", Name: "only what was added after the mail is taken back", File: "account.go",
			From: `link.Link{Account: account, Since: since})`, To: `link.Link{Account: account})`,
			Sees: "TestDisowningTakesBackWhatAStrangerAdded", Says: "1 passkeys are left"},
		{Case: "A09", Name: "a link that was handed over stands for ever", File: "recover.go",
			From: `if err == nil && !l.Maker.IsZero() {`, To: `if err == nil && l.Maker.IsZero() && !l.Maker.IsZero() {`,
			Sees: "TestAHandedLinkEndsWithWhatItStoodOn", Says: "the member comes to another workspace"},
		{Case: "A09", Name: "a link outlives the role of who handed it over", File: "hand.go",
			From: `if maker.disabled || !maker.role.AtLeast(gate.Admin) {`, To: `if maker.disabled {`,
			Sees: "TestAHandedLinkEndsWithWhatItStoodOn", Says: "its maker is a viewer now"},
		{Case: "A09", Name: "a link handed to a member is good for the owner that they became", File: "hand.go",
			From: `l.Maker, maker.role, at.alone)`, To: `l.Maker, gate.Owner, at.alone)`,
			Sees: "TestAHandedLinkEndsWithWhatItStoodOn", Says: "the member becomes an owner"},
	})
}
