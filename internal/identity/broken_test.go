//go:build drill

package identity_test

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "B01", Name: "an address of nobody costs no work", File: "identity.go",
			From: `	stale, err := s.hasher.Verify(ctx, a.password, password)`,
			To: `	if a.id.IsZero() {
		return Entry{}, s.refuse(ctx, a, wrongPassword())
	}
	stale, err := s.hasher.Verify(ctx, a.password, password)`,
			Sees: "TestAStrangerLearnsNothingOfAccounts", Says: "work:0"},
		{Case: "B01", Name: "a closed account is told so", File: "identity.go",
			From: `	if err == nil && a.state != "active" {
		err = wrongPassword()
	}
`,
			To:   ``,
			Sees: "TestAStrangerLearnsNothingOfAccounts|TestADisabledAccountsSessionsAreDead", Says: "This account is disabled"},
		{Case: "B01", Name: "guesses at nobody are not counted", File: "identity.go",
			From: `	short, err := s.counter().Take(ctx, counted)`,
			To: `	short := 0 * limit.Refill
	if !a.id.IsZero() {
		short, err = s.counter().Take(ctx, counted)
	}`,
			Sees: "TestAStrangerLearnsNothingOfAccounts|TestGuessesAreStopped", Says: "never stopped"},
		{Case: "B02", Name: "an account takes any number of guesses", File: "guess.go",
			From: `Most: perAccount}`, To: `Most: 100 * perAccount}`,
			Sees: "TestAPersonGetsInWhileOthersGuess|TestGuessesOfManyAreStopped", Says: "guesses at one account, want 50"},
		{Case: "B02", Name: "an address takes any number of guesses", File: "guess.go",
			From: `Most: perAddress}`, To: `Most: 100 * perAddress}`,
			Sees: "TestGuessesOfManyAreStopped", Says: "guesses from one network, want 100"},
		{Case: "B02", Name: "one guesser at one account has no bound of their own", File: "guess.go",
			From: `Most: perBoth}`, To: `Most: 100 * perBoth}`,
			Sees: "TestGuessesAreStopped|TestTriesAreCountedByAllNodesTogether"},
		{Case: "B02", Name: "each address of a network counts by itself", File: "limit/limit.go",
			From: `ip.WithZone("").Prefix(64)`, To: `ip.WithZone("").Prefix(128)`,
			Sees: "TestGuessesOfManyAreStopped", Says: "guesses from one network, want 100"},
		{Case: "B02", Name: "who guesses keeps the person out of a known browser", File: "guess.go",
			From: `	if known {`, To: `	if known && perDevice < 0 {`,
			Sees: "TestAPersonGetsInWhileOthersGuess", Says: "the right password from a known browser"},
		{Case: "B02", Name: "a known browser takes any number of guesses", File: "guess.go",
			From: `Most: perDevice}`, To: `Most: 100 * perDevice}`,
			Sees: "TestAPersonGetsInWhileOthersGuess", Says: "after ten guesses from the known browser itself"},
		{Case: "B02", Name: "a browser that somebody planted is known", File: "device.go",
			From: `		if !ours {`, To: `		if !ours && len(device) == 0 {`,
			Sees: "TestABrowserIsKnownForItsAccountsAlone", Says: "a token that somebody planted"},
		{Case: "B02", Name: "the right password passes while many guess", File: "identity.go",
			From: `err == nil && short > 0 && len(a.needs) == 0 || fault.Is(err, fault.Denied) && short > 0`,
			To:   `fault.Is(err, fault.Denied) && short > 0`,
			Sees: "TestAPersonGetsInWhileOthersGuess", Says: "the right password from a browser that nobody knows"},
		{Case: "B05", Name: "a confirmation keeps the session's token", File: "sessionstore.go",
			From: `update control.session set token_hash = $3, previous_hash = null, previous_until = null, rotated_at = $4, confirmed_at`,
			To:   `update control.session set token_hash = case when $3::bytea is null then null else token_hash end, rotated_at = $4, confirmed_at`,
			Sees: "TestAConfirmationReplacesTheToken", Says: "before a confirmation"},
		{Case: "B05", Name: "the token before a confirmation is good for a while", File: "sessionstore.go",
			From: `set token_hash = $3, previous_hash = null, previous_until = null, rotated_at = $4, confirmed_at`,
			To:   `set token_hash = $3, previous_hash = token_hash, previous_until = $4::timestamptz + interval '1 minute', rotated_at = $4, confirmed_at`,
			Sees: "TestAConfirmationReplacesTheToken", Says: "before a confirmation"},
		{Case: "B07", Name: "a session that was ended goes on", File: "sessionstore.go",
			From: `(ended != nil || state != "active" ||`, To: `(state != "active" ||`,
			Sees: "TestSignInAndOut|TestSessionsSurviveARestartAndSoDoTheirEnds", Says: "ended before a restart"},
		{Case: "B07", Name: "a disabled account's sessions go on", File: "sessionstore.go",
			From: `(ended != nil || state != "active" ||`, To: `(ended != nil ||`,
			Sees: "TestADisabledAccountsSessionsAreDead", Says: "of a disabled account"},
		{Case: "B07", Name: "a session has no end", File: "sessionstore.go",
			From: ` || !tx.Now().Before(found.ends)) {`, To: `) {`,
			Sees: "TestSessionsSurviveARestartAndSoDoTheirEnds", Says: "after thirty days"},
		{Case: "B07", Name: "an idle session goes on", File: "session.go",
			From: `	if !asleep {`, To: `	if true || !asleep {`,
			Sees: "TestAnIdleSessionEnds"},
		{Case: "B07", Name: "a token that was replaced is good for ever", File: "sessionstore.go",
			From: `	found.over = found.previous && (until == nil || !tx.Now().Before(*until))`, To: `	found.over = false`,
			Sees: "TestATokenIsReplacedOnceADay", Says: "after its grace"},
		{Case: "B07", Name: "to sign out everywhere ends nothing", File: "sessionstore.go",
			From: `and ($2::uuid is null or id <> $2) and ended_at is null returning id)`,
			To:   `and ($2::uuid is null or id <> $2) and ended_at is not null returning id)`,
			Sees: "TestSessionsAreListedNamedAndEnded"},
		{Case: "B07", Name: "what goes on is not told that its session ended", File: "sessionstore.go",
			From: `with ended as (update control.session set ended_at = coalesce(ended_at, $3) where id = $1 and account_id = $2 returning id)
select count(pg_notify('session_ended', id::text)) from ended`,
			To: `with ended as (update control.session set ended_at = coalesce(ended_at, $3) where id = $1 and account_id = $2 returning id)
select count(pg_notify('nothing', id::text)) from ended`,
			Sees: "TestWhatLastsEndsWithItsSessionOnAllNodes", Says: "it goes on"},
	})
}
