package trust

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
)

// proof is one run of the checks: two workspaces, and a meeting in the first that several checks look at.
type proof struct {
	Deployment
	began time.Time // by the machine's clock, as the times of files are
	since string    // the database's transaction before the first of the proof's
	word  string    // twelve random letters that stand in everything that is put in, and nowhere else
	ours  side
	other side
	held  *minutes.Opened // the meeting, once it has minutes
}

// side is one of the two workspaces, as its owner.
type side struct {
	owner    tenant.Actor
	meetings []meeting.ID
}

func (s side) as(ctx context.Context) context.Context { return tenant.WithActor(ctx, s.owner) }

func begin(ctx context.Context, d Deployment) (*proof, error) {
	letters := make([]byte, 12)
	if _, err := rand.Read(letters); err != nil {
		return nil, fmt.Errorf("choosing a word: %w", err)
	}
	for i := range letters {
		letters[i] = 'a' + letters[i]%26
	}
	p := &proof{Deployment: d, began: time.Now().Add(-time.Second), word: string(letters)}
	err := p.look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		p.since, err = horizon(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking the database: %w", err)
	}
	for _, s := range []*side{&p.ours, &p.other} {
		owner, err := d.Identity.StageProof(ctx, "Proof "+p.name("workspace"))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("making a workspace for the proof: %w", err), p.end(context.WithoutCancel(ctx)))
		}
		s.owner = owner
	}
	return p, nil
}

// end destroys both workspaces, once no work of theirs is under way.
func (p *proof) end(ctx context.Context) error {
	var failures []error
	for _, s := range []side{p.ours, p.other} {
		if s.owner.Workspace.IsZero() {
			continue
		}
		failures = append(failures, p.cancelWork(s.as(ctx), s), p.Identity.EndProof(ctx, s.owner.Workspace))
	}
	return errors.Join(failures...)
}

func (p *proof) cancelWork(ctx context.Context, s side) error {
	for _, id := range s.meetings {
		steps, err := p.Progress.Of(ctx, id)
		if err != nil {
			return err
		}
		for _, step := range steps {
			if step.State != "waiting" && step.State != "running" {
				continue
			}
			if err := p.Progress.Cancel(ctx, step.ID); err != nil && !fault.Is(err, fault.Conflict) {
				return err
			}
		}
	}
	return nil
}

// name is the word as a name, with an ending that tells where it was put in.
func (p *proof) name(place string) string {
	return strings.ToUpper(p.word[:1]) + p.word[1:] + place
}

// meeting makes a meeting of one of the workspaces.
func (p *proof) meeting(ctx context.Context, s *side, d meeting.Details) (meeting.Meeting, error) {
	m, err := p.Meetings.Create(s.as(ctx), d, "paste", false)
	if err == nil {
		s.meetings = append(s.meetings, m.ID)
	}
	return m, err
}

// opened returns the meeting that the checks share, with its minutes.
func (p *proof) opened(ctx context.Context) (minutes.Opened, error) {
	if p.held != nil {
		return *p.held, nil
	}
	day := time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)
	d := meeting.Details{Title: "Site meeting " + p.name("title"), StartsAt: &day, Zone: "UTC", Language: "en", ModelAllowed: true,
		Attendees: []meeting.Person{{Name: "Anna", Email: p.word + "mail@example.com"}, {Name: "Ben"}, {Name: "Carla"}, {Name: "Dmitri"}, {Name: p.name("attendee")}}}
	o, err := p.drafted(ctx, &p.ours, d, p.talk())
	if err == nil {
		p.held = &o
	}
	return o, err
}

// drafted makes a meeting of a pasted transcript and waits for its minutes.
func (p *proof) drafted(ctx context.Context, s *side, d meeting.Details, text string) (minutes.Opened, error) {
	m, err := p.meeting(ctx, s, d)
	if err != nil {
		return minutes.Opened{}, err
	}
	as := s.as(ctx)
	if _, err := p.Speech.Import(as, m.ID, p.name("file")+".txt", []byte(text)); err != nil {
		return minutes.Opened{}, err
	}
	if err := p.settled(as, m.ID); err != nil {
		return minutes.Opened{}, err
	}
	o, err := p.Minutes.Open(as, m.ID)
	if err == nil && (o.Minutes == nil || o.Transcript == nil) {
		err = errors.New("the transcript has no minutes")
	}
	return o, err
}

// settled waits until no step of a meeting waits or runs. It fails with the reason of one that failed.
func (p *proof) settled(ctx context.Context, id meeting.ID) error {
	for {
		steps, err := p.Progress.Of(ctx, id)
		if err != nil {
			return err
		}
		busy := len(steps) == 0
		for _, step := range steps {
			if step.State == "dead" {
				return errors.New("work on the meeting failed: " + step.Reason)
			}
			busy = busy || step.State == "waiting" || step.State == "running"
		}
		if !busy {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the minutes: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
