// Package tus is the server's side of tus 1.0.0, the protocol of resumable uploads (https://tus.io/protocols/resumable-upload):
// the core protocol with the extensions creation, checksum, expiration and termination. It knows requests and answers; where
// the bytes go is its caller's, a [Store].
package tus

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // tus asks for it; it guards against broken lines, not against people
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
)

const (
	version       = "1.0.0"
	extensions    = "creation,checksum,expiration,termination"
	checksums     = "sha256,sha1"
	wrongChecksum = 460
)

// Upload is how far an upload is. Offset counts bytes that no crash takes away.
type Upload struct {
	Offset   int64
	Length   int64
	Metadata string    // as the client sent it; empty where it sent none
	Expires  time.Time // zero where it may rest as long as it likes
}

// Store keeps uploads. Id is the last part of an upload's address. It fails with fault.Missing for an upload that is not there
// for this request, with fault.Ended for one that is over, and with fault.Conflict for bytes that belong elsewhere.
type Store interface {
	Status(r *http.Request, id string) (Upload, error)
	Append(r *http.Request, id string, offset int64, body io.Reader) (Upload, error)
	End(r *http.Request, id string) error
}

// Config says where uploads are and who may touch them.
type Config struct {
	Path              string // "/uploads": an upload is one step below
	Read, Append, End httpd.Policy
	MaxSize           int64 // bytes of an upload
	MaxPart           int   // bytes that may come in one request with a checksum
	Store             Store
}

// Register adds what an upload answers to, all but its creation.
func (c Config) Register(s *httpd.Server) {
	one, large := c.Path+"/{id}", httpd.MaxBody(c.MaxSize+1)
	s.API("OPTIONS "+c.Path, httpd.Public(), c.options, Speaks())
	s.API("OPTIONS "+one, httpd.Public(), c.options, Speaks())
	s.API("HEAD "+one, c.Read, Resumable(c.status), Speaks())
	s.API("PATCH "+one, c.Append, Resumable(c.append), Speaks(), httpd.Stream(), large)
	s.API("DELETE "+one, c.End, Resumable(c.end), Speaks())
	s.API("POST "+one, c.Append, Resumable(c.overridden), Speaks(), httpd.Stream(), large)
}

// Serve answers one request to an upload by its method: HEAD, PATCH or DELETE. It is for callers that register routes of their
// own; Path, Read, Append and End are not used.
func (c Config) Serve(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Tus-Resumable", version)
	return Resumable(func(w http.ResponseWriter, r *http.Request) error {
		switch r.Method {
		case http.MethodPatch:
			return c.append(w, r)
		case http.MethodDelete:
			return c.end(w, r)
		}
		return c.status(w, r)
	})(w, r)
}

// Speaks puts the version into each answer of a route.
func Speaks() httpd.Option { return httpd.Says("Tus-Resumable", version) }

// Resumable refuses clients that speak another version of the protocol, or none.
func Resumable(h httpd.HandlerFunc) httpd.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Header.Get("Tus-Resumable") != version {
			w.Header().Set("Tus-Version", version)
			return httpd.Refuse(http.StatusPreconditionFailed, "This address speaks version 1.0.0 of tus.")
		}
		return h(w, r)
	}
}

func (c Config) options(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Checksum-Algorithm", checksums)
	h.Set("Tus-Max-Size", strconv.FormatInt(c.MaxSize, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Announced is an upload as its client announces it.
type Announced struct {
	Length   int64
	Metadata string     // as it came
	Values   url.Values // what it says
}

// Announcement reads the request that creates an upload.
func Announcement(r *http.Request) (Announced, error) {
	n, err := strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 64)
	if err != nil || n < 0 {
		return Announced{}, httpd.Refuse(http.StatusBadRequest, "An upload needs its length in Upload-Length.")
	}
	metadata := r.Header.Get("Upload-Metadata")
	values, err := readMetadata(metadata)
	return Announced{Length: n, Metadata: metadata, Values: values}, err
}

// readMetadata reads keys with values in base64, separated by commas.
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

// Created puts into an answer where an upload is.
func Created(h http.Header, at string, u Upload) {
	h.Set("Location", at)
	expires(h, u)
}

func expires(h http.Header, u Upload) {
	if !u.Expires.IsZero() {
		h.Set("Upload-Expires", u.Expires.UTC().Format(http.TimeFormat))
	}
}

func offset(h http.Header, u Upload) {
	h.Set("Upload-Offset", strconv.FormatInt(u.Offset, 10))
	expires(h, u)
}

// status says how many bytes are safe.
func (c Config) status(w http.ResponseWriter, r *http.Request) error {
	u, err := c.Store.Status(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Upload-Length", strconv.FormatInt(u.Length, 10))
	if u.Metadata != "" {
		h.Set("Upload-Metadata", u.Metadata)
	}
	offset(h, u)
	w.WriteHeader(http.StatusOK)
	return nil
}

// append adds bytes where the upload goes on.
func (c Config) append(w http.ResponseWriter, r *http.Request) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/offset+octet-stream" {
		return httpd.Refuse(http.StatusUnsupportedMediaType, "The bytes of an upload are sent as application/offset+octet-stream.")
	}
	from, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || from < 0 {
		return httpd.Refuse(http.StatusBadRequest, "Say in Upload-Offset where these bytes belong.")
	}
	body, err := c.verified(r)
	if err != nil {
		return err
	}
	u, err := c.Store.Append(r, r.PathValue("id"), from, body)
	if err != nil {
		return err
	}
	offset(w.Header(), u)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// verified returns the request's bytes. Those that come with a checksum are held until all of them are here and it is right,
// so there may be no more of them than one part has.
func (c Config) verified(r *http.Request) (io.Reader, error) {
	told := r.Header.Get("Upload-Checksum")
	if told == "" {
		return r.Body, nil
	}
	name, sum, _ := strings.Cut(told, " ")
	want, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sum))
	digest, ok := map[string]func() hash.Hash{"sha256": sha256.New, "sha1": sha1.New}[strings.ToLower(name)]
	if !ok || err != nil {
		return nil, httpd.Refuse(http.StatusBadRequest, "Upload-Checksum names sha256 or sha1 and its value in base64.")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(c.MaxPart)+1))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "The connection broke. What arrived before is safe; continue the upload.", err)
	}
	if len(body) > c.MaxPart {
		return nil, fault.New(fault.TooLarge, "Bytes with a checksum come in pieces of at most 8 MiB.")
	}
	got := digest()
	got.Write(body)
	if subtle.ConstantTimeCompare(got.Sum(nil), want) != 1 {
		return nil, httpd.Refuse(wrongChecksum, "These bytes changed on their way. Send them again.")
	}
	return bytes.NewReader(body), nil
}

// end gives an upload up.
func (c Config) end(w http.ResponseWriter, r *http.Request) error {
	if err := c.Store.End(r, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// overridden serves clients that cannot send PATCH, HEAD or DELETE and name the method in a header.
func (c Config) overridden(w http.ResponseWriter, r *http.Request) error {
	switch strings.ToUpper(r.Header.Get("X-HTTP-Method-Override")) {
	case http.MethodPatch:
		return c.append(w, r)
	case http.MethodDelete:
		return c.end(w, r)
	case http.MethodHead:
		return c.status(w, r)
	}
	return httpd.Refuse(http.StatusBadRequest, "Name the method in X-HTTP-Method-Override.")
}
