package trust

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"mainstay/internal/meeting"
	"mainstay/internal/trust/markup"
)

// shown returns the pages of a meeting in which every text that people write is hostile.
func (p *proof) shown(ctx context.Context) (map[string][]byte, error) {
	talk := ""
	d := meeting.Details{Title: markup.Hostile()[0] + markup.Hostile()[6], Language: "en"}
	for i, text := range markup.Hostile() {
		talk += fmt.Sprintf("Speaker %d %s: We agreed that %s is the answer number %d.\n", i, markup.Hostile()[1], text, i)
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

// contentEscaped looks for what the hostile texts would have become.
func contentEscaped(ctx context.Context, p *proof) (finding, error) {
	pages, err := p.shown(ctx)
	if err != nil {
		return finding{}, err
	}
	shown := 0
	for path, page := range pages {
		for _, e := range markup.Elements(page) {
			if e.Name == "script" && strings.Contains(e.Text, "mark") {
				return fail("a script of somebody's text stands on %s", path)
			}
			for _, a := range e.Attributes {
				if strings.HasPrefix(a.Key, "on") || a.Key == "srcdoc" {
					return fail("an element of %s has the attribute %s", path, a.Key)
				}
			}
		}
		shown += bytes.Count(page, []byte("mark"))
	}
	if shown < len(markup.Hostile()) {
		return fail("the hostile texts are shown %d times only, so that nothing was tried", shown)
	}
	return pass("%d hostile texts, shown %d times on %d pages: none became an element or an attribute", len(markup.Hostile()), shown, len(pages))
}

// linksHarmless looks where every link and form leads.
func linksHarmless(ctx context.Context, p *proof) (finding, error) {
	pages, err := p.shown(ctx)
	if err != nil {
		return finding{}, err
	}
	links := 0
	for path, page := range pages {
		for _, e := range markup.Elements(page) {
			for _, a := range e.Attributes {
				if !markup.Leads(a.Key) {
					continue
				}
				links++
				if at := markup.Scheme(a.Val); at != "" && at != "http" && at != "https" && at != "mailto" {
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
