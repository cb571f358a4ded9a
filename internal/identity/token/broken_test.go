//go:build drill

package token_test

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "B12", Name: "an access token has no end", File: "store.go",
			From: `where t.token_hash = $1 and t.kind = 'access' and t.ends_at > $2`, To: `where t.token_hash = $1 and t.kind = 'access'`,
			Sees: "TestAccessTokensAreShortAndRefreshTokensTurn", Says: "an access token works after its time"},
		{Case: "B13", Name: "a refresh token works twice", File: "store.go",
			From: `t.kind = 'refresh' and t.used_at is null and t.ends_at > $2`, To: `t.kind = 'refresh' and t.ends_at > $2`,
			Sees: "TestOfFiftyRefreshesOneSucceedsAndTheFamilyDies|TestReuseAfterARestartKillsTheFamily", Says: "of 50 refreshes succeeded, want 1"},
		{Case: "B13", Name: "the second use of a refresh token ends nothing", File: "refresh.go",
			From: `	if err != nil || !f.shared {`, To: `	if err != nil || !f.shared || f.shared {`,
			Sees: "TestOfFiftyRefreshesOneSucceedsAndTheFamilyDies|TestReuseAfterARestartKillsTheFamily", Says: "the family lives"},
		{Case: "B13", Name: "nobody is told of the second use", File: "refresh.go",
			From: `if err != nil || !ended || s.People == nil {`, To: `if err != nil || ended || s.People == nil {`,
			Sees: "TestOfFiftyRefreshesOneSucceedsAndTheFamilyDies", Says: "of the reuse were told"},
		{Case: "B14", Name: "a key is made unseen", File: "key.go",
			From: `		return s.tell(ctx, tx, actor, "An`, To: `		return s.tell(ctx, tx, tenant.Actor{}, "An`,
			Sees: "TestAKeyAndAProgramAreTold", Says: "An API key was made"},
		{Case: "B13", Name: "another program's refresh token is taken", File: "store.go",
			From: `(c.client_hash is null or c.client_hash = $3)`, To: `($3::bytea is null or $3 <> '')`,
			Sees: "TestARefreshTokenIsOfOneProgram", Says: "by who says no name"},
		{Case: "B13", Name: "a refresh token in another program's hands ends nothing", File: "store.go",
			From: `t.used_at is not null or coalesce(c.client_hash <> $2, false)`, To: `t.used_at is not null or coalesce($2 = '', false)`,
			Sees: "TestARefreshTokenIsOfOneProgram", Says: "the family lives"},
		{Case: "B13", Name: "a refresh token has no end", File: "store.go",
			From: `t.used_at is null and t.ends_at > $2`, To: `t.used_at is null and $2::timestamptz is not null`,
			Sees: "TestAccessTokensAreShortAndRefreshTokensTurn", Says: "a refresh token that lay for 30 days"},
		{Case: "B13", Name: "a program stays in for ever", File: "store.go",
			From: `and c.id = t.credential_id and c.ended_at is null and c.ends_at > $2`, To: `and c.id = t.credential_id and c.ended_at is null`,
			Sees: "TestAProgramIsLetInAgainAfterNinetyDays", Says: "on the ninetieth day"},
		{Case: "B14", Name: "an ended key works", File: "store.go",
			From: `where c.key_hash = $1 and c.ended_at is null and`, To: `where c.key_hash = $1 and`,
			Sees: "TestWhatEndsAKey", Says: "TestWhatEndsAKey/who_found_it_ends_it"},
		{Case: "B14", Name: "a key has no end", File: "store.go",
			From: `c.ended_at is null and c.ends_at > $2` + "`, hash, tx.Now()), tenant.ByKey)", To: `c.ended_at is null and $2::timestamptz is not null` + "`, hash, tx.Now()), tenant.ByKey)",
			Sees: "TestWhatEndsAKey", Says: "TestWhatEndsAKey/its_time_comes"},
		{Case: "B14", Name: "a disabled account's key works", File: "store.go",
			From: `join control.account a on a.id = c.account_id and a.state = 'active'
where c.key_hash`,
			To: `join control.account a on a.id = c.account_id
where c.key_hash`,
			Sees: "TestWhatEndsAKey", Says: "TestWhatEndsAKey/its_account_is_disabled"},
		{Case: "B14", Name: "a removed member's key works", File: "store.go",
			From: `where workspace_id = $1 and member_id = $2 and ended_at is null` + "`, ws, member", To: `where workspace_id = $1 and member_id = $2 and ended_at is not null` + "`, ws, member",
			Sees: "TestWhatEndsAKey", Says: "TestWhatEndsAKey/its_member_is_removed"},
		{Case: "B14", Name: "anybody ends a colleague's key", File: "store.go",
			From: `	return own || tx.Role() == gate.Owner || tx.Role() == gate.Admin, err`, To: `	return own || tx.Role() != "", err`,
			Sees: "TestNobodyEndsAnothersKey", Says: "a colleague ends it"},
		{Case: "B14", Name: "a key does what its scopes do not name", File: "../../gate/admit.go",
			From: `		return fault.New(fault.Denied, "This key was not given for that.`, To: `		return nil
		return fault.New(fault.Denied, "This key was not given for that.`,
			Sees: "TestAKeyActsAsItsPersonWithinItsScopes", Says: "beyond its scopes"},
		{Case: "B14", Name: "a key's name lies open", File: "store.go",
			From: `tx.Workspace(), c.ID, record, c.Member, c.Kind, c.Prefix, c.Scopes,`, To: `tx.Workspace(), c.ID, record, c.Member, c.Kind, c.Prefix, append(c.Scopes, gate.Scope(c.Name)),`,
			Sees: "TestAKeyIsNowhereInTheDatabase", Says: "its name stands in the database"},
	})
}
