package e2e

import (
	"net/url"
	"testing"
)

func owner() url.Values {
	return url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {"a long sentence of words"}, "workspace": {"Harbor"}}
}

// TestDrillFirstRunKilled kills the server in each part of the first person's setup. The link stays good until it was used;
// afterwards the account is there.
func TestDrillFirstRunKilled(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, mortal)
	for _, at := range []string{"workspace.create:keyed", "workspace.create:written", "workspace.create:committed", "setup.finish:written"} {
		d.start(t, "MAINSTAY_TEST_KILL="+at)
		if _, err := d.post(d.run.setup, owner()); err == nil || !d.died(limit, nil) {
			t.Fatalf("%s: the server did not die: %v\n%s", at, err, d.run.log)
		}
	}
	d.start(t, "MAINSTAY_TEST_KILL=setup.finish:committed")
	if _, err := d.post(d.run.setup, owner()); err == nil || !d.died(limit, nil) {
		t.Fatalf("setup.finish:committed: the server did not die: %v", err)
	}
	d.start(t)
	if d.run.setup != "" {
		t.Errorf("the deployment has an owner, and offers %q", d.run.setup)
	}
	a, err := d.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"a long sentence of words"}})
	if err != nil || a.StatusCode != 303 {
		t.Errorf("signing in: %v, status %d", err, statusOf(a))
	}
	d.get(t, "/")
	d.kill()
	d.collected(t)
	d.inspect(t).whole(t)
}
