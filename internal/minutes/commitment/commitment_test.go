package commitment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/minutes"
	"mainstay/internal/minutes/commitment"
	"mainstay/internal/minutes/evidence"
)

// said makes a meeting on Thursday, 12 March 2026, of "Name: text" lines, a segment each. A name such as "S1" is a voice
// without a name.
func said(lines string) (document.Meeting, document.Transcript) {
	day, zone, lang := "2026-03-12", "Europe/London", "en"
	m := document.Meeting{Date: &day, Zone: &zone, Language: &lang}
	var t document.Transcript
	ids := map[string]*string{}
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		who, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if ids[who] == nil {
			id := fmt.Sprintf("p%d", len(ids)+1)
			ids[who] = &id
			s := document.Speaker{ID: id}
			if !strings.HasPrefix(who, "S") || len(who) > 2 {
				s.Name = &who
				m.Attendees = append(m.Attendees, who)
			}
			t.Speakers = append(t.Speakers, s)
		}
		t.Segments = append(t.Segments, document.Segment{ID: fmt.Sprintf("g%d", len(t.Segments)), Speaker: ids[who], Text: text})
	}
	return m, t
}

// actions gives each action as "text (owner, due)", "-" for what is blank.
func actions(lines string) []string {
	m, t := said(lines)
	var list []string
	kept := minutes.Stand(minutes.Proposal{Minutes: document.Minutes{Actions: commitment.Find(m, t).Actions}}, evidence.New(m, t))
	for _, a := range kept.Actions {
		who, when := "-", "-"
		if a.Owner != nil && a.Owner.Name != nil {
			who = *a.Owner.Name
		} else if a.Owner != nil && a.Owner.Speaker != nil {
			who = *a.Owner.Speaker
		}
		if a.Due != nil && a.Due.Date != nil {
			when = *a.Due.Date
		}
		list = append(list, fmt.Sprintf("%s (%s, %s)", a.Text, who, when))
	}
	return list
}

func TestActions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ said, want string }{
		"a promise is its speaker's":            {"Ann Lee: I'll send the drawings to the council by Friday.", "Send the drawings to the council by Friday. (Ann Lee, 2026-03-13)"},
		"a request is its taker's":              {"Ann Lee: Ben, can you order the pump?\nBen Cole: Yeah, no problem.", "Order the pump. (Ben Cole, -)"},
		"who is asked need not be named":        {"Ann Lee: Could you call the supplier tomorrow?\nBen Cole: Sure.", "Call the supplier tomorrow. (Ben Cole, 2026-03-13)"},
		"a refused request is taken by another": {"Ann Lee: Ben, can you call the supplier?\nBen Cole: Sorry, I can't.\nCy Roe: I'll do it.", "Call the supplier. (Cy Roe, -)"},
		"a need nobody takes is nobody's":       {"Ann Lee: Somebody has to renew the licence before the end of March.", "Renew the licence before the end of March. (-, 2026-03-31)"},
		"a need is its taker's":                 {"Ann Lee: Somebody has to renew the licence.\nBen Cole: Leave it with me.", "Renew the licence. (Ben Cole, -)"},
		"we is nobody":                          {"Ann Lee: We'll repaint the north wall next week.", "Repaint the north wall next week. (-, 2026-03-20)"},
		"a third person is named":               {"Ann Lee: Luis'll upload the trace on Monday.", "Upload the trace on Monday. (Luis, 2026-03-16)"},
		"an offer holds when it is taken":       {"Ann Lee: I can draft the letter.\nBen Cole: Yes please, that would be great.", "Draft the letter. (Ann Lee, -)"},
		"what you get is from me":               {"Ann Lee: You'll have the new estimate by Tuesday.", "Have the new estimate by Tuesday. (Ann Lee, 2026-03-17)"},
		"you is who asked":                      {"Ann Lee: Ben, could you send me the weights?\nBen Cole: Yes, I'll send you the sheets tonight.", "Send Ann the sheets tonight. (Ben Cole, 2026-03-12)"},
		"a date in the reply holds":             {"Ann Lee: Ben, can you fix the door?\nBen Cole: Sure, by Monday.", "Fix the door. (Ben Cole, 2026-03-16)"},
		"an event's date is looked up":          {"Ann Lee: The audit is on the second of April.\nBen Cole: I'll clear the store before the audit.", "Clear the store before the audit. (Ben Cole, 2026-04-02)"},
		"no date was said of the next meeting":  {"Ann Lee: I'll clear the store before the next meeting.", "Clear the store before the next meeting. (Ann Lee, -)"},
		"speech without marks is understood":    {"Ann Lee: okay ben can you book the crane for tuesday\nBen Cole: yeah will do", "Book the crane for tuesday. (Ben Cole, 2026-03-17)"},
		"a voice without a name can own":        {"S1: I'll order the beams tomorrow.\nS2: Thanks.", "Order the beams tomorrow. (p1, 2026-03-13)"},
		"a promise may run over captions":       {"Ann Lee: So I'll send the revised\nAnn Lee: drawings to the council on Friday.", "Send the revised drawings to the council on Friday. (Ann Lee, 2026-03-13)"},
		"what was asked and promised is one":    {"Ann Lee: Somebody needs to chase the architect.\nBen Cole: I'll call him on Monday.", "Chase the architect. (Ben Cole, 2026-03-16)"},
		"a passive need names the deed":         {"Ann Lee: The fire certificate has to be renewed before the twentieth.", "Renew the fire certificate before the twentieth. (-, 2026-03-20)"},
		"two promises with two dates are two":   {"Ann Lee: I'll send the minutes tonight. I'll also book the hall for the fair by Friday.", "Send the minutes tonight. (Ann Lee, 2026-03-12)|Book the hall for the fair by Friday. (Ann Lee, 2026-03-13)"},
		"a polite condition is none":            {"Ann Lee: I'll book the hall if you like.\nBen Cole: Thanks.", "Book the hall. (Ann Lee, -)"},
		"a temporal clause is no condition":     {"Ann Lee: I'll post the results as soon as they land.", "Post the results as soon as they land. (Ann Lee, -)"},
		"to be seen whether is no condition":    {"Ann Lee: I'll ask the bank if they accept it.", "Ask the bank if they accept it. (Ann Lee, -)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(actions(c.said), "|"); got != c.want {
				t.Errorf("actions = %q, want %q", got, c.want)
			}
		})
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]string{
		"a condition not yet met":       "Ann Lee: If they refuse the permit I'll call the lawyer.",
		"a condition said without if":   "Ann Lee: Should the city refuse, I'd redraw the whole plan.",
		"what would be":                 "Ann Lee: I would order two pumps.",
		"what was done":                 "Ann Lee: I sent the drawings to the council on Friday.",
		"what is denied":                "Ann Lee: I won't send the drawings to the council.",
		"a letter that is read out":     "Ann Lee: The letter says the contractor will reinstate the path by the end of March.",
		"what somebody was told":        "Ann Lee: He told me they will publish the report on Friday.",
		"a rule for everybody":          "Ann Lee: Everybody has to wear a helmet on the site, that's the rule.",
		"a duty at all times":           "Ann Lee: You should always lock the store in the evening.",
		"a habit":                       "Ann Lee: I check the pump every morning.",
		"sharing a screen":              "Ann Lee: One second, I'll share my screen.",
		"opening the meeting":           "Ann Lee: Right, let's start with the minutes.\nBen Cole: Okay.",
		"a request for words":           "Ann Lee: Ben, can you tell us about the pump?\nBen Cole: Sure, it is fine.",
		"a request refused":             "Ann Lee: Ben, can you cover the desk on Monday?\nBen Cole: I can't, I'm away.",
		"a request taken back":          "Ann Lee: I'll rewrite the whole section tonight.\nBen Cole: No, don't, wait for the test.\nAnn Lee: Okay.",
		"a threat in jest":              "Ann Lee: Otherwise I'll take his golf clubs.",
		"what is laughed at":            "Ann Lee: I'll buy her a steam engine.\nBen Cole: Ha, very funny.",
		"an offer nobody takes":         "Ann Lee: I could paint the fence.\nBen Cole: The fence is fine.",
		"a proposal as a thought":       "Ann Lee: What if we dropped the third floor? I'd shave every column.",
		"what is wanted only":           "Ann Lee: We need two dry days.\nBen Cole: Okay.",
		"another language than English": "Ann Lee: Ich schicke dir das morgen, und dann machen wir das mit der Pumpe, die nicht geht.",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "another language than English" {
				m, tr := said(lines)
				m.Language = nil
				if got := commitment.Find(m, tr); len(got.Actions) > 0 {
					t.Errorf("actions = %v, want none", got.Actions)
				}
				return
			}
			if got := actions(lines); len(got) > 0 {
				t.Errorf("actions = %q, want none", got)
			}
		})
	}
}

func TestDecisionsAndQuestions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ said, decision, question string }{
		"agreed settles":                       {"Ann Lee: Okay, agreed, the fence moves by a metre.", "The fence moves by a metre.", ""},
		"a poll that is answered settles":      {"Ann Lee: The north side gets storefront. Everybody okay with that?\nBen Cole: Yeah, works for me.", "The north side gets storefront.", ""},
		"a proposal nobody answers does not":   {"Ann Lee: We could move the fence.\nBen Cole: The pump is late.", "", ""},
		"what was agreed before does not":      {"Ann Lee: We agreed at Easter to keep the fence.", "", ""},
		"then we do that settles the proposal": {"Ann Lee: Saved carts at the top of the page, above the list.\nBen Cole: Then we do that.", "Saved carts at the top of the page, above the list.", ""},
		"a question nobody can answer is open": {"Ann Lee: Who pays for the second pump?\nBen Cole: No idea.", "", "Who pays for the second pump?"},
		"a question with an answer is not":     {"Ann Lee: Who pays for the second pump?\nBen Cole: The client does.", "", ""},
		"a request is no question":             {"Ann Lee: Can you order the pump?\nBen Cole: I don't know, I'm busy.", "", ""},
		"not knowing has many words":           {"Ann Lee: When does the switchgear arrive?\nBen Cole: The factory won't give me a date.", "", "When does the switchgear arrive?"},
		"a question without marks is found":    {"Ann Lee: who is on call this weekend then\nBen Cole: nobody knows", "", "Who is on call this weekend?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, tr := said(c.said)
			f := commitment.Find(m, tr)
			if got := texts(f.Decisions); got != c.decision {
				t.Errorf("decisions = %q, want %q", got, c.decision)
			}
			if got := texts(f.Questions); got != c.question {
				t.Errorf("questions = %q, want %q", got, c.question)
			}
		})
	}
}

func texts(lines []document.Line) string {
	var list []string
	for _, l := range lines {
		list = append(list, l.Text)
	}
	return strings.Join(list, "|")
}

func TestDue(t *testing.T) {
	t.Parallel()
	m, _ := said("Ann Lee: Hello.")
	for words, want := range map[string]string{
		"by Friday": "2026-03-13", "Friday, no later than the twentieth": "2026-03-13", "before the next meeting": "", "at the end of next week": "2026-03-20",
	} {
		got := commitment.Due(m, words)
		if got == nil || got.AsSaid != words || (got.Date == nil) != (want == "") || got.Date != nil && *got.Date != want {
			t.Errorf("Due(%q) = %+v, want %q", words, got, want)
		}
	}
	for _, words := range []string{"", "the pump", "second lift"} {
		if got := commitment.Due(m, words); got != nil {
			t.Errorf("Due(%q) = %+v, want nil", words, got)
		}
	}
}

// Two hours of talk are about 20,000 words. The bar is a second; the test allows for a busy machine.
func TestTwoHoursOfTalk(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&b, "%s: okay so i think the pump is late and um i'll call the supplier number %d on friday because nobody knows when it comes\n", []string{"Ann Lee", "Ben Cole"}[i%2], i)
	}
	m, tr := said(b.String())
	start := time.Now()
	commitment.Find(m, tr)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("reading two hours of talk took %v", took)
	} else {
		t.Logf("took %v", took)
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"", "Ann Lee: I'll send it by Friday.\nBen Cole: No, don't.", "S1: can you\nS2: yes", "Ann Lee: 'll 's n't let me let us gonna", "Ann Lee: agreed. Done. B it is. Who? No idea.",
		"Ann Lee: Robin's going to, the dog's at, everyone's", "Ann Lee: a\xff\xfe will 're \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		m, tr := said(lines)
		found := commitment.Find(m, tr)
		segments := map[string]string{}
		for _, s := range tr.Segments {
			segments[s.ID] = s.Text
		}
		for _, l := range append(append(lineOf(found.Actions), found.Decisions...), found.Questions...) {
			if l.Text == "" || len(l.Evidence) == 0 {
				t.Fatalf("line %q has %d sources", l.Text, len(l.Evidence))
			}
			for _, e := range l.Evidence {
				if e.Quote == "" || !strings.Contains(segments[e.Segment], e.Quote) {
					t.Fatalf("quote %q does not stand in %q", e.Quote, segments[e.Segment])
				}
			}
		}
	})
}

func FuzzDue(f *testing.F) {
	for _, s := range []string{"", "by Friday", "the thirty-first of February", "a week on Monday week", "\xff by the 99th"} {
		f.Add(s, "2026-03-12")
	}
	f.Fuzz(func(t *testing.T, words, day string) {
		got := commitment.Due(document.Meeting{Date: &day}, words)
		if got == nil || got.Date == nil {
			return
		}
		if _, err := time.Parse(time.DateOnly, *got.Date); err != nil {
			t.Fatalf("Due(%q) gives the date %q", words, *got.Date)
		}
	})
}
