package record

import (
	"strconv"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/web"
)

// ledger turns minutes into the lines of a page.
type ledger struct {
	opened   minutes.Opened
	segments map[string]document.Segment
	evidence *minutes.Evidence // nil without a transcript to look into
	sound    bool              // there is something to play
	edits    bool              // the reader may change lines
	token    string
}

func newLedger(o minutes.Opened, sound bool, token string) *ledger {
	l := &ledger{opened: o, segments: map[string]document.Segment{}, sound: sound, token: token}
	l.edits = mayEdit(o.Meeting) && o.Minutes != nil && o.Minutes.State == minutes.Draft
	if o.Transcript == nil {
		return l
	}
	for _, s := range o.Transcript.Segments {
		l.segments[s.ID] = s
	}
	l.evidence = minutes.NewEvidence(o.Transcript.Transcript, o.Meeting.Names(), o.Transcript.Language)
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
	out := Line{ID: "l-" + d.ID, Mark: mark, Text: d.Text, Token: l.token, Version: m.Version}
	for _, e := range d.Evidence {
		out.Sources = append(out.Sources, l.cite(e))
	}
	// What was drafted was checked before it was stored; what a person changed may say more than its source.
	out.Unfound = m.Edited[d.ID] && l.evidence != nil && l.evidence.Check(d, l.translated()) != ""
	if l.translated() && len(d.Evidence) > 0 {
		out.Original = d.Evidence[0].Quote
	}
	if l.edits {
		at := "/meetings/" + l.opened.Meeting.ID.String() + "/lines/" + d.ID
		out.SaveURL, out.CancelURL, out.EditURL = at, at, at+"/edit"
	}
	return out
}

// translated reports whether the minutes are in another language than the talk.
func (l *ledger) translated() bool {
	in, spoken := l.opened.Minutes.Language, l.opened.Meeting.Language
	return in != nil && *in != "" && spoken != "" && base(*in) != base(spoken)
}

func base(tag string) string {
	for i, r := range tag {
		if r == '-' {
			return tag[:i]
		}
	}
	return tag
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

func (l *ledger) owner(d document.Action) string {
	if d.Owner.Name != nil {
		return *d.Owner.Name
	}
	if d.Owner.Speaker == nil || l.opened.Transcript == nil {
		return ""
	}
	return l.opened.Transcript.SpeakerName(*d.Owner.Speaker)
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
