package roster_test

import (
	"context"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/worldtest"
)

// TestOfFiftyOwnersWhoStepDownAtOnceOneStays: nothing else would keep an owner here, so that each act but one is done.
func TestOfFiftyOwnersWhoStepDownAtOnceOneStays(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	all := []context.Context{ten.Owner}
	for len(all) < 50 {
		all = append(all, ten.Person(t, gate.Owner))
	}
	start, ended := make(chan struct{}), make(chan error, len(all))
	for _, me := range all {
		go func() {
			<-start
			ended <- w.Roster.ChangeRole(me, actor(me).Member, gate.Viewer)
		}()
	}
	close(start)
	refused := 0
	for range all {
		if err := <-ended; err != nil {
			wants(t, "the last to step down", err, fault.Conflict)
			refused++
		}
	}
	if n := owners(t, w, ten.ID); n != 1 || refused != 1 {
		t.Errorf("%d owners stay after %d refusals, want 1 and 1", n, refused)
	}
}
