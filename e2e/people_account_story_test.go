package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// TestAForgottenPasswordKeepsTheSecondFactor: Ada forgets her password and chooses another by the link that is mailed to her. The
// code of her app is asked for as before, and neither the old password nor the link is good again.
func TestAForgottenPasswordKeepsTheSecondFactor(t *testing.T) {
	t.Parallel()
	d, in, at := newMailing(t)
	b, first := newTab(t, at), owner().Get("password")
	b.signIn("ada@example.com", first)
	b.open("/account/security/app")
	secret := strings.ReplaceAll(b.text(".secret code"), " ", "")
	code := func(ahead time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(ahead))
		check(t, err)
		return c
	}
	b.fill("code", code(0)+"\r")
	b.soon(20*time.Second, "the app is set up", `document.querySelectorAll("ol.codes li").length === 10`)
	b.signOut()

	b.click(`a[href="/forgot"]`)
	b.soon(20*time.Second, "the way back is offered", `location.pathname === "/forgot"`)
	b.everyWay("forgot", "/forgot", "Forgot your password?")
	b.open("/forgot")
	b.fill("email", "ada@example.com\r")
	b.soon(20*time.Second, "a mail is promised", `document.querySelector("h1").textContent === "Look into your mail"`)
	b.settle()
	b.sound("a mail is promised")
	link := in.link(t, at, "ada@example.com", "reset")
	b.everyWay("reset", link, "Choose a new password")
	b.open(link)
	b.fill("password", "password1234\r")
	b.soon(20*time.Second, "a common password is refused", `document.querySelector("#password[aria-invalid=true]")`)
	b.settle()
	b.sound("reset with a problem")
	b.fill("password", second+"\r")
	b.soon(20*time.Second, "she is to sign in with it", `location.pathname === "/sign-in" && document.querySelector(".note")`)
	b.settle()
	b.sound("sign-in after a reset")
	if a, err := d.ask(http.MethodGet, "/meetings", nil, nil); err != nil || a.StatusCode != http.StatusSeeOther {
		t.Errorf("a session from before the reset is answered with %d, %v", statusOf(a), err)
	}

	b.fill("email", "ada@example.com")
	b.fill("password", first+"\r")
	b.soon(20*time.Second, "the old password is refused", `document.readyState === "complete" && document.querySelector("[role=alert]")?.textContent.includes("is not right") && document.getElementById("password")`)
	b.settle()
	b.fill("password", second+"\r")
	b.soon(20*time.Second, "the second factor is asked for", `location.pathname === "/sign-in/factor" && document.getElementById("code")`)
	b.open("/meetings")
	b.soon(20*time.Second, "half a sign-in reaches nothing", `location.pathname === "/sign-in"`)
	b.open("/sign-in/factor")
	b.fill("code", code(30*time.Second)+"\r")
	b.soon(20*time.Second, "the app's code leads home", home)
	b.open(link)
	b.soon(20*time.Second, "the link is over", `document.querySelector("h1").textContent === "This link is over"`)
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
	there.open("/")
	eval[bool](there, `window.bell = new EventSource("/events/bell"), new Promise(done => { bell.onmessage = () => done(true); bell.onerror = () => { window.silent = true; }; })`)

	here.everyWay("sessions", "/account/sessions", "Sessions")
	here.open("/account/sessions")
	others := eval[int](here, `Promise.resolve(document.querySelectorAll("form[action$='/end'] .btn[aria-label]").length)`)
	if others != 2 {
		t.Fatalf("%d other sessions are listed, want 2", others)
	}
	here.click(`form[action^="/account/sessions/ses_"][action$="/end"] button`) // who was there last comes first
	here.soon(20*time.Second, "the session is ended", `document.querySelector(".note.good")?.textContent.includes("has ended")`)
	ended := time.Now()
	there.soon(10*time.Second, "the stream of the open page ended by itself", `window.silent`)
	for {
		asked := time.Now()
		if eval[bool](there, `fetch("/meetings", {redirect: "manual"}).then(r => r.type === "opaqueredirect")`) {
			break
		}
		if late := asked.Sub(ended); late > time.Second {
			t.Fatalf("%s after its end the session is let in", late)
		}
	}
	there.open("/meetings")
	there.soon(20*time.Second, "the other browser is to sign in", `location.pathname === "/sign-in"`)
	there.everyWay("thrown-out", "/sign-in?next=/meetings", "Sign in")

	here.settle()
	here.sound("sessions, one ended")
	here.click("details.drop summary.btn:not(.icon)")
	here.click(`form[action="/account/sessions/end"] button`)
	here.soon(20*time.Second, "all others are ended", `document.querySelector(".note.good")?.textContent.includes("All other sessions") && document.querySelector("main").textContent.includes("signed in nowhere else")`)
	if a, err := d.ask(http.MethodGet, "/meetings", nil, nil); err != nil || a.StatusCode != http.StatusSeeOther {
		t.Errorf("the third session is answered with %d, %v", statusOf(a), err)
	}
	here.open("/")
	here.soon(20*time.Second, "her own goes on", home)
}

// TestAPasswordIsHandedOver: where no mail is sent, the owner makes Ines a link for joining and later one for a new password. Each
// is shown once.
func TestAPasswordIsHandedOver(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	d.start(t)
	d.own(t, owner())
	at := strings.Replace(d.run.url, "127.0.0.1", "localhost", 1)
	ada, ines := newTab(t, at), newTab(t, at)
	ada.signIn("ada@example.com", owner().Get("password"))
	ada.invite("Ines", "ines@example.com", "member")
	ada.sound("a link to hand over")
	ines.open(ada.handed("/join/"))
	ines.fill("password", second+"\r")
	ines.soon(30*time.Second, "she is in", `location.pathname === "/" && document.querySelector(".rail")`)
	ines.everyWay("forgot-without-mail", "/forgot", "Forgot your password?")

	ada.open("/settings/members")
	row := `[...document.querySelectorAll(".people tr")].find(r => r.textContent.includes("ines@example.com"))`
	ask := eval[string](ada, `Promise.resolve(`+row+`.querySelector("a[href$='/reset']").getAttribute("href"))`)
	if mine := eval[int](ada, `Promise.resolve(document.querySelectorAll("a[href$='/reset']").length)`); mine != 1 {
		t.Errorf("a link is offered for %d members, want Ines alone", mine)
	}
	if factors := eval[string](ada, `Promise.resolve(`+row+`.textContent)`); !strings.Contains(factors, "Password only") {
		t.Errorf("it is not said that Ines has a password only: %s", factors)
	}
	ada.everyWay("members", "/settings/members", "Members")
	ada.everyWay("hand", ask, "Let Ines choose a new password?")
	ada.open(ask)
	ada.reach("the button", "form.stack .btn.first")
	ada.press("\r")
	ada.soon(20*time.Second, "the link is shown", `document.querySelector(".note.good input.mono")?.value.includes("/reset/")`)
	ada.settle()
	ada.sound("a link for a new password")
	ada.shot("handed")
	link := ada.handed("/reset/")
	ada.open("/settings/members")
	if strings.Contains(ada.text("main"), "/reset/") || eval[bool](ada, `Promise.resolve(!!document.querySelector("input.mono"))`) {
		t.Error("the link is shown again")
	}

	ines.open("/")
	ines.soon(20*time.Second, "a link that is not used changes nothing", `document.querySelector(".rail")`)
	ines.open(link)
	ines.reach("the password", "#password")
	ines.press(third + "\r")
	ines.soon(20*time.Second, "she is to sign in with it", `location.pathname === "/sign-in" && document.querySelector(".note")`)
	ines.open("/meetings")
	ines.soon(20*time.Second, "her session ended", `location.pathname === "/sign-in"`)
	ines.signIn("ines@example.com", third)
	var made, chosen int
	conn := d.admin(t)
	check(t, conn.QueryRow(t.Context(), `select count(*) from audit.event where verb = 'member.reset' and outcome = 'done'`).Scan(&made))
	check(t, conn.QueryRow(t.Context(), `select count(*) from control.event where verb in ('password.ask', 'password.reset') and outcome = 'done'`).Scan(&chosen))
	if made != 1 || chosen != 2 {
		t.Errorf("%d events of the workspace and %d of the deployment tell of the link and its use, want 1 and 2", made, chosen)
	}
}

// handed returns the path of the link that a page shows, once.
func (b *tab) handed(kind string) string {
	b.t.Helper()
	shown := eval[string](b, `Promise.resolve(document.querySelector(".note.good input.mono").value)`)
	path, ok := strings.CutPrefix(shown, b.at)
	if !ok || !strings.HasPrefix(path, kind) {
		b.t.Fatalf("the link that is shown is %s, want one to %s", fmt.Sprintf("%.40q", shown), kind)
	}
	return path
}
