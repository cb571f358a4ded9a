// Package pipeline is the only place that knows which fact starts which work. Reading [Subscribers] tells the whole order.
package pipeline

import (
	"context"
	"strings"

	"mainstay/internal/capture"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/post"
	"mainstay/internal/queue"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
	"mainstay/internal/webhook"
)

// The steps. Their names are stored and never change.
const (
	Transcribe = "transcribe" // input: a recording
	Draft      = "draft"      // input: a transcript
	Resolve    = "resolve"    // input: a transcript whose speakers were named
	Reconsider = "reconsider" // input: a meeting whose details changed
	Dispose    = "dispose"    // input: a recording of which the transcript alone was wanted

	TellReady  = queue.Quiet + "ready"  // input: minutes that were drafted
	TellReview = queue.Quiet + "review" // input: minutes that others are asked to read
	TellFailed = queue.Quiet + "failed" // input: a step that ended without success
	MailNotice = queue.Quiet + "mail"   // input: a notice

	HookTranscribed = queue.Quiet + "hook transcribed" // input: a transcript
	HookDrafted     = queue.Quiet + "hook drafted"     // input: minutes
	HookSubmitted   = queue.Quiet + "hook submitted"   // input: minutes
	HookApproved    = queue.Quiet + "hook approved"    // input: minutes
	HookFailed      = queue.Quiet + "hook failed"      // input: a step that ended without success
	Deliver         = queue.Quiet + "deliver"          // input: a webhook's delivery
)

// FactFailed is about a step: it ended without success, and its meeting has no minutes from it.
const FactFailed = "pipeline.Failed"

// Subscribers says which steps a fact starts.
func Subscribers() map[string][]string {
	return map[string][]string{
		capture.FactFinished:   {Transcribe},
		speech.FactTranscribed: {Draft, HookTranscribed},
		speech.FactNamed:       {Resolve},
		meeting.FactChanged:    {Reconsider},
		speech.FactSpent:       {Dispose},
		minutes.FactDrafted:    {TellReady, HookDrafted},
		minutes.FactSubmitted:  {TellReview, HookSubmitted},
		minutes.FactApproved:   {HookApproved},
		webhook.FactDue:        {Deliver},
		FactFailed:             {TellFailed, HookFailed},
		post.FactNoticed:       {MailNotice},
	}
}

// Pipeline connects the queue to the services that do the steps. The services need the queue first, so they are set after it.
type Pipeline struct {
	Gate    *gate.Gate
	Queue   *queue.Queue
	Capture *capture.Service
	Speech  *speech.Service
	Minutes *minutes.Service
	Post    *post.Service
	Hooks   *webhook.Service
}

// Kinds returns the steps with who does them.
func (p *Pipeline) Kinds() []queue.Kind {
	return []queue.Kind{
		{Name: Transcribe, Actor: gate.Transcriber, Do: func(ctx context.Context, s queue.Step) error { return p.Speech.Transcribe(ctx, s) }},
		{Name: Draft, Actor: gate.MinuteTaker, Do: func(ctx context.Context, s queue.Step) error { return p.Minutes.Draft(ctx, s) }},
		{Name: Resolve, Actor: gate.MinuteTaker, Do: func(ctx context.Context, s queue.Step) error { return p.Minutes.Resolve(ctx, s) }},
		{Name: Reconsider, Actor: gate.MinuteTaker, Do: func(ctx context.Context, s queue.Step) error { return p.Minutes.Reconsider(ctx, s) }},
		{Name: Dispose, Actor: gate.Transcriber, Do: func(ctx context.Context, s queue.Step) error { return p.Capture.Dispose(ctx, s) }},
		{Name: TellReady, Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return p.Post.Notify(ctx, s, post.Ready) }},
		{Name: TellReview, Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return p.Post.Notify(ctx, s, post.Review) }},
		{Name: TellFailed, Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return p.Post.Notify(ctx, s, post.Failed) }},
		p.hook(HookTranscribed, webhook.Transcribed), p.hook(HookDrafted, webhook.Drafted), p.hook(HookSubmitted, webhook.Submitted),
		p.hook(HookApproved, webhook.Approved), p.hook(HookFailed, webhook.Failed),
		{Name: Deliver, Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return p.Hooks.Deliver(ctx, s) }},
		{Name: MailNotice, Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return p.Post.Mail(ctx, s) }},
	}
}

// hook is the step that tells webhooks of an event.
func (p *Pipeline) hook(name string, event webhook.Event) queue.Kind {
	return queue.Kind{Name: name, Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return p.Hooks.Announce(ctx, s, event) }}
}

// Meetings finds the ids of the meetings that records belong to, as far as the actor of the act may read them.
func Meetings(ctx context.Context, tx *gate.Tx, records []tenant.RecordID) (map[tenant.RecordID]string, error) {
	found, err := meeting.ByRecords(ctx, tx, records)
	ids := map[tenant.RecordID]string{}
	for record, m := range found {
		ids[record] = m.ID.String()
	}
	return ids, err
}

// Subjects finds the meetings that notices are about, as far as the actor of the act may read them.
func Subjects(ctx context.Context, tx *gate.Tx, records []tenant.RecordID, lines bool) (map[tenant.RecordID]post.Subject, error) {
	meetings, err := meeting.ByRecords(ctx, tx, records)
	subjects := map[tenant.RecordID]post.Subject{}
	for record, m := range meetings {
		s := post.Subject{Title: m.Title, Path: "/meetings/" + m.ID.String()}
		if lines {
			if s.Lines, err = minutes.Gist(ctx, tx, m.ID); err != nil {
				return nil, err
			}
		}
		subjects[record] = s
	}
	return subjects, err
}

// quiet reports whether a step is beside the way from a recording to minutes: what becomes of it changes no meeting.
func quiet(step queue.Step) bool {
	switch step.Kind {
	case Resolve, Reconsider, Dispose:
		return true
	}
	return strings.HasPrefix(step.Kind, queue.Quiet)
}

// Dead marks the meeting of work that ended without success. A draft whose owners could not be resolved anew stays a draft. One
// whose recording could not be destroyed has its minutes; the step itself stays in the list of work.
func (p *Pipeline) Dead(ctx context.Context, step queue.Step) error {
	verb := gate.FailTranscript
	switch {
	case quiet(step):
		return nil
	case step.Kind == Draft:
		verb = gate.FailMinutes
	}
	return p.Gate.Do(ctx, gate.Act{Verb: verb, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) error {
		if err := fall(ctx, tx, tx.Group()); err != nil {
			return err
		}
		return p.Queue.Emit(ctx, tx, queue.Fact{Kind: FactFailed, Input: step.ID, Record: tx.Group()})
	})
}

// Steered moves the meeting of work that a person cancelled, or began again, to the stage that is true now.
func (p *Pipeline) Steered(ctx context.Context, tx *gate.Tx, step queue.Step, cancelled bool) error {
	switch {
	case quiet(step):
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
