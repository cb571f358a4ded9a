package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/trust"
)

// proving is what mainstay prove --json prints.
type proving struct {
	Results []trust.Result `json:"results"`
	Problem string         `json:"problem"`
}

func (p proving) states() map[string]trust.State {
	states := map[string]trust.State{}
	for _, r := range p.Results {
		states[r.ID] = r.State
	}
	return states
}

// prove runs the command on the deployment's data folder and returns what it printed and its exit code.
func (d *deployment) prove(t *testing.T, args ...string) (proving, int) {
	t.Helper()
	cmd := exec.Command(d.program, append([]string{"prove", "--json"}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.tmp(), "TMPDIR=" + d.tmp(), "MAINSTAY_DATA=" + d.data(),
		"MAINSTAY_MODELS=" + filepath.Join(d.root, "models")}, d.env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	_ = cmd.Run()
	var got proving
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("prove printed %q and said %q: %v", out.String(), said.String(), err)
	}
	return got, cmd.ProcessState.ExitCode()
}

func TestProveAsksTheRunningServerAndLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, mortal)
	d.start(t)
	d.own(t, owner())
	got, code := d.prove(t)
	for _, r := range got.Results {
		if r.State == trust.Fail {
			t.Errorf("%s %s: %s", r.ID, r.Says, r.Found)
		}
	}
	if code != 0 || len(got.Results) != len(trust.Promises()) || got.Problem != "" {
		t.Errorf("prove ended with %d, %d results of %d, %q", code, len(got.Results), len(trust.Promises()), got.Problem)
	}
	if page := d.get(t, "/meetings"); bytes.Contains(page, []byte("Site meeting")) {
		t.Error("the meetings of the proof are listed to people")
	}
	conn := d.admin(t)
	var open, failed int
	check(t, conn.QueryRow(t.Context(), `
select (select count(*) from tenant.record r where erased_at is null and not exists (select from control.workspace w where w.id = r.workspace_id)),
       (select count(*) from tenant.step where state in ('waiting', 'running', 'dead'))`).Scan(&open, &failed))
	check(t, conn.Close(t.Context()))
	if open != 0 || failed != 0 {
		t.Errorf("the proof left %d records and %d steps of work", open, failed)
	}
	d.stop(t)
	if alone, code := d.prove(t, "P031", "P021"); code != 0 || len(alone.Results) != 2 {
		t.Errorf("without a server prove ended with %d and %+v", code, alone)
	}
	d.collected(t)
	d.inspect(t).whole(t)
}

// TestProveSeesABuildThatSealsNothing runs the checks in a build whose sealing is off.
func TestProveSeesABuildThatSealsNothing(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, naked)
	got, code := d.prove(t)
	states := got.states()
	for _, id := range []string{"P018", "P019", "P020", "P021"} {
		if states[id] != trust.Fail {
			t.Errorf("%s is %q in a build that seals nothing", id, states[id])
		}
	}
	if code != 1 || states["P031"] != trust.Pass {
		t.Errorf("prove ended with %d, and P031 is %q; want 1, and what is not broken to pass", code, states["P031"])
	}
}

// TestAKilledProofIsCollected kills the server in a proof: what it left is destroyed.
func TestAKilledProofIsCollected(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, mortal)
	d.start(t, "MAINSTAY_TEST_KILL=minutes.draft:committed:2")
	d.own(t, owner())
	cmd := exec.Command(d.program, "prove")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "MAINSTAY_DATA=" + d.data()}
	out, err := cmd.CombinedOutput()
	if err == nil || !d.died(limit, nil) {
		t.Fatalf("the server lives, and prove said %s", out)
	}
	d.collected(t)
	left := d.inspect(t)
	left.whole(t)
	workspaces := map[string]bool{}
	for name := range left.keys {
		ws, _, _ := strings.Cut(name, "/")
		workspaces[ws] = true
	}
	if len(workspaces) != 1 {
		t.Errorf("%d workspaces have keys, want the people's alone", len(workspaces))
	}
}
