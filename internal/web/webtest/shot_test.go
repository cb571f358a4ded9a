package webtest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"mainstay/internal/web/webtest"
)

// TestScreenshots writes pictures of each page to the folder in MAINSTAY_SHOTS, for people to look at.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("MAINSTAY_SHOTS")
	if dir == "" {
		t.Skip("MAINSTAY_SHOTS names no folder")
	}
	only := os.Getenv("MAINSTAY_SHOTS_ONLY")
	server, err := webtest.New(webtest.Pages())
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(server.Handler())
	defer ts.Close()
	ctx := browser(t)
	for name := range webtest.Pages() {
		if only != "" && !strings.Contains(","+only+",", ","+name+",") {
			continue
		}
		for _, v := range []struct {
			size  string
			w, h  int64
			theme string
		}{{"wide", 1280, 800, "light"}, {"phone", 390, 844, "light"}, {"wide", 1280, 800, "dark"}, {"phone", 390, 844, "dark"}} {
			view(t, ctx, v.w, v.h)
			open(t, ctx, ts.URL+"/page/"+name+"?theme="+v.theme)
			shot := chromedp.CaptureScreenshot()
			if os.Getenv("MAINSTAY_SHOTS_FULL") != "" {
				shot = chromedp.FullScreenshot(100)
			}
			png, err := chromedp.Run(ctx, shot)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%s.png", name, v.size, v.theme)), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestStateScreenshots adds pictures of what opens: palette, sheet, forms, menus, and the printed page.
func TestStateScreenshots(t *testing.T) {
	dir := os.Getenv("MAINSTAY_SHOTS")
	if dir == "" {
		t.Skip("MAINSTAY_SHOTS names no folder")
	}
	_, url := serve(t, webtest.Pages())
	ctx := browser(t)
	states := []struct{ name, page, do string }{
		{"palette", "meeting", `document.querySelector("[data-do=palette]").click()`},
		{"sheet", "meeting", `document.dispatchEvent(new KeyboardEvent("keydown", {key: "?"}))`},
		{"line", "meeting", `document.querySelector("#l-a1 .edit").click()`},
		{"name", "meeting", `document.querySelector("[popovertarget=p-spk3]").click()`},
		{"menu", "meeting", `document.querySelector(".acts summary").click()`},
		{"quote", "meeting", `document.querySelector("#l-d2 .cite").click(), document.querySelector("#l-d2 .cite").focus()`},
		{"rail", "home", `document.querySelector("[popovertarget=rail]").click()`},
		{"who", "home", `document.querySelector(".who summary").click()`},
	}
	for _, window := range windows {
		view(t, ctx, window.w, window.h)
		for _, s := range states {
			open(t, ctx, url+"/page/"+s.page+"?theme=light")
			run[bool](t, ctx, s.do+`, new Promise(r => setTimeout(() => r(true), 500))`)
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "state-"+s.name+"-"+window.name+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	view(t, ctx, 1280, 800)
	open(t, ctx, url+"/page/meeting-approved?theme=dark")
	pdf, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (page.PrintToPDFResult, error) {
		return cdp.Call(ctx, target, page.PrintToPDF, page.PrintToPDFParams{})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "print.pdf"), pdf.Data, 0o644); err != nil {
		t.Fatal(err)
	}
}
