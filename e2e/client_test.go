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
