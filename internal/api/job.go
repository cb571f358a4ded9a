package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/progress"
	"mainstay/internal/tenant"
)

// Job is a piece of work.
type Job struct {
	ID         string     `json:"id" example:"stp_067s4q2m1w7fv8j3k5n9p0r2t4"`
	MeetingID  string     `json:"meeting_id"`
	Kind       string     `json:"kind" doc:"What is done: transcribe, draft and the like."`
	Run        int        `json:"run"`
	State      string     `json:"state" enum:"waiting,running,done,dead,cancelled" doc:"Dead: it stopped, and reason says why."`
	Phase      string     `json:"phase"`
	Percent    int        `json:"percent" minimum:"0" maximum:"100"`
	Reason     string     `json:"reason" doc:"Why it waits or ended, in a sentence."`
	Ahead      int        `json:"ahead" doc:"How much work of the workspace waits before it."`
	Attempt    int        `json:"attempt"`
	SecondsTo  *int64     `json:"seconds_left" doc:"Null where that cannot be told."`
	CreatedAt  time.Time  `json:"created_at"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// JobPath names a piece of work.
type JobPath struct {
	ID string `path:"id" doc:"The job's id." example:"stp_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (in JobPath) id() (progress.StepID, error) { return tenant.ParseID[progress.StepID](in.ID) }

type jobList struct {
	operation.Paging
	State string `query:"state" enum:"open,done" default:"open" doc:"Open: what waits, runs or stopped. Done: what ended well in the last day."`
}

type meetingJobs struct {
	MeetingPath
	operation.Paging
}

func (a *API) jobs() {
	add, noun := a.Set, "Jobs"
	operation.Add(add, operation.Operation{ID: "list-jobs", Method: http.MethodGet, Path: "/jobs", Noun: noun, Verb: gate.ListWork,
		Summary: "List work", Says: "The work on meetings that you may read, the newest first."}, a.listJobs)
	operation.Add(add, operation.Operation{ID: "list-meeting-jobs", Method: http.MethodGet, Path: "/meetings/{id}/jobs", Noun: noun, Verb: gate.ReadMeeting,
		Summary: "List a meeting's work", Says: "The newest first, at most 20."}, a.listMeetingJobs)
	operation.Add(add, operation.Operation{ID: "read-job", Method: http.MethodGet, Path: "/jobs/{id}", Noun: noun, Verb: gate.ReadWork,
		Summary: "Read a job", Says: "How far it is. Ask again, or follow its events."}, a.readJob)
	operation.Add(add, operation.Operation{ID: "follow-job", Method: http.MethodGet, Path: "/jobs/{id}/events", Noun: noun, Verb: gate.ReadWork, Stream: true,
		Answers: []string{"text/event-stream"}, Summary: "Follow a job", Says: "A stream of events named job, each with the job as JSON. It ends when the job does."}, a.followJob)
	operation.Add(add, operation.Operation{ID: "rerun-job", Method: http.MethodPost, Path: "/jobs/{id}/run", Noun: noun, Verb: gate.RerunWork, Reads: true, Status: http.StatusAccepted,
		Summary: "Do a job again", Says: "Begins a new run of work that ended. It fails with 409 while it goes on."}, a.rerunJob)
	operation.Add(add, operation.Operation{ID: "cancel-job", Method: http.MethodPost, Path: "/jobs/{id}/cancel", Noun: noun, Verb: gate.CancelWork, Status: http.StatusNoContent,
		Summary: "Cancel a job", Says: "Ends work that waits or runs. What it would have stored is not."}, a.cancelJob)
}

func (a *API) listJobs(ctx context.Context, in *jobList) (*operation.Page[Job], error) {
	from := a.Progress.Open
	if in.State == "done" {
		from = a.Progress.Done
	}
	work, err := from(ctx)
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for _, w := range work {
		jobs = append(jobs, shownJob(w.Step, w.Meeting))
	}
	return operation.Cut(&in.Paging, jobs), nil
}

func (a *API) listMeetingJobs(ctx context.Context, in *meetingJobs) (*operation.Page[Job], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	steps, err := a.Progress.Of(ctx, id)
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for _, s := range steps {
		jobs = append(jobs, shownJob(s, id))
	}
	return operation.Cut(&in.Paging, jobs), nil
}

func (a *API) readJob(ctx context.Context, in *JobPath) (*reply[Job], error) {
	job, err := a.job(ctx, *in)
	if err != nil {
		return nil, err
	}
	return answer(job), nil
}

func (a *API) job(ctx context.Context, in JobPath) (Job, error) {
	id, err := in.id()
	if err != nil {
		return Job{}, err
	}
	w, err := a.Progress.Read(ctx, id)
	return shownJob(w.Step, w.Meeting), err
}

// newestJob is the newest piece of work of a meeting, of one kind where kind is not empty; nil where there is none.
func (a *API) newestJob(ctx context.Context, id meeting.ID, kind string) (*Job, error) {
	steps, err := a.Progress.Of(ctx, id)
	for _, s := range steps {
		if kind == "" || s.Kind == kind {
			job := shownJob(s, id)
			return &job, err
		}
	}
	return nil, err
}

func (a *API) rerunJob(ctx context.Context, in *JobPath) (*accepted, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	w, err := a.Progress.Read(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := a.Progress.RunAgain(ctx, id); err != nil {
		return nil, err
	}
	job, err := a.newestJob(ctx, w.Meeting, w.Kind)
	if err != nil || job == nil {
		return nil, err
	}
	return &accepted{Location: operation.Base + "/jobs/" + job.ID, Body: Accepted{MeetingID: w.Meeting.String(), Job: job}}, nil
}

func (a *API) cancelJob(ctx context.Context, in *JobPath) (*done, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return &done{}, a.Progress.Cancel(ctx, id)
}

// The paces of a stream: how often it may send, and how often it shows that it lives and reads again, under the gate's decision.
const (
	pace  = 500 * time.Millisecond
	pulse = 15 * time.Second
)

func (a *API) followJob(ctx context.Context, in *JobPath) (*operation.Stream, error) {
	job, err := a.job(ctx, *in)
	if err != nil {
		return nil, err
	}
	id, err := tenant.ParseID[meeting.ID](job.MeetingID)
	if err != nil {
		return nil, err
	}
	news, end, err := a.Progress.Watch(ctx, id)
	if err != nil {
		return nil, err
	}
	return operation.Respond(func(w http.ResponseWriter, r *http.Request) error {
		defer end()
		w.Header().Set("Content-Type", "text/event-stream")
		return a.follow(w, r, news, func() (Job, error) { return a.job(r.Context(), *in) })
	}), nil
}

// follow sends a job when it changed, until it is over, its reader is gone, or they may not read it any more.
func (a *API) follow(w http.ResponseWriter, r *http.Request, news <-chan struct{}, next func() (Job, error)) error {
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	for last := []byte(nil); ; {
		job, err := next()
		if err != nil {
			return err
		}
		body, err := json.Marshal(job)
		if err != nil {
			return err
		}
		text := ": still here\n\n"
		if !bytes.Equal(body, last) {
			text = "event: job\ndata: " + string(body) + "\n\n"
		}
		last = body
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		if job.over() || !await(r, news, beat.C) {
			return nil
		}
	}
}

func (j Job) over() bool { return j.State == "done" || j.State == "dead" || j.State == "cancelled" }

// await waits for news, or for the next pulse. It reports whether the reader is still there: the request ends with its session.
func await(r *http.Request, news <-chan struct{}, beat <-chan time.Time) bool {
	select {
	case <-r.Context().Done():
		return false
	case <-beat:
		return true
	case <-news:
	}
	rest := time.NewTimer(pace)
	defer rest.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-rest.C:
		return true
	}
}

func shownJob(s progress.Step, id meeting.ID) Job {
	job := Job{ID: s.ID.String(), MeetingID: id.String(), Kind: s.Kind, Run: s.Run, State: s.State, Phase: s.Phase, Percent: int(100 * min(max(s.Progress, 0), 1)),
		Reason: s.Reason, Ahead: s.Ahead, Attempt: s.Attempt, CreatedAt: s.CreatedAt.UTC(), StartedAt: operation.UTC(s.StartedAt), FinishedAt: operation.UTC(s.FinishedAt)}
	if s.Left != nil {
		left := int64(s.Left.Seconds())
		job.SecondsTo = &left
	}
	return job
}
