// Package storetest runs an object store of S3's protocol in the process of a test: by TLS, with a certificate authority of its own.
package storetest

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// The credentials that the store takes, and its bucket.
const (
	Key    = "test-key"
	Secret = "secret of the test key"
	Bucket = "minutes"
)

// Server is a store with one empty bucket.
type Server struct {
	URL      string // as the setting blobs takes it
	Endpoint string
	CA       *x509.CertPool

	server  *httptest.Server
	backend *s3mem.Backend
	around  atomic.Pointer[func(http.Handler) http.Handler]
}

// New starts a store, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{backend: s3mem.New()}
	if err := s.backend.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(s.backend, gofakes3.WithLogger(gofakes3.DiscardLog()))
	s.server = httptest.NewUnstartedServer(s.handler(store.Server()))
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	s.CA = x509.NewCertPool()
	s.CA.AddCert(s.server.Certificate())
	s.Endpoint = s.server.URL
	s.URL = "s3://" + Bucket + "?region=test&endpoint=" + url.QueryEscape(s.Endpoint)
	return s
}

func (s *Server) handler(store http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential="+Key+"/") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<Error><Code>InvalidAccessKeyId</Code></Error>`)
			return
		}
		h := store
		if around := s.around.Load(); around != nil {
			h = (*around)(store)
		}
		h.ServeHTTP(w, r)
	})
}

// Around puts something in front of the store from now on.
func (s *Server) Around(f func(http.Handler) http.Handler) { s.around.Store(&f) }

// Stop ends the store before its test ends.
func (s *Server) Stop() { s.server.Close() }

// CAFile writes the certificate authority to a file.
func (s *Server) CAFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store-ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Stored returns what the store holds, by name, as whoever has its disks sees it.
func (s *Server) Stored(t testing.TB) map[string][]byte {
	t.Helper()
	list, err := s.backend.ListBucket(Bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, entry := range list.Contents {
		object, err := s.backend.GetObject(Bucket, entry.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(object.Contents)
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Key] = body
	}
	return all
}
