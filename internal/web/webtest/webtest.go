// Package webtest serves the pages of web from made-up views, so that tests can look at them in a browser without a database.
// Nothing of it is part of the program.
package webtest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/web"
)

// Server answers each fixture's path with its page. Query parameter theme is "light" or "dark".
type Server struct {
	assets *web.Assets
	render *web.Renderer
	Policy func(http.Handler) http.Handler // the headers of the real listener
}

// New returns a server over the embedded assets and templates.
func New() (*Server, error) {
	assets, err := web.LoadAssets()
	if err != nil {
		return nil, err
	}
	render, err := web.NewRenderer(assets)
	if err != nil {
		return nil, err
	}
	return &Server{assets: assets, render: render}, nil
}

// Handler serves /page/NAME, the assets, and what the meeting page asks for.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", s.assets)
	mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) {
		view, ok := Pages()[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		s.page(w, r, view)
	})
	mux.HandleFunc("GET /meetings/{id}/audio", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		http.ServeContent(w, r, "a.wav", time.Time{}, strings.NewReader(tone(161)))
	})
	mux.HandleFunc("GET /meetings/{id}/peaks", func(w http.ResponseWriter, r *http.Request) { reply(w, map[string]any{"peaks": peaks()}) })
	mux.HandleFunc("GET /meetings/{id}/words", func(w http.ResponseWriter, r *http.Request) { reply(w, words()) })
	return mux
}

func (s *Server) page(w http.ResponseWriter, r *http.Request, view web.View) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	var b strings.Builder
	if err := s.render.Page(&b, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	page := b.String()
	if theme := r.URL.Query().Get("theme"); theme != "" {
		page = strings.Replace(page, `<html lang="en"`, `<html lang="en" data-theme="`+theme+`"`, 1)
	}
	fmt.Fprint(w, page)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// peaks are louder where somebody speaks.
func peaks() []int {
	out := make([]int, 1610)
	for i := range out {
		ms := int64(i) * 100
		for _, s := range talk {
			if ms >= s.at && ms < s.to {
				out[i] = 60 + int(math.Abs(150*math.Sin(float64(i)*0.9)*math.Cos(float64(i)*0.23)))
			}
		}
	}
	return out
}

// words spreads each segment's words evenly over its time.
func words() map[string][][4]int64 {
	out := map[string][][4]int64{}
	for i, s := range talk {
		text := []rune(strings.ReplaceAll(s.text, "|", ""))
		for from := 0; from < len(text); {
			to := from
			for to < len(text) && text[to] != ' ' {
				to++
			}
			at := func(n int) int64 { return s.at + (s.to-s.at)*int64(n)/int64(len(text)) }
			out[segmentID(i)] = append(out[segmentID(i)], [4]int64{int64(from), int64(to), at(from), at(to)})
			from = to + 1
		}
	}
	return out
}

// tone is a quiet sine of some seconds as 8 kHz WAV.
func tone(seconds int) string {
	n := seconds * 8000
	b := make([]byte, 44+n)
	copy(b, "RIFF")
	binary.LittleEndian.PutUint32(b[4:], uint32(36+n))
	copy(b[8:], "WAVEfmt ")
	binary.LittleEndian.PutUint32(b[16:], 16)
	binary.LittleEndian.PutUint16(b[20:], 1)
	binary.LittleEndian.PutUint16(b[22:], 1)
	binary.LittleEndian.PutUint32(b[24:], 8000)
	binary.LittleEndian.PutUint32(b[28:], 8000)
	binary.LittleEndian.PutUint16(b[32:], 1)
	binary.LittleEndian.PutUint16(b[34:], 8)
	copy(b[36:], "data")
	binary.LittleEndian.PutUint32(b[40:], uint32(n))
	for i := range n {
		b[44+i] = byte(128 + 8*math.Sin(float64(i)*0.3))
	}
	return string(b)
}
