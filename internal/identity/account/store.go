package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/link"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// retirePassword replaces an account's password and keeps the one before among its former ones. An empty hash leaves none.
func retirePassword(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, hash string) error {
	batch := &pgx.Batch{}
	batch.Queue(`
insert into control.former_password (account_id, password, ended_at) select id, password, $2 from control.account where id = $1 and password <> ''
on conflict (account_id, ended_at) do update set password = excluded.password`, account, tx.Now())
	batch.Queue(`update control.account set password = $2, password_at = $3 where id = $1`, account, hash, tx.Now())
	batch.Queue(`
delete from control.former_password where account_id = $1 and ended_at not in (
    select ended_at from control.former_password where account_id = $1 order by ended_at desc limit $2)`, account, mostFormer)
	return tx.SendBatch(ctx, batch).Close()
}

const mostFormer = 24 // no workspace remembers more

// formerPasswords returns the hashes of an account's last passwords, the present one first.
func formerPasswords(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, most int) ([]string, error) {
	rows, err := tx.Query(ctx, `
select password from (
    select password, 'infinity'::timestamptz as ended_at from control.account where id = $1 and password <> ''
    union all
    select password, ended_at from control.former_password where account_id = $1
) p order by ended_at desc limit $2`, account, most)
	if err != nil {
		return nil, fmt.Errorf("reading former passwords: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// forgetBrowsers makes an account's browsers unknown, but one.
func forgetBrowsers(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, keep []byte) error {
	_, err := tx.Exec(ctx, `delete from control.browser where account_id = $1 and ($2::bytea is null or token_hash <> $2)`, account, keep)
	return err
}

func markVerified(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
	_, err := tx.Exec(ctx, `update control.account set verified_at = coalesce(verified_at, $2) where id = $1`, account, tx.Now())
	return err
}

// changeAddress gives an account another address, which nobody has proven yet, and voids the links that went to the one before.
// It fails with fault.Conflict where another account has it.
func (s *Service) changeAddress(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, to string) error {
	lookup, err := s.Vault.Lookup(normal(to))
	if err != nil {
		return err
	}
	if id, _, err := find(ctx, tx, lookup); err == nil && id != account {
		return fault.New(fault.Conflict, "This address belongs to another account by now. Choose another.")
	}
	body, err := json.Marshal(address{to})
	if err != nil {
		return err
	}
	sealed, err := s.Vault.Seal(ctx, tx.Place("account", account), body)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update control.account set email_hmac = $2, sealed = $3, verified_at = null where id = $1`, account, lookup, sealed); err != nil {
		return err
	}
	return link.Void(ctx, tx, account, link.Reset, link.Verify)
}

func loadProfile(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, p *Profile) error {
	var at *time.Time
	err := tx.QueryRow(ctx, `select verified_at is not null, password <> '', password_at from control.account where id = $1`, account).
		Scan(&p.Verified, &p.Password, &at)
	if at != nil {
		p.PasswordAt = *at
	}
	return missing(err)
}

// passwordRules returns what the strictest of an account's workspaces asks for.
func passwordRules(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (rules, error) {
	var r rules
	err := tx.QueryRow(ctx, `
select coalesce(max(w.password_least), 12), coalesce(max(w.password_history), 0), coalesce(min(nullif(w.password_days, 0)), 0)
from control.seat s join control.workspace w on w.id = s.workspace_id
where s.account_id = $1 and s.closed_at is null`, account).Scan(&r.least, &r.history, &r.days)
	return r, err
}

func seatsOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]tenant.Actor, error) {
	rows, err := tx.Query(ctx, `select workspace_id, member_id from control.seat where account_id = $1 and closed_at is null order by created_at`, account)
	if err != nil {
		return nil, fmt.Errorf("listing the seats of account %s: %w", account, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (tenant.Actor, error) {
		a := tenant.Actor{Kind: tenant.Member, Account: account}
		err := row.Scan(&a.Workspace, &a.Member)
		return a, err
	})
}

// seatedAlone reports whether an account has a place in one workspace and in no other.
func seatedAlone(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, in tenant.WorkspaceID) (bool, error) {
	var alone bool
	err := tx.QueryRow(ctx, `select coalesce(bool_and(workspace_id = $2), false) from control.seat where account_id = $1`, account, in).Scan(&alone)
	return alone, err
}

// memberAlone reports whether a member's account has a place in one workspace and in no other.
func memberAlone(ctx context.Context, tx *gate.InstanceTx, id tenant.MemberID, in tenant.WorkspaceID) (bool, error) {
	var account tenant.AccountID
	err := tx.QueryRow(ctx, `select account_id from control.seat where workspace_id = $1 and member_id = $2`, in, id).Scan(&account)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("finding the seat of member %s: %w", id, err)
	}
	return seatedAlone(ctx, tx, account, in)
}

// place is where the account is for which a link was handed over, and whether it is nowhere else.
type place struct {
	workspace tenant.WorkspaceID
	member    tenant.MemberID
	alone     bool
}

// placeOf fails with fault.Missing for an account that may enter no workspace.
func placeOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (place, error) {
	var p place
	err := tx.QueryRow(ctx, `select workspace_id, member_id from control.seat where account_id = $1 and closed_at is null limit 1`, account).Scan(&p.workspace, &p.member)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fault.New(fault.Missing, "There is no such member.")
	}
	if err != nil {
		return p, fmt.Errorf("finding where account %s is: %w", account, err)
	}
	p.alone, err = seatedAlone(ctx, tx, account, p.workspace)
	return p, err
}

// standing is what a member is in the workspace.
type standing struct {
	account  tenant.AccountID
	role     gate.Role
	disabled bool
}

// loadStanding fails with fault.Missing for a member who left.
func loadStanding(ctx context.Context, tx *gate.Tx, id tenant.MemberID) (standing, error) {
	var m standing
	err := tx.QueryRow(ctx, `select account_id, role, state = 'disabled' from tenant.member where workspace_id = $1 and id = $2 and state <> 'removed'`, tx.Workspace(), id).
		Scan(&m.account, &m.role, &m.disabled)
	if errors.Is(err, pgx.ErrNoRows) {
		return m, fault.New(fault.Missing, "There is no such member.")
	}
	return m, err
}

// addressOf returns the address of a member as their workspace knows it.
func addressOf(ctx context.Context, tx *gate.Tx, id tenant.MemberID) (string, error) {
	var body []byte
	if err := tx.QueryRow(ctx, `select sealed from tenant.member where workspace_id = $1 and id = $2`, tx.Workspace(), id).Scan(&body); err != nil {
		return "", fmt.Errorf("reading member %s: %w", id, err)
	}
	var known person
	err := tx.Open(ctx, tx.Place(gate.WorkspaceRecord(tx.Workspace()), "member", id), body, &known)
	return known.Email, err
}

// ownersOf returns the accounts of a workspace's owners but one.
func ownersOf(ctx context.Context, tx *gate.Tx, but tenant.AccountID) ([]tenant.AccountID, error) {
	rows, err := tx.Query(ctx, `
select account_id from tenant.member where workspace_id = $1 and role = 'owner' and state = 'active' and account_id <> $2 order by id`, tx.Workspace(), but)
	if err != nil {
		return nil, fmt.Errorf("listing owners: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.AccountID])
}

// rewriteMember changes what a member is called, or their address.
func rewriteMember(ctx context.Context, tx *gate.Tx, id tenant.MemberID, change func(*person)) error {
	var body []byte
	err := tx.QueryRow(ctx, `select sealed from tenant.member where workspace_id = $1 and id = $2 for update`, tx.Workspace(), id).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Missing, "There is no such member.")
	}
	if err != nil {
		return fmt.Errorf("reading member %s: %w", id, err)
	}
	place := tx.Place(gate.WorkspaceRecord(tx.Workspace()), "member", id)
	var who person
	if err := tx.Open(ctx, place, body, &who); err != nil {
		return err
	}
	change(&who)
	sealed, err := tx.Seal(ctx, place, who)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update tenant.member set sealed = $3 where workspace_id = $1 and id = $2`, tx.Workspace(), id, sealed)
	return err
}

// find returns the account of an address, by its lookup. It fails with fault.Missing.
func find(ctx context.Context, tx *gate.InstanceTx, lookup []byte) (id tenant.AccountID, active bool, err error) {
	err = tx.QueryRow(ctx, `select id, state = 'active' from control.account where email_hmac = $1`, lookup).Scan(&id, &active)
	return id, active, missing(err)
}

// hashOf returns the hash of an account's password, empty where it has none.
func hashOf(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID) (string, error) {
	var hash string
	err := tx.QueryRow(ctx, `select password from control.account where id = $1`, id).Scan(&hash)
	return hash, missing(err)
}

// email returns the address of an account.
func email(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID) (string, error) {
	var body []byte
	if err := tx.QueryRow(ctx, `select sealed from control.account where id = $1`, id).Scan(&body); err != nil {
		return "", missing(err)
	}
	var known address
	err := tx.Open(ctx, tx.Place("account", id), body, &known)
	return known.Email, err
}

func missing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Missing, "There is no such account.")
	}
	return err
}

// address is what an account's row keeps sealed.
type address struct {
	Email string `json:"email"`
}

// person is what a member's row keeps sealed, and a workspace's of its name.
type person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// loadNames returns what a member and their workspace are called.
func loadNames(ctx context.Context, tx *gate.Tx, id tenant.MemberID) (member, workspace string, err error) {
	var sealed [2][]byte
	err = tx.QueryRow(ctx, `
select w.sealed, m.sealed from tenant.workspace w join tenant.member m on m.workspace_id = w.workspace_id
where w.workspace_id = $1 and m.id = $2`, tx.Workspace(), id).Scan(&sealed[0], &sealed[1])
	if err != nil {
		return "", "", fmt.Errorf("reading member %s: %w", id, err)
	}
	record := gate.WorkspaceRecord(tx.Workspace())
	docs, err := gate.OpenAll[person](ctx, tx, []vault.Sealed{
		{Place: tx.Place(record, "workspace", tx.Workspace()), Bytes: sealed[0]}, {Place: tx.Place(record, "member", id), Bytes: sealed[1]}})
	if err != nil {
		return "", "", err
	}
	return docs[1].Name, docs[0].Name, nil
}
