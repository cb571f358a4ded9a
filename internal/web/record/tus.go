package record

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // tus asks for it; it guards against broken lines, not against people
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"mainstay/internal/capture"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// The server's side of tus 1.0.0 (https://tus.io/protocols/resumable-upload): the core protocol with creation, checksum,
// expiration and termination. An upload belongs to who began it. Its bytes count once they are sealed and on disk.

const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,checksum,expiration,termination"
	tusChecksums  = "sha256,sha1"
	wrongChecksum = 460
)

func (a *Pages) uploadRoutes(s *httpd.Server) {
	speaks := httpd.Says("Tus-Resumable", tusVersion)
	large := httpd.MaxBody(capture.MaxSize + 1)
	s.API("OPTIONS /uploads", httpd.Public(), tusOptions, speaks)
	s.API("OPTIONS /uploads/{id}", httpd.Public(), tusOptions, speaks)
	s.API("POST /uploads", httpd.Verb(gate.CreateMeeting), resumable(a.beginUpload), speaks)
	s.API("HEAD /uploads/{id}", httpd.Verb(gate.ReadUpload), resumable(a.uploadStatus), speaks)
	s.API("PATCH /uploads/{id}", httpd.Verb(gate.AppendUpload), resumable(a.appendUpload), speaks, httpd.Stream(), large)
	s.API("DELETE /uploads/{id}", httpd.Verb(gate.EndUpload), resumable(a.endUpload), speaks)
	s.API("POST /uploads/{id}", httpd.Verb(gate.AppendUpload), resumable(a.overridden), speaks, httpd.Stream(), large)
}

func tusOptions(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Tus-Version", tusVersion)
	h.Set("Tus-Extension", tusExtensions)
	h.Set("Tus-Checksum-Algorithm", tusChecksums)
	h.Set("Tus-Max-Size", strconv.FormatInt(capture.MaxSize, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// resumable refuses clients that speak another version of the protocol, or none.
func resumable(h httpd.HandlerFunc) httpd.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Header.Get("Tus-Resumable") != tusVersion {
			w.Header().Set("Tus-Version", tusVersion)
			return httpd.Refuse(http.StatusPreconditionFailed, "This address speaks version 1.0.0 of tus.")
		}
		return h(w, r)
	}
}

// overridden serves clients that cannot send PATCH, HEAD or DELETE and name the method in a header.
func (a *Pages) overridden(w http.ResponseWriter, r *http.Request) error {
	switch strings.ToUpper(r.Header.Get("X-HTTP-Method-Override")) {
	case http.MethodPatch:
		return a.appendUpload(w, r)
	case http.MethodDelete:
		return a.endUpload(w, r)
	case http.MethodHead:
		return a.uploadStatus(w, r)
	}
	return httpd.Refuse(http.StatusBadRequest, "Name the method in X-HTTP-Method-Override.")
}

// announced is an upload as its client announces it: by the headers of tus, or by the fields of our own form.
type announced struct {
	answers  url.Values
	name     string
	metadata string
	size     int64
}

func announcedBy(r *http.Request) (announced, error) {
	length := r.Header.Get("Upload-Length")
	if length == "" && r.Header.Get("Upload-Defer-Length") == "" && isForm(r) {
		if err := r.ParseForm(); err != nil {
			return announced{}, httpd.Refuse(http.StatusBadRequest, "This form could not be read.")
		}
		n, err := strconv.ParseInt(r.PostForm.Get("file_size"), 10, 64)
		if err != nil || r.PostForm.Get("file_name") == "" {
			return announced{}, httpd.Refuse(http.StatusBadRequest, "An upload needs a name and a size.")
		}
		return announced{answers: r.PostForm, name: r.PostForm.Get("file_name"), size: n}, nil
	}
	n, err := strconv.ParseInt(length, 10, 64)
	if err != nil || n < 0 {
		return announced{}, httpd.Refuse(http.StatusBadRequest, "An upload needs its length in Upload-Length.")
	}
	metadata := r.Header.Get("Upload-Metadata")
	answers, err := readMetadata(metadata)
	return announced{answers: answers, name: answers.Get("filename"), metadata: metadata, size: n}, err
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/x-www-form-urlencoded"
}

// readMetadata reads Upload-Metadata: keys with values in base64, separated by commas. The keys that we know are those of
// the form, and filename.
func readMetadata(text string) (url.Values, error) {
	out := url.Values{}
	if strings.TrimSpace(text) == "" {
		return out, nil
	}
	for _, pair := range strings.Split(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		body, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil || key == "" || out.Has(key) {
			return nil, httpd.Refuse(http.StatusBadRequest, "Upload-Metadata could not be read.")
		}
		out.Set(key, string(body))
	}
	return out, nil
}

// beginUpload makes a meeting for a recording that is about to come.
func (a *Pages) beginUpload(w http.ResponseWriter, r *http.Request) error {
	said, err := announcedBy(r)
	if err != nil {
		return err
	}
	if err := capture.CheckSize(said.size); err != nil {
		return err
	}
	if said.answers.Get("zone") == "" {
		said.answers.Set("zone", web.ZoneOf(r).String())
	}
	d, err := detailsOf(said.answers)
	if err != nil {
		return err
	}
	if strings.TrimSpace(d.Title) == "" {
		d.Title = titleOf(said.name)
	}
	m, err := a.Meetings.Create(r.Context(), d, "upload", false)
	if err != nil {
		return err
	}
	u, err := a.Capture.Announce(r.Context(), m.ID, said.name, said.metadata, said.size)
	if err != nil {
		_, gone := a.Meetings.Erase(r.Context(), m.ID)
		return errors.Join(err, gone)
	}
	at := "/uploads/" + u.ID.String()
	w.Header().Set("Location", at)
	w.Header().Set("Upload-Expires", u.ExpiresAt.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]string{"upload": at, "meeting": web.PathOf(m.ID)})
}

func uploadOf(r *http.Request) (capture.UploadID, error) {
	return tenant.ParseID[capture.UploadID](r.PathValue("id"))
}

// uploadStatus says how many bytes are safe.
func (a *Pages) uploadStatus(w http.ResponseWriter, r *http.Request) error {
	id, err := uploadOf(r)
	if err != nil {
		return err
	}
	u, err := a.Capture.Status(r.Context(), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Upload-Length", strconv.FormatInt(u.Size, 10))
	if u.Metadata != "" {
		h.Set("Upload-Metadata", u.Metadata)
	}
	offsetInto(h, u)
	w.WriteHeader(http.StatusOK)
	return nil
}

// offsetInto says where an upload goes on, and until when it may rest.
func offsetInto(h http.Header, u capture.Upload) {
	h.Set("Upload-Offset", strconv.FormatInt(u.Received, 10))
	if u.State == "open" {
		h.Set("Upload-Expires", u.ExpiresAt.UTC().Format(http.TimeFormat))
	}
}

// appendUpload adds bytes where the upload goes on.
func (a *Pages) appendUpload(w http.ResponseWriter, r *http.Request) error {
	id, err := uploadOf(r)
	if err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/offset+octet-stream" {
		return httpd.Refuse(http.StatusUnsupportedMediaType, "The bytes of an upload are sent as application/offset+octet-stream.")
	}
	offset, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 {
		return httpd.Refuse(http.StatusBadRequest, "Say in Upload-Offset where these bytes belong.")
	}
	body, err := verified(r)
	if err != nil {
		return err
	}
	u, err := a.Capture.Append(r.Context(), id, offset, body)
	if err != nil {
		return err
	}
	offsetInto(w.Header(), u)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// verified returns the request's bytes. Those that come with a checksum are held until all of them are here and it is right,
// so there may be no more of them than one part has.
func verified(r *http.Request) (io.Reader, error) {
	told := r.Header.Get("Upload-Checksum")
	if told == "" {
		return r.Body, nil
	}
	name, sum, _ := strings.Cut(told, " ")
	want, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sum))
	digests := map[string]func() hash.Hash{"sha256": sha256.New, "sha1": sha1.New}
	digest, ok := digests[strings.ToLower(name)]
	if !ok || err != nil {
		return nil, httpd.Refuse(http.StatusBadRequest, "Upload-Checksum names sha256 or sha1 and its value in base64.")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, capture.MaxPart+1))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "The connection broke. What arrived before is safe; continue the upload.", err)
	}
	if len(body) > capture.MaxPart {
		return nil, fault.New(fault.TooLarge, "Bytes with a checksum come in pieces of at most 8 MiB.")
	}
	got := digest()
	got.Write(body)
	if subtle.ConstantTimeCompare(got.Sum(nil), want) != 1 {
		return nil, httpd.Refuse(wrongChecksum, "These bytes changed on their way. Send them again.")
	}
	return bytes.NewReader(body), nil
}

// endUpload gives an upload up. The meeting that waited for nothing else goes with it, and can be brought back.
func (a *Pages) endUpload(w http.ResponseWriter, r *http.Request) error {
	id, err := uploadOf(r)
	if err != nil {
		return err
	}
	u, err := a.Capture.Status(r.Context(), id)
	if err != nil {
		return err
	}
	if err := a.Capture.End(r.Context(), id); err != nil {
		return err
	}
	m, err := a.Meetings.Look(r.Context(), u.Meeting)
	if err != nil {
		return err
	}
	k, err := a.workOn(r, m)
	if err == nil && k.state() == "" && mayManage(m) {
		err = a.Meetings.Delete(r.Context(), m.ID)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
