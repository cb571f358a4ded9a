package web

import (
	"bytes"
	"net/http"

	"mainstay/internal/httpd"
)

// ErrorPage says what went wrong and what to do. It holds nothing that was submitted.
type ErrorPage struct {
	Shell
	Status   int
	Heading  string
	Sentence string
	Retry    string // where to try again, empty where that would not help
	Request  string
}

func (ErrorPage) Page() string { return "error" }

// headings are what error pages are called, by status.
var headings = map[int]string{
	http.StatusUnauthorized:          "Sign in first",
	http.StatusForbidden:             "Your role does not allow this",
	http.StatusNotFound:              "Nothing is here",
	http.StatusConflict:              "Somebody was faster",
	http.StatusGone:                  "This link is over",
	http.StatusRequestEntityTooLarge: "Too large",
	http.StatusTooManyRequests:       "Not now",
	http.StatusServiceUnavailable:    "Not now",
	http.StatusUnprocessableEntity:   "This was not taken",
}

// ErrorPageOf returns the page of a problem. Trying again is offered for pages that were only read.
func ErrorPageOf(p httpd.Problem, r *http.Request) ErrorPage {
	heading := headings[p.Status]
	switch {
	case heading == "" && p.Status >= 500:
		heading = "Something went wrong on our side"
	case heading == "":
		heading = "This was not understood"
	}
	page := ErrorPage{Shell: Shell{Title: heading, Theme: themeOf(r)}, Status: p.Status, Heading: heading, Sentence: p.Sentence, Request: p.Request}
	if p.Retry && r.Method == http.MethodGet {
		page.Retry = r.URL.Path
	}
	return page
}

// Problem answers with the page of a problem: what httpd.Config.ErrorPage wants.
func (r *Renderer) Problem(w http.ResponseWriter, req *http.Request, p httpd.Problem) error {
	var b bytes.Buffer
	if err := r.Page(&b, ErrorPageOf(p, req)); err != nil {
		return err
	}
	w.WriteHeader(p.Status)
	_, err := w.Write(b.Bytes())
	return err
}
