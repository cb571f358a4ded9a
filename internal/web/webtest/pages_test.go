package webtest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mainstay/internal/web"
	"mainstay/internal/web/record"
	"mainstay/internal/web/webtest"
)

func serve(t *testing.T, pages map[string]web.View) (*webtest.Server, string) {
	t.Helper()
	server, err := webtest.New(pages)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
	})
	return server, ts.URL
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", url, resp.StatusCode, err)
	}
	return string(body)
}

func zipped(text string) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Len()
}

var loaded = regexp.MustCompile(`(?:src|href)="(/static/[^"]+\.(js|css))"`)

func TestPagesKeepTheirBudgets(t *testing.T) {
	t.Parallel()
	_, url := serve(t, webtest.Pages())
	worst := map[string]int{}
	for name := range webtest.Pages() {
		page := fetch(t, url+"/page/"+name)
		sum := map[string]int{"html": zipped(page)}
		for _, m := range loaded.FindAllStringSubmatch(page, -1) {
			sum[m[2]] += zipped(fetch(t, url+m[1]))
		}
		for kind, limit := range map[string]int{"html": 30 << 10, "js": 25 << 10, "css": 8 << 10} {
			if sum[kind] > limit {
				t.Errorf("%s of %s = %d bytes gzipped, limit %d", kind, name, sum[kind], limit)
			}
			worst[kind] = max(worst[kind], sum[kind])
		}
	}
	t.Logf("largest, gzipped: %v", worst)
}

// A one-hour meeting has about 800 segments; the page carries the first part, and the rest comes in parts as large.
func TestLongMeetingKeepsItsBudget(t *testing.T) {
	t.Parallel()
	_, url := serve(t, map[string]web.View{"long": webtest.Long(record.TurnsAPage)})
	if n := zipped(fetch(t, url+"/page/long")); n > 30<<10 {
		t.Errorf("page of a long meeting = %d bytes gzipped, limit %d", n, 30<<10)
	}
}

var (
	attribute = regexp.MustCompile(`\s((?:data-)?hx-[a-z:-]+)(?:=|[\s>])`)
	handler   = regexp.MustCompile(`(?i)<[^>]*\s(on[a-z]+|style)\s*=`)
	script    = regexp.MustCompile(`(?is)<script([^>]*)>(.*?)</script>`)
	allowed   = []string{"hx-get", "hx-post", "hx-target", "hx-swap", "hx-trigger", "hx-ignore", "hx-sse:connect"}
)

func TestPagesUseOnlyTheAllowedPartsOfHtmx(t *testing.T) {
	t.Parallel()
	_, url := serve(t, webtest.Pages())
	for name := range webtest.Pages() {
		page := fetch(t, url+"/page/"+name)
		for _, m := range attribute.FindAllStringSubmatch(page, -1) {
			if !slices.Contains(allowed, m[1]) {
				t.Errorf("%s uses %s", name, m[1])
			}
		}
		if strings.Contains(page, "[") && regexp.MustCompile(`hx-trigger="[^"]*\[`).MatchString(page) {
			t.Errorf("%s has a trigger with a filter, which is code", name)
		}
		if m := handler.FindString(page); m != "" {
			t.Errorf("%s has an inline style or handler: %s", name, m)
		}
		for _, m := range script.FindAllStringSubmatch(page, -1) {
			if strings.TrimSpace(m[2]) != "" || !strings.Contains(m[1], `src="/static/`) {
				t.Errorf("%s has a script of its own: %s", name, m[0])
			}
		}
	}
}
