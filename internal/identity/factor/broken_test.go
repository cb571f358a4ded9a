//go:build drill

package factor_test

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "B08", Name: "a code matches two steps away", File: "totp.go",
			From: `step := Step(at) - 1; step <= Step(at)+1; step++`, To: `step := Step(at) - 2; step <= Step(at)+2; step++`,
			Sees: "TestACodeMatchesItsStepAndItsNeighboursOnce"},
		{Case: "B10", Name: "an only factor need not verify its person", File: "passkey.go",
			From: `p.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))`, To: `p.web.BeginDiscoverableLogin()`,
			Sees: "TestAnAssertionThatIsNotWhollyRightIsRefused", Says: "not verified where it is the only factor"},
		{Case: "B10", Name: "a passkey is registered without its person", File: "passkey.go",
			From: `	if alone {
		want`,
			To: `	if alone && p == nil {
		want`,
			Sees: "TestAForgedAttestationIsRefused", Says: "not verified where it will be the factor"},
		{Case: "B10", Name: "a count that goes back is not told", File: "passkey.go",
			From: `Cloned: c.Authenticator.CloneWarning}`, To: `Cloned: false}`,
			Sees: "TestACountThatGoesBackIsTold", Says: "want it told"},
		{Case: "B10", Name: "another site's answer is taken", File: "passkey.go",
			From: `RPOrigins: []string{u.Scheme + "://" + u.Host}`, To: `RPOrigins: []string{u.Scheme + "://" + u.Host, "https://mainstay.example.com.evil.test"}`,
			Sees: "TestAnAssertionThatIsNotWhollyRightIsRefused", Says: "another origin"},
	})
}
