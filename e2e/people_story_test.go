package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/post/posttest"
)

// box is a mail server and what came out of the deployment that uses it.
type box struct{ mails chan posttest.Mail }

// newMailing starts a deployment that people find at localhost and that mails into a box. Ada owns it.
func newMailing(t *testing.T) (*deployment, *box, string) {
	t.Helper()
	smtp, in := posttest.New(t, posttest.StartTLS), &box{make(chan posttest.Mail, 100)}
	smtp.Took(func(m posttest.Mail) { in.mails <- m })
	ca := filepath.Join(t.TempDir(), "ca.pem")
	check(t, os.WriteFile(ca, smtp.CA, 0o600))
	listen := freePort(t)
	at := "http://" + strings.Replace(listen, "127.0.0.1", "localhost", 1)
	d := newDeployment(t, "", "MAINSTAY_LISTEN="+listen, "MAINSTAY_URL="+at, "MAINSTAY_SMTP="+smtp.Address, "MAINSTAY_SMTP_FROM=mainstay@example.com", "MAINSTAY_SMTP_CA="+ca)
	d.start(t)
	d.own(t, owner())
	return d, in, at
}

// link waits for a mail to somebody that has a link of the kind, and returns where it leads, without the host.
func (in *box) link(t *testing.T, at, to, kind string) string {
	t.Helper()
	links := regexp.MustCompile(regexp.QuoteMeta(at) + `(/` + kind + `/[A-Za-z0-9_-]{20,})`)
	late := time.After(time.Minute)
	for {
		select {
		case m := <-in.mails:
			if found := links.FindStringSubmatch(m.Text); found != nil && m.To == to {
				return found[1]
			}
		case <-late:
			t.Fatalf("no mail to %s has a link to %s", to, kind)
		}
	}
}

// signIn signs somebody in by their password, and leaves them at home.
func (b *tab) signIn(email, password string) {
	b.t.Helper()
	b.open("/sign-in")
	b.fill("email", email)
	b.fill("password", password+"\r")
	b.soon(20*time.Second, "signed in", `location.pathname === "/" && document.querySelector(".rail")`)
	b.settle()
}

// reach presses Tab until what has the focus is so, and ends the test where nothing is.
func (b *tab) reach(what, selector string) {
	b.t.Helper()
	for range 120 {
		if eval[bool](b, `Promise.resolve(document.activeElement.matches(`+"`"+selector+"`"+`) && document.activeElement.matches(":focus-visible"))`) {
			return
		}
		b.press(kb.Tab)
	}
	b.t.Fatalf("%s: no number of tabs leads there", what)
}

// invite has the owner or admin of a tab invite somebody, and returns once that is said.
func (b *tab) invite(name, email, role string) {
	b.t.Helper()
	b.open("/settings/members/invite")
	b.fill("name", name)
	b.fill("email", email)
	b.click(`input[name=role][value=` + role + `]`)
	b.click("form.stack .btn.first")
	b.soon(20*time.Second, "the invitation is made", `document.querySelector(".note.good")?.textContent.includes("`+name+`")`)
	b.settle()
}

const (
	second = "the river bends at noon"
	third  = "nine herons over the weir"
)

// here is where a person stands: the workspace's name beside their own.
func here(workspace string) string {
	return `location.pathname === "/" && document.querySelector(".who .names .subtle").textContent === "` + workspace + `"`
}

// TestAnInvitedPersonJoins: the owner invites Ines by mail; she opens the link in her own browser, makes an account and is in with
// the role that was offered. With that account she accepts an invitation to a second workspace, and goes from one to the other.
// She does all of it by keyboard.
func TestAnInvitedPersonJoins(t *testing.T) {
	t.Parallel()
	d, in, at := newMailing(t)
	d.pasteAndDie(t, "Ada: I will send the drawings to the engineer by Friday.") // and it lives
	ada := newTab(t, at)
	ada.signIn("ada@example.com", owner().Get("password"))
	ada.everyWay("invite", "/settings/members/invite", "Invite")
	ada.invite("Ines", "ines@example.com", "viewer")
	ada.sound("members with an invitation")

	ines := newTab(t, at)
	link := in.link(t, at, "ines@example.com", "join")
	ines.everyWay("join", link, "Join Harbor")
	ines.open(link)
	ines.reach("the password", "#password")
	ines.press("short\r")
	ines.soon(20*time.Second, "a short password is said", `document.querySelector("#password[aria-invalid=true]")`)
	ines.settle()
	ines.sound("join with a problem")
	ines.reach("the password", "#password")
	ines.press(second + kb.Enter)
	ines.soon(30*time.Second, "she is in", here("Harbor"))
	ines.settle()
	ines.isRole("Viewer")
	ines.everyWay("link-used", link, "This link is over")
	ada.open("/settings/members")
	ada.soon(20*time.Second, "the owner sees her role", `[...document.querySelectorAll(".people tr")].some(r => r.textContent.includes("ines@example.com") && r.querySelector(".pickrole summary").textContent.includes("Viewer")) && document.body.textContent.includes("Nobody is invited just now")`)

	ada.found("Quayside")
	ada.invite("Ines", "ines@example.com", "admin")
	link = in.link(t, at, "ines@example.com", "join")
	ines.open("/")
	ines.menu()
	ines.reach("signing out", `.who form[action="/sign-out"] button`)
	ines.press(kb.Enter)
	ines.soon(20*time.Second, "she is signed out", `location.pathname === "/sign-in"`)
	ines.everyWay("join-known", link, "Join Quayside")
	ines.open(link)
	ines.reach("the sign-in", `a[href="/sign-in?next=/join"]`)
	ines.press(kb.Enter)
	ines.soon(20*time.Second, "she is asked who she is", `location.pathname === "/sign-in" && document.activeElement.id === "email"`)
	ines.press("ines@example.com" + kb.Tab + second + kb.Enter)
	ines.soon(20*time.Second, "the invitation is there again", `location.pathname === "/join" && document.querySelector("form[action='/join'] button")`)
	ines.settle()
	ines.everyWay("join-yours", "/join", "Join Quayside")
	ines.open("/join")
	ines.reach("the button", "form[action='/join'] button")
	ines.press(kb.Enter)
	ines.soon(20*time.Second, "she is in the second workspace", here("Quayside"))
	ines.settle()
	ines.isRole("Admin")
	ines.switches(t, d)
	if broken := d.logged("content policy broken"); len(broken) > 0 {
		t.Errorf("pages broke the content policy: %v", broken)
	}
}

// switches goes from Quayside to Harbor and back by the shell's menu: what the pages hold is the workspace's that is named.
func (b *tab) switches(t *testing.T, d *deployment) {
	t.Helper()
	b.everyWay("workspaces", "/workspaces", "Workspaces")
	b.open("/meetings")
	if strings.Contains(b.text("main"), "Pasted") {
		t.Error("Quayside lists a meeting of Harbor's")
	}
	b.menu()
	b.sound("the menu with two workspaces")
	b.shot("menu-places")
	b.reach("the other workspace", ".places button:not([aria-current])")
	b.press(kb.Enter)
	b.soon(20*time.Second, "Harbor is open", here("Harbor"))
	b.settle()
	b.isRole("Viewer")
	b.open("/meetings")
	b.soon(20*time.Second, "its meeting is listed", `document.querySelector("main").textContent.includes("Pasted")`)
	pasted := eval[string](b, `Promise.resolve(document.querySelector('main a[href^="/meetings/mtg_"]').getAttribute("href"))`)
	b.open(pasted)
	b.soon(20*time.Second, "it opens", `document.querySelector("h1").textContent.includes("Pasted")`)
	b.menu()
	b.reach("the other workspace", ".places button:not([aria-current])")
	b.press(kb.Enter)
	b.soon(20*time.Second, "Quayside is open", here("Quayside"))
	b.open(pasted)
	b.soon(20*time.Second, "Harbor's meeting is not there any more", `document.querySelector("h1").textContent.includes("Nothing is here")`)
}

// menu opens the shell's menu by keyboard.
func (b *tab) menu() {
	b.t.Helper()
	b.reach("the menu", ".who summary")
	b.press(kb.Enter)
	b.soon(10*time.Second, "the menu opens", `document.querySelector(".who[open]")`)
}

// isRole checks by what the shell offers which role the person has: a viewer makes no meetings, and only admins see who left.
func (b *tab) isRole(role string) {
	b.t.Helper()
	b.open("/settings/workspace")
	if text := b.text("main"); !strings.Contains(strings.ToLower(text), strings.ToLower(role)) {
		b.t.Errorf("the workspace's page does not say that they are %s: %.400s", role, text)
	}
	makes := eval[bool](b, `Promise.resolve(!!document.querySelector('.rail a[href="/meetings/new"]'))`)
	sees := eval[bool](b, `Promise.resolve(!!document.querySelector('.rail a[href="/settings/access-log"]'))`)
	if makes != (role != "Viewer") || sees != (role == "Admin") {
		b.t.Errorf("as %s they are offered new meetings: %v, the access log: %v", role, makes, sees)
	}
}

// found makes another workspace and goes there.
func (b *tab) found(name string) {
	b.t.Helper()
	b.everyWay("found", "/workspaces/new", "New workspace")
	b.open("/workspaces/new")
	b.fill("workspace", name+"\r")
	b.soon(20*time.Second, "the workspace is made", `document.querySelector(".who .names .subtle")?.textContent === "`+name+`"`)
	b.settle()
}
