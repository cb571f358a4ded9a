package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/identity"
)

//go:embed templates
var templateFiles embed.FS

// shared are the template files that each page may use; every other file is one page.
var shared = []string{"templates/layout.html", "templates/parts.html", "templates/line.html", "templates/formparts.html", "templates/linked.html"}

// Renderer turns a view into HTML. It is safe for use by many goroutines.
type Renderer struct {
	pages map[string]*template.Template
}

// View is what a page shows: a plain struct, with nothing left to look up.
type View interface {
	// Page names the template file.
	Page() string
}

// NewRenderer parses the embedded templates.
func NewRenderer(assets *Assets) (*Renderer, error) {
	funcs := template.FuncMap{
		"asset": assets.URL,
		"icon":  iconOf(assets),
		"join":  func(s []string) string { return strings.Join(s, " or ") },
	}
	r := &Renderer{pages: map[string]*template.Template{}}
	all, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for _, file := range all {
		if slices.Contains(shared, file) {
			continue
		}
		name := strings.TrimSuffix(path.Base(file), ".html")
		files := append([]string{file}, shared...)
		t, err := template.New(name).Funcs(funcs).Option("missingkey=error").ParseFS(templateFiles, files...)
		if err != nil {
			return nil, fmt.Errorf("parsing the page %s: %w", name, err)
		}
		r.pages[name] = t
	}
	return r, nil
}

func iconOf(assets *Assets) func(string) (template.HTML, error) {
	return func(name string) (template.HTML, error) {
		at, err := assets.URL("icons.svg")
		// The name is a constant of a template, or of a view's constructor: never what somebody typed.
		return template.HTML(`<svg class="i" aria-hidden="true"><use href="` + at + `#` + template.HTMLEscapeString(name) + `"></use></svg>`), err
	}
}

// Page writes the whole page, or nothing and an error.
func (r *Renderer) Page(w io.Writer, v View) error { return r.Part(w, v.Page(), "page", v) }

// Part writes one template of a page's file: what a page asks for after it has loaded.
func (r *Renderer) Part(w io.Writer, page, name string, view any) error {
	t, ok := r.pages[page]
	if !ok {
		return fmt.Errorf("no page %q", page)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("rendering %s of %s: %w", name, page, err)
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
