package document

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Section is a part of minutes as they are laid out for reading.
type Section struct {
	Name    string // "summary", "carried", "decisions", "actions", "questions" or "topics"
	Heading string
}

// Layout returns the sections of a kind of meeting's minutes in their order: of a general one, and of an unknown kind, what was
// decided and who does what by when first, then the matters in their order.
func Layout(template string) []Section {
	summary, decisions, actions := Section{"summary", "Summary"}, Section{"decisions", "Decisions"}, Section{"actions", "Actions"}
	questions, topics := Section{"questions", "Open questions"}, Section{"topics", "Topics"}
	switch template {
	case "owner":
		return []Section{{"carried", "Carried forward"}, decisions, actions, questions, summary, topics}
	case "standup":
		return []Section{summary, {"actions", "Next"}, {"questions", "Blockers and open questions"}, decisions, topics}
	case "interview":
		return []Section{summary, {"topics", "Themes"}, {"questions", "Left open"}, decisions, {"actions", "Follow-ups"}}
	case "board":
		return []Section{{"decisions", "Resolutions"}, actions, {"questions", "Matters left open"}, summary, {"topics", "Discussion"}}
	}
	return []Section{summary, decisions, actions, questions, topics}
}

// Markdown renders the minutes for reading and mailing, laid out for their kind of meeting. Each line ends with where it stands
// in the recording or the transcript. What people said is escaped: it cannot become markup or a link.
func (d Document) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", escape(d.Meeting.Title))
	d.facts(&b)
	for _, s := range Layout(d.Minutes.Template) {
		d.part(&b, s.Name, "## "+s.Heading)
	}
	b.WriteString("---\n\n" + d.colophon())
	return b.String()
}

// part writes one section, nothing where it is empty.
func (d Document) part(b *strings.Builder, name, heading string) {
	m := d.Minutes
	switch name {
	case "summary":
		d.section(b, heading, m.Summary)
	case "decisions":
		d.section(b, heading, m.Decisions)
	case "questions":
		d.section(b, heading, m.Questions)
	case "actions":
		d.tasks(b, heading, len(m.Actions), func(i int) string { return d.action(m.Actions[i]) })
	case "carried":
		d.tasks(b, heading, len(m.Carried), func(i int) string {
			c := m.Carried[i]
			return d.action(Action{Line: c.Line, Owner: c.Owner, Due: c.Due}) + " `[" + strings.ToUpper(escape(c.Item)) + "]` _" + escape(c.From) + "_"
		})
	case "topics":
		if len(m.Topics) > 0 {
			b.WriteString(heading + "\n\n")
		}
		for _, t := range m.Topics {
			d.section(b, "### "+escape(t.Title)+d.span(t.Segments), t.Lines)
		}
	}
}

func (d Document) tasks(b *strings.Builder, heading string, n int, task func(int) string) {
	if n == 0 {
		return
	}
	b.WriteString(heading + "\n\n")
	for i := range n {
		fmt.Fprintf(b, "- [ ] %s\n", task(i))
	}
	b.WriteString("\n")
}

// facts writes what is known of the meeting, a line each.
func (d Document) facts(b *strings.Builder) {
	var lines []string
	add := func(name, value string) { lines = append(lines, "**"+name+":** "+escape(value)) }
	if d.Meeting.Date != nil {
		date := longDate(*d.Meeting.Date)
		if d.Meeting.Zone != nil && strings.Contains(*d.Meeting.Date, "T") {
			date += " (" + *d.Meeting.Zone + ")"
		}
		add("Date", date)
	}
	if len(d.Meeting.Attendees) > 0 {
		add("Attendees", strings.Join(d.Meeting.Attendees, ", "))
	}
	if d.Meeting.DurationMS != nil {
		add("Length", Clock(*d.Meeting.DurationMS))
	}
	if spoken := d.translatedFrom(); spoken != "" {
		add("Translated from", spoken)
	}
	if len(lines) > 0 {
		b.WriteString(strings.Join(lines, "  \n") + "\n\n")
	}
}

// translatedFrom is the language that was spoken, where the minutes are written in another.
func (d Document) translatedFrom() string {
	if d.Minutes.Language == nil || d.Meeting.Language == nil || *d.Meeting.Language == "" || *d.Minutes.Language == "" {
		return ""
	}
	if strings.EqualFold(primary(*d.Minutes.Language), primary(*d.Meeting.Language)) {
		return ""
	}
	return *d.Meeting.Language
}

func primary(tag string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return base
}

func (d Document) section(b *strings.Builder, title string, lines []Line) {
	if len(lines) == 0 {
		return
	}
	b.WriteString(title + "\n\n")
	for _, l := range lines {
		fmt.Fprintf(b, "- %s\n", escape(l.Text)+d.marks(l))
	}
	b.WriteString("\n")
}

// action writes who does what by when: "Tom Baker: Order the door. Due Friday, 13 March 2026."
func (d Document) action(a Action) string {
	text := escape(a.Text)
	if name := d.OwnerName(a); name != "" {
		text = "**" + escape(name) + ":** " + text
	}
	if a.Due != nil && a.Due.Date != nil {
		text += " _Due " + escape(longDate(*a.Due.Date)) + "._"
	} else if a.Due != nil && a.Due.AsSaid != "" && !strings.Contains(strings.ToLower(a.Text), strings.ToLower(a.Due.AsSaid)) {
		text += " _Due " + escape(a.Due.AsSaid) + "._"
	}
	return text + d.marks(a.Line)
}

// marks writes where a line stands, and whether a person wrote it or it is a translation.
func (d Document) marks(l Line) string {
	marks := ""
	switch {
	case d.Unfound[l.ID]:
		marks += " _(edited, not found in the recording)_"
	case d.Typed[l.ID]:
		marks += " _(edited)_"
	case d.Translated[l.ID]:
		marks += " _(translated)_"
	}
	var places []string
	for _, e := range l.Evidence {
		if place := d.Transcript.Place(e.Segment); !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return marks
	}
	return marks + " `[" + strings.Join(places, ", ") + "]`"
}

// span writes from when to when a topic was spoken of, "" where no times are known.
func (d Document) span(s Span) string {
	first, last := d.Transcript.segment(s.First), d.Transcript.segment(s.Last)
	switch {
	case first.StartMS == nil:
		return ""
	case last.EndMS == nil:
		return " `[" + Clock(*first.StartMS) + "]`"
	}
	return " `[" + Clock(*first.StartMS) + "–" + Clock(*last.EndMS) + "]`"
}

// colophon says who drafted the minutes and how to read their citations.
func (d Document) colophon() string {
	how := "Drafted by rules of language, without a model."
	if by := d.Minutes.DraftedBy; by.Kind == "model" {
		how = "Drafted by a model"
		if by.Provider != nil && by.Model != nil {
			how += " (" + *by.Provider + ", " + *by.Model + ")"
		}
		how += " and checked against what was said."
	}
	if note := d.Minutes.DraftedBy.Note; note != nil {
		how += " " + *note
	}
	cited := "`[#7]` is the seventh turn of the transcript."
	if d.Transcript.timed() {
		cited = "`[1:23]` is the time in the recording at which it was said."
	}
	if d.Transcript.Engine.Quality == "draft" {
		cited += " The transcript is a quick draft."
	}
	return "_" + escape(how) + "_ " + cited + "\n"
}

func (t Transcript) timed() bool {
	return slices.ContainsFunc(t.Segments, func(s Segment) bool { return s.StartMS != nil })
}

// longDate writes an RFC 3339 date, or date and time, as "Tuesday, 10 March 2026"; anything else as it is.
func longDate(date string) string {
	if day, err := time.Parse(time.DateOnly, date); err == nil {
		return day.Format("Monday, 2 January 2006")
	}
	if at, err := time.Parse(time.RFC3339, date); err == nil {
		return at.Format("Monday, 2 January 2006, 15:04")
	}
	return date
}

// escape keeps Markdown from reading markup, HTML or links into what people said.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
		"#", `\#`, "|", `\|`, "://", ":\u200b//", "www.", "www\u200b.", "@", "@\u200b", "\n", " ", "\r", " ").Replace(text)
	if opensList.MatchString(text) {
		at := strings.IndexAny(text, "-+.)")
		text = text[:at] + `\` + text[at:]
	}
	return text
}

// opensList matches what Markdown takes for the beginning of a list: "- ", "+ ", "1. ".
var opensList = regexp.MustCompile(`^(?:[-+]|\d{1,9}[.)])(?:\s|$)`)
