package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"mainstay/internal/fault"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Tx is the inside of one act: a transaction confined to the actor's workspace. It ends with the act and is not safe for
// concurrent use.
type Tx struct {
	gate    *Gate
	conn    *pgxpool.Conn
	actor   tenant.Actor
	rule    Rule
	act     Act
	now     time.Time
	role    Role
	sign    signInPolicy
	object  object
	details map[string]any
	hidden  bool // the act's body found that its object is not there for the actor
	unsure  bool // the connection broke in the commit: nobody knows whether it was done
}

// Actor returns who acts.
func (tx *Tx) Actor() tenant.Actor { return tx.actor }

// Workspace returns the workspace that the act is confined to.
func (tx *Tx) Workspace() tenant.WorkspaceID { return tx.actor.Workspace }

// Record returns the record of the act's object, zero where the verb names none.
func (tx *Tx) Record() tenant.RecordID { return tx.object.record }

// Group returns the record that leads the object's group: the meeting's.
func (tx *Tx) Group() tenant.RecordID { return tx.object.group }

// Private reports whether the object's group is for its maker and whom it is shared with only.
func (tx *Tx) Private() bool { return tx.object.visibility == "private" }

// Role returns the acting member's role, empty for other actors.
func (tx *Tx) Role() Role {
	if tx.actor.Kind != tenant.Member {
		return ""
	}
	return tx.role
}

// Level returns what the acting member may do with the act's object. It is what pages offer by, never what decides.
func (tx *Tx) Level() Level {
	if tx.actor.Kind != tenant.Member {
		return Manager
	}
	return tx.level()
}

// Now returns the act's time, the same throughout the act.
func (tx *Tx) Now() time.Time { return tx.now }

// NewID returns a fresh id of the gate's source, as in gate.NewID[meeting.ID](tx).
func NewID[I tenant.Typed](tx *Tx) I { return tenant.NewID[I](tx.gate.Source) }

// Note adds a detail to the act's audit event. It is sealed with the event; content does not belong there, names may.
func (tx *Tx) Note(key string, value any) { tx.details[key] = value }

// Hide refuses the act as if its object were not there: for an object of which not the record but its own row says whose it is.
// The act's body returns what Hide does.
func (tx *Tx) Hide() error {
	tx.hidden = true
	return missing()
}

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return tx.conn.Exec(ctx, sql, args...)
}

// Query runs a query.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return tx.conn.Query(ctx, sql, args...)
}

// QueryRow runs a query for at most one row.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return tx.conn.QueryRow(ctx, sql, args...)
}

// SendBatch runs several statements in one round trip.
func (tx *Tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return tx.conn.SendBatch(ctx, b)
}

// Outbox returns the act's transaction in the form that the job queue's library takes. It cannot end the act.
func (tx *Tx) Outbox() pgx.Tx { return outbox{tx.conn} }

type outbox struct{ pooled }

type pooled = *pgxpool.Conn

func (o outbox) Commit(context.Context) error   { return errors.New("an act ends by its gate") }
func (o outbox) Rollback(context.Context) error { return errors.New("an act ends by its gate") }
func (o outbox) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }
func (o outbox) Conn() *pgx.Conn                { return o.pooled.Conn() }
func (o outbox) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return o.pooled.Conn().Prepare(ctx, name, sql)
}

// WorkspaceRecord is the record that holds a workspace's own content: its name, its members, the details of events that
// belong to no other record.
func WorkspaceRecord(ws tenant.WorkspaceID) tenant.RecordID { return tenant.RecordID(ws) }

// Place says where a sealed document stands, for the vault. Kind is a constant that is never renamed.
func (tx *Tx) Place(record tenant.RecordID, kind string, row [16]byte) vault.Place {
	return vault.Place{Workspace: tx.actor.Workspace, Record: record, Kind: kind, Row: row}
}

// Seal writes doc as JSON and seals it for the place.
func (tx *Tx) Seal(ctx context.Context, place vault.Place, doc any) ([]byte, error) {
	plain, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing a %s: %w", place.Kind, err)
	}
	return tx.gate.Vault.Seal(ctx, place, plain)
}

// Open opens one sealed document into doc.
func (tx *Tx) Open(ctx context.Context, place vault.Place, sealed []byte, doc any) error {
	plain, err := tx.gate.Vault.Open(ctx, vault.Sealed{Place: place, Bytes: sealed})
	if err != nil {
		return fmt.Errorf("opening a %s: %w", place.Kind, err)
	}
	return read(place.Kind, plain[0], doc)
}

// read takes the cause of encoding/json out of its error: it quotes what it could not read.
func read(kind string, plain []byte, doc any) error {
	if json.Unmarshal(plain, doc) != nil {
		return fmt.Errorf("reading a %s: its JSON has another shape", kind)
	}
	return nil
}

// OpenAll opens many sealed documents in one call of the vault, in their order.
func OpenAll[T any](ctx context.Context, tx *Tx, sealed []vault.Sealed) ([]T, error) {
	plain, err := tx.gate.Vault.Open(ctx, sealed...)
	if err != nil {
		return nil, fmt.Errorf("opening %d documents: %w", len(sealed), err)
	}
	docs := make([]T, len(plain))
	for i, p := range plain {
		if err := read(sealed[i].Place.Kind, p, &docs[i]); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// OpenEach opens like [OpenAll] but leaves nil what was damaged or erased, so that one such row does not hide a whole list. The
// vault has told the operator of each.
func OpenEach[T any](ctx context.Context, tx *Tx, sealed []vault.Sealed) ([]*T, error) {
	plain, err := tx.gate.Vault.Open(ctx, sealed...)
	if err != nil && vault.DamageOf(err) == "" && !fault.Is(err, fault.Missing) {
		return nil, fmt.Errorf("opening %d documents: %w", len(sealed), err)
	}
	docs := make([]*T, len(sealed))
	for i, p := range plain {
		if p == nil {
			continue
		}
		docs[i] = new(T)
		if err := read(sealed[i].Place.Kind, p, docs[i]); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// Erase destroys the key of a record and of every record below it, and then marks the rows. What the key sealed is gone for
// good when Erase returns, whether or not the act commits.
func (tx *Tx) Erase(ctx context.Context, record tenant.RecordID) (vault.Receipt, error) {
	if !tx.rule.Erases {
		return vault.Receipt{}, fmt.Errorf("%s erases nothing by its rule", tx.rule.Verb)
	}
	receipt, err := tx.gate.Vault.Destroy(ctx, tx.actor.Workspace, record)
	if err != nil {
		return receipt, fmt.Errorf("destroying the key of record %s: %w", record, err)
	}
	reached(tx.rule.Verb, atErased)
	_, err = tx.Exec(ctx, `
update tenant.record set erased_at = $2
where workspace_id = tenant.current_workspace() and (id = $1 or group_id = $1) and erased_at is null`, record, tx.now)
	return receipt, err
}

func (tx *Tx) insertRecords(ctx context.Context) error {
	batch := &pgx.Batch{}
	for _, m := range tx.act.Make {
		group, visibility := m.Group, "workspace"
		if group.IsZero() {
			group = m.ID
		}
		if m.Private {
			visibility = "private"
		}
		batch.Queue(`
insert into tenant.record (workspace_id, id, group_id, kind, visibility, created_by, created_at)
values ($1, $2, $3, $4, $5, $6, $7)`, tx.actor.Workspace, m.ID, group, m.Kind, visibility, tx.maker(), tx.now)
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("making %d records: %w", batch.Len(), err)
	}
	return nil
}

func (tx *Tx) maker() tenant.MemberID {
	if tx.actor.Kind == tenant.Member {
		return tx.actor.Member
	}
	return tx.actor.OnBehalfOf
}

// abandon ends the transaction without a trace of it; a connection that cannot even roll back is closed.
func (tx *Tx) abandon(ctx context.Context) {
	abandon(ctx, tx.conn)
}

func abandon(ctx context.Context, conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "rollback"); err != nil {
		_ = conn.Conn().Close(ctx)
	}
}

func (tx *Tx) reconnect(ctx context.Context) error {
	tx.conn.Release()
	pool, err := tx.gate.pool(tx.actor)
	if err != nil {
		return err
	}
	tx.conn, err = pool.Acquire(ctx)
	return postgres.Fault(err)
}
