package api

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/api/operation"
	"mainstay/internal/capture"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/httpd/tus"
	"mainstay/internal/httpd/upload"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// Upload is a recording on its way in.
type Upload struct {
	ID          string    `json:"id" example:"upl_067s4q2m1w7fv8j3k5n9p0r2t4"`
	MeetingID   string    `json:"meeting_id"`
	Name        string    `json:"name" doc:"The file's name."`
	Size        int64     `json:"size" doc:"In bytes."`
	Received    int64     `json:"received" doc:"How many bytes are safe. The next ones begin there."`
	State       string    `json:"state" enum:"open,finished,ended,expired"`
	RecordingID string    `json:"recording_id" doc:"What it became; empty until it is finished."`
	ExpiresAt   time.Time `json:"expires_at"`
}

// NewUpload announces a recording.
type NewUpload struct {
	Name string `json:"name" minLength:"1" maxLength:"255"`
	Size int64  `json:"size" minimum:"1" maximum:"4294967296" doc:"In bytes, at most 4 GiB."`
}

// Accepted is what was taken in, and the work that goes on with it.
type Accepted struct {
	MeetingID    string `json:"meeting_id"`
	RecordingID  string `json:"recording_id,omitempty"`
	TranscriptID string `json:"transcript_id,omitempty"`
	Job          *Job   `json:"job" doc:"The first piece of work; null where there is none left, or the key may not read it."`
}

// accepted is the answer to what takes longer than a request.
type accepted struct {
	Location string `header:"Location" doc:"The job to ask for."`
	Body     Accepted
}

// UploadPath names an upload.
type UploadPath struct {
	ID string `path:"id" doc:"The upload's id." example:"upl_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (in UploadPath) id() (capture.UploadID, error) { return tenant.ParseID[capture.UploadID](in.ID) }

type newUpload struct {
	MeetingPath
	Body NewUpload
}

// tusHeaders are what tus 1.0.0 wants in requests about an upload.
type tusHeaders struct {
	UploadPath
	Resumable string `header:"Tus-Resumable" required:"true" doc:"The version of tus that you speak: 1.0.0." example:"1.0.0"`
}

type tusPatch struct {
	UploadPath
	Resumable string `header:"Tus-Resumable" required:"true" doc:"The version of tus that you speak: 1.0.0." example:"1.0.0"`
	Offset    string `header:"Upload-Offset" pattern:"^[0-9]+$" required:"true" doc:"Where these bytes belong: how many were received."`
	Checksum  string `header:"Upload-Checksum" doc:"sha256 or sha1, a space, and the checksum in base64."`
}

// tusAnswer is what tus answers.
type tusAnswer struct {
	Resumable string `header:"Tus-Resumable"`
	Offset    int64  `header:"Upload-Offset"`
	Body      func(huma.Context)
}

type recordingForm struct{ operation.Raw }

func (a *API) uploads() {
	add, noun := a.Set, "Uploads"
	operation.Add(add, operation.Operation{ID: "create-upload", Method: http.MethodPost, Path: "/meetings/{id}/uploads", Noun: noun, Verb: gate.BeginUpload,
		Status: http.StatusCreated, Summary: "Announce a recording", Example: map[string]any{"name": "site.m4a", "size": 1048576},
		Says: "Opens an upload for a meeting. Send the bytes to its address with PATCH, in as many requests as you like (tus 1.0.0). With the last byte it becomes a recording and the work begins."}, a.createUpload)
	operation.Add(add, operation.Operation{ID: "read-upload", Method: http.MethodGet, Path: "/uploads/{id}", Noun: noun, Verb: gate.ReadUpload, Also: []int{410},
		Summary: "Read an upload", Says: "How far it is, to who began it."}, a.readUpload)
	operation.Add(add, operation.Operation{ID: "finish-upload", Method: http.MethodPost, Path: "/uploads/{id}/finish", Noun: noun, Verb: gate.ReadUpload,
		Status: http.StatusAccepted, Summary: "Finish an upload", Says: "Gives the job of an upload that is whole. It fails with 409 while bytes are missing."}, a.finishUpload)
	operation.Add(add, operation.Operation{ID: "head-upload", Method: http.MethodHead, Path: "/uploads/{id}", Noun: noun, Verb: gate.ReadUpload, Also: []int{410, 412},
		Summary: "Ask how far an upload is", Says: "Answers with Upload-Offset and Upload-Length, as tus does."}, a.tus)
	operation.Add(add, operation.Operation{ID: "append-upload", Method: http.MethodPatch, Path: "/uploads/{id}", Noun: noun, Verb: gate.AppendUpload,
		Status: http.StatusNoContent, Stream: true, MaxBody: capture.MaxSize + 1, Also: []int{409, 410, 412, 460}, Takes: operation.Media{Type: "application/offset+octet-stream"},
		Summary: "Send bytes of an upload", Says: "Adds bytes where the upload goes on. What Upload-Offset counts afterwards survives any crash."}, a.tusPatch)
	operation.Add(add, operation.Operation{ID: "end-upload", Method: http.MethodDelete, Path: "/uploads/{id}", Noun: noun, Verb: gate.EndUpload,
		Status: http.StatusNoContent, Also: []int{409, 410, 412}, Summary: "Give an upload up", Says: "What it received is destroyed."}, a.tus)
	text := func(says string) *huma.Schema { return &huma.Schema{Type: "string", Description: says} }
	file := text("The recording.")
	file.Format = "binary"
	operation.Add(add, operation.Operation{ID: "put-recording", Method: http.MethodPost, Path: "/recordings", Noun: noun, Verb: gate.CreateMeeting, Status: http.StatusAccepted,
		Stream: true, MaxBody: capture.MaxSize + 1<<20, Also: []int{409, 410}, Summary: "Send a whole recording",
		Says: "Makes a meeting and takes its recording in, in one request. The part meeting, if there is one, comes before the part file. A connection that breaks leaves nothing: large files go better as an upload.",
		Takes: operation.Media{Type: "multipart/form-data", Parts: map[string]*huma.Schema{
			"meeting": text("What is said of the meeting, as the JSON that create-meeting takes."), "file": file}}}, a.putRecording)
}

func (a *API) createUpload(ctx context.Context, in *newUpload) (*created[Upload], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	u, err := a.Capture.Begin(ctx, id, in.Body.Name, in.Body.Size)
	if err != nil {
		return nil, err
	}
	return &created[Upload]{Location: operation.Base + "/uploads/" + u.ID.String(), Body: shownUpload(u)}, nil
}

func (a *API) readUpload(ctx context.Context, in *UploadPath) (*reply[Upload], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	u, err := a.Capture.Status(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(shownUpload(u)), nil
}

// finishUpload gives the work of an upload whose last byte is in: Status makes it a recording where a crash kept it from that.
func (a *API) finishUpload(ctx context.Context, in *UploadPath) (*accepted, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	u, err := a.Capture.Status(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case u.State == "open":
		return nil, fault.New(fault.Conflict, "Bytes of this upload are missing. Ask how far it is and continue there.")
	case u.State != "finished":
		return nil, fault.New(fault.Ended, "This upload is over. Begin it again.")
	}
	return a.accept(ctx, Accepted{MeetingID: u.Meeting.String(), RecordingID: u.Recording.String()}, u.Meeting)
}

// accept answers with the newest piece of work of a meeting, to who may read that.
func (a *API) accept(ctx context.Context, what Accepted, id meeting.ID) (*accepted, error) {
	job, err := a.newestJob(ctx, id, "")
	if err != nil && !fault.Is(err, fault.Denied) {
		return nil, err
	}
	out := &accepted{Body: what}
	if out.Body.Job = job; job != nil {
		out.Location = operation.Base + "/jobs/" + job.ID
	}
	return out, nil
}

// tus answers a request about an upload as tus does.
func (a *API) tus(context.Context, *tusHeaders) (*tusAnswer, error) {
	return &tusAnswer{Body: operation.Respond(a.resumable().Serve).Body}, nil
}

func (a *API) tusPatch(context.Context, *tusPatch) (*tusAnswer, error) {
	return &tusAnswer{Body: operation.Respond(a.resumable().Serve).Body}, nil
}

func (a *API) resumable() tus.Config {
	return tus.Config{MaxSize: capture.MaxSize, MaxPart: capture.MaxPart, Store: upload.Store{Capture: a.Capture}}
}

// putRecording takes a form with a recording. A form that breaks a rule leaves nothing behind.
func (a *API) putRecording(ctx context.Context, in *recordingForm) (*accepted, error) {
	parts, err := in.Request().MultipartReader()
	if err != nil {
		return nil, httpd.Refuse(http.StatusBadRequest, "This form could not be read. Send its parts with a boundary.")
	}
	if err := a.Meetings.MayCreate(ctx); err != nil { // before what may be gigabytes
		return nil, err
	}
	said, file, err := a.readForm(parts)
	if err != nil {
		return nil, err
	}
	m, err := a.Meetings.Create(ctx, said.apply(meeting.Details{ModelAllowed: true, Title: file.FileName()}), "upload", said.Private)
	if err != nil {
		return nil, err
	}
	u, err := a.Capture.Take(ctx, m.ID, file.FileName(), file)
	if err == nil {
		err = ended(parts)
	}
	if err == nil {
		u.Recording, err = a.Capture.Finish(ctx, u.ID)
	}
	if err != nil {
		return nil, errors.Join(err, a.discard(ctx, m.ID, err))
	}
	return a.accept(ctx, Accepted{MeetingID: m.ID.String(), RecordingID: u.Recording.String()}, m.ID)
}

// discard takes back what came. After a fault of our own it stays, because it is safe where it is.
func (a *API) discard(ctx context.Context, id meeting.ID, cause error) error {
	if fault.Is(cause, fault.Internal) {
		return nil
	}
	_, err := a.Meetings.Erase(context.WithoutCancel(ctx), id)
	return err
}

// longestPart is how many bytes the part that says what the meeting is may have.
const longestPart = 256 << 10

// readForm reads the parts up to the file's bytes.
func (a *API) readForm(parts *multipart.Reader) (said NewMeeting, file *multipart.Part, err error) {
	for range 2 {
		part, err := parts.NextPart()
		switch {
		case err != nil:
			return said, nil, httpd.Refuse(http.StatusBadRequest, "This form has no part file, or broke off before it.")
		case part.FormName() == "file":
			return said, part, nil
		case part.FormName() != "meeting":
			return said, nil, operation.Invalid("", "A form has a part meeting, which may be left out, and a part file after it.")
		}
		body, err := io.ReadAll(io.LimitReader(part, longestPart+1))
		if err != nil || len(body) > longestPart {
			return said, nil, httpd.Refuse(http.StatusRequestEntityTooLarge, "The part meeting is longer than 256 KiB, or broke off.")
		}
		if said, err = a.saidOfMeeting(body); err != nil {
			return said, nil, err
		}
	}
	return said, nil, operation.Invalid("", "A form has a part meeting, which may be left out, and a part file after it.")
}

func ended(parts *multipart.Reader) error {
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		return operation.Invalid("", "Nothing follows the part file.")
	}
	return nil
}

func shownUpload(u capture.Upload) Upload {
	shown := Upload{ID: u.ID.String(), MeetingID: u.Meeting.String(), Name: u.Name, Size: u.Size, Received: u.Received, State: u.State, ExpiresAt: u.ExpiresAt.UTC()}
	if !u.Recording.IsZero() {
		shown.RecordingID = u.Recording.String()
	}
	return shown
}
