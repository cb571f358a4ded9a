package webtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/httpd/tus"
)

// Uploads is a stand-in for the store behind tus, kept in memory.
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
	at := "/uploads/" + id
	tus.Created(w.Header(), at, tus.Upload{})
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]string{"upload": at, "meeting": "/page/processing"})
}

func (u *Uploads) file(id string) (*stored, error) {
	if f, ok := u.files[id]; ok {
		return f, nil
	}
	return nil, fault.New(fault.Missing, "No such upload.")
}

// Status implements tus.Store.
func (u *Uploads) Status(_ *http.Request, id string) (tus.Upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f, err := u.file(id)
	if err != nil {
		return tus.Upload{}, err
	}
	return tus.Upload{Offset: int64(len(f.bytes)), Length: f.size}, nil
}

// Append implements tus.Store.
func (u *Uploads) Append(_ *http.Request, id string, offset int64, from io.Reader) (tus.Upload, error) {
	body, err := io.ReadAll(from)
	if err != nil {
		return tus.Upload{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	f, err := u.file(id)
	if err != nil {
		return tus.Upload{}, err
	}
	u.part++
	if u.Fail != nil && u.Fail(u.part) {
		return tus.Upload{}, errors.New("the test breaks this part")
	}
	if offset != int64(len(f.bytes)) {
		return tus.Upload{}, fault.New(fault.Conflict, fmt.Sprintf("It goes on at %d.", len(f.bytes)))
	}
	f.bytes = append(f.bytes, body...)
	return tus.Upload{Offset: int64(len(f.bytes)), Length: f.size}, nil
}

// End implements tus.Store.
func (u *Uploads) End(_ *http.Request, id string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.files, id)
	return nil
}

func (u *Uploads) routes(s *httpd.Server) {
	open := httpd.Public()
	s.API("POST /uploads", open, u.begin)
	tus.Config{Path: "/uploads", Read: open, Append: open, End: open, MaxSize: 4 << 30, MaxPart: 8 << 20, Store: u}.Register(s)
}
