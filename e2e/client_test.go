package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mainstay/internal/sample"
)

var shownKey = regexp.MustCompile(`value="(mst_[A-Za-z0-9_-]{43})"`)

// form posts a form with its token, as the page of a signed-in person does.
func (d *deployment) form(t *testing.T, path string, form url.Values) response {
	t.Helper()
	form.Set("csrf", string(csrf.FindSubmatch(d.get(t, "/meetings"))[1]))
	a, err := d.post(path, form)
	if err != nil {
		t.Fatalf("POST %s: %v\n%s", path, err, d.run.log)
	}
	return a
}

// key makes an API key of the person who is signed in.
func (d *deployment) key(t *testing.T, scopes ...string) string {
	t.Helper()
	a := d.form(t, "/settings/keys", url.Values{"name": {"A client"}, "days": {"7"}, "scope": scopes})
	found := shownKey.FindSubmatch(a.body)
	if a.StatusCode != http.StatusOK || found == nil {
		t.Fatalf("making a key: %d %.300s", a.StatusCode, a.body)
	}
	return string(found[1])
}

// TestAClientOfOpenAIsTranscribesUnchanged has the package that OpenAI publishes transcribe a file against us: nothing in it
// knows that we are another.
func TestAClientOfOpenAIsTranscribesUnchanged(t *testing.T) {
	t.Parallel()
	python, err := filepath.Abs("../.cache/clients/bin/python")
	check(t, err)
	if _, err := os.Stat(python); err != nil {
		t.Skip("OpenAI's package is not here: make setup brings it")
	}
	d := newDeployment(t, "", speaking(t)...)
	d.patience = 2 * time.Minute
	d.start(t)
	d.own(t, owner())
	file := filepath.Join(t.TempDir(), sample.File)
	check(t, os.WriteFile(file, spoken(t), 0o600))
	cmd := exec.CommandContext(t.Context(), python, "clients/speech.py", d.run.url+"/v1", file)
	cmd.Env = append(os.Environ(), "OPENAI_API_KEY="+d.key(t, "meetings:write"), "PYTHONDONTWRITEBYTECODE=1")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("the client: %v\n%s\n%s", err, &said, d.run.log)
	}
	var got struct {
		Text, Language, Plain string
		Duration              float64
		Words                 [][]any
		Segments              int
		Models                []string
	}
	check(t, json.Unmarshal(out.Bytes(), &got))
	if len(got.Words) < 20 || got.Segments == 0 || got.Language != "english" || got.Duration < 5 || !strings.Contains(strings.ToLower(got.Text), "library") || got.Models[0] != "whisper-1" {
		t.Fatalf("the client got %s", &out)
	}
	last := 0.0
	for _, w := range got.Words {
		start, end := w[1].(float64), w[2].(float64)
		if start < last-0.5 || end < start || end > got.Duration+1 {
			t.Fatalf("the word %v stands at %v to %v after %v", w[0], start, end, last)
		}
		last = start
	}
}

// remote runs a command of the client against the deployment and returns what it printed.
func (d *deployment) remote(t *testing.T, home string, env []string, args ...string) (out, said string, code int) {
	t.Helper()
	program, err := builds[""]()
	check(t, err)
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append([]string{"HOME=" + home, "MAINSTAY_CLIENT_SERVER=" + d.run.url}, env...)
	var printed, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &told
	_ = cmd.Run()
	return printed.String(), told.String(), cmd.ProcessState.ExitCode()
}

// TestTheCommandLineIsAClient signs a command line in by its person's browser, sends a recording, reads what came of it, and
// signs out; and does the same with a key of less.
func TestTheCommandLineIsAClient(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "", speaking(t)...)
	d.patience = 3 * time.Minute
	d.start(t)
	d.own(t, owner())
	home, file := t.TempDir(), filepath.Join(t.TempDir(), sample.File)
	check(t, os.WriteFile(file, spoken(t), 0o600))
	if _, said, code := d.remote(t, home, nil, "meetings", "list"); code != 1 || !strings.Contains(said, "mainstay login") {
		t.Errorf("before the login: %d %s", code, said)
	}
	d.letIn(t, home)
	out, said, code := d.remote(t, home, nil, "meetings", "upload", file, "--title", "Library site", "--attendees", "Tom Baker, Ada Byron", "--told", "yes")
	if code != 0 || !strings.HasPrefix(out, "# Library site") || !strings.Contains(said, "stored safely") {
		t.Fatalf("uploading: %d %s\n%s", code, out, said)
	}
	out, _, code = d.remote(t, home, nil, "meetings", "list", "library")
	id, _, _ := strings.Cut(out, " ")
	if code != 0 || !strings.HasPrefix(id, "mtg_") {
		t.Fatalf("listing: %d %s", code, out)
	}
	if out, _, code = d.remote(t, home, nil, "meetings", "transcript", id, "--format", "vtt"); code != 0 || !strings.HasPrefix(out, "WEBVTT") {
		t.Errorf("transcript: %d %.100s", code, out)
	}
	if _, said, code = d.remote(t, home, nil, "meetings", "minutes"); code != 2 || !strings.Contains(said, "mainstay meetings minutes ID") {
		t.Errorf("without an id: %d %s", code, said)
	}
	reader := []string{"MAINSTAY_CLIENT_KEY=" + d.key(t, "meetings:read")}
	if out, _, code = d.remote(t, t.TempDir(), reader, "meetings", "minutes", id, "--json"); code != 0 || !strings.Contains(out, `"format": "mainstay.minutes/1"`) {
		t.Errorf("with a key: %d %.200s", code, out)
	}
	if _, said, code = d.remote(t, t.TempDir(), reader, "meetings", "upload", file); code != 1 || !strings.Contains(said, "scope") {
		t.Errorf("with a key that may read alone: %d %s", code, said)
	}
	if out, _, code = d.remote(t, home, nil, "logout"); code != 0 || !strings.Contains(out, "Signed out") {
		t.Errorf("logging out: %d %s", code, out)
	}
	if _, _, code = d.remote(t, home, nil, "meetings", "list"); code != 1 {
		t.Errorf("after it: %d", code)
	}
}

// letIn runs login and allows it as the person who is signed in would.
func (d *deployment) letIn(t *testing.T, home string) {
	t.Helper()
	program, err := builds[""]()
	check(t, err)
	cmd := exec.CommandContext(t.Context(), program, "login", "--server", d.run.url)
	cmd.Env = []string{"HOME=" + home}
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	check(t, cmd.Start())
	asked := regexp.MustCompile(`/device\?code=([A-Z-]+)`)
	d.until(t, "login shows a code", func() bool { return asked.MatchString(out.String()) })
	code := asked.FindStringSubmatch(out.String())[1]
	if page := d.get(t, "/device?code="+code); !bytes.Contains(page, []byte("asks to act as you")) {
		t.Fatalf("the page does not ask: %.500s", page)
	}
	if a := d.form(t, "/device", url.Values{"code": {code}, "allow": {"yes"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("allowing: %d %.300s", a.StatusCode, a.body)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("login: %v\n%s", err, &out)
	}
}
