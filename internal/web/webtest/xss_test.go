package webtest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"mainstay/internal/browsertest"
	"mainstay/internal/web"
	"mainstay/internal/web/webtest"
)

// attacks call hit() where one of them works. They leave text, attributes, URLs, scripts, styles, and htmx's own attributes.
var attacks = strings.Join([]string{
	`<script>hit()</script>`, `</script><script>hit()</script>`, `"><img src=x onerror=hit()>`, `'><svg/onload=hit()>`, `" autofocus onfocus=hit() x="`,
	`</textarea><img src=x onerror=hit()>`, `</title><script>hit()</script>`, `--><script>hit()</script>`, `<iframe srcdoc="<script>parent.hit()</script>">`,
	`<a href="javascript:hit()" autofocus>x</a>`, `<div hx-get="/static/x" hx-trigger="load" hx-on:htmx:load="hit()">`, `<hx-partial hx-target="body"><script>hit()</script></hx-partial>`,
	`<div hx-on::after-init="hit()" data-hx-on:click="hit()">`, `{{constructor.constructor('hit()')()}}`, `<math><mtext></form><form><mglyph><style></math><img src onerror=hit()>`,
	`<form id=app><input name=createElement>`, `<base href=//evil.example>`, `<meta http-equiv=refresh content="0;url=javascript:hit()">`, `${hit()}`, "\u2028hit()//", `<style>*{background:url(javascript:hit())}</style>`,
}, " ")

// plain are the fields that name our own files, which nobody types.
var plain = map[string]bool{"Script": true, "Style": true, "Live": true, "Class": true, "Icon": true, "Theme": true}

// poison puts the attacks into every string that a view holds, after prefix where it is an address of ours.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(attacks)
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !plain[v.Type().Field(i).Name] {
				poison(v.Field(i))
			}
		}
	}
}

func poisoned() map[string]web.View {
	out := map[string]web.View{}
	for name, view := range webtest.Pages() {
		p := reflect.New(reflect.TypeOf(view))
		p.Elem().Set(reflect.ValueOf(view))
		poison(p.Elem())
		out[name], _ = p.Elem().Interface().(web.View)
	}
	return out
}

func TestNothingThatPeopleTypeIsExecuted(t *testing.T) {
	t.Parallel()
	server, url := serve(t, poisoned())
	b := browsertest.New(t, url)
	b.Before(`window.hits = 0; window.hit = () => { window.hits++; }; window.alert = window.hit;`)
	b.Size(1280, 800)
	for name := range webtest.Pages() {
		b.Open("/page/" + name)
		browsertest.Eval[bool](b, `new Promise(done => {
			for (const e of document.querySelectorAll("main *")) { e.dispatchEvent(new Event("focusin", {bubbles: true})); e.dispatchEvent(new Event("pointerover", {bubbles: true})); }
			for (const b of document.querySelectorAll(".cite, .at, .seg")) b.click();
			for (const a of document.querySelectorAll("a")) if (/^\s*javascript:/i.test(a.getAttribute("href") ?? "")) hit();
			setTimeout(() => done(true), 60);
		})`)
		if n := browsertest.Eval[int](b, `hits`); n != 0 {
			t.Errorf("%s executed %d times", name, n)
		}
		if n := browsertest.Eval[int](b, `document.querySelectorAll("main :is(script, iframe, math, style, base), main [onerror], main [onload], main [onfocus], main [style]").length`); n != 0 {
			t.Errorf("%s holds %d elements of an attack", name, n)
		}
	}
	for _, directive := range server.Reports() {
		t.Errorf("the content policy had to stop something: %s", directive)
	}
}

// The control: the same page with the policy and the escaping off would be hit, so the test can fail.
func TestAttacksWorkWhereNothingStopsThem(t *testing.T) {
	t.Parallel()
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><body>"+attacks)
	}))
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
	})
	b := browsertest.New(t, ts.URL)
	b.Before(`window.hits = 0; window.hit = () => { window.hits++; };`)
	b.Open("/")
	b.Soon("an unescaped attack executes", `hits > 0`)
}
