package identity

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/limit"
	"mainstay/internal/identity/link"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
)

// endings knows what goes on in this program for whom, so that it can be cut. What ends is named by an id: of a session, an
// account or a member.
type endings struct {
	mu  sync.Mutex
	all map[*going]bool
}

// going is a request that lasts.
type going struct {
	actor tenant.Actor
	cut   context.CancelFunc
}

func (g *going) isOf(id [16]byte) bool {
	return id != [16]byte{} && (g.actor.Session == id || g.actor.Account == id || g.actor.Member == id || g.actor.Key == id)
}

func (e *endings) add(g *going) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all[g] = true
}

func (e *endings) remove(g *going) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.all, g)
}

func (e *endings) cut(id [16]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for g := range e.all {
		if g.isOf(id) {
			g.cut()
		}
	}
}

func (e *endings) sessions() []tenant.SessionID {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []tenant.SessionID
	for g := range e.all {
		if !g.actor.Session.IsZero() {
			all = append(all, g.actor.Session)
		}
	}
	return all
}

// While returns a context that ends with the actor's session, whichever node ends it, and a function that lets go of it. It is
// for requests that last. Where [Service.Watch] does not run it ends with ctx alone.
func (s *Service) While(ctx context.Context, actor tenant.Actor) (context.Context, func()) {
	ctx, cut := context.WithCancel(ctx)
	g := &going{actor, cut}
	s.endings.add(g)
	if !actor.Session.IsZero() && s.StillIn(tenant.WithActor(ctx, actor)) != nil { // it may have ended just before
		cut()
	}
	return ctx, func() {
		s.endings.remove(g)
		cut()
	}
}

// Watch hears of sessions that end on any node, and cuts what goes on for them here, until ctx ends. After a lost connection
// it looks at all of them, because news may have been missed.
func (s *Service) Watch(ctx context.Context) error {
	for {
		err := s.hear(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.log().Warn("listening for sessions that end", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *Service) hear(ctx context.Context) error {
	pool, err := s.Gate.Pools.Control()
	if err != nil {
		return err
	}
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return postgres.Fault(err)
	}
	conn := pooled.Hijack()
	defer func(c *pgx.Conn) { _ = c.Close(context.WithoutCancel(ctx)) }(conn)
	if err := listen(ctx, conn); err != nil {
		return postgres.Fault(err)
	}
	if err := s.cutEnded(ctx); err != nil {
		return err
	}
	for {
		news, err := conn.WaitForNotification(ctx)
		if err != nil {
			return postgres.Fault(err)
		}
		var id tenant.SessionID
		if id.Scan(news.Payload) == nil {
			s.endings.cut(id)
		}
	}
}

// cutEnded cuts what goes on for sessions that ended while nobody listened.
func (s *Service) cutEnded(ctx context.Context) error {
	going := s.endings.sessions()
	if len(going) == 0 {
		return nil
	}
	var ended []tenant.SessionID
	err := s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		ended, err = endedAmong(ctx, tx, going)
		return err
	})
	for _, id := range ended {
		s.endings.cut(id)
	}
	return err
}

// Run does what goes on beside requests until ctx ends: it watches, and removes what is over.
func (s *Service) Run(ctx context.Context) error {
	parts := []func(context.Context) error{s.Watch, s.tidy}
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() { ended <- part(ctx) }()
	}
	var first error
	for range parts {
		if err := <-ended; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// tidy removes once an hour what is over.
func (s *Service) tidy(ctx context.Context) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := s.Gate.Tally(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) error {
			return errors.Join(limit.Tidy(ctx, tx), link.Tidy(ctx, tx), removeOver(ctx, tx))
		})
		if err != nil && ctx.Err() == nil && !fault.Is(err, fault.Busy) {
			s.log().Warn("removing what is over", "error", err)
		}
	}
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}
