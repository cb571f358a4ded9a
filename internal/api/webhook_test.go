package api_test

import (
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/api/administration"
	"mainstay/internal/api/operation"
	"mainstay/internal/worldtest"
)

const hookBody = `{"name":"Site log","url":"https://hooks.example.com/mainstay","events":["minutes.approved"],"enabled":true}`

func TestAWebhookFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	c := clientOf(t, w.Pages(t), w.Tenant(t, "Alder").Admin)
	out := c.want(t, http.StatusCreated, "POST", "/webhooks", hookBody)
	made := decode[administration.MadeWebhook](t, out)
	at := strings.TrimPrefix(out.Header().Get("Location"), "/api/v1")
	if !strings.HasPrefix(made.Secret, "whsec_") || at != "/webhooks/"+made.ID || made.Version != 1 || !made.Enabled {
		t.Errorf("made at %s: %+v", at, made)
	}
	out = c.want(t, http.StatusOK, "GET", at, "")
	tag := out.Header().Get("Etag")
	for _, path := range []string{at, "/webhooks", at + "/deliveries", "/access-log"} {
		if body := c.want(t, http.StatusOK, "GET", path, "").Body.String(); strings.Contains(body, made.Secret) || strings.Contains(body, "whsec_") {
			t.Errorf("%s shows the secret: %.300s", path, body)
		}
	}
	changed := strings.Replace(hookBody, "Site log", "Archive", 1)
	c.want(t, http.StatusPreconditionRequired, "PUT", at, changed)
	out = c.want(t, http.StatusOK, "PUT", at, changed, "If-Match", tag)
	if now := decode[administration.Webhook](t, out); now.Name != "Archive" || now.Version != 2 || out.Header().Get("Etag") == tag {
		t.Errorf("changed to %+v, with the tag %s", now, out.Header().Get("Etag"))
	}
	c.want(t, http.StatusPreconditionFailed, "PUT", at, changed, "If-Match", tag)
	c.want(t, http.StatusNoContent, "DELETE", at, "")
	c.want(t, http.StatusNotFound, "GET", at, "")
}

func TestADeadDeliveryIsSentAgain(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	c := clientOf(t, w.Pages(t), w.Tenant(t, "Alder").Admin)
	at := "/webhooks/" + decode[administration.MadeWebhook](t, c.want(t, http.StatusCreated, "POST", "/webhooks", hookBody)).ID
	deliveries := func() []administration.Delivery {
		return decode[operation.List[administration.Delivery]](t, c.want(t, http.StatusOK, "GET", at+"/deliveries", "")).Items
	}
	c.want(t, http.StatusNoContent, "POST", at+"/test", "", "Idempotency-Key", "once")
	c.want(t, http.StatusNoContent, "POST", at+"/test", "", "Idempotency-Key", "once")
	sent := deliveries()
	if len(sent) != 1 || sent[0].Event != "test" || sent[0].State != "waiting" {
		t.Fatalf("deliveries after one test: %+v", sent)
	}
	c.want(t, http.StatusConflict, "POST", at+"/deliveries/"+sent[0].ID+"/send", "")
	if _, err := w.Admin.Exec(t.Context(), `update tenant.delivery set state = 'dead'`); err != nil {
		t.Fatal(err)
	}
	c.want(t, http.StatusNoContent, "POST", at+"/deliveries/"+sent[0].ID+"/send", "")
	if again := deliveries(); len(again) != 1 || again[0].State != "waiting" {
		t.Errorf("deliveries after it was sent again: %+v", again)
	}
	c.want(t, http.StatusNotFound, "POST", at+"/deliveries/none/send", "")
}

func TestAWebhookGoesNowhereInside(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	c := clientOf(t, w.Pages(t), w.Tenant(t, "Alder").Admin)
	for _, url := range []string{"http://hooks.example.com/x", "https://127.0.0.1/x", "https://10.0.0.1/x", "https://[::1]/x", "file:///etc/passwd", "nothing"} {
		body := strings.Replace(hookBody, "https://hooks.example.com/mainstay", url, 1)
		if out := c.ask(t, "POST", "/webhooks", body); out.Code != http.StatusForbidden && out.Code != http.StatusUnprocessableEntity || strings.Contains(out.Body.String(), url) {
			t.Errorf("to %s: %d %s", url, out.Code, out.Body)
		}
	}
}
