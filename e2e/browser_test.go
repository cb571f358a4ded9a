package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is a browser's tab that looks at a deployment.
type tab struct {
	t   *testing.T
	ctx context.Context
	at  string // the deployment's address
}

// newTab starts Chromium for one test, or skips the test where there is none.
func newTab(t *testing.T, at string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", false),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.WSURLReadTimeout(time.Minute),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		stop()
	})
	b := &tab{t, ctx, at}
	_, err = chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (page.AddScriptToEvaluateOnNewDocumentResult, error) {
		return cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchErrors})
	})
	check(t, err)
	b.size(1280, 800)
	return b
}

// watchErrors makes every page remember what went wrong in it.
const watchErrors = `window.__errors = [];
addEventListener("error", e => __errors.push("error: " + e.message));
addEventListener("unhandledrejection", e => __errors.push("rejection: " + e.reason));
document.addEventListener("securitypolicyviolation", e => __errors.push("policy: " + e.effectiveDirective + " " + e.blockedURI));`

// size sets the window; a narrow one is a phone's.
func (b *tab) size(w, h int64) {
	b.t.Helper()
	var options []chromedp.EmulateViewportOption
	if w < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	check(b.t, chromedp.Do(b.ctx, chromedp.EmulateViewport(w, h, options...)))
}

// open goes to a path and waits until fonts and islands are there.
func (b *tab) open(path string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(b.at+path)); err != nil {
		b.t.Fatalf("opening %s: %v", path, err)
	}
	b.settle()
}

// settle waits, also where the page goes on to another by itself meanwhile.
func (b *tab) settle() {
	b.t.Helper()
	const settled = `document.fonts.ready.then(() => new Promise(r => requestAnimationFrame(() => setTimeout(() => r(true), 120))))`
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](settled, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "navigated") {
			b.t.Fatalf("waiting for a page to settle: %v", err)
		}
	}
}

// eval evaluates an expression in the page and waits for its promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluating %.100s: %v", expression, err)
	}
	return v
}

// soon waits until an expression holds, also across pages, and ends the test where it does not in time.
func (b *tab) soon(limit time.Duration, what, expression string) {
	b.t.Helper()
	ask := `new Promise(done => { const began = performance.now(); const holds = () => { try { return !!(` + expression + `) } catch { return false } };
		const look = () => { if (holds()) done(true); else if (performance.now() - began > 1000) done(false); else setTimeout(look, 20); }; look(); })`
	for end := time.Now().Add(limit); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(b.ctx, 3*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](ask, chromedp.EvalAwaitPromise))
		cancel()
		if err == nil && ok {
			return
		}
	}
	b.t.Fatalf("%s: not so at %s", what, eval[string](b, `Promise.resolve(location.pathname + " " + JSON.stringify(__errors) + ": " + document.querySelector("main").innerText.slice(0, 600))`))
}

// press sends keys to what has the focus.
func (b *tab) press(keys string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	check(b.t, chromedp.Do(b.ctx, chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...))))
}

// fill focuses a field and types into it.
func (b *tab) fill(id, text string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`document.getElementById(%q).focus(), Promise.resolve(true)`, id))
	b.press(text)
}

// click clicks the first element that a selector finds.
func (b *tab) click(selector string) {
	b.t.Helper()
	if !eval[bool](b, fmt.Sprintf(`{const e = document.querySelector(%q); if (e) e.click(); Promise.resolve(!!e)}`, selector)) {
		b.t.Fatalf("there is no %s", selector)
	}
}

const runAxe = `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r => JSON.stringify(r.violations))`

// sound checks the page that is shown: no violation of WCAG 2.2 AA, no error, no broken policy, no scrolling sideways.
func (b *tab) sound(what string) {
	b.t.Helper()
	for _, e := range eval[[]string](b, `Promise.resolve(__errors)`) {
		b.t.Errorf("%s: %s", what, e)
	}
	if eval[bool](b, `Promise.resolve(document.documentElement.scrollWidth > innerWidth)`) {
		b.t.Errorf("%s: the page scrolls sideways", what)
	}
	axe, err := os.ReadFile("../internal/web/testdata/axe-4.14.1.min.js")
	check(b.t, err)
	var found []struct {
		ID    string `json:"id"`
		Help  string `json:"help"`
		Nodes []struct {
			HTML    string `json:"html"`
			Summary string `json:"failureSummary"`
		} `json:"nodes"`
	}
	check(b.t, json.Unmarshal([]byte(eval[string](b, string(axe)+"; "+runAxe)), &found))
	for _, v := range found {
		for _, n := range v.Nodes[:min(2, len(v.Nodes))] {
			b.t.Errorf("%s: %s: %s\n%.300s\n%s", what, v.ID, v.Help, n.HTML, n.Summary)
		}
	}
}

// everyWay opens the page with the heading light and dark, on a desk and on a phone, and checks it each time. It writes pictures to the folder in
// MAINSTAY_SHOTS, if that is set.
func (b *tab) everyWay(name, path, heading string) {
	b.t.Helper()
	b.open(path)
	if got := eval[string](b, `Promise.resolve(document.querySelector("h1").textContent)`); !strings.Contains(got, heading) {
		b.t.Errorf("%s is headed %q, want %q", path, got, heading)
	}
	for _, window := range []struct {
		name string
		w, h int64
	}{{"desk", 1280, 800}, {"phone", 390, 844}} {
		b.size(window.w, window.h)
		for _, theme := range []string{"light", "dark"} {
			eval[bool](b, `document.cookie = "theme=`+theme+`; Path=/; SameSite=Lax", Promise.resolve(true)`)
			b.open(path)
			what := fmt.Sprintf("%s, %s, %s", name, window.name, theme)
			b.sound(what)
			b.shot(name + "-" + window.name + "-" + theme)
		}
	}
	eval[bool](b, `document.cookie = "theme=; Path=/; Max-Age=0", Promise.resolve(true)`)
	b.size(1280, 800)
}

func (b *tab) shot(name string) {
	dir := os.Getenv("MAINSTAY_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	check(b.t, err)
	check(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
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
	b.open(d.run.setup)
	b.fill("name", "Ada Berg")
	b.fill("email", "ada@example.com")
	b.fill("password", "a stone beside the canal")
	b.fill("workspace", "Harbor")
	b.press("\r")
	b.soon(30*time.Second, "the checks are shown", `location.pathname === "/setup/checks"`)
	b.soon(60*time.Second, "every check ends, and well", `document.querySelectorAll(".checks li").length >= 10 && !document.querySelector(".checks .waiting, .checks .bad")`)
	b.settle()
	b.click(".foot a")
	b.soon(10*time.Second, "home is shown", `location.pathname === "/" && document.querySelector("h1").textContent.includes("Ada")`)
	b.settle()
	b.click(`ul.items a[href^="/meetings/"]`)
	b.soon(10*time.Second, "the sample's minutes cite", `location.pathname.startsWith("/meetings/mtg_") && document.querySelectorAll("#minutes .cite").length >= 5`)
	took := time.Since(began)
	t.Logf("from the setup address to cited minutes: %s", took.Round(100*time.Millisecond))
	if took > 2*time.Minute {
		t.Errorf("from the setup address to cited minutes it took %s, want at most two minutes", took)
	}
	b.settle()
	at := eval[float64](b, `Promise.resolve(Number(document.querySelector("#minutes .cite").dataset.at) / 1000)`)
	b.click("#minutes .cite")
	b.soon(10*time.Second, "a citation plays its second", fmt.Sprintf(`!document.querySelector("audio").paused && Math.abs(document.querySelector("audio").currentTime - %f) < 5`, at))
	b.keys()
	b.soundPages(t, d)
	b.follows()
	if broken := d.logged("content policy broken"); len(broken) > 0 {
		t.Errorf("pages broke the content policy: %v", broken)
	}
}

// keys finds the sample by the palette and opens the sheet of shortcuts, by keyboard alone.
func (b *tab) keys() {
	b.t.Helper()
	b.open("/jobs")
	b.press("k", chromedp.ModifierCtrl)
	b.soon(10*time.Second, "the palette opens", `document.activeElement.matches(".palette input")`)
	b.press("site")
	b.soon(10*time.Second, "the palette finds the sample", `document.querySelector(".palette [aria-selected=true]").textContent.includes("Library site meeting")`)
	b.sound("the palette")
	b.press("\r")
	b.soon(10*time.Second, "Enter opens it", `location.pathname.startsWith("/meetings/mtg_")`)
	b.settle()
	b.press("?")
	b.soon(10*time.Second, "the sheet opens", `document.querySelector("dialog.keys[open]")`)
	b.sound("the sheet of shortcuts")
	b.press(kb.Escape)
	b.soon(10*time.Second, "Escape closes it", `!document.querySelector("dialog[open]")`)
}

// follows has the sample made again and looks at the jobs while it is: the page fills and empties by itself.
func (b *tab) follows() {
	b.t.Helper()
	b.open("/")
	b.click(`ul.items a[href^="/meetings/"]`)
	b.soon(10*time.Second, "the sample is open", `document.querySelector("form[action$='/run'] button")`)
	run := eval[string](b, `Promise.resolve(new URL(document.querySelector("form[action$='/run']").action).pathname)`)
	b.open("/jobs")
	eval[bool](b, `window.stayed = true, fetch("`+run+`", {method: "POST", redirect: "manual", headers: {"X-CSRF-Token": document.querySelector("meta[name=csrf]").content,
		"Content-Type": "application/x-www-form-urlencoded"}, body: "what=speech"}).then(() => true)`)
	b.soon(20*time.Second, "the work shows by itself", `window.stayed && document.querySelector("#running form[action$='/cancel'] button")`)
	b.soon(60*time.Second, "its progress shows by itself", `document.querySelector("#running progress")`)
	b.sound("jobs while they run")
	b.soon(2*time.Minute, "the page shows what came of it", `!window.stayed && !document.querySelector("#running form") && document.querySelectorAll(".items .chip.approved").length >= 3`)
}

// soundPages checks every real page of a deployment that holds the sample, in each size and theme.
func (b *tab) soundPages(t *testing.T, d *deployment) {
	t.Helper()
	sample := eval[string](b, `Promise.resolve(location.pathname)`)
	for name, page := range map[string][2]string{
		"home": {"/", "Ada"}, "meetings": {"/meetings", "Meetings"}, "meetings-none": {"/meetings?q=" + url.QueryEscape("nothing is called this"), "Meetings"},
		"new": {"/meetings/new", "New meeting"}, "paste": {"/meetings/new?from=paste", "New meeting"}, "sample": {sample, "Library site meeting"},
		"jobs": {"/jobs", "Jobs"}, "models": {"/settings/models", "Models"},
		"ledger": {"/settings/ledger", "What left"}, "checks": {"/setup/checks", "Checks"}, "missing": {"/nowhere", "Nothing is here"},
		"over": {d.run.setup, "This link is over"},
	} {
		b.everyWay(name, page[0], page[1])
	}
	b.open("/")
	eval[bool](b, `document.querySelector("form[action='/sign-out'] button").click(), Promise.resolve(true)`)
	b.soon(10*time.Second, "signing out leads to the sign-in", `location.pathname === "/sign-in" && document.querySelector(".note")`)
	b.everyWay("sign-in", "/sign-in?next=/jobs", "Sign in")
	b.open("/sign-in?next=/jobs")
	b.fill("email", "ada@example.com")
	b.fill("password", "not the password\r")
	b.soon(10*time.Second, "a wrong password is said", `document.querySelector("[role=alert]")`)
	b.sound("sign-in with a problem")
	b.fill("password", "a stone beside the canal\r")
	b.soon(10*time.Second, "signing in leads to where one wanted to be", `location.pathname === "/jobs"`)
}
