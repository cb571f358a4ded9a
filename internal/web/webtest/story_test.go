package webtest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/browsertest"
	"mainstay/internal/capture"
	"mainstay/internal/meeting"
	"mainstay/internal/speech"
	"mainstay/internal/worldtest"
)

// house is a deployment whose work runs, and whose every visitor is one and the same signed-in member.
type house struct {
	*worldtest.World
	here    *worldtest.Tenant
	url     string
	reports func() []string
}

// live opens a house; what is prepared is there before its work begins to run.
func live(t *testing.T, prepared ...func(*house)) *house {
	t.Helper()
	w := worldtest.New(t)
	h := &house{World: w, here: w.Tenant(t, "Alder")}
	pages := w.Pages(t)
	visitor := pages.Browser(t, h.here.Member)
	for _, prepare := range prepared {
		prepare(h)
	}
	var mu sync.Mutex
	var broken []string
	ts := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/csp-report") {
			mu.Lock()
			broken = append(broken, r.URL.Path)
			mu.Unlock()
		}
		r.AddCookie(visitor.Cookie)
		pages.Server.Handler().ServeHTTP(rw, r)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		_ = w.Queue.Run(ctx)
	}()
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
		cancel()
		<-worked
	})
	h.url = ts.URL
	h.reports = func() []string {
		mu.Lock()
		defer mu.Unlock()
		return broken
	}
	return h
}

// TestARecordingBecomesApprovedMinutes is the main job in a browser, over the real handlers and services.
func TestARecordingBecomesApprovedMinutes(t *testing.T) {
	t.Parallel()
	h := live(t)
	h.Hear("We agreed to pour the slab on Thursday.\nI will call the supplier about the brackets.\nWho approves the fire doors?")
	path := filepath.Join(t.TempDir(), "site meeting.wav")
	if err := os.WriteFile(path, worldtest.Tone(3), 0o600); err != nil {
		t.Fatal(err)
	}
	b := browsertest.New(t, h.url)
	b.Open("/meetings")
	b.Soon("a new workspace has no meetings", `document.body.textContent.includes("There are no meetings here yet.")`)
	b.Click(`.empty a`)
	b.Soon("it leads to the form", `location.pathname === "/meetings/new"`)
	b.Choose("#files", path)
	b.Soon("the file is listed", `document.querySelector("#chosen .name").textContent === "site meeting.wav"`)
	b.Do(`document.querySelector("#attendees").value = "Ada Lovelace\nBen", document.querySelector("[name=told][value=yes]").click(), document.querySelector(".foot .first").click()`)
	b.Soon("the minutes come by themselves", `location.pathname.startsWith("/meetings/mtg_") && document.querySelector("#l-s1")`)
	b.Soon("the title is the file's", `document.querySelector("h1").textContent === "site meeting"`)

	b.Do(`document.querySelector("audio").addEventListener("playing", e => { window.from = e.target.currentTime; })`)
	b.Click("#l-s2 .cite")
	b.Soon("a chip plays its second", `Math.abs(window.from - 1) < .9`)
	b.Click("#l-s1 .edit")
	b.Soon("the form takes the focus", `document.activeElement.matches("#l-s1 textarea")`)
	b.Press(" Changed.")
	b.Press(kb.Enter, chromedp.ModifierCtrl)
	b.Soon("it is saved and can be undone", `document.querySelector("#l-s1 .say").textContent.includes("Changed.") && document.querySelector(".toast button").textContent === "Undo"`)
	b.Click(".toast button")
	b.Soon("Undo takes it back", `document.querySelector("#l-s1 .say").textContent.trim().startsWith("We agreed to pour the slab on Thursday.") && !document.body.textContent.includes("Changed.")`)
	b.Click("#l-s3 .edit")
	b.Soon("the form of another line opens", `document.querySelector("#l-s3 [name=remove]")`)
	b.Click("#l-s3 [name=remove]")
	b.Soon("the line is gone", `!document.querySelector("#l-s3") && document.querySelector(".toast").textContent.includes("removed")`)
	b.Click("#new-decisions a")
	b.Soon("the form of a new line opens", `document.activeElement.matches("#new-decisions textarea")`)
	b.Press("The slab is poured on Thursday.")
	b.Click("#new-decisions .first")
	b.Soon("the decision stands with its source", `document.querySelector("#l-dx1 .cite").dataset.seg === "s-1" && document.querySelector("#new-decisions.add")`)

	b.Click("[popovertarget=p-s1]")
	b.Do(`document.querySelector("#n-s1").value = "Ada Lovelace", document.querySelector("#p-s1 .first").click()`)
	b.Soon("a speaker is named everywhere", `document.querySelector(".turn .name").textContent === "Ada Lovelace" && document.querySelector(".toast").textContent.includes("everywhere")`)
	b.Click("[data-key=approve]")
	b.Soon("the minutes are approved", `document.querySelector(".sign").textContent.includes("Approved") && !document.querySelector(".edit[hx-get]")`)
	b.Clean("the pages")
	if reports := h.reports(); len(reports) > 0 {
		t.Errorf("the content policy was broken %d times", len(reports))
	}
}

// TestNothingThatIsStoredIsExecuted sends the attacks through every field of the real forms and opens every page of them.
func TestNothingThatIsStoredIsExecuted(t *testing.T) {
	t.Parallel()
	h := live(t)
	people, short := h.here.Member, func(n int) string { return string([]rune(attacks)[:n]) }
	details := meeting.Details{Title: short(200), Project: short(120), Glossary: []string{attacks}, Told: meeting.Told{State: "yes", How: short(200)},
		Attendees: []meeting.Person{{Name: short(120), Email: `"><img src=x onerror=hit()>@x.example`}, {Name: `</option></datalist><script>hit()</script>`}}}
	lines := strings.ReplaceAll(attacks, " ", "\n")
	m, err := h.Meetings.Create(people, details, "upload", false)
	if err != nil {
		t.Fatal(err)
	}
	h.Hear(attacks + "\n" + lines)
	sound := worldtest.Tone(5)
	if _, err := h.Capture.Put(people, m.ID, `"><script>hit()</script>.wav`, int64(len(sound)), strings.NewReader(string(sound))); err != nil {
		t.Fatal(err)
	}
	at := "/meetings/" + m.ID.String()
	b := browsertest.New(t, h.url)
	b.Before(`window.hits = 0; window.hit = () => { window.hits++; }; window.alert = window.hit;`)
	b.Open(at)
	b.Soon("there are minutes", `document.querySelector("#l-s1")`)
	poison := func() {
		o, err := h.Minutes.Look(people, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Speech.NameSpeaker(people, speech.ID(o.Transcript.ID), "s1", `</span><script>hit()</script>"><img src=x onerror=hit()>`); err != nil {
			t.Fatal(err)
		}
	}
	poison()
	b.Open(at)
	b.Click("#l-a1 .edit")
	b.Soon("the form of an action opens", `document.querySelector("#l-a1 [name=owner]")`)
	b.Do(`document.querySelector("#l-a1 [name=owner]").value = "<script>hit()</scr" + "ipt>\"><img src=x onerror=hit()>", document.querySelector("#l-a1 .first").click()`)
	b.Soon("it is saved", `!document.querySelector("#l-a1 form") && document.querySelector("#l-a1 .by b").textContent.includes("<script>")`)
	half, err := h.Meetings.Create(people, details, "upload", false)
	if err == nil {
		_, err = h.Capture.Begin(people, half.ID, attacks, capture.MaxSize)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{at, at + "/details", at + "/erase", at + "/lines/a1/edit", at + "/lines/new?in=actions", "/meetings", "/meetings?q=" + "%3Cscript%3Ehit()%3C%2Fscript%3E",
		"/meetings/new", "/meetings/new?from=paste", "/meetings/" + half.ID.String(), "/", "/jobs", "/meetings?done=named&what=" + m.ID.String() + "&who=%22%3E%3Cscript%3Ehit()%3C/script%3E"} {
		b.Open(path)
		browsertest.Eval[bool](b, `new Promise(done => {
			for (const e of document.querySelectorAll("main *")) { e.dispatchEvent(new Event("focusin", {bubbles: true})); e.dispatchEvent(new Event("pointerover", {bubbles: true})); }
			for (const b of document.querySelectorAll(".cite, .at, .seg")) b.click();
			for (const a of document.querySelectorAll("a")) if (/^\s*javascript:/i.test(a.getAttribute("href") ?? "")) hit();
			setTimeout(() => done(true), 60);
		})`)
		if n := browsertest.Eval[int](b, `hits`); n != 0 {
			t.Errorf("%s executed %d times", path, n)
		}
		if n := browsertest.Eval[int](b, `document.querySelectorAll("main :is(script, iframe, math, style, base), main [onerror], main [onload], main [onfocus], main [style]").length`); n != 0 {
			t.Errorf("%s holds %d elements of an attack", path, n)
		}
	}
	if reports := h.reports(); len(reports) > 0 {
		t.Errorf("the content policy had to stop something %d times", len(reports))
	}
}
