package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
)

// RunAgain starts a new run of a step that ended.
func (q *Queue) RunAgain(ctx context.Context, id ID) error {
	return q.cfg.Gate.Do(ctx, gate.Act{Verb: gate.RerunWork, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		next := Step{Workspace: tx.Workspace(), ID: gate.NewID[ID](tx)}
		var state string
		err := tx.QueryRow(ctx, `
select kind, input_id, record_id, state, (select max(run) + 1 from tenant.step o where o.workspace_id = s.workspace_id and o.input_id = s.input_id and o.kind = s.kind)
from tenant.step s where workspace_id = $1 and id = $2`, tx.Workspace(), id).Scan(&next.Kind, &next.Input, &next.Record, &state, &next.Run)
		if err != nil {
			return fmt.Errorf("reading step %s: %w", id, err)
		}
		if state == "waiting" || state == "running" {
			return fault.New(fault.Conflict, "This work is still going on. Wait for it, or cancel it first.")
		}
		return q.begin(ctx, tx, next)
	})
}

// begin enters a new run of a step and says so.
func (q *Queue) begin(ctx context.Context, tx *gate.Tx, next Step) error {
	if err := q.enqueue(ctx, tx, next); err != nil {
		return err
	}
	if err := q.steered(ctx, tx, next, false); err != nil {
		return err
	}
	return notify(ctx, tx, next.Record)
}

func (q *Queue) steered(ctx context.Context, tx *gate.Tx, step Step, cancelled bool) error {
	if q.cfg.Steered == nil {
		return nil
	}
	return q.cfg.Steered(ctx, tx, step, cancelled)
}

// Again starts a new run of every step that a fact starts, inside an act about the fact's group. Of two acts that say the same
// at once each starts a run, so that the later one works on what both changed.
func (q *Queue) Again(ctx context.Context, tx *gate.Tx, fact Fact) error {
	for _, kind := range q.cfg.Subscribers[fact.Kind] {
		next := Step{Workspace: tx.Workspace(), ID: gate.NewID[ID](tx), Kind: kind, Input: fact.Input, Record: fact.Record}
		if err := number(ctx, tx, &next); err != nil {
			return err
		}
		if err := q.begin(ctx, tx, next); err != nil {
			return err
		}
	}
	return nil
}

// Cancel ends a step that waits or runs. Its handler is stopped at once, or within seconds on another node; what it would have
// stored is not.
func (q *Queue) Cancel(ctx context.Context, id ID) error {
	return q.cfg.Gate.Do(ctx, gate.Act{Verb: gate.CancelWork, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		s := Step{Workspace: tx.Workspace(), ID: id}
		err := tx.QueryRow(ctx, `
update tenant.step set state = 'cancelled', finished_at = $3, lease_until = null
where workspace_id = $1 and id = $2 and state in ('waiting', 'running') returning kind, input_id, run, record_id`, tx.Workspace(), id, tx.Now()).
			Scan(&s.Kind, &s.Input, &s.Run, &s.Record)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.Conflict, "This work is over already.")
		}
		if err != nil {
			return fmt.Errorf("cancelling step %s: %w", id, err)
		}
		if err := q.steered(ctx, tx, s, true); err != nil {
			return err
		}
		return notify(ctx, tx, s.Record)
	})
}

// Progress tells how far a step is: a phase, and how much of the whole step is done, 0 to 1. Told often, it is stored twice a
// second. A failure to store it is nobody's concern.
func (q *Queue) Progress(ctx context.Context, step Step, phase string, done float64) {
	if !q.told.now(step.ID, phase) {
		return
	}
	if q.cfg.Told != nil {
		q.cfg.Told(step, phase, done)
	}
	if err := q.report(ctx, step, phase, done); err != nil && ctx.Err() == nil {
		q.cfg.Log.Warn("telling progress", "step", step.ID, "error", err)
	}
}

type throttle struct {
	mu   *sync.Mutex
	last map[ID]told
}

type told struct {
	phase string
	at    time.Time
}

func newThrottle() throttle { return throttle{mu: &sync.Mutex{}, last: map[ID]told{}} }

func (t throttle) now(id ID, phase string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, now := t.last[id], time.Now()
	if before.phase == phase && now.Sub(before.at) < 500*time.Millisecond {
		return false
	}
	if len(t.last) > 1000 {
		clear(t.last)
	}
	t.last[id] = told{phase, now}
	return true
}

// watchers are the pages that wait for news of a record's group.
type watchers struct {
	mu  *sync.Mutex
	all map[tenant.RecordID]map[chan struct{}]bool
}

func newWatchers() watchers {
	return watchers{mu: &sync.Mutex{}, all: map[tenant.RecordID]map[chan struct{}]bool{}}
}

// Watch returns a channel that gets a value when something changed about a record's group, and a function that ends it.
// Several changes may come as one. The record of a workspace ([gate.WorkspaceRecord]) gives the news of all its groups.
func (q *Queue) Watch(record tenant.RecordID) (<-chan struct{}, func()) {
	w, c := q.watch, make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all[record] == nil {
		w.all[record] = map[chan struct{}]bool{}
	}
	w.all[record][c] = true
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all[record], c)
		if len(w.all[record]) == 0 {
			delete(w.all, record)
		}
	}
}

func (w watchers) tell(record tenant.RecordID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.all[record] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (w watchers) tellAll() {
	w.mu.Lock()
	var records []tenant.RecordID
	for r := range w.all {
		records = append(records, r)
	}
	w.mu.Unlock()
	for _, r := range records {
		w.tell(r)
	}
}

// listen hears of changes on every node through one connection, until ctx ends. It calls ready once it hears, or could not the
// first time. After a lost connection everybody is told, because news may have been missed.
func (q *Queue) listen(ctx context.Context, ready func()) error {
	for {
		err := q.hear(ctx, ready)
		ready()
		if ctx.Err() != nil {
			return nil
		}
		q.cfg.Log.Warn("listening for progress", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
			q.watch.tellAll()
		}
	}
}

func (q *Queue) hear(ctx context.Context, ready func()) error {
	pooled, err := q.worker.Acquire(ctx)
	if err != nil {
		return postgres.Fault(err)
	}
	conn := pooled.Hijack()
	defer func(c *pgx.Conn) { _ = c.Close(context.WithoutCancel(ctx)) }(conn)
	if _, err := conn.Exec(ctx, `listen mainstay_progress`); err != nil {
		return postgres.Fault(err)
	}
	ready()
	for {
		news, err := conn.WaitForNotification(ctx)
		if err != nil {
			return postgres.Fault(err)
		}
		var workspace, record tenant.RecordID
		of, about, _ := strings.Cut(news.Payload, " ")
		if workspace.Scan(of) == nil && record.Scan(about) == nil {
			q.watch.tell(workspace)
			q.watch.tell(record)
		}
	}
}

// quiet keeps River's own chatter out of the log.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(levelled{log.Handler()}) }

type levelled struct{ slog.Handler }

// Enabled implements slog.Handler.
func (levelled) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
