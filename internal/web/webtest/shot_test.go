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

	"mainstay/internal/meeting"
	"mainstay/internal/web/webtest"
	"mainstay/internal/worldtest"
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

// TestRealScreenshots adds pictures of the pages of meetings over the real handlers.
func TestRealScreenshots(t *testing.T) {
	dir := os.Getenv("MAINSTAY_SHOTS")
	if dir == "" {
		t.Skip("MAINSTAY_SHOTS names no folder")
	}
	var c worldtest.Case
	h := live(t, func(h *house) {
		h.here.Owner = h.here.Member // who looks made it
		c = h.here.Case(t, false)
	})
	at := "/meetings/" + c.Meeting.String()
	m, err := h.Meetings.Create(h.here.Member, meeting.Details{Title: "Letter", Project: "Quayside House"}, "upload", false)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = h.Capture.Put(h.here.Member, m.ID, "letter.wav", 20, strings.NewReader("This is no recording"))
	ctx := browser(t)
	for name, path := range map[string]string{"real-meeting": at, "real-erase": at + "/erase", "real-details": at + "/details", "real-list": "/meetings", "real-none": "/meetings?q=zzz",
		"real-refused": "/meetings/" + m.ID.String(), "real-new": "/meetings/new", "real-line": at + "/lines/a1/edit", "real-404": "/meetings/mtg_x", "real-home": "/"} {
		for _, v := range []struct {
			size string
			w, h int64
		}{{"wide", 1280, 900}, {"phone", 390, 844}} {
			view(t, ctx, v.w, v.h)
			open(t, ctx, h.url+path)
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+"-"+v.size+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
