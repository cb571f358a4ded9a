package e2e

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/gate"
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
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c := ten.Case(t, false)
	server := httptest.NewServer(p.Server.Handler())
	defer server.Close()
	owner, viewer := p.Browser(t, ten.Owner), p.Browser(t, ten.Viewer)
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
		"by cookie": append(cookied(owner), "--exclude-operation-id", "change-password", "--exclude-operation-id", "create-workspace"),
		// What gives the session a new cookie would leave the rest of a walk outside.
		"by another cookie": append(cookied(viewer), "--include-operation-id", "change-password", "--include-operation-id", "create-workspace"),
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
		})
	}
}

// cookied are the arguments of a walk in a browser's session.
func cookied(b *worldtest.Browser) []string {
	return []string{"--header", "Cookie: " + b.Cookie.String(), "--header", "X-CSRF-Token: " + b.Token, "--header", "Sec-Fetch-Site: same-origin", "--checks", scanChecks}
}

// scanChecks are what every answer must pass.
const scanChecks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"

func ending(text string, most int) string { return text[max(0, len(text)-most):] }

// scanSettings gives the walk ids that exist, so that it gets behind the first door.
func scanSettings(c worldtest.Case) string {
	var b strings.Builder
	b.WriteString("[checks.negative_data_rejection]\nexpected-statuses = [\"400\", \"401\", \"403\", \"404\", \"405\", \"409\", \"410\", \"412\", \"413\", \"414\", \"415\", \"422\", \"428\", \"429\"]\n\n")
	for _, destroys := range []string{"erase-meeting", "delete-meeting", "erase-recording", "erase-transcript", "erase-minutes", "end-upload", "remove-webhook", "remove-provider", "remove-domain"} {
		fmt.Fprintf(&b, "[[operations]]\ninclude-operation-id = %q\nparameters = { \"path.id\" = %q }\n\n", destroys, "mtg_0123456789abcdefghjkmnpqr0")
	}
	for _, one := range [][2]string{{"/api/v1/meetings/", c.Meeting.String()}, {"/api/v1/uploads/", c.Upload.String()}, {"/api/v1/recordings/", c.Recording.String()},
		{"/api/v1/transcripts/", c.Transcript.String()}, {"/api/v1/minutes/", c.Minutes.String()}, {"/api/v1/jobs/", c.Done.String()},
		{"/api/v1/webhooks/", c.Hook.String()}, {"/api/v1/settings/providers/", c.Provider.String()}, {"/api/v1/settings/domains/", c.Domain.String()}} {
		fmt.Fprintf(&b, "[[operations]]\ninclude-path-regex = \"^%s\"\nparameters = { \"path.id\" = %q, \"path.transcript\" = %q }\n\n", one[0], one[1], c.Transcript)
	}
	return b.String()
}
