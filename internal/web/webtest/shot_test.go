package webtest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"mainstay/internal/browsertest"
	"mainstay/internal/meeting"
	"mainstay/internal/web/webtest"
	"mainstay/internal/worldtest"
)

// pictures returns the folder that wants pictures, or skips the test where there is none.
func pictures(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("MAINSTAY_SHOTS")
	if folder == "" {
		t.Skip("MAINSTAY_SHOTS names no folder")
	}
	return folder
}

// TestScreenshots writes pictures of each page to the folder in MAINSTAY_SHOTS, for people to look at.
func TestScreenshots(t *testing.T) {
	pictures(t)
	only := os.Getenv("MAINSTAY_SHOTS_ONLY")
	_, url := serve(t, webtest.Pages())
	b := browsertest.New(t, url)
	for name := range webtest.Pages() {
		if only != "" && !strings.Contains(","+only+",", ","+name+",") {
			continue
		}
		for _, v := range []struct {
			size  string
			w, h  int64
			theme string
		}{{"wide", 1280, 800, "light"}, {"phone", 390, 844, "light"}, {"wide", 1280, 800, "dark"}, {"phone", 390, 844, "dark"}} {
			b.Size(v.w, v.h)
			b.Open("/page/" + name + "?theme=" + v.theme)
			b.Shot(name + "-" + v.size + "-" + v.theme)
		}
	}
}

// TestStateScreenshots adds pictures of what opens: palette, sheet, forms, menus, and the printed page.
func TestStateScreenshots(t *testing.T) {
	dir := pictures(t)
	_, url := serve(t, webtest.Pages())
	b := browsertest.New(t, url)
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
		b.Size(window.w, window.h)
		for _, s := range states {
			b.Open("/page/" + s.page + "?theme=light")
			browsertest.Eval[bool](b, s.do+`, new Promise(r => setTimeout(() => r(true), 500))`)
			b.Shot("state-" + s.name + "-" + window.name)
		}
	}
	b.Size(1280, 800)
	b.Open("/page/meeting-approved?theme=dark")
	pdf, err := chromedp.Run(b.Context, func(ctx context.Context, target *chromedp.Target) (page.PrintToPDFResult, error) {
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
	pictures(t)
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
	b := browsertest.New(t, h.url)
	for name, path := range map[string]string{"real-meeting": at, "real-erase": at + "/erase", "real-details": at + "/details", "real-list": "/meetings", "real-none": "/meetings?q=zzz",
		"real-refused": "/meetings/" + m.ID.String(), "real-new": "/meetings/new", "real-line": at + "/lines/a1/edit", "real-404": "/meetings/mtg_x", "real-home": "/"} {
		for _, v := range []struct {
			size string
			w, h int64
		}{{"wide", 1280, 900}, {"phone", 390, 844}} {
			b.Size(v.w, v.h)
			b.Open(path)
			b.Shot(name + "-" + v.size)
		}
	}
}
