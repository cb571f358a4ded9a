package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"mainstay/internal/browsertest"
)

// TestAForgottenPasswordKeepsTheSecondFactor: Ada forgets her password and chooses another by the link that is mailed to her. The
// code of her app is asked for as before, and neither the old password nor the link is good again.
func TestAForgottenPasswordKeepsTheSecondFactor(t *testing.T) {
	t.Parallel()
	d, in, at := newMailing(t)
	b, first := newTab(t, at), owner().Get("password")
	b.signIn("ada@example.com", first)
	b.Open("/account/security/app")
	secret := strings.ReplaceAll(b.Text(".secret code"), " ", "")
	code := func(ahead time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		check(t, err)
		return c
	}
	b.Fill("#code", code(0)+"\r")
	b.Soon("the app is set up", `document.querySelectorAll("ol.codes li").length === 10`)
	b.signOut()

	b.Click(`a[href="/forgot"]`)
	b.Soon("the way back is offered", `location.pathname === "/forgot"`)
	b.everyWay("forgot", "/forgot", "Forgot your password?")
	b.Open("/forgot")
	b.Fill("#email", "ada@example.com\r")
	b.Soon("a mail is promised", `document.querySelector("h1").textContent === "Look into your mail"`)
	b.Sound("a mail is promised")
	link := in.link(t, at, "ada@example.com", "reset")
	b.everyWay("reset", link, "Choose a new password")
	b.Open(link)
	b.Fill("#password", "password1234\r")
	b.Soon("a common password is refused", `document.querySelector("#password[aria-invalid=true]")`)
	b.Sound("reset with a problem")
	b.Fill("#password", second+"\r")
	b.Soon("she is to sign in with it", `location.pathname === "/sign-in" && document.querySelector(".note")`)
	b.Sound("sign-in after a reset")
	if a, err := d.ask(http.MethodGet, "/meetings", nil, nil); err != nil || a.StatusCode != http.StatusSeeOther {
		t.Errorf("a session from before the reset is answered with %d, %v", statusOf(a), err)
	}

	b.Fill("#email", "ada@example.com")
	b.Fill("#password", first+"\r")
	b.Soon("the old password is refused", `document.querySelector("[role=alert]")?.textContent.includes("is not right") && document.getElementById("password")`)
	b.Fill("#password", second+"\r")
	b.Soon("the second factor is asked for", `location.pathname === "/sign-in/factor" && document.getElementById("code")`)
	b.Open("/meetings")
	b.Soon("half a sign-in reaches nothing", `location.pathname === "/sign-in"`)
	b.Open("/sign-in/factor")
	b.Fill("#code", code(30*time.Second)+"\r")
	b.Soon("the app's code leads home", home)
	b.Open(link)
	b.Soon("the link is over", `document.querySelector("h1").textContent === "This link is over"`)
	if broken := d.logged("content policy broken"); len(broken) > 0 {
		t.Errorf("pages broke the content policy: %v", broken)
	}
}

// TestEndedSessionsAreThrownOut: Ada ends the session of another browser, and all others. What the other asks for is refused from
// a second after that on, and the stream of its open page ends without its asking.
func TestEndedSessionsAreThrownOut(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	d.start(t)
	d.own(t, owner())
	at := strings.Replace(d.run.url, "127.0.0.1", "localhost", 1)
	here, there := newTab(t, at), newTab(t, at)
	here.signIn("ada@example.com", owner().Get("password"))
	there.signIn("ada@example.com", owner().Get("password"))
	there.Open("/")
	browsertest.Eval[bool](there.Tab, `window.bell = new EventSource("/events/bell"), new Promise(done => { bell.onmessage = () => done(true); bell.onerror = () => { window.silent = true; }; })`)

	here.everyWay("sessions", "/account/sessions", "Sessions")
	here.Open("/account/sessions")
	others := browsertest.Eval[int](here.Tab, `document.querySelectorAll("form[action$='/end'] .btn[aria-label]").length`)
	if others != 2 {
		t.Fatalf("%d other sessions are listed, want 2", others)
	}
	here.Click(`form[action^="/account/sessions/ses_"][action$="/end"] button`) // who was there last comes first
	here.Soon("the session is ended", `document.querySelector(".note.good")?.textContent.includes("has ended")`)
	ended := time.Now()
	there.Soon("the stream of the open page ended by itself", `window.silent`)
	for {
		asked := time.Now()
		if browsertest.Eval[bool](there.Tab, `fetch("/meetings", {redirect: "manual"}).then(r => r.type === "opaqueredirect")`) {
			break
		}
		if late := asked.Sub(ended); late > time.Second {
			t.Fatalf("%s after its end the session is let in", late)
		}
	}
	there.Open("/meetings")
	there.Soon("the other browser is to sign in", `location.pathname === "/sign-in"`)
	there.everyWay("thrown-out", "/sign-in?next=/meetings", "Sign in")

	here.Sound("sessions, one ended")
	here.Click("details.drop summary.btn:not(.icon)")
	here.Click(`form[action="/account/sessions/end"] button`)
	here.Soon("all others are ended", `document.querySelector(".note.good")?.textContent.includes("All other sessions") && document.querySelector("main").textContent.includes("signed in nowhere else")`)
	if a, err := d.ask(http.MethodGet, "/meetings", nil, nil); err != nil || a.StatusCode != http.StatusSeeOther {
		t.Errorf("the third session is answered with %d, %v", statusOf(a), err)
	}
	here.Open("/")
	here.Soon("her own goes on", home)
}

// inviting starts a deployment that mails nobody, in which Ada's page shows the link of her invitation of Ines, a member.
func inviting(t *testing.T) (d *deployment, ada, ines *tab) {
	t.Helper()
	d = newDeployment(t, "")
	d.start(t)
	d.own(t, owner())
	at := strings.Replace(d.run.url, "127.0.0.1", "localhost", 1)
	ada, ines = newTab(t, at), newTab(t, at)
	ada.signIn("ada@example.com", owner().Get("password"))
	ada.invite("Ines", "ines@example.com", "member")
	return d, ada, ines
}

// TestAPasswordIsHandedOver: where no mail is sent, the owner makes Ines a link for joining and later one for a new password. Each
// is shown once.
func TestAPasswordIsHandedOver(t *testing.T) {
	t.Parallel()
	d, ada, ines := inviting(t)
	ada.Sound("a link to hand over")
	ines.Open(ada.handed("/join/"))
	ines.Fill("#password", second+"\r")
	ines.Soon("she is in", `location.pathname === "/" && document.querySelector(".rail")`)
	ines.everyWay("forgot-without-mail", "/forgot", "Forgot your password?")

	ada.Open("/settings/members")
	row := `[...document.querySelectorAll(".people tr")].find(r => r.textContent.includes("ines@example.com"))`
	ask := browsertest.Eval[string](ada.Tab, row+`.querySelector("a[href$='/reset']").getAttribute("href")`)
	if mine := browsertest.Eval[int](ada.Tab, `document.querySelectorAll("a[href$='/reset']").length`); mine != 1 {
		t.Errorf("a link is offered for %d members, want Ines alone", mine)
	}
	if factors := browsertest.Eval[string](ada.Tab, row+`.textContent`); !strings.Contains(factors, "Password only") {
		t.Errorf("it is not said that Ines has a password only: %s", factors)
	}
	ada.everyWay("members", "/settings/members", "Members")
	ada.everyWay("hand", ask, "Let Ines choose a new password?")
	ada.Open(ask)
	ada.reach("the button", "form.stack .btn.first")
	ada.Press("\r")
	ada.Soon("the link is shown", `document.querySelector(".note.good input.mono")?.value.includes("/reset/")`)
	ada.Sound("a link for a new password")
	ada.Shot("handed")
	link := ada.handed("/reset/")
	ada.Open("/settings/members")
	if strings.Contains(ada.Text("main"), "/reset/") || browsertest.Eval[bool](ada.Tab, `!!document.querySelector("input.mono")`) {
		t.Error("the link is shown again")
	}

	ines.Open("/")
	ines.Soon("a link that is not used changes nothing", `document.querySelector(".rail")`)
	ines.Open(link)
	ines.reach("the password", "#password")
	ines.Press(third + "\r")
	ines.Soon("she is to sign in with it", `location.pathname === "/sign-in" && document.querySelector(".note")`)
	ines.Open("/meetings")
	ines.Soon("her session ended", `location.pathname === "/sign-in"`)
	ines.signIn("ines@example.com", third)
	var made, chosen int
	conn := d.admin(t)
	check(t, conn.QueryRow(t.Context(), `select count(*) from audit.event where verb = 'member.reset' and outcome = 'done'`).Scan(&made))
	check(t, conn.QueryRow(t.Context(), `select count(*) from control.event where verb in ('password.ask', 'password.reset') and outcome = 'done'`).Scan(&chosen))
	if made != 1 || chosen != 2 {
		t.Errorf("%d events of the workspace and %d of the deployment tell of the link and its use, want 1 and 2", made, chosen)
	}
}

// TestAnInvitedPersonJoinsByPasskey: Ines has no password. A device of hers makes the account as she joins, and lets her in again.
func TestAnInvitedPersonJoinsByPasskey(t *testing.T) {
	t.Parallel()
	_, ada, ines := inviting(t)
	device := ines.key("internal")
	ines.Open(ada.handed("/join/"))
	ines.reach("the passkey", "[data-passkey-go]")
	ines.Press("\r")
	ines.Soon("she is in", here("Harbor"))
	ines.isRole("Member")
	ines.returns(device)
	ines.Soon("the passkey alone leads home", here("Harbor"))
}

// handed returns the path of the link that a page shows, once.
func (b *tab) handed(kind string) string {
	b.T.Helper()
	shown := browsertest.Eval[string](b.Tab, `document.querySelector(".note.good input.mono").value`)
	path, ok := strings.CutPrefix(shown, b.At)
	if !ok || !strings.HasPrefix(path, kind) {
		b.T.Fatalf("the link that is shown is %s, want one to %s", fmt.Sprintf("%.40q", shown), kind)
	}
	return path
}
