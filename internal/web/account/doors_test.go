package account_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/link"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

const (
	secret    = "a stone beside the canal"
	newSecret = "the river bends at noon"
)

// owned is a deployment whose owner has a password, and a visitor to its pages.
type owned struct {
	*worldtest.World
	*testing.T
	pages *worldtest.Pages
	begun identity.Begun
	jar   map[string]string // the visitor's cookies
}

func newOwned(t *testing.T) *owned {
	t.Helper()
	o := &owned{World: worldtest.NewWithMail(t), T: t, jar: map[string]string{}}
	token, err := o.Identity.IssueSetup(t.Context())
	o.check(err)
	o.begun, err = o.Identity.FirstRun(t.Context(), identity.Setup{Token: token.Reveal(), Name: "Ada Berg", Email: "ada@example.com", Password: secret, Workspace: "Bridges"})
	o.check(err)
	o.pages = o.Pages(t)
	return o
}

func (o *owned) check(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// ask sends a request as the visitor's browser does, and keeps the cookies of the answer.
func (o *owned) ask(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	o.Helper()
	r := httptest.NewRequestWithContext(o.Context(), method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	for name, value := range o.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	o.pages.Server.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		o.jar[c.Name] = c.Value
	}
	return w
}

func (o *owned) signIn(email, password string, header ...string) *httptest.ResponseRecorder {
	o.Helper()
	return o.ask("POST", "/sign-in", url.Values{"email": {email}, "password": {password}}, header...)
}

// in reports whether the visitor's session cookie lets in.
func (o *owned) in() bool {
	o.Helper()
	return o.ask("GET", "/account/sessions", nil).Code == http.StatusOK
}

var (
	requests = regexp.MustCompile(`req_[0-9a-z]{26}`)
	typed    = regexp.MustCompile(`value="[^"]*"`)
)

// Every door answers the same, whoever's address is typed.
func TestDoorsTellNothingOfAccounts(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	ten := o.Tenant(t, "Quartz")
	closed := ten.Person(t, gate.Member)
	a, err := tenant.ActorOf(closed)
	o.check(err)
	_, err = o.Admin.Exec(t.Context(), `update control.account set state = 'disabled' where id = $1`, a.Account)
	o.check(err)
	type answer struct {
		status int
		body   string
		header string
	}
	for _, door := range []struct {
		path string
		form url.Values
	}{{"/sign-in", url.Values{"password": {"not the password"}}}, {"/forgot", url.Values{}}} {
		var first *answer
		for _, email := range []string{"nobody@example.com", "ada@example.com", "Quartz@example.com", "not an address"} {
			o.jar = map[string]string{}
			form := url.Values{"email": {email}}
			for name, values := range door.form {
				form[name] = values
			}
			w := o.ask("POST", door.path, form)
			header := w.Header().Clone()
			header.Del("X-Request-Id")
			for name := range header {
				if strings.HasPrefix(strings.ToLower(name), "ratelimit") {
					header.Del(name)
				}
			}
			var text strings.Builder
			o.check(header.Write(&text))
			got := answer{w.Code, typed.ReplaceAllString(requests.ReplaceAllString(w.Body.String(), ""), ""), text.String()}
			if first == nil {
				first = &got
			}
			if got != *first {
				t.Errorf("POST %s for %q answers %d %s\n%s\nwant %d %s\n%s", door.path, email, got.status, got.header, got.body, first.status, first.header, first.body)
			}
		}
	}
}

// A header that anybody can set gives nobody more tries.
func TestASpoofedAddressGivesNoMoreTries(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	for n := range 30 {
		spoofed := "203.0.113." + string(rune('0'+n%10))
		w := o.signIn("ada@example.com", "not the password", "X-Forwarded-For", spoofed, "X-Real-Ip", spoofed, "Forwarded", "for="+spoofed, "True-Client-Ip", spoofed)
		if w.Code == http.StatusTooManyRequests {
			if n != 10 || w.Header().Get("Retry-After") == "" {
				t.Errorf("stopped after %d tries, again after %q, want 10 and a time", n, w.Header().Get("Retry-After"))
			}
			return
		}
	}
	t.Error("30 guesses with 10 spoofed addresses were not stopped")
}

// A cookie that was there before a sign-in, a confirmation or a way through a provider is worth nothing after it.
func TestAPlantedSessionIsWorthNothing(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	const planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	o.jar["mainstay"] = planted
	if w := o.signIn("ada@example.com", secret); w.Code != http.StatusSeeOther || o.jar["mainstay"] == planted {
		t.Fatalf("signing in over a planted cookie: %d, cookie kept %t", w.Code, o.jar["mainstay"] == planted)
	}
	mine := o.jar["mainstay"]
	o.jar["mainstay"] = planted
	if o.in() {
		t.Error("a planted cookie lets in after a sign-in")
	}
	o.jar["mainstay"] = mine
	if w := o.signIn("ada@example.com", secret); w.Code != http.StatusSeeOther || o.jar["mainstay"] == mine {
		t.Error("a second sign-in of the same browser keeps the session of the first")
	}
	before := o.jar["mainstay"]
	begun, err := o.Identity.Resume(t.Context(), before)
	o.check(err)
	stepped, err := o.Identity.Confirm(tenant.WithActor(t.Context(), begun.Actor), identity.Password)
	o.check(err)
	if o.in() {
		t.Error("the cookie from before a confirmation lets in after it")
	}
	o.jar["mainstay"] = stepped.Token.Reveal()
	entry, err := o.Identity.Enter(t.Context(), begun.Actor.Account, identity.Shown{Factors: []string{"oidc:google"}})
	o.check(err)
	if entry.Token == stepped.Token || !o.in() {
		t.Error("a way through a provider takes another session over")
	}
}

func TestASessionsCookieIsOnlyOurs(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	w := o.signIn("ada@example.com", secret)
	names := map[string]bool{}
	for _, c := range w.Result().Cookies() {
		names[c.Name] = true
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Expires.IsZero() {
			t.Errorf("the cookie %s: %s", c.Name, c)
		}
	}
	if !names["mainstay"] || !names["device"] {
		t.Errorf("cookies %v, want the session's and the browser's", names)
	}
	token := regexp.MustCompile(`name="csrf" content="([^"]+)"`).FindStringSubmatch(o.ask("GET", "/account/sessions", nil).Body.String())
	if token == nil {
		t.Fatal("no token")
	}
	kept := o.jar["mainstay"]
	w = o.ask("POST", "/sign-out", url.Values{"csrf": {token[1]}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Clear-Site-Data") != `"cache"` || o.jar["mainstay"] != "" {
		t.Errorf("signing out: %d %v", w.Code, w.Header())
	}
	o.jar["mainstay"] = kept
	if o.in() {
		t.Error("a cookie lets in after its sign-out")
	}
}

// mailed returns the path of the link of a kind in the last mails.
func (o *owned) mailed(kind link.Kind) string {
	o.Helper()
	o.check(o.Accounts.Drain(o.Context()))
	o.check(o.Post.Drain(o.Context()))
	found := ""
	for _, mail := range o.Mail.Mails() {
		if got := regexp.MustCompile(`https://mainstay\.example\.com(/` + string(kind) + `/[A-Za-z0-9_-]{43})`).FindStringSubmatch(mail.Text); got != nil {
			found = got[1]
		}
	}
	if found == "" {
		o.Fatalf("no link of the kind %s was mailed", kind)
	}
	return found
}

func TestAPasswordIsResetOverThePages(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.signIn("ada@example.com", secret)
	if w := o.ask("GET", "/forgot", nil); w.Code != http.StatusOK {
		t.Fatalf("GET /forgot: %d", w.Code)
	}
	if w := o.ask("POST", "/forgot", url.Values{"email": {"ada@example.com"}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Look into your mail") {
		t.Fatalf("POST /forgot: %d", w.Code)
	}
	path := o.mailed(link.Reset)
	if w := o.ask("GET", path, nil); w.Code != http.StatusOK {
		t.Fatalf("the link: %d", w.Code)
	}
	if w := o.ask("POST", path, url.Values{"password": {"password1234"}}); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), "password1234") {
		t.Errorf("a common password: %d", w.Code)
	}
	if w := o.ask("POST", path, url.Values{"password": {newSecret}}); w.Header().Get("Location") != "/sign-in?reset=1" {
		t.Fatalf("a new password: %d %s", w.Code, w.Header().Get("Location"))
	}
	if o.in() {
		t.Error("a session outlived a reset")
	}
	for _, method := range []string{"GET", "POST"} {
		if w := o.ask(method, path, url.Values{"password": {secret}}); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), "Ask for another") {
			t.Errorf("%s of a link that was used: %d", method, w.Code)
		}
	}
	if w := o.signIn("ada@example.com", newSecret); w.Code != http.StatusSeeOther || !o.in() {
		t.Errorf("signing in with the new password: %d", w.Code)
	}
}

func TestAStrangerIsLockedOutOverThePages(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.signIn("ada@example.com", secret) // from a browser that nobody knows
	path := o.mailed(link.NotMe)
	if w := o.ask("GET", path, nil); w.Code != http.StatusOK || !o.in() {
		t.Fatalf("looking at the link: %d", w.Code)
	}
	w := o.ask("POST", path, nil)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/reset/") || o.in() {
		t.Fatalf("following it: %d %s, still in %t", w.Code, w.Header().Get("Location"), o.in())
	}
	if w := o.ask("POST", w.Header().Get("Location"), url.Values{"password": {newSecret}}); w.Code != http.StatusSeeOther {
		t.Errorf("choosing a new password: %d", w.Code)
	}
	if w := o.signIn("ada@example.com", newSecret); w.Code != http.StatusSeeOther || !o.in() {
		t.Errorf("coming back: %d", w.Code)
	}
}

// Who shows a password that is too old chooses another before they are in.
func TestAnOldPasswordIsReplacedOverThePages(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	_, err := o.Admin.Exec(t.Context(), `update control.workspace set password_days = 30`)
	o.check(err)
	if w := o.ask("GET", "/sign-in/password", nil); !strings.HasPrefix(w.Header().Get("Location"), "/sign-in?") {
		t.Errorf("without a sign-in: %d %s", w.Code, w.Header().Get("Location"))
	}
	o.Clock.Advance(30 * 24 * time.Hour)
	w := o.ask("POST", "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {secret}, "next": {"/meetings"}})
	at := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/sign-in/password?") || o.in() {
		t.Fatalf("an old password: %d to %s, in: %v", w.Code, at, o.in())
	}
	if w := o.ask("GET", "/sign-in/factor", nil); w.Code != http.StatusSeeOther {
		t.Errorf("the page of a second factor: %d, want to begin again", w.Code)
	}
	w = o.ask("POST", "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {secret}, "next": {"/meetings"}})
	if w = o.ask("GET", w.Header().Get("Location"), nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "after 30 days") {
		t.Fatalf("the page: %d", w.Code)
	}
	for _, weak := range []string{"password1234", secret} {
		w = o.ask("POST", "/sign-in/password", url.Values{"password": {weak}, "next": {"/meetings"}})
		if w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), weak) || o.in() {
			t.Errorf("%q: %d, in: %v", weak, w.Code, o.in())
		}
	}
	w = o.ask("POST", "/sign-in/password", url.Values{"password": {newSecret}, "next": {"/meetings"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/meetings" || !o.in() {
		t.Fatalf("a new password: %d %s, in: %v", w.Code, w.Header().Get("Location"), o.in())
	}
	if w = o.ask("POST", "/sign-in/password", url.Values{"password": {"a third one by the canal"}}); !strings.HasPrefix(w.Header().Get("Location"), "/sign-in?") {
		t.Errorf("the page again: %d %s", w.Code, w.Header().Get("Location"))
	}
}
