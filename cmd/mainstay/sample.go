package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/meeting"
	"mainstay/internal/progress"
	"mainstay/internal/sample"
)

// sample takes the sample meeting in, as the installer and through the same pipeline as any other, in the workspace that the
// first run will claim. It returns its minutes as Markdown once they are drafted, and "" where an earlier start made them or
// the deployment has an owner. Begun is called when there is work to wait for. It fails with the sentence of a step that stopped
// or waits for something; such work goes on by itself when it can.
func (p *Program) sample(ctx context.Context, begun func()) (string, error) {
	ctx, err := p.Identity.Prepare(ctx)
	if fault.Is(err, fault.Ended) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	m, err := p.sampleMeeting(ctx)
	if err != nil {
		return "", err
	}
	if m.Stage == meeting.Drafted || m.Stage == meeting.Approved {
		return "", nil
	}
	begun()
	if m.Stage == meeting.Begun || m.Stage == meeting.Uploading {
		recording := sample.Audio()
		if _, err := p.Capture.Put(ctx, m.ID, sample.File, int64(len(recording)), bytes.NewReader(recording)); err != nil {
			return "", fmt.Errorf("taking the sample meeting's recording in: %w", err)
		}
	}
	if err := p.drafted(ctx, m); err != nil {
		return "", err
	}
	opened, err := p.Minutes.Open(ctx, m.ID)
	if err != nil {
		return "", err
	}
	doc, err := opened.Document()
	if err != nil {
		return "", err
	}
	return doc.Markdown(), nil
}

// sampleMeeting returns the sample meeting, made where it is not there yet.
func (p *Program) sampleMeeting(ctx context.Context) (meeting.Meeting, error) {
	page, err := p.Meetings.List(ctx, meeting.Filter{})
	if err != nil {
		return meeting.Meeting{}, err
	}
	for _, m := range page.Meetings {
		if m.Source == "sample" {
			return m, nil
		}
	}
	return p.Meetings.Create(ctx, sample.Meeting(p.source.Now()), "sample", false)
}

// drafted waits until a meeting's minutes are drafted. It fails with the reason of a step that stopped or that waits for
// something which is missing.
func (p *Program) drafted(ctx context.Context, m meeting.Meeting) error {
	news, end := p.Queue.Watch(m.Record)
	defer end()
	look := time.NewTicker(time.Second) // news of another node, or from before the watch, may not come
	defer look.Stop()
	for {
		steps, err := p.Progress.Of(ctx, m.ID)
		if err != nil {
			return err
		}
		done, err := settled(steps)
		if done || err != nil {
			return err
		}
		select {
		case <-news:
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func settled(steps []progress.Step) (bool, error) {
	for _, step := range steps {
		switch {
		case step.Kind == "draft" && step.State == "done":
			return true, nil
		case step.Reason != "" && step.State != "running":
			return false, fault.New(fault.Busy, step.Reason)
		}
	}
	return false, nil
}
