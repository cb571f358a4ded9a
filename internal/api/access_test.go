package api_test

import (
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/api/administration"
	"mainstay/internal/api/operation"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// TestTheAccessLogIsReadWhileItGrows: the requests for its pages are lines of it, too, and none comes twice or is left out.
func TestTheAccessLogIsReadWhileItGrows(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c, viewer := clientOf(t, p, ten.Admin), clientOf(t, p, ten.Viewer)
	for range 5 {
		viewer.want(t, http.StatusOK, "GET", "/me", "")
	}
	viewer.want(t, http.StatusForbidden, "GET", "/access-log", "")
	seen, path, reads := map[string]bool{}, "/access-log?limit=2", 0
	for path != "" && reads < 20 {
		w.Clock.Advance(1e6)
		out := c.want(t, http.StatusOK, "GET", path, "")
		for _, r := range decode[operation.List[administration.Request]](t, out).Items {
			if seen[r.ID] {
				t.Errorf("%s comes twice", r.ID)
			}
			seen[r.ID] = true
		}
		path, _, _ = strings.Cut(strings.TrimPrefix(out.Header().Get("Link"), "</api/v1"), ">")
		reads++
	}
	if len(seen) < 8 || reads != (len(seen)+1)/2 {
		t.Errorf("%d requests in %d pages", len(seen), reads)
	}
	a, _ := tenant.ActorOf(ten.Viewer)
	refused := decode[operation.List[administration.Request]](t, c.want(t, http.StatusOK, "GET", "/access-log?answer=refused&member="+a.Member.String(), "")).Items
	if len(refused) != 1 || refused[0].Status != http.StatusForbidden || refused[0].Route != "/api/v1/access-log" || refused[0].MemberID != a.Member.String() {
		t.Errorf("what the viewer was refused: %+v", refused)
	}
	for _, query := range []string{"member=none", "answer=maybe", "before=x"} {
		c.want(t, http.StatusUnprocessableEntity, "GET", "/access-log?"+query, "")
	}
	if m := decode[administration.Measures](t, c.want(t, http.StatusOK, "GET", "/deployment", "")); m.Version != "test" || m.DatabaseServer == "" {
		t.Errorf("the deployment is %+v", m)
	}
}
