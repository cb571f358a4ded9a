//go:build drill

package enrolment_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// broken are builds in which one defence is missing, and the test that sees it.
func broken() []struct{ name, file, from, to, sees string } {
	return []struct{ name, file, from, to, sees string }{
		// B08: codes of an app.
		{"the step of a code is not kept", "verify.go", `return useStep(ctx, tx, a.Account, step)`, `_ = step
	return nil`, "TestACodeOfAnAppIsTakenOnce|TestOneOfManyUsesOfACodeWins"},
		{"a code is taken two steps away", "../factor/totp.go", `step := Step(at) - 1; step <= Step(at)+1; step++`, `step := Step(at) - 2; step <= Step(at)+2; step++`, "TestACodeOfAnAppIsTakenOnce"},
		{"guesses are not counted", "verify.go", `if err := countWrong(ctx, tx, a.Account, a.Kind); err != nil {`, `if err := error(nil); err != nil {`, "TestGuessesOfACodeAreStopped"},
		{"a pause is as long as the one before", "store.go", `firstPause << min(max(wrong/wrongCodes-1, 0), mostPauses)`, `firstPause << min(0, mostPauses)`, "TestGuessesOfACodeAreStopped"},
		{"an app is set up in another session", "app.go", `if begun.session != actor.Session {`, `if false {`, "TestAnAppIsSetUpByACodeOfIt"},

		// B09: codes by text message.
		{"every sign-in has the same bound", "verify.go", `sha256.Sum256(append(account[:], id[:]...))`, `sha256.Sum256(account[:])`, "TestACodeIsForTheSignInThatAskedForIt"},
		{"a text has no end", "store.go", `tx.Now().Add(TextLife))`, `tx.Now().Add(24*TextLife))`, "TestACodeIsOverAfterTenMinutes"},
		{"a number gets any number of texts", "text.go", `case sent.numberHour >= textsPerHour:`, `case false:`, "TestMessagesAreLimited"},
		{"a day has no cap", "text.go", `case sent.allDay >= daily:`, `case false:`, "TestMessagesAreLimited"},
		{"an account gets any number of texts", "text.go", `case sent.numberDay >= textsPerDay, sent.accountDay >= textsPerDay:`, `case sent.numberDay >= textsPerDay:`, "TestMessagesAreLimited"},
		{"an unverified number counts", "text.go", `if err := s.verifyText(ctx, tx, actor.Account, bound(actor.Account, begun.id), code); err != nil {`, `if err := error(nil); err != nil {`, "TestANumberIsVerifiedFirst"},

		// B10: passkeys.
		{"another address is taken", "../factor/passkey.go", `RPOrigins: []string{u.Scheme + "://" + u.Host}`, `RPOrigins: []string{u.Scheme + "://" + u.Host, "https://mainstay.example.com.evil.test"}`, "TestAPasskeysChallengeIsTakenOnce"},
		{"a challenge has no end", "passkey.go", `ceremony{kind: "assert", token: c.Challenge, account: account, life: CeremonyLife,`, `ceremony{kind: "assert", token: c.Challenge, account: account, life: 100 * CeremonyLife,`, "TestAPasskeysChallengeIsTakenOnce"},
		{"whose challenge it is does not matter", "verify.go", `if begun.account != a.Account {`, `if false {`, "TestAPasskeysChallengeIsTakenOnce"},
		{"the count is not looked at", "verify.go", `if shown.Cloned {`, `if false {`, "TestACopiedPasskeyIsRefusedAndMarked"},
		{"a copied passkey is not marked", "verify.go", `if err := doubtPasskey(ctx, tx, d.id); err != nil {`, `if err := error(nil); err != nil {`, "TestACopiedPasskeyIsRefusedAndMarked"},
		{"a registration is of any session", "passkey.go", `if begun.account != actor.Account || begun.session != actor.Session {`, `if false {`, "TestARegistrationIsOfTheSessionThatBeganIt"},

		// B11: around the second factor.
		{"no second factor is asked for", "../entry.go", `if len(entry.Needs) > 0 {`, `if false {`, "TestACodeOfAnAppIsTakenOnce"},
		{"every answer is right", "../entry.go", `if _, err := s.Factors.Verify(ctx, tx, answerOf(asked, factor, answer)); err != nil {`, `if err := error(nil); err != nil {`, "TestACodeOfAnAppIsTakenOnce"},
		{"a recovery code is taken twice", "store.go", `where account_id = $1 and code_hash = $2 and used_at is null`, `where account_id = $1 and code_hash = $2`, "TestARecoveryCodeWorksOnce"},
		{"factors change without the person", "enrolment.go", `s.Source.Now().Sub(actor.ConfirmedAt) >= gate.ConfirmAge {`, `false {`, "TestFactorsChangeOnlyInAPersonsPresence"},
		{"a password confirms where there is a factor", "../factors.go", `if !slices.Contains(ways, kind) {`, `if len(ways) > 100 && !slices.Contains(ways, kind) {`, "TestAConfirmationIsAsStrongAsTheAccount"},
		{"other sessions go on", "enrolment.go", `if err := s.People.EndOthers(ctx, tx, actor.Account, keep); err != nil {`, `if err := error(nil); err != nil {`, "TestAnAppIsSetUpByACodeOfIt"},
		{"the last factor goes", "enrolment.go", `if err := bearable(before, after, wants, first); err != nil {`, `if err := bearable(before, after, wants, first); err != nil && len(wants.String()) > 100 {`, "TestTheLastFactorThatAWorkspaceAsksForStays"},
		{"a reset leaves the passkeys", "store.go", "	batch.Queue(`delete from control.passkey where account_id = $1`, account)\n	batch.Queue(`delete from control.totp where account_id = $1`, account)\n	batch.Queue(`delete from control.phone", "	batch.Queue(`delete from control.totp where account_id = $1`, account)\n	batch.Queue(`delete from control.phone", "TestAnOperatorResetsFactors"},
	}
}

// TestBrokenBuildsAreSeen builds the package without one defence after the other and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	for _, b := range broken() {
		t.Run(b.name, func(t *testing.T) {
			here, err := filepath.Abs(b.file)
			check(t, err)
			source, err := os.ReadFile(here)
			check(t, err)
			if n := strings.Count(string(source), b.from); n != 1 {
				t.Fatalf("%s holds it %d times: %s", b.file, n, b.from)
			}
			changed := filepath.Join(t.TempDir(), filepath.Base(b.file))
			check(t, os.WriteFile(changed, []byte(strings.Replace(string(source), b.from, b.to, 1)), 0o600))
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {here: changed}})
			check(t, err)
			list := filepath.Join(t.TempDir(), "overlay.json")
			check(t, os.WriteFile(list, overlay, 0o600))
			out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-count=1", "-overlay", list, "-run", "^("+b.sees+")", ".").CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: Test") {
				t.Errorf("%s does not see it: %v\n%s", b.sees, err, out)
			}
		})
	}
}
