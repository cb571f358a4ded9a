package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/browsertest"
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
	b.T.Helper()
	b.Open("/sign-in")
	b.Fill("#email", email)
	b.Fill("#password", password+"\r")
	b.Soon("signed in", `location.pathname === "/" && document.querySelector(".rail")`)
}

// reach presses Tab until what has the focus is so, and ends the test where nothing is.
func (b *tab) reach(what, selector string) {
	b.T.Helper()
	for range 120 {
		if browsertest.Eval[bool](b.Tab, `document.activeElement.matches(`+"`"+selector+"`"+`) && document.activeElement.matches(":focus-visible")`) {
			return
		}
		b.Press(kb.Tab)
	}
	b.T.Fatalf("%s: no number of tabs leads there", what)
}

// invite has the owner or admin of a tab invite somebody, and returns once that is said.
func (b *tab) invite(name, email, role string) {
	b.T.Helper()
	b.Open("/settings/members/invite")
	b.Fill("#name", name)
	b.Fill("#email", email)
	b.Click(`input[name=role][value=` + role + `]`)
	b.Click("form.stack .btn.first")
	b.Soon("the invitation is made", `document.querySelector(".note.good")?.textContent.includes("`+name+`")`)
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
	ada.Sound("members with an invitation")

	ines := newTab(t, at)
	link := in.link(t, at, "ines@example.com", "join")
	ines.everyWay("join", link, "Join Harbor")
	ines.Open(link)
	ines.reach("the password", "#password")
	ines.Press("short\r")
	ines.Soon("a short password is said", `document.querySelector("#password[aria-invalid=true]")`)
	ines.Sound("join with a problem")
	ines.reach("the password", "#password")
	ines.Press(second + kb.Enter)
	ines.Soon("she is in", here("Harbor"))
	ines.isRole("Viewer")
	ines.everyWay("link-used", link, "This link is over")
	ada.Open("/settings/members")
	ada.Soon("the owner sees her role", `[...document.querySelectorAll(".people tr")].some(r => r.textContent.includes("ines@example.com") && r.querySelector(".pickrole summary").textContent.includes("Viewer")) && document.body.textContent.includes("Nobody is invited just now")`)

	ada.found("Quayside")
	ada.invite("Ines", "ines@example.com", "admin")
	link = in.link(t, at, "ines@example.com", "join")
	ines.Open("/")
	ines.menu()
	ines.reach("signing out", `.who form[action="/sign-out"] button`)
	ines.Press(kb.Enter)
	ines.Soon("she is signed out", `location.pathname === "/sign-in"`)
	ines.everyWay("join-known", link, "Join Quayside")
	ines.Open(link)
	ines.reach("the sign-in", `a[href="/sign-in?next=/join"]`)
	ines.Press(kb.Enter)
	ines.Soon("she is asked who she is", `location.pathname === "/sign-in" && document.activeElement.id === "email"`)
	ines.Press("ines@example.com" + kb.Tab + second + kb.Enter)
	ines.Soon("the invitation is there again", `location.pathname === "/join" && document.querySelector("form[action='/join'] button")`)
	ines.everyWay("join-yours", "/join", "Join Quayside")
	ines.Open("/join")
	ines.reach("the button", "form[action='/join'] button")
	ines.Press(kb.Enter)
	ines.Soon("she is in the second workspace", here("Quayside"))
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
	b.Open("/meetings")
	if strings.Contains(b.Text("main"), "Pasted") {
		t.Error("Quayside lists a meeting of Harbor's")
	}
	b.menu()
	b.Sound("the menu with two workspaces")
	b.Shot("menu-places")
	b.reach("the other workspace", ".places button:not([aria-current])")
	b.Press(kb.Enter)
	b.Soon("Harbor is open", here("Harbor"))
	b.isRole("Viewer")
	b.Open("/meetings")
	b.Soon("its meeting is listed", `document.querySelector("main").textContent.includes("Pasted")`)
	pasted := browsertest.Eval[string](b.Tab, `document.querySelector('main a[href^="/meetings/mtg_"]').getAttribute("href")`)
	b.Open(pasted)
	b.Soon("it opens", `document.querySelector("h1").textContent.includes("Pasted")`)
	b.menu()
	b.reach("the other workspace", ".places button:not([aria-current])")
	b.Press(kb.Enter)
	b.Soon("Quayside is open", here("Quayside"))
	b.Open(pasted)
	b.Soon("Harbor's meeting is not there any more", `document.querySelector("h1").textContent.includes("Nothing is here")`)
}

// menu opens the shell's menu by keyboard.
func (b *tab) menu() {
	b.T.Helper()
	b.reach("the menu", ".who summary")
	b.Press(kb.Enter)
	b.Soon("the menu opens", `document.querySelector(".who[open]")`)
}

// isRole checks by what the shell offers which role the person has: a viewer makes no meetings, and only admins see who left.
func (b *tab) isRole(role string) {
	b.T.Helper()
	b.Open("/settings/workspace")
	if text := b.Text("main"); !strings.Contains(strings.ToLower(text), strings.ToLower(role)) {
		b.T.Errorf("the workspace's page does not say that they are %s: %.400s", role, text)
	}
	makes := browsertest.Eval[bool](b.Tab, `!!document.querySelector('.rail a[href="/meetings/new"]')`)
	sees := browsertest.Eval[bool](b.Tab, `!!document.querySelector('.rail a[href="/settings/access-log"]')`)
	if makes != (role != "Viewer") || sees != (role == "Admin") {
		b.T.Errorf("as %s they are offered new meetings: %v, the access log: %v", role, makes, sees)
	}
}

// found makes another workspace and goes there.
func (b *tab) found(name string) {
	b.T.Helper()
	b.everyWay("found", "/workspaces/new", "New workspace")
	b.Open("/workspaces/new")
	b.Fill("#workspace", name+"\r")
	b.Soon("the workspace is made", `document.querySelector(".who .names .subtle")?.textContent === "`+name+`"`)
}
