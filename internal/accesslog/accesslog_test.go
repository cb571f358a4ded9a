package accesslog_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/tenant"
)

const month = 30 * 24 * time.Hour

func newLog(t *testing.T, w *gatetest.World) *accesslog.Service {
	t.Helper()
	s, err := accesslog.New(accesslog.Config{Gate: w.Gate, Source: w.Source, Log: slog.New(slog.DiscardHandler), Keep: month})
	check(t, err)
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// line is a request of somebody.
func line(w *gatetest.World, who context.Context, status int) accesslog.Line {
	w.Clock.Advance(time.Second)
	a := tenant.Visitor(who)
	return accesslog.Line{At: w.Clock.Now(), Request: tenant.NewID[tenant.RequestID](w.Source), Kind: a.Kind.String(), Credential: "session", Member: a.Member,
		Workspace: a.Workspace, Address: "192.0.2.7", Method: "GET", Route: "/meetings/{id}", Status: status, Took: 12 * time.Millisecond, Bytes: 34}
}

func TestLinesAreShownToWhoAdministrates(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	s, a, b := newLog(t, w), w.Workspace(t), w.Workspace(t)
	owner, admin, member, other := a.Member(t, gate.Owner), a.Member(t, gate.Admin), a.Member(t, gate.Member), b.Member(t, gate.Owner)
	first, second := line(w, owner, 200), line(w, member, 403)
	for _, l := range []accesslog.Line{first, second, line(w, other, 200), line(w, t.Context(), 401)} {
		s.Take(l)
	}
	for _, as := range []context.Context{owner, admin} {
		p, err := s.Newest(as, accesslog.Filter{})
		check(t, err)
		if len(p.Lines) != 2 || p.Lines[0].Request != second.Request || p.Lines[1].Request != first.Request || p.Older || len(p.Members) != 2 {
			t.Fatalf("the log is %+v", p)
		}
		got := p.Lines[0]
		got.At = got.At.UTC()
		if got != second {
			t.Errorf("a line is %+v, want %+v", got, second)
		}
	}
	for _, as := range []context.Context{member, a.Member(t, gate.Viewer)} {
		if _, err := s.Newest(as, accesslog.Filter{}); !fault.Is(err, fault.Denied) {
			t.Errorf("who may not gets %v", err)
		}
	}
	if p, err := s.Newest(other, accesslog.Filter{Member: tenant.Visitor(owner).Member}); err != nil || len(p.Lines) != 0 {
		t.Errorf("another workspace's owner sees %+v, %v", p, err)
	}
	if p, err := s.Newest(owner, accesslog.Filter{Member: tenant.Visitor(member).Member}); err != nil || len(p.Lines) != 1 || p.Lines[0].Request != second.Request {
		t.Errorf("of one member: %+v, %v", p, err)
	}
	for status, want := range map[accesslog.Status]int{accesslog.Any: 2, accesslog.Answered: 1, accesslog.Refused: 1, accesslog.Failed: 0} {
		if p, err := s.Newest(owner, accesslog.Filter{Status: status}); err != nil || len(p.Lines) != want {
			t.Errorf("of status %q: %d lines, %v; want %d", status, len(p.Lines), err, want)
		}
	}
}

func TestTheLogHasPages(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	s, a := newLog(t, w), w.Workspace(t)
	owner := a.Member(t, gate.Owner)
	for range 5 {
		s.Take(line(w, owner, 200))
	}
	f, seen := accesslog.Filter{Limit: 2}, map[tenant.RequestID]bool{}
	for range 3 {
		p, err := s.Newest(owner, f)
		check(t, err)
		for _, l := range p.Lines {
			seen[l.Request] = true
		}
		if f.Before = p.Lines[len(p.Lines)-1].Request; p.Older != (len(seen) < 5) {
			t.Errorf("after %d lines there are older ones: %v", len(seen), p.Older)
		}
	}
	if len(seen) != 5 {
		t.Errorf("the pages show %d lines, want 5", len(seen))
	}
}

func rows(t *testing.T, w *gatetest.World) int {
	t.Helper()
	var n int
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from control.access_log`).Scan(&n))
	return n
}

func TestOldLinesGo(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	s, owner := newLog(t, w), w.Workspace(t).Member(t, gate.Owner)
	s.Take(line(w, owner, 200))
	s.Take(line(w, t.Context(), 404))
	check(t, s.Flush(t.Context()))
	w.Clock.Advance(month - time.Minute)
	s.Take(line(w, owner, 200))
	check(t, s.Flush(t.Context()))
	for _, step := range []struct {
		wait time.Duration
		left int
	}{{0, 3}, {time.Minute, 1}, {month, 0}} {
		w.Clock.Advance(step.wait)
		if _, err := s.Sweep(t.Context()); err != nil || rows(t, w) != step.left {
			t.Errorf("after %s more %d lines are left, %v; want %d", step.wait, rows(t, w), err, step.left)
		}
	}
}

// TestAFloodOfStrangersIsCut keeps the newest of who had no session, and every line of a workspace.
func TestAFloodOfStrangersIsCut(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	s, owner := newLog(t, w), w.Workspace(t).Member(t, gate.Owner)
	s.Strangers = 3
	for range 5 {
		s.Take(line(w, owner, 200))
		s.Take(line(w, t.Context(), 401))
	}
	check(t, s.Flush(t.Context()))
	var newest, oldest time.Time
	n, err := s.Sweep(t.Context())
	check(t, w.Admin.QueryRow(t.Context(), `select max(at), min(at) from control.access_log where workspace_id is null`).Scan(&newest, &oldest))
	if err != nil || n != 2 || rows(t, w) != 8 || !newest.Equal(w.Clock.Now()) || newest.Sub(oldest) != 4*time.Second {
		t.Errorf("%d lines were removed, %v, and %d left, of strangers from %s to %s; want 2, 8 and the newest three", n, err, rows(t, w), oldest, newest)
	}
}

// TestWhatCannotBeStoredWaitsAndNobodyWithIt: a database that refuses keeps no request waiting, and loses no line that there is
// room for.
func TestWhatCannotBeStoredWaitsAndNobodyWithIt(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	s, owner := newLog(t, w), w.Workspace(t).Member(t, gate.Owner)
	_, err := w.Admin.Exec(t.Context(), `alter table control.access_log add constraint full_up check (false) not valid`)
	check(t, err)
	l := line(w, owner, 200)
	s.Take(l)
	if err := s.Flush(t.Context()); err == nil || s.Dropped() != 0 {
		t.Fatalf("Flush = %v, dropped %d", err, s.Dropped())
	}
	nobody := line(w, t.Context(), 401)
	for range 3000 {
		s.Take(nobody)
	}
	if n := s.Dropped(); n != 3000-1024 {
		t.Errorf("of a flood of strangers %d lines were dropped, want %d", n, 3000-1024)
	}
	s.Take(line(w, owner, 200))
	if n := s.Dropped(); n != 3000-1024 {
		t.Error("a person's line was dropped for a stranger's")
	}
	for range 10_000 {
		s.Take(l)
	}
	if n := s.Dropped(); n < 10_000-8192 {
		t.Errorf("%d lines were dropped: too many are held", n)
	}
	_, err = w.Admin.Exec(t.Context(), `alter table control.access_log drop constraint full_up`)
	check(t, err)
	check(t, s.Flush(t.Context()))
	if n := rows(t, w); n != 3 {
		t.Errorf("%d requests are stored, want 3: each once, however often it was taken", n)
	}
}

func TestALogThatCannotWorkIsNotMade(t *testing.T) {
	t.Parallel()
	if _, err := accesslog.New(accesslog.Config{}); err == nil {
		t.Error("a log without a gate was made")
	}
}
