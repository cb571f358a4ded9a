package trust

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"golang.org/x/net/html"

	"mainstay/internal/meeting"
)

// hostile are texts that become code where they are not escaped, and links that run some. Each holds a mark of its own.
func hostile() []string {
	return []string{
		`<script>mark()</script>`, `<img src=x onerror=mark()>`, `"><svg onload=mark()>`, `' onmouseover='mark()`, `</title><script>mark()</script>`,
		`{{mark}}`, `<a href="javascript:mark()">read</a>`, `[read](javascript:mark())`, `<a href="data:text/html,<script>mark()</script>">read</a>`,
		`<a href="vbscript:mark()">read</a>`, `<a href="JaVaScRiPt:mark()">read</a>`, `<a href="java&#115;cript:mark()">read</a>`,
		"<a href=\"java\tscript:mark()\">read</a>", `javascript:mark()`, `<iframe src="javascript:mark()"></iframe>`, `<form action="javascript:mark()"><button>x</button></form>`,
	}
}

// shown returns the pages of a meeting in which every text that people write is hostile.
func (p *proof) shown(ctx context.Context) (map[string][]byte, error) {
	talk := ""
	d := meeting.Details{Title: hostile()[0] + hostile()[6], Language: "en"}
	for i, text := range hostile() {
		talk += fmt.Sprintf("Speaker %d %s: We agreed that %s is the answer number %d.\n", i, hostile()[1], text, i)
		d.Attendees = append(d.Attendees, meeting.Person{Name: text})
	}
	o, err := p.drafted(ctx, &p.ours, d, talk)
	if err != nil {
		return nil, err
	}
	b, err := p.browser()
	if err != nil {
		return nil, err
	}
	defer b.close()
	pages := map[string][]byte{}
	for _, path := range []string{"/meetings/" + o.Meeting.ID.String(), "/meetings", "/"} {
		got, err := b.get(ctx, &p.ours, path)
		if err != nil {
			return nil, err
		}
		if got.status != 200 {
			return nil, fmt.Errorf("%s answers %d", path, got.status)
		}
		pages[path] = got.body
	}
	return pages, nil
}

// element is what a browser would make of a tag.
type element struct {
	name       string
	attributes []html.Attribute
	text       string // what follows it
}

// elements reads a page as a browser does.
func elements(page []byte) []element {
	var all []element
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return all
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			all = append(all, element{name: token.Data, attributes: token.Attr})
		case html.TextToken:
			if len(all) > 0 {
				all[len(all)-1].text += string(tokens.Text())
			}
		}
	}
}

// contentEscaped looks for what the hostile texts would have become.
func contentEscaped(ctx context.Context, p *proof) (finding, error) {
	pages, err := p.shown(ctx)
	if err != nil {
		return finding{}, err
	}
	shown := 0
	for path, page := range pages {
		for _, e := range elements(page) {
			if e.name == "script" && strings.Contains(e.text, "mark") {
				return fail("a script of somebody's text stands on %s", path)
			}
			for _, a := range e.attributes {
				if strings.HasPrefix(a.Key, "on") || a.Key == "srcdoc" {
					return fail("an element of %s has the attribute %s", path, a.Key)
				}
			}
		}
		shown += bytes.Count(page, []byte("mark"))
	}
	if shown < len(hostile()) {
		return fail("the hostile texts are shown %d times only, so that nothing was tried", shown)
	}
	return pass("%d hostile texts, shown %d times on %d pages: none became an element or an attribute", len(hostile()), shown, len(pages))
}

// linksHarmless looks where every link and form leads.
func linksHarmless(ctx context.Context, p *proof) (finding, error) {
	pages, err := p.shown(ctx)
	if err != nil {
		return finding{}, err
	}
	links := 0
	for path, page := range pages {
		for _, e := range elements(page) {
			for _, a := range e.attributes {
				if !leads(a.Key) {
					continue
				}
				links++
				if at := scheme(a.Val); at != "" && at != "http" && at != "https" && at != "mailto" {
					return fail("a link of %s leads to %s:", path, at)
				}
				if strings.Contains(a.Val, "mark") && !strings.HasPrefix(a.Val, "/static/") { // an icon may be called so
					return fail("a link of %s is somebody's text", path)
				}
			}
		}
	}
	if links == 0 {
		return fail("there is no link, so that nothing was looked at")
	}
	return pass("%d links on %d pages lead to https:, mailto: or our own addresses", links, len(pages))
}

func leads(attribute string) bool {
	switch attribute {
	case "href", "src", "action", "formaction", "poster", "data", "xlink:href":
		return true
	}
	return false
}

// scheme is the scheme of an address as browsers find it: without spaces and control characters, in lower case.
func scheme(address string) string {
	address = strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, address))
	before, _, ok := strings.Cut(address, ":")
	if !ok || strings.ContainsAny(before, "/?#") {
		return ""
	}
	return before
}
