// Package browsertest looks at pages in Chromium, and uses them as a person does. Nothing of it is part of the program.
//
// A page may go on to another by itself at any moment, and a script that is still on its way hears no click. So nothing is touched
// on a page that is not there whole: [Tab.Soon], [Tab.Click] and [Tab.Fill] wait for that.
package browsertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// late is how long a loaded machine may take for what takes a second.
const late = 2 * time.Minute

// Tab is a tab of a browser of its own. Its methods end the test where they fail.
type Tab struct {
	T       *testing.T
	Context context.Context // the tab's, for what chromedp alone can do
	At      string          // the address that paths are below
}

// New starts Chromium for a test, with a window of 1280 by 800, or skips the test where there is none.
func New(t *testing.T, at string) *Tab {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", false),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.WSURLReadTimeout(time.Minute),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	// The first action makes the browser live as long as ctx.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		stop()
	})
	b := &Tab{t, ctx, at}
	b.Before(watch)
	b.Size(1280, 800)
	return b
}

// watch makes every page remember what went wrong in it.
const watch = `window.__errors = [];
addEventListener("error", e => __errors.push("error: " + e.message));
addEventListener("unhandledrejection", e => __errors.push("rejection: " + e.reason));
document.addEventListener("securitypolicyviolation", e => __errors.push("policy: " + e.effectiveDirective + " " + e.blockedURI + " " + e.sourceFile));
for (const name of ["error", "warn"]) { const old = console[name]; console[name] = (...a) => { __errors.push(name + ": " + a.join(" ")); old(...a); }; }`

func (b *Tab) check(err error, what string, values ...any) {
	b.T.Helper()
	if err != nil {
		b.T.Fatalf("%s: %v", fmt.Sprintf(what, values...), err)
	}
}

// Before has each new page run a script before its own.
func (b *Tab) Before(script string) {
	b.T.Helper()
	_, err := chromedp.Run(b.Context, func(ctx context.Context, target *chromedp.Target) (page.AddScriptToEvaluateOnNewDocumentResult, error) {
		return cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	})
	b.check(err, "adding a script to new pages")
}

// Size sets the window; a narrow one is a phone's, with a touch screen.
func (b *Tab) Size(w, h int64) {
	b.T.Helper()
	var options []chromedp.EmulateViewportOption
	if w < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.check(chromedp.Do(b.Context, chromedp.EmulateViewport(w, h, options...)), "setting the window to %dx%d", w, h)
}

// Open goes to a path and waits until fonts and islands are there, also where that page goes on to another by itself.
func (b *Tab) Open(path string) {
	b.T.Helper()
	const settled = `document.fonts.ready.then(() => new Promise(r => requestAnimationFrame(() => setTimeout(() => r(true), 120))))`
	ctx, cancel := context.WithTimeout(b.Context, late)
	defer cancel()
	b.check(chromedp.Do(ctx, chromedp.Navigate(b.At+path)), "opening %s", path)
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](settled, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "navigated") {
			b.T.Fatalf("waiting for %s to settle: %v", path, err)
		}
	}
}

// Eval evaluates an expression in the page and waits for its promise.
func Eval[T any](b *Tab, expression string) T {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Context, late)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	b.check(err, "evaluating %.100s", expression)
	return v
}

// Do evaluates an expression for what it does.
func (b *Tab) Do(expression string) {
	b.T.Helper()
	Eval[bool](b, `Promise.resolve(void (`+expression+`)).then(() => true)`)
}

// Soon waits until a page is there whole for which an expression holds, also across pages.
func (b *Tab) Soon(what, expression string) {
	b.T.Helper()
	ask := `new Promise(done => { const began = performance.now();
		const holds = () => { try { return document.readyState === "complete" && !!(` + expression + `) } catch { return false } };
		const look = () => { if (holds()) done(true); else if (performance.now() - began > 1000) done(false); else setTimeout(look, 20); }; look(); })`
	for end := time.Now().Add(late); time.Now().Before(end); {
		// A question that a new page interrupts is never answered, so it may not wait long.
		ctx, cancel := context.WithTimeout(b.Context, 3*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](ask, chromedp.EvalAwaitPromise))
		cancel()
		if err == nil && ok {
			return
		}
	}
	b.T.Fatalf("%s: not so at %s", what, Eval[string](b, `[location.pathname, document.readyState, "errors " + JSON.stringify(__errors),
		"focus " + document.activeElement?.outerHTML.slice(0, 160), document.body.innerText.slice(0, 600)].join("; ")`))
}

// Press sends keys to what has the focus.
func (b *Tab) Press(keys string, modifiers ...chromedp.Modifier) {
	b.T.Helper()
	b.check(chromedp.Do(b.Context, chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...))), "pressing %q", keys)
}

func find(selector string) string { return fmt.Sprintf("document.querySelector(%q)", selector) }

// Fill waits for the field that a selector finds, and types into it.
func (b *Tab) Fill(selector, text string) {
	b.T.Helper()
	b.Focus(selector)
	b.Press(text)
}

// Focus waits for the first element that a selector finds, and gives it the focus.
func (b *Tab) Focus(selector string) {
	b.T.Helper()
	b.Soon("there is "+selector, find(selector))
	b.Do(find(selector) + ".focus()")
}

// Click waits for the first element that a selector finds, and clicks it.
func (b *Tab) Click(selector string) {
	b.T.Helper()
	b.Soon("there is "+selector, find(selector))
	b.Do(find(selector) + ".click()")
}

// Choose gives files to a field.
func (b *Tab) Choose(selector string, files ...string) {
	b.T.Helper()
	b.check(chromedp.Do(b.Context, chromedp.SetUploadFiles(selector, files)), "choosing files")
}

// Text returns the text of the first element that a selector finds.
func (b *Tab) Text(selector string) string {
	b.T.Helper()
	return Eval[string](b, find(selector)+".textContent")
}

//go:embed axe-4.14.1.min.js
var axe string

// Accessible checks by axe what lies in the first element that a selector finds: no violation of WCAG 2.2 A and AA.
func (b *Tab) Accessible(what, selector string) {
	b.T.Helper()
	var found []struct {
		ID    string `json:"id"`
		Help  string `json:"help"`
		Nodes []struct {
			HTML    string `json:"html"`
			Summary string `json:"failureSummary"`
		} `json:"nodes"`
	}
	// One evaluation puts axe in and asks it, so that no page goes between.
	run := fmt.Sprintf(`axe.run(%q, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r => JSON.stringify(r.violations))`, selector)
	b.check(json.Unmarshal([]byte(Eval[string](b, axe+"; "+run)), &found), "reading axe's answer")
	for _, v := range found {
		for _, n := range v.Nodes[:min(2, len(v.Nodes))] {
			b.T.Errorf("%s: %s: %s\n%.300s\n%s", what, v.ID, v.Help, n.HTML, n.Summary)
		}
	}
}

// Clean checks that nothing went wrong in the page, and that no policy was broken.
func (b *Tab) Clean(what string) {
	b.T.Helper()
	for _, e := range Eval[[]string](b, `__errors`) {
		b.T.Errorf("%s: %s", what, e)
	}
}

// Sound checks the page that is shown: clean, accessible, and not to be scrolled sideways.
func (b *Tab) Sound(what string) {
	b.T.Helper()
	b.Clean(what)
	if Eval[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		b.T.Errorf("%s: the page scrolls sideways", what)
	}
	b.Accessible(what, "html")
}

// Shot writes a picture of the whole page to the folder in MAINSTAY_SHOTS, if that is set, for people to look at.
func (b *Tab) Shot(name string) {
	b.T.Helper()
	folder := os.Getenv("MAINSTAY_SHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(b.Context, chromedp.FullScreenshot(100))
	b.check(err, "taking a picture of %s", name)
	b.check(os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644), "writing a picture")
}
