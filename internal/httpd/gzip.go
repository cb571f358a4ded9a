package httpd

import (
	"compress/gzip"
	"net/http"
	"strings"
)

// ZippedTag ends the entity tag of an answer that was made small on the way.
const ZippedTag = "-gzip"

// compress makes pages small on the way. Tokens in pages are masked anew each time, so that their compressed size tells nothing.
func compress(h HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || r.Method == http.MethodHead {
			return h(w, r)
		}
		z := &zipped{ResponseWriter: w}
		err := h(z, r)
		if closed := z.close(); err == nil {
			err = closed
		}
		return err
	}
}

// zipped compresses an answer if it turns out to be text.
type zipped struct {
	http.ResponseWriter
	gz      *gzip.Writer
	decided bool
}

func (z *zipped) WriteHeader(status int) {
	h := z.Header()
	kind := h.Get("Content-Type")
	text := strings.HasPrefix(kind, "text/html") || strings.HasPrefix(kind, "application/json")
	if !z.decided && text && h.Get("Content-Encoding") == "" && status == http.StatusOK {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) { // a strong tag is of these very bytes (RFC 9110, 8.8.3)
			h.Set("Etag", strings.TrimSuffix(tag, `"`)+ZippedTag+`"`)
		}
		z.gz = gzip.NewWriter(z.ResponseWriter)
	}
	if text {
		h.Add("Vary", "Accept-Encoding")
	}
	z.decided = true
	z.ResponseWriter.WriteHeader(status)
}

func (z *zipped) Write(p []byte) (int, error) {
	if !z.decided {
		if z.Header().Get("Content-Type") == "" {
			z.Header().Set("Content-Type", http.DetectContentType(p))
		}
		z.WriteHeader(http.StatusOK)
	}
	if z.gz == nil {
		return z.ResponseWriter.Write(p)
	}
	return z.gz.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (z *zipped) Unwrap() http.ResponseWriter { return z.ResponseWriter }

func (z *zipped) close() error {
	if z.gz == nil {
		return nil
	}
	return z.gz.Close()
}
