package webtest_test

import (
	"testing"

	"mainstay/internal/meeting"
)

// TestTheBellFollows opens a page and wants the bell to count a notice that comes while nobody touches it.
func TestTheBellFollows(t *testing.T) {
	t.Parallel()
	h := live(t)
	ctx := browser(t)
	before(t, ctx, watchErrors)
	view(t, ctx, 1280, 800)
	open(t, ctx, h.url+"/meetings")
	const unread = `(document.querySelector('.rail a[href="/notices"] .count')?.textContent ?? "none")`
	if got := run[string](t, ctx, `Promise.resolve(`+unread+`)`); got != "none" {
		t.Fatalf("before anything happened the bell shows %q", got)
	}
	m, err := h.Meetings.Create(h.here.Member, meeting.Details{Title: "Site progress"}, "paste", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Speech.Import(h.here.Member, m.ID, "talk.txt", []byte("Ada: We agreed to move the gate.")); err != nil {
		t.Fatal(err)
	}
	got := run[string](t, ctx, `new Promise(done => {
	const look = () => { const said = `+unread+`; if (said !== "none") { watch.disconnect(); done(said); } };
	const watch = new MutationObserver(look);
	watch.observe(document.querySelector(".rail"), { childList: true, subtree: true });
	look();
})`)
	if got != "1 unread" {
		t.Errorf("the bell shows %q, want one", got)
	}
	if label := run[string](t, ctx, `Promise.resolve(document.querySelector(".bell").getAttribute("aria-label"))`); label != "Notices, 1 unread" {
		t.Errorf("the bell of a phone says %q", label)
	}
	if err := h.Post.ReadAll(h.here.Member); err != nil { // in another tab
		t.Fatal(err)
	}
	run[bool](t, ctx, `new Promise(done => {
	const look = () => { if (`+unread+` === "none" && document.querySelector(".bell .dot").hidden) { watch.disconnect(); done(true); } };
	const watch = new MutationObserver(look);
	watch.observe(document.body, { childList: true, subtree: true, attributes: true });
	look();
})`)
	for _, e := range run[[]string](t, ctx, `Promise.resolve(__errors)`) {
		t.Error(e)
	}
	if reports := h.reports(); len(reports) > 0 {
		t.Errorf("the content policy was broken: %v", reports)
	}
}
