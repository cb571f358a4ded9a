package webtest_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
