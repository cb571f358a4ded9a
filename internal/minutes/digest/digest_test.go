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
