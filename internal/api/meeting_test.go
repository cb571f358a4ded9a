package api_test

import (
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/api"
	"mainstay/internal/api/operation"
	"mainstay/internal/worldtest"
)

func TestAMeetingFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	c := clientOf(t, p, w.Tenant(t, "Alder").Member)
	out := c.want(t, http.StatusCreated, "POST", "/meetings", `{"title":"Site meeting","attendees":[{"name":"Ada"}],"starts_at":"2026-03-12T09:00:00+01:00"}`)
	m := decode[api.Meeting](t, out)
	at := strings.TrimPrefix(out.Header().Get("Location"), "/api/v1")
	if m.Title != "Site meeting" || m.StartsAt == nil || m.StartsAt.String() != "2026-03-12 08:00:00 +0000 UTC" || at != "/meetings/"+m.ID {
		t.Errorf("made at %s: %+v", at, m)
	}
	out = c.want(t, http.StatusOK, "GET", at, "")
	tag := out.Header().Get("Etag")
	if out := c.want(t, http.StatusNotModified, "GET", at, "", "If-None-Match", tag); out.Body.Len() > 0 {
		t.Errorf("304 with a body")
	}
	c.want(t, http.StatusPreconditionRequired, "PATCH", at, `{"title":"Other"}`)
	c.want(t, http.StatusPreconditionFailed, "PATCH", at, `{"title":"Other"}`, "If-Match", `"no"`)
	out = c.want(t, http.StatusOK, "PATCH", at, `{"title":"Other","starts_at":null}`, "If-Match", tag)
	if m := decode[api.Meeting](t, out); m.Title != "Other" || m.StartsAt != nil || len(m.Attendees) != 1 {
		t.Errorf("changed to %+v", m)
	}
	if fresh := c.want(t, http.StatusOK, "GET", at, "").Header().Get("Etag"); fresh != out.Header().Get("Etag") || fresh == tag {
		t.Errorf("tags: before %s, of the change %s, after %s", tag, out.Header().Get("Etag"), fresh)
	}
	c.want(t, http.StatusPreconditionFailed, "PATCH", at, `{"title":"Late"}`, "If-Match", tag)
	c.want(t, http.StatusNoContent, "DELETE", at, "")
	c.want(t, http.StatusNotFound, "GET", at, "")
	c.want(t, http.StatusOK, "POST", at+"/restore", "")
	if r := decode[api.Receipt](t, c.want(t, http.StatusOK, "POST", at+"/erase", "")); len(r.Records) != 1 {
		t.Errorf("destroyed %v", r)
	}
	c.want(t, http.StatusNotFound, "GET", at, "")
}

func TestListsArePagedBySignedCursors(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c := clientOf(t, p, ten.Member)
	for range 5 {
		c.want(t, http.StatusCreated, "POST", "/meetings", `{"title":"Same"}`)
	}
	seen, path := map[string]bool{}, "/meetings?title=same&limit=2"
	for path != "" {
		out := c.want(t, http.StatusOK, "GET", path, "")
		page := decode[operation.List[api.Meeting]](t, out)
		for _, m := range page.Items {
			seen[m.ID] = true
		}
		link := out.Header().Get("Link")
		if (link == "") != (page.NextCursor == nil) {
			t.Fatalf("Link is %q, next_cursor %v", link, page.NextCursor)
		}
		path, _, _ = strings.Cut(strings.TrimPrefix(link, "</api/v1"), ">")
		if page.NextCursor == nil {
			continue
		}
		cursor := *page.NextCursor
		for name, bad := range map[string]string{"changed": "A" + cursor[1:], "cut": cursor[:20], "of other filters": cursor + "&title=other", "no base64": "%21%21"} {
			query := "/meetings?title=same&cursor=" + bad
			if name == "of other filters" {
				query = "/meetings?title=other&cursor=" + cursor
			}
			c.want(t, http.StatusUnprocessableEntity, "GET", query, "")
		}
		clientOf(t, p, ten.Owner).want(t, http.StatusUnprocessableEntity, "GET", "/meetings?title=same&cursor="+cursor, "")
	}
	if len(seen) != 5 {
		t.Errorf("%d meetings over all pages, want 5", len(seen))
	}
	for _, limit := range []string{"0", "201", "-1", "x", "", "1e2", "50&limit=50"} {
		c.want(t, http.StatusUnprocessableEntity, "GET", "/meetings?limit="+limit, "")
	}
}

func TestAPostWithAKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c := clientOf(t, p, ten.Member)
	first := c.want(t, http.StatusCreated, "POST", "/meetings", `{"title":"Once"}`, "Idempotency-Key", "k1")
	again := c.want(t, http.StatusCreated, "POST", "/meetings", `{"title":"Once"}`, "Idempotency-Key", "k1")
	if first.Body.String() != again.Body.String() || first.Header().Get("Location") != again.Header().Get("Location") || again.Header().Get("Location") == "" {
		t.Errorf("the second answer is another: %s and %s", first.Body, again.Body)
	}
	c.want(t, http.StatusUnprocessableEntity, "POST", "/meetings", `{"title":"Other"}`, "Idempotency-Key", "k1")
	c.want(t, http.StatusUnprocessableEntity, "POST", "/meetings", `{"title":"Other"}`, "Idempotency-Key", "a b")
	clientOf(t, p, ten.Owner).want(t, http.StatusCreated, "POST", "/meetings", `{"title":"Theirs"}`, "Idempotency-Key", "k1")
	if n := len(decode[operation.List[api.Meeting]](t, c.want(t, http.StatusOK, "GET", "/meetings", "")).Items); n != 2 {
		t.Errorf("%d meetings, want 2", n)
	}
	w.Clock.Advance(24*60*60*1e9 + 1)
	if err := w.Once.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := w.Admin.QueryRow(t.Context(), `select count(*) from tenant.idempotency`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d entries are left after a day (%v)", left, err)
	}
}

func TestRequestsAreReadStrictly(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	c := clientOf(t, p, w.Tenant(t, "Alder").Member)
	const canary = "CANARY7"
	for name, one := range map[string]struct {
		body    string
		status  int
		pointer string
		header  []string
	}{
		"an unknown field":              {`{"title":"x","` + canary + `":1}`, 422, "", nil},
		"a field of the server's":       {`{"title":"x","workspace_id":"` + canary + `"}`, 422, "", nil},
		"a wrong case":                  {`{"Title":"` + canary + `"}`, 422, "/title", nil},
		"a field twice":                 {`{"title":"a","title":"` + canary + `"}`, 422, "/title", nil},
		"a number for a text":           {`{"title":1}`, 422, "/title", nil},
		"null for a text":               {`{"title":null}`, 422, "/title", nil},
		"a text for a list":             {`{"attendees":"` + canary + `"}`, 422, "/attendees", nil},
		"an unknown field in a list":    {`{"attendees":[{"name":"a"},{"name":"b","role":"` + canary + `"}]}`, 422, "/attendees/1", nil},
		"a field that is missing":       {`{"attendees":[{"email":"` + canary + `"}]}`, 422, "/attendees/0/name", nil},
		"a text that is too long":       {`{"title":"` + strings.Repeat(canary, 40) + `"}`, 422, "/title", nil},
		"no time":                       {`{"starts_at":"` + canary + `"}`, 422, "/starts_at", nil},
		"no word of the list":           {`{"template":"` + canary + `"}`, 422, "/template", nil},
		"a fraction":                    {`{"people":1.5}`, 422, "/people", nil},
		"a number beyond":               {`{"people":51}`, 422, "/people", nil},
		"a list":                        {`["` + canary + `"]`, 422, "", nil},
		"something behind":              {`{"title":"x"} "` + canary + `"`, 400, "", nil},
		"two values":                    {`{"title":"x"}{"title":"y"}`, 400, "", nil},
		"no JSON":                       {`{"title":` + canary, 400, "", nil},
		"a comment":                     {`{/* ` + canary + ` */}`, 400, "", nil},
		"bytes that are no UTF-8":       {"{\"title\":\"" + canary + "\xff\"}", 400, "", nil},
		"too deep":                      {strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100), 400, "", nil},
		"too large":                     {`{"title":"` + strings.Repeat("a", 300<<10) + `"}`, 413, "", nil},
		"another media type":            {`title=` + canary, 415, "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"text":                          {`{"title":"x"}`, 415, "", []string{"Content-Type", "text/plain"}},
		"another charset":               {`{"title":"x"}`, 415, "", []string{"Content-Type", "application/json; charset=latin1"}},
		"no media type":                 {`{"title":"x"}`, 415, "", []string{"Content-Type", ""}},
		"a coding":                      {`{"title":"x"}`, 415, "", []string{"Content-Encoding", "gzip"}},
		"a zone that there is not":      {`{"zone":"` + canary + `"}`, 422, "", nil},
		"a key of a prototype":          {`{"__proto__":{"` + canary + `":1}}`, 422, "", nil},
		"a number that none can keep":   {`{"people":1e400}`, 422, "/people", nil},
		"a text in place of the number": {`{"people":"1"}`, 422, "/people", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := c.want(t, one.status, "POST", "/meetings", one.body, one.header...)
			said := decode[problem](t, out)
			if out.Header().Get("Content-Type") != "application/problem+json" || said.Status != one.status || said.Detail == "" || said.Type == "" {
				t.Errorf("the problem is %+v", said)
			}
			if one.pointer != "" && (len(said.Errors) == 0 || said.Errors[0].Pointer != one.pointer) {
				t.Errorf("errors are %+v, want one at %s", said.Errors, one.pointer)
			}
			if strings.Contains(out.Body.String(), canary) {
				t.Errorf("what was sent comes back: %s", out.Body)
			}
		})
	}
	for path, status := range map[string]int{"/meetings?workspace=x": 422, "/meetings?Limit=2": 422, "/meetings?title=a&title=b": 422, "/meetings?from=yesterday": 422,
		"/meetings?stage=draft,nothing": 422, "/meetings?title=%zz": 400, "/me?x=1": 422, "/meetings/mtg_nothing": 404, "/meetings/none": 404} {
		c.want(t, status, "GET", path, "")
	}
	c.want(t, http.StatusBadRequest, "POST", "/meetings", "")
	c.want(t, http.StatusBadRequest, "GET", "/me", `{}`)
}
