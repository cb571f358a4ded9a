// Package inferencetest is a stand-in for the inference program: the same requests, answered by a script of the test instead
// of networks. It passes the same suite as the program.
package inferencetest

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"mainstay/internal/inference"
	"mainstay/internal/tenant"
)

// Said is something that somebody says. Times are seconds from the start of the sound that is posted.
type Said struct {
	Start, End float64
	Speaker    int // 0, 1 or 2
	Text       string
}

// Script is what a server answers. The zero value hears silence.
type Script struct {
	Language string                        // ISO 639; empty: en
	Hears    func(pcm []int16) []Said      // in order of their start; nil: nothing
	Token    tenant.Secret                 // if set, requests without it are refused
	Foreign  bool                          // a server of another make: transcriptions alone, words without segments
	Fails    func(path string) (int, bool) // a status to answer with instead, 0 to break the connection off
}

// Always returns a Script.Hears that hears the same whatever is posted.
func Always(said ...Said) func([]int16) []Said {
	return func([]int16) []Said { return said }
}

// Server answers requests until the test ends.
type Server struct {
	URL    string
	CA     *x509.CertPool // vouches for a server of NewTLS
	script Script

	mu    sync.Mutex
	posts map[string]int
}

// New starts a server on this machine.
func New(t testing.TB, script Script) *Server {
	t.Helper()
	s := newServer(script)
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// NewTLS starts a server as on another machine: over TLS, with an authority of its own.
func NewTLS(t testing.TB, script Script) *Server {
	t.Helper()
	s := newServer(script)
	server := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // callers that do not know the authority are part of tests
	server.StartTLS()
	t.Cleanup(server.Close)
	s.URL, s.CA = server.URL, x509.NewCertPool()
	s.CA.AddCert(server.Certificate())
	return s
}

func newServer(script Script) *Server {
	if script.Language == "" {
		script.Language = "en"
	}
	return &Server{script: script, posts: map[string]int{}}
}

// Engine returns an engine that asks the server.
func (s *Server) Engine() *inference.Engine {
	return inference.Remote(inference.RemoteConfig{URL: s.URL, Token: s.script.Token, Client: &http.Client{}})
}

// Posts returns how often sound was posted to a path such as /v1/audio/turns.
func (s *Server) Posts(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts[path]
}
