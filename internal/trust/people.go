package trust

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/loopback"
	"mainstay/internal/trust/search"
)

// cookie carries the sessions of the proof. They mean nothing to the program's own.
const cookie = "proof"

// browser sends requests to the program's pages over a listener of its own on loopback, as the owner of one of the workspaces
// or as nobody.
type browser struct {
	address string
	tokens  map[*side]string
	close   func()
}

func (p *proof) browser() (*browser, error) {
	b := &browser{tokens: map[*side]string{&p.ours: rand.Text(), &p.other: rand.Text()}}
	pages, err := p.Pages(func(r *http.Request) (tenant.Actor, error) {
		c, err := r.Cookie(cookie)
		for s, token := range b.tokens {
			if err == nil && subtle.ConstantTimeCompare([]byte(c.Value), []byte(token)) == 1 {
				return s.owner, nil
			}
		}
		return tenant.Actor{}, fault.New(fault.Denied, "Sign in first.")
	})
	if err != nil {
		return nil, err
	}
	b.address, b.close, err = loopback.Serve(pages, nil)
	return b, err
}

// page is an answer, read whole.
type page struct {
	status int
	body   []byte
}

// get asks for a page. Of an answer without an end it reads nothing.
func (b *browser) get(ctx context.Context, s *side, path string, header ...string) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.address+path, nil)
	if err != nil {
		return page{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	if s != nil {
		req.AddCookie(&http.Cookie{Name: cookie, Value: b.tokens[s]})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return page{}, fmt.Errorf("asking for a page: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK && strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return page{status: res.StatusCode}, nil
	}
	body, err := io.ReadAll(res.Body)
	return page{res.StatusCode, body}, err
}

// routesNamed looks at every address of the program, and asks for some that nobody named.
func routesNamed(ctx context.Context, p *proof) (finding, error) {
	verbs := map[string]bool{}
	for _, rule := range gate.Policy() {
		verbs["verb "+string(rule.Verb)] = true
	}
	public := 0
	for _, r := range p.Routes {
		switch {
		case r.Policy == "public":
			public++
		case r.Policy != "signed in" && !verbs[r.Policy]:
			return fail("%s %s says not who may use it", r.Method, r.Pattern)
		}
	}
	b, err := p.browser()
	if err != nil {
		return finding{}, err
	}
	defer b.close()
	unnamed := []string{"/admin", "/.git/config", "/api/v1/", "/debug/pprof/", "/meetings/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/static/../store.go", "/metrics"}
	for _, path := range unnamed {
		for _, s := range []*side{nil, &p.ours} {
			if got, err := b.get(ctx, s, path); err != nil || got.status < 300 {
				return fail("%s answers %d, and is no address of the program (%v)", path, got.status, err)
			}
		}
	}
	for _, r := range p.Routes {
		if r.Policy == "public" || r.Method != http.MethodGet {
			continue
		}
		if got, err := b.get(ctx, nil, r.Filled("mtg_none")); err != nil || got.status < 300 {
			return fail("%s answers %d to a stranger (%v)", r.Pattern, got.status, err)
		}
	}
	return pass("%d addresses, each with its rule, %d public; %d that do not exist are refused", len(p.Routes), public, len(unnamed))
}

// workspaceFromSession asks for the other workspace's meeting in every way in which a request can name one.
func workspaceFromSession(ctx context.Context, p *proof) (finding, error) {
	theirs, err := p.meeting(ctx, &p.other, meeting.Details{Title: "Theirs " + p.name("other")})
	if err != nil {
		return finding{}, err
	}
	b, err := p.browser()
	if err != nil {
		return finding{}, err
	}
	defer b.close()
	tried := 0
	for path, want := range map[string]int{"/meetings/" + theirs.ID.String(): http.StatusNotFound, "/meetings": http.StatusOK} {
		for _, smuggled := range smuggling(p.other.owner.Workspace.String()) {
			tried++
			got, err := b.get(ctx, &p.ours, path+smuggled[0], smuggled[1:]...)
			if err != nil || got.status != want || bytes.Contains(got.body, []byte(p.name("other"))) {
				return fail("GET %s answers %d, want %d and nothing of the other workspace (%v)", path, got.status, want, err)
			}
		}
		got, err := b.get(ctx, &p.other, path)
		if err != nil || got.status != http.StatusOK || !bytes.Contains(got.body, []byte(p.name("other"))) {
			return fail("GET %s answers %d to its own owner, so that the other answers say nothing (%v)", path, got.status, err)
		}
	}
	return pass("%d requests that name another workspace in query, header or cookie: none reached it", tried)
}

// smuggling is every way in which a request can name a workspace: a query, then names and values of headers.
func smuggling(ws string) [][]string {
	all := [][]string{{""}}
	for _, name := range []string{"workspace", "workspace_id", "tenant"} {
		all = append(all, []string{"?" + name + "=" + ws}, []string{"", "Cookie", name + "=" + ws})
	}
	for _, name := range []string{"X-Workspace", "X-Workspace-Id", "X-Tenant-Id", "X-Forwarded-Host", "X-Original-Url"} {
		all = append(all, []string{"", name, ws})
	}
	return all
}

// workspacesApart tries every way to our meeting as the other workspace's owner: services, pages, rows.
func workspacesApart(ctx context.Context, p *proof) (finding, error) {
	o, err := p.opened(ctx)
	if err != nil {
		return finding{}, err
	}
	stranger := p.other.as(ctx)
	attempts := p.attempts(stranger, o)
	for name, attempt := range attempts {
		if err := attempt(); !fault.Is(err, fault.Missing) {
			return fail("%s of another workspace: %v, want that it does not exist", name, err)
		}
	}
	page, err := p.Meetings.List(stranger, meeting.Filter{})
	if err != nil {
		return finding{}, err
	}
	for _, m := range page.Meetings {
		if m.ID == o.Meeting.ID {
			return fail("the meeting stands in another workspace's list")
		}
	}
	pages, err := p.strangePages(ctx, o)
	if err != nil {
		return finding{}, err
	}
	var seen, changed int64
	var tables int
	err = p.Gate.View(stranger, gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		seen, changed, tables, err = foreign(ctx, tx, p.ours.owner.Workspace)
		return err
	})
	if err != nil {
		return finding{}, err
	}
	if seen+changed > 0 {
		return fail("%d rows of other workspaces are seen and %d could be changed, past the gate", seen, changed)
	}
	return pass("%d acts and %d pages answer as for nothing; 0 foreign rows seen or changed in %d tables", len(attempts), pages, tables)
}

// attempts are acts on our meeting, each as a stranger.
func (p *proof) attempts(as context.Context, o minutes.Opened) map[string]func() error {
	m := o.Meeting
	return map[string]func() error{
		"opening a meeting": func() error { _, err := p.Minutes.Open(as, m.ID); return err },
		"changing a meeting": func() error {
			_, err := p.Meetings.Change(as, m.ID, m.Version, meeting.Details{Title: "Taken"})
			return err
		},
		"deleting a meeting": func() error { return p.Meetings.Delete(as, m.ID) },
		"following the work": func() error { _, err := p.Progress.Of(as, m.ID); return err },
		"uploading":          func() error { _, err := p.Capture.Begin(as, m.ID, "theirs.wav", 10); return err },
		"importing":          func() error { _, err := p.Speech.Import(as, m.ID, "t.txt", []byte("Eve: Hello.")); return err },
		"naming a speaker":   func() error { return p.Speech.NameSpeaker(as, o.Transcript.ID, "s1", "Eve") },
		"editing minutes": func() error {
			_, err := p.Minutes.Edit(as, o.Minutes.ID, 1, minutes.Change{Line: "a1", Remove: true})
			return err
		},
		"approving minutes":    func() error { return p.Minutes.Approve(as, o.Minutes.ID, o.Minutes.Version) },
		"erasing minutes":      func() error { _, err := p.Minutes.Erase(as, o.Minutes.ID); return err },
		"erasing a transcript": func() error { _, err := p.Speech.Erase(as, o.Transcript.ID); return err },
	}
}

var errShown = errors.New("a page of another workspace's meeting is shown")

// strangePages asks for every page about our meeting as the other owner, and returns how many there are.
func (p *proof) strangePages(ctx context.Context, o minutes.Opened) (int, error) {
	b, err := p.browser()
	if err != nil {
		return 0, err
	}
	defer b.close()
	pages := 0
	for _, r := range p.Routes {
		if r.Method != http.MethodGet || !strings.Contains(r.Pattern, "{id}") {
			continue
		}
		pages++
		got, err := b.get(ctx, &p.other, r.Filled(o.Meeting.ID.String()))
		if err != nil || got.status != http.StatusNotFound || search.For(p.word).Within(got.body) != nil {
			return pages, errors.Join(fmt.Errorf("%w: %s answers %d", errShown, r.Pattern, got.status), err)
		}
	}
	return pages, nil
}
