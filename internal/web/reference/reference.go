// Package reference is the pages about the JSON API: what each operation takes and answers, read from its OpenAPI document, and
// what each kind of problem means. Everybody may read them; they hold nothing of anybody's.
package reference

import (
	"encoding/json"
	"fmt"
	"net/http"

	"mainstay/internal/httpd"
	"mainstay/internal/web"
)

// Pages are the pages about the API.
type Pages struct {
	*web.App
	nouns []Noun
	kinds []Kind
}

// Register adds the pages, with the API's OpenAPI document, to the server of the app's. It panics as httpd.Server.Page does.
func Register(app *web.App, s *httpd.Server, openapi []byte) error {
	nouns, kinds, err := Read(openapi)
	if err != nil {
		return err
	}
	a := &Pages{app, nouns, kinds}
	s.Page("GET /docs/api", httpd.Public(), a.showAPI)
	s.Page("GET /docs/errors", httpd.Public(), a.showErrors)
	return nil
}

// APIPage is the reference of the API.
type APIPage struct {
	web.Shell
	Nouns []Noun
	Kinds []Kind
}

// Page implements web.View.
func (APIPage) Page() string { return "api" }

// ErrorsPage says what each kind of problem means.
type ErrorsPage struct {
	web.Shell
	Problems []Problem
}

// Page implements web.View.
func (ErrorsPage) Page() string { return "errors" }

func shell(r *http.Request, title string) web.Shell {
	s := web.Plain(r, title)
	s.Wide, s.Style = true, "reference.css"
	return s
}

// NewAPIPage returns the page that shows the document's operations.
func NewAPIPage(s web.Shell, nouns []Noun, kinds []Kind) APIPage { return APIPage{s, nouns, kinds} }

// NewErrorsPage returns the page that shows the problems.
func NewErrorsPage(s web.Shell) ErrorsPage { return ErrorsPage{s, Problems()} }

func (a *Pages) showAPI(w http.ResponseWriter, r *http.Request) error {
	return a.Show(w, NewAPIPage(shell(r, "API"), a.nouns, a.kinds))
}

func (a *Pages) showErrors(w http.ResponseWriter, r *http.Request) error {
	return a.Show(w, NewErrorsPage(shell(r, "Errors")))
}

// Read turns an OpenAPI document into what the page shows: its nouns with their operations, and the kinds of object.
func Read(openapi []byte) ([]Noun, []Kind, error) {
	var d document
	if err := json.Unmarshal(openapi, &d); err != nil {
		return nil, nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	return d.nouns(), d.kinds(), nil
}
