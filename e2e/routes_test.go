package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// visit is how a test asks a route, and what it expects for who may.
type visit struct {
	of     func(c worldtest.Case) string     // what stands for {id}; nil: the route names no object
	query  func(c worldtest.Case) url.Values // nil: none
	form   url.Values                        // of a POST, beside the token
	header map[string]string
	body   string // in place of a form
	json   string // of an operation of the API
	maker  bool   // of a member's, only what they made
	mine   bool   // only what one made, whoever one is
	ends   int    // for who may; zero: anything below 400
	none   string // why the route belongs to nobody; nothing of the above is set then
}

func meetingOf(c worldtest.Case) string { return c.Meeting.String() }
func uploadOf(c worldtest.Case) string  { return c.Upload.String() }

// visits says for every route what the tests below need. A route that is not here fails them.
func visits() map[string]visit {
	half := string(worldtest.Tone(0)[len(worldtest.Tone(0))/2:])
	tus := func(more map[string]string) map[string]string {
		h := map[string]string{"Tus-Resumable": "1.0.0"}
		for name, value := range more {
			h[name] = value
		}
		return h
	}
	piece := tus(map[string]string{"Content-Type": "application/offset+octet-stream", "Upload-Offset": fmt.Sprint(len(worldtest.Tone(0)) / 2)})
	overridden := tus(map[string]string{"Content-Type": piece["Content-Type"], "Upload-Offset": piece["Upload-Offset"], "X-HTTP-Method-Override": "PATCH"})
	announced := tus(map[string]string{"Upload-Length": "10", "Upload-Metadata": "filename " + base64.StdEncoding.EncodeToString([]byte("a.wav"))})
	table := map[string]visit{
		"GET /static/":           {none: "files that everybody gets"},
		"POST /csp-report":       {none: "what browsers report"},
		"GET /docs/api":          {none: "what the API is like"},
		"GET /docs/errors":       {none: "what problems mean"},
		"GET /setup/{token}":     {none: "its token is its right"},
		"POST /setup/{token}":    {none: "its token is its right"},
		"GET /sign-in":           {none: "the door"},
		"POST /sign-in":          {none: "the door"},
		"OPTIONS /uploads":       {none: "which version of tus is spoken"},
		"OPTIONS /uploads/{id}":  {none: "which version of tus is spoken"},
		"GET /setup/checks":      {},
		"GET /setup/checks/list": {},

		"GET /settings/deployment":     {},
		"GET /settings/deployment/now": {},
		"POST /sign-out":               {},
		"GET /{$}":                     {},
		"GET /events/running":          {},
		"GET /jobs":                    {},
		"GET /events/jobs":             {},
		"GET /settings/models":         {},
		"POST /settings/models": {ends: http.StatusUnprocessableEntity, form: url.Values{"version": {"7"}, "on": {"yes"}, "provider": {"openai"}, // of another version
			"url": {nobodyListens().URL}, "model": {"stand-in"}, "own": {"yes"}, "region": {"here"}, "terms": {"https://terms.example"}, "training": {"no"}, "keeps": {"0"}, "budget": {"1"}}},
		"POST /settings/languages":     {form: url.Values{"languages": {"en, de"}}},
		"GET /settings/ledger":         {},
		"GET /settings/access-log":     {},
		"GET /settings/keys":           {},
		"GET /settings/keys/new":       {},
		"POST /settings/keys":          {form: url.Values{"name": {"Report"}, "days": {"90"}, "scope": {"meetings:read"}}},
		"POST /settings/keys/{id}/end": {of: func(c worldtest.Case) string { return c.Key.String() }, mine: true},
		"GET /v1/models":               {},
		"POST /mcp":                    {header: map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}, body: `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`},
		"POST /v1/audio/transcriptions": {header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"},
			body: "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n" + string(worldtest.Tone(0)) + "\r\n--x--\r\n"},
		"POST /oauth/device":                          {none: "a program without a credential asks"},
		"POST /oauth/token":                           {none: "its code or token is its right"},
		"POST /oauth/revoke":                          {none: "its token is its right"},
		"GET /.well-known/oauth-authorization-server": {none: "where a program finds the above"},
		"GET /device":                                 {},
		"POST /device":                                {ends: http.StatusUnprocessableEntity, form: url.Values{"code": {"BCDF-GHJK"}}},
		"GET /palette":                                {},
		"GET /meetings":                               {},
		"GET /meetings/new":                           {},
		"POST /meetings": {header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, body: "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n" +
			"--x\r\nContent-Disposition: form-data; name=\"source\"\r\n\r\npaste\r\n--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nAda: We agreed.\r\n--x--\r\n"},
		"POST /uploads":          {header: announced},
		"HEAD /uploads/{id}":     {of: uploadOf, mine: true, header: tus(nil)},
		"PATCH /uploads/{id}":    {of: uploadOf, mine: true, header: piece, body: half},
		"POST /uploads/{id}":     {of: uploadOf, mine: true, header: overridden, body: half},
		"DELETE /uploads/{id}":   {of: uploadOf, mine: true, header: tus(nil)},
		"POST /jobs/{id}/run":    {of: func(c worldtest.Case) string { return c.Done.String() }},
		"POST /jobs/{id}/cancel": {of: func(c worldtest.Case) string { return c.Waiting.String() }},
		"GET /meetings/{id}/transcript": {of: meetingOf, query: func(c worldtest.Case) url.Values {
			return url.Values{"from": {"0"}, "of": {c.Transcript.String()}}
		}},
		"POST /meetings/{id}/delete":  {of: meetingOf, maker: true},
		"POST /meetings/{id}/restore": {of: meetingOf, maker: true},
		"POST /meetings/{id}/run":     {of: meetingOf, form: url.Values{"what": {"minutes"}}},
		"POST /meetings/{id}/cancel":  {of: meetingOf, ends: http.StatusConflict},
	}
	maps.Copy(table, postVisits())
	maps.Copy(table, webhookVisits())
	maps.Copy(table, providerVisits())
	line := url.Values{"minutes": {"{minutes}"}, "version": {"1"}, "in": {"summary"}, "text": {"We agreed."}, "name": {"Ada"}, "title": {"Changed"}}
	for _, change := range []string{"/lines", "/lines/{line}", "/lines/undo", "/review", "/approve", "/speakers/{speaker}", "/speakers/{speaker}/undo", "/details"} {
		table["POST /meetings/{id}"+change] = visit{of: meetingOf, form: line}
	}
	undone := table["POST /meetings/{id}/lines/undo"]
	undone.ends = http.StatusConflict // nothing was changed
	table["POST /meetings/{id}/lines/undo"] = undone
	table["GET /meetings/{id}/lines/new"] = visit{of: meetingOf, query: func(worldtest.Case) url.Values { return url.Values{"in": {"summary"}} }}
	for _, form := range []string{"/lines/{line}", "/lines/{line}/edit", "/details"} {
		table["GET /meetings/{id}"+form] = visit{of: meetingOf}
	}
	table["GET /meetings/{id}/erase"] = visit{of: meetingOf, maker: true}
	table["POST /meetings/{id}/erase"] = visit{of: meetingOf, maker: true, form: url.Values{"what": {"meeting"}, "confirm": {"erase"}}}
	for one, v := range accountVisits() {
		table[one] = v
	}
	maps.Copy(table, rosterVisits())
	for one, v := range programVisits() {
		table[strings.Replace(one, " ", " /api/v1", 1)] = v
	}
	for _, page := range []string{"", "/minutes.md", "/transcript.txt", "/transcript.vtt", "/transcript.srt", "/meeting.json", "/progress", "/audio", "/peaks", "/words"} {
		table["GET /meetings/{id}"+page] = visit{of: meetingOf}
	}
	return table
}

// TestEveryRouteHasACase walks the router: a route has a case here, and its policy is a row of the policy table.
func TestEveryRouteHasACase(t *testing.T) {
	t.Parallel()
	table, walked := visits(), map[string]bool{}
	worldtest.New(t).Pages(t).Server.Walk(func(r httpd.Route) {
		one := r.Method + " " + r.Pattern
		walked[one] = true
		v, ok := table[one]
		switch {
		case !ok:
			t.Errorf("%s has no case in visits: say what it names, and what it answers", one)
		case (v.none != "") != (r.Policy == httpd.Public()):
			t.Errorf("%s is %s, and its case says %q", one, r.Policy, v.none)
		case strings.Contains(r.Pattern, "{id}") != (v.of != nil) && v.none == "":
			t.Errorf("%s names an object, or its case does, and the other does not", one)
		}
		if verb, ok := strings.CutPrefix(r.Policy.String(), "verb "); ok && !slices.ContainsFunc(gate.Policy(), func(rule gate.Rule) bool { return string(rule.Verb) == verb }) {
			t.Errorf("%s asks for %s, which the policy table does not hold", one, verb)
		}
	})
	for one := range table {
		if !walked[one] {
			t.Errorf("visits has a case for %s, which is no route", one)
		}
	}
}

// reply is all that a browser can see of an answer, and what the request left in the log, without ids and tokens.
type reply struct {
	Status int
	Header http.Header
	Body   string
	Events []string
}

var masked = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b|[A-Za-z0-9_-]{86}`)

// first ends a stream after its first piece.
type first struct {
	*httptest.ResponseRecorder
	end context.CancelFunc
}

func (f first) Flush() { f.ResponseRecorder.Flush(); f.end() }

// forged is what a request says about a workspace beside its session.
type forged func(r *http.Request)

func (v visit) ask(t *testing.T, p *worldtest.Pages, b *worldtest.Browser, r httpd.Route, c worldtest.Case, more ...forged) reply {
	t.Helper()
	path := strings.NewReplacer("{line}", "s1", "{speaker}", "s1", "{$}", "", "{file}", "minutes.md", "{transcript}", c.Transcript.String(), "{delivery}", "msg_00000000000000000000000000").Replace(r.Pattern)
	if v.of != nil {
		path = strings.Replace(path, "{id}", v.of(c), 1)
	}
	query := url.Values{}
	if v.query != nil {
		query = v.query(c)
	}
	body := strings.ReplaceAll(v.body, "{csrf}", b.Token)
	if v.json != "" {
		body = strings.ReplaceAll(v.json, "{fresh}", tenant.NewID[tenant.EventID](p.World.Source).String())
	}
	if body == "" && r.Method == http.MethodPost && !strict(r) {
		form := url.Values{"csrf": {b.Token}}
		for name, values := range v.form {
			form[name] = values
		}
		body = strings.NewReplacer("%7Bminutes%7D", c.Minutes.String(), "%7Bunique%7D", rand.Text()).Replace(form.Encode())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req := httptest.NewRequestWithContext(ctx, r.Method, path, strings.NewReader(body))
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("X-CSRF-Token", b.Token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strict(r) {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range v.header {
		req.Header.Set(name, value)
	}
	if b.Cookie != nil {
		req.AddCookie(b.Cookie)
	}
	for _, forge := range more {
		forge(req)
	}
	out := first{httptest.NewRecorder(), cancel}
	p.Server.Handler().ServeHTTP(out, req)
	return seen(t, p.World, out.ResponseRecorder)
}

func seen(t *testing.T, w *worldtest.World, out *httptest.ResponseRecorder) reply {
	t.Helper()
	var request tenant.RequestID
	if err := request.UnmarshalText([]byte(out.Header().Get("X-Request-Id"))); err != nil {
		t.Fatalf("an answer has no request id: %v", err)
	}
	rows, err := w.Admin.Query(t.Context(), `
select concat_ws(' ', stream, actor_kind, verb, object_id is null, outcome, reason) from audit.event where request_id = $1 order by 1`, request)
	if err != nil {
		t.Fatal(err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	got := reply{Status: out.Code, Header: out.Header().Clone(), Body: masked.ReplaceAllString(out.Body.String(), "ID"), Events: events}
	got.Header.Del("X-Request-Id")
	got.Header.Del("RateLimit") // how much is left differs from one request to the next
	got.Header.Del("RateLimit") // one less each time
	for name, values := range got.Header {
		for i, v := range values {
			got.Header[name][i] = masked.ReplaceAllString(v, "ID")
		}
	}
	return got
}

// forgeries claim to be of another workspace in every place of a request that a careless handler could read.
func forgeries(other *worldtest.Tenant, c worldtest.Case) map[string]forged {
	actor, _ := tenant.ActorOf(other.Owner)
	fields := map[string]string{"workspace": other.ID.String(), "workspace_id": other.ID.String(), "tenant": other.ID.String(), "member": actor.Member.String(),
		"meeting": c.Meeting.String(), "record": c.Record.String(), "actor": actor.Member.String()}
	return map[string]forged{
		"in headers": func(r *http.Request) {
			for name, value := range fields {
				r.Header.Set("X-"+strings.ReplaceAll(name, "_", "-"), value)
			}
			r.Header.Set("X-Forwarded-User", actor.Member.String())
			r.Header.Set("X-Original-URL", "/meetings/"+c.Meeting.String())
		},
		"in the query": func(r *http.Request) {
			q := r.URL.Query()
			for name, value := range fields {
				q.Set(name, value)
			}
			r.URL.RawQuery = q.Encode()
		},
		"in the body": func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.Header.Get("Content-Type") == "application/json" && len(body) > 0 {
				body = []byte(strings.Replace(string(body), "{", `{"workspace_id":"`+other.ID.String()+`",`, 1))
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				return
			}
			if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Method != http.MethodPost {
				r.Body = io.NopCloser(bytes.NewReader(body))
				return
			}
			for name, value := range fields {
				body = append(body, "&"+name+"="+value...)
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		},
		"in cookies": func(r *http.Request) {
			for name, value := range fields {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
		},
	}
}

// TestNoRouteCrossesWorkspaces walks the router as workspace B, with A's ids, with a colleague's private ones, with none that
// exist, and with A's ids in every other place of the request.
func TestNoRouteCrossesWorkspaces(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	theirs, private := a.Case(t, false), b.Case(t, true)
	owner, member, nobody := p.Browser(t, b.Owner), p.Browser(t, b.Member), p.Browser(t, nil)
	before, table := everything(t, w, a), visits()
	p.Server.Walk(func(r httpd.Route) {
		v, ok := table[r.Method+" "+r.Pattern]
		if !ok || v.none != "" {
			return
		}
		t.Run(r.Method+" "+r.Pattern, func(t *testing.T) {
			if got := v.ask(t, p, nobody, r, theirs); got.Status != http.StatusUnauthorized &&
				(got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/sign-in")) {
				t.Errorf("without a session: %d, want 401 or the way to sign in", got.Status)
			}
			if v.of == nil {
				if r.Pattern == "/sign-out" {
					return // TestNobodyEndsAnothersSession
				}
				plain := v.ask(t, p, owner, r, theirs)
				if strings.Contains(plain.Body, a.Word) || plain.Status != v.ends && plain.Status >= 400 {
					t.Errorf("it answers %d, with what is another workspace's: %v", plain.Status, strings.Contains(plain.Body, a.Word))
				}
				for where, forge := range forgeries(a, theirs) {
					got := v.ask(t, p, owner, r, theirs, forge)
					if strict(r) && !strings.Contains(got.Body, a.Word) {
						refusesForgeries(t, where, v, got, plain)
						continue
					}
					if strings.Contains(got.Body, a.Word) || got.Status != plain.Status {
						t.Errorf("another workspace's ids %s: %d, and of theirs: %v", where, got.Status, strings.Contains(got.Body, a.Word))
					}
				}
				return
			}
			for who, browser := range map[string]*worldtest.Browser{"its owner": owner, "a member": member} {
				want := v.ask(t, p, browser, r, w.Nowhere())
				if want.Status != http.StatusNotFound || len(want.Events) != 1 && r.Policy != httpd.SignedIn() { // one's own account's are the instance's
					t.Errorf("of what does not exist, for %s: %d with the events %q, want 404 and one refusal", who, want.Status, want.Events)
				}
				same(t, "of another workspace's, for "+who, v.ask(t, p, browser, r, theirs), want)
				for where, forge := range forgeries(a, theirs) {
					if strict(r) {
						refusesForgeries(t, where, v, v.ask(t, p, browser, r, w.Nowhere(), forge), want)
						continue
					}
					same(t, "with another workspace's ids "+where, v.ask(t, p, browser, r, w.Nowhere(), forge), want)
				}
			}
			same(t, "of what is not shared", v.ask(t, p, member, r, private), v.ask(t, p, member, r, w.Nowhere()))
		})
	})
	if after := everything(t, w, a); after != before {
		t.Errorf("the other workspace changed\nfrom %s\n  to %s", before, after)
	}
}

func same(t *testing.T, what string, got, want reply) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v\nwant, as of what does not exist, %+v", what, got, want)
	}
}

// TestRoutesKnowTheirRoles asks each route as every role that may not, which is refused and leaves the refusal in the log, and
// as the least that may: the control of both tests.
func TestRoutesKnowTheirRoles(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Cedar")
	browsers := map[gate.Role]*worldtest.Browser{gate.Owner: p.Browser(t, ten.Owner), gate.Admin: p.Browser(t, ten.Admin),
		gate.Member: p.Browser(t, ten.Member), gate.Viewer: p.Browser(t, ten.Viewer)}
	table := visits()
	p.Server.Walk(func(r httpd.Route) {
		v, ok := table[r.Method+" "+r.Pattern]
		least := leastOf(r)
		if !ok || least == "" {
			return
		}
		var c worldtest.Case
		if v.of != nil {
			c = ten.Case(t, false)
		}
		t.Run(r.Method+" "+r.Pattern, func(t *testing.T) {
			lower := false
			for _, role := range gate.Roles() {
				if lower || v.maker && role == gate.Member {
					got := v.ask(t, p, browsers[role], r, c)
					if got.Status != http.StatusForbidden || len(got.Events) != 1 || !strings.HasSuffix(got.Events[0], "refused denied") {
						t.Errorf("for the %s: %d with the events %q, want 403 and one refusal", role, got.Status, got.Events)
					}
				}
				lower = lower || role == least
			}
			may := least
			if v.maker {
				may = gate.Admin
			}
			if v.mine {
				may = gate.Owner // who made the case
			}
			got := v.ask(t, p, browsers[may], r, c)
			if v.ends == 0 && got.Status >= 400 || v.ends != 0 && got.Status != v.ends {
				t.Errorf("for the %s: %d, %.300s", may, got.Status, got.Body)
			}
		})
	})
}

// leastOf returns the least role that a route's verb wants, empty for a route without a verb.
func leastOf(r httpd.Route) gate.Role {
	for _, rule := range gate.Policy() {
		if r.Policy == httpd.Verb(rule.Verb) {
			return rule.Least
		}
	}
	return ""
}

// TestNoOtherPathLeadsAnywhere asks for what nobody registered, in the neighbourhood of what somebody did.
func TestNoOtherPathLeadsAnywhere(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	c := a.Case(t, false)
	stranger, nobody := p.Browser(t, b.Owner), p.Browser(t, nil)
	p.Server.Walk(func(r httpd.Route) {
		if r.Policy == httpd.Public() || r.Method != http.MethodGet || r.Stream {
			return
		}
		path := strings.NewReplacer("{id}", c.Meeting.String(), "{$}", "").Replace(r.Pattern)
		for _, near := range []string{path + "/", path + "/x", "/x" + path, strings.ToUpper(path), "/" + path, path + "%00", path + "/..;/", path + ".json", "/." + path,
			"/static/.." + path, "/static/%2e%2e" + path, path + "?_method=DELETE", "/api/v1" + path} {
			for who, browser := range map[string]*worldtest.Browser{"nobody": nobody, "a stranger": stranger} {
				if _, err := url.ParseRequestURI(near); err != nil {
					continue
				}
				got := browser.Do(t, http.MethodGet, near, nil, nil)
				if strings.Contains(got.Body.String(), a.Word) || who == "nobody" && got.Code < 300 {
					t.Errorf("GET %s for %s: %d", near, who, got.Code)
				}
			}
		}
	})
}
