package httpd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/tenant"
)

// Ends knows when a session ends, on whichever node.
type Ends interface {
	// While returns a context that ends with the actor's session, and a function that lets go of it.
	While(ctx context.Context, actor tenant.Actor) (context.Context, func())
}

var errEnded = errors.New("the session ended")

// lasting runs a handler whose request lasts no longer than its session: then reading and writing fail at once, also where
// they wait for the other side, and the connection is closed. One whose deadlines have passed must not be used again: net/http
// ends the context of every later request on it.
func (s *Server) lasting(ctx context.Context, actor tenant.Actor, w http.ResponseWriter, r *http.Request, h HandlerFunc) error {
	request := ctx
	ctx, release := s.cfg.Ends.While(request, actor)
	defer release()
	c := http.NewResponseController(w)
	cut, gone := make(chan struct{}), false
	stop := context.AfterFunc(ctx, func() {
		gone = request.Err() != nil // the client: its connection is over anyway
		_ = c.SetReadDeadline(time.Unix(1, 0))
		_ = c.SetWriteDeadline(time.Unix(1, 0))
		close(cut)
	})
	defer func() {
		if stop() {
			return
		}
		if <-cut; !gone {
			panic(http.ErrAbortHandler)
		}
	}()
	r = r.WithContext(ctx)
	r.Body = &endingBody{r.Body, ctx}
	return h(&endingWriter{w, ctx}, r)
}

type endingBody struct {
	io.ReadCloser
	ctx context.Context
}

func (b *endingBody) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, errEnded
	}
	return b.ReadCloser.Read(p)
}

type endingWriter struct {
	http.ResponseWriter
	ctx context.Context
}

func (w *endingWriter) Write(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, errEnded
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *endingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// DeviceCookie returns the name of the cookie by which a browser is known from earlier sign-ins. A browser takes the prefix only
// from TLS.
func DeviceCookie(r *http.Request) string {
	if Secure(r) {
		return "__Host-device"
	}
	return "device"
}

func deviceOf(r *http.Request) tenant.Secret {
	cookie, err := r.Cookie(DeviceCookie(r))
	if err != nil || len(cookie.Value) > 64 {
		return ""
	}
	return tenant.Secret(cookie.Value)
}

const longestAgent = 512

// browserOf returns what the browser calls itself, as far as anybody reads it.
func browserOf(r *http.Request) string {
	agent := r.UserAgent()
	return strings.ToValidUTF8(agent[:min(len(agent), longestAgent)], "")
}
