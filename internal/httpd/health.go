package httpd

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"mainstay/internal/fault"
)

// readyTime is how long the database may take to say that it is there.
const readyTime = 2 * time.Second

// Health registers the addresses that supervisors ask: /healthz answers while the process lives, /readyz while ready returns
// nil, /version with the version. None of them says more than that.
func (s *Server) Health(version string, ready func(context.Context) error) {
	s.API("GET /healthz", Public(), func(w http.ResponseWriter, _ *http.Request) error { return fact(w, "status", "ok") }, Constant())
	s.API("GET /readyz", Public(), func(w http.ResponseWriter, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if err := ready(ctx); err != nil {
			return &refusal{status: http.StatusServiceUnavailable, err: fault.Wrap(fault.Busy, "The database does not answer. Try again in a moment.", err)}
		}
		return fact(w, "status", "ready")
	}, Constant())
	s.API("GET /version", Public(), func(w http.ResponseWriter, _ *http.Request) error { return fact(w, "version", version) }, Constant())
}

func fact(w http.ResponseWriter, name, value string) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]string{name: value})
}
