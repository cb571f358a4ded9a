package e2e

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// released is the archive of this tree, unpacked.
var released = sync.OnceValues(func() (string, error) {
	dir, err := buildFolder()
	if err != nil {
		return "", err
	}
	return unpacked(filepath.Join("..", "deploy", "release"), "v9.9.9", dir)
})

// unpacked makes a release by a tree's own script and returns the folder that its archive holds.
func unpacked(script, version, dir string, args ...string) (string, error) {
	cmd := exec.Command(script, append([]string{"-out", filepath.Join(dir, "release")}, args...)...)
	cmd.Env = append(os.Environ(), "VERSION="+version, "SOURCE_DATE_EPOCH=1700000000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("making the release: %w: %s", err, out)
	}
	lines := strings.Fields(string(out))
	if out, err := exec.Command("tar", "-xzf", lines[len(lines)-1], "-C", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("unpacking it: %w: %s", err, out)
	}
	return filepath.Join(dir, "mainstay-"+version+"-linux-amd64"), nil
}

// install runs a release's installer as the runbook says, for a folder in place of the machine, and has the deployment start by
// its unit's command line.
func (d *deployment) install(t *testing.T, release string) {
	t.Helper()
	machine := filepath.Join(d.root, "machine")
	out, err := exec.Command(filepath.Join(release, "install"), "-root", machine).CombinedOutput()
	if err != nil {
		t.Fatalf("installing: %v: %s", err, out)
	}
	unit, err := os.ReadFile(filepath.Join(machine, "etc", "systemd", "system", "mainstay.service"))
	check(t, err)
	_, line, _ := strings.Cut(string(unit), "\nExecStart=")
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	if len(words) != 2 || words[1] != "serve" {
		t.Fatalf("the unit starts %q, want the program with serve", line)
	}
	d.program = filepath.Join(machine, words[0])
}

// previous returns the version and commit of the release before, and its tree in a folder; no folder where this checkout does
// not have its history.
func previous(t *testing.T) (version, tree string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", "previous"))
	check(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	words := strings.Fields(lines[len(lines)-1])
	if len(words) != 2 {
		t.Fatalf("deploy/previous ends with %q, want a version and a commit", lines[len(lines)-1])
	}
	if exec.Command("git", "cat-file", "-e", words[1]+"^{commit}").Run() != nil {
		return words[0], ""
	}
	tree = t.TempDir()
	archive := filepath.Join(tree, "tree.tar")
	for _, args := range [][]string{{"git", "-C", "..", "archive", "-o", archive, words[1]}, {"tar", "-xf", archive, "-C", tree}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("unpacking the tree of %s: %v: %s", words[0], err, out)
		}
	}
	return words[0], tree
}

// paste brings a transcript in through the pages and waits for its minutes.
func (d *deployment) paste(t *testing.T, title, text string) *journey {
	t.Helper()
	page := d.get(t, "/meetings/new?from=paste")
	token := csrf.FindSubmatch(page)
	if token == nil {
		t.Fatalf("the page has no token: %.300s", page)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"csrf", string(token[1])}, {"source", "paste"}, {"title", title}, {"language", "en"}, {"told", "unknown"}, {"text", text}} {
		check(t, form.WriteField(field[0], field[1]))
	}
	check(t, form.Close())
	a, err := d.ask(http.MethodPost, "/meetings", http.Header{"Content-Type": {form.FormDataContentType()}}, &body)
	if err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("pasting: %v, status %d: %.500s", err, statusOf(a), a.body)
	}
	j := &journey{deployment: d, meeting: strings.SplitN(a.Header.Get("Location"), "?", 2)[0]}
	j.drafted(t)
	return j
}

const (
	heldTitle = "Harbour wall"
	heldLine  = "We agreed to order the second crane for the harbour wall"
)

// hold makes a meeting in a fresh deployment and stops it.
func (d *deployment) hold(t *testing.T) *journey {
	t.Helper()
	d.start(t)
	d.own(t, owner())
	j := d.paste(t, heldTitle, "Ada: "+heldLine+".\nBen: I will call the supplier tomorrow.\n")
	d.stop(t)
	return j
}

// held starts the deployment again and wants the meeting of before with its minutes, for its owner, who signs in anew.
func (d *deployment) held(t *testing.T, j *journey) {
	t.Helper()
	var err error
	d.cookies, err = cookiejar.New(nil)
	check(t, err)
	d.start(t)
	if d.run.setup != "" {
		t.Errorf("the deployment has an owner, and offers %q", d.run.setup)
	}
	a, err := d.post("/sign-in", url.Values{"email": {owner().Get("email")}, "password": {owner().Get("password")}})
	if err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in: %v, status %d: %.300s", err, statusOf(a), a.body)
	}
	if page := d.get(t, "/meetings"); !bytes.Contains(page, []byte(heldTitle)) {
		t.Errorf("the list of meetings lacks the one of before: %.2000s", page)
	}
	if page := d.get(t, j.meeting); !bytes.Contains(page, []byte("the second crane")) || !bytes.Contains(page, []byte("call the supplier")) {
		t.Errorf("the minutes of before are not there: %.2000s", page)
	}
	again := d.paste(t, "After the upgrade", "Ada: We agreed to paint the crane green.\n")
	if page := d.get(t, again.meeting); !bytes.Contains(page, []byte("the crane green")) {
		t.Errorf("new minutes are not made: %.2000s", page)
	}
	d.stop(t)
}

// refusesNewer marks the database as one of a newer program, which is what a downgrade finds, and wants a sentence.
func (d *deployment) refusesNewer(t *testing.T) {
	t.Helper()
	d.start(t)
	admin := d.admin(t)
	_, err := admin.Exec(t.Context(), `insert into queue.goose_version (version_id, is_applied) values (9999, true)`)
	check(t, err)
	d.stop(t)
	if d.begin(t) {
		t.Fatal("the program started on the database of a newer one")
	}
	if said := d.run.log.String(); !strings.Contains(said, "written by a newer Mainstay") || !strings.Contains(said, "backup") {
		t.Errorf("a downgrade is refused with %q, want what it is and what to do", said)
	}
	d.gone()
}

// TestUpgradeKeepsAMeeting installs this tree's release over the program of the one before, on a data folder with a meeting.
func TestUpgradeKeepsAMeeting(t *testing.T) {
	t.Parallel()
	release, err := released()
	check(t, err)
	d := newDeployment(t, "")
	version, tree := previous(t)
	if tree == "" {
		t.Logf("this checkout lacks the history of %s: the release is installed over itself, and its migrations are not tried here", version)
		d.install(t, release)
	} else {
		t.Logf("upgrading from %s, built from its commit", version)
		d.program = filepath.Join(tree, "mainstay")
		build := exec.Command("go", "build", "-o", d.program, "./cmd/mainstay")
		build.Dir = tree
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v: %s", version, err, out)
		}
	}
	j := d.hold(t)
	d.install(t, release)
	d.held(t, j)
	d.inspect(t).whole(t)
	d.refusesNewer(t)
	if out, err := exec.Command(d.program, "version").Output(); err != nil || strings.TrimSpace(string(out)) != "v9.9.9" {
		t.Errorf("the program says %q, %v; want the version of its release", out, err)
	}
}
