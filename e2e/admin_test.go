package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/worldtest"
)

// operatorMethods are what whoever runs the machine calls, through the control socket, and what they see of it.
func operatorMethods() map[string]method {
	methods := map[string]method{}
	for _, name := range []string{"SetupLink", "Accounts", "Disable", "Enable"} {
		methods["identity."+name] = method{none: "whoever runs the machine calls it, through the control socket"}
	}
	methods["health.Measure"] = method{own: true, least: gate.Admin, call: func(ctx context.Context, w *worldtest.World, _ worldtest.Case) (any, error) {
		return w.Health.Measure(ctx)
	}}
	return methods
}

// administer runs a command of the operator against the data folder and returns what it says and its exit code.
func (d *deployment) administer(t *testing.T, args ...string) (out, complaint string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), d.program, append([]string{"admin"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.tmp(), "MAINSTAY_DATA=" + d.data()}
	var said, failed strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &failed
	_ = cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal("the program could not be run")
	}
	return said.String(), failed.String(), cmd.ProcessState.ExitCode()
}

// signIn tries the owner's password and reports whether it lets in.
func (d *deployment) signIn(t *testing.T) bool {
	t.Helper()
	a, err := d.post("/sign-in", url.Values{"email": {owner().Get("email")}, "password": {owner().Get("password")}})
	check(t, err)
	return a.StatusCode == http.StatusSeeOther
}

// TestTheOperatorHelpsWhoIsLockedOut walks the runbook's commands for a deployment whose first address is lost, and whose owner's
// account must be closed at once.
func TestTheOperatorHelpsWhoIsLockedOut(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	if _, complaint, code := d.administer(t, "setup-link"); code != 1 || !strings.Contains(complaint, "systemctl start mainstay") {
		t.Errorf("without a server: exit code %d, %q, want 1 and how to start one", code, complaint)
	}
	for _, args := range [][]string{{}, {"frobnicate"}, {"disable"}, {"setup-link", "more"}} {
		if _, complaint, code := d.administer(t, args...); code != 2 || !strings.Contains(complaint, "reset-factors") {
			t.Errorf("admin %q: exit code %d, %q, want 2 and the commands", args, code, complaint)
		}
	}
	d.start(t)
	printed := d.run.setup
	link, complaint, code := d.administer(t, "setup-link")
	at, err := url.Parse(strings.TrimSpace(link))
	if code != 0 || err != nil || "http://"+at.Host != d.run.url || !strings.HasPrefix(at.Path, "/setup/") || at.Path == printed {
		t.Fatalf("a new link: exit code %d, %q, %s", code, link, complaint)
	}
	if a, err := d.ask(http.MethodGet, printed, nil, nil); err != nil || a.StatusCode != http.StatusGone {
		t.Errorf("the link before: %v, status %d, want 410", err, statusOf(a))
	}
	d.run.setup = at.Path
	d.own(t, owner())
	if _, complaint, code := d.administer(t, "setup-link"); code != 1 || !strings.Contains(complaint, "has an owner already") || !strings.Contains(complaint, "reset-factors") {
		t.Errorf("a link where somebody owns the deployment: exit code %d, %q", code, complaint)
	}
	d.closesAndOpens(t)
}

func (d *deployment) closesAndOpens(t *testing.T) {
	t.Helper()
	if table, _, _ := d.administer(t, "accounts"); !strings.Contains(table, "active") || strings.Contains(table, "@") {
		t.Errorf("the accounts are %q, want one and no address", table)
	}
	var listed struct {
		Accounts []struct{ ID, State, Email string }
	}
	out, _, _ := d.administer(t, "accounts", "--addresses", "--json")
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed.Accounts) != 1 || listed.Accounts[0].Email != owner().Get("email") {
		t.Fatalf("the accounts as JSON: %s, %v", out, err)
	}
	if said, complaint, code := d.administer(t, "disable", owner().Get("email")); code != 0 || !strings.Contains(said, "disabled") {
		t.Fatalf("closing the account: exit code %d, %q, %s", code, said, complaint)
	}
	if a, err := d.ask(http.MethodGet, "/meetings", nil, nil); err != nil || a.StatusCode == http.StatusOK {
		t.Errorf("the session of a closed account: %v, status %d", err, statusOf(a))
	}
	if d.signIn(t) {
		t.Error("a closed account signs in")
	}
	if _, complaint, code := d.administer(t, "enable", listed.Accounts[0].ID); code != 0 || !d.signIn(t) {
		t.Errorf("the account is not open again: exit code %d, %s", code, complaint)
	}
	if _, complaint, code := d.administer(t, "disable", "nobody@example.com"); code != 1 || !strings.Contains(complaint, "no such account") {
		t.Errorf("closing an account that does not exist: exit code %d, %q", code, complaint)
	}
	if said, complaint, code := d.administer(t, "reset-factors", owner().Get("email")); code != 0 || !strings.Contains(said, "factors are removed") || !d.signIn(t) {
		t.Errorf("removing somebody's factors: exit code %d, %q, %s", code, said, complaint)
	}
	if _, complaint, code := d.administer(t, "reset-factors", "nobody@example.com"); code != 1 || !strings.Contains(complaint, "no such account") {
		t.Errorf("removing the factors of nobody: exit code %d, %q", code, complaint)
	}
	if log := d.run.log.String(); strings.Contains(log, "@") || len(d.logged("administration")) < 5 {
		t.Errorf("the log holds an address, or not what was done:\n%s", log)
	}
}
