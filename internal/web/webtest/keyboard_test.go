package webtest_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/web/webtest"
)

// press sends keys to whatever has the focus.
func press(t *testing.T, ctx context.Context, keys string, modifiers ...chromedp.Modifier) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...))); err != nil {
		t.Fatalf("pressing %q: %v", keys, err)
	}
}

func TestMeetingWorksByKeyboardAlone(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../testdata/axe-4.14.1.min.js")
	if err != nil {
		t.Fatal(err)
	}
	server, url := serve(t, webtest.Pages())
	ctx := browser(t)
	before(t, ctx, watchErrors)
	view(t, ctx, 1280, 800)
	open(t, ctx, url+"/page/meeting?theme=light")
	run[bool](t, ctx, string(axe)+"; Promise.resolve(true)")
	accessible := func(what string) {
		t.Helper()
		if found := run[string](t, ctx, runAxe); found != "[]" {
			t.Errorf("%s: %.600s", what, found)
		}
	}

	press(t, ctx, kb.Tab)
	soon(t, ctx, "the first stop is the skip link", `document.activeElement.matches(".skip")`)
	press(t, ctx, kb.Enter)
	soon(t, ctx, "it leads to the content", `document.activeElement.id === "main"`)

	press(t, ctx, "j")
	soon(t, ctx, "j is on a turn", `document.activeElement.matches(".turn .at")`)
	press(t, ctx, "j")
	press(t, ctx, "j")
	soon(t, ctx, "j moves on", `document.activeElement.dataset.at === "31800"`)
	press(t, ctx, kb.Enter)
	soon(t, ctx, "Enter plays the turn", `!document.querySelector("audio").paused && document.querySelector("audio").currentTime >= 31.8`)
	soon(t, ctx, "the segment that plays is marked", `document.querySelector("#s-ad").classList.contains("now")`)
	soon(t, ctx, "the spoken word is marked", `CSS.highlights.has("spoken")`)
	run[bool](t, ctx, `document.querySelector("main").focus(), Promise.resolve(true)`)
	press(t, ctx, " ")
	soon(t, ctx, "Space stops", `document.querySelector("audio").paused`)

	run[bool](t, ctx, `document.querySelector("#l-d2 .cite").focus(), Promise.resolve(true)`)
	soon(t, ctx, "a chip shows its quote", `document.querySelector("#peek").matches(":popover-open") && document.querySelector("#peek").textContent.includes("second pump")`)
	accessible("with a quote shown")
	press(t, ctx, kb.Enter)
	soon(t, ctx, "a chip plays its second", `Math.abs(document.querySelector("audio").currentTime - 87.3) < 5 && CSS.highlights.has("quoted")`)

	run[bool](t, ctx, `document.querySelector("#l-d1 .edit").focus(), Promise.resolve(true)`)
	press(t, ctx, kb.Enter)
	soon(t, ctx, "the form takes the focus", `document.activeElement.matches("#l-d1 textarea")`)
	accessible("with a form open")
	press(t, ctx, kb.Escape)
	soon(t, ctx, "Escape gives it back", `document.activeElement.matches("#l-d1 .edit")`)
	press(t, ctx, kb.Enter)
	soon(t, ctx, "the form comes again", `document.activeElement.matches("#l-d1 textarea")`)
	press(t, ctx, " Changed.")
	press(t, ctx, kb.Enter, chromedp.ModifierCtrl)
	soon(t, ctx, "Ctrl and Enter save", `document.activeElement.matches("#l-d1 .edit") && document.querySelector("#l-d1 .say").textContent.includes("Changed.")`)

	press(t, ctx, "k", chromedp.ModifierCtrl)
	soon(t, ctx, "the palette opens", `document.activeElement.matches(".palette input")`)
	press(t, ctx, "site")
	soon(t, ctx, "it finds a meeting", `document.querySelector(".palette [aria-selected=true]").textContent.includes("Site progress 13")`)
	accessible("with the palette open")
	press(t, ctx, kb.Escape)
	soon(t, ctx, "Escape closes it", `!document.querySelector("dialog[open]")`)
	press(t, ctx, "?")
	soon(t, ctx, "the sheet opens", `document.querySelector("dialog.keys[open]") && document.querySelectorAll("dialog.keys li").length >= 12`)
	accessible("with the sheet open")
	press(t, ctx, kb.Escape)

	run[bool](t, ctx, `document.querySelector("[popovertarget=p-spk3]").focus(), Promise.resolve(true)`)
	press(t, ctx, kb.Enter)
	soon(t, ctx, "the form of a speaker's name opens", `document.querySelector("#p-spk3").matches(":popover-open")`)
	accessible("with the form of a name open")
	press(t, ctx, kb.Escape)
	run[bool](t, ctx, `document.querySelector(".acts .drop summary").focus(), Promise.resolve(true)`)
	press(t, ctx, kb.Enter)
	soon(t, ctx, "the menu opens", `document.querySelector(".acts .drop").open`)
	// What the open menu lies on cannot be reached until it is closed, so the menu itself is what counts.
	if found := run[string](t, ctx, strings.Replace(runAxe, "document,", `".acts .drop",`, 1)); found != "[]" {
		t.Errorf("the open menu: %.600s", found)
	}
	press(t, ctx, kb.Escape)
	soon(t, ctx, "Escape closes the menu and keeps the focus", `!document.querySelector(".acts .drop").open && document.activeElement.matches(".acts .drop summary")`)

	for _, e := range run[[]string](t, ctx, `Promise.resolve(__errors)`) {
		t.Errorf("the page said: %s", e)
	}
	if reports := server.Reports(); len(reports) > 0 {
		t.Errorf("the content policy was broken: %v", reports)
	}
}
