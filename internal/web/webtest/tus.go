package webtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/web"
)

// Uploads is a stand-in for the server's side of tus 1.0, kept in memory.
type Uploads struct {
	mu    sync.Mutex
	files map[string]*stored
	next  int
	// Fail is asked before each part; true breaks the connection in its place.
	Fail func(part int) bool
	part int
}

type stored struct {
	size  int64
	bytes []byte
	told  string
}

// Stored returns the bytes of the n-th upload and whether all of them are there.
func (u *Uploads) Stored(n int) (body []byte, whole bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f := u.files[strconv.Itoa(n)]
	if f == nil {
		return nil, false
	}
	return bytes.Clone(f.bytes), int64(len(f.bytes)) == f.size
}

// Told returns what the person said about consent for the n-th upload.
func (u *Uploads) Told(n int) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.files[strconv.Itoa(n)].told
}

func (u *Uploads) begin(w http.ResponseWriter, r *http.Request) error {
	size, err := strconv.ParseInt(r.PostFormValue("file_size"), 10, 64)
	if err != nil || r.PostFormValue("file_name") == "" {
		return fault.New(fault.Invalid, "An upload needs a name and a size.")
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.files == nil {
		u.files = map[string]*stored{}
	}
	id := strconv.Itoa(u.next)
	u.next++
	u.files[id] = &stored{size: size, told: r.PostFormValue("told")}
	w.Header().Set("Location", "/uploads/"+id)
	return web.JSON(w, map[string]string{"upload": "/uploads/" + id, "meeting": "/page/processing"})
}

func (u *Uploads) file(r *http.Request) (*stored, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if f, ok := u.files[r.PathValue("id")]; ok {
		return f, nil
	}
	return nil, fault.New(fault.Missing, "No such upload.")
}

func (u *Uploads) head(w http.ResponseWriter, r *http.Request) error {
	f, err := u.file(r)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	w.Header().Set("Upload-Offset", fmt.Sprint(len(f.bytes)))
	w.Header().Set("Upload-Length", fmt.Sprint(f.size))
	return nil
}

func (u *Uploads) patch(w http.ResponseWriter, r *http.Request) error {
	f, err := u.file(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.part++
	if u.Fail != nil && u.Fail(u.part) {
		return errors.New("the test breaks this part")
	}
	sum := sha256.Sum256(body)
	if r.Header.Get("Upload-Checksum") != "sha256 "+base64.StdEncoding.EncodeToString(sum[:]) {
		return httpd.Refuse(460, "The checksum differs.")
	}
	if r.Header.Get("Upload-Offset") != fmt.Sprint(len(f.bytes)) || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/offset+octet-stream") {
		return fault.New(fault.Conflict, "The offset differs.")
	}
	f.bytes = append(f.bytes, body...)
	w.Header().Set("Upload-Offset", fmt.Sprint(len(f.bytes)))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (u *Uploads) end(w http.ResponseWriter, r *http.Request) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.files, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (u *Uploads) routes(s *httpd.Server) {
	open := httpd.Public()
	s.API("POST /uploads", open, u.begin)
	s.API("HEAD /uploads/{id}", open, u.head)
	s.API("PATCH /uploads/{id}", open, u.patch, httpd.Stream(), httpd.MaxBody(8<<20))
	s.API("DELETE /uploads/{id}", open, u.end)
}
