package record_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/meeting"
	"mainstay/internal/worldtest"
)

// tus is a client of the protocol: headers as it says, and what a browser's session adds.
type tus struct{ *worldtest.Browser }

func (c tus) ask(t *testing.T, method, path string, body []byte, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	sent := map[string]string{"Tus-Resumable": "1.0.0", "X-CSRF-Token": c.Token}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		sent[name] = value
	}
	got := c.Do(t, method, path, bytes.NewReader(body), sent)
	if got.Header().Get("Tus-Resumable") != "1.0.0" {
		t.Errorf("%s %s: the answer %d names no version", method, path, got.Code)
	}
	return got
}

// begin announces an upload and returns where it is.
func (c tus) begin(t *testing.T, size int, header ...string) string {
	t.Helper()
	got := c.ask(t, "POST", "/uploads", nil, append(header, fmt.Sprintf("Upload-Length: %d", size))...)
	if got.Code != 201 || !strings.HasPrefix(got.Header().Get("Location"), "/uploads/upl_") {
		t.Fatalf("creation: %d %s %s", got.Code, got.Header().Get("Location"), got.Body)
	}
	return got.Header().Get("Location")
}

func (c tus) patch(t *testing.T, at string, offset int, body []byte, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return c.ask(t, "PATCH", at, body, append([]string{"Content-Type: application/offset+octet-stream", fmt.Sprintf("Upload-Offset: %d", offset)}, header...)...)
}

func (c tus) offset(t *testing.T, at string) string {
	t.Helper()
	got := c.ask(t, "HEAD", at, nil)
	if got.Code != 200 || got.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("HEAD: %d %v", got.Code, got.Header())
	}
	return got.Header().Get("Upload-Offset")
}

func sum256(b []byte) string {
	s := sha256.Sum256(b)
	return "Upload-Checksum: sha256 " + base64.StdEncoding.EncodeToString(s[:])
}

func sum1(b []byte) string {
	s := sha1.Sum(b)
	return "Upload-Checksum: sha1 " + base64.StdEncoding.EncodeToString(s[:])
}

func encoded(pairs ...string) string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return "Upload-Metadata: " + strings.Join(out, ",")
}

func TestUploadsSpeakTus(t *testing.T) {
	t.Parallel()
	o := open(t)
	c, sound := tus{o.member}, worldtest.Tone(1)
	for _, at := range []string{"/uploads", "/uploads/upl_0123456789abcdefghjkmnpqrs"} {
		got := tus{o.nobody}.ask(t, "OPTIONS", at, nil)
		h := got.Header()
		if got.Code != 204 || h.Get("Tus-Version") != "1.0.0" || h.Get("Tus-Extension") != "creation,checksum,expiration,termination" ||
			h.Get("Tus-Max-Size") != "4294967296" || h.Get("Tus-Checksum-Algorithm") != "sha256,sha1" {
			t.Errorf("OPTIONS %s: %d %v", at, got.Code, h)
		}
	}
	metadata := encoded("filename", "Übung 3.wav", "told", "yes", "how", "in the invitation", "attendees", "Ada\nBen", "filetype", "audio/wav") + ",is_confidential"
	at := c.begin(t, len(sound), metadata)
	got := c.ask(t, "HEAD", at, nil)
	h := got.Header()
	ends, err := http.ParseTime(h.Get("Upload-Expires"))
	if got.Code != 200 || h.Get("Upload-Offset") != "0" || h.Get("Upload-Length") != fmt.Sprint(len(sound)) || "Upload-Metadata: "+h.Get("Upload-Metadata") != metadata ||
		err != nil || !ends.Equal(o.Clock.Now().Add(capture.UploadLife)) {
		t.Errorf("HEAD of a new upload: %d %v", got.Code, h)
	}
	steps := []struct {
		from, to int
		header   []string
		status   int
		after    string
	}{
		{0, 1000, nil, 204, "1000"},
		{1000, 3000, []string{sum256(sound[1000:3000])}, 204, "3000"},
		{3000, 5000, []string{sum1(sound[3000:5000])}, 204, "5000"},
		{5000, 6000, []string{sum256(sound[:10])}, 460, "5000"},
		{5000, 6000, []string{"Upload-Checksum: crc32 AAAA"}, 400, "5000"},
		{5000, 6000, []string{"Upload-Checksum: sha1 not-base64!"}, 400, "5000"},
		{4000, 6000, nil, 409, "5000"},
		{6000, 7000, nil, 409, "5000"},
		{5000, 6000, []string{"Content-Type: application/octet-stream"}, 415, "5000"},
		{5000, 6000, []string{"Upload-Offset: "}, 400, "5000"},
		{5000, 6000, []string{"Upload-Offset: -1"}, 400, "5000"},
		{5000, 6000, []string{"Tus-Resumable: 0.2.2"}, 412, "5000"},
		{5000, 5000, nil, 204, "5000"},
		{5000, len(sound), nil, 204, fmt.Sprint(len(sound))},
		{0, 10, nil, 410, fmt.Sprint(len(sound))},
	}
	for i, s := range steps {
		got := c.patch(t, at, s.from, sound[s.from:s.to], s.header...)
		if got.Code != s.status {
			t.Errorf("step %d: status %d, want %d: %s", i, got.Code, s.status, got.Body)
		}
		if got.Code == 412 && got.Header().Get("Tus-Version") != "1.0.0" {
			t.Errorf("step %d names no version that is spoken", i)
		}
		if offset := c.offset(t, at); offset != s.after || got.Code == 204 && got.Header().Get("Upload-Offset") != s.after {
			t.Errorf("step %d: the upload is at %s, want %s", i, offset, s.after)
		}
	}
	list, err := o.Meetings.List(o.here.Owner, meeting.Filter{})
	if err != nil || list.Total != 1 || list.Meetings[0].Title != "Übung 3" || list.Meetings[0].Told.How != "in the invitation" || len(list.Meetings[0].Attendees) != 2 {
		t.Fatalf("made %+v, %v", list, err)
	}
	if back := o.member.Get(t, "/meetings/"+list.Meetings[0].ID.String()+"/audio"); back.Body.String() != string(sound) {
		t.Errorf("%d bytes came back, want the %d that were sent", back.Body.Len(), len(sound))
	}
}

func TestAnnouncementsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	o := open(t)
	c := tus{o.member}
	for name, w := range map[string]struct {
		header []string
		status int
	}{
		"no length":          {nil, 400},
		"length unknown":     {[]string{"Upload-Defer-Length: 1"}, 400},
		"length no number":   {[]string{"Upload-Length: many"}, 400},
		"negative":           {[]string{"Upload-Length: -5"}, 400},
		"empty":              {[]string{"Upload-Length: 0"}, 422},
		"too large":          {[]string{fmt.Sprintf("Upload-Length: %d", int64(capture.MaxSize)+1)}, 413},
		"metadata no base64": {[]string{"Upload-Length: 10", "Upload-Metadata: filename a.wav"}, 400},
		"metadata twice":     {[]string{"Upload-Length: 10", encoded("filename", "a") + "," + strings.TrimPrefix(encoded("filename", "b"), "Upload-Metadata: ")}, 400},
		"metadata long":      {[]string{"Upload-Length: 10", encoded("filename", strings.Repeat("a", 9000))}, 413},
		"a wrong answer":     {[]string{"Upload-Length: 10", encoded("template", "party")}, 422},
		"no version":         {[]string{"Upload-Length: 10", "Tus-Resumable: "}, 412},
		"no token":           {[]string{"Upload-Length: 10", "X-CSRF-Token: "}, 403},
	} {
		if got := c.ask(t, "POST", "/uploads", nil, w.header...); got.Code != w.status || !strings.Contains(got.Header().Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %d %s, want %d", name, got.Code, got.Body, w.status)
		}
	}
	if got := (tus{o.viewer}).ask(t, "POST", "/uploads", nil, "Upload-Length: 10"); got.Code != 403 {
		t.Errorf("a viewer began an upload: %d", got.Code)
	}
	if got := (tus{o.nobody}).ask(t, "POST", "/uploads", nil, "Upload-Length: 10"); got.Code != 401 {
		t.Errorf("nobody began an upload: %d", got.Code)
	}
	list, err := o.Meetings.List(o.here.Owner, meeting.Filter{})
	if err != nil || list.Total != 0 {
		t.Errorf("what was refused left %d meetings, %v", list.Total, err)
	}
	form := url.Values{"file_name": {"talk.wav"}, "file_size": {"10"}, "told": {"no"}, "title": {""}}
	got := c.ask(t, "POST", "/uploads", []byte(form.Encode()), "Content-Type: application/x-www-form-urlencoded")
	if got.Code != 201 || !strings.Contains(got.Body.String(), `"meeting":"/meetings/mtg_`) {
		t.Errorf("our own form: %d %s", got.Code, got.Body)
	}
	form.Del("file_name")
	if got := c.ask(t, "POST", "/uploads", []byte(form.Encode()), "Content-Type: application/x-www-form-urlencoded"); got.Code != 400 {
		t.Errorf("a form without a name: %d", got.Code)
	}
}

func TestAnUploadIsItsMakersAlone(t *testing.T) {
	t.Parallel()
	o := open(t)
	sound := worldtest.Tone(1)
	at := tus{o.member}.begin(t, len(sound))
	for who, b := range map[string]*worldtest.Browser{"the owner": o.owner, "another workspace": o.stranger} {
		c := tus{b}
		for _, got := range []*httptest.ResponseRecorder{c.ask(t, "HEAD", at, nil), c.patch(t, at, 0, sound), c.ask(t, "DELETE", at, nil)} {
			if got.Code != 404 || got.Header().Get("Upload-Offset") != "" {
				t.Errorf("%s: %d", who, got.Code)
			}
		}
	}
	if got := (tus{o.viewer}).patch(t, at, 0, sound); got.Code != 403 {
		t.Errorf("a viewer: %d", got.Code)
	}
	for _, path := range []string{"/uploads/x", "/uploads/upl_0123456789abcdefghjkmnpqr0"} {
		if got := (tus{o.member}).ask(t, "HEAD", path, nil); got.Code != 404 {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
}

func TestUploadsExpireAndEnd(t *testing.T) {
	t.Parallel()
	o := open(t)
	c, sound := tus{o.member}, worldtest.Tone(1)
	resting, ended := c.begin(t, len(sound)), c.begin(t, len(sound))
	c.patch(t, resting, 0, sound[:100])
	if got := c.ask(t, "DELETE", ended, nil); got.Code != 204 {
		t.Errorf("termination: %d %s", got.Code, got.Body)
	}
	if got := c.ask(t, "HEAD", ended, nil); got.Code != 404 {
		t.Errorf("what was ended: %d", got.Code)
	}
	if list, err := o.Meetings.List(o.here.Owner, meeting.Filter{}); err != nil || list.Total != 1 {
		t.Errorf("%d meetings are left, want the one that still waits, %v", list.Total, err)
	}
	o.Clock.Advance(capture.UploadLife - time.Second)
	if got := c.offset(t, resting); got != "100" {
		t.Errorf("before its time: %s", got)
	}
	c.patch(t, resting, 100, sound[100:200])
	o.Clock.Advance(2 * time.Second)
	c = tus{o.pages.Browser(t, o.here.Member)} // the session was over, too
	if got := c.offset(t, resting); got != "200" {
		t.Errorf("a part did not prolong it: %s", got)
	}
	o.Clock.Advance(capture.UploadLife)
	c = tus{o.pages.Browser(t, o.here.Member)}
	for _, got := range []*httptest.ResponseRecorder{c.ask(t, "HEAD", resting, nil), c.patch(t, resting, 200, sound[200:300]), c.ask(t, "DELETE", resting, nil)} {
		if got.Code != 410 {
			t.Errorf("an upload that rested too long: %d", got.Code)
		}
	}
}

func TestWhatIsNoRecordingEndsWithASentence(t *testing.T) {
	t.Parallel()
	o := open(t)
	c, text := tus{o.member}, []byte("This is a letter and no recording at all.")
	at := c.begin(t, len(text), encoded("filename", "letter.mp3"))
	got := c.patch(t, at, 0, text)
	if got.Code != 422 || !strings.Contains(got.Body.String(), "This is no recording that can be read.") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	list, err := o.Meetings.List(o.here.Owner, meeting.Filter{})
	if err != nil || list.Total != 1 || list.Meetings[0].Stage != meeting.Failed {
		t.Fatalf("%+v %v", list, err)
	}
	want(t, o.member.Get(t, "/meetings/"+list.Meetings[0].ID.String()), 200, "This is no recording that can be read.", "letter", "Stopped")
	if got := c.patch(t, c.begin(t, 10), 0, make([]byte, 20)); got.Code != 413 {
		t.Errorf("more than was announced: %d", got.Code)
	}
	if got := c.patch(t, c.begin(t, 9<<20), 0, make([]byte, 9<<20), sum256(nil)); got.Code != 413 {
		t.Errorf("more than a part with a checksum: %d", got.Code)
	}
}

func TestOldClientsNameTheMethodInAHeader(t *testing.T) {
	t.Parallel()
	o := open(t)
	c, sound := tus{o.member}, worldtest.Tone(1)
	at := c.begin(t, len(sound))
	got := c.ask(t, "POST", at, sound[:50], "X-HTTP-Method-Override: PATCH", "Content-Type: application/offset+octet-stream", "Upload-Offset: 0")
	if got.Code != 204 || c.offset(t, at) != "50" {
		t.Errorf("PATCH: %d", got.Code)
	}
	if got := c.ask(t, "POST", at, nil, "X-HTTP-Method-Override: HEAD"); got.Code != 200 || got.Header().Get("Upload-Offset") != "50" {
		t.Errorf("HEAD: %d", got.Code)
	}
	if got := c.ask(t, "POST", at, nil); got.Code != 400 {
		t.Errorf("no method: %d", got.Code)
	}
	if got := c.ask(t, "POST", at, nil, "X-HTTP-Method-Override: DELETE"); got.Code != 204 {
		t.Errorf("DELETE: %d", got.Code)
	}
}

// An upload whose last part was safe when the server died, and which never became a recording, becomes one when it is asked for.
func TestAnUploadThatIsWholeBecomesARecordingLater(t *testing.T) {
	t.Parallel()
	o := open(t)
	sound := worldtest.Tone(1)
	c := tus{o.member}
	at := c.begin(t, len(sound)+1)
	c.patch(t, at, 0, sound)
	if _, err := o.Admin.Exec(t.Context(), `update tenant.upload set size = received where state = 'open'`); err != nil {
		t.Fatal(err)
	}
	if got := c.offset(t, at); got != fmt.Sprint(len(sound)) {
		t.Errorf("offset %s", got)
	}
	list, err := o.Meetings.List(o.here.Owner, meeting.Filter{})
	if err != nil || list.Total != 1 || list.Meetings[0].Stage != meeting.Waiting {
		t.Errorf("%+v %v", list, err)
	}
}
