package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// named is what a credential's row keeps sealed.
type named struct {
	Name string `json:"name"`
}

// standing is a credential that holds, and the actor that it gives.
type standing struct {
	actor  tenant.Actor
	usedAt time.Time
}

func keyByHash(ctx context.Context, tx *gate.InstanceTx, hash []byte) (standing, error) {
	return scanStanding(tx.QueryRow(ctx, `
select c.id, c.account_id, c.workspace_id, c.member_id, c.scopes, c.created_at, c.used_at
from control.credential c join control.account a on a.id = c.account_id and a.state = 'active'
where c.key_hash = $1 and c.ended_at is null and c.ends_at > $2`, hash, tx.Now()), tenant.ByKey)
}

func accessByHash(ctx context.Context, tx *gate.InstanceTx, hash []byte) (standing, error) {
	return scanStanding(tx.QueryRow(ctx, `
select c.id, c.account_id, c.workspace_id, c.member_id, c.scopes, c.created_at, c.used_at
from control.token t
join control.credential c on c.id = t.credential_id and c.ended_at is null and c.ends_at > $2
join control.account a on a.id = c.account_id and a.state = 'active'
where t.token_hash = $1 and t.kind = 'access' and t.ends_at > $2`, hash, tx.Now()), tenant.ByToken)
}

func scanStanding(row pgx.Row, by tenant.Credential) (standing, error) {
	s := standing{actor: tenant.Actor{Kind: tenant.Member, Credential: by}}
	a, used := &s.actor, (*time.Time)(nil)
	err := row.Scan(&a.Key, &a.Account, &a.Workspace, &a.Member, &a.Scopes, &a.SignedInAt, &used)
	if errors.Is(err, pgx.ErrNoRows) {
		return standing{}, over()
	}
	if used != nil {
		s.usedAt = *used
	}
	return s, err
}

func markUsed(ctx context.Context, tx *gate.InstanceTx, id ID) error {
	_, err := tx.Exec(ctx, `update control.credential set used_at = $2 where id = $1`, id, tx.Now())
	return err
}

func insertCredential(ctx context.Context, tx *gate.Tx, c Credential) error {
	record := gate.WorkspaceRecord(tx.Workspace())
	sealed, err := tx.Seal(ctx, tx.Place(record, "credential", c.ID), named{c.Name})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.credential (workspace_id, id, record_id, member_id, kind, prefix, scopes, created_at, ends_at, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Workspace(), c.ID, record, c.Member, c.Kind, c.Prefix, c.Scopes, c.CreatedAt, c.EndsAt, sealed)
	return err
}

// listCredentials lists what holds of a member, or of all for the zero id.
func listCredentials(ctx context.Context, tx *gate.Tx, whose tenant.MemberID) ([]Credential, error) {
	rows, err := tx.Query(ctx, `
select id, kind, prefix, member_id, scopes, created_at, ends_at, sealed
from tenant.credential
where workspace_id = $1 and ($2::uuid is null or member_id = $2) and ended_at is null and ends_at > $3
order by created_at desc, id desc limit 1000`, tx.Workspace(), whose, tx.Now())
	if err != nil {
		return nil, fmt.Errorf("listing credentials: %w", err)
	}
	record := gate.WorkspaceRecord(tx.Workspace())
	var sealed []vault.Sealed
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Credential, error) {
		var c Credential
		var body []byte
		err := row.Scan(&c.ID, &c.Kind, &c.Prefix, &c.Member, &c.Scopes, &c.CreatedAt, &c.EndsAt, &body)
		sealed = append(sealed, vault.Sealed{Place: tx.Place(record, "credential", c.ID), Bytes: body})
		return c, err
	})
	if err != nil {
		return nil, err
	}
	names, err := gate.OpenEach[named](ctx, tx, sealed)
	if err != nil {
		return nil, err
	}
	for i, n := range names {
		if n != nil {
			all[i].Name = n.Name
		}
	}
	return all, nil
}

func fillUses(ctx context.Context, tx *gate.InstanceTx, all []Credential) error {
	ids := make([]ID, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	rows, err := tx.Query(ctx, `select id, used_at from control.credential where id = any($1) and used_at is not null`, ids)
	if err != nil {
		return fmt.Errorf("reading when credentials were used: %w", err)
	}
	uses := map[ID]time.Time{}
	var id ID
	var at time.Time
	if _, err := pgx.ForEachRow(rows, []any{&id, &at}, func() error { uses[id] = at; return nil }); err != nil {
		return err
	}
	for i := range all {
		all[i].UsedAt = uses[all[i].ID]
	}
	return nil
}

// mayEnd reports whether a credential is the member's, or they administrate it.
func mayEnd(ctx context.Context, tx *gate.Tx, id ID, member tenant.MemberID) (bool, error) {
	var own bool
	err := tx.QueryRow(ctx, `select member_id = $3 from tenant.credential where workspace_id = $1 and id = $2`, tx.Workspace(), id, member).Scan(&own)
	return own || tx.Role() == gate.Owner || tx.Role() == gate.Admin, err
}

func markEnded(ctx context.Context, tx *gate.Tx, id ID) error {
	_, err := tx.Exec(ctx, `update tenant.credential set ended_at = $3 where workspace_id = $1 and id = $2 and ended_at is null`, tx.Workspace(), id, tx.Now())
	return err
}

// issue makes a credential work. Hash is a key's; a program has none, but tokens and a name.
func issue(ctx context.Context, tx *gate.InstanceTx, of tenant.Actor, c Credential, hash []byte) error {
	var client []byte
	if c.Kind == "program" {
		client = clientHash(c.Name)
	}
	_, err := tx.Exec(ctx, `
insert into control.credential (id, account_id, workspace_id, member_id, kind, key_hash, client_hash, scopes, created_at, ends_at, end_reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '')`, c.ID, of.Account, of.Workspace, of.Member, c.Kind, hash, client, c.Scopes, c.CreatedAt, c.EndsAt)
	return err
}

func endCredential(ctx context.Context, tx *gate.InstanceTx, id ID, reason string) (ended bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`update control.credential set ended_at = $2, end_reason = $3 where id = $1 and ended_at is null`, id, tx.Now(), reason).
		Exec(func(tag pgconn.CommandTag) error { ended = tag.RowsAffected() == 1; return nil })
	batch.Queue(`delete from control.token where credential_id = $1 and kind = 'access'`, id)
	batch.Queue(`select pg_notify('session_ended', ($1::uuid)::text)`, id)
	err = tx.SendBatch(ctx, batch).Close()
	return ended, err
}

func endOfMember(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID, member tenant.MemberID) error {
	_, err := tx.Exec(ctx, `
update control.credential set ended_at = $3, end_reason = 'removed'
where workspace_id = $1 and member_id = $2 and ended_at is null`, ws, member, tx.Now())
	return err
}

// TakeBack ends the keys and programs of an account that were let in since a time, inside an act of its caller's.
func TakeBack(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time) error {
	rows, err := tx.Query(ctx, `
select id from control.credential where account_id = $1 and created_at >= $2 and ended_at is null`, account, since)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[ID])
	for _, id := range found {
		if err == nil {
			_, err = endCredential(ctx, tx, id, "revoked")
		}
	}
	return err
}

// useRefresh takes a refresh token of a client: of all who try, one gets its credential. It fails with fault.Missing for the others.
func useRefresh(ctx context.Context, tx *gate.InstanceTx, hash, client []byte) (ID, []gate.Scope, error) {
	var id ID
	var scopes []gate.Scope
	err := tx.QueryRow(ctx, `
update control.token t set used_at = $2
from control.credential c join control.account a on a.id = c.account_id and a.state = 'active'
where t.token_hash = $1 and t.kind = 'refresh' and t.used_at is null and t.ends_at > $2
  and c.id = t.credential_id and c.ended_at is null and c.ends_at > $2 and (c.client_hash is null or c.client_hash = $3)
returning c.id, c.scopes`, hash, tx.Now(), client).Scan(&id, &scopes)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, nil, fault.New(fault.Missing, "There is no such token.")
	}
	return id, scopes, err
}

// family is what a refresh token that did not work belongs to.
type family struct {
	id      ID
	account tenant.AccountID
	shared  bool // the token was used before, or another client has it
}

// familyOf returns the zero family for an unknown token.
func familyOf(ctx context.Context, tx *gate.InstanceTx, hash, client []byte) (family, error) {
	var f family
	err := tx.QueryRow(ctx, `
select c.id, c.account_id, t.used_at is not null or coalesce(c.client_hash <> $2, false)
from control.token t join control.credential c on c.id = t.credential_id
where t.token_hash = $1 and t.kind = 'refresh'`, hash, client).Scan(&f.id, &f.account, &f.shared)
	if errors.Is(err, pgx.ErrNoRows) {
		return f, nil
	}
	return f, err
}

// credentialOf returns what a secret of any kind belongs to, the zero id for an unknown one.
func credentialOf(ctx context.Context, tx *gate.InstanceTx, hash []byte) (ID, error) {
	var id ID
	err := tx.QueryRow(ctx, `
select credential_id from control.token where token_hash = $1 union select id from control.credential where key_hash = $1`, hash).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, nil
	}
	return id, err
}

// insertPair makes the next tokens of a program and forgets those that are long over. A used refresh token is kept until it
// would have ended: its second use must be seen.
func insertPair(ctx context.Context, tx *gate.InstanceTx, id ID, scopes []gate.Scope) (Pair, error) {
	p := Pair{Access: accessPrefix + tenant.NewSecret(), AccessFor: AccessLife, Refresh: refreshPrefix + tenant.NewSecret(), Scopes: scopes}
	const insert = `insert into control.token (token_hash, credential_id, kind, created_at, ends_at) values ($1, $2, $3, $4, $5)`
	batch := &pgx.Batch{}
	batch.Queue(insert, tenant.Digest(p.Access.Reveal()), id, "access", tx.Now(), tx.Now().Add(AccessLife))
	batch.Queue(insert, tenant.Digest(p.Refresh.Reveal()), id, "refresh", tx.Now(), tx.Now().Add(RefreshLife))
	batch.Queue(`delete from control.token where credential_id = $1 and ends_at < $2`, id, tx.Now())
	return p, tx.SendBatch(ctx, batch).Close()
}

// rehearsedAccount makes an account that is undone with its transaction.
func rehearsedAccount(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID) error {
	_, err := tx.Exec(ctx, `
insert into control.account (id, email_hmac, password, state, created_at, sealed) values ($1, uuid_send($1), '', 'active', $2, '')`, id, tx.Now())
	return err
}

// lives returns how long each kind of a program's tokens lives by its row.
func lives(ctx context.Context, tx *gate.InstanceTx, id ID) (access, refresh time.Duration, err error) {
	err = tx.QueryRow(ctx, `
select max(ends_at - created_at) filter (where kind = 'access'), max(ends_at - created_at) filter (where kind = 'refresh')
from control.token where credential_id = $1`, id).Scan(&access, &refresh)
	return access, refresh, err
}

// ageTokens makes a program's tokens older, as if that time had gone by.
func ageTokens(ctx context.Context, tx *gate.InstanceTx, id ID, by time.Duration) error {
	_, err := tx.Exec(ctx, `
update control.token set created_at = created_at - $2::interval, ends_at = ends_at - $2::interval where credential_id = $1`, id, by)
	return err
}

// stored returns what the database holds of a credential and its tokens, as text: bytes as hexadecimal digits.
func stored(ctx context.Context, tx *gate.InstanceTx, id ID) (string, error) {
	var rows string
	err := tx.QueryRow(ctx, `
select concat((select to_jsonb(c)::text from control.credential c where c.id = $1),
    (select string_agg(to_jsonb(t)::text, ' ') from control.token t where t.credential_id = $1))`, id).Scan(&rows)
	return rows, err
}

// waiting is a program before its person's decision.
type waiting struct {
	asking
	scopes []gate.Scope
	at     time.Time
}

func (s *Service) insertDevice(ctx context.Context, tx *gate.InstanceTx, d Device, lookup []byte, w waiting) error {
	id := gate.NewID[tenant.SessionID](&tx.Tx)
	body, err := json.Marshal(w.asking)
	if err != nil {
		return err
	}
	sealed, err := s.Vault.Seal(ctx, tx.Place("device", id), body)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`delete from control.device where ends_at < $1`, tx.Now())
	batch.Queue(`
insert into control.device (id, device_hash, user_hmac, state, scopes, created_at, ends_at, sealed)
values ($1, $2, $3, 'waiting', $4, $5, $6, $7)`, id, tenant.Digest(d.Code.Reveal()), lookup, w.scopes, tx.Now(), d.EndsAt, sealed)
	return tx.SendBatch(ctx, batch).Close()
}

func (s *Service) waitingBehind(ctx context.Context, tx *gate.InstanceTx, lookup []byte) (waiting, error) {
	var w waiting
	var id tenant.SessionID
	var sealed []byte
	err := tx.QueryRow(ctx, `
select id, scopes, created_at, sealed from control.device where user_hmac = $1 and state = 'waiting' and ends_at > $2`, lookup, tx.Now()).
		Scan(&id, &w.scopes, &w.at, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return w, noDevice()
	}
	if err != nil {
		return w, err
	}
	plain, err := s.Vault.Open(ctx, vault.Sealed{Place: tx.Place("device", id), Bytes: sealed})
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(plain[0], &w.asking)
}

func answerDevice(ctx context.Context, tx *gate.InstanceTx, lookup []byte, state string, id ID) error {
	tag, err := tx.Exec(ctx, `
update control.device set state = $2, credential_id = $3 where user_hmac = $1 and state = 'waiting' and ends_at > $4`, lookup, state, id, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return noDevice()
	}
	return err
}

func noDevice() error {
	return fault.New(fault.Missing, "No program waits behind this code. Look at it again: codes live for ten minutes.")
}

// pollDevice returns the credential of a program that was let in, and uses the question up; else what to answer.
func pollDevice(ctx context.Context, tx *gate.InstanceTx, hash []byte) (id ID, scopes []gate.Scope, answer, err error) {
	var state string
	var polled *time.Time
	var ends time.Time
	err = tx.QueryRow(ctx, `
select state, scopes, credential_id, polled_at, ends_at from control.device where device_hash = $1 for update`, hash).Scan(&state, &scopes, &id, &polled, &ends)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return id, nil, ErrOver, nil
	case err != nil:
		return id, nil, nil, err
	case state == "used" || !tx.Now().Before(ends):
		return id, nil, ErrOver, nil
	case state == "denied":
		return id, nil, ErrDenied, nil
	}
	next := "used"
	if state == "waiting" {
		next, answer = "waiting", ErrPending
		if polled != nil && tx.Now().Sub(*polled) < DeviceInterval {
			answer = ErrSlowDown
		}
	}
	_, err = tx.Exec(ctx, `update control.device set polled_at = $2, state = $3 where device_hash = $1`, hash, tx.Now(), next)
	return id, scopes, answer, err
}
