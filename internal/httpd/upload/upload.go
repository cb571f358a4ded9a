// Package upload is the recordings on their way, as tus sees them: the pages and the API take bytes in alike.
package upload

import (
	"io"
	"net/http"

	"mainstay/internal/capture"
	"mainstay/internal/httpd/tus"
	"mainstay/internal/tenant"
)

// Store implements tus.Store. An upload belongs to who began it.
type Store struct{ Capture *capture.Service }

// Shown is how far an upload is.
func Shown(u capture.Upload) tus.Upload {
	out := tus.Upload{Offset: u.Received, Length: u.Size, Metadata: u.Metadata}
	if u.State == "open" {
		out.Expires = u.ExpiresAt
	}
	return out
}

// Status implements tus.Store.
func (s Store) Status(r *http.Request, id string) (tus.Upload, error) {
	upload, err := tenant.ParseID[capture.UploadID](id)
	if err != nil {
		return tus.Upload{}, err
	}
	u, err := s.Capture.Status(r.Context(), upload)
	return Shown(u), err
}

// Append implements tus.Store.
func (s Store) Append(r *http.Request, id string, offset int64, body io.Reader) (tus.Upload, error) {
	upload, err := tenant.ParseID[capture.UploadID](id)
	if err != nil {
		return tus.Upload{}, err
	}
	u, err := s.Capture.Append(r.Context(), upload, offset, body)
	return Shown(u), err
}

// End implements tus.Store.
func (s Store) End(r *http.Request, id string) error {
	upload, err := tenant.ParseID[capture.UploadID](id)
	if err != nil {
		return err
	}
	return s.Capture.End(r.Context(), upload)
}
