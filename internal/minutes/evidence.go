package minutes

import (
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
	"mainstay/internal/language/clause"
)

// share is how much of a line's content must occur in what it cites, once names and numbers are set aside.
const share = 0.6

// Evidence checks lines of minutes against the transcript that they cite. It trusts nobody: rules and models pass the same
// door. Zero value is not usable; see [NewEvidence].
type Evidence struct {
	segments map[string]document.Segment
	speakers map[string]string // id to name, "" where unknown
	names    map[string]bool   // normalised words of attendees' and speakers' names
	lang     language.Language
}

// NewEvidence returns a checker for one version of a transcript. Attendees are the names that may turn up in lines.
func NewEvidence(t document.Transcript, attendees []string, lang string) *Evidence {
	e := &Evidence{segments: map[string]document.Segment{}, speakers: map[string]string{}, names: map[string]bool{}, lang: language.Parse(lang)}
	if e.lang == "" {
		e.lang = language.English
	}
	for _, s := range t.Segments {
		e.segments[s.ID] = s
	}
	for _, s := range t.Speakers {
		if s.Name != nil {
			e.speakers[s.ID] = *s.Name
			attendees = append(attendees, *s.Name)
		}
	}
	for _, name := range attendees {
		for _, w := range language.Words(name) {
			e.names[w.Norm] = true
		}
	}
	return e
}

// Check says why a line does not stand, and "" if it does: every cited segment exists and holds the quote; the line's names
// occur in the segments or name their speakers; its numbers occur; most of its other content occurs; and it does not turn
// yes into no. Translated lines are checked for quotes, names and numbers alone, as their words are in another language.
func (e *Evidence) Check(line document.Line, translated bool) string {
	if strings.TrimSpace(line.Text) == "" {
		return "empty line"
	}
	if len(line.Evidence) == 0 {
		return "no source"
	}
	cited, reason := e.cited(line.Evidence)
	if reason != "" {
		return reason
	}
	if reason := e.numbers(line.Text, cited); reason != "" {
		return reason
	}
	if reason := e.named(line.Text, cited, line.Evidence); reason != "" || translated {
		return reason
	}
	if e.covered(line.Text, cited, line.Evidence) < share {
		return "says more than its source"
	}
	if !e.samePolarity(line, cited) {
		return "says the opposite of its source"
	}
	return ""
}

// cited joins the texts of the segments that a line cites.
func (e *Evidence) cited(evidence []document.Evidence) (text, reason string) {
	var all strings.Builder
	seen := map[string]bool{}
	for _, ev := range evidence {
		seg, ok := e.segments[ev.Segment]
		if !ok {
			return "", "cites a segment that does not exist"
		}
		if strings.TrimSpace(ev.Quote) == "" || !strings.Contains(seg.Text, ev.Quote) {
			return "", "quotes what was not said"
		}
		if !seen[ev.Segment] {
			all.WriteString(seg.Text)
			all.WriteString("\n\n") // a segment's end is a sentence's
			seen[ev.Segment] = true
		}
	}
	return all.String(), ""
}

func (e *Evidence) numbers(text, cited string) string {
	said := map[string]bool{}
	for _, n := range e.lang.Numbers(cited) {
		said[n.Value] = true
	}
	for _, n := range e.lang.Numbers(text) {
		if !said[n.Value] {
			return "holds a number that was not said"
		}
	}
	return ""
}

// named refuses a line with a name that is neither in what it cites nor a cited speaker's.
func (e *Evidence) named(text, cited string, evidence []document.Evidence) string {
	known := e.allowed(cited, evidence)
	for _, name := range e.lang.Names(text) {
		if name.Opening || e.lang == language.German {
			continue // its capital proves nothing; attendees' names are looked for below
		}
		for _, w := range language.Words(name.In(text)) {
			if !known[w.Norm] && !e.lang.Stop(w.Norm) && !known[e.lang.Stem(w.Norm)] {
				return "names somebody or something that was not named"
			}
		}
	}
	for _, w := range language.Words(text) {
		if e.names[w.Norm] && w.Capital() && !known[w.Norm] {
			return "names somebody who was not named"
		}
	}
	return ""
}

// allowed holds the words and stems of what is cited and of the names of those who said it.
func (e *Evidence) allowed(cited string, evidence []document.Evidence) map[string]bool {
	known := map[string]bool{}
	add := func(text string) {
		for _, w := range language.Words(text) {
			known[w.Norm], known[e.lang.Stem(w.Norm)] = true, true
			known[strings.TrimSuffix(w.Norm, "'s")] = true
		}
	}
	add(cited)
	for _, ev := range evidence {
		if s := e.segments[ev.Segment].Speaker; s != nil {
			add(e.speakers[*s])
		}
	}
	return known
}

// covered is the share of the line's content stems that occur in what it cites, 1 where there are none.
func (e *Evidence) covered(text, cited string, evidence []document.Evidence) float64 {
	known := e.allowed(cited, evidence)
	total, found := 0, 0
	for _, stem := range e.lang.Content(text) {
		total++
		if known[stem] {
			found++
		}
	}
	if total == 0 {
		return 1
	}
	return float64(found) / float64(total)
}

// statements gives the sentences of a text, and of English ones that run on also each part that affirms or denies on its own:
// in "not yet, no, I'll call him" the call is not denied.
func (e *Evidence) statements(text string) []string {
	var all []string
	for _, span := range e.lang.Sentences(text) {
		said := span.In(text)
		if all = append(all, said); e.lang != language.English {
			continue
		}
		t := clause.New(said)
		t.Parse()
		all = append(all, t.Clean.Text) // "not the, not the stock one" denies once
		if units := t.Units(); len(units) > 1 {
			for _, u := range units {
				all = append(all, t.Words(u.From, u.To))
			}
		}
	}
	return all
}

// samePolarity compares the line with the sentences of its source that it resembles most: one of them must be able to mean
// the same.
func (e *Evidence) samePolarity(line document.Line, cited string) bool {
	line.Text = strings.TrimSpace(line.Text)
	want := map[string]bool{}
	for _, stem := range e.lang.Content(line.Text) {
		want[stem] = true
	}
	type candidate struct {
		sentence string
		overlap  int
	}
	var all []candidate
	best := 0
	for _, said := range e.statements(cited) {
		c := candidate{sentence: said}
		for _, stem := range e.lang.Content(c.sentence) {
			if want[stem] {
				c.overlap++
			}
		}
		best = max(best, c.overlap)
		all = append(all, c)
	}
	polarity := e.lang.Polarity(line.Text)
	for _, c := range all {
		if 2*c.overlap >= best && polarity.Same(e.lang.Polarity(c.sentence)) {
			return true
		}
	}
	return len(all) == 0
}
