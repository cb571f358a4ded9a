package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

func (s *Service) insertSession(ctx context.Context, tx *gate.InstanceTx, a tenant.Actor, shown Shown) (Begun, error) {
	token, from := tenant.NewSecret(), tenant.Visitor(ctx)
	a.Session, a.Factors, a.SignedInAt, a.ConfirmedAt, a.SeenAt = gate.NewID[tenant.SessionID](&tx.Tx), shown.Factors, tx.Now(), tx.Now(), tx.Now()
	ends := tx.Now().Add(SessionLife)
	if !shown.Until.IsZero() && shown.Until.Before(ends) {
		ends = shown.Until
	}
	sealed, err := s.sealSeen(ctx, tx, a.Session, seen{Browser: BrowserOf(from.Browser), Address: from.Address})
	if err != nil {
		return Begun{}, err
	}
	tx.Later(`
insert into control.session (id, account_id, workspace_id, member_id, bound_id, token_hash, factors, created_at, used_at, confirmed_at, rotated_at, ends_at, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $8, $9, $10)`,
		a.Session, a.Account, a.Workspace, a.Member, shown.Workspace, tenant.Digest(token.Reveal()), shown.Factors, tx.Now(), ends, sealed)
	return Begun{Token: token, EndsAt: ends, Actor: a}, nil
}

func (s *Service) sealSeen(ctx context.Context, tx *gate.InstanceTx, id tenant.SessionID, doc seen) ([]byte, error) {
	body, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return s.Vault.Seal(ctx, tx.Place("session", id), body)
}

// sessionByToken finds a session by its token or the one before. It fails with fault.Denied for one that is over.
func sessionByToken(ctx context.Context, tx *gate.InstanceTx, hash []byte) (session, error) {
	found := session{actor: tenant.Actor{Kind: tenant.Member}, hash: hash}
	a := &found.actor
	var ended, until *time.Time
	var state string
	const row = `
select s.id, s.account_id, s.workspace_id, s.member_id, s.factors, s.created_at, s.confirmed_at, s.used_at, s.rotated_at, s.ends_at, s.ended_at,
    s.previous_until, a.state
from control.session s join control.account a on a.id = s.account_id
where `
	to := []any{&a.Session, &a.Account, &a.Workspace, &a.Member, &a.Factors, &a.SignedInAt, &a.ConfirmedAt, &a.SeenAt, &found.rotatedAt, &found.ends,
		&ended, &until, &state}
	err := tx.QueryRow(ctx, row+`s.token_hash = $1`, hash).Scan(to...)
	if errors.Is(err, pgx.ErrNoRows) {
		found.previous = true
		err = tx.QueryRow(ctx, row+`s.previous_hash = $1`, hash).Scan(to...)
	}
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (ended != nil || state != "active" || !tx.Now().Before(found.ends)) {
		return session{}, sessionOver()
	}
	found.over = found.previous && (until == nil || !tx.Now().Before(*until))
	if a.Workspace.IsZero() {
		a.Kind = tenant.Account
	}
	return found, err
}

func touchSession(ctx context.Context, tx *gate.InstanceTx, id tenant.SessionID) error {
	_, err := tx.Exec(ctx, `update control.session set used_at = $2 where id = $1 and used_at < $2`, id, tx.Now())
	return err
}

// rotateSession replaces a session's token, and reports whether it did: another request may have been first.
func rotateSession(ctx context.Context, tx *gate.InstanceTx, old session, hash []byte) (bool, error) {
	tag, err := tx.Exec(ctx, `
update control.session set token_hash = $3, previous_hash = token_hash, previous_until = $4, rotated_at = $5, used_at = $5
where id = $1 and token_hash = $2 and ended_at is null`, old.actor.Session, old.hash, hash, tx.Now().Add(RotateGrace), tx.Now())
	return err == nil && tag.RowsAffected() == 1, err
}

// renewSession replaces a session's token for good, and adds a factor to it.
func renewSession(ctx context.Context, tx *gate.InstanceTx, a tenant.Actor, hash []byte, factor string) (factors []string, ends time.Time, err error) {
	err = tx.QueryRow(ctx, `
update control.session set token_hash = $3, previous_hash = null, previous_until = null, rotated_at = $4, confirmed_at = $4, used_at = $4,
    factors = case when $5 = any(factors) then factors else factors || $5 end
where id = $1 and account_id = $2 and ended_at is null
returning factors, ends_at`, a.Session, a.Account, hash, tx.Now(), factor).Scan(&factors, &ends)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ends, sessionOver()
	}
	return factors, ends, err
}

// listen has a connection hear of what ends. What is told is the id of a session, an account or a member, as a uuid.
func listen(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `listen session_ended`)
	return err
}

func endSession(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, id tenant.SessionID) error {
	var n int
	err := tx.QueryRow(ctx, `
with ended as (update control.session set ended_at = coalesce(ended_at, $3) where id = $1 and account_id = $2 returning id)
select count(pg_notify('session_ended', id::text)) from ended`, id, account, tx.Now()).Scan(&n)
	if err == nil && n != 1 {
		return fault.New(fault.Missing, "There is no such session.")
	}
	return err
}

// endSessions ends the sessions of an account but one, and what goes on by its other credentials.
func endSessions(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, keep tenant.SessionID) (int, error) {
	var n int
	err := tx.QueryRow(ctx, `
with ended as (update control.session set ended_at = $3 where account_id = $1 and ($2::uuid is null or id <> $2) and ended_at is null returning id)
select count(pg_notify('session_ended', id::text)) from ended`, account, keep, tx.Now()).Scan(&n)
	if err == nil && keep.IsZero() {
		_, err = tx.Exec(ctx, `select pg_notify('session_ended', ($1::uuid)::text)`, account)
	}
	return n, err
}

func endSessionsIn(ctx context.Context, tx *gate.InstanceTx, workspace tenant.WorkspaceID, member tenant.MemberID) error {
	batch := &pgx.Batch{}
	batch.Queue(`update control.session set ended_at = $3 where workspace_id = $1 and member_id = $2 and ended_at is null`, workspace, member, tx.Now())
	batch.Queue(`select pg_notify('session_ended', ($1::uuid)::text)`, member)
	return tx.SendBatch(ctx, batch).Close()
}

// endedAmong returns which of the sessions do not go on.
func endedAmong(ctx context.Context, tx *gate.InstanceTx, ids []tenant.SessionID) ([]tenant.SessionID, error) {
	rows, err := tx.Query(ctx, `
select asked.id from unnest($1::uuid[]) asked (id)
left join control.session s on s.id = asked.id and s.ended_at is null and s.ends_at > $2
left join control.account a on a.id = s.account_id and a.state = 'active'
where a.id is null`, ids, tx.Now())
	if err != nil {
		return nil, fmt.Errorf("looking at %d sessions: %w", len(ids), err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.SessionID])
}

func (s *Service) listSessions(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor) ([]Session, error) {
	rows, err := tx.Query(ctx, `
select id, created_at, used_at, ends_at, factors, coalesce(sealed, '') from control.session
where account_id = $1 and ended_at is null and ends_at > $2
order by id <> $3, used_at desc, id limit 200`, actor.Account, tx.Now(), actor.Session)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	var all []Session
	var sealed []vault.Sealed
	var at []int
	var one Session
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&one.ID, &one.Since, &one.Used, &one.Ends, &one.Factors, &body}, func() error {
		one.Current, one.Browser = one.ID == actor.Session, "A browser"
		if len(body) > 0 {
			sealed, at = append(sealed, vault.Sealed{Place: tx.Place("session", one.ID), Bytes: append([]byte(nil), body...)}), append(at, len(all))
		}
		all = append(all, one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	docs, err := s.Vault.Open(ctx, sealed...)
	if err != nil {
		return nil, err
	}
	for i, doc := range docs {
		var was seen
		if err := json.Unmarshal(doc, &was); err != nil {
			return nil, fmt.Errorf("reading session %s: %w", all[at[i]].ID, err)
		}
		all[at[i]].Browser, all[at[i]].Address, all[at[i]].Name = was.Browser, was.Address, was.Name
	}
	return all, nil
}

func (s *Service) renameSession(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, id tenant.SessionID, name string) error {
	was, err := s.loadSeen(ctx, tx, account, id)
	if err != nil {
		return err
	}
	was.Name = name
	sealed, err := s.sealSeen(ctx, tx, id, was)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update control.session set sealed = $2 where id = $1`, id, sealed)
	return err
}

// loadSeen fails with fault.Missing for a session that is not the account's.
func (s *Service) loadSeen(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, id tenant.SessionID) (seen, error) {
	var was seen
	var body []byte
	err := tx.QueryRow(ctx, `select sealed from control.session where id = $1 and account_id = $2 for update`, id, account).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return was, fault.New(fault.Missing, "There is no such session.")
	}
	if err != nil || body == nil {
		return was, err
	}
	docs, err := s.Vault.Open(ctx, vault.Sealed{Place: tx.Place("session", id), Bytes: body})
	if err == nil {
		err = json.Unmarshal(docs[0], &was)
	}
	return was, err
}
