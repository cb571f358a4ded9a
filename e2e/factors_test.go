package e2e

import (
	"context"
	"encoding/json"
	"fmt"
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
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{})
	})
	check(b.t, err)
	made, err := chromedp.Run(b.ctx, func(ctx context.Context, target *chromedp.Target) (webauthn.AddVirtualAuthenticatorResult, error) {
		return cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: transport, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	})
	check(b.t, err)
	return made.AuthenticatorID
}

// presence says whether somebody touches the device.
func (b *tab) presence(id webauthn.AuthenticatorID, there bool) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, target, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: id, Enabled: there})
	})
	check(b.t, err)
}

func (b *tab) signOut() {
	b.t.Helper()
	b.open("/")
	b.soon(10*time.Second, "one can sign out", `document.querySelector("form[action='/sign-out'] button")`)
	b.click("form[action='/sign-out'] button")
	b.soon(10*time.Second, "signing out leads to the sign-in", `location.pathname === "/sign-in"`)
	b.settle()
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`Promise.resolve(document.querySelector(%q).textContent)`, selector))
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
	b.open(d.run.setup)
	b.click("[data-passkey-go]")
	b.soon(10*time.Second, "what is missing is said", `document.querySelector("[data-passkey-said]").textContent.includes("name") && document.activeElement.id === "name"`)
	b.sound("setup with what is missing")
	b.fill("name", "Ada Berg")
	b.fill("email", "ada@example.com")
	b.fill("workspace", "Harbor")
	b.click("[data-passkey-go]")
	b.soon(30*time.Second, "the checks are shown", `location.pathname === "/setup/checks"`)
	b.open("/account/security")
	b.soon(10*time.Second, "there is a passkey and no password", `document.querySelectorAll("#passkeys li").length === 1 && document.querySelector("#password").textContent.includes("None")`)

	b.presence(device, false)
	b.signOut()
	b.presence(device, true)
	b.click("form[action='/sign-in/passkey'] [data-passkey-go]")
	b.soon(20*time.Second, "the passkey alone leads home", home)

	b.open("/")
	b.soon(10*time.Second, "one can sign out", `document.querySelector("form[action='/sign-out'] button")`)
	eval[bool](b, `Promise.resolve(window.signedIn = true)`)
	b.click("form[action='/sign-out'] button")
	b.soon(20*time.Second, "a passkey that the browser offers by itself leads home", `!window.signedIn && `+home)

	b.open("/account/security/passkey")
	b.presence(device, true)
	b.fill("name", "Laptop")
	b.click("[data-passkey-go]")
	b.soon(10*time.Second, "a device makes one passkey for an account", `document.querySelector("[data-passkey-said]").textContent.includes("already")`)
	b.key("usb")
	b.click("[data-passkey-go]")
	b.soon(20*time.Second, "another device adds another", `location.pathname === "/account/security/passkey" && document.querySelectorAll("ol.codes li").length === 10 || document.querySelectorAll("#passkeys li").length === 2`)
	b.sound("after another passkey")
	b.open("/account/security")
	b.click("#passkeys li:last-child .acts a")
	b.soon(10*time.Second, "a removal is asked about", `location.pathname === "/account/security/remove/passkey"`)
	b.settle()
	b.click("form[action^='/account/security/remove'] button")
	b.soon(10*time.Second, "the passkey is gone", `location.pathname === "/account/security" && document.querySelectorAll("#passkeys li").length === 1`)
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
	b.open(d.run.setup)
	for field, text := range map[string]string{"name": "Ada Berg", "email": "ada@example.com", "workspace": "Harbor", "password": "a stone beside the canal"} {
		b.fill(field, text)
	}
	b.press("\r")
	b.soon(30*time.Second, "the checks are shown", `location.pathname === "/setup/checks"`)
	b.everyWay("security", "/account/security", "Security")
	b.everyWay("app", "/account/security/app", "Set up an authenticator app")
	b.open("/account/security/app")
	secret := strings.ReplaceAll(b.text(".secret code"), " ", "")
	b.fill("code", "000000\r")
	b.soon(10*time.Second, "a wrong code is said", `document.querySelector(".err")`)
	b.sound("a wrong code")
	if again := strings.ReplaceAll(b.text(".secret code"), " ", ""); again != secret {
		t.Errorf("a wrong code changed the secret")
	}
	code := func(ahead time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		check(t, err)
		return c
	}
	b.fill("code", code(0)+"\r")
	b.soon(20*time.Second, "ten recovery codes are shown", `document.querySelectorAll("ol.codes li").length === 10`)
	b.sound("recovery codes")
	b.shot("recovery-codes")
	recovery := b.text("ol.codes li")

	b.signOut()
	b.fill("email", "ada@example.com")
	b.fill("password", "a stone beside the canal\r")
	b.soon(10*time.Second, "a second step is asked for", `location.pathname === "/sign-in/factor" && document.getElementById("code")`)
	b.settle()
	b.sound("the second step")
	b.shot("second-step")
	b.open("/meetings")
	b.soon(10*time.Second, "half a sign-in reaches nothing", `location.pathname === "/sign-in"`)
	b.open("/sign-in/factor")
	b.fill("code", code(30*time.Second)+"\r")
	b.soon(10*time.Second, "the app's code leads home", home)

	b.signOut()
	b.fill("email", "ada@example.com")
	b.fill("password", "a stone beside the canal\r")
	b.soon(10*time.Second, "a second step is asked for", `location.pathname === "/sign-in/factor"`)
	b.settle()
	b.click(`.ways a[href*="kind=recovery"]`)
	b.soon(10*time.Second, "a recovery code is asked for", `document.querySelector("label[for=code]").textContent.includes("recovery")`)
	b.settle()
	b.fill("code", recovery+"\r")
	b.soon(10*time.Second, "a recovery code leads home", home)

	b.everyWay("confirm", "/confirm?next=/account/security", "Confirm that it is you")
	b.everyWay("number", "/account/security/number", "Add a telephone number")
	b.fill("number", "+49 151 1234567\r")
	b.soon(20*time.Second, "a code was sent", `document.querySelector("input[name=setup]")`)
	b.fill("code", texts.code(t)+"\r")
	b.soon(20*time.Second, "the number is added", `location.pathname === "/account/security" && document.querySelector("#phone li").textContent.includes("67")`)
	b.everyWay("security-full", "/account/security", "Security")
	if broken := d.logged("content policy broken"); len(broken) > 0 {
		t.Errorf("pages broke the content policy: %v", broken)
	}
}
