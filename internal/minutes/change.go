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
	"mainstay/internal/language"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes/evidence"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
)

// Change is what a person does to one line of a draft. Of an item that is carried forward, Remove says that it is no longer
// open; nothing else of it can be changed here.
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
	Unfound map[string]bool            `json:"unfound,omitempty"`
	Settled map[string]bool            `json:"settled,omitempty"`
}

// Edit changes a line of a draft and returns the new version. It fails with fault.Conflict unless version is the one that
// was read and the minutes can still change. The person who typed a line answers for it; its citation stays, and it is marked
// where its words are not in what it cites. A line that is added cites the place where its words were said, if they were.
func (s *Service) Edit(ctx context.Context, id ID, version int, c Change) (Minutes, error) {
	c.Text = strings.Join(strings.Fields(c.Text), " ")
	if utf8.RuneCountInString(c.Text) > 2000 {
		return Minutes{}, fault.New(fault.Invalid, "A line has at most 2,000 characters. Split it.")
	}
	if c.Owner != nil && utf8.RuneCountInString(*c.Owner) > 120 {
		return Minutes{}, fault.New(fault.Invalid, "A name has at most 120 characters.")
	}
	e, err := s.checker(ctx, id)
	if err != nil {
		return Minutes{}, err
	}
	return s.edit(ctx, id, version, func(ctx context.Context, tx *gate.Tx, m *Minutes) error {
		tx.Note("line", c.Line+c.Add)
		if strings.HasPrefix(c.Line, carriedPrefix) {
			return m.settle(ctx, tx, c)
		}
		return m.change(c, tx.Actor().Member, e)
	})
}

// edit changes an open version of minutes in one act. Version 0 stands for the newest.
func (s *Service) edit(ctx context.Context, id ID, version int, change func(ctx context.Context, tx *gate.Tx, m *Minutes) error) (Minutes, error) {
	var m Minutes
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.EditMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if m, err = load(ctx, tx, id); err != nil {
			return err
		}
		if version != 0 && m.Version != version || !m.Open() {
			return stale()
		}
		if err := change(ctx, tx, &m); err != nil {
			return err
		}
		return update(ctx, tx, &m)
	})
	return m, err
}

// checker returns what checks a person's words against the transcript that minutes are pinned to and, where that is erased,
// against the quotes that they hold.
func (s *Service) checker(ctx context.Context, id ID) (*evidence.Checker, error) {
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
		if fault.Is(err, fault.Missing) {
			t, err = speech.Transcript{Transcript: run.quoted()}, nil
		}
		return err
	})
	return evidence.New(Describe(m, t), t.Transcript), err
}

// quoted is what the minutes themselves hold of their transcript.
func (m Minutes) quoted() document.Transcript {
	var t document.Transcript
	at := map[string]int{}
	for _, list := range m.lists() {
		for _, l := range *list {
			for _, ev := range l.Evidence {
				i, ok := at[ev.Segment]
				if !ok {
					i, at[ev.Segment] = len(t.Segments), len(t.Segments)
					t.Segments = append(t.Segments, document.Segment{ID: ev.Segment})
				}
				t.Segments[i].Text += ev.Quote + "\n"
			}
		}
	}
	return t
}

// Undo takes back the last change of a draft, if it was the actor's own. It fails with fault.Conflict where there is none.
func (s *Service) Undo(ctx context.Context, id ID) (Minutes, error) {
	return s.edit(ctx, id, 0, func(_ context.Context, tx *gate.Tx, m *Minutes) error {
		if m.before == nil || m.before.By != tx.Actor().Member {
			return fault.New(fault.Conflict, "There is nothing to undo any more: these minutes changed meanwhile.")
		}
		tx.Note("undo", true)
		was := m.before
		m.Minutes, m.Edited, m.Typed, m.Unfound, m.settled, m.before = was.Minutes, was.Edited, was.Typed, was.Unfound, was.Settled, nil
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
		if err := meeting.Advance(ctx, tx, m.Meeting, meeting.Review); err != nil {
			return err
		}
		return s.Queue.Emit(ctx, tx, Submitted(m.ID, tx.Group()))
	})
}

// Approve freezes a version of the minutes and makes it the record, with the names of speakers and the items that are carried
// forward as the approver sees them. It fails with fault.Conflict if a newer version exists, so that nobody approves unread text.
func (s *Service) Approve(ctx context.Context, id ID, version int) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ApproveMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		m, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.Version != version || !m.Open() {
			return stale()
		}
		about, err := meeting.Load(ctx, tx, m.Meeting)
		if err != nil {
			return err
		}
		if err := m.carry(ctx, tx, about); err != nil {
			return err
		}
		t, err := speech.Load(ctx, tx, m.Transcript)
		if ignoreMissing(err) != nil {
			return err
		}
		m.called(t.Speakers)
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
func (m *Minutes) change(c Change, by tenant.MemberID, e *evidence.Checker) error {
	if c.Due != nil && *c.Due != "" {
		if _, err := time.Parse(time.DateOnly, *c.Due); err != nil {
			return fault.Wrap(fault.Invalid, "Enter a date such as 2026-03-31.", err)
		}
	}
	if !c.Remove && c.Text == "" {
		return fault.New(fault.Invalid, "A line cannot be empty. Remove it instead.")
	}
	was := m.now(by)
	if c.Add != "" {
		line, err := m.add(c.Add, document.Line{Text: c.Text, Evidence: e.Find(c.Text)})
		if err != nil {
			return err
		}
		c.Line = line
		if m.Typed == nil {
			m.Typed = map[string]tenant.MemberID{}
		}
		m.Typed[line] = by
	}
	old := m.line(c.Line)
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
	m.Edited[c.Line], m.before = true, was
	m.Version++
	if now := m.line(c.Line); now.Text != old.Text {
		m.find(now, e)
	}
	return nil
}

// now is the draft as a change by somebody finds it.
func (m *Minutes) now(by tenant.MemberID) *before {
	return &before{By: by, Minutes: m.Minutes.Copy(), Edited: maps.Clone(m.Edited), Typed: maps.Clone(m.Typed), Unfound: maps.Clone(m.Unfound),
		Settled: maps.Clone(m.settled)}
}

// find marks a line whose words are not in what it cites. Of words in another language than the spoken one only the least can
// be checked.
func (m *Minutes) find(l document.Line, e *evidence.Checker) {
	if m.Unfound == nil {
		m.Unfound = map[string]bool{}
	}
	delete(m.Unfound, l.ID)
	if len(l.Evidence) == 0 {
		return // typed: the person is its source
	}
	reason := ""
	if m.Translated[l.ID] && m.Language != nil {
		reason = e.CheckTranslation(l, quotes(l), language.Parse(*m.Language))
	} else {
		reason = e.Check(l)
	}
	if reason != "" {
		m.Unfound[l.ID] = true
	}
}

// quotes is what a line's source says.
func quotes(l document.Line) string {
	var all []string
	for _, ev := range l.Evidence {
		all = append(all, ev.Quote)
	}
	return strings.Join(all, " ")
}

// line returns a line by its id, a zero one where there is none.
func (m *Minutes) line(id string) document.Line {
	for _, list := range m.lists() {
		if i := slices.IndexFunc(*list, func(l document.Line) bool { return l.ID == id }); i >= 0 {
			return (*list)[i]
		}
	}
	return document.Line{}
}

// lists are the lists of lines, the actions' lines as a copy.
func (m *Minutes) lists() []*[]document.Line {
	var actions []document.Line
	for _, a := range m.Actions {
		actions = append(actions, a.Line)
	}
	lists := []*[]document.Line{&m.Summary, &m.Decisions, &m.Questions, &actions}
	for i := range m.Topics {
		lists = append(lists, &m.Topics[i].Lines)
	}
	return lists
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

// listOf returns the list that holds a line that is no action, nil where none does.
func (m *Minutes) listOf(id string) *[]document.Line {
	for _, list := range m.lists() {
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
