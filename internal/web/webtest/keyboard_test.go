package webtest_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"mainstay/internal/browsertest"
	"mainstay/internal/web/webtest"
)

func TestMeetingWorksByKeyboardAlone(t *testing.T) {
	t.Parallel()
	server, url := serve(t, webtest.Pages())
	b := browsertest.New(t, url)
	b.Open("/page/meeting?theme=light")
	b.Press(kb.Tab)
	b.Soon("the first stop is the skip link", `document.activeElement.matches(".skip")`)
	b.Press(kb.Enter)
	b.Soon("it leads to the content", `document.activeElement.id === "main"`)

	b.Press("j")
	b.Soon("j is on a turn", `document.activeElement.matches(".turn .at")`)
	b.Press("j")
	b.Press("j")
	b.Soon("j moves on", `document.activeElement.dataset.at === "31800"`)
	b.Press(kb.Enter)
	b.Soon("Enter plays the turn", `!document.querySelector("audio").paused && document.querySelector("audio").currentTime >= 31.8`)
	b.Soon("the segment that plays is marked", `document.querySelector("#s-ad").classList.contains("now")`)
	b.Soon("the spoken word is marked", `CSS.highlights.has("spoken")`)
	b.Focus("main")
	b.Press(" ")
	b.Soon("Space stops", `document.querySelector("audio").paused`)

	b.Focus("#l-d2 .cite")
	b.Soon("a chip shows its quote", `document.querySelector("#peek").matches(":popover-open") && document.querySelector("#peek").textContent.includes("second pump")`)
	b.Accessible("with a quote shown", "html")
	b.Press(kb.Enter)
	b.Soon("a chip plays its second", `Math.abs(document.querySelector("audio").currentTime - 87.3) < 5 && CSS.highlights.has("quoted")`)

	b.Focus("#l-d1 .edit")
	b.Press(kb.Enter)
	b.Soon("the form takes the focus", `document.activeElement.matches("#l-d1 textarea")`)
	b.Accessible("with a form open", "html")
	b.Press(kb.Escape)
	b.Soon("Escape gives it back", `document.activeElement.matches("#l-d1 .edit")`)
	b.Press(kb.Enter)
	b.Soon("the form comes again", `document.activeElement.matches("#l-d1 textarea")`)
	b.Press(" Changed.")
	b.Press(kb.Enter, chromedp.ModifierCtrl)
	b.Soon("Ctrl and Enter save", `document.activeElement.matches("#l-d1 .edit") && document.querySelector("#l-d1 .say").textContent.includes("Changed.")`)

	b.Press("k", chromedp.ModifierCtrl)
	b.Soon("the palette opens", `document.activeElement.matches(".palette input")`)
	b.Press("site")
	b.Soon("it finds a meeting", `document.querySelector(".palette [aria-selected=true]").textContent.includes("Site progress 13")`)
	b.Accessible("with the palette open", "html")
	b.Press(kb.Escape)
	b.Soon("Escape closes it", `!document.querySelector("dialog[open]")`)
	b.Press("?")
	b.Soon("the sheet opens", `document.querySelector("dialog.keys[open]") && document.querySelectorAll("dialog.keys li").length >= 12`)
	b.Accessible("with the sheet open", "html")
	b.Press(kb.Escape)

	b.Focus("[popovertarget=p-spk3]")
	b.Press(kb.Enter)
	b.Soon("the form of a speaker's name opens", `document.querySelector("#p-spk3").matches(":popover-open")`)
	b.Accessible("with the form of a name open", "html")
	b.Press(kb.Escape)
	b.Focus(".acts .drop summary")
	b.Press(kb.Enter)
	b.Soon("the menu opens", `document.querySelector(".acts .drop").open`)
	// What the open menu lies on cannot be reached until it is closed, so the menu itself is what counts.
	b.Accessible("the open menu", ".acts .drop")
	b.Press(kb.Escape)
	b.Soon("Escape closes the menu and keeps the focus", `!document.querySelector(".acts .drop").open && document.activeElement.matches(".acts .drop summary")`)

	b.Clean("the pages")
	if reports := server.Reports(); len(reports) > 0 {
		t.Errorf("the content policy was broken: %v", reports)
	}
}
