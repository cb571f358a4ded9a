package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mainstay/internal/llm/llmtest"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// desk is a deployment with two workspaces and somebody of each role at the pages of the first.
type desk struct {
	*worldtest.World
	pages                                *worldtest.Pages
	here, there                          *worldtest.Tenant
	owner, admin, member, viewer, nobody *worldtest.Browser
	stranger                             *worldtest.Browser // the owner of the other workspace
}

func open(t *testing.T) *desk {
	t.Helper()
	w := worldtest.New(t)
	d := &desk{World: w, pages: w.Pages(t), here: w.Tenant(t, "Alder"), there: w.Tenant(t, "Birch")}
	d.owner, d.admin, d.member = d.pages.Browser(t, d.here.Owner), d.pages.Browser(t, d.here.Admin), d.pages.Browser(t, d.here.Member)
	d.viewer, d.stranger, d.nobody = d.pages.Browser(t, d.here.Viewer), d.pages.Browser(t, d.there.Owner), d.pages.Browser(t, nil)
	return d
}

// want checks a status and that the answer holds each text.
func want(t *testing.T, got *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if got.Code != status {
		t.Errorf("status %d, want %d: %.400s", got.Code, status, got.Body)
		return
	}
	for _, text := range texts {
		if !strings.Contains(got.Body.String(), text) {
			t.Errorf("the answer does not hold %q", text)
		}
	}
}

func lacks(t *testing.T, got *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(got.Body.String(), text) {
			t.Errorf("the answer holds %q", text)
		}
	}
}

const password = "a stone beside the canal"

func setupForm() url.Values {
	return url.Values{"name": {"Ada Berg"}, "email": {"ada@example.com"}, "password": {password}, "workspace": {"Harbor"}}
}

func TestTheFirstRunInTheBrowser(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	pages := w.Pages(t)
	nobody := pages.Browser(t, nil)
	token, err := w.Identity.IssueSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := "/setup/" + token.Reveal()
	want(t, nobody.Get(t, "/sign-in"), 200, "Nobody owns this deployment yet")
	want(t, nobody.Get(t, at), 200, "Set up Mainstay", `action="`+at+`"`)
	bad := setupForm()
	bad.Set("password", "too short")
	bad.Set("name", `<script>alert(1)</script>`)
	again := nobody.Post(t, at, bad)
	want(t, again, 422, `aria-invalid="true"`, "at least 12 characters", "&lt;script&gt;", "ada@example.com")
	lacks(t, again, "<script>alert", "too short")
	done := nobody.Post(t, at, setupForm())
	want(t, done, 303)
	cookie := done.Result().Cookies()[0]
	if done.Header().Get("Location") != "/setup/checks" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the first run leads to %s with the cookie %+v", done.Header().Get("Location"), cookie)
	}
	want(t, nobody.Get(t, at), 410, "This link is over", "sign in")
	want(t, nobody.Post(t, at, setupForm()), 410)
	want(t, nobody.Get(t, "/setup/"+strings.Repeat("x", 43)), 410)
	lacks(t, nobody.Get(t, "/sign-in"), "Nobody owns")
	owner := &worldtest.Browser{}
	*owner = *nobody
	owner.Cookie = cookie
	want(t, owner.Get(t, "/"), 200, "Ada", "Harbor", "Upload a recording", "No meetings yet")
	want(t, owner.Get(t, "/setup/checks"), 200, "Checks", "Mail")
}

func TestSigningInLeadsToOurOwnPagesOnly(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	pages := w.Pages(t)
	nobody := pages.Browser(t, nil)
	token, err := w.Identity.IssueSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, nobody.Post(t, "/setup/"+token.Reveal(), setupForm()), 303)
	got := nobody.Get(t, "/jobs")
	if got.Code != 303 || got.Header().Get("Location") != "/sign-in?next=%2Fjobs" {
		t.Errorf("without a session: %d to %s", got.Code, got.Header().Get("Location"))
	}
	for next, lands := range map[string]string{"/jobs": "/jobs", "": "/", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/",
		"javascript:alert(1)": "/", "/a\r\nSet-Cookie: a=b": "/"} {
		form := url.Values{"email": {"ada@example.com"}, "password": {password}, "next": {next}}
		got := nobody.Post(t, "/sign-in", form)
		if got.Code != 303 || got.Header().Get("Location") != lands {
			t.Errorf("next %q: %d to %q, want %q", next, got.Code, got.Header().Get("Location"), lands)
		}
	}
	wrong := nobody.Post(t, "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"a stone beside the river"}, "next": {"/jobs"}})
	want(t, wrong, 422, "not right", `value="/jobs"`, `value="ada@example.com"`)
	lacks(t, wrong, "beside the river")
	if len(wrong.Result().Cookies()) > 0 {
		t.Error("a refused sign-in sets a cookie")
	}
	for range 20 {
		wrong = nobody.Post(t, "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"a stone beside the river"}})
	}
	want(t, wrong, 429, "Too many tries")
	if wrong.Header().Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
}

func TestSigningOutEndsTheSession(t *testing.T) {
	t.Parallel()
	d := open(t)
	want(t, d.owner.Get(t, "/"), 200)
	if got := d.owner.Get(t, "/sign-in?next=/jobs"); got.Code != 303 || got.Header().Get("Location") != "/jobs" {
		t.Errorf("the sign-in page of who is signed in: %d to %s", got.Code, got.Header().Get("Location"))
	}
	if got := d.owner.Do(t, "POST", "/sign-out", nil, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}); got.Code != 403 {
		t.Errorf("signing out without the form's token: %d", got.Code)
	}
	got := d.owner.Post(t, "/sign-out", nil)
	if got.Code != 303 || got.Result().Cookies()[0].MaxAge != -1 {
		t.Errorf("signing out: %d, %v", got.Code, got.Result().Cookies())
	}
	want(t, d.owner.Get(t, "/"), 303)
}

func TestHomeShowsWhatWaits(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.there.Case(t, false)
	c := d.here.Case(t, false)
	if _, err := d.Admin.Exec(t.Context(), `update tenant.meeting set stage = 'draft', source = 'sample' where id = $1`, c.Meeting); err != nil {
		t.Fatal(err)
	}
	for who, b := range map[string]*worldtest.Browser{"owner": d.owner, "viewer": d.viewer} {
		got := b.Get(t, "/")
		want(t, got, 200, "Drafts to approve", "/meetings/"+c.Meeting.String(), "Meeting about Alder", "Being made", `1<span class="sr"> drafts to approve`)
		lacks(t, got, "Birch")
		if begin := strings.Contains(got.Body.String(), "/meetings/new"); begin != (who == "owner") {
			t.Errorf("the %s is offered to upload: %t", who, begin)
		}
		if own := strings.Contains(got.Body.String(), "To finish setting up"); own != (who == "owner") {
			t.Errorf("the %s sees the checklist: %t", who, own)
		}
	}
	want(t, d.stranger.Get(t, "/"), 200, "Birch")
	lacks(t, d.stranger.Get(t, "/"), "Alder")
}

func TestJobsCanBeSteered(t *testing.T) {
	t.Parallel()
	d := open(t)
	c := d.here.Case(t, false)
	cancel, again := "/jobs/"+c.Waiting.String()+"/cancel", "/jobs/"+c.Waiting.String()+"/run"
	want(t, d.member.Get(t, "/jobs"), 200, cancel, "in the queue", "Finished in the last day")
	got := d.viewer.Get(t, "/jobs")
	want(t, got, 200, "in the queue")
	lacks(t, got, cancel)
	want(t, d.viewer.Post(t, cancel, nil), 403)
	want(t, d.stranger.Post(t, cancel, nil), 404)
	want(t, d.member.Post(t, cancel, nil), 303)
	want(t, d.member.Post(t, cancel, nil), 409)
	lacks(t, d.member.Get(t, "/jobs"), cancel)
	if _, err := d.Admin.Exec(t.Context(), `update tenant.step set state = 'dead', reason = 'There is no sound in it.', finished_at = created_at where id = $1`, c.Waiting); err != nil {
		t.Fatal(err)
	}
	want(t, d.member.Get(t, "/jobs"), 200, again, "There is no sound in it.", `1<span class="sr"> need you`)
	lacks(t, d.viewer.Get(t, "/jobs"), again)
	want(t, d.member.Post(t, again, nil), 303)
	lacks(t, d.member.Get(t, "/jobs"), again)
}

// TestStreamsEndWithTheirReader reads a stream's first word and leaves.
func TestStreamsEndWithTheirReader(t *testing.T) {
	t.Parallel()
	d := open(t)
	c := d.here.Case(t, false)
	for path, says := range map[string]string{"/events/jobs": "/jobs/" + c.Waiting.String() + "/cancel", "/events/running": "Meeting about Alder"} {
		server := httptest.NewServer(d.pages.Server.Handler())
		ctx, leave := context.WithTimeout(t.Context(), 30*time.Second)
		req, err := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(d.member.Cookie)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 8000)
		n, _ := resp.Body.Read(first)
		if resp.Header.Get("Content-Type") != "text/event-stream" || !strings.HasPrefix(string(first), "data: ") || !strings.Contains(string(first[:n]), says) {
			t.Errorf("%s says %q", path, first[:n])
		}
		leave()
		_ = resp.Body.Close()
		server.Close() // it waits for handlers, which must notice that nobody reads
	}
	want(t, d.nobody.Get(t, "/events/jobs"), 303)
}

func TestThePaletteFindsMeetingsByTheirTitle(t *testing.T) {
	t.Parallel()
	d := open(t)
	c := d.here.Case(t, false)
	d.here.Case(t, true)
	for q, n := range map[string]int{"": 1, "about%20alder": 1, "ALDER": 1, "birch": 0, "%25": 0, strings.Repeat("a", 400): 0} {
		var found struct {
			Meetings []struct{ Title, When, Href string }
		}
		got := d.viewer.Get(t, "/palette?q="+q)
		if err := json.Unmarshal(got.Body.Bytes(), &found); err != nil || len(found.Meetings) != n {
			t.Errorf("q=%.20s: %d found, %v, want %d", q, len(found.Meetings), err, n)
		}
		if n == 1 && found.Meetings[0].Href != "/meetings/"+c.Meeting.String() {
			t.Errorf("q=%s leads to %s", q, found.Meetings[0].Href)
		}
	}
}

func TestChecksAreForWhoAdministrates(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	page := d.admin.Get(t, "/setup/checks")
	want(t, page, 200, "Mail", "Being tried", "hx-get")
	go func() { _ = d.Health.Run(ctx) }()
	seen := regexp.MustCompile(`seen=(\d+)`).FindStringSubmatch(page.Body.String())[1]
	for end := time.Now().Add(10 * time.Second); ; {
		got := d.admin.Get(t, "/setup/checks/list?seen="+seen)
		if got.Code == 200 {
			want(t, got, 200, "Everything that is needed works.", "Off")
			lacks(t, got, "hx-get")
			break
		}
		if got.Code != 204 || time.Now().After(end) {
			t.Fatalf("the list answers %d", got.Code)
		}
	}
	for _, b := range []*worldtest.Browser{d.member, d.viewer} {
		want(t, b.Get(t, "/setup/checks"), 403)
		want(t, b.Get(t, "/setup/checks/list"), 403)
	}
}

func TestTheDeploymentIsForWhoAdministrates(t *testing.T) {
	t.Parallel()
	d := open(t)
	page := d.admin.Get(t, "/settings/deployment")
	want(t, page, 200, "0 steps running, 0 waiting", "No work was given up", "No mail server is set", "PostgreSQL", "voice", "Missing", "Being tried", "in the data folder")
	seen := regexp.MustCompile(`now\?seen=([0-9a-z]+)`).FindStringSubmatch(page.Body.String())
	if seen == nil {
		t.Fatalf("the page does not follow: %.3000s", page.Body)
	}
	_, err := d.World.Admin.Exec(t.Context(), `
insert into tenant.step (workspace_id, id, record_id, kind, input_id, run, state, attempt, failures, next_at, node, phase, progress, reason, created_at)
select w.id, gen_random_uuid(), gen_random_uuid(), 'draft', gen_random_uuid(), 1, s.state, 1, 0, $1, '', '', 0, '', $1
from control.workspace w, (values ('waiting'), ('dead')) s (state)`, d.Source.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	now := d.admin.Get(t, "/settings/deployment/now?seen="+seen[1])
	want(t, now, 200, "waiting, the longest for 1 h", "Slow", "given up, in all workspaces", `href="/jobs"`)
	lacks(t, now, "<html", "Being tried")
	seen = regexp.MustCompile(`now\?seen=([0-9a-z]+)`).FindStringSubmatch(now.Body.String())
	want(t, d.admin.Get(t, "/settings/deployment/now?seen="+seen[1]), 204)
	for _, b := range []*worldtest.Browser{d.member, d.viewer} {
		want(t, b.Get(t, "/settings/deployment"), 403)
		want(t, b.Get(t, "/settings/deployment/now"), 403)
	}
	want(t, d.nobody.Get(t, "/settings/deployment"), 303)
}

func modelForm(address string) url.Values {
	return url.Values{"version": {"0"}, "on": {"yes"}, "provider": {"openai"}, "model": {"small-1"}, "url": {address}, "own": {"yes"}, "key": {"sk-secret-canary"},
		"region": {"eu"}, "training": {"no"}, "keeps": {"0"}, "budget": {"500"}, "terms": {"https://example.com/terms"}}
}

func TestAnOwnerChoosesTheModel(t *testing.T) {
	t.Parallel()
	d := open(t)
	server := llmtest.New(t, func(llmtest.Question) llmtest.Reply { return llmtest.Reply{Text: `{"colour": "green"}`} })
	want(t, d.owner.Get(t, "/settings/models"), 200, "Rules alone", "What will be sent", "What was said, word for word.", "Nothing used in March.")
	unknown := modelForm(server.URL)
	unknown.Set("keeps", "")
	refused := d.owner.Post(t, "/settings/models", unknown)
	want(t, refused, 422, "Say how many days", "small-1")
	lacks(t, refused, "sk-secret-canary")
	want(t, d.owner.Post(t, "/settings/models", modelForm(server.URL)), 303)
	page := d.owner.Get(t, "/settings/models?saved=model")
	want(t, page, 200, "Saved.", "A key is stored", `name="version" value="1"`, "small-1")
	lacks(t, page, "sk-secret-canary")
	want(t, d.owner.Post(t, "/settings/models", modelForm(server.URL)), 422, "Somebody else changed")

	tested := modelForm(server.URL)
	tested.Set("version", "1")
	tested.Set("key", "")
	tested.Set("test", "yes")
	want(t, d.owner.Post(t, "/settings/models", tested), 200, "The model answered as asked")
	if asked := server.Asked(); len(asked) != 1 || strings.Contains(asked[0].User, "Alder") {
		t.Errorf("the test sent %+v", asked)
	}
	want(t, d.owner.Get(t, "/settings/ledger"), 200, "small-1", "an invented sentence", "Answered")
	want(t, d.admin.Get(t, "/settings/ledger"), 200, "small-1")
	want(t, d.stranger.Get(t, "/settings/ledger"), 200, "Nothing has left")

	off := url.Values{"version": {"2"}, "on": {"no"}, "training": {"yes"}}
	want(t, d.owner.Post(t, "/settings/models", off), 303)
	if set, err := d.Models.Setting(d.here.Owner); err != nil || set.Enabled || set.Model != "small-1" || set.Version != 3 {
		t.Errorf("after switching off: %+v, %v", set, err)
	}
	stale := url.Values{"version": {"1"}, "on": {"no"}}
	want(t, d.owner.Post(t, "/settings/models", stale), 422, "Somebody else changed")
	want(t, d.owner.Post(t, "/settings/models", url.Values{"version": {"x"}}), 400)
}

func TestOthersSeeTheModelAsFarAsTheirRoleGoes(t *testing.T) {
	t.Parallel()
	d := open(t)
	for b, languages := range map[*worldtest.Browser]int{d.admin: 303, d.member: 403} {
		got := b.Get(t, "/settings/models")
		want(t, got, 200, "Off: rules alone", "An owner of the workspace can change this.")
		lacks(t, got, `name="key"`)
		want(t, b.Post(t, "/settings/models", modelForm("https://api.example.com")), 403)
		want(t, b.Post(t, "/settings/languages", url.Values{"languages": {"en"}}), languages)
	}
	want(t, d.viewer.Get(t, "/settings/models"), 200, "You cannot see this yet", "An owner")
	want(t, d.member.Get(t, "/settings/ledger"), 403)
	want(t, d.viewer.Get(t, "/settings/ledger"), 403)
	lacks(t, d.member.Get(t, "/settings/models"), "/settings/ledger")
	want(t, d.admin.Get(t, "/settings/models"), 200, "/settings/ledger")
	want(t, d.nobody.Get(t, "/settings/models"), 303)
}

func TestAnOwnerChoosesTheLanguages(t *testing.T) {
	t.Parallel()
	d := open(t)
	want(t, d.owner.Post(t, "/settings/languages", url.Values{"languages": {"en, DE; pt-br"}}), 303)
	want(t, d.owner.Get(t, "/settings/models?saved=languages"), 200, `value="en, de, pt-BR"`, "Saved.")
	want(t, d.owner.Post(t, "/settings/languages", url.Values{"languages": {"en, klingonese"}}), 422, "There is no such language", `value="en, klingonese"`)
	if set, err := d.Speech.Settings(d.here.Owner); err != nil || len(set.Languages) != 3 {
		t.Errorf("the refused languages were stored: %v, %v", set, err)
	}
}

// A member who was removed is out at once, also where their session lives on.
func TestARemovedMemberSeesNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	actor, err := tenant.ActorOf(d.here.Member)
	if err != nil {
		t.Fatal(err)
	}
	want(t, d.member.Get(t, "/"), 200)
	if _, err := d.Admin.Exec(t.Context(), `update tenant.member set state = 'removed' where id = $1`, actor.Member); err != nil {
		if _, err := d.Admin.Exec(t.Context(), `delete from tenant.member where id = $1`, actor.Member); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/", "/jobs", "/settings/models", "/palette", "/meetings", "/events/jobs"} {
		want(t, d.member.Get(t, path), 404)
	}
}
