package account_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"mainstay/internal/post"
	"mainstay/internal/worldtest"
)

func submitted(t *testing.T, w *worldtest.World, ten *worldtest.Tenant) worldtest.Case {
	t.Helper()
	c := ten.Case(t, false)
	if err := w.Minutes.Submit(ten.Member, c.Minutes, 1); err != nil {
		t.Fatal(err)
	}
	if err := w.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestANoticeLeadsToItsMeetingAndIsReadThen(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Cedar")
	b := w.Pages(t).Browser(t, ten.Owner)
	if page := b.Get(t, "/notices").Body.String(); !strings.Contains(page, "Nothing concerns you yet") {
		t.Error("the empty list does not say what it is for")
	}
	c := ten.Case(t, false)
	page := b.Get(t, "/notices").Body.String()
	at := "/notices/" + c.Notice.String()
	if !strings.Contains(page, "Meeting about Cedar") || !strings.Contains(page, `href="`+at+`"`) || !strings.Contains(page, "1 unread") {
		t.Errorf("the list lacks the notice: %s", page)
	}
	if !strings.Contains(b.Get(t, "/").Body.String(), `<span class="count">1<span class="sr"> unread</span></span>`) {
		t.Error("the bell of another page does not count it")
	}
	if got := b.Get(t, at); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/meetings/"+c.Meeting.String() {
		t.Errorf("opening it: %d to %s", got.Code, got.Header().Get("Location"))
	}
	if page := b.Get(t, "/notices").Body.String(); strings.Contains(page, "1 unread") || !strings.Contains(page, "Meeting about Cedar") {
		t.Error("after it was opened it is unread or gone")
	}
	ten.Case(t, false)
	ten.Case(t, false)
	if got := b.Post(t, "/notices/read", nil); got.Code != http.StatusSeeOther || strings.Contains(b.Get(t, "/notices").Body.String(), "unread") {
		t.Errorf("after all were marked as read, some are not: %d", got.Code)
	}
}

func TestTheBellCounts(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Cedar")
	b := w.Pages(t).Browser(t, ten.Owner)
	ten.Case(t, false)
	if got := b.First(t, "/events/bell"); !strings.HasPrefix(got, "data: 1\n\n") {
		t.Errorf("the bell's stream begins with %q", got)
	}
	if got := b.First(t, "/events/notices"); !strings.Contains(got, "Meeting about Cedar") || strings.Contains(got, "<html") {
		t.Errorf("the list's stream begins with %q", got)
	}
}

func TestWhatIsChosenIsShown(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Cedar")
	b := w.Pages(t).Browser(t, ten.Viewer)
	got := b.Post(t, "/account/notices", url.Values{"ready": {"both"}, "review": {"none"}, "sign-in": {"mail"}})
	if got.Code != http.StatusSeeOther {
		t.Fatalf("saving: %d", got.Code)
	}
	all, err := w.Post.Choices(ten.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	want := map[post.Kind][2]bool{post.Ready: {true, true}, post.Review: {false, false}, post.Failed: {true, false},
		post.SignedIn: {false, true}, post.FactorChange: {true, true}}
	for _, c := range all {
		if want[c.Kind] != [2]bool{c.App, c.Mail} {
			t.Errorf("%s is %+v, want %+v", c.Kind, c, want[c.Kind])
		}
	}
	if page := b.Get(t, "/account/notices").Body.String(); strings.Count(page, `value="none" selected`) != 1 || strings.Count(page, `value="mail" selected`) != 1 {
		t.Error("the form does not show what was chosen")
	}
	if got := b.Post(t, "/account/notices", url.Values{"factor": {"app"}}); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "cannot be switched off") {
		t.Errorf("switching security mails off: %d", got.Code)
	}
}

// TestAMailProgramEndsMailsWithOneClick is RFC 8058: a POST without cookie and origin, with the body that the header names.
func TestAMailProgramEndsMailsWithOneClick(t *testing.T) {
	t.Parallel()
	w := worldtest.NewWithMail(t)
	ten := w.Tenant(t, "Cedar")
	submitted(t, w, ten)
	mails := w.Mail.Mails()
	if len(mails) == 0 {
		t.Fatal("nothing was mailed")
	}
	at := strings.TrimPrefix(strings.Trim(mails[0].Header.Get("List-Unsubscribe"), "<>"), "https://mainstay.example.com")
	pages := w.Pages(t)
	ask := func(method, path, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		out := httptest.NewRecorder()
		pages.Server.Handler().ServeHTTP(out, r)
		return out
	}
	chosen := func() (n int) {
		if err := w.Admin.QueryRow(t.Context(), `select count(*) from tenant.notice_choice where kind = 'review' and not mail`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := ask(http.MethodGet, at, ""); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "End these mails?") || strings.Contains(got.Body.String(), "Cedar") || chosen() != 0 {
		t.Errorf("a look at the link: %d, and ended %d", got.Code, chosen())
	}
	for _, broken := range []string{"/unsubscribe/x", at + "x", at[:len(at)-3]} {
		if got := ask(http.MethodPost, broken, "List-Unsubscribe=One-Click"); got.Code != http.StatusGone {
			t.Errorf("a broken link: %d, want 410", got.Code)
		}
	}
	if got := ask(http.MethodPost, at, "List-Unsubscribe=One-Click"); got.Code != http.StatusOK || chosen() != 1 {
		t.Errorf("one click: %d, and ended %d", got.Code, chosen())
	}
	if got := ask(http.MethodPost, at, "List-Unsubscribe=One-Click", "Sec-Fetch-Site", "same-origin", "Cookie", "theme=dark"); got.Code != http.StatusOK {
		t.Errorf("the page's button, a second time: %d", got.Code)
	}
}
