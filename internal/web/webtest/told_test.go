package webtest_test

import (
	"testing"

	"mainstay/internal/browsertest"
	"mainstay/internal/meeting"
)

// TestTheBellFollows opens a page and wants the bell to count a notice that comes while nobody touches it.
func TestTheBellFollows(t *testing.T) {
	t.Parallel()
	h := live(t)
	b := browsertest.New(t, h.url)
	b.Open("/meetings")
	const unread = `(document.querySelector('.rail a[href="/notices"] .count')?.textContent ?? "none")`
	if got := browsertest.Eval[string](b, unread); got != "none" {
		t.Fatalf("before anything happened the bell shows %q", got)
	}
	m, err := h.Meetings.Create(h.here.Member, meeting.Details{Title: "Site progress"}, "paste", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Speech.Import(h.here.Member, m.ID, "talk.txt", []byte("Ada: We agreed to move the gate.")); err != nil {
		t.Fatal(err)
	}
	b.Soon("the bell counts it", unread+` === "1 unread"`)
	if label := browsertest.Eval[string](b, `document.querySelector(".bell").getAttribute("aria-label")`); label != "Notices, 1 unread" {
		t.Errorf("the bell of a phone says %q", label)
	}
	if err := h.Post.ReadAll(h.here.Member); err != nil { // in another tab
		t.Fatal(err)
	}
	b.Soon("and counts it no more", unread+` === "none" && document.querySelector(".bell .dot").hidden`)
	b.Clean("the pages")
	if reports := h.reports(); len(reports) > 0 {
		t.Errorf("the content policy was broken: %v", reports)
	}
}
