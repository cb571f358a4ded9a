package record

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/meeting"
	"mainstay/internal/web"
)

// NewMeetingPage takes recordings, or the text of a transcript.
type NewMeetingPage struct {
	web.Shell
	Paste      bool
	Action     string
	Problem    string
	Text       string // what was pasted, when it was not understood
	Limit      string // "4 GB"
	LimitBytes int64
	Leaves     string // what is sent to a model outside, empty for nothing
	Details    Details
}

func (NewMeetingPage) Page() string { return "newmeeting" }

func (a *Pages) newMeeting(w http.ResponseWriter, r *http.Request) error {
	if err := a.Meetings.MayCreate(r.Context()); err != nil {
		return err
	}
	p, err := a.newPage(r, r.URL.Query().Get("from") == "paste", url.Values{"zone": {web.ZoneOf(r).String()}})
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

// newPage returns the form with what was answered before.
func (a *Pages) newPage(r *http.Request, paste bool, answers url.Values) (NewMeetingPage, error) {
	p := NewMeetingPage{Paste: paste, Action: "/meetings", Limit: "4 GB", LimitBytes: capture.MaxSize, Text: answers.Get("text")}
	var err error
	if p.Shell, err = a.Frame(r, "New meeting", "/meetings/new"); err != nil {
		return p, err
	}
	p.Shell.Script = "new.js"
	words, err := a.Meetings.Words(r.Context())
	if err != nil {
		return p, err
	}
	model, err := a.Models.Setting(r.Context())
	if err != nil {
		return p, err
	}
	if model.Enabled && !model.Own {
		p.Leaves = "the words of the transcript, which go to " + model.Model + " (" + model.Region + ")"
	}
	p.Details = detailsForm(answers, asked{words: words, models: model.Enabled, keep: !paste, fileName: true})
	return p, nil
}

// The limits of a form's parts.
const (
	longestField = 64 << 10
	longestText  = 20 << 20 // what document.Read takes
	mostParts    = 200
)

// arrived is what a form of several parts brought. Its recordings are stored already, each in a meeting of its own that
// nobody has said anything about yet.
type arrived struct {
	answers url.Values
	text    []byte
	name    string // of the text's file
	taken   []taken
}

type taken struct {
	meeting meeting.Meeting
	upload  capture.Upload
}

// createMeeting takes the form as one request: pasted text, a transcript's file, or recordings.
func (a *Pages) createMeeting(w http.ResponseWriter, r *http.Request) error {
	parts, err := a.server.Parts(r)
	if err != nil {
		return err
	}
	got := arrived{answers: url.Values{}}
	if err := a.readParts(r, parts, &got); err != nil {
		return errors.Join(err, a.discard(r, got, err))
	}
	made, err := a.make(r, got)
	if err != nil {
		return a.refuseForm(w, r, got, err)
	}
	if len(made) == 1 {
		return redirect(w, r, web.PathOf(made[0]))
	}
	return redirect(w, r, "/jobs")
}

// discard takes back what came. After a fault of our own it stays, because it is safe where it is.
func (a *Pages) discard(r *http.Request, got arrived, cause error) error {
	if fault.Is(cause, fault.Internal) {
		return nil
	}
	for _, t := range got.taken {
		if _, err := a.Meetings.Erase(r.Context(), t.meeting.ID); err != nil {
			return err
		}
	}
	return nil
}

// refuseForm shows the form again with its problem.
func (a *Pages) refuseForm(w http.ResponseWriter, r *http.Request, got arrived, cause error) error {
	if err := a.discard(r, got, cause); err != nil || !fault.Is(cause, fault.Invalid) {
		return errors.Join(cause, err)
	}
	if got.name == "" {
		got.answers.Set("text", string(got.text))
	}
	p, err := a.newPage(r, got.answers.Get("source") == "paste", got.answers)
	if err != nil {
		return errors.Join(cause, err)
	}
	p.Problem = fault.Sentence(cause)
	return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
}

func (a *Pages) readParts(r *http.Request, parts *multipart.Reader, got *arrived) error {
	for range mostParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		if err := a.readPart(r, part, got); err != nil {
			return err
		}
	}
	return httpd.Refuse(http.StatusBadRequest, "This form has too many parts.")
}

func (a *Pages) readPart(r *http.Request, part *multipart.Part, got *arrived) error {
	name, file := part.FormName(), part.FileName()
	switch {
	case file != "" && got.answers.Get("source") != "paste":
		t, err := a.take(r, file, part)
		if !t.meeting.ID.IsZero() {
			got.taken = append(got.taken, t)
		}
		return err
	case file != "":
		body, err := limited(part, longestText)
		if len(got.text) == 0 {
			got.text = body
		}
		got.name = file
		return err
	case name == "text":
		body, err := limited(part, longestText)
		if len(strings.TrimSpace(string(body))) > 0 {
			got.text = body
		}
		return err
	}
	body, err := limited(part, longestField)
	if name != "file" {
		got.answers.Add(name, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
	return err
}

// limited reads a part of a form whole.
func limited(part io.Reader, most int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(part, most+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if int64(len(body)) > most {
		return nil, fault.New(fault.TooLarge, "A part of this form is larger than it may be. Shorten it.")
	}
	return body, nil
}

// unreadable is a form that broke off or was not written by a browser.
func unreadable(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return err
	}
	return errors.Join(httpd.Refuse(http.StatusBadRequest, "This form did not arrive whole. Try again."), err)
}

// take stores a recording as it comes. What is said about it stands in later parts of the form; until then no model may see it.
func (a *Pages) take(r *http.Request, file string, body io.Reader) (t taken, err error) {
	t.meeting, err = a.Meetings.Create(r.Context(), guessed(meeting.Details{Zone: web.ZoneOf(r).String()}, file), "upload", false)
	if err != nil {
		return t, err
	}
	t.upload, err = a.Capture.Take(r.Context(), t.meeting.ID, file, body)
	return t, err
}

// make gives each recording its details and begins the work, or makes a meeting of a text.
func (a *Pages) make(r *http.Request, got arrived) ([]meeting.ID, error) {
	d, err := detailsOf(got.answers, web.ZoneOf(r))
	if err != nil {
		return nil, err
	}
	if len(got.taken) == 0 {
		id, err := a.importText(r, got, d)
		return []meeting.ID{id}, err
	}
	var made []meeting.ID
	for _, t := range got.taken {
		own := d
		if len(got.taken) > 1 {
			own.Title = ""
		}
		own = guessed(own, t.upload.Name)
		if _, err := a.Meetings.Change(r.Context(), t.meeting.ID, t.meeting.Version, own); err != nil {
			return nil, err
		}
		made = append(made, t.meeting.ID)
	}
	for _, t := range got.taken {
		// What is no recording says so on its meeting's page.
		if _, err := a.Capture.Finish(r.Context(), t.upload.ID); err != nil && !fault.Is(err, fault.Invalid) {
			return made, err
		}
	}
	return made, nil
}

func (a *Pages) importText(r *http.Request, got arrived, d meeting.Details) (meeting.ID, error) {
	if got.answers.Get("source") != "paste" {
		return meeting.ID{}, fault.New(fault.Invalid, "Choose a recording first.")
	}
	if _, err := document.Read(got.name, got.text); err != nil {
		return meeting.ID{}, err
	}
	d = guessed(d, got.name)
	m, err := a.Meetings.Create(r.Context(), d, "paste", false)
	if err != nil {
		return m.ID, err
	}
	_, err = a.Speech.Import(r.Context(), m.ID, got.name, got.text)
	return m.ID, err
}

// guessed fills in what nobody said of a meeting and its file's name tells: the title, and when it began.
func guessed(d meeting.Details, file string) meeting.Details {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil || file == "" {
		return d
	}
	title, at := capture.Guess(file, nil, zone)
	if strings.TrimSpace(d.Title) == "" {
		d.Title = shortened(orElse(title, titleOf(file)))
	}
	if d.StartsAt == nil {
		d.StartsAt = at
	}
	return d
}

// titleOf makes a title of a file's name.
func titleOf(file string) string {
	file = path.Base(strings.ReplaceAll(file, `\`, "/"))
	if file == "." || file == "/" {
		return ""
	}
	title := strings.Join(strings.Fields(strings.ReplaceAll(strings.TrimSuffix(file, path.Ext(file)), "_", " ")), " ")
	return shortened(title)
}

// shortened cuts what no person wrote to the longest title there may be.
func shortened(title string) string {
	letters := []rune(strings.ToValidUTF8(title, ""))
	return string(letters[:min(len(letters), 200)])
}
