package gate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"mainstay/internal/fault"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
)

// LeaseAge is how long a decision stands before a stream must ask again.
const LeaseAge = 5 * time.Second

// Lease lets a stream (playback, upload, download) go on after the act that opened it. It holds no transaction.
type Lease struct {
	gate  *Gate
	actor tenant.Actor
	act   Act

	mu      sync.Mutex
	checked time.Time
	bytes   int64
}

// Lease runs an act that opens a stream, and returns the stream's lease.
func (g *Gate) Lease(ctx context.Context, act Act, fn Func) (*Lease, error) {
	if err := g.Do(ctx, act, fn); err != nil {
		return nil, err
	}
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	return &Lease{gate: g, actor: actor, act: Act{Verb: act.Verb, Object: act.Object}, checked: g.Source.Now()}, nil
}

// Check asks the policy again where the last answer is older than [LeaseAge], without an event. It fails as the act would.
func (l *Lease) Check(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.gate.Source.Now()
	if now.Sub(l.checked) < LeaseAge {
		return nil
	}
	tx, err := l.gate.begin(ctx, l.actor, l.gate.rules[l.act.Verb], l.act)
	if err != nil {
		return err
	}
	defer tx.conn.Release()
	tx.abandon(ctx)
	if err := tx.decide(); err != nil {
		return fmt.Errorf("%s: lease: %w", l.act.Verb, err)
	}
	l.checked = now
	return nil
}

// Do runs a part of the stream (a piece of an upload made durable) in a transaction of its own, under a decision of its own
// and without an event: the lease's opening and closing are the events.
func (l *Lease) Do(ctx context.Context, fn Func) error {
	reached(l.act.Verb, atStored)
	tx, err := l.gate.begin(ctx, l.actor, l.gate.rules[l.act.Verb], l.act)
	if err != nil {
		return err
	}
	defer tx.conn.Release()
	err = tx.decide()
	if err == nil {
		err = fn(context.WithValue(ctx, insideKey{}, true), tx)
	}
	if err == nil {
		var tag pgconn.CommandTag
		if tag, err = tx.conn.Exec(ctx, "commit"); err == nil {
			err = committed(tag)
		}
	}
	if err != nil {
		tx.abandon(ctx)
		return fmt.Errorf("%s: %w", l.act.Verb, postgres.Fault(err))
	}
	reached(l.act.Verb, atCounted)
	return nil
}

// Count adds to the bytes that went through the stream.
func (l *Lease) Count(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += int64(n)
}

// Close leaves the event of the stream's end, with the bytes that went through it. It works after access was taken away.
func (l *Lease) Close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	tx, err := l.gate.begin(ctx, l.actor, l.gate.rules[l.act.Verb], l.act)
	if err != nil {
		return err
	}
	defer tx.conn.Release()
	tx.details["bytes"], tx.details["closed"] = l.bytes, true
	if tx.decide() != nil {
		return tx.commit(ctx, "refused", fault.Missing.String())
	}
	return tx.commit(ctx, "done", "")
}

// View runs reads that are no act of their own (progress, static facts of a page already open) under the decision that the
// act would get, without an event. Nothing that fn writes stays. A refusal leaves the act's event all the same.
func (g *Gate) View(ctx context.Context, act Act, fn Func) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	rule, ok := g.rules[act.Verb]
	if ok && actor.Kind == tenant.Account {
		return outside()
	}
	if !ok || inside(ctx) || actor.Workspace.IsZero() {
		return fault.New(fault.Denied, "This is not allowed.")
	}
	tx, err := g.begin(ctx, actor, rule, act)
	if err != nil {
		return fmt.Errorf("%s: %w", act.Verb, err)
	}
	defer tx.conn.Release()
	if err := tx.refuse(ctx); err != nil {
		return fmt.Errorf("%s: %w", act.Verb, err)
	}
	err = fn(context.WithValue(ctx, insideKey{}, true), tx)
	if tx.hidden && err != nil {
		return errors.Join(err, tx.fail(ctx, err))
	}
	tx.abandon(ctx)
	return err
}
