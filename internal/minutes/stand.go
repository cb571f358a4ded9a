package minutes

import (
	"context"
	"strings"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/language"
	"mainstay/internal/minutes/evidence"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
)

// Drafter writes a first draft. Its lines are checked afterwards and need not be trusted.
type Drafter interface {
	Draft(ctx context.Context, brief Brief) (Proposal, error)
}

// Brief is what a draft is written from.
type Brief struct {
	Group        tenant.RecordID
	TranscriptID speech.ID
	Meeting      document.Meeting
	Transcript   document.Transcript
	Template     string
	Language     string // of the minutes, BCP 47; empty: as spoken
	ModelAllowed bool
}

// translates reports whether the minutes are wanted in another language than the spoken one.
func (b Brief) translates() bool {
	return b.Language != "" && language.Parse(b.Language) != evidence.Spoken(b.Meeting, b.Transcript)
}

// Proposal is a draft before anything of it was checked. Spoken holds, by the ids of lines in another language than the spoken
// one, what they say in the spoken one; nil for minutes in the spoken language.
type Proposal struct {
	document.Minutes
	Spoken map[string]string
}

// Standing is what of a proposal stands.
type Standing struct {
	document.Minutes
	Translated map[string]bool // by the ids of lines
	Dropped    int             // lines that do not stand
}

// The limits of a draft's lines.
const (
	maxLine  = 2000 // runes, as for a person's
	maxLines = 200  // of a list
)

// Stand returns the lines of a proposal that pass. An owner or a date that does not stand is left blank and its action kept; a
// topic's title that does not stand gives way to the beginning of its first line.
func Stand(p Proposal, e *evidence.Checker) Standing {
	s := Standing{Minutes: p.Minutes, Translated: map[string]bool{}}
	passes := func(l document.Line) bool {
		ok := utf8.RuneCountInString(l.Text) <= maxLine
		if p.Spoken == nil {
			ok = ok && e.Check(l) == ""
		} else if ok = ok && e.CheckTranslation(l, p.Spoken[l.ID], p.language()) == ""; ok {
			s.Translated[l.ID] = true
		}
		if !ok {
			s.Dropped++
		}
		return ok
	}
	keep := func(lines []document.Line) []document.Line {
		kept := []document.Line{}
		for _, l := range lines {
			l.Text = strings.Join(strings.Fields(l.Text), " ")
			if len(kept) < maxLines && passes(l) {
				kept = append(kept, l)
			}
		}
		return kept
	}
	s.Summary, s.Decisions, s.Questions = keep(p.Summary), keep(p.Decisions), keep(p.Questions)
	s.Topics = []document.Topic{}
	for _, t := range p.Topics {
		if t.Lines = keep(t.Lines); len(t.Lines) > 0 {
			s.Topics = append(s.Topics, e.Topic(t, p.Spoken == nil))
		}
	}
	s.Actions = []document.Action{}
	for _, a := range p.Actions {
		if kept := keep([]document.Line{a.Line}); len(kept) == 1 && len(s.Actions) < maxLines {
			a.Line = kept[0]
			s.Actions = append(s.Actions, e.Action(a))
		}
	}
	return s
}

func (p Proposal) language() language.Language {
	if p.Language == nil {
		return ""
	}
	return language.Parse(*p.Language)
}
