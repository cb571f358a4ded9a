package record

import (
	"strconv"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// ledger turns minutes into the lines of a page.
type ledger struct {
	opened   minutes.Opened
	segments map[string]document.Segment
	sound    bool // there is something to play
	edits    bool // the reader may change lines
	token    string
	writers  map[tenant.MemberID]string // names of who typed lines
}

func newLedger(o minutes.Opened, sound bool, token string) *ledger {
	l := &ledger{opened: o, segments: map[string]document.Segment{}, sound: sound, token: token}
	l.edits = mayEdit(o.Meeting) && o.Minutes != nil && o.Minutes.Open()
	if o.Transcript == nil {
		return l
	}
	for _, s := range o.Transcript.Segments {
		l.segments[s.ID] = s
	}
	return l
}

func (l *ledger) lines(from []document.Line, mark string) []Line {
	out := make([]Line, len(from))
	for i, d := range from {
		out[i] = l.line(d, marked(mark, i))
	}
	return out
}

func marked(mark string, i int) string {
	if mark == "" {
		return ""
	}
	return mark + strconv.Itoa(i+1)
}

func (l *ledger) line(d document.Line, mark string) Line {
	m := l.opened.Minutes
	out := Line{ID: "l-" + d.ID, Mark: mark, Text: d.Text, Token: l.token, Minutes: m.ID.String(), Version: m.Version}
	for _, e := range d.Evidence {
		out.Sources = append(out.Sources, l.cite(e))
	}
	out.Unfound = m.Unfound[d.ID]
	if by, typed := m.Typed[d.ID]; typed && len(d.Evidence) == 0 {
		out.Typed = l.writers[by]
	}
	if m.Translated[d.ID] && len(d.Evidence) > 0 {
		out.Original = d.Evidence[0].Quote
	}
	if l.edits {
		at := "/meetings/" + l.opened.Meeting.ID.String() + "/lines/" + d.ID
		out.SaveURL, out.CancelURL, out.EditURL = at, at, at+"/edit"
	}
	return out
}

func (l *ledger) cite(e document.Evidence) Citation {
	s := l.segments[e.Segment]
	c := Citation{Segment: "s-" + e.Segment, Quote: e.Quote, AtMS: momentOf(s, e.Quote), Still: !l.sound || s.StartMS == nil}
	if s.StartMS != nil {
		c.Clock = web.Clock(c.AtMS)
	}
	if s.Speaker != nil {
		c.Speaker = l.opened.Transcript.SpeakerName(*s.Speaker)
	}
	return c
}

func (l *ledger) action(d document.Action, mark string) Line {
	out := l.line(d.Line, mark)
	out.Action = true
	if d.Owner != nil {
		out.Owner = l.owner(d)
	}
	if d.Due != nil {
		out.AsSaid = d.Due.AsSaid
		if d.Due.Date != nil {
			out.DueISO, out.Due = *d.Due.Date, *d.Due.Date
			if day, err := time.Parse(time.DateOnly, *d.Due.Date); err == nil {
				out.Due = day.Format("Mon 2 Jan 2006")
			}
		}
	}
	return out
}

// owner is who does it. A speaker goes by the name that they have now.
func (l *ledger) owner(d document.Action) string {
	if d.Owner.Speaker != nil && l.opened.Transcript != nil {
		for _, s := range l.opened.Transcript.Speakers {
			if s.ID == *d.Owner.Speaker && (s.Name != nil || d.Owner.Name == nil) {
				return l.opened.Transcript.SpeakerName(s.ID)
			}
		}
	}
	if d.Owner.Name != nil {
		return *d.Owner.Name
	}
	return ""
}

// find returns a line of the minutes by its id, as the page shows it.
func (l *ledger) find(id string) (Line, bool) {
	var p MeetingPage
	l.fill(&p)
	lists := [][]Line{p.Summary, p.Decisions, p.Actions, p.Questions}
	for _, t := range p.Topics {
		lists = append(lists, t.Lines)
	}
	for _, lines := range lists {
		for _, line := range lines {
			if line.ID == "l-"+id {
				return line, true
			}
		}
	}
	return Line{}, false
}

// lists are the parts of minutes that a line can be added to.
var lists = map[string]string{"summary": "", "decisions": "D", "actions": "A", "questions": "Q"}

// blank returns the form of a line that goes to the end of a list.
func (l *ledger) blank(in string) (Line, bool) {
	at := "/meetings/" + l.opened.Meeting.ID.String() + "/lines"
	_, ok := lists[in]
	return Line{ID: "new-" + in, In: in, Action: in == "actions", SaveURL: at, EditURL: at + "/new?in=" + in, CancelURL: at + "/new?cancel=yes&in=" + in,
		Token: l.token, Minutes: l.opened.Minutes.ID.String(), Version: l.opened.Minutes.Version}, ok && l.edits
}

// newest returns the last line of a list.
func (l *ledger) newest(in string) (Line, bool) {
	var p MeetingPage
	l.fill(&p)
	all := map[string][]Line{"summary": p.Summary, "decisions": p.Decisions, "actions": p.Actions, "questions": p.Questions}[in]
	if len(all) == 0 {
		return Line{}, false
	}
	return all[len(all)-1], true
}

// fill puts all lines into the page.
func (l *ledger) fill(p *MeetingPage) {
	m := l.opened.Minutes
	p.Summary, p.Decisions, p.Questions = l.lines(m.Summary, ""), l.lines(m.Decisions, "D"), l.lines(m.Questions, "Q")
	for i, a := range m.Actions {
		p.Actions = append(p.Actions, l.action(a, marked("A", i)))
	}
	for _, t := range m.Topics {
		p.Topics = append(p.Topics, Topic{Title: t.Title, Lines: l.lines(t.Lines, "")})
	}
	for _, c := range m.Carried {
		p.Carried = append(p.Carried, l.carried(c))
	}
	if l.edits {
		p.Adds = map[string]Line{}
		for in := range lists {
			p.Adds[in], _ = l.blank(in)
		}
	}
}

func (l *ledger) carried(c document.Carried) Carried {
	m := l.opened.Minutes
	out := Carried{ID: "l-" + c.ID, Text: c.Text, From: c.From, Href: "/meetings/" + c.Meeting + "#l-" + c.Item, Token: l.token, Minutes: m.ID.String(), Version: m.Version}
	if c.Owner != nil && c.Owner.Name != nil {
		out.Owner = *c.Owner.Name
	}
	if c.Due != nil && c.Due.Date != nil {
		out.DueISO, out.Due = *c.Due.Date, *c.Due.Date
		if day, err := time.Parse(time.DateOnly, *c.Due.Date); err == nil {
			out.Due = day.Format("Mon 2 Jan 2006")
		}
	}
	if l.edits {
		out.SettleURL = "/meetings/" + l.opened.Meeting.ID.String() + "/lines/" + c.ID
	}
	return out
}

// draftedBy says what wrote the draft.
func draftedBy(d document.DraftedBy) string {
	if d.Kind != "model" || d.Model == nil {
		return "Drafted by rules, without a language model."
	}
	by := "Drafted by " + *d.Model
	if d.Provider != nil {
		by += " (" + *d.Provider + ")"
	}
	return by + "; each line was checked against its source."
}

func namesOf(m meeting.Meeting) []string {
	var out []string
	for _, p := range m.Attendees {
		out = append(out, orElse(p.Name, p.Email))
	}
	return out
}
