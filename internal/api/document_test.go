package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/worldtest"
)

// document is the part of an OpenAPI document that the tests look at.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]entry
	Tags       []struct{ Name string }
	Components struct {
		Schemas   map[string]any
		Responses map[string]told
	}
}

type entry struct {
	OperationID string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Security    []map[string][]string
	Verb        string `json:"x-verb"`
	Parameters  []struct{ Name, In string }
	RequestBody *struct {
		Content map[string]struct{ Schema any }
	}
	Responses map[string]told
}

// told is an answer as the document tells of it.
type told struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]struct{ Schema any }
}

func documentOf(t *testing.T, p *worldtest.Pages) document {
	t.Helper()
	var doc document
	if err := json.Unmarshal(p.API.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestTheDocumentIsTheRouter: what can be asked is documented, and what is documented can be asked, with the same credentials.
func TestTheDocumentIsTheRouter(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	doc := documentOf(t, p)
	documented := map[string]entry{}
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, e := range methods {
			documented[strings.ToUpper(method)+" "+path] = e
			if ids[e.OperationID] {
				t.Errorf("two operations are called %s", e.OperationID)
			}
			ids[e.OperationID] = true
		}
	}
	p.Server.Walk(func(r httpd.Route) {
		one := r.Method + " " + r.Pattern
		if !strings.HasPrefix(r.Pattern, "/api/v1/") || one == "GET /api/v1/openapi.json" {
			return
		}
		e, ok := documented[one]
		if !ok {
			t.Errorf("%s is a route and not in the document", one)
			return
		}
		delete(documented, one)
		for status, a := range e.Responses {
			if name, ok := strings.CutPrefix(a.Ref, "#/components/responses/"); ok {
				e.Responses[status] = doc.Components.Responses[name]
			}
		}
		e.agrees(t, one, r)
	})
	for one := range documented {
		t.Errorf("%s is in the document and no route", one)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
}

// agrees wants an entry to say of a route what the router and the policy table say.
func (e entry) agrees(t *testing.T, one string, r httpd.Route) {
	t.Helper()
	if want := strings.TrimPrefix(r.Policy.String(), "verb "); e.Verb != want && r.Policy != httpd.SignedIn() {
		t.Errorf("%s says the verb %q, the route %q", one, e.Verb, want)
	}
	if e.Summary == "" || e.Description == "" || len(e.Tags) != 1 {
		t.Errorf("%s does not say what it is", one)
	}
	i := slices.IndexFunc(gate.Policy(), func(rule gate.Rule) bool { return string(rule.Verb) == e.Verb })
	bearer, cookie := false, false
	for _, s := range e.Security {
		scopes, by := s["bearer"]
		bearer = bearer || by
		if by && i >= 0 {
			rule := gate.Policy()[i]
			if rule.Scope != gate.Anything && !slices.Contains(scopes, string(rule.Scope)) || rule.Scope == "" || rule.Confirm {
				t.Errorf("%s takes keys with the scopes %v, the policy table says %s, confirm %v", one, scopes, rule.Scope, rule.Confirm)
			}
		}
		_, by = s["cookie"]
		cookie = cookie || by
		if _, form := s["form"]; by && form == (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			t.Errorf("%s by cookie wants the form's token: %v", one, form)
		}
	}
	if !cookie || i >= 0 && !bearer && gate.Policy()[i].Scope != "" && !gate.Policy()[i].Confirm {
		t.Errorf("%s takes by cookie %v, by key %v", one, cookie, bearer)
	}
	for _, status := range []string{"400", "401", "403", "422", "429", "500", "503"} {
		if e.Responses[status].Content["application/problem+json"].Schema == nil {
			t.Errorf("%s does not say that it may answer %s", one, status)
		}
	}
	for name := range map[string]bool{"id": true} {
		if strings.Contains(r.Pattern, "{"+name+"}") && e.Responses["404"].Description == "" {
			t.Errorf("%s does not say that it may answer 404", one)
		}
	}
}

var update = flag.Bool("update", false, "write docs/openapi.json anew")

// TestTheDocumentIsPublished holds docs/openapi.json to the program, so that a change of the API is seen in review.
func TestTheDocumentIsPublished(t *testing.T) {
	t.Parallel()
	now, path := worldtest.New(t).Pages(t).API.OpenAPI(), filepath.Join("..", "..", "docs", "openapi.json")
	if *update {
		if err := os.WriteFile(path, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, now) {
		t.Errorf("docs/openapi.json is not the program's document (%v): go test ./internal/api -run Published -update", err)
	}
}

func TestTheDocumentIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	first, second := w.Pages(t), w.Pages(t)
	if !bytes.Equal(first.API.OpenAPI(), second.API.OpenAPI()) {
		t.Error("two documents of one program differ")
	}
	out := first.Browser(t, nil).Get(t, "/api/v1/openapi.json")
	if out.Code != http.StatusOK || !bytes.Equal(out.Body.Bytes(), first.API.OpenAPI()) {
		t.Errorf("it is served with %d", out.Code)
	}
}
