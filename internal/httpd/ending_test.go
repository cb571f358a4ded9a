package httpd_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
)

// ends is a session that a test ends.
type ends struct {
	mu  sync.Mutex
	cut []context.CancelFunc
}

func (e *ends) While(ctx context.Context, _ tenant.Actor) (context.Context, func()) {
	ctx, cut := context.WithCancel(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cut = append(e.cut, cut)
	return ctx, cut
}

func (e *ends) all() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, cut := range e.cut {
		cut()
	}
}

// Requests that wait for the other side end with their session: one that reads, one that writes, one that waits for news.
func TestWhatLastsEndsWithItsSession(t *testing.T) {
	t.Parallel()
	sessions := &ends{}
	s := newServer(t, io.Discard, func(c *httpd.Config) { c.Ends, c.Quiet = sessions, time.Minute })
	begun, ended := make(chan bool, 3), make(chan error, 3)
	lasts := func(h func(w http.ResponseWriter, r *http.Request) error) httpd.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) error {
			begun <- true
			err := h(w, r)
			ended <- err
			return err
		}
	}
	s.API("POST /read", httpd.SignedIn(), lasts(func(_ http.ResponseWriter, r *http.Request) error {
		_, err := io.Copy(io.Discard, r.Body)
		return err
	}), httpd.Stream())
	s.API("GET /write", httpd.SignedIn(), lasts(func(w http.ResponseWriter, _ *http.Request) error {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return err
			}
		}
	}), httpd.Stream())
	s.API("GET /wait", httpd.SignedIn(), lasts(func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	}), httpd.Stream())
	id := tenant.NewID[tenant.SessionID](source)
	token, err := s.FormToken(tenant.Actor{Kind: tenant.Member, Session: id})
	if err != nil {
		t.Fatal(err)
	}
	who := "\r\nHost: a\r\nCookie: who=" + id.String() + "\r\n"
	live := httptest.NewServer(s.Handler())
	defer live.Close()
	for _, request := range []string{
		"POST /read HTTP/1.1" + who + "Sec-Fetch-Site: same-origin\r\nX-CSRF-Token: " + token + "\r\nContent-Length: 1000000\r\n\r\nx",
		"GET /write HTTP/1.1" + who + "\r\n",
		"GET /wait HTTP/1.1" + who + "\r\n",
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", live.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		<-begun
	}
	sessions.all()
	for range 3 {
		if err := <-ended; err == nil {
			t.Error("a request outlived its session")
		}
	}
}

// A connection whose request was cut is not used again: the next request on it would find its context ended from the start.
func TestAConnectionThatWasCutIsClosed(t *testing.T) {
	t.Parallel()
	sessions := &ends{}
	s := newServer(t, io.Discard, func(c *httpd.Config) { c.Ends, c.Quiet = sessions, time.Minute })
	const many = 50
	begun := make(chan bool, many)
	s.API("GET /wait", httpd.SignedIn(), func(w http.ResponseWriter, r *http.Request) error {
		_ = http.NewResponseController(w).Flush()
		begun <- true
		<-r.Context().Done()
		return nil
	}, httpd.Stream())
	live := httptest.NewServer(s.Handler())
	defer live.Close()
	who := "GET /wait HTTP/1.1\r\nHost: a\r\nCookie: who=" + tenant.NewID[tenant.SessionID](source).String() + "\r\n\r\n"
	var conns []net.Conn
	for range many {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", live.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, who); err != nil {
			t.Fatal(err)
		}
		<-begun
		conns = append(conns, conn)
	}
	sessions.all()
	for _, conn := range conns {
		got, _ := io.ReadAll(conn)
		if bytes.HasSuffix(got, []byte("0\r\n\r\n")) {
			t.Fatal("an answer that was cut looks whole, and its connection stays open")
		}
	}
}
