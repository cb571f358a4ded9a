package operation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/tenant"
)

// Paging is embedded in the input of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many entries a page has."`
	Cursor string `query:"cursor" maxLength:"600" doc:"next_cursor of the page before. It holds for the same list with the same filters."`

	x  *exchange
	at position
}

// Resolve implements huma.Resolver: it reads the cursor.
func (p *Paging) Resolve(c huma.Context) []error {
	p.x = c.(*exchange)
	if p.Cursor == "" {
		return nil
	}
	at, ok := p.x.set.cursor(p.Cursor, p.place())
	if !ok {
		p.x.err = refuse(parameter("cursor", "This cursor is not one of this list with these filters. Begin the list again without it."))
		return []error{p.x.err}
	}
	p.at = at
	return nil
}

// From returns how many entries come before this page.
func (p *Paging) From() int { return p.at.From }

// After returns the entry that this page follows, empty on the first: what [PageAfter] was given on the page before.
func (p *Paging) After() string { return p.at.After }

// place is the list that a cursor belongs to: whose it is, where it is, and what it is narrowed by.
func (p *Paging) place() string {
	actor := tenant.Visitor(p.x.ctx)
	filters := url.Values{}
	for name, values := range p.x.query {
		if name != "cursor" && name != "limit" {
			filters[name] = values
		}
	}
	return actor.Workspace.String() + " " + actor.Member.String() + " " + p.x.r.URL.Path + "?" + filters.Encode()
}

// Page is a part of a list.
type Page[T any] struct {
	Link string `header:"Link" doc:"The next page, as rel=next."`
	Body List[T]
}

// List is the entries of a page, and how to get those after it.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"Null on the last page."`
}

// PageOf returns a page of items. More says that others follow.
func PageOf[T any](p *Paging, items []T, more bool) *Page[T] {
	return pageAt(p, items, more, position{From: p.at.From + len(items)})
}

// PageAfter is PageOf for a list that grows at its head while it is read: the next page follows the entry called last.
func PageAfter[T any](p *Paging, items []T, more bool, last string) *Page[T] {
	return pageAt(p, items, more, position{After: last})
}

func pageAt[T any](p *Paging, items []T, more bool, next position) *Page[T] {
	if items == nil {
		items = []T{}
	}
	page := &Page[T]{Body: List[T]{Items: items}}
	if !more {
		return page
	}
	cursor := p.x.set.newCursor(next, p.place())
	query := url.Values{}
	for name, values := range p.x.query {
		query[name] = values
	}
	query.Set("cursor", cursor)
	page.Body.NextCursor, page.Link = &cursor, "<"+p.x.r.URL.EscapedPath()+"?"+query.Encode()+`>; rel="next"`
	return page
}

// Cut returns the page of a list that is wholly there.
func Cut[T any](p *Paging, all []T) *Page[T] {
	from := min(p.at.From, len(all))
	to := min(from+p.Limit, len(all))
	return PageOf(p, all[from:to:to], to < len(all))
}

// position is what a cursor says.
type position struct {
	From  int    `json:"from"`
	After string `json:"after,omitempty"`
}

// newCursor signs where the next page of a list begins.
func (s *Set) newCursor(at position, place string) string {
	body, _ := json.Marshal(at)
	return base64.RawURLEncoding.EncodeToString(append(s.sign(body, place), body...))
}

// cursor reads where the next page begins. It reports false for what was not signed here for this list.
func (s *Set) cursor(text, place string) (position, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < sha256.Size {
		return position{}, false
	}
	signature, body := raw[:sha256.Size], raw[sha256.Size:]
	if !hmac.Equal(signature, s.sign(body, place)) {
		return position{}, false
	}
	var at position
	err = json.Unmarshal(body, &at)
	return at, err == nil && at.From >= 0
}

func (s *Set) sign(body []byte, place string) []byte {
	mac := hmac.New(sha256.New, s.cfg.Cursors)
	mac.Write([]byte(place))
	mac.Write([]byte{0})
	mac.Write(body)
	return mac.Sum(nil)
}
