package record_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/worldtest"
)

// draft makes a meeting of the member's with minutes, and returns where it is and what a form of its minutes carries.
func (o *office) draft(t *testing.T) (at string, form url.Values) {
	t.Helper()
	o.Hear("We agreed to pour the slab on Thursday.\nI will call the supplier about the brackets.\nWho approves the fire doors?")
	at = made(t, send(t, o.member, part{"file", "site.wav", string(worldtest.Tone(7))}))
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	return at, o.form(t, at)
}

func (o *office) opened(t *testing.T, at string) minutes.Opened {
	t.Helper()
	id, err := tenantID(at)
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.Minutes.Look(o.here.Owner, id)
	if err != nil || got.Minutes == nil {
		t.Fatalf("no minutes: %v", err)
	}
	return got
}

var hidden = regexp.MustCompile(`name="(minutes|version)" value="([^"]+)"`)

// form is what the forms of a meeting's page carry.
func (o *office) form(t *testing.T, at string) url.Values {
	t.Helper()
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(o.member.Get(t, at).Body.String(), -1) {
		form.Set(m[1], m[2])
	}
	return form
}

func plus(form url.Values, more ...string) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = values
	}
	for i := 0; i < len(more); i += 2 {
		out.Set(more[i], more[i+1])
	}
	return out
}

// swap posts a form as the page does for a part of itself.
func swap(t *testing.T, b *worldtest.Browser, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return b.Do(t, "POST", path, strings.NewReader(plus(form, "csrf", b.Token).Encode()),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"})
}

func TestALineIsChangedRemovedAndBroughtBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, form := o.draft(t)
	line := at + "/lines/s1"
	want(t, o.member.Do(t, "GET", line+"/edit", nil, map[string]string{"HX-Request": "true"}), 200, "<form", "We agreed to pour the slab on Thursday.", `name="version" value="1"`)
	want(t, o.member.Get(t, line+"/edit"), 200, "<!doctype html>", "Change a line", `action="`+line+`"`)
	want(t, o.viewer.Get(t, line+"/edit"), 403)
	want(t, o.viewer.Get(t, line), 200, "We agreed to pour the slab on Thursday.")
	want(t, o.member.Get(t, at+"/lines/zz/edit"), 404)

	got := swap(t, o.member, line, plus(form, "text", "  We agreed to\n pour the slab on Friday.  "))
	want(t, got, 200, `<li id="l-s1" data-undo="`+at+`/lines/undo" data-version="2"`, "We agreed to pour the slab on Friday.", "Not found in the recording")
	want(t, swap(t, o.member, line, plus(form, "text", "Stale.")), 409)
	want(t, swap(t, o.member, line, plus(form, "text", "x", "version", "soon")), 400)
	form.Set("version", "2")
	want(t, swap(t, o.member, line, plus(form, "text", "")), 422, "A line cannot be empty", "<form")
	want(t, swap(t, o.member, line, plus(form, "text", strings.Repeat("a", 2001))), 422, "at most 2,000 characters")
	want(t, o.member.Post(t, line, plus(form, "text", "")), 422, "<!doctype html>", "A line cannot be empty")
	want(t, o.member.Post(t, at+"/lines/undo", nil), 303)
	if text := o.opened(t, at).Minutes.Summary[0].Text; text != "We agreed to pour the slab on Thursday." {
		t.Errorf("undone to %q", text)
	}
	want(t, o.member.Post(t, at+"/lines/undo", nil), 409)

	form.Set("version", "3")
	want(t, swap(t, o.member, line, plus(form, "remove", "yes")), 200, `class="gone"`, "This line was removed.")
	if n := len(o.opened(t, at).Minutes.Summary); n != 2 {
		t.Errorf("%d lines are left, want 2", n)
	}
	want(t, o.owner.Post(t, at+"/lines/undo", nil), 409) // it was not the owner's change
	want(t, o.member.Post(t, at+"/lines/undo", nil), 303)
	if m := o.opened(t, at).Minutes; m.Summary[0].ID != "s1" || len(m.Summary[0].Evidence) == 0 || m.Edited["s1"] {
		t.Errorf("brought back as %+v", m.Summary[0])
	}
	got = o.member.Post(t, line, plus(o.form(t, at), "text", "We agreed to pour the slab on Thursday, then."))
	if to := got.Header().Get("Location"); got.Code != 303 || !strings.HasPrefix(to, at+"?done=changed&what=") {
		t.Errorf("without scripts: %d to %q", got.Code, to)
	}
}

func TestAnActionHasAnOwnerAndADateThatPeopleGive(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, form := o.draft(t)
	got := swap(t, o.member, at+"/lines/a1", plus(form, "text", "Pour the slab.", "owner", "Ben", "due", "2026-03-20"))
	want(t, got, 200, "<b>Ben</b>", `<time datetime="2026-03-20">Fri 20 Mar 2026</time>`)
	form.Set("version", "2")
	want(t, swap(t, o.member, at+"/lines/a1", plus(form, "text", "Pour the slab.", "due", "on Friday")), 422, "Enter a date such as")
	want(t, swap(t, o.member, at+"/lines/a1", plus(form, "text", "Pour the slab.", "owner", "", "due", "")), 200, "no owner was named", "no date was said")
	want(t, swap(t, o.viewer, at+"/lines/a1", plus(form, "text", "x")), 403)
	want(t, swap(t, o.stranger, at+"/lines/a1", plus(form, "text", "x")), 404)
}

func TestALineThatIsAddedCitesWhereItWasSaid(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, form := o.draft(t)
	add := func(in, text string, more ...string) *httptest.ResponseRecorder {
		t.Helper()
		got := swap(t, o.member, at+"/lines", plus(o.form(t, at), append([]string{"in", in, "text", text}, more...)...))
		return got
	}
	want(t, add("decisions", "The slab is poured on Thursday."), 200, `id="l-dx1"`, `href="#s-1"`, `data-undo=`, `id="new-decisions"`, "Add a decision")
	got := add("actions", "Send flowers to the neighbours.", "owner", "Ben", "due", "2026-04-01")
	want(t, got, 200, `id="l-ax1"`, "Written by Somebody Alder", "<b>Ben</b>", "Wed 1 Apr 2026")
	if strings.Contains(got.Body.String(), "cite") {
		t.Error("what nobody said cites something")
	}
	want(t, add("questions", ""), 422, "A line cannot be empty", `name="in" value="questions"`)
	want(t, add("topics", "x"), 400)
	want(t, o.member.Do(t, "GET", at+"/lines/new?in=summary", nil, map[string]string{"HX-Request": "true"}), 200, `name="in" value="summary"`)
	want(t, o.member.Get(t, at+"/lines/new?in=summary"), 200, "<!doctype html>", "Add a line")
	want(t, o.viewer.Get(t, at+"/lines/new?in=summary"), 403)

	want(t, o.viewer.Get(t, at+"/minutes.md"), 200, "**Ben:** Send flowers to the neighbours. _Due Wednesday, 1 April 2026._ _(edited)_\n")
	var d struct {
		Minutes struct{ Actions, Decisions []any }
	}
	if err := json.Unmarshal(o.viewer.Get(t, at+"/meeting.json").Body.Bytes(), &d); err != nil || len(d.Minutes.Actions) != 1 || len(d.Minutes.Decisions) != 1 {
		t.Errorf("the published form holds what cites nothing: %+v, %v", d, err)
	}
	want(t, o.member.Post(t, at+"/lines/undo", nil), 303)
	if m := o.opened(t, at).Minutes; len(m.Actions) != 1 || len(m.Decisions) != 1 {
		t.Errorf("undo left %d actions, %d decisions", len(m.Actions), len(m.Decisions))
	}
	_ = form
}

func TestMinutesAreReviewedAndApproved(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, form := o.draft(t)
	want(t, o.viewer.Post(t, at+"/approve", form), 403)
	want(t, o.stranger.Post(t, at+"/approve", form), 404)
	want(t, o.member.Post(t, at+"/review", form), 303)
	want(t, o.viewer.Get(t, at), 200, "In review")
	want(t, o.member.Post(t, at+"/review", form), 409)
	want(t, o.viewer.Get(t, "/meetings?state=review"), 200, "In review", "1 meeting<")
	want(t, swap(t, o.owner, at+"/lines/s1", plus(form, "text", "We agreed to pour the slab.")), 200)
	want(t, o.member.Post(t, at+"/approve", form), 409)
	want(t, o.member.Post(t, at+"/approve", plus(form, "version", "x")), 400)
	got := o.owner.Post(t, at+"/approve", plus(form, "version", "2"))
	if to := got.Header().Get("Location"); got.Code != 303 || to != at+"?done=approved" {
		t.Fatalf("approving: %d to %q %s", got.Code, to, got.Body)
	}
	page := o.member.Get(t, at+"?done=approved")
	want(t, page, 200, "Approved", "by Somebody Alder, version 2", "This version is the record now.")
	if strings.Contains(page.Body.String(), "/lines/s1/edit") || strings.Contains(page.Body.String(), at+"/approve") {
		t.Error("approved minutes offer to be changed")
	}
	want(t, swap(t, o.owner, at+"/lines/s1", plus(form, "text", "x", "version", "2")), 409)
	want(t, o.owner.Post(t, at+"/lines/undo", nil), 409)

	o.Clock.Advance(time.Minute)
	want(t, o.member.Post(t, at+"/run", url.Values{"what": {"minutes"}}), 303)
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.viewer.Get(t, at), 200, "The approved minutes stay the record until this draft is approved.", at+"?run="+form.Get("minutes"), "slab on Thursday")
	want(t, o.viewer.Get(t, at+"?run="+form.Get("minutes")), 200, "by Somebody Alder, version 2", "We agreed to pour the slab.", "There is a newer draft.")
	want(t, o.stranger.Get(t, at+"?run="+form.Get("minutes")), 404)
	want(t, o.viewer.Get(t, at+"?run=min_x"), 404)
	other, _ := o.draft(t)
	want(t, o.viewer.Get(t, other+"?run="+form.Get("minutes")), 404)
}

func TestANameChangesEverywhereAndComesBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, _ := o.draft(t)
	want(t, o.viewer.Get(t, at), 200, "Speaker 1")
	want(t, o.viewer.Post(t, at+"/speakers/s1", url.Values{"name": {"Ada"}}), 403)
	got := o.member.Post(t, at+"/speakers/s1", url.Values{"name": {" Ada  Lovelace "}})
	to := got.Header().Get("Location")
	if got.Code != 303 || !strings.Contains(to, "done=named") {
		t.Fatalf("naming: %d to %q", got.Code, to)
	}
	page := o.member.Get(t, to).Body.String()
	if n := strings.Count(page, "Ada Lovelace"); n < 4 || strings.Contains(page, "Speaker 1") || !strings.Contains(page, at+"/speakers/s1/undo") {
		t.Errorf("the name stands %d times, and the old one still does: %v", n, strings.Contains(page, "Speaker 1"))
	}
	want(t, o.member.Get(t, at+"/transcript.vtt"), 200, "<v Ada Lovelace>We agreed")
	want(t, o.member.Post(t, at+"/speakers/s1", url.Values{"name": {"Ben"}}), 303)
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Post(t, at+"/speakers/s1/undo", nil), 303)
	want(t, o.member.Get(t, at), 200, "Ada Lovelace")
	want(t, o.member.Post(t, at+"/speakers/s1/undo", nil), 409)
	for path, status := range map[string]int{"/speakers/s9": 404, "/speakers/x": 404} {
		want(t, o.member.Post(t, at+path, url.Values{"name": {"Ada"}}), status)
	}
	want(t, o.member.Post(t, at+"/speakers/s1", url.Values{"name": {strings.Repeat("a", 121)}}), 422)
}

func TestDetailsAreChangedByWhoReadThem(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, _ := o.draft(t)
	page := o.member.Get(t, at+"/details").Body.String()
	if !strings.Contains(page, `name="version" value="2"`) || !strings.Contains(page, `value="site"`) || !strings.Contains(page, `value="ephemeral"`) {
		t.Errorf("the form holds %.2000s", page)
	}
	want(t, o.viewer.Get(t, at+"/details"), 403)
	answers := url.Values{"version": {"2"}, "title": {"Site progress"}, "starts": {"2026-03-12T09:00"}, "zone": {"Europe/Berlin"}, "attendees": {"Ada\r\nBen <ben@example.com>"},
		"project": {"Quayside"}, "glossary": {"brackets\r\n\r\nrebar"}, "language": {"en"}, "template": {"owner"}, "speakers": {"3"}, "told": {"yes"}, "how": {"at the start"}, "no_model": {"yes"}}
	want(t, o.viewer.Post(t, at+"/details", answers), 403)
	want(t, o.member.Post(t, at+"/details", answers), 303)
	id, _ := tenantID(at)
	m, err := o.Meetings.Read(o.here.Owner, id)
	if err != nil || m.Title != "Site progress" || m.StartsAt.Format("15:04") != "08:00" || len(m.Attendees) != 2 || len(m.Glossary) != 2 || m.ModelAllowed || m.Template != "owner" ||
		m.Project != "Quayside" || m.People != 3 || m.Told.How != "at the start" {
		t.Errorf("stored %+v, %v", m, err)
	}
	want(t, o.member.Get(t, at+"/details"), 200, `value="2026-03-12T09:00"`, "Ben &lt;ben@example.com&gt;", "brackets\nrebar", `value="3" selected`)
	want(t, o.member.Post(t, at+"/details", answers), 409)
	want(t, o.member.Post(t, at+"/details", plus(answers, "version", "3", "speakers", "99")), 422, "between 1 and 50", `value="Site progress"`, "Ada\nBen")
	want(t, o.member.Post(t, at+"/details", plus(answers, "version", "two")), 400)
}

func TestPartsOfAMeetingAreErasedByAWord(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, _ := o.draft(t)
	want(t, o.viewer.Get(t, at+"/erase"), 403)
	want(t, o.member.Get(t, at+"/erase"), 200, `value="recording"`, `value="transcript"`, `value="minutes"`, `value="meeting"`, "Type the word")
	erase := func(what, word string) *httptest.ResponseRecorder {
		return o.member.Post(t, at+"/erase", url.Values{"what": {what}, "confirm": {word}})
	}
	want(t, erase("meeting", ""), 422, "Type the word to erase. Nothing was erased.")
	want(t, erase("everything", "erase"), 400)
	want(t, erase("recording", " Erase "), 303)
	want(t, o.member.Get(t, at), 200, "The recording was erased.", "data-still")
	want(t, o.member.Get(t, at+"/audio"), 404)
	want(t, erase("transcript", "erase"), 303)
	want(t, o.member.Get(t, at), 200, "The transcript was erased.", "We agreed to pour the slab on Thursday.")
	want(t, o.member.Get(t, at+"/transcript.txt"), 404)
	want(t, o.member.Get(t, at+"/minutes.md"), 200, "We agreed to pour the slab on Thursday.")
	want(t, erase("minutes", "erase"), 303)
	got := o.member.Get(t, at)
	want(t, got, 200, "The minutes of this meeting were erased.", "There are no minutes of this meeting.")
	if strings.Contains(got.Body.String(), "slab") {
		t.Error("what was erased is still shown")
	}
	want(t, erase("transcript", "erase"), 404)
	want(t, erase("meeting", "erase"), 303)
	want(t, o.member.Get(t, at), 404)
	if list, err := o.Meetings.List(o.here.Owner, meeting.Filter{}); err != nil || list.Total != 0 {
		t.Errorf("%d meetings are left, %v", list.Total, err)
	}
}

func TestWorkIsRunAgainAndCancelled(t *testing.T) {
	t.Parallel()
	o := open(t)
	at, _ := o.draft(t)
	want(t, o.viewer.Post(t, at+"/run", nil), 403)
	want(t, o.member.Post(t, at+"/cancel", nil), 409)
	o.Clock.Advance(time.Minute)
	o.Hear("We agreed to wait.")
	want(t, o.member.Post(t, at+"/run", url.Values{"what": {"speech"}, "engine": {"none such"}}), 422)
	want(t, o.member.Post(t, at+"/run", url.Values{"what": {"speech"}}), 303)
	want(t, o.member.Get(t, at), 200, "being worked on again", "pour the slab")
	want(t, o.member.Post(t, at+"/run", url.Values{"what": {"speech"}}), 409)
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Get(t, at), 200, "We agreed to wait.")
	o.Clock.Advance(time.Minute)
	want(t, o.member.Post(t, at+"/run", url.Values{"what": {"minutes"}}), 303)
	want(t, o.member.Post(t, at+"/cancel", nil), 303)
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Get(t, at), 200, "We agreed to wait.")

	waiting := made(t, send(t, o.member, part{"file", "b.wav", string(worldtest.Tone(8))}))
	want(t, o.member.Get(t, waiting), 200, "in the queue", waiting+"/cancel")
	want(t, o.member.Post(t, waiting+"/cancel", nil), 303)
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Get(t, waiting), 200, "The work was cancelled.", "The recording is stored safely.", waiting+"/run")
	want(t, o.member.Post(t, waiting+"/run", nil), 303)
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Get(t, waiting), 200, "We agreed to wait.")
}
