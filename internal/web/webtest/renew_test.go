package webtest_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/browsertest"
	"mainstay/internal/identity"
	"mainstay/internal/worldtest"
)

// TestAnOldPasswordIsReplacedByKeyboardAlone signs in with a password that is too old, without touching the mouse.
func TestAnOldPasswordIsReplacedByKeyboardAlone(t *testing.T) {
	t.Parallel()
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
	b := browsertest.New(t, ts.URL)
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
	})
	b.Size(390, 844)
	b.Open("/sign-in?next=/account/sessions")
	b.Press("ada@example.com")
	b.Press(kb.Tab)
	b.Soon("the password's field comes next", `document.activeElement.id === "password"`)
	b.Press(old + kb.Enter)
	b.Soon("a new password is asked for", `location.pathname === "/sign-in/password" && document.activeElement.id === "password"`)
	b.Accessible("a new password", "html")
	b.Press(old + kb.Enter)
	b.Soon("the old one is not taken", `document.querySelector(".err") && document.activeElement.id === "password" && document.activeElement.value === ""`)
	if n := sessions(t, w); n != 1 {
		t.Errorf("%d sessions before the new password, want the first run's", n)
	}
	b.Press("the river bends at noon" + kb.Enter)
	b.Soon("the person is in, where they wanted to be", `location.pathname === "/account/sessions"`)
	b.Clean("the pages")
}

func sessions(t *testing.T, w *worldtest.World) int {
	t.Helper()
	var n int
	if err := w.Admin.QueryRow(t.Context(), `select count(*) from control.session where ended_at is null`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
