package webtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"mainstay/internal/web/webtest"
)

var windows = []struct {
	name string
	w, h int64
}{{"desktop", 1280, 800}, {"phone", 390, 844}}

// watchErrors makes every page remember what went wrong in it.
const watchErrors = `window.__errors = [];
addEventListener("error", e => __errors.push("error: " + e.message));
addEventListener("unhandledrejection", e => __errors.push("rejection: " + e.reason));
document.addEventListener("securitypolicyviolation", e => __errors.push("policy: " + e.effectiveDirective + " " + e.blockedURI + " " + e.sourceFile));
for (const name of ["error", "warn"]) { const old = console[name]; console[name] = (...a) => { __errors.push(name + ": " + a.join(" ")); old(...a); }; }`

func before(t *testing.T, ctx context.Context, script string) {
	t.Helper()
	_, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (page.AddScriptToEvaluateOnNewDocumentResult, error) {
		return cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	})
	if err != nil {
		t.Fatalf("adding a script to new pages: %v", err)
	}
}

type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

const runAxe = `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r => JSON.stringify(r.violations))`

func TestPagesAreAccessibleAndKeepThePolicy(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../testdata/axe-4.14.1.min.js")
	if err != nil {
		t.Fatal(err)
	}
	server, url := serve(t, webtest.Pages())
	ctx := browser(t)
	before(t, ctx, watchErrors)
	for _, window := range windows {
		view(t, ctx, window.w, window.h)
		for name := range webtest.Pages() {
			for _, theme := range []string{"light", "dark"} {
				what := fmt.Sprintf("%s, %s, %s", name, window.name, theme)
				open(t, ctx, url+"/page/"+name+"?theme="+theme)
				for _, e := range run[[]string](t, ctx, `Promise.resolve(__errors)`) {
					t.Errorf("%s: %s", what, e)
				}
				if wide := run[bool](t, ctx, `Promise.resolve(document.documentElement.scrollWidth > innerWidth)`); wide {
					t.Errorf("%s: the page scrolls sideways", what)
				}
				run[bool](t, ctx, string(axe)+"; Promise.resolve(true)")
				var found []violation
				if err := json.Unmarshal([]byte(run[string](t, ctx, runAxe)), &found); err != nil {
					t.Fatal(err)
				}
				for _, v := range found {
					for _, n := range v.Nodes[:min(2, len(v.Nodes))] {
						t.Errorf("%s: %s: %s\n%.300s\n%s", what, v.ID, v.Help, n.HTML, n.Summary)
					}
				}
			}
		}
	}
	if reports := server.Reports(); len(reports) > 0 {
		t.Errorf("the content policy was broken: %v", reports)
	}
}
