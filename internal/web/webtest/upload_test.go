package webtest_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mainstay/internal/web/webtest"
)

// recording writes n bytes that no compression shortens.
func recording(t *testing.T, name string, n int) (path string, body []byte) {
	t.Helper()
	body = make([]byte, n)
	random := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = random.Read(body)
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, body
}

func choose(t *testing.T, ctx context.Context, selector string, files ...string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.SetUploadFiles(selector, files)); err != nil {
		t.Fatalf("choosing files: %v", err)
	}
}

func TestUploadSurvivesBrokenPartsAndArrivesWhole(t *testing.T) {
	t.Parallel()
	server, url := serve(t, webtest.Pages())
	server.Uploads.Fail = func(part int) bool { return part == 2 || part == 3 }
	path, want := recording(t, "site meeting.m4a", 20<<20)
	ctx := browser(t)
	before(t, ctx, watchErrors)
	open(t, ctx, url+"/page/new")
	choose(t, ctx, "#files", path)
	within(t, ctx, 30*time.Second, "the file is listed", `document.querySelector("#chosen .name").textContent === "site meeting.m4a"`)
	run[bool](t, ctx, `document.querySelector("[name=told][value=yes]").click(), document.querySelector(".foot .first").click(), Promise.resolve(true)`)
	within(t, ctx, 30*time.Second, "the page counts what is stored safely", `document.querySelector(".up .hint").textContent.includes("Stored safely")`)
	within(t, ctx, 30*time.Second, "the page moves on to the meeting", `location.pathname === "/page/processing"`)
	got, whole := server.Uploads.Stored(0)
	if !whole || !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived, whole %v, want the %d that were sent", len(got), whole, len(want))
	}
	if told := server.Uploads.Told(0); told != "yes" {
		t.Errorf("consent was sent as %q, want yes", told)
	}
}

func TestUploadGoesOnAfterAReload(t *testing.T) {
	t.Parallel()
	server, url := serve(t, webtest.Pages())
	var back atomic.Bool
	server.Uploads.Fail = func(part int) bool { return part > 1 && !back.Load() }
	path, want := recording(t, "talk.wav", 17<<20)
	ctx := browser(t)
	open(t, ctx, url+"/page/new")
	choose(t, ctx, "#files", path)
	within(t, ctx, 30*time.Second, "the file is listed", `document.querySelector("#chosen .name")`)
	run[bool](t, ctx, `document.querySelector("[name=told][value=no]").click(), document.querySelector(".foot .first").click(), Promise.resolve(true)`)
	within(t, ctx, 30*time.Second, "the first part is stored", `document.querySelector(".up .hint").textContent.startsWith("Stored safely 8.4 MB")`)
	run[bool](t, ctx, `document.querySelector(".up button").click(), Promise.resolve(true)`)
	within(t, ctx, 30*time.Second, "it pauses", `document.querySelector(".up .hint").textContent.startsWith("Paused")`)
	open(t, ctx, url+"/page/new")
	within(t, ctx, 30*time.Second, "the page remembers it", `!document.querySelector("#waiting").hidden && document.querySelector("#waiting .name").textContent === "talk.wav"`)
	back.Store(true)
	// The chooser that Continue opens gives the file, as a person would.
	run[bool](t, ctx, `HTMLInputElement.prototype.click = function () { this.id = "again"; document.body.append(this); }, document.querySelector("#waiting button").click(), Promise.resolve(true)`)
	within(t, ctx, 30*time.Second, "it asks for the file", `document.querySelector("#again")`)
	choose(t, ctx, "#again", path)
	within(t, ctx, 30*time.Second, "the page moves on to the meeting", `location.pathname === "/page/processing"`)
	got, whole := server.Uploads.Stored(0)
	if !whole || !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived, whole %v, want the %d that were sent", len(got), whole, len(want))
	}
}

func TestSeveralRecordingsBecomeSeveralUploads(t *testing.T) {
	t.Parallel()
	server, url := serve(t, webtest.Pages())
	a, wantA := recording(t, "a.mp3", 1<<20)
	b, wantB := recording(t, "b.mp3", 3<<20)
	ctx := browser(t)
	open(t, ctx, url+"/page/new")
	choose(t, ctx, "#files", a, b)
	within(t, ctx, 30*time.Second, "both are listed", `document.querySelectorAll("#chosen .up").length === 2`)
	run[bool](t, ctx, `document.querySelector("[name=told][value=unknown]").click(), document.querySelector(".foot .first").click(), Promise.resolve(true)`)
	within(t, ctx, 30*time.Second, "the page moves on to the jobs", `location.pathname === "/jobs"`)
	for i, want := range [][]byte{wantA, wantB} {
		if got, whole := server.Uploads.Stored(i); !whole || !bytes.Equal(got, want) {
			t.Errorf("upload %d holds %d bytes, whole %v, want %d", i, len(got), whole, len(want))
		}
	}
}
