package minutes_test

import (
	"strings"
	"testing"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
)

var (
	listAll   = meeting.Filter{}
	templates = meeting.Templates()
)

func attendee(name, email string) meeting.Person { return meeting.Person{Name: name, Email: email} }

// first is the first line of the summary.
func first(t *testing.T, m *minutes.Minutes) document.Line {
	t.Helper()
	if len(m.Summary) == 0 {
		t.Fatalf("there is no summary: %s", texts(*m))
	}
	return m.Summary[0]
}

func TestAChangedLineIsCheckedAndMarked(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	o := s.draft(t, details(), talk)
	m, line := o.Minutes, first(t, o.Minutes)
	next, err := s.Minutes.Edit(s.ten.Owner, m.ID, m.Version, minutes.Change{Line: line.ID, Text: "The team compared rubber and titanium."})
	if err != nil || next.Version != m.Version+1 || !next.Edited[line.ID] || next.Unfound[line.ID] {
		t.Fatalf("an honest change: %+v, %v", next.Unfound, err)
	}
	next, err = s.Minutes.Edit(s.ten.Owner, m.ID, next.Version, minutes.Change{Line: line.ID, Text: "It was agreed to use wood for the roof by 40 people."})
	if err != nil || !next.Unfound[line.ID] {
		t.Fatalf("a change that nobody said is not marked: %+v, %v", next.Unfound, err)
	}
	again := s.open(t, m.Meeting)
	if !again.Minutes.Unfound[line.ID] || again.Minutes.Summary[0].Text != "It was agreed to use wood for the roof by 40 people." {
		t.Errorf("read again it is %+v, %v", again.Minutes.Summary[0], again.Minutes.Unfound)
	}
	doc, err := again.Document()
	check(t, err)
	if text := doc.Markdown(); !strings.Contains(text, "not found in the recording") {
		t.Errorf("the Markdown does not say so:\n%s", text)
	}
	back, err := s.Minutes.Undo(s.ten.Owner, m.ID)
	if err != nil || back.Unfound[line.ID] || back.Summary[0].Text != "The team compared rubber and titanium." {
		t.Errorf("undone it is %+v, %v, %v", back.Summary[0], back.Unfound, err)
	}
	if _, err := s.Minutes.Undo(s.ten.Member, m.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("undo of what one did not do: %v, want conflict", err)
	}
}

func TestATypedLineIsThePersons(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	o := s.draft(t, details(), talk)
	before := len(o.Minutes.Decisions)
	m, err := s.Minutes.Edit(s.ten.Member, o.Minutes.ID, 1, minutes.Change{Add: "decisions", Text: "The kitchen gets a new kettle."})
	check(t, err)
	line := m.Decisions[len(m.Decisions)-1]
	if len(line.Evidence) != 0 || m.Typed[line.ID].IsZero() || m.Unfound[line.ID] {
		t.Errorf("a line that nobody said is %+v, typed by %v, unfound %v", line, m.Typed[line.ID], m.Unfound[line.ID])
	}
	m, err = s.Minutes.Edit(s.ten.Member, o.Minutes.ID, 2, minutes.Change{Add: "decisions", Text: "The budget for the pump is 25,000 euros."})
	check(t, err)
	line = m.Decisions[len(m.Decisions)-1]
	if len(line.Evidence) != 1 || line.Evidence[0].Segment != "5" {
		t.Errorf("a line that somebody said cites %+v, want segment 5", line.Evidence)
	}
	doc, err := s.open(t, m.Meeting).Document()
	check(t, err)
	if b, err := doc.JSON(); err != nil || strings.Contains(string(b), "kettle") || !strings.Contains(string(b), "25,000") {
		t.Errorf("the published form holds a line without a quote, or lacks one with (%v)", err)
	}
	if len(s.open(t, m.Meeting).Minutes.Decisions) != before+2 {
		t.Error("reading JSON changed the minutes")
	}
}

func TestStaleChangesAreRefused(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	o := s.draft(t, details(), talk)
	m, line := o.Minutes, first(t, o.Minutes)
	if _, err := s.Minutes.Edit(s.ten.Owner, m.ID, 7, minutes.Change{Line: line.ID, Text: "Other."}); !fault.Is(err, fault.Conflict) {
		t.Errorf("Edit of a version that is not: %v, want conflict", err)
	}
	for name, c := range map[string]minutes.Change{
		"no text":     {Line: line.ID, Text: " "},
		"a long text": {Line: line.ID, Text: strings.Repeat("a", 2001)},
		"no date":     {Line: line.ID, Text: "Other.", Due: ptr("soon")},
	} {
		if _, err := s.Minutes.Edit(s.ten.Owner, m.ID, 1, c); !fault.Is(err, fault.Invalid) {
			t.Errorf("Edit with %s: %v, want invalid", name, err)
		}
	}
	if _, err := s.Minutes.Edit(s.ten.Owner, m.ID, 1, minutes.Change{Line: "d99", Text: "Other."}); !fault.Is(err, fault.Missing) {
		t.Errorf("Edit of no line: %v, want missing", err)
	}
	if _, err := s.Minutes.Edit(s.ten.Viewer, m.ID, 1, minutes.Change{Line: line.ID, Text: "Other."}); !fault.Is(err, fault.Denied) {
		t.Errorf("Edit by a viewer: %v, want denied", err)
	}
	stranger := s.Tenant(t, "Birch").Owner
	if _, err := s.Minutes.Edit(stranger, m.ID, 1, minutes.Change{Line: line.ID, Text: "Other."}); !fault.Is(err, fault.Missing) {
		t.Errorf("Edit from another workspace: %v, want missing", err)
	}
	_, err := s.Minutes.Edit(s.ten.Owner, m.ID, 1, minutes.Change{Line: line.ID, Text: "Titanium it is."})
	check(t, err)
	if err := s.Minutes.Approve(s.ten.Member, m.ID, 1); !fault.Is(err, fault.Conflict) {
		t.Errorf("Approve of text that nobody read: %v, want conflict", err)
	}
	check(t, s.Minutes.Approve(s.ten.Member, m.ID, 2))
	if err := s.Minutes.Approve(s.ten.Member, m.ID, 2); !fault.Is(err, fault.Conflict) {
		t.Errorf("Approve twice: %v, want conflict", err)
	}
	if _, err := s.Minutes.Edit(s.ten.Owner, m.ID, 2, minutes.Change{Line: line.ID, Text: "Other."}); !fault.Is(err, fault.Conflict) {
		t.Errorf("Edit of approved minutes: %v, want conflict", err)
	}
	if _, err := s.Minutes.Undo(s.ten.Owner, m.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("Undo of approved minutes: %v, want conflict", err)
	}
}

// voices is a talk whose speakers have no names yet.
const voices = `Speaker 1: We have to order the steel beams for the hall.
Speaker 2: I will order the steel beams by Friday.
Speaker 1: I will call the crane company tomorrow.
`

func ownerOf(m *minutes.Minutes, words string) (owner, date, text string) {
	for _, a := range m.Actions {
		if !strings.Contains(strings.ToLower(a.Text), words) {
			continue
		}
		if text = a.Text; a.Owner != nil && a.Owner.Name != nil {
			owner = *a.Owner.Name
		}
		if a.Due != nil && a.Due.Date != nil {
			date = *a.Due.Date
		}
	}
	return owner, date, text
}

func TestNamesAndDatesAreResolvedAnew(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	d := details()
	d.Attendees, d.StartsAt = nil, nil
	o := s.draft(t, d, voices)
	if owner, date, text := ownerOf(o.Minutes, "beams"); text == "" || owner != "Speaker 2" || date != "" {
		t.Fatalf("before anything is known: %q by %q on %q", text, owner, date)
	}
	var kept document.Action
	for _, a := range o.Minutes.Actions {
		if strings.Contains(a.Text, "crane") {
			kept = a
		}
	}
	_, err := s.Minutes.Edit(s.ten.Owner, o.Minutes.ID, o.Minutes.Version, minutes.Change{Line: kept.ID, Text: "Ring the crane people.", Owner: ptr("Somebody Else")})
	check(t, err)

	// A speaker's name, twice: the second correction counts, too.
	for _, name := range []string{"Tim Baker", "Tom Baker"} {
		check(t, s.Speech.NameSpeaker(s.ten.Owner, o.Transcript.ID, "s2", name))
		check(t, s.Queue.Drain(t.Context()))
		if owner, _, text := ownerOf(s.open(t, o.Meeting.ID).Minutes, "beams"); owner != name {
			t.Errorf("after naming %s: %q by %q", name, text, owner)
		}
	}
	// The meeting's date.
	changed := details()
	changed.Attendees = []meeting.Person{{Name: "Tom Baker"}}
	_, err = s.Meetings.Change(s.ten.Owner, o.Meeting.ID, o.Meeting.Version, changed)
	check(t, err)
	check(t, s.Queue.Drain(t.Context()))
	now := s.open(t, o.Meeting.ID).Minutes
	if owner, date, text := ownerOf(now, "beams"); owner != "Tom Baker" || date != "2026-03-13" {
		t.Errorf("after the date is known: %q by %q on %q, want Tom Baker on 2026-03-13", text, owner, date)
	}
	if owner, date, text := ownerOf(now, "crane"); owner != "Somebody Else" || text != "Ring the crane people." || date != "" {
		t.Errorf("what a person changed became %q by %q on %q", text, owner, date)
	}
	// Approved minutes stay.
	check(t, s.Minutes.Approve(s.ten.Owner, now.ID, now.Version))
	check(t, s.Speech.NameSpeaker(s.ten.Owner, o.Transcript.ID, "s2", "Ann Other"))
	check(t, s.Queue.Drain(t.Context()))
	if owner, _, _ := ownerOf(s.open(t, o.Meeting.ID).Minutes, "beams"); owner != "Tom Baker" {
		t.Errorf("approved minutes changed: the owner is %q", owner)
	}
}

func TestOpenItemsAreCarriedForward(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	at := func(title string, week int, private bool, text string) minutes.Opened {
		d := details()
		start := time.Date(2026, 3, 5+7*week, 9, 0, 0, 0, time.UTC)
		d.Title, d.Template, d.StartsAt = title, "owner", &start
		m, err := s.Meetings.Create(s.ten.Owner, d, "paste", private)
		check(t, err)
		_, err = s.Speech.Import(s.ten.Owner, m.ID, "talk.txt", []byte(text))
		check(t, err)
		check(t, s.Queue.Drain(t.Context()))
		return s.open(t, m.ID)
	}
	first := at("Owner's meeting 1", 0, true, "Tom Baker: I will order the steel beams by Friday.\nLaura Miller: Who pays for the fence?\n")
	at("Something else 1", 1, false, "Tom Baker: I will sell the old crane.\n")
	second := at("Owner's meeting 2", 2, false, "Tom Baker: I will call the crane company.\n")
	third := at("Owner's meeting 3", 3, false, "Tom Baker: I will paint the doors.\n")
	items := func(o minutes.Opened) string {
		var all []string
		for _, c := range o.Minutes.Carried {
			all = append(all, c.Text+" ("+c.From+")")
		}
		return strings.Join(all, "; ")
	}
	if got := items(first); got != "" {
		t.Errorf("into the first meeting came %q", got)
	}
	if got := items(second); !strings.Contains(got, "steel beams") || !strings.Contains(got, "Owner's meeting 1, 2026-03-05") {
		t.Errorf("into the second meeting came %q", got)
	}
	got := items(third)
	if !strings.Contains(got, "crane company") || !strings.Contains(got, "steel beams") || strings.Contains(got, "old crane") {
		t.Errorf("into the third meeting came %q", got)
	}
	// Who may not read the first meeting does not read of it here.
	o, err := s.Minutes.Open(s.ten.Member, third.Meeting.ID)
	check(t, err)
	if got := items(o); strings.Contains(got, "steel beams") || !strings.Contains(got, "crane company") {
		t.Errorf("a member without access to the first meeting reads %q", got)
	}
	// An item that is settled is not carried on, and the settling can be undone.
	beams := ""
	for _, c := range third.Minutes.Carried {
		if strings.Contains(c.Text, "steel beams") {
			beams = c.ID
		}
	}
	m, err := s.Minutes.Edit(s.ten.Owner, third.Minutes.ID, 1, minutes.Change{Line: beams, Remove: true})
	if err != nil || strings.Contains(items(minutes.Opened{Minutes: &m}), "steel beams") {
		t.Fatalf("settled: %v, %q", err, items(minutes.Opened{Minutes: &m}))
	}
	if _, err := s.Minutes.Undo(s.ten.Owner, m.ID); err != nil {
		t.Fatal(err)
	}
	if got := items(s.open(t, third.Meeting.ID)); !strings.Contains(got, "steel beams") {
		t.Errorf("after the undo the third meeting has %q", got)
	}
	// Approval freezes what its approver saw, for everybody; the next meeting gets it from there.
	check(t, s.Minutes.Approve(s.ten.Owner, third.Minutes.ID, 3))
	o, err = s.Minutes.Open(s.ten.Member, third.Meeting.ID)
	check(t, err)
	if got := items(o); !strings.Contains(got, "steel beams") {
		t.Errorf("approved, it shows a member %q", got)
	}
	fourth := at("Owner's meeting, April", 5, false, "Tom Baker: I will clean the yard.\n")
	if got := items(fourth); !strings.Contains(got, "steel beams") || !strings.Contains(got, "Paint the doors") {
		t.Errorf("into the fourth meeting came %q", got)
	}
	doc, err := fourth.Document()
	check(t, err)
	text := doc.Markdown()
	if !strings.Contains(text, "## Carried forward") || strings.Index(text, "## Carried forward") > strings.Index(text, "## Actions") {
		t.Errorf("the Markdown does not begin with what is carried:\n%s", text)
	}
	if b, err := doc.JSON(); err != nil || strings.Contains(string(b), "steel beams") {
		t.Errorf("the published form holds carried items (%v)", err)
	}
}

func TestTemplatesChangeWhatRulesWrite(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	headings := map[string]string{}
	for _, kind := range templates {
		d := details()
		d.Template = kind
		doc, err := s.draft(t, d, talk).Document()
		check(t, err)
		var got []string
		for line := range strings.Lines(doc.Markdown()) {
			if strings.HasPrefix(line, "## ") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		headings[kind] = strings.Join(got, " ")
	}
	for a, x := range headings {
		for b, y := range headings {
			if a < b && x == y {
				t.Errorf("%s and %s are laid out alike: %s", a, b, x)
			}
		}
	}
	if strings.Contains(headings["standup"], "Topics") || !strings.HasSuffix(headings["board"], "## Discussion") {
		t.Errorf("the layouts are %v", headings)
	}
}

func TestWhoMayApproveAndErase(t *testing.T) {
	t.Parallel()
	s := newStudio(t, egress.Limits{})
	m := s.draft(t, details(), talk).Minutes
	stranger := s.Tenant(t, "Birch").Owner
	if err := s.Minutes.Approve(s.ten.Viewer, m.ID, 1); !fault.Is(err, fault.Denied) {
		t.Errorf("Approve by a viewer: %v, want denied", err)
	}
	if err := s.Minutes.Approve(stranger, m.ID, 1); !fault.Is(err, fault.Missing) {
		t.Errorf("Approve from another workspace: %v, want missing", err)
	}
	if _, err := s.Minutes.Erase(s.ten.Member, m.ID); !fault.Is(err, fault.Denied) {
		t.Errorf("Erase of another's by a member: %v, want denied", err)
	}
	if _, err := s.Minutes.Erase(s.ten.As(t, gate.MinuteTaker), m.ID); !fault.Is(err, fault.Denied) {
		t.Errorf("Erase by the minute taker: %v, want denied", err)
	}
	if _, err := s.Minutes.Erase(s.ten.Owner, m.ID); err != nil {
		t.Errorf("Erase: %v", err)
	}
	if o, err := s.Minutes.Open(s.ten.Owner, m.Meeting); err != nil || o.Minutes != nil {
		t.Errorf("after Erase there are minutes %+v, %v", o.Minutes, err)
	}
}
