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
)

// The steps. Their names are stored and never change.
const (
	Transcribe = "transcribe" // input: a recording
	Draft      = "draft"      // input: a transcript
	Resolve    = "resolve"    // input: a transcript whose speakers were named
	Dispose    = "dispose"    // input: a recording of which the transcript alone was wanted
)

// Subscribers says which steps a fact starts.
func Subscribers() map[string][]string {
	return map[string][]string{
		capture.FactFinished:   {Transcribe},
		speech.FactTranscribed: {Draft},
		speech.FactNamed:       {Resolve},
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
		{Name: Dispose, Actor: gate.Transcriber, Do: func(ctx context.Context, s queue.Step) error { return p.Capture.Dispose(ctx, s) }},
	}
}

// Dead marks the meeting of work that ended without success. One whose recording could not be destroyed has its minutes; the
// step itself stays in the list of work.
func (p *Pipeline) Dead(ctx context.Context, step queue.Step) error {
	if step.Kind == Dispose {
		return nil
	}
	verb := gate.FailTranscript
	if step.Kind != Transcribe {
		verb = gate.FailMinutes
	}
	return p.Gate.Do(ctx, gate.Act{Verb: verb, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) error {
		return meeting.AdvanceGroup(ctx, tx, tx.Group(), meeting.Failed)
	})
}
