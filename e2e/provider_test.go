package e2e

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// openIDProvider starts the OpenID provider of the npm package oidc-provider, which others made, and returns its issuer. The
// test is skipped where Node or the package is missing.
func openIDProvider(t *testing.T, path string, redirects []string, claims map[string]any) (issuer string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node")
	}
	modules, err := filepath.Abs("../.cache/node/node_modules")
	check(t, err)
	if _, err := os.Stat(filepath.Join(modules, "oidc-provider")); err != nil {
		t.Skip("no oidc-provider: make setup brings it")
	}
	settings, err := json.Marshal(map[string]any{"modules": modules, "path": path, "client": "mainstay", "secret": "a-secret-of-the-story", "redirects": redirects, "claims": claims})
	check(t, err)
	run := exec.Command(node, "oidc-provider/provider.mjs", string(settings))
	out, err := run.StdoutPipe()
	check(t, err)
	check(t, run.Start())
	t.Cleanup(func() {
		_ = run.Process.Kill()
		_ = run.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			return lines.Text()
		}
	}
	t.Fatalf("the provider did not start: %v", lines.Err())
	return ""
}

// TestPeopleSignInWithGoogleAndMicrosoft: an owner links both, signs in with each, and a stranger with either stays outside.
func TestPeopleSignInWithGoogleAndMicrosoft(t *testing.T) {
	t.Parallel()
	const directory = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	listen := freePort(t)
	home := "http://" + strings.Replace(listen, "127.0.0.1", "localhost", 1)
	google := openIDProvider(t, "", []string{home + "/sign-in/callback/google"}, map[string]any{"hd": "example.com"})
	microsoft := openIDProvider(t, "/"+directory+"/v2.0", []string{home + "/sign-in/callback/microsoft"}, map[string]any{"tid": directory})
	at, err := url.Parse(microsoft)
	check(t, err)
	d := newDeployment(t, "", "MAINSTAY_LISTEN="+listen,
		"MAINSTAY_GOOGLE_CLIENT_ID=mainstay", "MAINSTAY_GOOGLE_CLIENT_SECRET=a-secret-of-the-story", "MAINSTAY_GOOGLE_ISSUER="+google, "MAINSTAY_GOOGLE_DOMAINS=example.com",
		"MAINSTAY_MICROSOFT_CLIENT_ID=mainstay", "MAINSTAY_MICROSOFT_CLIENT_SECRET=a-secret-of-the-story", "MAINSTAY_MICROSOFT_ISSUER=http://"+at.Host, "MAINSTAY_MICROSOFT_TENANTS="+directory)
	d.start(t)
	b := newTab(t, home)
	b.open(d.run.setup)
	b.fill("name", "Ada Berg")
	b.fill("email", "ada@example.com")
	b.fill("password", "a stone beside the canal")
	b.fill("workspace", "Harbor")
	b.press("\r")
	b.soon(30*time.Second, "the first run ends", `location.pathname === "/setup/checks"`)

	for _, name := range []string{"google", "microsoft"} {
		b.open("/account/security")
		b.click(`a[href="/account/links/` + name + `"]`)
		b.choose("ada@example.com")
		b.soon(20*time.Second, name+" is linked", `location.pathname === "/account/security" && document.querySelector(".note.good")?.textContent.includes("Linked")`)
	}
	b.everyWay("security-linked", "/account/security", "Security")
	b.everyWay("providers", "/settings/sign-in-providers", "Sign-in providers")
	b.open("/settings/sign-in-providers")
	b.click(`button[value="oidc"]`)
	b.soon(20*time.Second, "a provider of the workspace's is begun", `location.pathname.startsWith("/settings/sign-in-providers/idp_")`)
	b.settle()
	b.everyWay("provider", eval[string](b, `Promise.resolve(location.pathname)`), "Another provider")

	for _, name := range []string{"google", "microsoft"} {
		b.leave()
		b.click(`a[href="/sign-in/with/` + name + `"]`)
		b.choose("ada@example.com")
		b.soon(20*time.Second, "signed in with "+name, `location.pathname === "/" && document.querySelector("h1").textContent.includes("Ada")`)
	}
	b.leave()
	b.everyWay("sign-in-ways", "/sign-in", "Sign in")
	b.click(`a[href="/sign-in/with/google"]`)
	b.choose("eve@example.com")
	b.soon(20*time.Second, "a stranger stays outside", `location.host.startsWith("localhost") && document.querySelector("[role=alert]")?.textContent.includes("No account here is linked")`)
	b.sound("turned away")
	b.click(`a[href="/sign-in/with/microsoft"]`)
	b.soon(20*time.Second, "the provider asks", `document.querySelector("h1").textContent === "Choose an account"`)
	b.click(`button[name="deny"]`)
	b.soon(20*time.Second, "who changed their mind is told", `document.querySelector("[role=alert]")?.textContent.includes("You did not sign in")`)
}

// choose signs in at the provider as somebody.
func (b *tab) choose(email string) {
	b.t.Helper()
	b.soon(20*time.Second, "the provider asks", `document.querySelector("h1").textContent === "Choose an account"`)
	b.fill("login", email)
	b.press("\r")
}

// leave signs out.
func (b *tab) leave() {
	b.t.Helper()
	b.open("/")
	eval[bool](b, `document.querySelector('form[action="/sign-out"]').submit(), Promise.resolve(true)`)
	b.soon(20*time.Second, "signed out", `location.pathname === "/sign-in"`)
	b.settle()
}
