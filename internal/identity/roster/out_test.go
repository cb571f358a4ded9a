package roster_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// outs are the ways in which a member loses what they may.
func outs() map[string]func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error {
	return map[string]func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error{
		"removed": func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error {
			return w.Roster.Remove(ten.Admin, id)
		},
		"disabled": func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error {
			return w.Roster.Disable(ten.Admin, id)
		},
		"demoted": func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error {
			return w.Roster.ChangeRole(ten.Admin, id, gate.Viewer)
		},
	}
}

// midway is the body of an upload during which something happens.
type midway struct {
	first, rest io.Reader
	happens     func()
}

func (m *midway) Read(p []byte) (int, error) {
	n, err := m.first.Read(p)
	if err != io.EOF {
		return n, err
	}
	if m.happens != nil {
		m.happens()
		m.happens = nil
	}
	return m.rest.Read(p)
}

// TestWhoIsOutGetsNoFurther: what a member listens to and what they send ends within [gate.LeaseAge] of their removal, and nothing
// that comes after it is kept. Who may only read from now on sends nothing more.
func TestWhoIsOutGetsNoFurther(t *testing.T) {
	t.Parallel()
	for what, out := range outs() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := worldtest.New(t)
			ten := w.Tenant(t, "Alder")
			c, sound := ten.Case(t, false), worldtest.Tone(2)
			refusal := map[bool]fault.Kind{true: fault.Denied, false: fault.Missing}[what == "demoted"]
			_, member := w.Session(t, ten.Member)
			playing, err := w.Capture.Play(member, c.Recording)
			check(t, err)
			defer playing.Close()
			_, err = io.ReadFull(playing, make([]byte, 100))
			check(t, err)
			up, err := w.Capture.Begin(member, c.Meeting, "again.wav", int64(len(sound)))
			check(t, err)
			body := &midway{bytes.NewReader(sound[:1000]), bytes.NewReader(sound[1000:]), func() { check(t, out(w, ten, actor(member).Member)) }}
			_, err = w.Capture.Append(member, up.ID, 0, body)
			wants(t, "an upload during which they are "+what, err, refusal)
			var received int
			check(t, w.Admin.QueryRow(t.Context(), `select coalesce(sum(size), 0) from tenant.part where upload_id = $1`, up.ID).Scan(&received))
			if received != 0 {
				t.Errorf("%d bytes of it are kept", received)
			}
			w.Clock.Advance(gate.LeaseAge)
			if _, err = playing.Read(make([]byte, 100)); what != "demoted" {
				wants(t, "a recording that was being listened to", err, fault.Missing)
			} else if err != nil {
				t.Errorf("who may still listen hears no more: %v", err)
			}
		})
	}
}

// TestPagesOfWhoIsOutClose: a stream of a page that stands open ends within five seconds, and no page is shown again, neither
// anew nor from a copy.
func TestPagesOfWhoIsOutClose(t *testing.T) {
	t.Parallel()
	for what, out := range outs() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := worldtest.New(t)
			ten := w.Tenant(t, "Alder")
			c, p := ten.Case(t, false), w.Pages(t)
			watching, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- w.Identity.Watch(watching) }()
			defer func() { stop(); <-ended }()
			for hear := 0; hear == 0; {
				check(t, w.Admin.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and query like 'listen session_ended%'`).Scan(&hear))
			}
			b := p.Browser(t, ten.Member)
			page := b.Get(t, "/meetings/"+c.Meeting.String())
			if page.Code != http.StatusOK || page.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("a page answers %d, to be kept: %q", page.Code, page.Header().Get("Cache-Control"))
			}
			live := httptest.NewServer(p.Server.Handler())
			defer live.Close()
			ctx, leave := context.WithTimeout(t.Context(), time.Minute)
			defer leave()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, live.URL+"/events/jobs", nil)
			check(t, err)
			r.AddCookie(b.Cookie)
			stream, err := http.DefaultClient.Do(r)
			check(t, err)
			defer stream.Body.Close()
			_, err = io.ReadFull(stream.Body, make([]byte, 6))
			check(t, err)
			check(t, out(w, ten, actor(ten.Member).Member))
			began := time.Now()
			late := time.AfterFunc(5*time.Second, leave)
			_, _ = io.Copy(io.Discard, stream.Body)
			if !late.Stop() {
				t.Errorf("a stream goes on %s after its reader was %s", time.Since(began), what)
			}
			if what == "demoted" {
				wantsStatus(t, b, "POST", "/meetings/"+c.Meeting.String()+"/approve", http.StatusForbidden)
				return
			}
			for _, path := range []string{"/meetings/" + c.Meeting.String(), "/meetings/" + c.Meeting.String() + "/audio", "/events/jobs", "/api/v1/meetings/" + c.Meeting.String()} {
				got := b.Do(t, http.MethodGet, path, nil, map[string]string{"If-None-Match": "*", "If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"})
				if got.Code != http.StatusUnauthorized && got.Code != http.StatusNotFound && got.Code != http.StatusSeeOther || bytes.Contains(got.Body.Bytes(), []byte(ten.Word)) {
					t.Errorf("GET %s of who was %s: %d", path, what, got.Code)
				}
			}
		})
	}
}

func wantsStatus(t *testing.T, b *worldtest.Browser, method, path string, status int) {
	t.Helper()
	got := b.Do(t, method, path, http.NoBody, map[string]string{"X-CSRF-Token": b.Token})
	if got.Code != status {
		t.Errorf("%s %s: %d, want %d", method, path, got.Code, status)
	}
}
