// Package gate is the only door to tenant data.
//
// Whoever wants to read or write does so inside [Gate.Do]: the gate takes the actor from the context, looks the verb up in
// the one policy table, opens a transaction that PostgreSQL's Row-Level Security confines to the actor's workspace, finds
// the object's record and the actor's access to it, decides, runs the function, writes the act's audit event, and commits.
// No other way to get a [Tx] exists and every store function wants one, so that code which skips the gate does not compile.
//
// Visibility is decided first and role second. An object that is missing, of another workspace or not shared gives the same
// fault.Missing after the same work; a role that does not suffice gives fault.Denied. Refusals and failures leave an event
// like any other act. An act whose event cannot be written did not happen.
//
// One act costs two round trips beyond its own queries: begin, settings, role and object go in one batch, event and commit
// in another, and reads that an act announces go with the first. No model, engine or network is called inside an act, and an
// act inside an act is refused.
package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"mainstay/internal/audit"
	"mainstay/internal/fault"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Config is what a gate stands on. All fields are required.
type Config struct {
	Pools  *postgres.Pools
	Vault  *vault.Vault
	Source tenant.Source
}

// Gate decides and records every act. It is safe for concurrent use.
type Gate struct {
	Config
	rules   map[Verb]Rule
	lookups map[Object]string
}

// New returns a gate with the policy of [Policy].
func New(cfg Config) (*Gate, error) {
	if cfg.Pools == nil || cfg.Vault == nil || cfg.Source.Now == nil || cfg.Source.Random == nil {
		return nil, errors.New("gate: Pools, Vault and Source are required")
	}
	g := &Gate{Config: cfg, rules: table(), lookups: map[Object]string{}}
	for _, rule := range g.rules {
		if rule.Object != None {
			g.lookups[rule.Object] = rule.Object.lookup()
		}
	}
	return g, nil
}

// Act says what is to be done, to what.
type Act struct {
	Verb   Verb
	Object [16]byte // the id of an object of the kind that the verb's rule names; zero if it names none
	Make   []Making // records that the act makes

	// Ahead, if set, queues reads of the act's own that go to the database with the gate's, a round trip earlier. They are
	// confined like all others and made before the decision: what they give is for the act's body alone, which runs after it.
	Ahead func(*pgx.Batch)
}

// Making is a record that an act makes. Its key is made before the act begins and destroyed if the act does not commit.
type Making struct {
	ID      tenant.RecordID
	Kind    string
	Group   tenant.RecordID // the record whose key wraps this one's and whose access it shares; zero: it leads its own group
	Private bool            // for a record that leads a group: readable by its maker and whom it is shared with only
	Purpose vault.Purpose
}

// Func is the body of an act. Its context refuses a second act inside this one.
type Func func(ctx context.Context, tx *Tx) error

// Do runs one act as ctx's actor and commits it together with its event. On an error of fn nothing of the act remains but an
// event that says that it failed. It fails with fault.Missing, fault.Denied or what fn returned.
func (g *Gate) Do(ctx context.Context, act Act, fn Func) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	if inside(ctx) {
		return fmt.Errorf("%s: an act inside an act", act.Verb)
	}
	rule, ok := g.rules[act.Verb]
	if ok && actor.Kind == tenant.Account {
		return outside()
	}
	if !ok || actor.Workspace.IsZero() {
		return fault.New(fault.Denied, "This is not allowed.")
	}
	reached(act.Verb, atAsked)
	if err := g.makeKeys(ctx, actor, act); err != nil {
		return fmt.Errorf("%s: making keys: %w", act.Verb, err)
	}
	reached(act.Verb, atKeyed)
	tx, err := g.begin(ctx, actor, rule, act)
	if err == nil {
		err = tx.run(ctx, fn)
		tx.conn.Release()
	}
	if err != nil {
		if tx == nil || !tx.unsure {
			g.dropKeys(ctx, actor, act)
		}
		return fmt.Errorf("%s: %w", act.Verb, err)
	}
	reached(act.Verb, atCommitted)
	return nil
}

func (g *Gate) makeKeys(ctx context.Context, actor tenant.Actor, act Act) error {
	for _, m := range act.Make {
		err := g.Vault.CreateRecord(ctx, vault.Record{Workspace: actor.Workspace, Record: m.ID, Purpose: m.Purpose, Parent: m.Group})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropKeys destroys the keys of records that an act did not make. It is a courtesy: the collector finds what a crash leaves.
// Where nobody knows whether the act was committed it is not called, because the records may be there.
func (g *Gate) dropKeys(ctx context.Context, actor tenant.Actor, act Act) {
	for _, m := range act.Make {
		_, _ = g.Vault.Destroy(context.WithoutCancel(ctx), actor.Workspace, m.ID)
	}
}

func (g *Gate) pool(actor tenant.Actor) (*pgxpool.Pool, error) {
	if actor.Kind == tenant.Job {
		return g.Pools.Worker(actor.Workspace)
	}
	return g.Pools.App(actor.Workspace)
}

const settings = `select set_config('app.workspace_id', $1, true), set_config('app.member_id', $2, true), set_config('app.group_id', $3, true)`

// begin opens the transaction and reads what the decision needs, in one round trip.
func (g *Gate) begin(ctx context.Context, actor tenant.Actor, rule Rule, act Act) (*Tx, error) {
	pool, err := g.pool(actor)
	if err != nil {
		return nil, err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "The database is busy. Try again in a moment.", err)
	}
	tx := &Tx{gate: g, conn: conn, actor: actor, rule: rule, act: act, now: g.Source.Now().UTC(), details: map[string]any{}}
	batch := &pgx.Batch{}
	queueBegin(batch, actor)
	asked := actor.Member
	if rule.Discloses && actor.Kind == tenant.Job {
		asked = actor.OnBehalfOf
	}
	if rule.Object == None {
		batch.Queue(roleOf, actor.Workspace, asked).QueryRow(func(row pgx.Row) error {
			return optional(row.Scan(&tx.role, &tx.sign.factor, &tx.sign.hours, &tx.sign.idle))
		})
	} else {
		batch.Queue(g.lookups[rule.Object], actor.Workspace, act.Object, asked).QueryRow(tx.scanObject)
	}
	if act.Ahead != nil {
		act.Ahead(batch)
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		tx.abandon(ctx)
		conn.Release()
		return nil, fmt.Errorf("beginning: %w", postgres.Fault(err))
	}
	return tx, nil
}

func queueBegin(batch *pgx.Batch, actor tenant.Actor) {
	batch.Queue("begin")
	batch.Queue(settings, text(actor.Workspace), text(actor.Member), text(actor.Record))
}

// text writes an id for set_config; the zero id is the empty string, which the policies read as null.
func text[N tenant.Noun](id tenant.ID[N]) string {
	if v, _ := id.Value(); v != nil {
		return v.(string)
	}
	return ""
}

func optional(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// decide answers with nil, fault.Missing or fault.Denied. Everything that is not allowed in so many words is refused.
func (tx *Tx) decide() error {
	denied := fault.New(fault.Denied, "Your role does not allow this. An owner or admin of the workspace can.")
	rule, actor := tx.rule, tx.actor
	if actor.Kind == tenant.Member && tx.role != "" {
		if err := tx.admitted(); err != nil {
			return err
		}
	}
	if rule.Object != None && !tx.object.visible(tx) {
		return missing()
	}
	switch actor.Kind {
	case tenant.Member:
		if tx.role == "" {
			return missing()
		}
		if rule.Least == "" || tx.role.rank() < rule.Least.rank() {
			return denied
		}
		if rule.Object != None && tx.level().rank() < rule.Level.rank() {
			return denied
		}
		return tx.confirmed()
	case tenant.Job, tenant.System:
		if index(rule.Jobs, actor.Job) == len(rule.Jobs) {
			return denied
		}
		if rule.Discloses && !actor.OnBehalfOf.IsZero() && !tx.role.AtLeast(Member) {
			return fault.New(fault.Denied, "Who began this may not send anything out of the workspace any more. Begin it again yourself.")
		}
		return nil
	default:
		return denied
	}
}

// outside is what somebody reads who is signed in and in no workspace.
func outside() error {
	return fault.New(fault.Denied, "You are in no workspace. Open the link of an invitation, or ask an admin of a workspace to invite you.")
}

func missing() error {
	return fault.New(fault.Missing, "There is nothing at this address, or it is not shared with you.")
}

// object is what the first batch found of the act's object.
type object struct {
	found      bool
	record     tenant.RecordID
	group      tenant.RecordID
	visibility string
	hidden     bool
	level      Level
	createdBy  tenant.MemberID
}

func (tx *Tx) scanObject(row pgx.Row) error {
	o := &tx.object
	err := row.Scan(&tx.role, &tx.sign.factor, &tx.sign.hours, &tx.sign.idle, &o.record, &o.group, &o.visibility, &o.hidden, &o.level, &o.createdBy)
	o.found = err == nil && !o.record.IsZero()
	return err
}

func (o object) visible(tx *Tx) bool {
	if !o.found || o.hidden && !tx.rule.Hidden {
		return false
	}
	if !tx.actor.Record.IsZero() && tx.actor.Record != o.group {
		return false
	}
	if tx.actor.Kind != tenant.Member {
		return true
	}
	return o.visibility == "workspace" || o.level != "" || o.createdBy == tx.actor.Member
}

// level is what the member may do with the object.
func (tx *Tx) level() Level {
	return levelOf(tx.role, tx.object.level, tx.object.createdBy == tx.actor.Member)
}

// levelOf is what a member may do with a record that they may read: what was shared with them, what their role gives them on
// records that the whole workspace sees, and everything on what they made; a viewer never more than read.
func levelOf(role Role, shared Level, maker bool) Level {
	switch {
	case role == Viewer:
		return Reader
	case maker, role.rank() >= Admin.rank():
		return Manager
	case shared != "":
		return shared
	default:
		return Contributor
	}
}

// run decides, runs fn and ends the transaction one way or the other.
func (tx *Tx) run(ctx context.Context, fn Func) error {
	if err := tx.refuse(ctx); err != nil {
		return err
	}
	err := tx.insertRecords(ctx)
	if err == nil {
		err = fn(context.WithValue(ctx, insideKey{}, true), tx)
	}
	if err == nil {
		err = tx.beside(ctx)
	}
	if err == nil {
		reached(tx.rule.Verb, atWritten)
		return tx.commit(ctx, audit.Done, "")
	}
	err = postgres.Fault(err)
	if noted := tx.fail(ctx, err); noted != nil {
		return errors.Join(err, fmt.Errorf("recording a failure: %w", noted))
	}
	return err
}

// refuse ends the transaction with the event of a refusal where the decision is one, and returns the refusal.
func (tx *Tx) refuse(ctx context.Context) error {
	refusal := tx.decide()
	if refusal == nil {
		return nil
	}
	if err := tx.commit(ctx, audit.Refused, fault.KindOf(refusal).String()); err != nil {
		return fmt.Errorf("recording a refusal: %w", err)
	}
	return refusal
}

type insideKey struct{}

func inside(ctx context.Context) bool { return ctx.Value(insideKey{}) != nil }

// commitTime is how long the database may take to commit.
const commitTime = 30 * time.Second

// commit writes the event and commits, in one round trip. It does not stop half-way where ctx ends: who asked would not learn
// whether the act was done. After an error nothing of the act remains, unless the connection broke and nobody knows; then the
// act is unsure.
func (tx *Tx) commit(ctx context.Context, outcome audit.Outcome, reason string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	event, err := tx.event(ctx, outcome, reason)
	if err != nil {
		tx.abandon(ctx)
		return err
	}
	batch := &pgx.Batch{}
	audit.Queue(batch, event)
	batch.Queue("commit").Exec(committed)
	if err := tx.conn.SendBatch(ctx, batch).Close(); err != nil {
		var answered *pgconn.PgError
		tx.unsure = !errors.As(err, &answered) && !errors.Is(err, errNotCommitted)
		tx.abandon(ctx)
		return fmt.Errorf("committing: %w", postgres.Fault(err))
	}
	return nil
}

// fail undoes the act and leaves an event in a transaction of its own, even where the request is already gone.
func (tx *Tx) fail(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	tx.details = map[string]any{}
	outcome := audit.Failed
	if tx.hidden {
		outcome = audit.Refused
	}
	event, err := tx.event(ctx, outcome, fault.KindOf(cause).String())
	if err != nil {
		tx.abandon(ctx)
		return err
	}
	if tx.conn.Conn().IsClosed() {
		if err := tx.reconnect(ctx); err != nil {
			return err
		}
	}
	batch := &pgx.Batch{}
	batch.Queue("rollback")
	queueBegin(batch, tx.actor)
	audit.Queue(batch, event)
	batch.Queue("commit").Exec(committed)
	if err := tx.conn.SendBatch(ctx, batch).Close(); err != nil {
		tx.abandon(ctx)
		return postgres.Fault(err)
	}
	return nil
}

var errNotCommitted = errors.New("the transaction was not committed")

// committed turns PostgreSQL's silent rollback of an aborted transaction into an error.
func committed(tag pgconn.CommandTag) error {
	if tag.String() != "COMMIT" {
		return fmt.Errorf("%w: it ended with %s", errNotCommitted, tag)
	}
	return nil
}

func (tx *Tx) event(ctx context.Context, outcome audit.Outcome, reason string) (audit.Event, error) {
	record := tx.object.record
	if outcome == audit.Refused || record.IsZero() || tx.rule.Erases {
		record = WorkspaceRecord(tx.actor.Workspace)
	}
	e := audit.Event{ID: tenant.NewID[tenant.EventID](tx.gate.Source), At: tx.now, Stream: tx.rule.Stream, Actor: tx.actor, Verb: string(tx.rule.Verb),
		Object: tx.act.Object, Record: record, Outcome: outcome, Reason: reason}
	if tx.actor.Credential != "" {
		tx.details["credential"] = tx.actor.Key.String()
	}
	var details []byte
	var err error
	if details, e.Hash, err = audit.Details(tx.gate.Source.Random, tx.details); err != nil {
		return e, err
	}
	e.Sealed, err = tx.gate.Vault.Seal(ctx, tx.Place(record, "event", e.ID), details)
	return e, err
}
