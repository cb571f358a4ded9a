package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mainstay/internal/worldtest"
)

// client is somebody who asks the API from a signed-in browser.
type client struct {
	*worldtest.Browser
}

func clientOf(t *testing.T, p *worldtest.Pages, member context.Context) client {
	t.Helper()
	return client{p.Browser(t, member)}
}

// ask sends a request; header is names and values.
func (c client) ask(t *testing.T, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	var sent io.Reader
	h := map[string]string{"X-CSRF-Token": c.Token}
	if body != "" {
		sent = strings.NewReader(body)
		h["Content-Type"] = "application/json"
	}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return c.Do(t, method, "/api/v1"+path, sent, h)
}

// want asks and fails unless the status is the one.
func (c client) want(t *testing.T, status int, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	out := c.ask(t, method, path, body, header...)
	if out.Code != status {
		t.Errorf("%s %s = %d, want %d: %.600s", method, path, out.Code, status, out.Body)
	}
	return out
}

func decode[T any](t *testing.T, out *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(out.Body.Bytes(), &v); err != nil {
		t.Fatalf("an answer is no JSON: %v: %.300s", err, out.Body)
	}
	return v
}

// problem is what a refusal says.
type problem struct {
	Type, Title, Detail, Instance string
	Status                        int
	Errors                        []struct{ Pointer, Parameter, Detail string }
}

var _ = http.StatusOK
