package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// journey takes one recording from a browser to its minutes, whatever happens to the server on the way: when a connection
// breaks because the server died, it starts the server again and goes on as a browser does.
type journey struct {
	*deployment
	body    []byte
	details map[string]string // what the form says: title, attendees, file name
	doomed  bool              // the server is going to die once
	deaths  int               // how often it did
	dead    func()            // looks at what a death left, before the next start; may be nil

	upload  string // address of the upload
	meeting string // address of the meeting
	known   int64  // bytes that the server acknowledged
}

// pieces is in how many requests a recording is sent.
const pieces = 4

// travel takes the recording all the way.
func (j *journey) travel(t *testing.T) {
	t.Helper()
	j.announce(t)
	j.send(t)
	j.arrive(t)
}

// arrive waits for the minutes, and for the death that is to come.
func (j *journey) arrive(t *testing.T) {
	t.Helper()
	j.drafted(t)
	if j.doomed && j.deaths == 0 { // the minutes were there before the end that their step was waiting for
		j.revive(t, "ending", nil)
		j.drafted(t)
	}
}

// revive starts the server again after it died. It fails the test where the server is alive.
func (j *journey) revive(t *testing.T, during string, cause error) {
	t.Helper()
	if !j.died(limit, j.dead) {
		t.Fatalf("%s: %v, and the server lives:\n%s", during, cause, j.run.log)
	}
	if j.deaths++; j.deaths > 1 || !j.doomed {
		t.Fatalf("%s: the server died, and was not to:\n%s", during, j.run.log)
	}
	j.start(t)
}

var csrf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// tus sends a request of the upload protocol. The forms' token is read anew, because each start has another key.
func (j *journey) tus(t *testing.T, method, path string, body []byte, header ...string) (response, error) {
	t.Helper()
	page, err := j.ask(http.MethodGet, "/meetings/new", nil, nil)
	if err != nil {
		return page, err
	}
	token := csrf.FindSubmatch(page.body)
	if token == nil {
		t.Fatalf("the page of a new meeting has no token: status %d: %.500s", page.StatusCode, page.body)
	}
	sent := http.Header{"Tus-Resumable": {"1.0.0"}, "X-Csrf-Token": {string(token[1])}}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		sent.Set(name, value)
	}
	return j.ask(method, path, sent, bytes.NewReader(body))
}

func (j *journey) announce(t *testing.T) {
	t.Helper()
	var metadata []string
	for name, value := range j.details {
		metadata = append(metadata, name+" "+base64.StdEncoding.EncodeToString([]byte(value)))
	}
	for {
		got, err := j.tus(t, http.MethodPost, "/uploads", nil, "Upload-Length: "+strconv.Itoa(len(j.body)), "Upload-Metadata: "+strings.Join(metadata, ","))
		if err != nil {
			j.revive(t, "announcing", err)
			continue
		}
		var at struct{ Upload, Meeting string }
		if err := json.Unmarshal(got.body, &at); err != nil || got.StatusCode != http.StatusCreated {
			t.Fatalf("announcing: %v, status %d: %s", err, got.StatusCode, got.body)
		}
		j.upload, j.meeting = at.Upload, at.Meeting
		return
	}
}

// send sends piece by piece. After a death it asks how far the upload is: what was acknowledged must be there.
func (j *journey) send(t *testing.T) {
	t.Helper()
	for j.known < int64(len(j.body)) {
		piece := j.body[j.known:min(int64(len(j.body)), j.known+int64(len(j.body)/pieces)+1)]
		got, err := j.tus(t, http.MethodPatch, j.upload, piece, "Content-Type: application/offset+octet-stream", fmt.Sprintf("Upload-Offset: %d", j.known))
		if err != nil {
			j.revive(t, "sending", err)
			j.resume(t)
			continue
		}
		if got.StatusCode != http.StatusNoContent {
			t.Fatalf("sending at %d: status %d: %s", j.known, got.StatusCode, got.body)
		}
		j.known = offset(t, got)
	}
}

func (j *journey) resume(t *testing.T) {
	t.Helper()
	got, err := j.tus(t, http.MethodHead, j.upload, nil)
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("asking how far the upload is: %v, status %d", err, statusOf(got))
	}
	at := offset(t, got)
	if at < j.known || at > int64(len(j.body)) {
		t.Fatalf("the upload is at %d, and %d bytes of %d were acknowledged", at, j.known, len(j.body))
	}
	j.known = at
}

func offset(t *testing.T, r response) int64 {
	t.Helper()
	at, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	check(t, err)
	return at
}

// drafted waits for the minutes, and starts the server again where it dies meanwhile.
func (j *journey) drafted(t *testing.T) {
	t.Helper()
	for {
		stage := ""
		conn, err := j.dial(t) // it fails when the server just died
		over := err == nil && j.watch(t, "the minutes are drafted", func() bool {
			_ = conn.QueryRow(t.Context(), `select stage from tenant.meeting where id = $1`, j.id(t)).Scan(&stage) // so does this
			return stage == "draft" || stage == "failed"
		})
		if err == nil {
			_ = conn.Close(t.Context())
		}
		switch {
		case !over:
			j.revive(t, "working", err)
		case stage == "failed":
			t.Fatalf("the meeting's work failed:\n%s", j.run.log)
		default:
			return
		}
	}
}

func (j *journey) id(t *testing.T) meeting.ID {
	t.Helper()
	id, err := tenant.ParseID[meeting.ID](strings.TrimPrefix(j.meeting, "/meetings/"))
	check(t, err)
	return id
}

// once fails the test unless the meeting has one transcript, one draft and the bytes that were sent.
func (j *journey) once(t *testing.T) {
	t.Helper()
	conn := j.admin(t)
	defer conn.Close(t.Context())
	for _, table := range []string{"recording", "transcript", "minutes"} {
		var n int
		check(t, conn.QueryRow(t.Context(), `select count(*) from tenant.`+table+` where meeting_id = $1`, j.id(t)).Scan(&n))
		if n != 1 {
			t.Errorf("the meeting has %d rows of %s, want 1", n, table)
		}
	}
	if got := j.get(t, j.meeting+"/audio"); !bytes.Equal(got, j.body) {
		t.Errorf("%d bytes were sent and %d others are played", len(j.body), len(got))
	}
}
