package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/browsertest"
)

// tab is a browser's tab that looks at a deployment.
type tab struct{ *browsertest.Tab }

func newTab(t *testing.T, at string) *tab {
	t.Helper()
	return &tab{browsertest.New(t, at)}
}

// firstRun makes Ada the owner of a new deployment, and leaves her at its checks.
func (b *tab) firstRun(d *deployment) {
	b.T.Helper()
	b.Open(d.run.setup)
	b.Fill("#name", "Ada Berg")
	b.Fill("#email", "ada@example.com")
	b.Fill("#password", "a stone beside the canal")
	b.Fill("#workspace", "Harbor")
	b.Press("\r")
	b.Soon("the checks are shown", `location.pathname === "/setup/checks"`)
}

// everyWay opens the page with the heading light and dark, on a desk and on a phone, and checks it each time. Pictures are taken of it.
func (b *tab) everyWay(name, path, heading string) {
	b.T.Helper()
	b.Open(path)
	if got := browsertest.Eval[string](b.Tab, `document.querySelector("h1").textContent`); !strings.Contains(got, heading) {
		b.T.Errorf("%s is headed %q, want %q", path, got, heading)
	}
	for _, window := range []struct {
		name string
		w, h int64
	}{{"desk", 1280, 800}, {"phone", 390, 844}} {
		b.Size(window.w, window.h)
		for _, theme := range []string{"light", "dark"} {
			b.Do(`document.cookie = "theme=` + theme + `; Path=/; SameSite=Lax"`)
			b.Open(path)
			what := fmt.Sprintf("%s, %s, %s", name, window.name, theme)
			b.Sound(what)
			b.Shot(name + "-" + window.name + "-" + theme)
		}
	}
	b.Do(`document.cookie = "theme=; Path=/; Max-Age=0"`)
	b.Size(1280, 800)
}

// speaking returns the environment in which recordings are recognized, or skips the test where there is none.
func speaking(t *testing.T) []string {
	t.Helper()
	venv, models := os.Getenv("MAINSTAY_TEST_VENV"), os.Getenv("MAINSTAY_TEST_MODELS")
	if venv == "" || models == "" {
		t.Skip("no speech engine: make test brings one")
	}
	program, err := filepath.Abs("../inference")
	check(t, err)
	return []string{"MAINSTAY_PYTHON=" + filepath.Join(venv, "bin", "python"), "MAINSTAY_MODELS=" + models, "MAINSTAY_PROGRAM=" + program, "MAINSTAY_MODEL=whisper-tiny.en"}
}

// TestFirstRunLeadsToCitedMinutes: the program makes the sample meeting's minutes, prints them and one address; in a browser
// that address leads in under two minutes to the sample's minutes, whose citations play.
func TestFirstRunLeadsToCitedMinutes(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "", speaking(t)...)
	d.args = []string{"--sample"}
	d.start(t)
	printed := d.run.out.String()
	if minutes, address := strings.Index(printed, "# Library site meeting"), strings.Index(printed, "/setup/"); minutes < 0 || address < minutes {
		t.Errorf("the program did not print minutes and then the address: %.600s", printed)
	}
	b := newTab(t, strings.Replace(d.run.url, "127.0.0.1", "localhost", 1))
	b.everyWay("setup", d.run.setup, "Set up Mainstay")

	began := time.Now()
	b.firstRun(d)
	b.Soon("every check ends, and well", `document.querySelectorAll(".checks li").length >= 10 && !document.querySelector(".checks .waiting, .checks .bad")`)
	b.Click(".foot a")
	b.Soon("home is shown", `location.pathname === "/" && document.querySelector("h1").textContent.includes("Ada")`)
	b.Click(`ul.items a[href^="/meetings/"]`)
	b.Soon("the sample's minutes cite", `location.pathname.startsWith("/meetings/mtg_") && document.querySelectorAll("#minutes .cite").length >= 5`)
	took := time.Since(began)
	t.Logf("from the setup address to cited minutes: %s", took.Round(100*time.Millisecond))
	if took > 2*time.Minute {
		t.Errorf("from the setup address to cited minutes it took %s, want at most two minutes", took)
	}
	at := browsertest.Eval[float64](b.Tab, `Number(document.querySelector("#minutes .cite").dataset.at) / 1000`)
	b.Click("#minutes .cite")
	b.Soon("a citation plays its second", fmt.Sprintf(`!document.querySelector("audio").paused && Math.abs(document.querySelector("audio").currentTime - %f) < 5`, at))
	b.keys()
	b.soundPages(t, d)
	b.follows()
	if broken := d.logged("content policy broken"); len(broken) > 0 {
		t.Errorf("pages broke the content policy: %v", broken)
	}
}

// keys finds the sample by the palette and opens the sheet of shortcuts, by keyboard alone.
func (b *tab) keys() {
	b.T.Helper()
	b.Open("/jobs")
	b.Press("k", chromedp.ModifierCtrl)
	b.Soon("the palette opens", `document.activeElement.matches(".palette input")`)
	b.Press("site")
	b.Soon("the palette finds the sample", `document.querySelector(".palette [aria-selected=true]").textContent.includes("Library site meeting")`)
	b.Sound("the palette")
	b.Press("\r")
	b.Soon("Enter opens it", `location.pathname.startsWith("/meetings/mtg_")`)
	b.Press("?")
	b.Soon("the sheet opens", `document.querySelector("dialog.keys[open]")`)
	b.Sound("the sheet of shortcuts")
	b.Press(kb.Escape)
	b.Soon("Escape closes it", `!document.querySelector("dialog[open]")`)
}

// follows has the sample made again and looks at the jobs while it is: the page fills and empties by itself.
func (b *tab) follows() {
	b.T.Helper()
	b.Open("/")
	b.Click(`ul.items a[href^="/meetings/"]`)
	b.Soon("the sample is open", `document.querySelector("form[action$='/run'] button")`)
	run := browsertest.Eval[string](b.Tab, `new URL(document.querySelector("form[action$='/run']").action).pathname`)
	b.Open("/jobs")
	browsertest.Eval[bool](b.Tab, `window.stayed = true, fetch("`+run+`", {method: "POST", redirect: "manual", headers: {"X-CSRF-Token": document.querySelector("meta[name=csrf]").content,
		"Content-Type": "application/x-www-form-urlencoded"}, body: "what=speech"}).then(() => true)`)
	b.Soon("the work shows by itself", `window.stayed && document.querySelector("#running form[action$='/cancel'] button")`)
	b.Soon("its progress shows by itself", `document.querySelector("#running progress")`)
	b.Sound("jobs while they run")
	b.Soon("the page shows what came of it", `!window.stayed && !document.querySelector("#running form") && document.querySelectorAll(".items .chip.approved").length >= 3`)
}

// soundPages checks every real page of a deployment that holds the sample, in each size and theme.
func (b *tab) soundPages(t *testing.T, d *deployment) {
	t.Helper()
	sample := browsertest.Eval[string](b.Tab, `location.pathname`)
	for name, page := range map[string][2]string{
		"home": {"/", "Ada"}, "meetings": {"/meetings", "Meetings"}, "meetings-none": {"/meetings?q=" + url.QueryEscape("nothing is called this"), "Meetings"},
		"new": {"/meetings/new", "New meeting"}, "paste": {"/meetings/new?from=paste", "New meeting"}, "sample": {sample, "Library site meeting"},
		"jobs": {"/jobs", "Jobs"}, "models": {"/settings/models", "Models"},
		"ledger": {"/settings/ledger", "What left"}, "checks": {"/setup/checks", "Checks"}, "missing": {"/nowhere", "Nothing is here"},
		"over": {d.run.setup, "This link is over"},
	} {
		b.everyWay(name, page[0], page[1])
	}
	b.signOut()
	b.Soon("signing out is said", `document.querySelector(".note")`)
	b.everyWay("sign-in", "/sign-in?next=/jobs", "Sign in")
	b.Open("/sign-in?next=/jobs")
	b.Fill("#email", "ada@example.com")
	b.Fill("#password", "not the password\r")
	b.Soon("a wrong password is said", `document.querySelector(".note[role=alert]")`)
	b.Sound("sign-in with a problem")
	b.Fill("#password", "a stone beside the canal\r")
	b.Soon("signing in leads to where one wanted to be", `location.pathname === "/jobs"`)
}
