package document

import (
	"encoding/json"
	"fmt"
	"strings"
)

// JSON renders the published form, mainstay.minutes/1 of docs/minutes.schema.json. Lists are empty and never null. It holds the
// lines that cite what was said, and no others.
func (d Document) JSON() ([]byte, error) {
	d.Format, d.Minutes = Format, d.Minutes.Cited()
	return json.MarshalIndent(d, "", "  ")
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

// Place says where a segment stands: its time, or its number where it has none.
func (t Transcript) Place(id string) string {
	if s := t.segment(id); s.StartMS != nil {
		return Clock(*s.StartMS)
	}
	return "#" + id
}

func (t Transcript) segment(id string) Segment {
	for _, s := range t.Segments {
		if s.ID == id {
			return s
		}
	}
	return Segment{}
}

// Clock writes milliseconds as 0:07, 12:03 or 1:02:03.
func Clock(ms int64) string {
	s := ms / 1000
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Text renders a transcript as a line a segment: "[1:23] Name: words", as far as time and name are known.
func (t Transcript) Text() string {
	var b strings.Builder
	for _, s := range t.Segments {
		if s.StartMS != nil {
			fmt.Fprintf(&b, "[%s] ", Clock(*s.StartMS))
		}
		if s.Speaker != nil {
			fmt.Fprintf(&b, "%s: ", t.SpeakerName(*s.Speaker))
		}
		b.WriteString(oneLine(s.Text) + "\n")
	}
	return b.String()
}

// VTT renders a transcript as WebVTT with a <v> tag for each voice. Segments without times are left out.
func (t Transcript) VTT() string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	plain := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ", "\r", " ")
	for _, c := range t.cues() {
		fmt.Fprintf(&b, "\n%s --> %s\n", cueTime(c.start, "."), cueTime(c.end, "."))
		if c.name != "" {
			fmt.Fprintf(&b, "<v %s>", plain.Replace(c.name))
		}
		b.WriteString(plain.Replace(c.text) + "\n")
	}
	return b.String()
}

// SRT renders a transcript as SubRip. Segments without times are left out.
func (t Transcript) SRT() string {
	var b strings.Builder
	for i, c := range t.cues() {
		fmt.Fprintf(&b, "%d\n%s --> %s\n", i+1, cueTime(c.start, ","), cueTime(c.end, ","))
		if c.name != "" {
			fmt.Fprintf(&b, "%s: ", c.name)
		}
		b.WriteString(strings.ReplaceAll(oneLine(c.text), "-->", "→") + "\n\n")
	}
	return b.String()
}

// cue is a segment on the screen.
type cue struct {
	start, end int64
	guessed    bool // nobody said when it ends
	name, text string
}

// cues gives the segments that have a time. One without an end lasts until the next begins, at most as long as it takes to
// read.
func (t Transcript) cues() []cue {
	const least, perLetter = 1_500, 70 // milliseconds
	var all []cue
	for _, s := range t.Segments {
		if s.StartMS == nil {
			continue
		}
		if n := len(all); n > 0 && all[n-1].guessed {
			all[n-1].end = max(all[n-1].start, min(all[n-1].end, *s.StartMS))
		}
		c := cue{start: *s.StartMS, end: *s.StartMS + least + perLetter*int64(len(s.Text)), guessed: s.EndMS == nil, text: s.Text}
		if s.EndMS != nil {
			c.end = *s.EndMS
		}
		if s.Speaker != nil {
			c.name = oneLine(t.SpeakerName(*s.Speaker))
		}
		all = append(all, c)
	}
	return all
}

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

func cueTime(ms int64, point string) string {
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, point, ms%1000)
}
