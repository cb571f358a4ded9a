package api_test

import (
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/api/administration"
	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/worldtest"
)

func TestAnIdentityProviderFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c, admin := clientOf(t, p, ten.Owner), clientOf(t, p, ten.Admin)
	out := c.want(t, http.StatusCreated, "POST", "/settings/providers", `{"kind":"google"}`)
	at := strings.TrimPrefix(out.Header().Get("Location"), "/api/v1")
	made := decode[administration.Provider](t, out)
	if made.Enabled || made.Whole || !strings.HasSuffix(made.Callback, made.ID) || at != "/settings/providers/"+made.ID {
		t.Errorf("made at %s: %+v", at, made)
	}
	c.want(t, http.StatusConflict, "POST", at+"/enable", "")
	tag := c.want(t, http.StatusOK, "GET", at, "").Header().Get("Etag")
	const canary = "CANARY7-secret"
	set := `{"client":"mainstay","secret":"` + canary + `","domains":["example.com"],"second_factor":true,"max_age_hours":8}`
	out = c.want(t, http.StatusOK, "PUT", at, set, "If-Match", tag)
	now := decode[administration.Provider](t, out)
	if !now.Whole || now.Client != "mainstay" || now.MaxAgeHours != 8 || !now.Second || len(now.Domains) != 1 {
		t.Errorf("changed to %+v", now)
	}
	c.want(t, http.StatusPreconditionFailed, "PUT", at, set, "If-Match", tag)
	c.want(t, http.StatusNoContent, "POST", at+"/enable", "")
	admin.want(t, http.StatusForbidden, "GET", at, "")
	listed := admin.want(t, http.StatusOK, "GET", "/settings/providers", "")
	if all := decode[operation.List[administration.ListedProvider]](t, listed).Items; len(all) != 1 || !all[0].Enabled {
		t.Errorf("an admin lists %+v", all)
	}
	for _, body := range []string{out.Body.String(), listed.Body.String(), c.want(t, http.StatusOK, "GET", at, "").Body.String()} {
		if strings.Contains(body, canary) {
			t.Errorf("an answer shows the secret: %.300s", body)
		}
	}
	c.want(t, http.StatusNoContent, "POST", at+"/disable", "")
	w.Clock.Advance(gate.ConfirmAge)
	if said := decode[problem](t, c.want(t, http.StatusForbidden, "DELETE", at, "")); said.Type != "/docs/errors#confirmation" {
		t.Errorf("after a while the refusal is %+v", said)
	}
	c = clientOf(t, p, ten.Owner)
	c.want(t, http.StatusNoContent, "DELETE", at, "")
	c.want(t, http.StatusNotFound, "GET", at, "")
}

func TestADomainFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	c := clientOf(t, w.Pages(t), w.Tenant(t, "Alder").Owner)
	out := c.want(t, http.StatusCreated, "POST", "/settings/domains", `{"name":" Example.com. "}`)
	made := decode[administration.Domain](t, out)
	at := "/settings/domains/" + made.ID
	if made.Name != "example.com" || made.Proven || made.Text == "" || made.Record == "" || out.Header().Get("Location") != "/api/v1"+at {
		t.Errorf("made at %s: %+v", out.Header().Get("Location"), made)
	}
	c.want(t, http.StatusConflict, "POST", "/settings/domains", `{"name":"example.com"}`)
	if now := decode[administration.Domain](t, c.want(t, http.StatusOK, "POST", at+"/check", "")); now.Proven || now.CheckedAt == nil {
		t.Errorf("where nothing is published: %+v", now)
	}
	if all := decode[operation.List[administration.Domain]](t, c.want(t, http.StatusOK, "GET", "/settings/domains", "")).Items; len(all) != 1 {
		t.Errorf("listed: %+v", all)
	}
	c.want(t, http.StatusNoContent, "DELETE", at, "")
	c.want(t, http.StatusNotFound, "DELETE", at, "")
}
