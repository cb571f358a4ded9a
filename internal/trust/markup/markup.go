// Package markup reads pages and their policies as a browser does, to say what in them could run.
package markup

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// Element is what a browser would make of a tag.
type Element struct {
	Name       string
	Attributes []html.Attribute
	Text       string // what follows it
}

// Elements reads a page as a browser does.
func Elements(page []byte) []Element {
	var all []Element
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return all
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			all = append(all, Element{Name: token.Data, Attributes: token.Attr})
		case html.TextToken:
			if len(all) > 0 {
				all[len(all)-1].Text += string(tokens.Text())
			}
		}
	}
}

// FormToken returns the token that the changes of a page's session carry; empty: the page has none.
func FormToken(page []byte) string {
	for _, e := range Elements(page) {
		if e.Name == "meta" && e.Attribute("name") == "csrf" {
			return e.Attribute("content")
		}
	}
	return ""
}

// Attribute returns what an attribute of the element says, empty for one that it has not.
func (e Element) Attribute(key string) string {
	for _, a := range e.Attributes {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// Leads reports whether an attribute leads somewhere.
func Leads(attribute string) bool {
	switch attribute {
	case "href", "src", "action", "formaction", "poster", "data", "xlink:href":
		return true
	}
	return false
}

// Scheme is the scheme of an address as browsers find it: without spaces and control characters, in lower case.
func Scheme(address string) string {
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

// Loose says what a policy leaves open, and is empty where it leaves nothing.
func Loose(policy string) string {
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "data:") {
		return "the policy allows what is unsafe"
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
		"require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, part) {
			return "the policy lacks " + part
		}
	}
	return ""
}

// Inline says what of an element would be code or style of its own.
func Inline(e Element) string {
	from := ""
	for _, a := range e.Attributes {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
			return "an attribute " + a.Key
		}
		if a.Key == "src" || a.Key == "type" && a.Val == "application/json" {
			from = a.Val
		}
	}
	if e.Name == "script" && from == "" || e.Name == "style" {
		return "an inline " + e.Name
	}
	return ""
}

// Hostile are texts that become code where they are not escaped, and links that run some. Each holds a mark of its own.
func Hostile() []string {
	return []string{
		`<script>mark()</script>`, `<img src=x onerror=mark()>`, `"><svg onload=mark()>`, `' onmouseover='mark()`, `</title><script>mark()</script>`,
		`{{mark}}`, `<a href="javascript:mark()">read</a>`, `[read](javascript:mark())`, `<a href="data:text/html,<script>mark()</script>">read</a>`,
		`<a href="vbscript:mark()">read</a>`, `<a href="JaVaScRiPt:mark()">read</a>`, `<a href="java&#115;cript:mark()">read</a>`,
		"<a href=\"java\tscript:mark()\">read</a>", `javascript:mark()`, `<iframe src="javascript:mark()"></iframe>`, `<form action="javascript:mark()"><button>x</button></form>`,
	}
}
