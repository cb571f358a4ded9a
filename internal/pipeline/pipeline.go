// Package pipeline is the only place that knows which fact starts which work. Reading [Subscribers] tells the whole order.
package pipeline

import (
	"context"

	"mainstay/internal/capture"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/queue"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
)

// The steps. Their names are stored and never change.
const (
	Transcribe = "transcribe" // input: a recording
	Draft      = "draft"      // input: a transcript
	Resolve    = "resolve"    // input: a transcript whose speakers were named
	Reconsider = "reconsider" // input: a meeting whose details changed
	Dispose    = "dispose"    // input: a recording of which the transcript alone was wanted
)

// Subscribers says which steps a fact starts.
func Subscribers() map[string][]string {
	return map[string][]string{
		capture.FactFinished:   {Transcribe},
		speech.FactTranscribed: {Draft},
		speech.FactNamed:       {Resolve},
		meeting.FactChanged:    {Reconsider},
		speech.FactSpent:       {Dispose},
	}
}

// Pipeline connects the queue to the services that do the steps. The services need the queue first, so they are set after it.
type Pipeline struct {
	Gate    *gate.Gate
	Capture *capture.Service
	Speech  *speech.Service
	Minutes *minutes.Service
}

// Kinds returns the steps with who does them.
func (p *Pipeline) Kinds() []queue.Kind {
	return []queue.Kind{
		{Name: Transcribe, Actor: gate.Transcriber, Do: func(ctx context.Context, s queue.Step) error { return p.Speech.Transcribe(ctx, s) }},
		{Name: Draft, Actor: gate.MinuteTaker, Do: func(ctx context.Context, s queue.Step) error { return p.Minutes.Draft(ctx, s) }},
		{Name: Resolve, Actor: gate.MinuteTaker, Do: func(ctx context.Context, s queue.Step) error { return p.Minutes.Resolve(ctx, s) }},
		{Name: Reconsider, Actor: gate.MinuteTaker, Do: func(ctx context.Context, s queue.Step) error { return p.Minutes.Reconsider(ctx, s) }},
		{Name: Dispose, Actor: gate.Transcriber, Do: func(ctx context.Context, s queue.Step) error { return p.Capture.Dispose(ctx, s) }},
	}
}

// Dead marks the meeting of work that ended without success. A draft whose owners could not be resolved anew stays a draft. One
// whose recording could not be destroyed has its minutes; the step itself stays in the list of work.
func (p *Pipeline) Dead(ctx context.Context, step queue.Step) error {
	verb := gate.FailTranscript
	switch step.Kind {
	case Resolve, Reconsider, Dispose:
		return nil
	case Draft:
		verb = gate.FailMinutes
	}
	return p.Gate.Do(ctx, gate.Act{Verb: verb, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) error {
		return fall(ctx, tx, tx.Group())
	})
}

// Steered moves the meeting of work that a person cancelled, or began again, to the stage that is true now.
func (p *Pipeline) Steered(ctx context.Context, tx *gate.Tx, step queue.Step, cancelled bool) error {
	switch {
	case step.Kind == Resolve, step.Kind == Reconsider, step.Kind == Dispose:
		return nil
	case cancelled:
		return fall(ctx, tx, step.Record)
	case step.Kind == Transcribe:
		return meeting.AdvanceGroup(ctx, tx, step.Record, meeting.Waiting)
	}
	return meeting.AdvanceGroup(ctx, tx, step.Record, meeting.Drafting)
}

// fall moves a meeting back to what it has from before.
func fall(ctx context.Context, tx *gate.Tx, group tenant.RecordID) error {
	stage, err := minutes.StageLeft(ctx, tx, group)
	if err != nil {
		return err
	}
	return meeting.AdvanceGroup(ctx, tx, group, stage)
}
