package record_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/worldtest"
)

// office is a deployment with two workspaces and somebody of each role at the pages of the first.
type office struct {
	*worldtest.World
	pages                         *worldtest.Pages
	here, there                   *worldtest.Tenant
	owner, member, viewer, nobody *worldtest.Browser
	stranger                      *worldtest.Browser // a member of the other workspace
}

func open(t *testing.T) *office {
	t.Helper()
	w := worldtest.New(t)
	o := &office{World: w, pages: w.Pages(t), here: w.Tenant(t, "Alder"), there: w.Tenant(t, "Birch")}
	o.owner, o.member, o.viewer = o.pages.Browser(t, o.here.Owner), o.pages.Browser(t, o.here.Member), o.pages.Browser(t, o.here.Viewer)
	o.stranger, o.nobody = o.pages.Browser(t, o.there.Owner), o.pages.Browser(t, nil)
	return o
}

// want checks a status and that the page holds each text.
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

type part struct{ name, file, body string }

// send sends a form of several parts, as a browser without scripts does.
func send(t *testing.T, b *worldtest.Browser, parts ...part) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range append([]part{{name: "csrf", body: b.Token}}, parts...) {
		var to io.Writer
		var err error
		if p.file == "" {
			to, err = form.CreateFormField(p.name)
		} else {
			to, err = form.CreateFormFile(p.name, p.file)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(to, p.body)
	}
	_ = form.Close()
	return b.Do(t, http.MethodPost, "/meetings", &body, map[string]string{"Content-Type": form.FormDataContentType()})
}

// made returns the meeting that a redirect leads to.
func made(t *testing.T, got *httptest.ResponseRecorder) string {
	t.Helper()
	at := got.Header().Get("Location")
	if got.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/meetings/mtg_") {
		t.Fatalf("status %d to %q, want a redirect to a meeting: %.300s", got.Code, at, got.Body)
	}
	return at
}

const pasted = "Ada: We agreed to pour the slab on Thursday.\nBen: I will call the supplier about the brackets tomorrow."

func (o *office) paste(t *testing.T, more ...part) string {
	t.Helper()
	at := made(t, send(t, o.member, append([]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "told", body: "yes"}}, more...)...))
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAPastedTranscriptBecomesAMeetingWithItsMinutes(t *testing.T) {
	t.Parallel()
	o := open(t)
	at := made(t, send(t, o.member, part{name: "source", body: "paste"}, part{name: "text", body: pasted}, part{name: "title", body: "  Site   progress "},
		part{name: "starts", body: "2026-03-12T14:30"}, part{name: "zone", body: "Europe/Berlin"}, part{name: "attendees", body: "Ada Lovelace\r\nBen <ben@example.com>"},
		part{name: "project", body: "Quayside"}, part{name: "speakers", body: "2"}, part{name: "told", body: "yes"}, part{name: "how", body: "said at the start"}))
	want(t, o.member.Get(t, at), 200, "Site progress", "Waiting", "Next in the queue", "/progress")
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Get(t, at), 200, "Site progress", "12 Mar 2026, 13:30 UTC", "Quayside", "Ada Lovelace", "We agreed to pour the slab on Thursday.", "Pasted transcript, without times")
	id, _ := tenantID(at)
	m, err := o.Meetings.Read(o.here.Owner, id)
	if err != nil || m.People != 2 || m.Told != (meeting.Told{State: "yes", How: "said at the start"}) || m.Attendees[1] != (meeting.Person{Name: "Ben", Email: "ben@example.com"}) {
		t.Errorf("stored as %+v, %v", m, err)
	}
}

func TestAFileOfATranscriptIsTaken(t *testing.T) {
	t.Parallel()
	o := open(t)
	vtt := "WEBVTT\n\n00:01.000 --> 00:04.000\n<v Ada>We agreed to pour the slab.\n\n00:05.000 --> 00:09.000\n<v Ben>I will call the supplier.\n"
	at := made(t, send(t, o.member, part{name: "source", body: "paste"}, part{name: "text"}, part{"file", "stand_up 12.vtt", vtt}))
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.viewer.Get(t, at), 200, "stand up 12", "We agreed to pour the slab.", `data-a="1000"`, "0:05", "without sound")
}

func TestAFormThatIsNotTakenComesBackWithItsProblem(t *testing.T) {
	t.Parallel()
	o := open(t)
	for name, c := range map[string]struct {
		parts  []part
		status int
		says   string
	}{
		"nothing":          {[]part{{name: "source", body: "paste"}}, 422, "This transcript is empty."},
		"no recording":     {nil, 422, "Choose a recording first."},
		"broken JSON":      {[]part{{name: "source", body: "paste"}, {name: "text", body: `{"segments": [}`}}, 422, "This JSON cannot be read"},
		"no date":          {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "starts", body: "soon"}}, 422, "Enter the date and time"},
		"no zone":          {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "starts", body: "2026-03-12T14:30"}, {name: "zone", body: "Mars/Olympus"}}, 422, "time zone is unknown"},
		"a zone from disk": {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "zone", body: "../../etc/passwd"}}, 422, "time zone is unknown"},
		"no language":      {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "language", body: "the language of trees"}}, 422, "no such language"},
		"no kind":          {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "template", body: "party"}}, 422, "no such kind of meeting"},
		"no number":        {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "speakers", body: "-1"}}, 422, "between 1 and 50"},
		"long title":       {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "title", body: strings.Repeat("a", 201)}}, 422, "longer than 200 characters"},
		"bytes":            {[]part{{name: "source", body: "paste"}, {name: "text", body: pasted}, {name: "project", body: "\xff"}}, 422, "bytes that are no text"},
		"long field":       {[]part{{name: "attendees", body: strings.Repeat("a", 65<<10)}}, 413, "larger"},
		"many parts":       {make([]part, 250), 400, "too many parts"},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, o.member, c.parts...)
			want(t, got, c.status, c.says)
		})
	}
	list, err := o.Meetings.List(o.here.Owner, meeting.Filter{})
	if err != nil || list.Total != 0 {
		t.Errorf("%d meetings were made, %v", list.Total, err)
	}
	got := send(t, o.member, part{name: "source", body: "paste"}, part{name: "text", body: "Ada: <b>Keep</b> me."}, part{name: "title", body: `My "title"`}, part{name: "speakers", body: "x"})
	want(t, got, 422, "&lt;b&gt;Keep&lt;/b&gt; me.", `My &#34;title&#34;`)
}

func TestRecordingsOfOneFormBecomeMeetings(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Hear("We agreed to pour the slab.\nI will call the supplier.")
	at := made(t, send(t, o.member, part{"file", `C:\rec\site visit.wav`, string(worldtest.Tone(1))}, part{name: "told", body: "no"}, part{name: "attendees", body: "Ada"}))
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Get(t, at), 200, "site visit", "We agreed to pour the slab.", "data-player", "Ada")
	got := send(t, o.member, part{"file", "a.wav", string(worldtest.Tone(2))}, part{"file", "b.wav", string(worldtest.Tone(3))}, part{name: "title", body: "Both"})
	if got.Code != 303 || got.Header().Get("Location") != "/jobs" {
		t.Errorf("two recordings: %d to %q", got.Code, got.Header().Get("Location"))
	}
	list, err := o.Meetings.List(o.here.Owner, meeting.Filter{Sort: meeting.ByTitle})
	if err != nil || list.Total != 3 || list.Meetings[0].Title != "a" || list.Meetings[1].Title != "b" || !list.Meetings[2].ModelAllowed {
		t.Errorf("the list holds %+v, %v", list, err)
	}
	at = made(t, send(t, o.member, part{"file", "again.wav", string(worldtest.Tone(1))}))
	want(t, o.member.Get(t, at), 200, "The same recording was uploaded before")
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.member.Get(t, at), 200, "The same recording was uploaded before")

	at = made(t, send(t, o.member, part{"file", "notes.wav", "These are notes and no recording."}))
	want(t, o.member.Get(t, at), 200, "This is no recording that can be read", "Nothing of this file was kept")
	want(t, send(t, o.member, part{"file", "empty.wav", ""}), 422, "This file is empty")
	want(t, send(t, o.member, part{"file", "c.wav", string(worldtest.Tone(4))}, part{name: "speakers", body: "x"}), 422, "between 1 and 50")
	if list, err = o.Meetings.List(o.here.Owner, meeting.Filter{}); err != nil || list.Total != 5 {
		t.Errorf("what was refused left %d meetings, want 5, %v", list.Total, err)
	}
}

func TestTheNameOfAFileTellsTitleAndTime(t *testing.T) {
	t.Parallel()
	o := open(t)
	at := made(t, send(t, o.member, part{"file", "2026-03-09 14.30 Site walk.wav", string(worldtest.Tone(1))}, part{name: "zone", body: "Europe/Berlin"}))
	want(t, o.member.Get(t, at), 200, "<h1>Site walk</h1>", "Mon 9 Mar 2026, 13:30 UTC")
	at = made(t, send(t, o.member, part{"file", "2026-03-09 14.30 Site walk.wav", string(worldtest.Tone(2))}, part{name: "zone", body: "Europe/Berlin"},
		part{name: "title", body: "Another"}, part{name: "starts", body: "2026-03-10T09:00"}))
	want(t, o.member.Get(t, at), 200, "<h1>Another</h1>", "Tue 10 Mar 2026, 08:00 UTC")
}

func TestMeetingsAreFoundSortedAndPaged(t *testing.T) {
	t.Parallel()
	o := open(t)
	for i := range 53 {
		d := meeting.Details{Title: fmt.Sprintf("Walk %02d", i), ModelAllowed: true, Attendees: []meeting.Person{{Name: "Ada"}}}
		if i%10 == 0 {
			d.Project, d.Attendees = "Quayside", []meeting.Person{{Name: "Zoë", Email: "zoe@example.com"}}
		}
		day := o.Clock.Now().AddDate(0, 0, i-60)
		d.StartsAt = &day
		if _, err := o.Meetings.Create(o.here.Owner, d, "upload", false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Meetings.Create(o.there.Owner, meeting.Details{Title: "Walk of Birch"}, "upload", false); err != nil {
		t.Fatal(err)
	}
	titles := func(query string) []string {
		got := o.viewer.Get(t, "/meetings"+query)
		want(t, got, 200)
		var out []string
		for _, m := range regexp.MustCompile(`<td class="t"><a [^>]*>([^<]*)</a>`).FindAllStringSubmatch(got.Body.String(), -1) {
			out = append(out, m[1])
		}
		return out
	}
	for query, w := range map[string]struct {
		n           int
		first, last string
	}{
		"":                                {50, "Walk 52", "Walk 03"},
		"?page=2":                         {3, "Walk 02", "Walk 00"},
		"?page=9":                         {0, "", ""},
		"?sort=date":                      {50, "Walk 00", "Walk 49"},
		"?sort=title":                     {50, "Walk 00", "Walk 49"},
		"?sort=-title":                    {50, "Walk 52", "Walk 03"},
		"?q=wALK%203":                     {10, "Walk 39", "Walk 30"},
		"?project=quayside":               {6, "Walk 50", "Walk 00"},
		"?project=quay":                   {0, "", ""},
		"?person=zo%C3%AB":                {6, "Walk 50", "Walk 00"},
		"?person=ZOE@":                    {6, "Walk 50", "Walk 00"},
		"?state=running":                  {50, "Walk 52", "Walk 03"},
		"?state=draft":                    {0, "", ""},
		"?from=2026-03-01":                {4, "Walk 52", "Walk 49"},
		"?from=2026-03-01&to=2026-03-01":  {1, "Walk 49", "Walk 49"},
		"?project=Quayside&to=2026-02-01": {3, "Walk 20", "Walk 00"},
		"?q=Walk&sort=title&page=2":       {3, "Walk 50", "Walk 52"},
	} {
		got := titles(query)
		if len(got) != w.n || w.n > 0 && (got[0] != w.first || got[w.n-1] != w.last) {
			t.Errorf("%s shows %d, %v; want %d from %s to %s", query, len(got), got, w.n, w.first, w.last)
		}
	}
	want(t, o.viewer.Get(t, "/meetings"), 200, "53 meetings, 1 to 50", `href="/meetings?page=2"`, `<option value="Quayside">`)
	want(t, o.viewer.Get(t, "/meetings?q=nothing"), 200, "No meeting matches these filters.")
	want(t, o.stranger.Get(t, "/meetings"), 200, "1 meeting<", "Walk of Birch")
	for _, query := range []string{"?page=0", "?page=x", "?sort=size", "?state=lost", "?from=soon", "?to=1-1-1"} {
		want(t, o.viewer.Get(t, "/meetings"+query), 400)
	}
	part := o.viewer.Do(t, "GET", "/meetings?q=Walk+07", nil, map[string]string{"HX-Request": "true"})
	want(t, part, 200, `<div id="list">`, "Walk 07")
	if strings.Contains(part.Body.String(), "<html") {
		t.Error("a filter that changes gets the whole page")
	}
	if strings.Contains(o.viewer.Get(t, "/meetings").Body.String(), "/delete") || !strings.Contains(o.owner.Get(t, "/meetings").Body.String(), "/delete") {
		t.Error("deleting is offered to a viewer, or not to the owner")
	}
}

func TestADeletedMeetingComesBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	at := o.paste(t)
	want(t, o.viewer.Post(t, at+"/delete", nil), 403)
	got := o.member.Post(t, at+"/delete", nil)
	if to := got.Header().Get("Location"); got.Code != 303 || !strings.HasPrefix(to, "/meetings?done=deleted&what=mtg_") {
		t.Fatalf("deleting: %d to %q", got.Code, to)
	}
	want(t, o.member.Get(t, got.Header().Get("Location")), 200, "The meeting was deleted.", at+"/restore", "There are no meetings here yet")
	want(t, o.member.Get(t, at), 404)
	want(t, o.member.Post(t, at+"/restore", nil), 303)
	want(t, o.member.Get(t, at+"?done=restored"), 200, "The meeting is back.")
	want(t, o.member.Get(t, "/meetings?done=deleted&what=%3Cscript%3E"), 200)
}

func TestExportsAreWhatTheMeetingHolds(t *testing.T) {
	t.Parallel()
	o := open(t)
	at := o.paste(t, part{name: "title", body: "Über \"uns\"/<all>;\u202egpj.exe ."})
	for file, w := range map[string][2]string{"minutes.md": {"text/markdown; charset=utf-8", "## Summary"}, "transcript.txt": {"text/plain; charset=utf-8", "Ada: We agreed"},
		"meeting.json": {"application/json", `"format": "mainstay.minutes/1"`}} {
		got := o.viewer.Get(t, at+"/"+file)
		want(t, got, 200, w[1])
		ending := file[strings.LastIndex(file, "."):]
		name := got.Header().Get("Content-Disposition")
		if kind := got.Header().Get("Content-Type"); kind != w[0] || name != "attachment; filename*=utf-8''%C3%9Cber%20uns%20all%20%3B%20gpj.exe"+ending {
			t.Errorf("%s: %s, %s", file, kind, name)
		}
		want(t, o.stranger.Get(t, at+"/"+file), 404)
		want(t, o.nobody.Get(t, at+"/"+file), 303)
	}
	var d map[string]any
	if err := json.Unmarshal(o.viewer.Get(t, at+"/meeting.json").Body.Bytes(), &d); err != nil {
		t.Error(err)
	}
	want(t, o.viewer.Get(t, at+"/transcript.vtt"), 404) // it has no times
	page := o.viewer.Get(t, at).Body.String()
	if !strings.Contains(page, at+"/transcript.txt") || strings.Contains(page, at+"/transcript.vtt") {
		t.Error("the page offers other files than there are")
	}
}

func TestARecordingPlaysFromItsParts(t *testing.T) {
	t.Parallel()
	o := open(t)
	c := o.here.Case(t, false)
	at, whole := "/meetings/"+c.Meeting.String(), string(worldtest.Tone(1))
	got := o.viewer.Get(t, at+"/audio")
	if got.Code != 200 || got.Body.String() != whole || got.Header().Get("Content-Type") != "audio/wav" || got.Header().Get("Accept-Ranges") != "bytes" {
		t.Errorf("all of it: %d, %d bytes, %v", got.Code, got.Body.Len(), got.Header())
	}
	for ranges, w := range map[string][2]string{"bytes=0-99": {whole[:100], "206"}, "bytes=1000-": {whole[1000:], "206"}, "bytes=-7": {whole[len(whole)-7:], "206"},
		"bytes=9999999-": {"", "416"}} {
		got := o.viewer.Do(t, "GET", at+"/audio", nil, map[string]string{"Range": ranges})
		if fmt.Sprint(got.Code) != w[1] || w[0] != "" && got.Body.String() != w[0] {
			t.Errorf("%s: %d, %d bytes, want %s, %d", ranges, got.Code, got.Body.Len(), w[1], len(w[0]))
		}
	}
	var peaks struct{ Peaks []int }
	if err := json.Unmarshal(o.viewer.Get(t, at+"/peaks").Body.Bytes(), &peaks); err != nil || len(peaks.Peaks) != 10 || peaks.Peaks[3] == 0 {
		t.Errorf("peaks %v, %v", peaks, err)
	}
	want(t, o.viewer.Get(t, at+"/words"), 200, "{}")
	for _, path := range []string{"/audio", "/peaks", "/words"} {
		want(t, o.nobody.Get(t, at+path), 303)
		want(t, o.stranger.Get(t, at+path), 404)
	}
	if _, err := o.Capture.Erase(o.here.Owner, c.Recording); err != nil {
		t.Fatal(err)
	}
	want(t, o.viewer.Get(t, at+"/audio"), 404)
	want(t, o.viewer.Get(t, at), 200, "The recording was erased.", "data-still")
}

// TestEveryMeetingsRouteKeepsStrangersOut walks the routes: without a session, as a viewer, and as another workspace.
func TestEveryMeetingsRouteKeepsStrangersOut(t *testing.T) {
	t.Parallel()
	o := open(t)
	c := o.here.Case(t, false)
	nowhere := o.Nowhere()
	bare := func(got *httptest.ResponseRecorder) string {
		got.Header().Del("X-Request-Id")
		got.Header().Del("RateLimit") // how much is left differs from one request to the next
		return fmt.Sprint(got.Code, got.Header(), ids.ReplaceAllString(got.Body.String(), "ID"))
	}
	o.pages.Server.Walk(func(r routed) {
		if !strings.Contains(r.Pattern, "{id}") || strings.HasPrefix(r.Pattern, "/settings/") || strings.HasPrefix(r.Pattern, "/api/") { // e2e walks these
			return
		}
		path := func(c worldtest.Case) string {
			id := c.Meeting.String()
			switch {
			case strings.HasPrefix(r.Pattern, "/uploads"):
				id = c.Upload.String()
			case strings.HasPrefix(r.Pattern, "/jobs"):
				id = c.Done.String()
			}
			return strings.NewReplacer("{id}", id, "{line}", "s1", "{speaker}", "s1").Replace(r.Pattern)
		}
		ask := func(b *worldtest.Browser, path string) *httptest.ResponseRecorder {
			header := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-CSRF-Token": b.Token, "Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
			if r.Method == "PATCH" || r.Pattern == "/uploads/{id}" && r.Method == "POST" {
				header["Content-Type"], header["X-HTTP-Method-Override"] = "application/offset+octet-stream", "PATCH"
			}
			return b.Do(t, r.Method, path, strings.NewReader("version=1&from=0&of="+c.Transcript.String()), header)
		}
		theirs, none := path(c), path(nowhere)
		if r.Policy.String() == "public" {
			return
		}
		if got := ask(o.nobody, theirs); got.Code != 401 && (got.Code != 303 || !strings.HasPrefix(got.Header().Get("Location"), "/sign-in")) {
			t.Errorf("%s %s without a session: %d", r.Method, r.Pattern, got.Code)
		}
		foreign, missing := ask(o.stranger, theirs), ask(o.stranger, none)
		if foreign.Code != 404 || bare(foreign) != bare(missing) {
			t.Errorf("%s %s of another workspace: %d\n%s\nwant as for what does not exist\n%s", r.Method, r.Pattern, foreign.Code, bare(foreign), bare(missing))
		}
		if least := leastOf(r.Policy.String()); least != gate.Viewer {
			if got := ask(o.viewer, theirs); got.Code != 403 {
				t.Errorf("%s %s as a viewer: %d, want 403", r.Method, r.Pattern, got.Code)
			}
		}
	})
	for path, body := range map[string]url.Values{"/meetings/" + c.Meeting.String() + "/delete": nil} {
		if got := o.member.Do(t, "POST", path, strings.NewReader(body.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}); got.Code != 403 {
			t.Errorf("%s without a form's token: %d", path, got.Code)
		}
	}
}
