package httpd

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
)

// directives are the parts of the content policy that a report may name. What else a report says is the browser's word about
// a page's content, and is not kept.
var directives = [...]string{
	"default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr", "font-src", "img-src",
	"media-src", "connect-src", "worker-src", "manifest-src", "form-action", "frame-ancestors", "base-uri", "require-trusted-types-for", "trusted-types",
}

// Reports registers the address to which browsers tell that a page broke the content policy. told is called with the
// directive's name each time; it may be nil.
func (s *Server) Reports(told func(directive string)) {
	s.API("POST "+reportPath, Public(), func(w http.ResponseWriter, r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		var report struct {
			Report struct {
				Effective string `json:"effective-directive"`
			} `json:"csp-report"`
		}
		name := "unknown"
		if json.Unmarshal(body, &report) == nil && slices.Contains(directives[:], report.Report.Effective) {
			name = report.Report.Effective
		}
		s.cfg.Log.Warn("content policy broken", "request", RequestID(r), "directive", name)
		if told != nil {
			told(name)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}, MaxBody(16<<10))
}
