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

	"mainstay/internal/browsertest"
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
	b.firstRun(d)

	for _, name := range []string{"google", "microsoft"} {
		b.Open("/account/security")
		b.Click(`a[href="/account/links/` + name + `"]`)
		b.choose("ada@example.com")
		b.Soon(name+" is linked", `location.pathname === "/account/security" && document.querySelector(".note.good")?.textContent.includes("Linked")`)
	}
	b.everyWay("security-linked", "/account/security", "Security")
	b.everyWay("providers", "/settings/sign-in-providers", "Sign-in providers")
	b.Open("/settings/sign-in-providers")
	b.Click(`button[value="oidc"]`)
	b.Soon("a provider of the workspace's is begun", `location.pathname.startsWith("/settings/sign-in-providers/idp_")`)
	b.everyWay("provider", browsertest.Eval[string](b.Tab, `location.pathname`), "Another provider")

	for _, name := range []string{"google", "microsoft"} {
		b.signOut()
		b.Click(`a[href="/sign-in/with/` + name + `"]`)
		b.choose("ada@example.com")
		b.Soon("signed in with "+name, `location.pathname === "/" && document.querySelector("h1").textContent.includes("Ada")`)
	}
	b.signOut()
	b.everyWay("sign-in-ways", "/sign-in", "Sign in")
	b.Click(`a[href="/sign-in/with/google"]`)
	b.choose("eve@example.com")
	b.Soon("a stranger stays outside", `location.host.startsWith("localhost") && document.querySelector("[role=alert]")?.textContent.includes("No account here is linked")`)
	b.Sound("turned away")
	b.Click(`a[href="/sign-in/with/microsoft"]`)
	b.Soon("the provider asks", `document.querySelector("h1").textContent === "Choose an account"`)
	b.Click(`button[name="deny"]`)
	b.Soon("who changed their mind is told", `document.querySelector("[role=alert]")?.textContent.includes("You did not sign in")`)
}

// choose signs in at the provider as somebody.
func (b *tab) choose(email string) {
	b.T.Helper()
	b.Soon("the provider asks", `document.querySelector("h1").textContent === "Choose an account"`)
	b.Fill("#login", email)
	b.Press("\r")
}
