package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/token"
	"mainstay/internal/worldtest"
)

// TestDrillAPIWalked has schemathesis make requests of the OpenAPI document, right ones and wrong ones, against a live server.
// No answer may be a failure of ours, and each must be one that the document names, in the form that it names.
func TestDrillAPIWalked(t *testing.T) {
	program := filepath.Join(os.Getenv("MAINSTAY_TEST_SCAN"), "bin", "schemathesis")
	if _, err := os.Stat(program); err != nil {
		t.Skip("MAINSTAY_TEST_SCAN names no folder with schemathesis: run deploy/scan")
	}
	w := worldtest.New(t)
	heard := &answers{of: map[string]map[int]int{}}
	p := w.PagesFor(t, nil, func(edge *httpd.Config) { edge.Accessed = heard.note })
	ten := w.Tenant(t, "Alder")
	c := ten.Case(t, false)
	person := ten.Owner
	owner := &walker{pages: p, sign: func(anew bool) *worldtest.Browser {
		if anew {
			person = ten.Person(t, gate.Owner)
		}
		return p.Browser(t, person)
	}}
	owner.first = owner.sign(false)
	owner.now = owner.first
	server := httptest.NewServer(owner)
	defer server.Close()
	key, err := w.Tokens.Create(ten.Owner, token.Request{Name: "Walk", Scopes: gate.Scopes()})
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "schemathesis.toml")
	if err := os.WriteFile(settings, []byte(scanSettings(c)), 0o600); err != nil {
		t.Fatal(err)
	}
	walks := map[string][]string{
		"by key": {"--header", "Authorization: Bearer " + key.Key.Reveal(), "--checks", scanChecks + ",negative_data_rejection,ignored_auth"},
		// What is for browsers only wants its cookie, whose name is another one without TLS: not each wrong request can be told.
		"by cookie": cookied(owner.first),
	}
	for _, name := range scanWalks() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			arguments := append([]string{"--config-file", settings, "run", server.URL + "/api/v1/openapi.json", "--url", server.URL,
				"--phases", "examples,coverage,fuzzing", "--max-examples", fmt.Sprint(scanExamples), "--workers", "2", "--seed", "7", "--no-color", "--generation-database", "none",
				"--request-timeout", "20", "--exclude-path-regex", "/events$", "--exclude-operation-id", "append-upload"}, walks[name]...)
			cmd := exec.CommandContext(t.Context(), program, arguments...)
			cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &out
			if err := cmd.Run(); err != nil {
				t.Errorf("schemathesis: %v\n%s", err, ending(out.String(), 20_000))
			}
			t.Log(ending(out.String(), 600))
			if outside := heard.take(http.StatusUnauthorized); len(outside) > 0 {
				t.Errorf("the walk was never let in at %q: it says nothing of them", outside)
			}
		})
	}
}

// walker is a browser that signs in again where a walk ended its session or took it elsewhere. Else the rest of the walk would
// stand outside, and say nothing.
type walker struct {
	pages      *worldtest.Pages
	sign       func(anew bool) *worldtest.Browser // anew: as another owner
	mu         sync.Mutex
	first, now *worldtest.Browser
}

// ServeHTTP answers as the pages do. What comes with the first session's cookie and token comes with those of now.
func (b *walker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(b.first.Cookie.Name)
	if err != nil || cookie.Value != b.first.Cookie.Value {
		b.pages.Server.Handler().ServeHTTP(w, r)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the walk's request broke off", http.StatusBadRequest)
		return
	}
	out := b.ask(r, body)
	if out.Code == http.StatusUnauthorized {
		b.now = b.sign(false)
		out = b.ask(r, body)
	}
	gone := out.Code < 300 && (strings.HasSuffix(r.URL.Path, "/transfer") || strings.HasSuffix(r.URL.Path, "/leave"))
	if gone || len(out.Result().Cookies()) > 0 { // the person is no owner now, or the session went elsewhere
		b.now = b.sign(gone)
	}
	for name, values := range out.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(out.Code)
	_, _ = w.Write(out.Body.Bytes())
}

func (b *walker) ask(r *http.Request, body []byte) *httptest.ResponseRecorder {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("Cookie", b.now.Cookie.String())
	if r.Header.Get("X-Csrf-Token") == b.first.Token {
		r.Header.Set("X-Csrf-Token", b.now.Token)
	}
	out := httptest.NewRecorder()
	b.pages.Server.Handler().ServeHTTP(out, r)
	return out
}

// answers counts how each route was answered.
type answers struct {
	mu sync.Mutex
	of map[string]map[int]int
}

func (a *answers) note(seen httpd.Access) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := seen.Method + " " + seen.Route
	if a.of[one] == nil {
		a.of[one] = map[int]int{}
	}
	a.of[one][seen.Status]++
}

// take returns the routes that were answered in one way alone, and begins to count anew.
func (a *answers) take(status int) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var alone []string
	for one, by := range a.of {
		if len(by) == 1 && by[status] > 0 {
			alone = append(alone, one)
		}
	}
	a.of = map[string]map[int]int{}
	slices.Sort(alone)
	return alone
}

// cookied are the arguments of a walk in a browser's session. It changes whatever is there now, so that it gets behind the
// preconditions; the walk by key tries those.
func cookied(b *worldtest.Browser) []string {
	return []string{"--header", "Cookie: " + b.Cookie.String(), "--header", "X-CSRF-Token: " + b.Token, "--header", "Sec-Fetch-Site: same-origin", "--header", "If-Match: *", "--checks", scanChecks}
}

// scanChecks are what every answer must pass.
const scanChecks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"

func ending(text string, most int) string { return text[max(0, len(text)-most):] }

// scanSettings gives the walk ids that exist, so that it gets behind the first door.
func scanSettings(c worldtest.Case) string {
	var b strings.Builder
	b.WriteString("[checks.negative_data_rejection]\nexpected-statuses = [\"400\", \"401\", \"403\", \"404\", \"405\", \"409\", \"410\", \"412\", \"413\", \"414\", \"415\", \"422\", \"428\", \"429\"]\n\n")
	// The walk chooses a model whose server is not there, so that its test rightly says that nobody answers.
	b.WriteString("[[operations]]\ninclude-operation-id = \"test-model\"\nchecks = { not_a_server_error = { expected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"503\"] } }\n\n")
	for _, destroys := range []string{"erase-meeting", "delete-meeting", "erase-recording", "erase-transcript", "erase-minutes", "end-upload", "remove-webhook", "remove-provider", "remove-domain", "remove-member", "end-key", "revoke-invitation"} {
		fmt.Fprintf(&b, "[[operations]]\ninclude-operation-id = %q\nparameters = { \"path.id\" = %q }\n\n", destroys, "mtg_0123456789abcdefghjkmnpqr0")
	}
	for _, one := range [][2]string{{"/api/v1/meetings/", c.Meeting.String()}, {"/api/v1/uploads/", c.Upload.String()}, {"/api/v1/recordings/", c.Recording.String()},
		{"/api/v1/transcripts/", c.Transcript.String()}, {"/api/v1/minutes/", c.Minutes.String()}, {"/api/v1/jobs/", c.Done.String()},
		{"/api/v1/webhooks/", c.Hook.String()}, {"/api/v1/settings/providers/", c.Provider.String()}, {"/api/v1/settings/domains/", c.Domain.String()}, {"/api/v1/members/", c.Person.String()},
		{"/api/v1/keys/", c.Key.String()}, {"/api/v1/invitations/", c.Invitation.String()}, {"/api/v1/notices/", c.Notice.String()}} {
		fmt.Fprintf(&b, "[[operations]]\ninclude-path-regex = \"^%s\"\nparameters = { \"path.id\" = %q, \"path.transcript\" = %q }\n\n", one[0], one[1], c.Transcript)
	}
	return b.String()
}
