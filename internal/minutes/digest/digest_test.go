package digest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/document"
	"mainstay/internal/minutes/digest"
)

// said makes a transcript of "Name: text" lines, a segment each.
func said(lines string) document.Transcript {
	var t document.Transcript
	ids := map[string]*string{}
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		who, text, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		if ids[who] == nil {
			id := fmt.Sprintf("p%d", len(ids)+1)
			ids[who] = &id
			t.Speakers = append(t.Speakers, document.Speaker{ID: id, Name: &who})
		}
		t.Segments = append(t.Segments, document.Segment{ID: fmt.Sprintf("g%d", len(t.Segments)+1), Speaker: ids[who], Text: text})
	}
	return t
}

func spoken(tag string) document.Meeting { return document.Meeting{Language: &tag} }

func allLines(d digest.Digest) []document.Line {
	lines := d.Summary
	for _, t := range d.Topics {
		lines = append(lines, t.Lines...)
	}
	return lines
}

const site = `
	Ann: Good morning everybody, thanks for coming. Let's get started with the concrete.
	Ben: Yeah, um, so the the concrete for the north slab was poured on Tuesday and the seven day results are fine.
	Ann: Good. And the south slab?
	Ben: The south slab waits for the reinforcement, and the supplier promised the steel for the fourth of March.
	Ann: Okay.
	Ben: If the steel is late the concrete pour moves into the week of the inspection, which nobody wants.
	Ann: We need to order the pump for the south slab before the steel arrives on the site.
	Ben: The concrete pump costs 1,200 euros for a day and the pump company wants three days of notice.
	Ann: Then order the concrete pump for the whole week because the slab takes two pours.
	Ben: Right. The slab formwork is ready and the concrete crew is booked for both pours.
	Ann: Moving on, the next item is the lift. The lift shaft drawings do not match the survey of the building.
	Ben: The survey says the lift shaft is forty millimetres too narrow at the third floor.
	Ann: The lift maker can deliver a narrower lift cabin but the cabin doors must be changed.
	Ben: Mm-hmm.
	Ann: The architect wants to keep the wide doors of the lift for the wheelchair users.
	Ben: A narrower lift cabin costs nothing more, but the new lift doors take ten weeks to arrive.
	Ann: The survey of the lift shaft should be repeated with the laser before anybody orders the cabin.
	Ben: I can ask the survey company for the laser survey of the shaft this week.
	Ann: Great, thanks. That is all, have a nice weekend, bye.
`

func TestSummaryKeepsWhatWasSaid(t *testing.T) {
	t.Parallel()
	d := digest.Of(spoken("en"), said(site), digest.Options{})
	if n := len(d.Summary); n < 2 || n > 8 {
		t.Errorf("summary has %d lines, want 2 to 8: %q", n, d.Summary)
	}
	for _, l := range d.Summary {
		for _, small := range []string{"morning", "weekend", "um,", "the the", "Yeah", "Mm-hmm"} {
			if strings.Contains(l.Text, small) {
				t.Errorf("line %q holds small talk %q", l.Text, small)
			}
		}
	}
}

func TestTopicsFollowTheCues(t *testing.T) {
	t.Parallel()
	d := digest.Of(spoken("en"), said(site), digest.Options{MaxTopics: 2})
	if len(d.Topics) != 2 {
		t.Fatalf("got %d topics, want 2: %+v", len(d.Topics), d.Topics)
	}
	if got := d.Topics[1].Segments.First; got != "g11" {
		t.Errorf("second topic begins at %s, want g11", got)
	}
	for k, word := range []string{"concrete", "lift"} {
		if title := strings.ToLower(d.Topics[k].Title); !strings.Contains(title, word) && !strings.Contains(title, "slab") {
			t.Errorf("topic %d is called %q, want something with %q", k+1, title, word)
		}
	}
	if diff := cmp.Diff("t2.1", d.Topics[1].Lines[0].ID); diff != "" {
		t.Errorf("id of a topic's line (-want +got):\n%s", diff)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ lang, in, want string }{
		"fillers and openers go": {"en", "A: Um, so, yeah, the the invoice for the uh crane is, you know, still missing.", "The invoice for the crane is still missing."},
		"a sentence goes over a listener's mm-hmm": {"en", "A: We sent the invoice for the crane to\nB: Mm-hmm.\nA: the office of the contractor in April.",
			"We sent the invoice for the crane to the office of the contractor in April."},
		"negation and numbers stay":    {"en", "A: We did not approve the 1,200 euros for the crane in the budget.", "We did not approve the 1,200 euros for the crane in the budget."},
		"a question stays one":         {"en", "A: Will the crane company repair the crane before the inspection?", "Will the crane company repair the crane before the inspection?"},
		"a short recording is a line":  {"en", "A: Testing the new microphone.", "Testing the new microphone."},
		"recognized speech is dressed": {"en", "A: and the invoice for the crane is still missing from the folder", "The invoice for the crane is still missing from the folder."},
		"German works": {"de", "A: Also, ähm, die Rechnung für den Kran ist noch nicht bei der Buchhaltung angekommen.",
			"Die Rechnung für den Kran ist noch nicht bei der Buchhaltung angekommen."},
		"a language without lists works": {"pl", "A: Faktura za dźwig jeszcze nie dotarła do działu księgowości.", "Faktura za dźwig jeszcze nie dotarła do działu księgowości."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := digest.Of(spoken(c.lang), said(c.in), digest.Options{})
			if len(d.Summary) != 1 || d.Summary[0].Text != c.want {
				t.Errorf("summary of %q = %+v, want %q", c.in, d.Summary, c.want)
			}
			if len(d.Topics) != 0 {
				t.Errorf("a short recording has topics: %+v", d.Topics)
			}
		})
	}
}

func TestSound(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]bool{
		"The architect prefers the wooden door for the library.":       true,
		"The roots of the tree go right across the water pipe.":        true,
		"If the steel is late the concrete pour moves into May.":       true,
		"The wall that was built last week needs another coat.":        true,
		"What we need is a second crane for the roof.":                 true,
		"It is very important to keep the path open for the school.":   true,
		"There is an old oak tree near the water pipe.":                true,
		"In April we sent the drawings to the council office.":         true,
		"The supplier promised the steel doors for the first of June.": true,
		"Because of the rain the roof is three days late.":             true,
		"Four of the five homes listed in the report were empty.":      true,
		"Next week we pour the concrete for the second floor.":         true,

		"The families to get the children to go to school early.":       false, // no verb of its own
		"The frequency of the visits from the building inspection.":     false,
		"The money we have in the budget for the second crane.":         false,
		"The fact that if we look at the frequency of the visits.":      false, // an open "that"
		"By people who are not associated with this building project.":  false,
		"They have done some interesting tests on that in Hamburg.":     false, // points back
		"That is way beyond the scope of the building contract.":        false,
		"Phase one is ready for the inspection of the council.":         true,
		"No one was hurt at the northern wall on Tuesday.":              true,
		"The third one is the crane beside the northern wall.":          false,
		"The driver is supposed to keep an eye on those.":               false,
		"We're gonna order a second crane for the northern wall.":       false,
		"We have some the drawings of the northern wall.":               false,
		"The site development, and with the local colleges to develop.": false,
		"In terms of the second crane, It'll be ready on Monday.":       false,
		"One of them is the crane beside the northern wall.":            false,
		"I sent the drawings of the crane to the council office.":       false, // of oneself
		"Let's go back to the drawings of the northern wall.":           false, // procedure
		"Feed the results of the tests to the building inspection.":     false, // no subject
		"The buttons, there are four buttons beside the front door.":    false, // begins again
		"The crane problem the fact that the council refused the road.": false,
		"The we need a second crane for the northern wall.":             false, // a clash
		"The crane of had a second driver for the northern wall.":       false,
		"Will the need a second crane for the northern wall.":           false,
		"Th so, the crane needs a second driver for the wall.":          false, // broken off
		"The infra infrared sender of the alarm needs a new battery.":   false,
		"The crane has the crane has a second driver on the site.":      false, // stammers
		"We met the deputy minister from the council office for.":       false, // stranded
		"All it has is some stuff saying, \" the crane is late today.":  false, // half a quotation
	} {
		if got := digest.Sound(sentence); got != want {
			t.Errorf("Sound(%q) = %v, want %v", sentence, got, want)
		}
	}
}

func TestAnnouncedTopicsKeepTheirNames(t *testing.T) {
	t.Parallel()
	d := digest.Of(spoken("en"), said(`
		Ann: Good morning everybody. Let's start with the budget itself.
		Ben: The budget of the library is spent to forty percent and the bank has paid the second part.
		Ann: Fine. The next item is the front door. The supplier offers a steel door and a wooden door.
		Ben: The architect prefers the wooden door because it matches the windows.
		Ann: Moving on to the water pipe in the garden.
		Ben: The roots of the oak tree go right across the pipe, and the pipe has to move two metres.
		Ann: What about you?
		Ben: The inspection of the water pipe takes place in the second week of March.`), digest.Options{})
	var titles []string
	for _, topic := range d.Topics {
		titles = append(titles, topic.Title)
	}
	if diff := cmp.Diff([]string{"Budget", "Front door", "Water pipe in the garden"}, titles); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
}

func TestAShortMeetingHasAShortSummary(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(site), "\n")
	d := digest.Of(spoken("en"), said(strings.Join(lines[2:12], "\n")), digest.Options{})
	if n := len(d.Summary); n < 2 || n > 4 {
		t.Errorf("summary has %d lines, want 2 to 4: %+v", n, d.Summary)
	}
	if n := len(d.Topics); n < 1 || n > 2 {
		t.Errorf("got %d topics, want 1 or 2: %+v", n, d.Topics)
	}
}

func TestATopicDoesNotRepeatTheSummary(t *testing.T) {
	t.Parallel()
	d := digest.Of(spoken("en"), said(site), digest.Options{})
	var summary []string
	for _, l := range d.Summary {
		summary = append(summary, l.Text)
	}
	for _, topic := range d.Topics {
		for _, l := range topic.Lines {
			if len(topic.Lines) > 1 && slices.Contains(summary, l.Text) {
				t.Errorf("topic %q says again %q", topic.Title, l.Text)
			}
		}
	}
}

func TestNothingSaidGivesEmptyLists(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]document.Transcript{
		"no segments":   {},
		"empty segment": {Segments: []document.Segment{{ID: "g1"}}},
		"only manners":  said("A: Hello.\nB: Hi, um.\nA: Okay, bye."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := digest.Digest{Summary: []document.Line{}, Topics: []document.Topic{}}
			if diff := cmp.Diff(want, digest.Of(document.Meeting{}, tr, digest.Options{})); diff != "" {
				t.Errorf("Of (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSameTranscriptGivesSameDigest(t *testing.T) {
	t.Parallel()
	first := digest.Of(spoken("en"), said(site), digest.Options{})
	for range 5 {
		if diff := cmp.Diff(first, digest.Of(spoken("en"), said(site), digest.Options{})); diff != "" {
			t.Fatalf("a second run differs:\n%s", diff)
		}
	}
}

// letters gives what a text says, without case, blanks and marks.
func letters(text string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(unicode.ToUpper(r))
		}
		return -1
	}, text))
}

// stands fails unless every quote stands in its segment, and the line's letters stand in its quotes in the same order.
func stands(t *testing.T, tr document.Transcript, l document.Line) {
	t.Helper()
	text := map[string]string{}
	for _, s := range tr.Segments {
		text[s.ID] = s.Text
	}
	quotes := ""
	for _, e := range l.Evidence {
		if strings.TrimSpace(e.Quote) == "" || !strings.Contains(text[e.Segment], e.Quote) {
			t.Fatalf("quote %q of line %q does not stand in segment %s %q", e.Quote, l.Text, e.Segment, text[e.Segment])
		}
		quotes += e.Quote
	}
	if len(l.Evidence) == 0 {
		t.Fatalf("line %q cites nothing", l.Text)
	}
	left := letters(quotes)
	for _, r := range letters(l.Text) {
		at := slices.Index(left, r)
		if at < 0 {
			t.Fatalf("line %q does not stand in %+v", l.Text, l.Evidence)
		}
		left = left[at+1:]
	}
}

func TestEveryLineStandsInItsSegments(t *testing.T) {
	t.Parallel()
	tr := said(site)
	for _, l := range allLines(digest.Of(spoken("en"), tr, digest.Options{})) {
		stands(t, tr, l)
	}
}

func FuzzOf(f *testing.F) {
	f.Add("en", site)
	f.Add("de", "A: Also die Rechnung ist da.\nB: Am 3. März, ähm, genau.")
	f.Add("", "A: We sent it to\nB: Mm-hmm.\nA: the office {x} [y] th- the L_C_D_s .")
	f.Add("ja", "A: 今日は会議です。始めましょう。\nB: はい。")
	f.Fuzz(func(t *testing.T, tag, lines string) {
		tr := said(strings.Repeat(lines+"\n", 2))
		d := digest.Of(spoken(tag), tr, digest.Options{})
		if d.Summary == nil || d.Topics == nil {
			t.Fatal("a list is nil")
		}
		for _, l := range allLines(d) {
			stands(t, tr, l)
		}
		for _, topic := range d.Topics {
			if strings.TrimSpace(topic.Title) == "" {
				t.Fatalf("topic without a title: %+v", topic)
			}
		}
	})
}
