package webtest_test

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/identity"
	"mainstay/internal/worldtest"
)

// TestAnOldPasswordIsReplacedByKeyboardAlone signs in with a password that is too old, without touching the mouse.
func TestAnOldPasswordIsReplacedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../testdata/axe-4.14.1.min.js")
	if err != nil {
		t.Fatal(err)
	}
	w := worldtest.New(t)
	token, err := w.Identity.IssueSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const old = "a stone beside the canal"
	if _, err = w.Identity.FirstRun(t.Context(), identity.Setup{Token: token.Reveal(), Name: "Ada Berg", Email: "ada@example.com", Password: old, Workspace: "Bridges"}); err != nil {
		t.Fatal(err)
	}
	if _, err = w.Admin.Exec(t.Context(), `update control.workspace set password_days = 30`); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Since(w.Clock.Now()) + 31*24*time.Hour) // after the browser's own time, by which it keeps cookies
	ts := httptest.NewServer(w.Pages(t).Server.Handler())
	ctx := browser(t)
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
	})
	before(t, ctx, watchErrors)
	view(t, ctx, 390, 844)
	open(t, ctx, ts.URL+"/sign-in?next=/account/sessions")
	press(t, ctx, "ada@example.com")
	press(t, ctx, kb.Tab)
	soon(t, ctx, "the password's field comes next", `document.activeElement.id === "password"`)
	press(t, ctx, old+kb.Enter)
	within(t, ctx, slow, "a new password is asked for", `location.pathname === "/sign-in/password" && document.activeElement.id === "password" && document.readyState === "complete"`)
	run[bool](t, ctx, string(axe)+"; Promise.resolve(true)")
	if found := run[string](t, ctx, runAxe); found != "[]" {
		t.Errorf("%.600s", found)
	}
	press(t, ctx, old+kb.Enter)
	within(t, ctx, slow, "the old one is not taken", `document.querySelector(".err") && document.activeElement.id === "password" && document.activeElement.value === "" && document.readyState === "complete"`)
	if n := sessions(t, w); n != 1 {
		t.Errorf("%d sessions before the new password, want the first run's", n)
	}
	press(t, ctx, "the river bends at noon"+kb.Enter)
	within(t, ctx, slow, "the person is in, where they wanted to be", `location.pathname === "/account/sessions" && document.readyState === "complete"`)
	for _, e := range run[[]string](t, ctx, `Promise.resolve(__errors)`) {
		t.Errorf("the page said: %s", e)
	}
}

func sessions(t *testing.T, w *worldtest.World) int {
	t.Helper()
	var n int
	if err := w.Admin.QueryRow(t.Context(), `select count(*) from control.session where ended_at is null`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
