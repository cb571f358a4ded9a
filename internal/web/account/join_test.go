package account_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/identity/roster"
)

// An invitation offers a passkey before a password, and nobody who is signed in makes an account by it.
func TestAnInvitationOffersAPasskeyOverThePages(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	ten := o.Tenant(t, "Alder")
	_, err := o.Roster.Invite(ten.Owner, roster.Guest{Name: "Ines Brandt", Email: "ines@example.com", Role: gate.Member})
	o.check(err)
	o.check(o.Post.Drain(t.Context()))
	var at string
	for _, mail := range o.Mail.Mails() {
		if mail.To == "ines@example.com" {
			at = regexp.MustCompile(`/join/[A-Za-z0-9_-]{43}`).FindString(mail.Text)
		}
	}
	if w := o.ask("GET", at, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Join with a passkey") {
		t.Fatalf("the invitation: %d", w.Code)
	}
	if w := o.ask("POST", at+"/passkey", url.Values{"name": {"Ines"}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "challenge") {
		t.Errorf("asking for a passkey: %d %s", w.Code, w.Body)
	}
	if w := o.ask("POST", at+"/passkey", url.Values{"name": {" "}}); !strings.Contains(w.Body.String(), `"field":"name"`) {
		t.Errorf("asking without a name: %d %s", w.Code, w.Body)
	}
	if w := o.ask("POST", at, url.Values{"name": {"Ines"}, "answer": {"{}"}}); w.Code != http.StatusUnprocessableEntity || o.in() {
		t.Errorf("an answer that is none: %d", w.Code)
	}
	if w := o.ask("GET", at+"/with/google", nil); w.Code != http.StatusNotFound {
		t.Errorf("with a provider that is not there: %d", w.Code)
	}
	if w := o.ask("GET", at+"/with/google", nil, "Sec-Fetch-Site", "cross-site"); w.Header().Get("Location") != at {
		t.Errorf("by another site's link: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := o.ask("GET", "/join/nothing/passkey", nil); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
		t.Errorf("reading where a passkey is asked for: %d", w.Code)
	}
	o.signIn("ada@example.com", secret)
	if w := o.ask("GET", at+"/with/google", nil); w.Header().Get("Location") != at {
		t.Errorf("who is signed in: %d %s", w.Code, w.Header().Get("Location"))
	}
}
