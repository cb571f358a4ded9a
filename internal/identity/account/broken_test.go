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
		{Case: "B01", Name: "asking for a new password tells whether there is an account", File: "recover.go",
			From: `	select {
	case s.forgotten <- forgotten{lookup, from}:`,
			To: `	if err := s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) error {
		_, _, err := find(ctx, tx, lookup)
		return err
	}); err != nil {
		return err
	}
	select {
	case s.forgotten <- forgotten{lookup, from}:`,
			Sees: "TestForgettingTellsNothing", Says: "want the same answer for everybody"},
		{Case: "B04", Name: "of several uses of a link at once each wins", File: "../link/store.go",
			From: `set used_at = $2 where id = $1 and used_at is null and ends_at > $2`, To: `set used_at = $2 where id = $1 and ends_at > $2`,
			Sees: "TestOfTwoUsesOfALinkAtOnceOneWins", Says: "uses of one link won, want 1"},
		{Case: "B04", Name: "a link that was used looks good", File: "../link/store.go",
			From: `and l.used_at is null and l.ends_at > $3 and a.state`, To: `and l.ends_at > $3 and a.state`,
			Sees: "TestAPasswordIsResetByMail", Says: "a link that was used"},
		{Case: "B04", Name: "a link is good for a year", File: "../link/link.go",
			From: `until = tx.Now().Add(l.Kind.Life())`, To: `until = tx.Now().Add(l.Kind.Life() + 365*24*time.Hour)`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link half an hour later"},
		{Case: "B04", Name: "a link of any kind gives a new password", File: "../link/store.go",
			From: `where l.token_hash = $1 and l.kind = $2 and`, To: `where l.token_hash = $1 and $2 <> '' and`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link of another kind"},
		{Case: "B04", Name: "a newer link leaves the older good", File: "recover.go",
			From: `	if err := link.Void(ctx, tx, account, link.Reset); err != nil {`, To: `	if err := error(nil); err != nil {`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link that a newer one voids"},
		{Case: "B04", Name: "a closed account's link is good", File: "../link/store.go",
			From: `and a.state = 'active'`, To: `and a.state <> ''`,
			Sees: "TestALinkOfAnotherTimeKindOrAddressIsRefused", Says: "a link of a closed account"},
		{Case: "B04", Name: "a link outlives the address that it went to", File: "store.go",
			From: `	return link.Void(ctx, tx, account, link.Reset, link.Verify)`, To: `	return nil`,
			Sees: "TestLinksDoNotOutliveWhatTheyWereFor", Says: "a link to an address that is not the account's any more"},
		{Case: "B04", Name: "a new password takes the second factor away", File: "store.go",
			From: `	batch.Queue(` + "`update control.account set password = $2, password_at = $3 where id = $1`" + `, account, hash, tx.Now())`,
			To: `	batch.Queue(` + "`update control.account set password = $2, password_at = $3 where id = $1`" + `, account, hash, tx.Now())
	batch.Queue(` + "`delete from control.totp where account_id = $1`" + `, account)`,
			Sees: "TestANewPasswordKeepsTheSecondFactor", Says: "a new password alone lets in"},
		{Case: "B07", Name: "sessions outlive a new password", File: "account.go",
			From: `	if err := s.Identity.EndOthers(ctx, tx, account, actor.Session); err != nil {`, To: `	if err := error(nil); err != nil {`,
			Sees: "TestAPasswordIsResetByMail|TestAPasswordIsChangedWithTheCurrentOne", Says: "from before"},
	})
}
