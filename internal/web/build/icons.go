package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// drawn are the icons that Mainstay uses, by their names in Lucide.
const drawn = `house notebook-text plus upload cloud-upload search settings activity log-out user users chevron-down chevron-right
chevron-left arrow-up arrow-down arrow-right ellipsis x check circle-check circle-alert triangle-alert info play pause rotate-ccw
rotate-cw undo-2 clock calendar file-text file-audio mic volume-2 volume-x pencil trash-2 refresh-cw eye lock globe shield-check
printer download send sun moon monitor keyboard circle-question-mark gavel square-check circle-dot message-circle-question-mark
tag folder list-filter arrow-up-down hourglass cpu key-round menu stamp quote languages server hard-drive database ban
clipboard-paste inbox cloud-off flask-conical mail bell bell-off chevrons-up-down gauge sparkles`

// station is our own mark: the sign that a surveyor draws for a fixed point, which is what a mainstay is.
const station = `<symbol id="station" viewBox="0 0 24 24"><path d="M12 3.6 21.2 19.9H2.8Z"/><circle cx="12" cy="14.4" r="1.9" fill="currentColor" stroke="none"/></symbol>`

var (
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	outer   = regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`)
	space   = regexp.MustCompile(`\s*\n\s*`)
)

// sprite returns one SVG with a symbol for each icon.
func sprite(dir string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<!-- Icons: lucide-static 1.62.0, ISC licence, see vendor/lucide-LICENSE.txt. Made by go run ./internal/web/build -icons. -->\n")
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">` + "\n")
	b.WriteString(station + "\n")
	for _, name := range strings.Fields(drawn) {
		raw, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil {
			return nil, err
		}
		inner := outer.FindSubmatch(comment.ReplaceAll(raw, nil))
		if inner == nil {
			return nil, fmt.Errorf("icon %s is no svg", name)
		}
		fmt.Fprintf(&b, `<symbol id="%s" viewBox="0 0 24 24">%s</symbol>`+"\n", name, space.ReplaceAll(bytes.TrimSpace(inner[1]), nil))
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}
