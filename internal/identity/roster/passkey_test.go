package roster_test

import (
	"testing"

	"github.com/descope/virtualwebauthn"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/worldtest"
)

// TestWhoIsInvitedJoinsByAPasskey: the account has no password, and comes in again by the passkey alone.
func TestWhoIsInvitedJoinsByAPasskey(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	_, token := guest(t, w, ten.Admin, "ines@example.com", gate.Member)
	site := virtualwebauthn.RelyingParty{ID: "localhost", Name: "Mainstay", Origin: "http://localhost"}
	auth, key := virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	for len(key.Key.AttestationData()) != 77 { // the library writes short coordinates short
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	if _, err := w.Roster.AskPasskey(visitor(t), token, " "); identity.Wrong(err) != "name" {
		t.Errorf("without a name: %v, want one about the name", err)
	}
	if _, err := w.Roster.AskPasskey(visitor(t), token[1:]+"x", "Ines"); !fault.Is(err, fault.Ended) {
		t.Errorf("by another link: %v, want ended", err)
	}
	options, err := w.Roster.AskPasskey(visitor(t), token, "Ines Brandt")
	check(t, err)
	asked, err := virtualwebauthn.ParseAttestationOptions(string(options))
	check(t, err)
	auth.Options.UserHandle = []byte(asked.UserID)
	answer := virtualwebauthn.CreateAttestationResponse(site, auth, key, *asked)
	for _, bad := range []string{"", "{}"} {
		if _, err := w.Roster.JoinByPasskey(visitor(t), token, "Ines Brandt", bad); err == nil {
			t.Errorf("joined by the answer %q", bad)
		}
	}
	entry, err := w.Roster.JoinByPasskey(visitor(t), token, "Ines Brandt", answer)
	check(t, err)
	if entry.Challenge != "" || gate.StrengthOf(entry.Actor.Factors) != gate.PhishingResistant || entry.Actor.Workspace != ten.ID {
		t.Errorf("joining led to %+v", entry.Actor)
	}
	var without int
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from control.account where id = $1 and password = '' and password_at is null`, entry.Actor.Account).Scan(&without))
	if without != 1 {
		t.Error("the account has a password")
	}
	_, other := guest(t, w, ten.Admin, "otto@example.com", gate.Member)
	if _, err := w.Roster.JoinByPasskey(visitor(t), other, "Otto", answer); err == nil {
		t.Error("the same answer made two accounts")
	}
	options, err = w.Identity.AskPasskey(visitor(t), "")
	check(t, err)
	shown, err := virtualwebauthn.ParseAssertionOptions(string(options))
	check(t, err)
	key.Counter++
	again, err := w.Identity.SignInPasskey(visitor(t), virtualwebauthn.CreateAssertionResponse(site, auth, key, *shown))
	if err != nil || again.Actor.Member != entry.Actor.Member {
		t.Errorf("signing in by the passkey: %+v, %v", again.Actor, err)
	}
	_, third := guest(t, w, w.Tenant(t, "Birch").Admin, "ines@example.com", gate.Member)
	if _, err := w.Roster.AskPasskey(visitor(t), third, "Ines"); !fault.Is(err, fault.Conflict) {
		t.Errorf("for an address that has an account: %v, want conflict", err)
	}
}
