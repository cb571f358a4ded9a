// Package progress shows work as people see it: which steps a meeting needs, how far they are, what waits and what failed.
package progress

import (
	"context"
	"errors"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// Config is what the service stands on.
type Config struct {
	Gate   *gate.Gate
	Queue  *queue.Queue
	Source tenant.Source
}

// Service reads and steers work.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Queue == nil || cfg.Source.Now == nil {
		return nil, errors.New("progress: Gate, Queue and Source are required")
	}
	return &Service{cfg}, nil
}

// StepID names a step of work.
type StepID = queue.ID

// Step is a step of work with how long it still takes, where that can be told.
type Step struct {
	queue.Status
	Left *time.Duration
}

// Of returns a meeting's steps, the newest first. It is part of the page that shows them.
func (s *Service) Of(ctx context.Context, id meeting.ID) ([]Step, error) {
	var steps []Step
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		found, err := queue.Of(ctx, tx, tx.Group())
		for _, st := range found {
			steps = append(steps, s.timed(st))
		}
		return err
	})
	return steps, err
}

// Read returns one step with its meeting. It is no act: who waits for work asks often.
func (s *Service) Read(ctx context.Context, id StepID) (Work, error) {
	var work Work
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadWork, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		step, err := queue.One(ctx, tx, id)
		if err != nil {
			return err
		}
		all, err := s.titled(ctx, tx, []queue.Status{step})
		if err == nil && len(all) == 0 {
			err = fault.New(fault.Missing, "There is no such work.")
		}
		if err == nil {
			work = all[0]
		}
		return err
	})
	return work, err
}

// timed tells the time left from how long the done part took.
func (s *Service) timed(st queue.Status) Step {
	step := Step{Status: st}
	if st.State != "running" || st.StartedAt == nil || st.Progress < 0.05 {
		return step
	}
	gone := s.Source.Now().Sub(*st.StartedAt)
	left := time.Duration(float64(gone) * (1 - st.Progress) / st.Progress).Round(time.Second)
	step.Left = &left
	return step
}

// Work is a step with the meeting that it belongs to.
type Work struct {
	Step
	Meeting meeting.ID
	Title   string
}

// Open returns the workspace's work that runs, waits or failed, of meetings that the actor may read, as one act.
func (s *Service) Open(ctx context.Context) ([]Work, error) {
	var work []Work
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ListWork}, func(ctx context.Context, tx *gate.Tx) (err error) {
		work, err = s.open(ctx, tx)
		tx.Note("count", len(work))
		return err
	})
	return work, err
}

// Look is Open for a page that is open already: it is no act of its own.
func (s *Service) Look(ctx context.Context) ([]Work, error) {
	var work []Work
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListWork}, func(ctx context.Context, tx *gate.Tx) (err error) {
		work, err = s.open(ctx, tx)
		return err
	})
	return work, err
}

func (s *Service) open(ctx context.Context, tx *gate.Tx) ([]Work, error) {
	steps, err := queue.Open(ctx, tx)
	if err != nil {
		return nil, err
	}
	return s.titled(ctx, tx, steps)
}

func (s *Service) titled(ctx context.Context, tx *gate.Tx, steps []queue.Status) ([]Work, error) {
	records := make([]tenant.RecordID, len(steps))
	for i, st := range steps {
		records[i] = st.Record
	}
	meetings, err := meeting.ByRecords(ctx, tx, records)
	var work []Work
	for _, st := range steps {
		if m, ok := meetings[st.Record]; ok {
			work = append(work, Work{Step: s.timed(st), Meeting: m.ID, Title: m.Title})
		}
	}
	return work, err
}

// recently is how far back [Service.Done] looks.
const recently = 24 * time.Hour

// Done returns the work of the last day that ended well, the newest first. It is part of the page that shows it.
func (s *Service) Done(ctx context.Context) ([]Work, error) {
	var work []Work
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListWork}, func(ctx context.Context, tx *gate.Tx) error {
		steps, err := queue.Done(ctx, tx, tx.Now().Add(-recently))
		if err != nil {
			return err
		}
		work, err = s.titled(ctx, tx, steps)
		return err
	})
	return work, err
}

// Counts is what waits for people: the numbers beside the navigation.
type Counts struct {
	Drafts int // to approve
	Dead   int // work that stopped
}

// Counts returns what waits for people among what the actor may read. It is part of each page.
func (s *Service) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListWork}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if c.Drafts, err = meeting.InStage(ctx, tx, meeting.Drafted); err != nil {
			return err
		}
		c.Dead, err = queue.Dead(ctx, tx)
		return err
	})
	return c, err
}

// WatchAll returns a channel that gets a value when work of the workspace changed, and a function that ends it.
func (s *Service) WatchAll(ctx context.Context) (<-chan struct{}, func(), error) {
	var record tenant.RecordID
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListWork}, func(_ context.Context, tx *gate.Tx) error {
		record = gate.WorkspaceRecord(tx.Workspace())
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	news, end := s.Queue.Watch(record)
	return news, end, nil
}

// Watch returns a channel that gets a value when a meeting's work changed, and a function that ends it.
func (s *Service) Watch(ctx context.Context, id meeting.ID) (<-chan struct{}, func(), error) {
	var record tenant.RecordID
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(_ context.Context, tx *gate.Tx) error {
		record = tx.Group()
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	news, end := s.Queue.Watch(record)
	return news, end, nil
}

// RunAgain starts failed work again. Cancel ends work.
func (s *Service) RunAgain(ctx context.Context, id StepID) error { return s.Queue.RunAgain(ctx, id) }

// Cancel ends work that waits or runs.
func (s *Service) Cancel(ctx context.Context, id StepID) error { return s.Queue.Cancel(ctx, id) }
