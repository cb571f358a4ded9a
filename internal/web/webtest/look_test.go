package webtest_test

import (
	"fmt"
	"testing"

	"mainstay/internal/browsertest"
	"mainstay/internal/web/webtest"
)

var windows = []struct {
	name string
	w, h int64
}{{"desktop", 1280, 800}, {"phone", 390, 844}}

func TestPagesAreAccessibleAndKeepThePolicy(t *testing.T) {
	t.Parallel()
	server, url := serve(t, webtest.Pages())
	b := browsertest.New(t, url)
	for _, window := range windows {
		b.Size(window.w, window.h)
		for name := range webtest.Pages() {
			for _, theme := range []string{"light", "dark"} {
				what := fmt.Sprintf("%s, %s, %s", name, window.name, theme)
				b.Open("/page/" + name + "?theme=" + theme)
				b.Sound(what)
			}
		}
	}
	if reports := server.Reports(); len(reports) > 0 {
		t.Errorf("the content policy was broken: %v", reports)
	}
}
