package minutes

import (
	"context"
	"slices"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes/commitment"
	"mainstay/internal/minutes/evidence"
	"mainstay/internal/queue"
	"mainstay/internal/speech"
)

// Resolve is the step after a speaker was named: it finds owners and dates of a draft's actions anew. Lines that a person
// changed or typed stay as they are, and so do approved minutes.
func (s *Service) Resolve(ctx context.Context, step queue.Step) error {
	m, t, err := s.read(ctx, speech.ID(step.Input))
	if err != nil {
		return err
	}
	current, err := s.current(ctx, m.ID, step.Input)
	if fault.Is(err, fault.Missing) {
		return nil // the draft is still to come, and looks for names once more when it does
	}
	if err != nil || !current.Open() || current.Transcript != t.ID {
		return err
	}
	return s.resolve(ctx, step, current.ID, m, t)
}

// Reconsider is the step after a meeting's details changed: attendees and the date decide on owners and dates as names of
// speakers do.
func (s *Service) Reconsider(ctx context.Context, step queue.Step) error {
	var o Opened
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReviseMinutes, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) (err error) {
		o, err = open(ctx, tx, meeting.ID(step.Input))
		return err
	})
	if err != nil || o.Minutes == nil || !o.Minutes.Open() || o.Transcript == nil {
		return err
	}
	return s.resolve(ctx, step, o.Minutes.ID, o.Meeting, *o.Transcript)
}

// resolve stores what is found anew together with the step's end.
func (s *Service) resolve(ctx context.Context, step queue.Step, id ID, m meeting.Meeting, t speech.Transcript) error {
	about := Describe(m, t)
	found, checker := commitment.Find(about, t.Transcript).Actions, evidence.New(about, t.Transcript)
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ResolveMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		fresh, err := load(ctx, tx, id)
		if err != nil {
			return err
		}
		if fresh.Open() && fresh.resolve(found, checker) {
			fresh.Version++
			if err := update(ctx, tx, &fresh); err != nil {
				return err
			}
		}
		return s.Queue.Finish(ctx, tx, step)
	})
}

func (s *Service) current(ctx context.Context, id meeting.ID, transcript [16]byte) (Minutes, error) {
	var m Minutes
	err := s.Gate.View(ctx, gate.Act{Verb: gate.BriefMinutes, Object: transcript}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = latest(ctx, tx, id)
		return err
	})
	return m, err
}

// resolve takes owners and dates from actions found anew in the same words, and reports whether anything changed. What the
// rules wrote is written anew, too, as names stand in it; a model's wording stays, and what it knew and the rules do not find
// is checked again with the names as they are now.
func (m *Minutes) resolve(found []document.Action, e *evidence.Checker) bool {
	changed := false
	for i := range m.Actions {
		a := &m.Actions[i]
		if m.Edited[a.ID] {
			continue
		}
		next := e.Action(*a)
		for _, f := range found {
			if !sameSource(a.Evidence, f.Evidence) {
				continue
			}
			f = e.Action(f)
			if next.Owner, next.Due = f.Owner, f.Due; m.DraftedBy.Kind == "rules" && e.Check(f.Line) == "" {
				next.Text = f.Text
			}
			break
		}
		if next.Text != a.Text || !equalOwner(a.Owner, next.Owner) || !equalDue(a.Due, next.Due) {
			a.Text, a.Owner, a.Due, changed = next.Text, next.Owner, next.Due, true
		}
	}
	return changed
}

func sameSource(a, b []document.Evidence) bool {
	return len(a) > 0 && len(b) > 0 && a[0] == b[0]
}

// equalOwner compares who owns, not what they are called: a speaker goes by the name that they have now.
func equalOwner(a, b *document.Owner) bool {
	return a == b || a != nil && b != nil && same(a.Speaker, b.Speaker) && (a.Speaker != nil || same(a.Name, b.Name))
}

// called gives owners who speak the names that the speakers have now.
func (m *Minutes) called(speakers []document.Speaker) {
	m.Actions = slices.Clone(m.Actions)
	for i, a := range m.Actions {
		for _, s := range speakers {
			if a.Owner != nil && a.Owner.Speaker != nil && *a.Owner.Speaker == s.ID && s.Name != nil {
				m.Actions[i].Owner = &document.Owner{Name: s.Name, Speaker: a.Owner.Speaker}
			}
		}
	}
}

func equalDue(a, b *document.Due) bool {
	return a == b || a != nil && b != nil && same(a.Date, b.Date) && a.AsSaid == b.AsSaid
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
