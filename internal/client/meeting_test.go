package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"mainstay/internal/client"
)

// store takes uploads as the API does, and breaks the connection once behind so many bytes.
type store struct {
	got     bytes.Buffer
	breakAt int
	status  int // of every piece; 0: as it should be
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":"x_1"}`)
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(map[string]int{"received": s.got.Len()})
	case s.status != 0:
		w.WriteHeader(s.status)
		fmt.Fprint(w, `{"detail":"This upload is over.","instance":"req_2"}`)
	case r.Header.Get("Upload-Offset") != strconv.Itoa(s.got.Len()) || r.Header.Get("Tus-Resumable") != "1.0.0":
		w.WriteHeader(http.StatusConflict)
	default:
		if s.breakAt > 0 {
			_, _ = io.CopyN(&s.got, r.Body, int64(s.breakAt))
			s.breakAt = 0
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(&s.got, r.Body)
		w.Header().Set("Upload-Offset", strconv.Itoa(s.got.Len()))
		w.WriteHeader(http.StatusNoContent)
	}
}

func TestAnUploadGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	s := &store{breakAt: 3_000_000}
	server := httptest.NewServer(s)
	defer server.Close()
	sound := bytes.Repeat([]byte("a sound, and another one. "), 700_000) // more than two pieces
	c := on(t, server.URL, t.TempDir(), &clock{}, "MAINSTAY_CLIENT_KEY=mst_1")
	var last int64
	_, err := c.Upload(t.Context(), client.Details{Title: "Site"}, client.Recording{Name: "a.wav", Size: int64(len(sound)), File: bytes.NewReader(sound)}, func(safe int64) {
		if safe <= last {
			t.Errorf("%d bytes are safe after %d were", safe, last)
		}
		last = safe
	})
	if err != nil || !bytes.Equal(s.got.Bytes(), sound) || last != int64(len(sound)) || s.breakAt != 0 {
		t.Errorf("Upload() = %v; the server has %d of %d bytes, %d are called safe", err, s.got.Len(), len(sound), last)
	}
}

func TestARefusedUploadIsNotSentAgain(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&store{status: http.StatusGone})
	defer server.Close()
	c := on(t, server.URL, t.TempDir(), &clock{}, "MAINSTAY_CLIENT_KEY=mst_1")
	_, err := c.Upload(t.Context(), client.Details{}, client.Recording{Name: "a.wav", Size: 4, File: strings.NewReader("abcd")}, func(int64) {})
	if err == nil || err.Error() != "This upload is over. (410, request req_2)" {
		t.Errorf("Upload() = %v", err)
	}
}
