package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// key gives the browser a device that makes and shows passkeys as soon as it is asked: one of its own ("internal"), or a key ("usb").
func (b *tab) key(transport webauthn.AuthenticatorTransport) webauthn.AuthenticatorID {
	b.T.Helper()
	_, err := chromedp.Run(b.Context, func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{})
	})
	check(b.T, err)
	made, err := chromedp.Run(b.Context, func(ctx context.Context, target *chromedp.Target) (webauthn.AddVirtualAuthenticatorResult, error) {
		return cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: transport, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	})
	check(b.T, err)
	return made.AuthenticatorID
}

// presence says whether somebody touches the device.
func (b *tab) presence(id webauthn.AuthenticatorID, there bool) {
	b.T.Helper()
	_, err := chromedp.Run(b.Context, func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, target, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: id, Enabled: there})
	})
	check(b.T, err)
}

func (b *tab) signOut() {
	b.T.Helper()
	b.Open("/")
	b.Click("form[action='/sign-out'] button")
	b.Soon("signing out leads to the sign-in", `location.pathname === "/sign-in"`)
}

// returns checks that the person has one passkey and no password, signs out, and asks to be let in by that passkey.
func (b *tab) returns(device webauthn.AuthenticatorID) {
	b.T.Helper()
	b.Open("/account/security")
	b.Soon("there is a passkey and no password", `document.querySelectorAll("#passkeys li").length === 1 && document.querySelector("#password").textContent.includes("None")`)
	b.presence(device, false)
	b.signOut()
	b.presence(device, true)
	b.Click("form[action='/sign-in/passkey'] [data-passkey-go]")
}

const home = `location.pathname === "/" && document.querySelector("h1").textContent.includes("Ada")`

// TestFirstRunWithAPasskey: the first person has no password, and comes in again by the passkey alone, offered where the address
// is typed or asked for by a button.
func TestFirstRunWithAPasskey(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	d.start(t)
	b := newTab(t, strings.Replace(d.run.url, "127.0.0.1", "localhost", 1))
	device := b.key("internal")
	b.Open(d.run.setup)
	b.Click("[data-passkey-go]")
	b.Soon("what is missing is said", `document.querySelector("[data-passkey-said]").textContent.includes("name") && document.activeElement.id === "name"`)
	b.Sound("setup with what is missing")
	b.Fill("#name", "Ada Berg")
	b.Fill("#email", "ada@example.com")
	b.Fill("#workspace", "Harbor")
	b.Click("[data-passkey-go]")
	b.Soon("the checks are shown", `location.pathname === "/setup/checks"`)
	b.returns(device)
	b.Soon("the passkey alone leads home", home)

	b.Open("/")
	b.Do(`window.signedIn = true`)
	b.Click("form[action='/sign-out'] button")
	b.Soon("a passkey that the browser offers by itself leads home", `!window.signedIn && `+home)

	b.Open("/account/security/passkey")
	b.presence(device, true)
	b.Fill("#name", "Laptop")
	b.Click("[data-passkey-go]")
	b.Soon("a device makes one passkey for an account", `document.querySelector("[data-passkey-said]").textContent.includes("already")`)
	b.key("usb")
	b.Click("[data-passkey-go]")
	b.Soon("another device adds another", `location.pathname === "/account/security/passkey" && document.querySelectorAll("ol.codes li").length === 10 || document.querySelectorAll("#passkeys li").length === 2`)
	b.Sound("after another passkey")
	b.Open("/account/security")
	b.Click("#passkeys li:last-child .acts a")
	b.Soon("a removal is asked about", `location.pathname === "/account/security/remove/passkey"`)
	b.Click("form[action^='/account/security/remove'] button")
	b.Soon("the passkey is gone", `location.pathname === "/account/security" && document.querySelectorAll("#passkeys li").length === 1`)
	if broken := d.logged("content policy broken"); len(broken) > 0 {
		t.Errorf("pages broke the content policy: %v", broken)
	}
}

// gateway is a provider of text messages that keeps what it was given.
type gateway struct {
	mu   sync.Mutex
	text string
}

func (g *gateway) serve(t *testing.T) string {
	ts := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var message struct{ To, Text string }
		_ = json.Unmarshal(body, &message)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.text = message.Text
	}))
	t.Cleanup(ts.Close)
	return ts.URL
}

func (g *gateway) code(t *testing.T) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		g.mu.Lock()
		text := g.text
		g.mu.Unlock()
		if code, _, ok := strings.Cut(text, " "); ok {
			return code
		}
	}
	t.Fatal("no message came")
	return ""
}

// TestSecondFactors: an authenticator app is set up; from then on a password leads to its code, or to a recovery code. A
// sensitive page asks again. A number can be added where the operator set a gateway up.
func TestSecondFactors(t *testing.T) {
	t.Parallel()
	var texts gateway
	d := newDeployment(t, "", "MAINSTAY_SMS_URL="+texts.serve(t))
	d.start(t)
	b := newTab(t, strings.Replace(d.run.url, "127.0.0.1", "localhost", 1))
	b.firstRun(d)
	b.everyWay("security", "/account/security", "Security")
	b.everyWay("app", "/account/security/app", "Set up an authenticator app")
	b.Open("/account/security/app")
	secret := strings.ReplaceAll(b.Text(".secret code"), " ", "")
	b.Fill("#code", "000000\r")
	b.Soon("a wrong code is said", `document.querySelector(".err")`)
	b.Sound("a wrong code")
	if again := strings.ReplaceAll(b.Text(".secret code"), " ", ""); again != secret {
		t.Errorf("a wrong code changed the secret")
	}
	code := func(ahead time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		check(t, err)
		return c
	}
	b.Fill("#code", code(0)+"\r")
	b.Soon("ten recovery codes are shown", `document.querySelectorAll("ol.codes li").length === 10`)
	b.Sound("recovery codes")
	b.Shot("recovery-codes")
	recovery := b.Text("ol.codes li")

	b.signOut()
	b.Fill("#email", "ada@example.com")
	b.Fill("#password", "a stone beside the canal\r")
	b.Soon("a second step is asked for", `location.pathname === "/sign-in/factor" && document.getElementById("code")`)
	b.Sound("the second step")
	b.Shot("second-step")
	b.Open("/meetings")
	b.Soon("half a sign-in reaches nothing", `location.pathname === "/sign-in"`)
	b.Open("/sign-in/factor")
	b.Fill("#code", code(30*time.Second)+"\r")
	b.Soon("the app's code leads home", home)

	b.signOut()
	b.Fill("#email", "ada@example.com")
	b.Fill("#password", "a stone beside the canal\r")
	b.Soon("a second step is asked for", `location.pathname === "/sign-in/factor"`)
	b.Click(`.ways a[href*="kind=recovery"]`)
	b.Soon("a recovery code is asked for", `document.querySelector("label[for=code]").textContent.includes("recovery")`)
	b.Fill("#code", recovery+"\r")
	b.Soon("a recovery code leads home", home)

	b.everyWay("confirm", "/confirm?next=/account/security", "Confirm that it is you")
	b.everyWay("number", "/account/security/number", "Add a telephone number")
	b.Fill("#number", "+49 151 1234567\r")
	b.Soon("a code was sent", `document.querySelector("input[name=setup]")`)
	b.Fill("#code", texts.code(t)+"\r")
	b.Soon("the number is added", `location.pathname === "/account/security" && document.querySelector("#phone li").textContent.includes("67")`)
	b.everyWay("security-full", "/account/security", "Security")
	if broken := d.logged("content policy broken"); len(broken) > 0 {
		t.Errorf("pages broke the content policy: %v", broken)
	}
}
