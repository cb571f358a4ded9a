package minutes

import (
	"context"
	"slices"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes/commitment"
	"mainstay/internal/queue"
	"mainstay/internal/speech"
)

// Resolve is the step after a speaker or attendee was named: it finds owners and dates of a draft's actions anew. Lines that a
// person changed stay as they are, and so do approved minutes.
func (s *Service) Resolve(ctx context.Context, step queue.Step) error {
	m, t, err := s.read(ctx, speech.ID(step.Input))
	if err != nil {
		return err
	}
	found := commitment.Find(Describe(m, t), t.Transcript).Actions
	current, err := s.current(ctx, m.ID, step.Input)
	if fault.Is(err, fault.Missing) {
		return nil // the draft is still to come, with the names as they are now
	}
	if err != nil || !current.Open() || current.Transcript != t.ID {
		return err
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ResolveMinutes, Object: current.ID}, func(ctx context.Context, tx *gate.Tx) error {
		fresh, err := load(ctx, tx, current.ID)
		if err != nil {
			return err
		}
		if fresh.Open() && fresh.resolve(found, NewEvidence(t.Transcript, m.Names(), t.Language)) {
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

// resolve takes owners and dates from actions found anew in the same segments, and reports whether anything changed.
func (m *Minutes) resolve(found []document.Action, e *Evidence) bool {
	changed := false
	for i, a := range m.Actions {
		n := slices.IndexFunc(found, func(f document.Action) bool { return sameSource(a.Evidence, f.Evidence) })
		if n < 0 || m.Edited[a.ID] {
			continue
		}
		next := e.action(found[n])
		if !equalOwner(a.Owner, next.Owner) || !equalDue(a.Due, next.Due) {
			m.Actions[i].Owner, m.Actions[i].Due, changed = next.Owner, next.Due, true
		}
	}
	return changed
}

func sameSource(a, b []document.Evidence) bool {
	return len(a) > 0 && len(b) > 0 && a[0] == b[0]
}

func equalOwner(a, b *document.Owner) bool {
	return a == b || a != nil && b != nil && same(a.Name, b.Name) && same(a.Speaker, b.Speaker)
}

func equalDue(a, b *document.Due) bool {
	return a == b || a != nil && b != nil && same(a.Date, b.Date) && a.AsSaid == b.AsSaid
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
