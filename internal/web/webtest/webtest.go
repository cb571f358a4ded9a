// Package webtest serves the pages of web from made-up views behind the real listener, so that tests can look at them in a
// browser without a database. Nothing of it is part of the program.
package webtest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
	"mainstay/internal/web/record"
)

// Server answers /page/NAME with the fixture of that name. Query parameter theme is "light" or "dark".
type Server struct {
	assets *web.Assets
	render *web.Renderer
	listen *httpd.Server
	pages  map[string]web.View

	Uploads Uploads // what pages sent

	mu      sync.Mutex
	reports []string
}

type nobody struct{}

func (nobody) Actor(http.ResponseWriter, *http.Request) (tenant.Actor, error) {
	return tenant.Actor{}, fault.New(fault.Denied, "Sign in first.")
}

// New returns a server of the pages.
func New(pages map[string]web.View) (*Server, error) {
	assets, err := web.LoadAssets()
	if err != nil {
		return nil, err
	}
	render, err := web.NewRenderer(assets)
	if err != nil {
		return nil, err
	}
	listen, err := httpd.New(httpd.Config{
		LimitFactor: 1e6, // tests ask more often than people
		Source:      tenant.Source{Now: time.Now, Random: rand.Reader},
		Sessions:    nobody{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), FormKey: make([]byte, 32), ErrorPage: render.Problem,
	})
	if err != nil {
		return nil, err
	}
	s := &Server{assets: assets, render: render, listen: listen, pages: pages}
	s.routes()
	return s, nil
}

// Handler returns the whole server, with every header of the real one.
func (s *Server) Handler() http.Handler { return s.listen.Handler() }

// Reports returns the directives of the content policy that pages broke.
func (s *Server) Reports() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.reports...)
}

func (s *Server) routes() {
	s.listen.Reports(func(directive string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reports = append(s.reports, directive)
	})
	s.Uploads.routes(s.listen)
	open := httpd.Public()
	s.listen.Page("GET /static/", open, s.assets.Serve)
	s.listen.Page("GET /page/{name}", open, s.page)
	s.listen.Page("GET /meetings/{id}/audio", open, sound, httpd.Stream())
	s.listen.Page("GET /meetings/{id}/peaks", open, func(w http.ResponseWriter, _ *http.Request) error {
		return web.JSON(w, map[string]any{"peaks": peaks()})
	})
	s.listen.Page("GET /meetings/{id}/words", open, func(w http.ResponseWriter, _ *http.Request) error { return web.JSON(w, words()) })
	s.listen.Page("GET /meetings/{id}/lines/{line}/edit", open, s.line(true))
	s.listen.Page("GET /meetings/{id}/lines/{line}", open, s.line(false))
	s.listen.Page("POST /meetings/{id}/lines/{line}", open, s.line(false))
	s.listen.Page("GET /meetings/{id}/progress", open, s.stream("progress", processing(false).Progress), httpd.Stream())
	s.listen.Page("GET /events/running", open, s.stream("running", home()), httpd.Stream())
	s.listen.Page("GET /events/jobs", open, s.stream("jobslist", jobs()), httpd.Stream())
	s.listen.Page("GET /setup/checks/list", open, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		return s.render.Part(w, "checklist", checks())
	})
	s.listen.Page("GET /settings/deployment/now", open, func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	s.listen.Page("GET /palette", open, func(w http.ResponseWriter, _ *http.Request) error {
		return web.JSON(w, map[string]any{"meetings": []map[string]string{{"title": "Site progress 13", "when": "17 November", "href": "/page/meeting"}}})
	})
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	view, ok := s.pages[r.PathValue("name")]
	if !ok {
		return fault.New(fault.Missing, "No such fixture.")
	}
	var b strings.Builder
	if err := s.render.Page(&b, view); err != nil {
		return err
	}
	page := b.String()
	if theme := r.URL.Query().Get("theme"); theme == "light" || theme == "dark" {
		page = strings.Replace(page, `<html lang="en"`, `<html lang="en" data-theme="`+theme+`"`, 1)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := io.WriteString(w, page)
	return err
}

// line answers with a line of the meeting, or with its form.
func (s *Server) line(editing bool) httpd.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, _ := s.pages["meeting"].(record.MeetingPage)
		for _, lines := range [][]record.Line{p.Summary, p.Decisions, p.Actions, p.Questions} {
			for _, l := range lines {
				if l.ID != r.PathValue("line") {
					continue
				}
				l.Editing, l.SaveURL, l.CancelURL = editing, "/meetings/mtg_fixture/lines/"+l.ID, "/meetings/mtg_fixture/lines/"+l.ID
				if text := r.PostFormValue("text"); text != "" {
					l.Text = text
				}
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				return s.render.Part(w, "line", l)
			}
		}
		return fault.New(fault.Missing, "No such line.")
	}
}

// stream sends a fragment once, and then waits until the reader goes.
func (s *Server) stream(part string, view any) httpd.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		var b bytes.Buffer
		if err := s.render.Part(&b, part, view); err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/event-stream")
		if _, err := fmt.Fprintf(w, "data: %s\n\n", strings.ReplaceAll(b.String(), "\n", "\ndata: ")); err != nil {
			return err
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		<-r.Context().Done()
		return nil
	}
}
