package minutes

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
)

// Change is what a person does to one line of a draft.
type Change struct {
	Line   string // its id
	Add    string // "summary", "decisions", "actions" or "questions": a new line at its end, in place of Line
	Remove bool
	Text   string
	Owner  *string // actions only; "" makes it blank; nil leaves it
	Due    *string // actions only; an RFC 3339 date; "" makes it blank; nil leaves it
}

// before is the state of a draft before its last change.
type before struct {
	By      tenant.MemberID            `json:"by"`
	Minutes document.Minutes           `json:"minutes"`
	Edited  map[string]bool            `json:"edited,omitempty"`
	Typed   map[string]tenant.MemberID `json:"typed,omitempty"`
}

// Edit changes a line of a draft and returns the new version. It fails with fault.Conflict unless version is the one that
// was read and the minutes can still change. The person who typed a line answers for it; its citation stays, and a line that
// is added cites the place where its words were said, if they were.
func (s *Service) Edit(ctx context.Context, id ID, version int, c Change) (Minutes, error) {
	c.Text = strings.Join(strings.Fields(c.Text), " ")
	if utf8.RuneCountInString(c.Text) > 2000 {
		return Minutes{}, fault.New(fault.Invalid, "A line has at most 2,000 characters. Split it.")
	}
	if c.Owner != nil && utf8.RuneCountInString(*c.Owner) > 120 {
		return Minutes{}, fault.New(fault.Invalid, "A name has at most 120 characters.")
	}
	var said []document.Evidence
	if c.Add != "" {
		var err error
		if said, err = s.said(ctx, id, c.Text); err != nil {
			return Minutes{}, err
		}
	}
	return s.edit(ctx, id, version, func(tx *gate.Tx, m *Minutes) error {
		tx.Note("line", c.Line+c.Add)
		return m.change(c, tx.Actor().Member, said)
	})
}

// edit changes an open version of minutes in one act. Version 0 stands for the newest.
func (s *Service) edit(ctx context.Context, id ID, version int, change func(tx *gate.Tx, m *Minutes) error) (Minutes, error) {
	var m Minutes
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.EditMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if m, err = load(ctx, tx, id); err != nil {
			return err
		}
		if version != 0 && m.Version != version || !m.Open() {
			return stale()
		}
		if err := change(tx, &m); err != nil {
			return err
		}
		return update(ctx, tx, &m)
	})
	return m, err
}

// said finds where in the pinned transcript a person's words were said. Nothing is found where the transcript is erased.
func (s *Service) said(ctx context.Context, id ID, text string) ([]document.Evidence, error) {
	var t speech.Transcript
	var m meeting.Meeting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.EditMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		run, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if m, err = meeting.Load(ctx, tx, run.Meeting); err != nil {
			return err
		}
		t, err = speech.Load(ctx, tx, run.Transcript)
		return ignoreMissing(err)
	})
	if err != nil {
		return nil, err
	}
	return NewEvidence(t.Transcript, m.Names(), t.Language).Find(text, t.Segments), nil
}

// Undo takes back the last change of a draft, if it was the actor's own. It fails with fault.Conflict where there is none.
func (s *Service) Undo(ctx context.Context, id ID) (Minutes, error) {
	return s.edit(ctx, id, 0, func(tx *gate.Tx, m *Minutes) error {
		if m.before == nil || m.before.By != tx.Actor().Member {
			return fault.New(fault.Conflict, "There is nothing to undo any more: these minutes changed meanwhile.")
		}
		tx.Note("undo", true)
		m.Minutes, m.Edited, m.Typed, m.before = m.before.Minutes, m.before.Edited, m.before.Typed, nil
		m.Version++
		return nil
	})
}

// Submit asks others to read a version before it is approved. It fails with fault.Conflict if a newer version exists.
func (s *Service) Submit(ctx context.Context, id ID, version int) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.SubmitMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		m, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.Version != version || m.State != Draft {
			return stale()
		}
		if err := submit(ctx, tx, m); err != nil {
			return err
		}
		tx.Note("version", version)
		return meeting.Advance(ctx, tx, m.Meeting, meeting.Review)
	})
}

// Approve freezes a version of the minutes and makes it the record. It fails with fault.Conflict if a newer version exists,
// so that nobody approves unread text.
func (s *Service) Approve(ctx context.Context, id ID, version int) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ApproveMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		m, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.Version != version || !m.Open() {
			return stale()
		}
		m.before = nil
		if err := approve(ctx, tx, m); err != nil {
			return err
		}
		tx.Note("version", version)
		if err := meeting.Advance(ctx, tx, m.Meeting, meeting.Approved); err != nil {
			return err
		}
		return s.Queue.Emit(ctx, tx, ApprovedFact(id, tx.Group()))
	})
}

func stale() error {
	return fault.New(fault.Conflict, "These minutes changed meanwhile. Reload the page and look again.")
}

// change applies a person's change to the line that it names, wherever in the minutes it stands.
func (m *Minutes) change(c Change, by tenant.MemberID, source []document.Evidence) error {
	if c.Due != nil && *c.Due != "" {
		if _, err := time.Parse(time.DateOnly, *c.Due); err != nil {
			return fault.Wrap(fault.Invalid, "Enter a date such as 2026-03-31.", err)
		}
	}
	if !c.Remove && c.Text == "" {
		return fault.New(fault.Invalid, "A line cannot be empty. Remove it instead.")
	}
	was := before{By: by, Minutes: m.Minutes.Copy(), Edited: maps.Clone(m.Edited), Typed: maps.Clone(m.Typed)}
	if c.Add != "" {
		line, err := m.add(c.Add, document.Line{Text: c.Text, Evidence: source})
		if err != nil {
			return err
		}
		c.Line = line
		if m.Typed == nil {
			m.Typed = map[string]tenant.MemberID{}
		}
		m.Typed[line] = by
	}
	if i := slices.IndexFunc(m.Actions, func(a document.Action) bool { return a.ID == c.Line }); i >= 0 {
		m.changeAction(i, c)
	} else if list := m.listOf(c.Line); list != nil {
		changeLine(list, c)
	} else {
		return fault.New(fault.Missing, "There is no such line any more.")
	}
	if m.Edited == nil {
		m.Edited = map[string]bool{}
	}
	m.Edited[c.Line], m.before = true, &was
	m.Version++
	return nil
}

// add puts a line at the end of a list and returns its new id.
func (m *Minutes) add(list string, line document.Line) (string, error) {
	if line.Evidence == nil {
		line.Evidence = []document.Evidence{}
	}
	prefix := map[string]string{"summary": "sx", "decisions": "dx", "actions": "ax", "questions": "qx"}[list]
	for n := 1; ; n++ {
		line.ID = prefix + strconv.Itoa(n)
		taken := slices.ContainsFunc(m.Actions, func(a document.Action) bool { return a.ID == line.ID })
		if _, used := m.Typed[line.ID]; !used && !taken && m.listOf(line.ID) == nil {
			break
		}
	}
	switch list {
	case "summary":
		m.Summary = append(m.Summary, line)
	case "decisions":
		m.Decisions = append(m.Decisions, line)
	case "questions":
		m.Questions = append(m.Questions, line)
	case "actions":
		m.Actions = append(m.Actions, document.Action{Line: line})
	default:
		return "", fault.New(fault.Invalid, "A line is added to the summary, the decisions, the actions or the open questions.")
	}
	return line.ID, nil
}

func (m *Minutes) changeAction(i int, c Change) {
	if c.Remove {
		m.Actions = slices.Delete(m.Actions, i, i+1)
		return
	}
	a := &m.Actions[i]
	a.Text = c.Text
	if c.Owner != nil {
		a.Owner = nil
		if *c.Owner != "" {
			a.Owner = &document.Owner{Name: c.Owner}
		}
	}
	if c.Due != nil {
		said := ""
		if a.Due != nil {
			said = a.Due.AsSaid
		}
		a.Due = nil
		if *c.Due != "" {
			a.Due = &document.Due{Date: c.Due, AsSaid: said}
		}
	}
}

// listOf returns the list that holds a line, nil where none does.
func (m *Minutes) listOf(id string) *[]document.Line {
	lists := []*[]document.Line{&m.Summary, &m.Decisions, &m.Questions}
	for i := range m.Topics {
		lists = append(lists, &m.Topics[i].Lines)
	}
	for _, list := range lists {
		if slices.ContainsFunc(*list, func(l document.Line) bool { return l.ID == id }) {
			return list
		}
	}
	return nil
}

func changeLine(list *[]document.Line, c Change) {
	i := slices.IndexFunc(*list, func(l document.Line) bool { return l.ID == c.Line })
	if c.Remove {
		*list = slices.Delete(*list, i, i+1)
		return
	}
	(*list)[i].Text = c.Text
}
