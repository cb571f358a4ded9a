package webtest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/web/webtest"
)

func TestErrorPageHasARequestIDAndEchoesNothing(t *testing.T) {
	t.Parallel()
	_, url := serve(t, webtest.Pages())
	resp, err := http.Get(url + "/page/canary?q=canary")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	page := string(body)
	if resp.StatusCode != 404 || !strings.Contains(page, "Nothing is here") || !strings.Contains(page, resp.Header.Get("X-Request-Id")) {
		t.Errorf("status %d, page %.300s", resp.StatusCode, page)
	}
	if strings.Contains(page, "canary") {
		t.Error("the page echoes what was asked for")
	}
}
