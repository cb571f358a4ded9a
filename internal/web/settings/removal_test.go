package settings_test

import (
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// The list offers the way back from a removal to who made it, and to nobody by the address alone.
func TestARemovalOffersTheWayBack(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Cedar")
	p := w.Pages(t)
	owner, admin := p.Browser(t, ten.Owner), p.Browser(t, ten.Admin)
	member, err := tenant.ActorOf(ten.Member)
	if err != nil {
		t.Fatal(err)
	}
	at := "/settings/members/" + member.Member.String()
	list := "/settings/members?done=removed&changed=" + member.Member.String()
	if strings.Contains(owner.Get(t, list).Body.String(), "/restore") {
		t.Error("an address alone offers a way back")
	}
	if got := owner.Post(t, at+"/remove", nil); got.Header().Get("Location") != list {
		t.Fatalf("removing: %d to %s", got.Code, got.Header().Get("Location"))
	}
	if !strings.Contains(owner.Get(t, list).Body.String(), at+"/restore") {
		t.Error("who removed is offered no way back")
	}
	if strings.Contains(admin.Get(t, list).Body.String(), at+"/restore") {
		t.Error("another admin is offered the way back")
	}
	if got := admin.Post(t, at+"/restore", nil); got.Code != http.StatusGone {
		t.Errorf("another admin goes it: %d", got.Code)
	}
	if got := owner.Post(t, at+"/restore", nil); got.Header().Get("Location") != "/settings/members?done=restored" {
		t.Errorf("the way back: %d", got.Code)
	}
	if !strings.Contains(owner.Get(t, "/settings/members?done=restored").Body.String(), "They are a member again") {
		t.Error("the page does not say what was done")
	}
}

// A webhook's removal destroys its secret: the page asks first, and says of what.
func TestAWebhookIsRemovedAfterAQuestion(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Cedar")
	all, err := w.Hooks.List(ten.Owner)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d webhooks: %v", len(all), err)
	}
	p := w.Pages(t)
	owner, member := p.Browser(t, ten.Owner), p.Browser(t, ten.Member)
	at := "/settings/webhooks/" + all[0].ID.String()
	if !strings.Contains(owner.Get(t, at).Body.String(), `href="`+at+`/remove"`) {
		t.Error("the page of a webhook does not lead to the question")
	}
	asked := owner.Get(t, at+"/remove").Body.String()
	for _, part := range []string{"Remove Hook of Cedar?", "https://hooks.example.com/Cedar", `action="` + at + `/remove"`} {
		if !strings.Contains(asked, part) {
			t.Errorf("the question does not hold %q", part)
		}
	}
	if got := member.Get(t, at+"/remove"); got.Code != http.StatusForbidden {
		t.Errorf("a member is asked: %d", got.Code)
	}
	if got := owner.Post(t, at+"/remove", nil); got.Header().Get("Location") != "/settings/webhooks?removed=1" {
		t.Errorf("removing: %d", got.Code)
	}
	if got := owner.Get(t, at+"/remove"); got.Code != http.StatusNotFound {
		t.Errorf("the question about one that was removed: %d", got.Code)
	}
}
