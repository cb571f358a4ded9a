package httpd

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"

	"mainstay/internal/fault"
)

// Problem is an error as the outside sees it (RFC 9457).
type Problem struct {
	Status   int
	Title    string     // of the status: "Not found"
	Sentence string     // for people, with the next step
	Request  string     // the request id
	Retry    bool       // trying the same again can help
	Want     fault.Want // what the person has to show first
	Parts    []Part     // what is wrong with parts of the request; of programs' requests only
}

// Part says what is wrong with one part of a request. It never holds what was sent.
type Part struct {
	Pointer   string `json:"pointer,omitempty"`   // into the body (RFC 6901), made of names that are documented
	Parameter string `json:"parameter,omitempty"` // of the address or the header
	Detail    string `json:"detail"`
}

// refusal is an error whose status is known here and not by its kind.
type refusal struct {
	status int
	err    error
	parts  []Part
}

func (e *refusal) Error() string { return fmt.Sprintf("%d: %v", e.status, e.err) }
func (e *refusal) Unwrap() error { return e.err }

// Refuse returns an error that answers with the status: for what concerns HTTP itself, such as 400, 401, 412, 415 and 428.
func Refuse(status int, sentence string) error {
	return &refusal{status: status, err: fault.New(kindOf(status), sentence)}
}

// RefuseParts is Refuse for a request of which some parts break a rule.
func RefuseParts(status int, sentence string, parts ...Part) error {
	return &refusal{status, fault.New(kindOf(status), sentence), parts}
}

func kindOf(status int) fault.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Denied
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return fault.Missing
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return fault.TooLarge
	}
	return fault.Invalid
}

// statusOf maps an error to its status.
func statusOf(err error) int {
	var known *refusal
	if errors.As(err, &known) {
		return known.status
	}
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return http.StatusRequestEntityTooLarge
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Denied, fault.Unconfirmed:
		return http.StatusForbidden
	case fault.Missing:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Busy:
		return http.StatusServiceUnavailable
	case fault.Ended:
		return http.StatusGone
	}
	return http.StatusInternalServerError
}

// missing is what everybody reads who asks for what is not there for them, whatever the reason.
const missing = "There is nothing at this address, or it is not shared with you."

// problemOf says what the outside may know of an error.
func problemOf(err error, request string) Problem {
	status := statusOf(err)
	p := Problem{Status: status, Title: http.StatusText(status), Sentence: fault.Sentence(err), Request: request}
	var known *refusal
	if errors.As(err, &known) {
		p.Parts = known.parts
	}
	var long *http.MaxBytesError
	switch {
	case status == http.StatusNotFound:
		p.Sentence = missing
	case errors.As(err, &long):
		p.Sentence = "This is larger than what this address takes."
	}
	p.Want = fault.Wanted(err)
	p.Retry = status >= 500 || status == http.StatusTooManyRequests || status == http.StatusConflict
	return p
}

// fail answers with an error: the one door. It logs what is ours to mend, once.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	seen := sightOf(r)
	p := problemOf(err, seen.request)
	seen.cause = err
	if seen.wrote {
		return // The answer has begun; the connection ends where it is, and the log knows why.
	}
	h := w.Header()
	for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Disposition", "Etag", "Last-Modified", "Accept-Ranges"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if (p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable) && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "5")
	}
	if p.Status == http.StatusUnauthorized && !seen.api && r.Method == http.MethodGet {
		http.Redirect(w, r, s.cfg.SignIn+nextOf(r), http.StatusSeeOther)
		return
	}
	if seen.api {
		writeProblem(w, p)
		return
	}
	if p.Want != "" {
		s.ask(w, r, p.Want)
		return
	}
	s.writePage(w, r, p)
}

// ask sends a person to where they can show what is wanted, and from there back to the page that they came from.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, want fault.Want) {
	next := r.URL.Path
	if changes(r) {
		next = "/"
		if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
			next = LocalPath(from.Path)
		}
	}
	at := s.cfg.Confirm
	if want == fault.SignIn {
		at = s.cfg.SignIn
	}
	at += "?" + url.Values{"next": {next}, "wanted": {string(want)}}.Encode()
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Redirect", at)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, at, http.StatusSeeOther)
}

// ProblemType is the media type of [Problem.JSON].
const ProblemType = "application/problem+json"

// ProblemOf returns what a program is answered where a request ends with err.
func ProblemOf(r *http.Request, err error) Problem { return problemOf(err, sightOf(r).request) }

// JSON is the problem as programs get it.
func (p Problem) JSON() []byte {
	kind := strconv.Itoa(p.Status)
	if p.Want != "" {
		kind = string(p.Want)
	}
	said := map[string]any{
		"type": "/docs/errors#" + kind, "title": p.Title, "status": p.Status, "detail": p.Sentence, "instance": p.Request,
	}
	if len(p.Parts) > 0 {
		said["errors"] = p.Parts
	}
	body, _ := json.Marshal(said)
	return body
}

func writeProblem(w http.ResponseWriter, p Problem) {
	w.Header().Set("Content-Type", ProblemType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.JSON())
}

func (s *Server) writePage(w http.ResponseWriter, r *http.Request, p Problem) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if s.cfg.ErrorPage != nil && r.Header.Get("HX-Request") == "" {
		if err := s.cfg.ErrorPage(w, r, p); err == nil {
			return
		}
	}
	if sightOf(r).wrote {
		return
	}
	w.WriteHeader(p.Status)
	_, _ = fmt.Fprintf(w, "<!doctype html><title>%s</title><p>%s</p><p>Request %s</p>", html.EscapeString(p.Title), html.EscapeString(p.Sentence), html.EscapeString(p.Request))
}

func stack() []byte { return debug.Stack() }
