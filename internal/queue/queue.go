// Package queue runs the work between acts. A fact, emitted in the transaction that made it true, becomes one step for each
// of its subscribers; a step runs a handler as a narrow actor, outside any transaction, until the handler's own write act
// finishes it. A step is one input, one kind and one run: done once, however often it was begun.
//
// River wakes the workers, on every node, in the transaction that has work for them; its jobs hold nothing. Which step a
// woken worker takes is decided here, so that workspaces take turns: the one with the fewest running steps, then the one
// served longest ago, then the oldest step.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

type noun struct{}

func (noun) Prefix() string { return "stp" }

// ID names a step.
type ID = tenant.ID[noun]

// Quiet begins the names of steps that only tell people of something: no list of work shows them.
const Quiet = "tell:"

// Fact is something that became true, in the past tense. Input is what it is about, Record leads the group it belongs to.
type Fact struct {
	Kind   string
	Input  [16]byte
	Record tenant.RecordID
}

// Step is a piece of work as its handler gets it.
type Step struct {
	Workspace  tenant.WorkspaceID
	ID         ID
	Kind       string
	Input      [16]byte
	Run        int
	Record     tenant.RecordID
	OnBehalfOf tenant.MemberID
	Attempt    int // how often it was begun, from 1
	Failures   int // how often it failed before
}

// Handler does a step. It is called outside any transaction with the step's narrow actor in the context, and may be called
// again after a crash. Returning an error of kind fault.Busy parks the step; Invalid, Missing, TooLarge, Denied and Ended end
// it at once; any other is tried again with growing pauses, and ends it in the end.
type Handler func(ctx context.Context, step Step) error

// Kind says how one kind of step is done.
type Kind struct {
	Name  string // stored; never renamed
	Actor string // the narrow actor that does it
	Do    Handler
}

// Config is what a queue stands on. Node names this process's data folder, so that what it left running is begun again.
type Config struct {
	Gate        *gate.Gate
	Source      tenant.Source
	Kinds       []Kind
	Subscribers map[string][]string // fact kind to step kinds
	Node        string
	Workers     int // steps at once; zero: 2
	Log         *slog.Logger
	Told        func(step Step, phase string, done float64) // hears progress in this process; may be nil
	Dead        func(ctx context.Context, step Step) error  // told of steps that ended without success; may be nil
	Steered     Steered                                     // told of steps that a person cancelled or began again; may be nil
	Grace       time.Duration                               // what a stop leaves to running steps; zero: 7 s
}

// Steered is told inside the act of the person that a step was cancelled, or, where it was not, that a new run of it waits.
type Steered func(ctx context.Context, tx *gate.Tx, step Step, cancelled bool) error

// Queue takes facts in and runs steps. Emit works from the start; steps run while Run does.
type Queue struct {
	cfg    Config
	kinds  map[string]Kind
	client *river.Client[pgx.Tx]
	worker *pgxpool.Pool
	watch  watchers
	told   throttle

	ended <-chan struct{} // closed once Run is to end; nil before
	busy  atomic.Int32    // steps that this process works on
}

// The paces of the queue, in real time.
const (
	leaseLife = 30 * time.Second // a step whose worker is silent for so long is begun again
	beat      = 5 * time.Second
	sweepTime = 2 * time.Second
	handBack  = 2 * time.Second // what a stopped handler has to return
	attempts  = 5
)

// New returns a queue.
func New(cfg Config) (*Queue, error) {
	if cfg.Gate == nil || cfg.Source.Now == nil || cfg.Node == "" || cfg.Log == nil {
		return nil, errors.New("queue: Gate, Source, Node and Log are required")
	}
	if cfg.Workers == 0 {
		cfg.Workers = 2
	}
	if cfg.Grace == 0 {
		cfg.Grace = 7 * time.Second
	}
	pool, err := cfg.Gate.Pools.Worker(tenant.WorkspaceID{})
	if err != nil {
		return nil, err
	}
	q := &Queue{cfg: cfg, kinds: map[string]Kind{}, worker: pool, watch: newWatchers(), told: newThrottle()}
	for _, k := range cfg.Kinds {
		q.kinds[k.Name] = k
	}
	for fact, names := range cfg.Subscribers {
		for _, name := range names {
			if _, ok := q.kinds[name]; !ok {
				return nil, fmt.Errorf("queue: %s starts the unknown step %s", fact, name)
			}
		}
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &waker{q: q})
	q.client, err = river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema: "queue", Workers: workers, Logger: quiet(cfg.Log), JobTimeout: -1, RescueStuckJobsAfter: 24 * time.Hour,
		FetchCooldown: 10 * time.Millisecond, FetchPollInterval: time.Second,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cfg.Workers}},
	})
	return q, err
}

// wake is a River job: there may be work.
type wake struct{}

// Kind implements river.JobArgs.
func (wake) Kind() string { return "wake" }

type waker struct {
	river.WorkerDefaults[wake]
	q *Queue
}

// Work implements river.Worker: it takes steps until none is due or the queue stops.
func (w *waker) Work(ctx context.Context, _ *river.Job[wake]) error {
	for ctx.Err() == nil && !closed(w.q.ended) {
		step, err := w.q.claim(ctx)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil {
			return err
		}
		w.q.work(ctx, step)
	}
	return nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Emit says a fact inside the act that made it true, and inserts one step for each of its subscribers.
func (q *Queue) Emit(ctx context.Context, tx *gate.Tx, fact Fact) error {
	for _, kind := range q.cfg.Subscribers[fact.Kind] {
		step := Step{Workspace: tx.Workspace(), ID: gate.NewID[ID](tx), Kind: kind, Input: fact.Input, Run: 1, Record: fact.Record}
		if err := q.enqueue(ctx, tx, step); err != nil {
			return fmt.Errorf("emitting %s: %w", fact.Kind, err)
		}
	}
	return notify(ctx, tx, fact.Record)
}

func (q *Queue) enqueue(ctx context.Context, tx *gate.Tx, step Step) error {
	if err := insert(ctx, tx, step); err != nil {
		return err
	}
	_, err := q.client.InsertTx(ctx, tx.Outbox(), wake{}, nil)
	return err
}

// Finish ends the step inside its handler's write act. It fails with fault.Conflict where the step was ended meanwhile (run by
// somebody else, or cancelled), and takes the act with it.
func (q *Queue) Finish(ctx context.Context, tx *gate.Tx, step Step) error {
	if err := finish(ctx, tx, step); err != nil {
		return err
	}
	return notify(ctx, tx, step.Record)
}

// Run works until ctx ends; then it begins nothing more, waits for running steps as long as Config.Grace says, stops the rest
// and hands them back. A queue is run once.
func (q *Queue) Run(ctx context.Context) error {
	q.ended = ctx.Done()
	if err := q.reclaim(ctx, q.cfg.Node); err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it began
		}
		return err
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	listening, hears := make(chan error, 1), make(chan struct{})
	go func() { listening <- q.listen(ctx, sync.OnceFunc(func() { close(hears) })) }()
	<-hears // before the first step begins: who cancels it is heard
	if err := q.client.Start(work); err != nil {
		return fmt.Errorf("starting the queue: %w", err)
	}
	q.sweep(ctx)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.cfg.Grace)
	defer cancel()
	err := q.client.Stop(stopping)
	if errors.Is(err, context.DeadlineExceeded) {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), handBack)
		defer cancel()
		if err = q.client.StopAndCancel(stopping); errors.Is(err, context.DeadlineExceeded) {
			q.cfg.Log.Warn("a step did not stop; it is handed back all the same")
			err = nil
		}
	}
	handedBack := q.reclaim(context.WithoutCancel(ctx), q.cfg.Node)
	return errors.Join(err, handedBack, <-listening)
}

// sweep begins again what silent workers left, and wakes workers for what became due, until ctx ends.
func (q *Queue) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepTime)
	defer ticker.Stop()
	for {
		if err := q.Sweep(ctx); err != nil && ctx.Err() == nil {
			q.cfg.Log.Error("sweeping the queue", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Sweep begins again what silent workers left and wakes workers for what is due. Run does it by itself.
func (q *Queue) Sweep(ctx context.Context) error {
	if err := q.reclaim(ctx, ""); err != nil {
		return err
	}
	due, err := q.due(ctx)
	for range min(due, q.cfg.Workers-int(q.busy.Load())) { // who is busy looks for more by itself
		if _, err := q.client.Insert(ctx, wake{}, nil); err != nil {
			return err
		}
	}
	return err
}

// Drain runs every due step in the caller's goroutine and returns when none is left. It is for the one-command run and tests.
func (q *Queue) Drain(ctx context.Context) error {
	for {
		step, err := q.claim(ctx)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil {
			return err
		}
		q.work(ctx, step)
	}
}

// work runs one claimed step to its end or to its next attempt.
func (q *Queue) work(ctx context.Context, step Step) {
	q.busy.Add(1)
	defer q.busy.Add(-1)
	kind := q.kinds[step.Kind]
	actor := tenant.Actor{Kind: tenant.Job, Job: kind.Actor, Workspace: step.Workspace, OnBehalfOf: step.OnBehalfOf, Record: step.Record,
		Request: tenant.NewID[tenant.RequestID](q.cfg.Source)}
	doing, cancel := context.WithCancelCause(tenant.WithActor(ctx, actor))
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		q.beat(doing, step, cancel)
	}()
	began := q.cfg.Source.Now()
	err := q.do(doing, kind, step)
	cancel(nil)
	<-beating
	if ctx.Err() != nil && err != nil {
		return // a stop: the step is handed back
	}
	q.settle(tenant.WithActor(context.WithoutCancel(ctx), actor), step, err)
	q.cfg.Log.Info("step", "step", step.ID, "kind", step.Kind, "workspace", step.Workspace, "attempt", step.Attempt,
		"seconds", q.cfg.Source.Now().Sub(began).Seconds(), "error", errorOf(err))
}

func errorOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// do calls the handler; a panic in it is a failure of the step, not of the server.
func (q *Queue) do(ctx context.Context, kind Kind, step Step) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("step %s panicked: %v", step.Kind, p)
		}
	}()
	return kind.Do(ctx, step)
}

var errEnded = errors.New("the step was ended by somebody else")

// beat renews the lease and stops the handler where the step is no longer ours.
func (q *Queue) beat(ctx context.Context, step Step, cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	news, end := q.Watch(step.Record)
	defer end()
	for {
		ask := q.renew
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-news:
			ask = q.ours
		}
		if ours, err := ask(ctx, step); err == nil && !ours {
			cancel(errEnded)
			return
		}
	}
}

// settle writes how a step that its handler left ended.
func (q *Queue) settle(ctx context.Context, step Step, err error) {
	end := outcome(step, err, q.cfg.Source.Now())
	changed, failed := q.leave(ctx, step, end)
	if failed != nil {
		q.cfg.Log.Error("settling a step", "step", step.ID, "error", failed)
		return
	}
	if changed && end.state == "dead" && q.cfg.Dead != nil {
		if err := q.cfg.Dead(ctx, step); err != nil {
			q.cfg.Log.Error("telling of a dead step", "step", step.ID, "error", err)
		}
	}
}

// ending is what becomes of a step that its handler left.
type ending struct {
	state    string
	next     time.Time // when a waiting one is tried again
	reason   string    // the sentence that people see
	failures int
}

// outcome decides by the kind of the error. What is missing or busy is no failure of the step's and never ends it.
func outcome(step Step, err error, now time.Time) ending {
	if err == nil {
		return ending{state: "done", next: now, failures: step.Failures}
	}
	end := ending{state: "dead", next: now, reason: fault.Sentence(err), failures: step.Failures + 1}
	switch fault.KindOf(err) {
	case fault.Busy:
		end.state, end.failures, end.next = "waiting", step.Failures, now.Add(pauseAfter(step.Attempt))
	case fault.Internal, fault.Conflict:
		if end.failures < attempts {
			end.state, end.next = "waiting", now.Add(pauseAfter(end.failures))
		}
	}
	return end
}

// pauseAfter grows from one second to five minutes.
func pauseAfter(tries int) time.Duration {
	pauses := []time.Duration{time.Second, 4 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}
	return pauses[min(max(tries, 1), len(pauses))-1]
}
