package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/identity"
)

//go:embed templates
var templateFiles embed.FS

// Renderer turns a view into HTML. It is safe for use by many goroutines.
type Renderer struct {
	all *template.Template
}

// View is what a page shows: a plain struct, with nothing left to look up.
type View interface {
	// Page names the template: it is "page " and this.
	Page() string
}

// NewRenderer parses the embedded templates.
func NewRenderer(assets *Assets) (*Renderer, error) {
	funcs := template.FuncMap{
		"asset": assets.URL,
		"icon":  iconOf(assets),
		"join":  func(s []string) string { return strings.Join(s, " or ") },
	}
	all, err := template.New("").Funcs(funcs).Option("missingkey=error").ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the templates: %w", err)
	}
	return &Renderer{all}, nil
}

func iconOf(assets *Assets) func(string) (template.HTML, error) {
	return func(name string) (template.HTML, error) {
		at, err := assets.URL("icons.svg")
		// The name is a constant of a template, or of a view's constructor: never what somebody typed.
		return template.HTML(`<svg class="i" aria-hidden="true"><use href="` + at + `#` + template.HTMLEscapeString(name) + `"></use></svg>`), err
	}
}

// Page writes the whole page, or nothing and an error.
func (r *Renderer) Page(w io.Writer, v View) error { return r.Part(w, "page "+v.Page(), v) }

// Part writes one template: what a page asks for after it has loaded.
func (r *Renderer) Part(w io.Writer, name string, view any) error {
	var b bytes.Buffer
	if err := r.all.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// JSON writes v for an island to read.
func JSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

// Options answers an island that asks the browser for a passkey: with the options, or with a sentence why there are none, and the
// field of the form that it is about.
func Options(w http.ResponseWriter, options json.RawMessage, err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Busy, fault.TooLarge, fault.Denied:
		if err != nil {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			return json.NewEncoder(w).Encode(map[string]string{"problem": fault.Sentence(err), "field": identity.Wrong(err)})
		}
	}
	if err != nil {
		return err
	}
	return JSON(w, options)
}
