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
		{Case: "B02", Name: "a spoofed header gives more tries", File: "../../httpd/client.go",
			From: `	if err == nil && !s.believes(c.address) {`, To: `	if err == nil && !s.believes(c.address) && len(r.Header) == 0 {`,
			Sees: "TestASpoofedAddressGivesNoMoreTries", Says: "with 10 spoofed addresses were not stopped"},
		{Case: "B05", Name: "a browser keeps the session's cookie that it has", File: "../app.go",
			From: `	a.setSession(w, r, begun.Token, begun.EndsAt)
	if begun.Device`,
			To: `	if _, err := r.Cookie(cookieName(r)); err != nil {
		a.setSession(w, r, begun.Token, begun.EndsAt)
	}
	if begun.Device`,
			Sees: "TestAPlantedSessionIsWorthNothing|TestAPlantedSessionIsWorthNothingAfterAProvider", Says: "kept true"},
		{Case: "B05", Name: "a sign-in takes the cookie that is there for its own", File: "../app.go",
			From: `	a.setSession(w, r, begun.Token, begun.EndsAt)
	if begun.Device`,
			To: `	if planted, err := r.Cookie(cookieName(r)); err == nil {
		begun.Token = tenant.Secret(planted.Value)
	}
	a.setSession(w, r, begun.Token, begun.EndsAt)
	if begun.Device`,
			Sees: "TestAPlantedSessionIsWorthNothing|TestAPlantedSessionIsWorthNothingAfterAProvider", Says: "kept true"},
		{Case: "B05", Name: "a confirmation keeps the cookie", File: "../../identity/sessionstore.go",
			From: `set token_hash = $3, previous_hash = null, previous_until = null, rotated_at = $4, confirmed_at`,
			To:   `set token_hash = $3, previous_hash = token_hash, previous_until = $4::timestamptz + interval '1 minute', rotated_at = $4, confirmed_at`,
			Sees: "TestAPlantedSessionIsWorthNothing", Says: "the cookie from before a confirmation lets in after it"},
	})
}
