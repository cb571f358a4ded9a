package minutes_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mainstay/internal/document"
	"mainstay/internal/egress"
	"mainstay/internal/llm/llmtest"
	"mainstay/internal/minutes"
)

func TestAModelDraftsWhatWasSaid(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"anthropic", "openai", "gemini"} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, egress.Limits{})
			server := llmtest.New(t, answers(honest().json()))
			s.turnOn(t, provider, server.URL)
			m := s.draft(t, details(), talk).Minutes
			if m.DraftedBy.Kind != "model" || *m.DraftedBy.Provider != provider || *m.DraftedBy.Model != "model-1" || m.DraftedBy.Note != nil || m.Dropped != 0 {
				t.Fatalf("drafted by %+v, %d dropped", m.DraftedBy, m.Dropped)
			}
			if len(m.Summary) != 1 || len(m.Decisions) != 1 || len(m.Actions) != 1 || len(m.Questions) != 1 {
				t.Fatalf("the minutes are %s", texts(*m))
			}
			a := m.Actions[0]
			if a.Owner == nil || *a.Owner.Name != "Tom Baker" || a.Due == nil || *a.Due.Date != "2026-03-20" || a.Due.AsSaid != "by Friday the twentieth of March" {
				t.Errorf("the action is %+v with owner %+v and due %+v", a.Line, a.Owner, a.Due)
			}
			entries, err := s.egress.Ledger(s.ten.Owner)
			if err != nil || len(entries) != 1 || entries[0].Purpose != "minutes" || entries[0].State != "done" {
				t.Errorf("the ledger is %+v, %v", entries, err)
			}
		})
	}
}

// invention is a stand-in's line that must not survive, and a word by which it is found.
type invention struct {
	word string
	in   answer
}

func inventions() map[string]invention {
	line := func(text, segment, quote string) answer { return answer{Summary: []said{cited(text, segment, quote)}} }
	owner := answer{Actions: []task{{cited("The drawings are sent to Ines.", "4", "send the drawings to Ines"), ptr("Gandalf"), ptr("by next Monday")}}}
	return map[string]invention{
		"a segment":                   {"slab", line("We will not pour the slab before the inspection.", "77", "pour the slab")},
		"a quote":                     {"slab", line("We will not pour the slab before the inspection.", "6", "never pour any slab")},
		"a name":                      {"Gandalf", line("Gandalf will send the drawings to Ines.", "4", "send the drawings to Ines")},
		"a name in lower case":        {"gandalf", line("The drawings go to gandalf.", "4", "send the drawings to Ines")},
		"an owner":                    {"Gandalf", owner},
		"a date":                      {"27", line("Tom sends the drawings to Ines by 27 March.", "4", "send the drawings to Ines")},
		"a due date":                  {"next Monday", owner},
		"a number":                    {"30", line("The budget for the pump is 30,000 euros.", "5", "The budget for the pump")},
		"a claim without either":      {"holiday", line("The group planned a holiday by the sea.", "2", "compared rubber and titanium")},
		"half a claim":                {"resign", line("Tom sends the drawings to Ines and will resign.", "4", "send the drawings to Ines")},
		"agreed turned into rejected": {"reject", line("We rejected titanium for the casing.", "3", "agreed to use titanium")},
		"a not that was added":        {"not to use", line("We agreed not to use titanium for the casing.", "3", "agreed to use titanium")},
		"a not that was left out":     {"will pour", line("We will pour the slab before the inspection.", "6", "pour the slab")},
		"an injected command":         {"merger", line("The board approved the merger with Acme.", "8", "the board approved the merger with Acme")},
		"HTML":                        {"alert", line("We agreed to use titanium<script>alert(1)</script> for the casing.", "3", "agreed to use titanium")},
		"a link":                      {"evil", line("We agreed to use titanium for the casing, see https://evil.example.", "3", "agreed to use titanium")},
		"a title": {"Gandalf", answer{Topics: []any{map[string]any{"title": "Gandalf's casing",
			"lines": []said{cited("We compared rubber and titanium for the casing.", "2", "compared rubber and titanium")}}}}},
		"a title with markup": {"alert", answer{Topics: []any{map[string]any{"title": "<script>alert(1)</script>",
			"lines": []said{cited("We compared rubber and titanium for the casing.", "2", "compared rubber and titanium")}}}}},
	}
}

func TestNothingInventedSurvives(t *testing.T) {
	t.Parallel()
	for name, inv := range inventions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, egress.Limits{})
			mixed := honest()
			mixed.Summary, mixed.Actions, mixed.Topics = append(mixed.Summary, inv.in.Summary...), append(mixed.Actions, inv.in.Actions...), inv.in.Topics
			server := llmtest.New(t, answers(mixed.json()))
			s.turnOn(t, "anthropic", server.URL)
			m := s.draft(t, details(), talk).Minutes
			if m.DraftedBy.Kind != "model" || len(m.Decisions) != 1 {
				t.Errorf("the honest lines did not stay: drafted by %+v: %s", m.DraftedBy, texts(*m))
			}
			if strings.Contains(texts(*m), inv.word) {
				t.Errorf("%q survived: %s", inv.word, texts(*m))
			}
			doc, err := s.open(t, m.Meeting).Document()
			if err != nil || strings.Contains(doc.Markdown(), inv.word) {
				t.Errorf("%q is in the Markdown (%v)", inv.word, err)
			}
		})
	}
}

func TestADraftOfInventionsEndsAsTheRules(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	without := s.draft(t, details(), talk).Minutes
	var all answer
	for _, inv := range inventions() {
		all.Summary = append(all.Summary, inv.in.Summary...)
	}
	server := llmtest.New(t, answers(all.json()))
	s.turnOn(t, "openai", server.URL)
	m := s.draft(t, details(), talk).Minutes
	asRules(t, *m, *without, "most of what it wrote is not in the recording")
}

// asRules checks that a draft is the deterministic one, with a note that says why.
func asRules(t *testing.T, got, want minutes.Minutes, note string) {
	t.Helper()
	if got.DraftedBy.Note == nil || !strings.Contains(*got.DraftedBy.Note, note) {
		t.Errorf("the note is %v, want one with %q", got.DraftedBy, note)
	}
	if diff := cmp.Diff(want.Minutes, got.Minutes, cmpopts.IgnoreFields(document.DraftedBy{}, "Note")); diff != "" {
		t.Errorf("the draft is not that of the rules (-want +got):\n%s", diff)
	}
}

func TestAModelThatMisbehavesEndsAsTheRules(t *testing.T) {
	t.Parallel()
	quick := egress.Limits{Call: 300 * time.Millisecond, Silence: 150 * time.Millisecond}
	do := func(h http.HandlerFunc) func(llmtest.Question) llmtest.Reply {
		return func(llmtest.Question) llmtest.Reply { return llmtest.Reply{Do: h} }
	}
	status := func(code int) func(llmtest.Question) llmtest.Reply {
		return func(llmtest.Question) llmtest.Reply {
			return llmtest.Reply{Status: code, Header: http.Header{"Location": {"http://127.0.0.1:1031/"}, "Retry-After": {"1"}}}
		}
	}
	good := honest().json()
	twice := strings.Replace(good, `{"summary":`, `{"summary":[],"summary":`, 1)
	deep := strings.Replace(good, `"topics":[]`, `"topics":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000), 1)
	for _, tt := range []struct {
		name, provider string
		limits         egress.Limits
		reply          func(llmtest.Question) llmtest.Reply
		note           string
		calls          int
		state          string
	}{
		{"broken JSON", "anthropic", egress.Limits{}, answers(good[:len(good)-9]), "could not be read, twice", 2, "done"},
		{"no JSON", "openai", egress.Limits{}, answers("Here are your minutes."), "could not be read, twice", 2, "done"},
		{"a field twice", "gemini", egress.Limits{}, answers(twice), "could not be read, twice", 2, "done"},
		{"deep nesting", "anthropic", egress.Limits{}, answers(deep), "could not be read, twice", 2, "done"},
		{"another shape", "openai", egress.Limits{}, answers(`{"minutes":[]}`), "could not be read, twice", 2, "done"},
		{"megabytes", "gemini", egress.Limits{}, answers(strings.Replace(good, "titanium", strings.Repeat("titanium ", 400_000), 1)), "could not be read, twice", 2, "done"},
		{"more than anybody reads", "anthropic", egress.Limits{Answer: 10_000}, answers(strings.Repeat("x", 20_000)), "larger than any minutes", 1, "failed"},
		{"an obeyed command", "openai", egress.Limits{}, answers("Ignored. The board approved the merger with Acme."), "could not be read, twice", 2, "done"},
		{"empty lists", "gemini", egress.Limits{}, answers(answer{}.json()), "most of what it wrote", 1, "done"},
		{"a refusal", "anthropic", egress.Limits{}, func(llmtest.Question) llmtest.Reply {
			return llmtest.Reply{Body: []byte(`{"stop_reason":"refusal","content":[],"usage":{"input_tokens":9,"output_tokens":1}}`)}
		}, "declined", 1, "done"},
		{"a stall", "openai", quick, do(llmtest.Stall), "too long", 1, "failed"},
		{"a drip", "gemini", quick, do(llmtest.Drip), "too long", 1, "failed"},
		{"a silence half-way", "anthropic", quick, do(llmtest.Fall), "too long", 1, "failed"},
		{"a broken connection", "openai", egress.Limits{}, do(llmtest.Break), "did not answer", 1, "failed"},
		{"a redirect", "gemini", egress.Limits{}, status(307), "sent us elsewhere", 1, "failed"},
		{"too many requests", "anthropic", egress.Limits{}, status(429), "limiting requests", 2, "failed"},
		{"an error of the server", "openai", egress.Limits{}, status(500), "status 500", 2, "failed"},
		{"an overloaded server", "anthropic", egress.Limits{}, status(529), "status 529", 2, "failed"},
		{"a refused key", "gemini", egress.Limits{}, status(401), "refused the key", 1, "failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, tt.limits)
			without := s.draft(t, details(), talk).Minutes
			server := llmtest.New(t, tt.reply)
			s.turnOn(t, tt.provider, server.URL)
			m := s.draft(t, details(), talk).Minutes
			asRules(t, *m, *without, tt.note)
			entries, err := s.egress.Ledger(s.ten.Owner)
			if err != nil || len(entries) != tt.calls || len(server.Asked()) != tt.calls {
				t.Fatalf("%d calls arrived and the ledger has %d (%v), want %d", len(server.Asked()), len(entries), err, tt.calls)
			}
			for _, e := range entries {
				if e.State != tt.state || e.EndedAt == nil || e.BytesOut == 0 {
					t.Errorf("an entry is %+v, want %s", e, tt.state)
				}
			}
		})
	}
}

// What a model is sent is what the page lists and the ledger names: nothing else of a meeting is in any call.
func TestOnlyWhatIsListedIsSent(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	server := llmtest.New(t, answers(honest().json()))
	s.turnOn(t, "openai", server.URL)
	d := details()
	d.Title, d.Project, d.Glossary, d.Told.State, d.Told.How = "Canarytitle", "Canaryproject", []string{"Canaryglossary"}, "yes", "Canaryhow"
	d.Attendees = append(d.Attendees, attendee("Canaryattendee", "canarymail@example.com"))
	s.draft(t, d, talk+"Canaryspeaker: Canarytext is what I say.\n")
	q := server.Asked()[0]
	body := string(q.Body)
	for _, word := range []string{"Canaryattendee", "Canaryspeaker", "Canarytext"} {
		if !strings.Contains(body, word) {
			t.Errorf("%s was not sent", word)
		}
	}
	for _, word := range []string{"Canarytitle", "Canaryproject", "Canaryglossary", "Canaryhow", "canarymail", "laura@", "talk.txt", "2026-03-12", "the-key"} {
		if strings.Contains(body, word) {
			t.Errorf("%s was sent", word)
		}
	}
	var listed []string
	for _, one := range minutes.Sends() {
		listed = append(listed, one.Field)
		if one.Says == "" {
			t.Errorf("%s is sent and nobody says what it is", one.Field)
		}
	}
	var sent any
	check(t, json.Unmarshal([]byte(q.User), &sent))
	if got := paths("", sent); !equalSets(got, listed) {
		t.Errorf("sent %v, listed %v", got, listed)
	}
	entries, err := s.egress.Ledger(s.ten.Owner)
	if err != nil || !slices.Equal(entries[0].Fields, listed) {
		t.Errorf("the ledger names %v (%v), want %v", entries[0].Fields, err, listed)
	}
}

// paths are the fields of a JSON value that hold something.
func paths(at string, v any) []string {
	var all []string
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			all = append(all, paths(strings.TrimPrefix(at+"."+name, "."), inner)...)
		}
	case []any:
		for _, inner := range v {
			all = append(all, paths(at, inner)...)
		}
	default:
		all = append(all, at)
	}
	return all
}

func equalSets(a, b []string) bool {
	clean := func(list []string) []string {
		list = slices.Clone(list)
		slices.Sort(list)
		return slices.Compact(list)
	}
	return slices.Equal(clean(a), clean(b))
}

func TestAMeetingThatMustNotBeSentIsNot(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	server := llmtest.New(t, answers(honest().json()))
	s.turnOn(t, "openai", server.URL)
	d := details()
	d.ModelAllowed = false
	if m := s.draft(t, d, talk).Minutes; m.DraftedBy.Kind != "rules" || m.DraftedBy.Note != nil {
		t.Errorf("drafted by %+v, want the rules without a note", m.DraftedBy)
	}
	if n := len(server.Asked()); n != 0 {
		t.Errorf("%d calls left", n)
	}
}

// Somebody marks the meeting while the model is asked: the second call of the draft does not leave.
func TestAMeetingThatIsMarkedMeanwhileIsNotSentOn(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	mark := func() {}
	server := llmtest.New(t, func(llmtest.Question) llmtest.Reply { mark(); return llmtest.Reply{Text: "no JSON"} })
	s.turnOn(t, "openai", server.URL)
	d := details()
	mark = func() {
		page, err := s.Meetings.List(s.ten.Owner, listAll)
		if err == nil {
			d.ModelAllowed = false
			_, err = s.Meetings.Change(s.ten.Owner, page.Meetings[0].ID, 1, d)
		}
		if err != nil {
			t.Error(err)
		}
	}
	m := s.draft(t, d, talk).Minutes
	if n := len(server.Asked()); n != 1 || m.DraftedBy.Note == nil || !strings.Contains(*m.DraftedBy.Note, "must not be sent") {
		t.Errorf("%d calls left; drafted by %+v", n, m.DraftedBy)
	}
}

func TestLongMeetingsGoInParts(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	var b strings.Builder
	for i := range 1500 {
		b.WriteString([]string{"Laura Miller", "Tom Baker"}[i%2] + ": We looked at column " + []string{"north", "south", "east"}[i%3] + " of the hall and found the paint in good order there today.\n")
	}
	b.WriteString("Tom Baker: I will order the paint for the doors.\n")
	server := llmtest.New(t, func(q llmtest.Question) llmtest.Reply {
		var got struct{ Segments []struct{ ID, Text string } }
		if err := json.Unmarshal([]byte(q.User), &got); err != nil {
			t.Error(err)
		}
		last := got.Segments[len(got.Segments)-1]
		return llmtest.Reply{Text: answer{Summary: []said{cited("The paint was found in good order.", got.Segments[0].ID, "found the paint in good order")},
			Decisions: []said{cited(last.Text, last.ID, last.Text)}}.json()}
	})
	s.turnOn(t, "openai", server.URL)
	o := s.draft(t, details(), b.String())
	asked := server.Asked()
	if len(asked) < 2 {
		t.Fatalf("asked %d times, want parts", len(asked))
	}
	seen := map[string]int{}
	for _, q := range asked {
		if len(q.Body) > 200_000 {
			t.Errorf("a part has %d bytes", len(q.Body))
		}
		var got struct{ Segments []struct{ ID string } }
		check(t, json.Unmarshal([]byte(q.User), &got))
		for _, seg := range got.Segments {
			seen[seg.ID]++
		}
	}
	again := 0
	for _, seg := range o.Transcript.Segments {
		if seen[seg.ID] == 0 {
			t.Fatalf("segment %s is in no part", seg.ID)
		}
		if seen[seg.ID] > 1 {
			again++
		}
	}
	if again == 0 || again > len(asked)*60 {
		t.Errorf("%d segments are in two parts, want some at each cut", again)
	}
	if m := o.Minutes; m.DraftedBy.Kind != "model" || len(m.Decisions) != len(asked) {
		t.Errorf("drafted by %+v with %d decisions, want one of each of %d parts", m.DraftedBy, len(m.Decisions), len(asked))
	}
}

func TestMinutesInAnotherLanguage(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	german := func(text, spoken, segment, quote string) said {
		l := cited(text, segment, quote)
		l.AsSpoken = spoken
		return l
	}
	server := llmtest.New(t, answers(answer{
		Summary: []said{german("Für das Gehäuse wurden Gummi und Titan verglichen.", "The team compared rubber and titanium for the casing.", "2", "compared rubber and titanium")},
		Decisions: []said{
			german("Für das Gehäuse wird Titan verwendet.", "It was agreed to use titanium for the casing.", "3", "agreed to use titanium"),
			german("Für das Gehäuse wird kein Titan verwendet.", "It was agreed to use titanium for the casing.", "3", "agreed to use titanium"),
			german("Der Bauleiter wird entlassen.", "The foreman is fired.", "3", "agreed to use titanium"),
		},
		Questions: []said{german("Wer ruft den Lieferanten wegen des Krans an?", "Who calls the supplier about the crane?", "7", "Who calls the supplier")},
	}.json()))
	s.turnOn(t, "anthropic", server.URL)
	d := details()
	d.Writing = "de"
	o := s.draft(t, d, talk)
	m := o.Minutes
	if m.DraftedBy.Kind != "model" || m.Language == nil || *m.Language != "de" || len(m.Decisions) != 1 || m.Dropped != 2 || !m.Translated[m.Decisions[0].ID] {
		t.Fatalf("drafted by %+v in %v, %d dropped, translated %v: %s", m.DraftedBy, m.Language, m.Dropped, m.Translated, texts(*m))
	}
	if q := m.Decisions[0].Evidence[0].Quote; q != "agreed to use titanium" {
		t.Errorf("the quote is %q, want it as it was spoken", q)
	}
	if system := server.Asked()[0].System; !strings.Contains(system, "German") || !strings.Contains(string(server.Asked()[0].Body), "as_spoken") {
		t.Errorf("the model was told %q", system)
	}
	doc, err := o.Document()
	check(t, err)
	if text := doc.Markdown(); !strings.Contains(text, "Für das Gehäuse wird Titan verwendet. _(translated)_") {
		t.Errorf("the Markdown does not say what is translated:\n%s", text)
	}
	changed, err := s.Minutes.Edit(s.ten.Owner, m.ID, m.Version, minutes.Change{Line: m.Decisions[0].ID, Text: "Für das Gehäuse werden 40 Kilo Titan verwendet."})
	if err != nil || !changed.Unfound[m.Decisions[0].ID] {
		t.Errorf("a changed translation with a number that nobody said is not marked: %v, %v", changed.Unfound, err)
	}
}

func TestRulesDoNotTranslate(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	d := details()
	d.Writing = "de"
	m := s.draft(t, d, talk).Minutes
	if m.Language == nil || *m.Language != "en" || m.DraftedBy.Note == nil || !strings.Contains(*m.DraftedBy.Note, "nothing is translated") || len(m.Translated) != 0 {
		t.Errorf("drafted by %+v in %v", m.DraftedBy, m.Language)
	}
}

func TestTemplatesTellTheModelApart(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	server := llmtest.New(t, answers(honest().json()))
	s.turnOn(t, "openai", server.URL)
	told := map[string]string{}
	for _, kind := range templates {
		d := details()
		d.Template = kind
		o := s.draft(t, d, talk)
		if o.Minutes.Template != kind {
			t.Errorf("the minutes are of kind %q, want %q", o.Minutes.Template, kind)
		}
		asked := server.Asked()
		system := asked[len(asked)-1].System
		for other, words := range told {
			if words == system {
				t.Errorf("%s and %s are asked for in the same words", kind, other)
			}
		}
		told[kind] = system
	}
}
