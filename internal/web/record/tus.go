package record

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"

	"mainstay/internal/capture"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/httpd/tus"
	"mainstay/internal/httpd/upload"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

func (a *Pages) uploadRoutes(s *httpd.Server) {
	s.API("POST /uploads", httpd.Verb(gate.CreateMeeting), tus.Resumable(a.beginUpload), tus.Speaks())
	tus.Config{Path: "/uploads", Read: httpd.Verb(gate.ReadUpload), Append: httpd.Verb(gate.AppendUpload), End: httpd.Verb(gate.EndUpload),
		MaxSize: capture.MaxSize, MaxPart: capture.MaxPart, Store: uploads{upload.Store{Capture: a.Capture}, a}}.Register(s)
}

// announced is an upload as tus announces it, or the fields of our own form do. The keys of tus's metadata that are answered
// are the form's, and filename.
func announced(r *http.Request) (said tus.Announced, name string, err error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Upload-Length") != "" || kind != "application/x-www-form-urlencoded" {
		said, err = tus.Announcement(r)
		return said, said.Values.Get("filename"), err
	}
	if err := r.ParseForm(); err != nil {
		return said, "", httpd.Refuse(http.StatusBadRequest, "This form could not be read.")
	}
	said.Values, name = unixLines(r.PostForm), r.PostForm.Get("file_name")
	said.Length, err = strconv.ParseInt(r.PostForm.Get("file_size"), 10, 64)
	if err != nil || name == "" {
		err = httpd.Refuse(http.StatusBadRequest, "An upload needs a name and a size.")
	}
	return said, name, err
}

// beginUpload makes a meeting for a recording that is about to come.
func (a *Pages) beginUpload(w http.ResponseWriter, r *http.Request) error {
	said, name, err := announced(r)
	if err != nil {
		return err
	}
	if err := capture.CheckSize(said.Length); err != nil {
		return err
	}
	d, err := detailsOf(said.Values, web.ZoneOf(r))
	if err != nil {
		return err
	}
	m, err := a.Meetings.Create(r.Context(), guessed(d, name), "upload", false)
	if err != nil {
		return err
	}
	u, err := a.Capture.Announce(r.Context(), m.ID, name, said.Metadata, said.Length)
	if err != nil {
		_, gone := a.Meetings.Erase(r.Context(), m.ID)
		return errors.Join(err, gone)
	}
	at := "/uploads/" + u.ID.String()
	tus.Created(w.Header(), at, upload.Shown(u))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]string{"upload": at, "meeting": web.PathOf(m.ID)})
}

// uploads is the recordings on their way, with what else ends when one is given up.
type uploads struct {
	upload.Store
	pages *Pages
}

// End implements tus.Store. The meeting that waited for nothing else goes with its upload, and can be brought back.
func (s uploads) End(r *http.Request, id string) error {
	parsed, err := tenant.ParseID[capture.UploadID](id)
	if err != nil {
		return err
	}
	u, err := s.Capture.Status(r.Context(), parsed)
	if err != nil {
		return err
	}
	if err := s.Store.End(r, id); err != nil {
		return err
	}
	m, err := s.pages.Meetings.Look(r.Context(), u.Meeting)
	if err != nil {
		return err
	}
	k, err := s.pages.workOn(r, m)
	if err == nil && k.state() == "" && mayManage(m) {
		err = s.pages.Meetings.Delete(r.Context(), m.ID)
	}
	return err
}
