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

// person is what a member's row keeps sealed, and an account's of its e-mail address.
type person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email"`
}

type title struct {
	Name string `json:"name"`
}

type account struct {
	id       tenant.AccountID
	password string
	state    string
	outdated bool     // the password is older than the strictest of the account's workspaces allows
	needs    []string // its second factors
}

// challenge is a sign-in that waits for a second factor.
type challenge struct {
	id      tenant.SessionID
	account tenant.AccountID
	shown   Shown
}

func isSetUp(ctx context.Context, tx *gate.InstanceTx) (bool, error) {
	var done bool
	err := tx.QueryRow(ctx, `select exists (select from control.workspace where claimed_at is not null)`).Scan(&done)
	return done, err
}

func replaceSetup(ctx context.Context, tx *gate.InstanceTx, hash []byte) error {
	batch := &pgx.Batch{}
	batch.Queue(`update control.setup set used_at = $1 where used_at is null`, tx.Now())
	batch.Queue(`insert into control.setup (id, token_hash, created_at) values ($1, $2, $3)`,
		gate.NewID[tenant.SessionID](&tx.Tx), hash, tx.Now())
	return tx.SendBatch(ctx, batch).Close()
}

func setupUnused(ctx context.Context, tx *gate.InstanceTx, hash []byte) error {
	var open bool
	err := tx.QueryRow(ctx, `select used_at is null from control.setup where token_hash = $1`, hash).Scan(&open)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !open {
		return fault.New(fault.Ended, "This setup link was used or replaced. Restart the server to get a new one, or sign in.")
	}
	return err
}

func useSetup(ctx context.Context, tx *gate.InstanceTx, hash []byte) error {
	tag, err := tx.Exec(ctx, `update control.setup set used_at = $2 where token_hash = $1 and used_at is null`, hash, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Ended, "This setup link was used or replaced. Restart the server to get a new one, or sign in.")
	}
	return err
}

func (s *Service) insertAccount(ctx context.Context, tx *gate.InstanceTx, owner tenant.Actor, setup Setup, password string) error {
	body, err := json.Marshal(person{Email: setup.Email})
	if err != nil {
		return err
	}
	sealed, err := s.Vault.Seal(ctx, tx.Place("account", owner.Account), body)
	if err != nil {
		return err
	}
	lookup, err := s.Vault.Lookup(normal(setup.Email))
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into control.account (id, email_hmac, password, password_at, state, created_at, sealed) values ($1, $2, $3, case when $3 = '' then null else $4::timestamptz end, 'active', $4, $5)`,
		owner.Account, lookup, password, tx.Now(), sealed)
	batch.Queue(`insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, $4)`,
		owner.Account, owner.Workspace, owner.Member, tx.Now())
	return tx.SendBatch(ctx, batch).Close()
}

// accountByEmail also returns whether a device is known for the account. It fails with fault.Missing.
func accountByEmail(ctx context.Context, tx *gate.InstanceTx, lookup, device []byte) (a account, known bool, err error) {
	err = tx.QueryRow(ctx, `
select id, password, state, exists (select from control.browser where account_id = a.id and token_hash = $2 and ends_at > $3)
from control.account a where email_hmac = $1`, lookup, device, tx.Now()).Scan(&a.id, &a.password, &a.state, &known)
	return a, known, missingAccount(err)
}

// loadAccount fails with fault.Missing. A password of unknown age is as old as its account.
func loadAccount(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID) (account, error) {
	var a account
	err := tx.QueryRow(ctx, `
select a.id, a.password, a.state, a.password <> '' and coalesce(coalesce(a.password_at, a.created_at) + make_interval(days => r.days) <= $2, false)
from control.account a
cross join lateral (
    select min(nullif(w.password_days, 0)) as days
    from control.seat s join control.workspace w on w.id = s.workspace_id
    where s.account_id = a.id and s.closed_at is null
) r
where a.id = $1`, id, tx.Now()).Scan(&a.id, &a.password, &a.state, &a.outdated)
	return a, missingAccount(err)
}

func missingAccount(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Missing, "There is no such account.")
	}
	return err
}

// seatOf returns the account as the member of a workspace: of the one given, else of the one that it was in last, else of the
// first that it joined. Without any it is an account in no workspace. It fails with fault.Denied where it has no place in the
// one given.
func seatOf(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID, in tenant.WorkspaceID) (tenant.Actor, error) {
	a := tenant.Actor{Kind: tenant.Member, Account: id}
	err := tx.QueryRow(ctx, `
select s.workspace_id, s.member_id
from control.seat s
left join lateral (select max(used_at) at from control.session where account_id = s.account_id and workspace_id = s.workspace_id) used on true
where s.account_id = $1 and s.closed_at is null and ($2::uuid is null or s.workspace_id = $2)
order by used.at desc nulls last, s.created_at limit 1`, id, in).Scan(&a.Workspace, &a.Member)
	switch {
	case !errors.Is(err, pgx.ErrNoRows):
		return a, err
	case !in.IsZero():
		return a, fault.New(fault.Denied, "You are not a member of this workspace. Ask one of its admins to invite you.")
	}
	return tenant.Actor{Kind: tenant.Account, Account: id}, nil
}

// replacePassword gives an account another hash of the same password, where it still has the old one.
func replacePassword(ctx context.Context, tx *gate.InstanceTx, a account, hash string) error {
	_, err := tx.Exec(ctx, `update control.account set password = $3 where id = $1 and password = $2`, a.id, a.password, hash)
	return err
}

func insertChallenge(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, shown Shown) (tenant.Secret, error) {
	token := tenant.NewSecret()
	var until *time.Time
	if !shown.Until.IsZero() {
		until = &shown.Until
	}
	_, err := tx.Exec(ctx, `
insert into control.challenge (id, account_id, token_hash, factors, session_until, bound_id, tries, created_at, ends_at)
values ($1, $2, $3, $4, $5, $6, 0, $7, $8)`, gate.NewID[tenant.SessionID](&tx.Tx), account, tenant.Digest(token.Reveal()), shown.Factors, until, shown.Workspace,
		tx.Now(), tx.Now().Add(ChallengeLife))
	return token, err
}

// tryChallenge counts a try. It fails with fault.Ended for a challenge that takes no more.
func tryChallenge(ctx context.Context, tx *gate.InstanceTx, hash []byte) (challenge, error) {
	return scanChallenge(tx.QueryRow(ctx, `
update control.challenge set tries = tries + 1
where token_hash = $1 and used_at is null and ends_at > $2 and tries < $3
returning id, account_id, factors, session_until, bound_id`, hash, tx.Now(), ChallengeTries))
}

// scanChallenge reads a challenge that takes an answer. It fails with fault.Ended where there is none.
func scanChallenge(row pgx.Row) (challenge, error) {
	var c challenge
	var until *time.Time
	err := row.Scan(&c.id, &c.account, &c.shown.Factors, &until, &c.shown.Workspace)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, overChallenge()
	}
	if until != nil {
		c.shown.Until = *until
	}
	return c, err
}

func useChallenge(ctx context.Context, tx *gate.InstanceTx, id tenant.SessionID) error {
	tag, err := tx.Exec(ctx, `update control.challenge set used_at = $2 where id = $1 and used_at is null`, id, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return overChallenge()
	}
	return err
}

func overChallenge() error {
	return fault.New(fault.Ended, "This sign-in took too long or was tried too often. Sign in again.")
}

// preparedWorkspace returns the workspace that waits to be claimed, the zero id where none does.
func preparedWorkspace(ctx context.Context, tx *gate.InstanceTx) (tenant.WorkspaceID, error) {
	var id tenant.WorkspaceID
	err := tx.QueryRow(ctx, `select id from control.workspace where claimed_at is null`).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, nil
	}
	return id, err
}

func registerWorkspace(ctx context.Context, tx *gate.InstanceTx, id tenant.WorkspaceID, region string) error {
	_, err := tx.Exec(ctx, `insert into control.workspace (id, region, placement, created_at) values ($1, $2, 'home', $3)`, id, region, tx.Now())
	return err
}

func claimWorkspace(ctx context.Context, tx *gate.InstanceTx, id tenant.WorkspaceID) error {
	tag, err := tx.Exec(ctx, `update control.workspace set claimed_at = $2 where id = $1 and claimed_at is null`, id, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Ended, "This deployment has an owner already. Sign in.")
	}
	return err
}

func insertWorkspace(ctx context.Context, tx *gate.Tx, name string) error {
	record := gate.WorkspaceRecord(tx.Workspace())
	sealed, err := tx.Seal(ctx, tx.Place(record, "workspace", tx.Workspace()), title{Name: name})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into tenant.workspace (workspace_id, record_id, created_at, version, sealed) values ($1, $2, $3, 1, $4)`,
		tx.Workspace(), record, tx.Now(), sealed)
	return err
}

// isListed reports whether a workspace is one that people have or will claim.
func isListed(ctx context.Context, tx *gate.InstanceTx, id tenant.WorkspaceID) (bool, error) {
	var listed bool
	err := tx.QueryRow(ctx, `select exists (select from control.workspace where id = $1)`, id).Scan(&listed)
	return listed, err
}

// markAllErased says of every record of the workspace that its key is destroyed.
func markAllErased(ctx context.Context, tx *gate.Tx) error {
	_, err := tx.Exec(ctx, `update tenant.record set erased_at = $2 where workspace_id = $1 and erased_at is null`, tx.Workspace(), tx.Now())
	return err
}

// nameWorkspace gives a prepared workspace its name, and removes the member whom an unfinished first run left in it.
func nameWorkspace(ctx context.Context, tx *gate.Tx, name string) error {
	record := gate.WorkspaceRecord(tx.Workspace())
	sealed, err := tx.Seal(ctx, tx.Place(record, "workspace", tx.Workspace()), title{Name: name})
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`update tenant.workspace set sealed = $2, version = version + 1 where workspace_id = $1`, tx.Workspace(), sealed)
	batch.Queue(`delete from tenant.member where workspace_id = $1`, tx.Workspace())
	return tx.SendBatch(ctx, batch).Close()
}

func insertMember(ctx context.Context, tx *gate.Tx, a tenant.Actor, role gate.Role, p person) error {
	record := gate.WorkspaceRecord(tx.Workspace())
	sealed, err := tx.Seal(ctx, tx.Place(record, "member", a.Member), p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.member (workspace_id, id, record_id, account_id, role, state, created_at, sealed)
values ($1, $2, $3, $4, $5, 'active', $6, $7)`, tx.Workspace(), a.Member, record, a.Account, role, tx.Now(), sealed)
	return err
}

func loadMe(ctx context.Context, tx *gate.Tx) (Me, error) {
	return loadMember(ctx, tx, tx.Actor().Member)
}

// loadMember returns a member of the workspace. The role is the actor's.
func loadMember(ctx context.Context, tx *gate.Tx, id tenant.MemberID) (Me, error) {
	me := Me{Role: tx.Role()}
	var workspace, member []byte
	err := tx.QueryRow(ctx, `
select w.sealed, m.sealed from tenant.workspace w join tenant.member m on m.workspace_id = w.workspace_id
where w.workspace_id = $1 and m.id = $2`, tx.Workspace(), id).Scan(&workspace, &member)
	if err != nil {
		return me, fmt.Errorf("reading member %s: %w", id, err)
	}
	record := gate.WorkspaceRecord(tx.Workspace())
	docs, err := gate.OpenAll[person](ctx, tx, []vault.Sealed{
		{Place: tx.Place(record, "workspace", tx.Workspace()), Bytes: workspace},
		{Place: tx.Place(record, "member", id), Bytes: member},
	})
	if err != nil {
		return me, err
	}
	me.Workspace, me.Name, me.Email = docs[0].Name, docs[1].Name, docs[1].Email
	return me, nil
}

// moveSession takes a session to the account's seat in a workspace, under another id and another token. It fails with
// fault.Missing where the account has no open seat there, and with fault.Denied where the session is confined elsewhere.
func (s *Service) moveSession(ctx context.Context, tx *gate.InstanceTx, a tenant.Actor, to tenant.WorkspaceID) (Begun, error) {
	was, err := s.loadSeen(ctx, tx, a.Account, a.Session)
	if err != nil {
		return Begun{}, err
	}
	var bound tenant.WorkspaceID
	if err := tx.QueryRow(ctx, `select bound_id from control.session where id = $1`, a.Session).Scan(&bound); err != nil {
		return Begun{}, err
	}
	if !bound.IsZero() && bound != to {
		return Begun{}, fault.New(fault.Denied, "This sign-in is good in one workspace alone. Sign in with your password or a passkey to enter another.")
	}
	begun := Begun{Token: tenant.NewSecret(), Actor: a}
	begun.Actor.Kind, begun.Actor.Workspace, begun.Actor.Session = tenant.Member, to, gate.NewID[tenant.SessionID](&tx.Tx)
	sealed, err := s.sealSeen(ctx, tx, begun.Actor.Session, was)
	if err != nil {
		return Begun{}, err
	}
	err = tx.QueryRow(ctx, `
update control.session s
set id = $4, token_hash = $5, workspace_id = t.workspace_id, member_id = t.member_id, previous_hash = null, previous_until = null, rotated_at = $6, sealed = $7
from control.seat t
where s.id = $1 and s.account_id = $2 and s.ended_at is null and t.account_id = $2 and t.workspace_id = $3 and t.closed_at is null
returning s.member_id, s.ends_at`, a.Session, a.Account, to, begun.Actor.Session, tenant.Digest(begun.Token.Reveal()), tx.Now(), sealed).
		Scan(&begun.Actor.Member, &begun.EndsAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return Begun{}, fault.New(fault.Missing, "There is no such workspace.")
	}
	if err != nil {
		return Begun{}, err
	}
	_, err = tx.Exec(ctx, `select pg_notify('session_ended', ($1::uuid)::text)`, a.Session)
	return begun, err
}

// insertNewcomer makes an account without a seat. It fails with fault.Conflict where the address has one.
func (s *Service) insertNewcomer(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID, n Newcomer, password string) error {
	body, err := json.Marshal(person{Email: n.Email})
	if err != nil {
		return err
	}
	sealed, err := s.Vault.Seal(ctx, tx.Place("account", id), body)
	if err != nil {
		return err
	}
	lookup, err := s.Vault.Lookup(normal(n.Email))
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
insert into control.account (id, email_hmac, password, password_at, verified_at, state, created_at, sealed)
values ($1, $2, $3, case when $3 <> '' then $4::timestamptz end, case when $5 then $4::timestamptz end, 'active', $4, $6)
on conflict on constraint account_email_is_unique do nothing`, id, lookup, password, tx.Now(), n.Verified, sealed)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "There is an account with this address already. Sign in with it, then accept the invitation.")
	}
	return err
}
