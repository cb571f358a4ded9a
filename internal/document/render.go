package document

import (
	"encoding/json"
	"fmt"
	"strings"
)

// JSON renders the published form, mainstay.minutes/1 of docs/minutes.schema.json. Lists are empty and never null.
func (d Document) JSON() ([]byte, error) {
	d.Format = Format
	return json.MarshalIndent(d, "", "  ")
}

// Markdown renders the minutes for reading and mailing. What people said is escaped: it cannot become markup or a link.
func (d Document) Markdown() string {
	var b strings.Builder
	m, byID := d.Minutes, d.Transcript.byID()
	fmt.Fprintf(&b, "# %s\n\n", escape(d.Meeting.Title))
	d.facts(&b)
	cite := func(l Line) string { return " " + byID.cite(l) }
	section(&b, "Summary", len(m.Summary), func(i int) string { return escape(m.Summary[i].Text) + cite(m.Summary[i]) })
	section(&b, "Decisions", len(m.Decisions), func(i int) string { return escape(m.Decisions[i].Text) + cite(m.Decisions[i]) })
	section(&b, "Actions", len(m.Actions), func(i int) string {
		a := m.Actions[i]
		return d.action(a) + cite(a.Line)
	})
	section(&b, "Open questions", len(m.Questions), func(i int) string { return escape(m.Questions[i].Text) + cite(m.Questions[i]) })
	for _, t := range m.Topics {
		section(&b, escape(t.Title), len(t.Lines), func(i int) string { return escape(t.Lines[i].Text) + cite(t.Lines[i]) })
	}
	if m.DraftedBy.Note != nil {
		fmt.Fprintf(&b, "_%s_\n", escape(*m.DraftedBy.Note))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (d Document) facts(b *strings.Builder) {
	if d.Meeting.Date != nil {
		fmt.Fprintf(b, "Date: %s  \n", escape(*d.Meeting.Date))
	}
	if len(d.Meeting.Attendees) > 0 {
		fmt.Fprintf(b, "Attendees: %s  \n", escape(strings.Join(d.Meeting.Attendees, ", ")))
	}
	if d.Meeting.DurationMS != nil {
		fmt.Fprintf(b, "Length: %s  \n", Clock(*d.Meeting.DurationMS))
	}
	b.WriteString("\n")
}

func (d Document) action(a Action) string {
	text := escape(a.Text)
	var notes []string
	if name := d.OwnerName(a); name != "" && !strings.HasPrefix(a.Text, name) {
		notes = append(notes, "owner: "+escape(name))
	}
	if a.Due != nil && a.Due.Date != nil {
		notes = append(notes, "due: "+*a.Due.Date)
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

// OwnerName returns the name under which an action's owner is known, "" where nobody is.
func (d Document) OwnerName(a Action) string {
	if a.Owner == nil {
		return ""
	}
	if a.Owner.Name != nil {
		return *a.Owner.Name
	}
	if a.Owner.Speaker == nil {
		return ""
	}
	return d.Transcript.SpeakerName(*a.Owner.Speaker)
}

// SpeakerName returns a speaker's name, or "Speaker 2" for one whose name nobody gave.
func (t Transcript) SpeakerName(id string) string {
	for i, s := range t.Speakers {
		if s.ID != id {
			continue
		}
		if s.Name != nil && *s.Name != "" {
			return *s.Name
		}
		return fmt.Sprintf("Speaker %d", i+1)
	}
	return ""
}

func section(b *strings.Builder, title string, n int, item func(int) string) {
	if n == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n", title)
	for i := range n {
		fmt.Fprintf(b, "- %s\n", item(i))
	}
	b.WriteString("\n")
}

type index map[string]Segment

func (t Transcript) byID() index {
	all := make(index, len(t.Segments))
	for _, s := range t.Segments {
		all[s.ID] = s
	}
	return all
}

// cite writes where a line's evidence stands: the times, or the segments' numbers where there are none.
func (x index) cite(l Line) string {
	var places []string
	for _, e := range l.Evidence {
		place := "#" + e.Segment
		if s := x[e.Segment]; s.StartMS != nil {
			place = Clock(*s.StartMS)
		}
		if len(places) == 0 || places[len(places)-1] != place {
			places = append(places, place)
		}
	}
	return "`[" + strings.Join(places, ", ") + "]`"
}

// Clock writes milliseconds as 0:07, 12:03 or 1:02:03.
func Clock(ms int64) string {
	s := ms / 1000
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// escape keeps Markdown from reading markup, HTML or links into what people said.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
		"#", `\#`, "|", `\|`, "://", ":\u200b//", "\n", " ", "\r", " ").Replace(text)
}

// Text renders a transcript as one "Name: words" line a segment.
func (t Transcript) Text() string {
	var b strings.Builder
	for _, s := range t.Segments {
		if s.Speaker != nil {
			fmt.Fprintf(&b, "%s: ", t.SpeakerName(*s.Speaker))
		}
		b.WriteString(strings.ReplaceAll(s.Text, "\n", " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// VTT renders a transcript as WebVTT with a <v> tag for each voice. Segments without times are left out.
func (t Transcript) VTT() string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	plain := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ")
	for _, s := range t.Segments {
		if s.StartMS == nil || s.EndMS == nil {
			continue
		}
		fmt.Fprintf(&b, "\n%s --> %s\n", cueTime(*s.StartMS, "."), cueTime(*s.EndMS, "."))
		if s.Speaker != nil {
			fmt.Fprintf(&b, "<v %s>", plain.Replace(t.SpeakerName(*s.Speaker)))
		}
		b.WriteString(plain.Replace(s.Text) + "\n")
	}
	return b.String()
}

// SRT renders a transcript as SubRip. Segments without times are left out.
func (t Transcript) SRT() string {
	var b strings.Builder
	n := 0
	for _, s := range t.Segments {
		if s.StartMS == nil || s.EndMS == nil {
			continue
		}
		n++
		fmt.Fprintf(&b, "%d\n%s --> %s\n", n, cueTime(*s.StartMS, ","), cueTime(*s.EndMS, ","))
		if s.Speaker != nil {
			fmt.Fprintf(&b, "%s: ", t.SpeakerName(*s.Speaker))
		}
		b.WriteString(strings.ReplaceAll(s.Text, "\n", " ") + "\n\n")
	}
	return b.String()
}

func cueTime(ms int64, point string) string {
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, point, ms%1000)
}
