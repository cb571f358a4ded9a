package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/capture"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/minutes"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
)

// Recording is what was recorded of a meeting.
type Recording struct {
	ID         string    `json:"id" example:"rcd_067s4q2m1w7fv8j3k5n9p0r2t4"`
	MeetingID  string    `json:"meeting_id"`
	Name       string    `json:"name" doc:"The file's name."`
	Format     string    `json:"format" doc:"Its media type, told by its bytes."`
	Size       int64     `json:"size" doc:"In bytes."`
	State      string    `json:"state" enum:"stored,decoded,refused,erased"`
	Reason     string    `json:"reason" doc:"Why it was refused, in a sentence."`
	DurationMS *int64    `json:"duration_ms"`
	Channels   int       `json:"channels"`
	Peaks      []int     `json:"peaks" doc:"Loudness over its length, each from 0 to 255."`
	CreatedAt  time.Time `json:"created_at"`
}

// TranscriptVersion is what is known of a version of a transcript.
type TranscriptVersion struct {
	ID          string    `json:"id" example:"trn_067s4q2m1w7fv8j3k5n9p0r2t4"`
	MeetingID   string    `json:"meeting_id"`
	RecordingID string    `json:"recording_id" doc:"Empty for one that was imported."`
	Run         int       `json:"run" doc:"1 is the oldest."`
	Language    string    `json:"language"`
	DurationMS  *int64    `json:"duration_ms"`
	CreatedAt   time.Time `json:"created_at"`
}

// Transcript is a version with what was said.
type Transcript struct {
	TranscriptVersion
	Engine   document.Engine    `json:"engine"`
	Speakers []document.Speaker `json:"speakers"`
	Turns    []document.Turn    `json:"turns" doc:"Who speaks when, overlaps included."`
	Segments []document.Segment `json:"segments" doc:"What minutes cite."`
}

// NewTranscript is text that somebody has already.
type NewTranscript struct {
	Name string `json:"name,omitempty" maxLength:"255" doc:"The file's name, whose ending tells the format: .vtt, .srt, .txt, .json, .docx."`
	Text string `json:"text" minLength:"1" maxLength:"8000000"`
}

// RecordingPath names a recording.
type RecordingPath struct {
	ID string `path:"id" doc:"The recording's id." example:"rcd_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

type audioRange struct {
	RecordingPath
	Range string `header:"Range" doc:"Bytes to answer with (RFC 9110)." example:"bytes=0-65535"`
}

func (in RecordingPath) id() (capture.RecordingID, error) {
	return tenant.ParseID[capture.RecordingID](in.ID)
}

// TranscriptPath names a version of a transcript.
type TranscriptPath struct {
	ID string `path:"id" doc:"The transcript's id." example:"trn_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (in TranscriptPath) id() (speech.ID, error) { return tenant.ParseID[speech.ID](in.ID) }

type meetingVersions struct {
	MeetingPath
	operation.Paging
}

// Words says whether words come with their times.
type Words struct {
	Words bool `query:"words" default:"false" doc:"With each word's times and confidence."`
}

type newestTranscript struct {
	MeetingPath
	Words
}

type oneTranscript struct {
	MeetingPath
	Words
	Transcript string `path:"transcript" doc:"The version's id."`
}

type newTranscript struct {
	MeetingPath
	Body NewTranscript
}

type transcription struct {
	MeetingPath
	Body struct {
		Engine string `json:"engine,omitempty" maxLength:"100" doc:"One of the engines of the settings of speech; absent: the usual one."`
	}
}

// SpeakerPath names a voice of a transcript.
type SpeakerPath struct {
	TranscriptPath
	Speaker string `path:"speaker" doc:"The speaker's id in the transcript." example:"s1"`
}

type speakerName struct {
	SpeakerPath
	Body struct {
		Name string `json:"name" maxLength:"120" doc:"Empty takes the name back."`
	}
}

type fileOf struct {
	MeetingPath
	File string `path:"file" enum:"minutes.md,transcript.txt,transcript.vtt,transcript.srt,meeting.json" doc:"Which file."`
}

func (a *API) recordings() {
	add, noun := a.Set, "Recordings"
	operation.Add(add, operation.Operation{ID: "read-recording", Method: http.MethodGet, Path: "/meetings/{id}/recording", Noun: noun, Verb: gate.ReadMeeting,
		Summary: "Read a meeting's recording", Says: "The newest recording of the meeting, with its waveform. 404 where there is none."}, a.readRecording)
	operation.Add(add, operation.Operation{ID: "play-recording", Method: http.MethodGet, Path: "/recordings/{id}/audio", Noun: noun, Verb: gate.PlayRecording, Stream: true,
		Also: []int{410, 416}, Answers: []string{"audio/*", "video/*"}, Partial: true, Summary: "Listen to a recording",
		Says: "The recording as it came in, in its own media type. It answers ranges. One listening of ten minutes is one event in the audit log."}, a.playRecording)
	operation.Add(add, operation.Operation{ID: "erase-recording", Method: http.MethodDelete, Path: "/recordings/{id}", Noun: noun, Verb: gate.EraseRecording, Status: http.StatusOK,
		Summary: "Destroy a recording", Says: "Its transcript and minutes stay. Nobody can listen to it again."}, a.eraseRecording)
}

func (a *API) transcripts() {
	add, noun := a.Set, "Transcripts"
	operation.Add(add, operation.Operation{ID: "list-transcripts", Method: http.MethodGet, Path: "/meetings/{id}/transcripts", Noun: noun, Verb: gate.ReadMeeting,
		Summary: "List versions", Says: "The versions of a meeting's transcript, the newest first."}, a.listTranscripts)
	operation.Add(add, operation.Operation{ID: "import-transcript", Method: http.MethodPost, Path: "/meetings/{id}/transcripts", Noun: noun, Verb: gate.ImportTranscript,
		Status: http.StatusAccepted, MaxBody: 24 << 20, Summary: "Import a transcript", Example: map[string]any{"text": "Ada: We agreed to pour on Tuesday.\nBob: I will call the engineer."},
		Says: "Stores text as the meeting's newest version, and drafts minutes from it."}, a.importTranscript)
	operation.Add(add, operation.Operation{ID: "read-newest-transcript", Method: http.MethodGet, Path: "/meetings/{id}/transcript", Noun: noun, Verb: gate.ReadMeeting,
		Summary: "Read the newest version", Says: "What was said, with the names that speakers have now."}, a.readNewest)
	operation.Add(add, operation.Operation{ID: "read-transcript", Method: http.MethodGet, Path: "/meetings/{id}/transcripts/{transcript}", Noun: noun, Verb: gate.ReadMeeting,
		Summary: "Read a version", Says: "What was said, with the names that speakers have now."}, a.readTranscript)
	operation.Add(add, operation.Operation{ID: "transcribe-again", Method: http.MethodPost, Path: "/meetings/{id}/transcriptions", Noun: noun, Verb: gate.RerunTranscript,
		Status: http.StatusAccepted, Also: []int{410}, Summary: "Transcribe again", Says: "Hears the meeting's recording once more. Versions that exist stay."}, a.transcribeAgain)
	operation.Add(add, operation.Operation{ID: "erase-transcript", Method: http.MethodDelete, Path: "/transcripts/{id}", Noun: noun, Verb: gate.EraseTranscript, Status: http.StatusOK,
		Summary: "Destroy a version", Says: "Minutes stay, with the quotes that they hold."}, a.eraseTranscript)
	operation.Add(add, operation.Operation{ID: "name-speaker", Method: http.MethodPut, Path: "/transcripts/{id}/speakers/{speaker}", Noun: noun, Verb: gate.NameSpeaker,
		Status: http.StatusNoContent, Summary: "Name a speaker", Says: "Says who a voice is, everywhere it was heard. Owners and dates in the minutes are found anew.",
		Example: map[string]any{"name": "Ada Byron"}}, a.nameSpeaker)
	operation.Add(add, operation.Operation{ID: "undo-speaker-name", Method: http.MethodPost, Path: "/transcripts/{id}/speakers/{speaker}/undo", Noun: noun, Verb: gate.NameSpeaker,
		Status: http.StatusNoContent, Summary: "Take a name back", Says: "Gives the speaker the name from before. 409 where nothing was named."}, a.undoName)
	operation.Add(add, operation.Operation{ID: "read-file", Method: http.MethodGet, Path: "/meetings/{id}/files/{file}", Noun: noun, Verb: gate.ReadMeeting, Stream: true,
		Answers: fileTypes(), Summary: "Take a meeting along", Says: "Minutes as Markdown, the transcript as text, WebVTT or SubRip, everything as JSON in the published form mainstay.minutes/1."}, a.readFile)
}

func (a *API) readRecording(ctx context.Context, in *MeetingPath) (*reply[Recording], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	rec, err := a.Capture.Of(ctx, id)
	if err != nil {
		return nil, err
	}
	shown := Recording{ID: rec.ID.String(), MeetingID: id.String(), Name: rec.Name, Format: rec.Format, Size: rec.Size, State: rec.State, Reason: rec.Reason,
		DurationMS: rec.DurationMS, Channels: rec.Channels, Peaks: []int{}, CreatedAt: rec.CreatedAt.UTC()}
	for _, p := range rec.Peaks {
		shown.Peaks = append(shown.Peaks, int(p))
	}
	return answer(shown), nil
}

func (a *API) playRecording(ctx context.Context, in *audioRange) (*operation.Stream, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	playback, err := a.Capture.Play(ctx, id)
	if err != nil {
		return nil, err
	}
	return operation.Respond(func(w http.ResponseWriter, r *http.Request) error {
		defer playback.Close()
		w.Header().Set("Content-Type", playback.Format)
		out := &ranged{ResponseWriter: w}
		http.ServeContent(out, r, "", playback.CreatedAt, playback)
		if out.refused {
			return httpd.Refuse(http.StatusRequestedRangeNotSatisfiable, "The recording has no such range. Content-Range says how long it is.")
		}
		return nil
	}), nil
}

// ranged keeps back what the standard library writes of its own where a range cannot be given.
type ranged struct {
	http.ResponseWriter
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (w *ranged) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *ranged) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *ranged) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (a *API) eraseRecording(ctx context.Context, in *RecordingPath) (*reply[Receipt], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	r, err := a.Capture.Erase(ctx, id)
	if err != nil {
		return nil, err
	}
	return receipt(r.Records, r.At), nil
}

func (a *API) listTranscripts(ctx context.Context, in *meetingVersions) (*operation.Page[TranscriptVersion], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	all, err := a.Speech.Versions(ctx, id)
	if err != nil {
		return nil, err
	}
	var shown []TranscriptVersion
	for _, t := range all {
		shown = append(shown, versionOf(t))
	}
	return operation.Cut(&in.Paging, shown), nil
}

func (a *API) importTranscript(ctx context.Context, in *newTranscript) (*accepted, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	t, err := a.Speech.Import(ctx, id, in.Body.Name, []byte(in.Body.Text))
	if err != nil {
		return nil, err
	}
	return a.accept(ctx, Accepted{MeetingID: id.String(), TranscriptID: t.String()}, id)
}

func (a *API) readNewest(ctx context.Context, in *newestTranscript) (*reply[Transcript], error) {
	return a.transcript(ctx, in.MeetingPath, speech.ID{}, in.Words)
}

func (a *API) readTranscript(ctx context.Context, in *oneTranscript) (*reply[Transcript], error) {
	version, err := tenant.ParseID[speech.ID](in.Transcript)
	if err != nil {
		return nil, err
	}
	return a.transcript(ctx, in.MeetingPath, version, in.Words)
}

func (a *API) transcript(ctx context.Context, in MeetingPath, version speech.ID, words Words) (*reply[Transcript], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	t, err := a.Speech.Read(ctx, id, version)
	if err != nil {
		return nil, err
	}
	shown := Transcript{TranscriptVersion: versionOf(t), Engine: t.Engine, Speakers: operation.Each(t.Speakers), Turns: operation.Each(t.Turns), Segments: operation.Each(t.Segments)}
	if !words.Words {
		for i := range shown.Segments {
			shown.Segments[i].Words = nil
		}
	}
	return answer(shown), nil
}

func (a *API) transcribeAgain(ctx context.Context, in *transcription) (*accepted, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.Speech.RunAgain(ctx, id, in.Body.Engine); err != nil {
		return nil, err
	}
	return a.accept(ctx, Accepted{MeetingID: id.String()}, id)
}

func (a *API) eraseTranscript(ctx context.Context, in *TranscriptPath) (*reply[Receipt], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	r, err := a.Speech.Erase(ctx, id)
	if err != nil {
		return nil, err
	}
	return receipt(r.Records, r.At), nil
}

func (a *API) nameSpeaker(ctx context.Context, in *speakerName) (*done, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return &done{}, a.Speech.NameSpeaker(ctx, id, in.Speaker, in.Body.Name)
}

func (a *API) undoName(ctx context.Context, in *SpeakerPath) (*done, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return &done{}, a.Speech.UndoName(ctx, id, in.Speaker)
}

func versionOf(t speech.Transcript) TranscriptVersion {
	v := TranscriptVersion{ID: t.ID.String(), MeetingID: t.Meeting.String(), Run: t.Run, Language: t.Language, DurationMS: t.DurationMS, CreatedAt: t.CreatedAt.UTC()}
	if !t.Recording.IsZero() {
		v.RecordingID = t.Recording.String()
	}
	return v
}

// file is a form in which a meeting can be taken along.
type file struct {
	name, kind string
	render     func(minutes.Opened) (string, error)
}

func files() []file {
	spoken := func(render func(speech.Transcript) string, timed bool) func(minutes.Opened) (string, error) {
		return func(o minutes.Opened) (string, error) {
			if o.Transcript == nil || len(o.Transcript.Segments) == 0 || timed && o.Transcript.Segments[0].StartMS == nil {
				return "", fault.New(fault.Missing, "There is no such file of this meeting.")
			}
			return render(*o.Transcript), nil
		}
	}
	return []file{
		{"minutes.md", "text/markdown; charset=utf-8", func(o minutes.Opened) (string, error) {
			d, err := o.Document()
			return d.Markdown(), err
		}},
		{"transcript.txt", "text/plain; charset=utf-8", spoken(func(t speech.Transcript) string { return t.Text() }, false)},
		{"transcript.vtt", "text/vtt; charset=utf-8", spoken(func(t speech.Transcript) string { return t.VTT() }, true)},
		{"transcript.srt", "application/x-subrip; charset=utf-8", spoken(func(t speech.Transcript) string { return t.SRT() }, true)},
		{"meeting.json", "application/json", func(o minutes.Opened) (string, error) {
			d, err := o.Document()
			if err != nil {
				return "", err
			}
			body, err := d.JSON()
			return string(body), err
		}},
	}
}

func fileTypes() []string {
	var all []string
	for _, f := range files() {
		all = append(all, f.kind)
	}
	return all
}

// readFile answers with a meeting as a file. Taking it along is an act like opening it.
func (a *API) readFile(ctx context.Context, in *fileOf) (*operation.Stream, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	for _, f := range files() {
		if f.name != in.File {
			continue
		}
		o, err := a.Minutes.Open(ctx, id)
		if err != nil {
			return nil, err
		}
		body, err := f.render(o)
		if err != nil {
			return nil, err
		}
		return operation.Respond(func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", f.kind)
			w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
			_, err := io.WriteString(w, body)
			return err
		}), nil
	}
	return nil, fault.New(fault.Missing, "There is no such file of this meeting.")
}
