package webtest_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"mainstay/internal/browsertest"
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

func TestUploadSurvivesBrokenPartsAndArrivesWhole(t *testing.T) {
	t.Parallel()
	server, url := serve(t, webtest.Pages())
	server.Uploads.Fail = func(part int) bool { return part == 2 || part == 3 }
	path, want := recording(t, "site meeting.m4a", 20<<20)
	b := browsertest.New(t, url)
	b.Open("/page/new")
	b.Choose("#files", path)
	b.Soon("the file is listed", `document.querySelector("#chosen .name").textContent === "site meeting.m4a"`)
	b.Do(`document.querySelector("[name=told][value=yes]").click(), document.querySelector(".foot .first").click()`)
	b.Soon("the page counts what is stored safely", `document.querySelector(".up .hint").textContent.includes("Stored safely")`)
	b.Soon("the page moves on to the meeting", `location.pathname === "/page/processing"`)
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
	b := browsertest.New(t, url)
	b.Open("/page/new")
	b.Choose("#files", path)
	b.Soon("the file is listed", `document.querySelector("#chosen .name")`)
	b.Do(`document.querySelector("[name=told][value=no]").click(), document.querySelector(".foot .first").click()`)
	b.Soon("the first part is stored", `document.querySelector(".up .hint").textContent.startsWith("Stored safely 8.4 MB")`)
	b.Do(`document.querySelector(".up button").click()`)
	b.Soon("it pauses", `document.querySelector(".up .hint").textContent.startsWith("Paused")`)
	b.Open("/page/new")
	b.Soon("the page remembers it", `!document.querySelector("#waiting").hidden && document.querySelector("#waiting .name").textContent === "talk.wav"`)
	back.Store(true)
	// The chooser that Continue opens gives the file, as a person would.
	b.Do(`HTMLInputElement.prototype.click = function () { this.id = "again"; document.body.append(this); }, document.querySelector("#waiting button").click()`)
	b.Soon("it asks for the file", `document.querySelector("#again")`)
	b.Choose("#again", path)
	b.Soon("the page moves on to the meeting", `location.pathname === "/page/processing"`)
	got, whole := server.Uploads.Stored(0)
	if !whole || !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived, whole %v, want the %d that were sent", len(got), whole, len(want))
	}
}

func TestSeveralRecordingsBecomeSeveralUploads(t *testing.T) {
	t.Parallel()
	server, url := serve(t, webtest.Pages())
	one, wantA := recording(t, "a.mp3", 1<<20)
	other, wantB := recording(t, "b.mp3", 3<<20)
	b := browsertest.New(t, url)
	b.Open("/page/new")
	b.Choose("#files", one, other)
	b.Soon("both are listed", `document.querySelectorAll("#chosen .up").length === 2`)
	b.Do(`document.querySelector("[name=told][value=unknown]").click(), document.querySelector(".foot .first").click()`)
	b.Soon("the page moves on to the jobs", `location.pathname === "/jobs"`)
	for i, want := range [][]byte{wantA, wantB} {
		if got, whole := server.Uploads.Stored(i); !whole || !bytes.Equal(got, want) {
			t.Errorf("upload %d holds %d bytes, whole %v, want %d", i, len(got), whole, len(want))
		}
	}
}
