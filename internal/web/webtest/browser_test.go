package webtest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts Chromium for one test, or skips the test where there is none.
func browser(t *testing.T) context.Context {
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
	// The first action makes the browser live as long as ctx.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		stop()
	})
	return ctx
}

// view sets the window's size; narrow ones are touch screens.
func view(t *testing.T, ctx context.Context, w, h int64) {
	t.Helper()
	var options []chromedp.EmulateViewportOption
	if w < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(w, h, options...)); err != nil {
		t.Fatalf("setting the window to %dx%d: %v", w, h, err)
	}
}

// open goes to the address and waits until fonts and islands are there.
func open(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("opening %s: %v", url, err)
	}
	settle(t, ctx)
}

// settle waits until fonts and islands are there, also where the page goes on to another by itself meanwhile.
func settle(t *testing.T, ctx context.Context) {
	t.Helper()
	const settled = `document.fonts.ready.then(() => new Promise(r => requestAnimationFrame(() => setTimeout(() => r(true), 120))))`
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](settled, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "navigated") {
			t.Fatalf("waiting for a page to settle: %v", err)
		}
	}
}

// run evaluates an expression in the page and waits for its promise.
func run[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("evaluating %.80s: %v", expression, err)
	}
	return v
}

// bare opens a page without any policy whose body is markup.
func bare(ctx context.Context, markup string) error {
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><body>"+markup)
	}))
	defer ts.Close()
	return chromedp.Do(ctx, chromedp.Navigate(ts.URL))
}

// soon waits until an expression holds, and fails the test if it does not within twenty seconds, because machines are shared.
func soon(t *testing.T, ctx context.Context, what, expression string) {
	t.Helper()
	within(t, ctx, 20*time.Second, what, expression)
}

// within asks again and again, also across pages, because a new page forgets what the old one was asked.
func within(t *testing.T, ctx context.Context, limit time.Duration, what, expression string) {
	t.Helper()
	ask := `new Promise(done => { const began = performance.now(); const holds = () => { try { return !!(` + expression + `) } catch { return false } };
		const look = () => { if (holds()) done(true); else if (performance.now() - began > 1000) done(false); else setTimeout(look, 20); }; look(); })`
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if holds(ctx, ask) {
			return
		}
	}
	t.Errorf("%s: not so; the focus is on %s", what, run[string](t, ctx, `Promise.resolve(location.pathname + " " + document.activeElement.outerHTML.slice(0, 160))`))
}

// holds asks once. A question that a new page interrupts is never answered, so it may not wait long.
func holds(ctx context.Context, ask string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](ask, chromedp.EvalAwaitPromise))
	return err == nil && ok
}
