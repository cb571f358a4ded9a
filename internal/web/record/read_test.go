package record_test

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
)

var rest = regexp.MustCompile(`hx-get="(/meetings/[^"]+/transcript\?[^"]+)"`)

func TestALongTranscriptComesInParts(t *testing.T) {
	t.Parallel()
	o := open(t)
	var text strings.Builder
	for i := range 450 {
		fmt.Fprintf(&text, "%s: This is what turn %d says.\n", []string{"Ada", "Ben"}[i%2], i+1)
	}
	at := made(t, send(t, o.member, part{name: "source", body: "paste"}, part{name: "text", body: text.String()}))
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	body, turns, seen := o.viewer.Get(t, at).Body.String(), 0, 0
	_, body, _ = strings.Cut(body, `id="turns"`)
	for {
		turns += strings.Count(body, `<li class="turn`)
		m := rest.FindStringSubmatch(body)
		if m == nil {
			break
		}
		seen++
		path := html.UnescapeString(m[1])
		want(t, o.stranger.Get(t, path), 404)
		got := o.viewer.Get(t, path)
		want(t, got, 200)
		body = got.Body.String()
	}
	if turns != 450 || seen != 2 {
		t.Errorf("%d turns came in %d further parts, want 450 in 2", turns, seen)
	}
	want(t, o.viewer.Get(t, at+"/transcript?from=0&of=trn_x"), 409)
	want(t, o.viewer.Get(t, at+"/transcript?from=x"), 400)
}

func TestWordsHaveTheirTimesAndDoubts(t *testing.T) {
	t.Parallel()
	o := open(t)
	spoken := `{"segments": [{"start": 0, "end": 2, "text": "Größe 😀 pour it", "speaker": "A", "words": [
		{"word": " Größe", "start": 0, "end": 0.5, "probability": 0.9}, {"word": " 😀", "start": 0.5, "end": 1, "probability": 0.9},
		{"word": " pour", "start": 1, "end": 1.5, "probability": 0.1}, {"word": " it", "start": 1.5, "end": 2, "probability": 0.2}]},
		{"start": 95, "end": 97, "text": "After a while.", "speaker": "B"}]}`
	at := made(t, send(t, o.member, part{name: "source", body: "paste"}, part{name: "text", body: spoken}))
	if err := o.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, o.viewer.Get(t, at), 200, `Größe 😀 <span class="unsure">pour it</span>`, "heard unclearly", "2 min without speech", `<a class="at" href="#s-2" data-at="95000"`)
	var words map[string][][4]int
	if err := json.Unmarshal(o.viewer.Get(t, at+"/words").Body.Bytes(), &words); err != nil {
		t.Fatal(err)
	}
	// A browser counts UTF-16 units, of which the smile has two.
	if got := fmt.Sprint(words["s-1"]); got != "[[0 5 0 500] [6 8 500 1000] [9 13 1000 1500] [14 16 1500 2000]]" {
		t.Errorf("words = %s", got)
	}
}

func TestAListThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.paste(t)
	if _, err := o.Admin.Exec(t.Context(), `alter table tenant.meeting rename column zone to zones`); err != nil {
		t.Fatal(err)
	}
	got := o.viewer.Get(t, "/meetings?sort=date")
	want(t, got, 500, got.Header().Get("X-Request-Id"), `href="/meetings?sort=date"`, "Try again")
	if strings.Contains(got.Body.String(), "mtg_") {
		t.Error("the page tells which meeting is damaged")
	}
}

func TestADamagedMeetingHidesNoOther(t *testing.T) {
	t.Parallel()
	o := open(t)
	damaged := o.paste(t)
	if _, err := o.Admin.Exec(t.Context(), `update tenant.meeting set sealed = '\x00'`); err != nil {
		t.Fatal(err)
	}
	whole := o.paste(t)
	for _, list := range []string{"/meetings", "/meetings?sort=title", "/"} {
		want(t, o.member.Get(t, list), 200, "This meeting cannot be opened", whole)
	}
	want(t, o.member.Get(t, damaged), 500, "Tell your administrator")
}
