package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"mainstay/internal/audit"
	"mainstay/internal/fault"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// InstanceTx is the inside of an act on the schema control: accounts, sessions, workspaces. It reaches no tenant row.
type InstanceTx struct {
	Tx
	later pgx.Batch
}

// Later queues a write whose answer nobody waits for. It goes out in one round trip with the commit; where it fails, the act does.
// What the same act reads does not see it.
func (tx *InstanceTx) Later(sql string, args ...any) { tx.later.Queue(sql, args...) }

// Place says where a sealed document of the instance stands.
func (tx *InstanceTx) Place(kind string, row [16]byte) vault.Place {
	return vault.Place{Kind: kind, Row: row}
}

// Instance is the same door to the schema control: one decision, one transaction, one event. The actor is a narrow one of the
// System kind; a person's own authority is checked by identity, which is the only caller.
func (g *Gate) Instance(ctx context.Context, verb Verb, fn func(ctx context.Context, tx *InstanceTx) error) error {
	tx, err := g.instance(ctx, verb, g.Pools.Control)
	if err != nil {
		return err
	}
	conn := tx.conn
	defer conn.Release()
	if _, err := conn.Exec(ctx, "begin"); err != nil {
		return fmt.Errorf("%s: beginning: %w", verb, postgres.Fault(err))
	}
	outcome, reason := audit.Done, ""
	failure := fn(context.WithValue(ctx, insideKey{}, true), tx)
	if failure != nil {
		failure = fmt.Errorf("%s: %w", verb, postgres.Fault(failure))
		outcome, reason = audit.Failed, fault.KindOf(failure).String()
		if fault.Is(failure, fault.Denied) { // a person's own authority is identity's to judge
			outcome = audit.Refused
		}
		abandon(ctx, conn)
	}
	reached(verb, atWritten)
	if err := errors.Join(failure, tx.record(ctx, outcome, reason)); err != nil {
		return err
	}
	reached(verb, atCommitted)
	return nil
}

// instance takes a connection for an actor that the verb's rule names.
func (g *Gate) instance(ctx context.Context, verb Verb, of func() (*pgxpool.Pool, error)) (*InstanceTx, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	rule, ok := g.rules[verb]
	if !ok || inside(ctx) || actor.Kind != tenant.System || index(rule.Jobs, actor.Job) == len(rule.Jobs) {
		return nil, fault.New(fault.Denied, "This is not allowed.")
	}
	pool, err := of()
	if err != nil {
		return nil, err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "The database is busy. Try again in a moment.", err)
	}
	return &InstanceTx{Tx: Tx{gate: g, conn: conn, actor: actor, rule: rule, now: g.Source.Now().UTC(), details: map[string]any{}}}, nil
}

// record writes the event and commits; after a failure it does so in a transaction of its own.
func (tx *InstanceTx) record(ctx context.Context, outcome audit.Outcome, reason string) error {
	ctx = context.WithoutCancel(ctx)
	e := audit.Event{ID: tenant.NewID[tenant.EventID](tx.gate.Source), At: tx.now, Stream: tx.rule.Stream, Actor: tx.actor,
		Verb: string(tx.rule.Verb), Object: tx.act.Object, Outcome: outcome, Reason: reason}
	var details []byte
	var err error
	if details, e.Hash, err = audit.Details(tx.gate.Source.Random, tx.details); err != nil {
		abandon(ctx, tx.conn)
		return err
	}
	if e.Sealed, err = tx.gate.Vault.Seal(ctx, tx.Place("event", e.ID), details); err != nil {
		abandon(ctx, tx.conn)
		return err
	}
	batch := &tx.later
	if outcome != audit.Done {
		batch = &pgx.Batch{}
		batch.Queue("begin")
	}
	audit.QueueInstance(batch, e)
	batch.Queue("commit").Exec(committed)
	if err := tx.conn.SendBatch(ctx, batch).Close(); err != nil {
		abandon(ctx, tx.conn)
		var answered *pgconn.PgError
		surely := errors.As(err, &answered)
		err = fmt.Errorf("committing: %w", postgres.Fault(err))
		if surely && outcome == audit.Done {
			return errors.Join(err, tx.record(ctx, audit.Failed, fault.KindOf(err).String()))
		}
		return err
	}
	return nil
}

// Look runs reads on the schema control that are no act (checking a session's token, looking an account up) under the same
// rule and without an event. Its connection cannot write.
func (g *Gate) Look(ctx context.Context, verb Verb, fn func(ctx context.Context, tx *InstanceTx) error) error {
	tx, err := g.instance(ctx, verb, g.Pools.ControlRead)
	if err != nil {
		return err
	}
	defer tx.conn.Release()
	err = fn(context.WithValue(ctx, insideKey{}, true), tx)
	if err == nil && tx.later.Len() > 0 {
		err = errors.New("a look writes nothing")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", verb, postgres.Fault(err))
	}
	return nil
}

// Tally runs writes on the schema control that are no act (how often was tried, when a session was used) in a transaction
// under the same rule and without an event. What fn did stays only where it returns nil.
func (g *Gate) Tally(ctx context.Context, verb Verb, fn func(ctx context.Context, tx *InstanceTx) error) error {
	tx, err := g.instance(ctx, verb, g.Pools.Control)
	if err != nil {
		return err
	}
	defer tx.conn.Release()
	_, err = tx.conn.Exec(ctx, "begin")
	if err == nil {
		err = fn(context.WithValue(ctx, insideKey{}, true), tx)
	}
	if err == nil {
		tx.later.Queue("commit").Exec(committed)
		err = tx.conn.SendBatch(ctx, &tx.later).Close()
	}
	if err != nil {
		abandon(ctx, tx.conn)
		return fmt.Errorf("%s: %w", verb, postgres.Fault(err))
	}
	return nil
}

// About names the object that the instance's event is about.
func (tx *InstanceTx) About(object [16]byte) { tx.act.Object = object }
