//go:build drill

package httpd_test

import (
	"testing"

	"mainstay/internal/brokentest"
)

// TestBrokenBuildsAreSeen takes one defence after the other away and wants the test that is named to fail.
func TestBrokenBuildsAreSeen(t *testing.T) {
	t.Parallel()
	brokentest.See(t, []brokentest.Build{
		{Case: "B02", Name: "everybody's word about an address counts", File: "client.go",
			From: `	if err == nil && !s.believes(c.address) {`, To: `	if err == nil && !s.believes(c.address) && len(r.Header) == 0 {`,
			Sees: "TestTheClientIsWhoTheProxySaw"},
		{Case: "B02", Name: "the first hop is the client", File: "client.go",
			From: `	for i := len(hops) - 1; i >= 0; i-- {`, To: `	for i := range hops {`,
			Sees: "TestTheClientIsWhoTheProxySaw"},
		{Case: "B15", Name: "a change needs no token", File: "session.go",
			From: `		if !s.holds(session, got) {`, To: `		if len(got) > 1000 {`,
			Sees: "TestChangesNeedTheSessionsToken", Says: "no token is refused"},
		{Case: "B15", Name: "another session's token is good", File: "httpd.go",
			From: `	return hmac.Equal(raw[sha256.Size:], s.mac(session))`, To: `	return len(s.mac(session)) == sha256.Size`,
			Sees: "TestChangesNeedTheSessionsToken", Says: "another session's token is refused"},
		{Case: "B15", Name: "where a change comes from does not matter", File: "session.go",
			From: `		if s.origins.Check(r) != nil {`, To: `		if r == nil {`,
			Sees: "TestChangesNeedTheSessionsToken", Says: "another site is refused"},
		{Case: "B15", Name: "a change that does not say where it comes from passes", File: "session.go",
			From: `		if silent && !strings.HasPrefix(`, To: `		if silent && len(foreign) == 0 && !strings.HasPrefix(`,
			Sees: "TestChangesNeedTheSessionsToken", Says: "silence about the origin is refused"},
		{Case: "B15", Name: "the first part of a form may be anything", File: "session.go",
			From: `	if first.FormName() != "csrf" || !s.holds(sightOf(r).actor.Session, string(got)) {`, To: `	if len(got) > 128 {`,
			Sees: "TestPartsChecksTheFirstPart", Says: "first part csrf: status 200, want 403"},
		{Case: "B15", Name: "the token is the same in every page", File: "httpd.go",
			From: `	if _, err := io.ReadFull(s.cfg.Source.Random, token[:sha256.Size]); err != nil {`, To: `	if _, err := io.ReadFull(s.cfg.Source.Random, token[:0]); err != nil {`,
			Sees: "TestTokensOfASessionDiffer", Says: "are one text"},
		{Case: "A10", Name: "a page may be kept", File: "guard.go",
			From: `	h.Set("Cache-Control", "no-store")`, To: `	h.Set("Cache-Control", "private, max-age=600")`,
			Sees: "TestEveryAnswerHasTheHeaders", Says: "Cache-Control of"},
	})
}
