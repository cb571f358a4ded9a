// Package ear hears what a program logs, for a while and beside its log: for who looks for what should not be said there.
package ear

import (
	"context"
	"io"
	"log/slog"
	"sync"
)

// Ear is a log's handler that passes everything on. It is safe for concurrent use.
type Ear struct {
	next, heard slog.Handler
	room        *room
}

// room is who listens.
type room struct {
	mu        sync.Mutex
	listeners map[*io.Writer]bool
}

// New returns an ear in front of a log's handler.
func New(next slog.Handler) *Ear {
	r := &room{listeners: map[*io.Writer]bool{}}
	return &Ear{next: next, heard: slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}), room: r}
}

// Listen writes everything that is logged to w until stop is called: at every level, also those that the log leaves out.
func (e *Ear) Listen(w io.Writer) (stop func()) {
	e.room.mu.Lock()
	defer e.room.mu.Unlock()
	e.room.listeners[&w] = true
	return func() {
		e.room.mu.Lock()
		defer e.room.mu.Unlock()
		delete(e.room.listeners, &w)
	}
}

// Write implements io.Writer. A listener that fails misses what was said.
func (r *room) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.listeners {
		_, _ = (*w).Write(p)
	}
	return len(p), nil
}

func (r *room) attended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.listeners) > 0
}

// Enabled implements slog.Handler.
func (e *Ear) Enabled(ctx context.Context, level slog.Level) bool {
	return e.next.Enabled(ctx, level) || e.room.attended()
}

// Handle implements slog.Handler.
func (e *Ear) Handle(ctx context.Context, r slog.Record) error {
	if e.room.attended() {
		_ = e.heard.Handle(ctx, r.Clone())
	}
	if !e.next.Enabled(ctx, r.Level) {
		return nil
	}
	return e.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (e *Ear) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Ear{e.next.WithAttrs(attrs), e.heard.WithAttrs(attrs), e.room}
}

// WithGroup implements slog.Handler.
func (e *Ear) WithGroup(name string) slog.Handler {
	return &Ear{e.next.WithGroup(name), e.heard.WithGroup(name), e.room}
}
