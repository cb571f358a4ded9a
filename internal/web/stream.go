package web

import (
	"bytes"
	"net/http"
	"strings"
	"time"
)

// pace is how often a stream may send at most; pulse is how often it looks by itself, shows that it lives and asks whether its
// reader is still signed in.
const (
	pace  = 700 * time.Millisecond
	pulse = 15 * time.Second
)

// Event is one message of a stream: a part of the page, or the name of something that the page listens to.
type Event struct {
	Name string // "done": the page shows more than the stream can send
	Part string
}

func (e Event) text() string {
	if e.Name != "" {
		return "event: " + e.Name + "\ndata: \n\n"
	}
	return "data: " + strings.ReplaceAll(strings.TrimSpace(e.Part), "\n", "\ndata: ") + "\n\n"
}

// stream sends what next says: at once, and after news when it changed. It ends with the reader, their session, or the first
// error: then the browser asks again and gets its answer.
func (a *App) stream(w http.ResponseWriter, r *http.Request, news <-chan struct{}, next func() (Event, error)) error {
	w.Header().Set("Content-Type", "text/event-stream")
	ticker := time.NewTicker(pulse)
	defer ticker.Stop()
	for last := ""; ; {
		e, err := next()
		if err != nil {
			return err
		}
		text := e.text()
		if text == last {
			text = ": still here\n\n"
		} else {
			last = text
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		if !a.await(r, news, ticker.C) {
			return nil
		}
	}
}

// await waits for news, or for the next pulse. It reports whether the reader is still there and signed in.
func (a *App) await(r *http.Request, news <-chan struct{}, beat <-chan time.Time) bool {
	select {
	case <-r.Context().Done():
		return false
	case <-beat:
		return a.Identity.StillIn(r.Context()) == nil
	case <-news:
	}
	rest := time.NewTimer(pace)
	defer rest.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-rest.C:
		return true
	}
}

// part renders a template of a page for a stream.
func (a *App) part(name string, view any) (Event, error) {
	var b bytes.Buffer
	err := a.render.Part(&b, name, view)
	return Event{Part: b.String()}, err
}
