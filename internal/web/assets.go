package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"mainstay/internal/fault"
)

//go:embed static
var staticFiles embed.FS

// Assets are the files that pages load. Each is addressed by its content, so that a browser may keep it for ever.
type Assets struct {
	urls  map[string]string // file name -> path
	files map[string]asset  // path -> file
}

type asset struct {
	kind    string
	plain   []byte
	gzipped []byte // nil where compressing saves nothing
}

// LoadAssets reads the embedded files.
func LoadAssets() (*Assets, error) {
	a := &Assets{urls: map[string]string{}, files: map[string]asset{}}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("reading the embedded files: %w", err)
	}
	for _, entry := range entries {
		body, err := fs.ReadFile(staticFiles, "static/"+entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", entry.Name(), err)
		}
		a.add(entry.Name(), body)
	}
	return a, nil
}

// add puts a file under its address. Fonts are named by version, and the stylesheet names them, so they keep their names.
func (a *Assets) add(name string, body []byte) {
	ext := path.Ext(name)
	at := "/static/" + name
	if ext != ".woff2" {
		sum := sha256.Sum256(body)
		at = "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	}
	file := asset{kind: kindOf(ext), plain: body}
	if small := squeeze(body); len(small) < len(body)*9/10 {
		file.gzipped = small
	}
	a.urls[name], a.files[at] = at, file
}

func kindOf(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(ext)
}

func squeeze(body []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return body
	}
	if _, err := w.Write(body); err != nil || w.Close() != nil {
		return body
	}
	return b.Bytes()
}

// URL returns where the named file is served. An unknown name is a mistake in a template and gives an error there.
func (a *Assets) URL(name string) (string, error) {
	at, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return at, nil
}

// Serve answers for paths that URL gave. It fails with fault.Missing for all others.
func (a *Assets) Serve(w http.ResponseWriter, r *http.Request) error {
	file, ok := a.files[r.URL.Path]
	if !ok {
		return fault.New(fault.Missing, "There is no such file.")
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := file.plain
	if file.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = file.gzipped
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(body)
	return err
}
