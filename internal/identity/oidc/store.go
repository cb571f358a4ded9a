package oidc

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

// The kinds name sealed documents for the vault. They are never renamed.
const (
	providerKind = "sign-in provider"
	domainKind   = "domain"
	linkKind     = "linked identity"
)

// hidden is what a provider's row keeps sealed.
type hidden struct {
	V      int    `json:"v"`
	Secret string `json:"secret"`
	Rules  Rules  `json:"rules"`
}

// claim is what a domain's row keeps sealed.
type claim struct {
	V     int    `json:"v"`
	Name  string `json:"name"`
	Token string `json:"token"`
}

// linkedAs is what a link's row keeps sealed.
type linkedAs struct {
	V     int    `json:"v"`
	Kind  Kind   `json:"kind"`
	Host  string `json:"host"`
	Email string `json:"email"`
}

// useState spends a state, and forgets those that are too old to be spent again. It fails with fault.Invalid for a spent one.
func useState(ctx context.Context, tx *gate.InstanceTx, hash []byte, ends time.Time) error {
	if _, err := tx.Exec(ctx, `delete from control.used_state where ends_at < $1`, tx.Now()); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `insert into control.used_state (state_hash, ends_at) values ($1, $2) on conflict (state_hash) do nothing`, hash, ends)
	if err == nil && tag.RowsAffected() != 1 {
		return errJourney("a state that was used")
	}
	return err
}

// linkedTo fails with fault.Missing.
func linkedTo(ctx context.Context, tx *gate.InstanceTx, subject []byte) (tenant.AccountID, error) {
	var account tenant.AccountID
	err := tx.QueryRow(ctx, `select account_id from control.linked_identity where subject_hmac = $1`, subject).Scan(&account)
	return account, orMissing(err)
}

func orMissing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return missing()
	}
	return err
}

// accountIn returns the account of an address, where its person once showed that the address is theirs, and it has a place in a workspace that has proven the address's domain: in the
// one given, else in any. It fails with fault.Missing.
func accountIn(ctx context.Context, tx *gate.InstanceTx, email, domain []byte, ws tenant.WorkspaceID) (tenant.AccountID, error) {
	var account tenant.AccountID
	err := tx.QueryRow(ctx, `
select a.id from control.account a
join control.seat s on s.account_id = a.id
join control.proven_domain d on d.workspace_id = s.workspace_id and d.domain_hmac = $2 and d.ends_at > $4
where a.email_hmac = $1 and a.state = 'active' and a.verified_at is not null and ($3::uuid is null or s.workspace_id = $3) limit 1`, email, domain, ws, tx.Now()).Scan(&account)
	return account, orMissing(err)
}

// insertLink fails with fault.Conflict where the identity is linked already.
func (s *Service) insertLink(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, p Provider, who Identity) error {
	subject, err := s.subject(p, who)
	if err != nil {
		return err
	}
	id := gate.NewID[LinkID](&tx.Tx)
	body, err := json.Marshal(linkedAs{V: 1, Kind: p.Kind, Host: hostOf(p.Issuer), Email: who.Email})
	if err != nil {
		return err
	}
	sealed, err := s.Vault.Seal(ctx, tx.Place(linkKind, id), body)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
insert into control.linked_identity (id, account_id, provider, subject_hmac, created_at, used_at, sealed)
values ($1, $2, $3, $4, $5, $5, $6) on conflict (subject_hmac) do nothing`, id, account, p.Name, subject, tx.Now(), sealed)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "This account at the provider is linked already. Sign in with it, or remove the link there first.")
	}
	return err
}

func (s *Service) linksOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]Linked, error) {
	rows, err := tx.Query(ctx, `select id, provider, created_at, used_at, sealed from control.linked_identity where account_id = $1 order by created_at`, account)
	if err != nil {
		return nil, err
	}
	var links []Linked
	var sealed []vault.Sealed
	var l Linked
	var body []byte
	if _, err := pgx.ForEachRow(rows, []any{&l.ID, &l.Provider, &l.LinkedAt, &l.UsedAt, &body}, func() error {
		links = append(links, l)
		sealed = append(sealed, vault.Sealed{Place: tx.Place(linkKind, l.ID), Bytes: append([]byte(nil), body...)})
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading links: %w", err)
	}
	docs, err := gate.OpenAll[linkedAs](ctx, &tx.Tx, sealed)
	for i, d := range docs {
		links[i].Kind, links[i].Host, links[i].Email = d.Kind, d.Host, d.Email
	}
	return links, err
}

// deleteLink fails with fault.Missing for a link of somebody else, and with fault.Conflict for an account's last way in.
func deleteLink(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, id LinkID) error {
	var provider string
	var ways int
	err := tx.QueryRow(ctx, `
select l.provider, (select count(*) from control.linked_identity o where o.account_id = l.account_id and o.id <> l.id) + (case when a.password <> '' then 1 else 0 end)
    + (select count(*) from control.passkey k where k.account_id = l.account_id)
from control.linked_identity l join control.account a on a.id = l.account_id where l.id = $1 and l.account_id = $2 for update of a`, id, account).Scan(&provider, &ways)
	switch {
	case err != nil:
		return orMissing(err)
	case ways == 0:
		return fault.New(fault.Conflict, "This is the last way in to your account. Choose a password or add a passkey first.")
	}
	tx.Note("provider", provider)
	_, err = tx.Exec(ctx, `delete from control.linked_identity where id = $1 and account_id = $2`, id, account)
	return err
}

// TakeBack removes the links of an account that were made since a time, inside an act of its caller's.
func TakeBack(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time) error {
	_, err := tx.Exec(ctx, `delete from control.linked_identity where account_id = $1 and created_at >= $2`, account, since)
	return err
}

// offered lists the workspaces' providers that a sign-in page may name.
func offered(ctx context.Context, tx *gate.InstanceTx, named ID) ([]Offer, error) {
	return offers(ctx, tx, `
select p.id, p.kind, p.issuer from control.provider p
where p.id = $1 or p.workspace_id = (select min(w.id::text)::uuid from control.workspace w where w.claimed_at is not null having count(*) = 1)
order by p.created_at`, named)
}

func offeredIn(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID) ([]Offer, error) {
	return offers(ctx, tx, `select id, kind, issuer from control.provider where workspace_id = $1 order by created_at`, ws)
}

func offers(ctx context.Context, tx *gate.InstanceTx, sql string, by [16]byte) ([]Offer, error) {
	rows, err := tx.Query(ctx, sql, by)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Offer, error) {
		var id ID
		var issuer string
		var o Offer
		err := row.Scan(&id, &o.Kind, &issuer)
		o.Name, o.Host = id.String(), hostOf(issuer)
		return o, err
	})
}

// workspaceOf fails with fault.Missing.
func workspaceOf(ctx context.Context, tx *gate.InstanceTx, id ID) (tenant.WorkspaceID, error) {
	var ws tenant.WorkspaceID
	err := tx.QueryRow(ctx, `select workspace_id from control.provider where id = $1`, id).Scan(&ws)
	return ws, orMissing(err)
}

func register(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID, set Setting) error {
	_, err := tx.Exec(ctx, `
insert into control.provider (id, workspace_id, kind, issuer, client_id, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set kind = excluded.kind, issuer = excluded.issuer, client_id = excluded.client_id
where control.provider.workspace_id = excluded.workspace_id`, set.ID, ws, set.Kind, set.Issuer, set.Client, tx.Now())
	return err
}

// withdraw takes a workspace's provider off the list and ends the sessions that were begun through it; forgotten also removes its
// links.
func withdraw(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID, id ID, forgotten bool) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from control.provider where id = $1 and workspace_id = $2`, id, ws)
	batch.Queue(`
with ended as (update control.session set ended_at = $3 where $1 = any(factors) and bound_id = $2 and ended_at is null returning id)
select count(pg_notify('session_ended', id::text)) from ended`, "oidc:"+id.String(), ws, tx.Now())
	if forgotten {
		batch.Queue(`delete from control.linked_identity where provider = $1`, id.String())
	}
	return tx.SendBatch(ctx, batch).Close()
}

func setProven(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID, domain []byte, proven bool) error {
	if !proven {
		_, err := tx.Exec(ctx, `delete from control.proven_domain where domain_hmac = $1 and workspace_id = $2`, domain, ws)
		return err
	}
	_, err := tx.Exec(ctx, `
insert into control.proven_domain (domain_hmac, workspace_id, proven_at, ends_at) values ($1, $2, $3, $4)
on conflict (domain_hmac, workspace_id) do update set proven_at = excluded.proven_at, ends_at = excluded.ends_at`, domain, ws, tx.Now(), tx.Now().Add(ProofLife))
	return err
}

const settingColumns = `id, record_id, kind, issuer, client_id, enabled, version, sealed`

// load returns a provider with its secret. It fails with fault.Missing.
func load(ctx context.Context, tx *gate.Tx, id ID) (Setting, error) {
	all, err := settings(ctx, tx, `select `+settingColumns+` from tenant.sign_in_provider where workspace_id = $1 and id = $2`, tx.Workspace(), id)
	if err != nil {
		return Setting{}, err
	}
	if len(all) != 1 {
		return Setting{}, missing()
	}
	return all[0], nil
}

// list returns the workspace's providers without their secrets.
func list(ctx context.Context, tx *gate.Tx) ([]Setting, error) {
	all, err := settings(ctx, tx, `select `+settingColumns+` from tenant.sign_in_provider where workspace_id = $1 order by created_at`, tx.Workspace())
	for i := range all {
		all[i].Secret = ""
	}
	return all, err
}

func settings(ctx context.Context, tx *gate.Tx, sql string, args ...any) ([]Setting, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	var all []Setting
	var sealed []vault.Sealed
	var set Setting
	var record tenant.RecordID
	var body []byte
	if _, err := pgx.ForEachRow(rows, []any{&set.ID, &record, &set.Kind, &set.Issuer, &set.Client, &set.Enabled, &set.Version, &body}, func() error {
		all = append(all, set)
		sealed = append(sealed, vault.Sealed{Place: tx.Place(record, providerKind, set.ID), Bytes: append([]byte(nil), body...)})
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading providers: %w", err)
	}
	docs, err := gate.OpenAll[hidden](ctx, tx, sealed)
	if err != nil {
		return nil, err
	}
	for i, d := range docs {
		all[i].Secret, all[i].Rules = tenant.Secret(d.Secret), d.Rules
		all[i].Whole = Provider{Kind: all[i].Kind, Issuer: all[i].Issuer, Client: all[i].Client, Secret: all[i].Secret, Rules: d.Rules}.whole() == nil
	}
	return all, nil
}

func insert(ctx context.Context, tx *gate.Tx, record tenant.RecordID, set Setting) error {
	sealed, err := tx.Seal(ctx, tx.Place(record, providerKind, set.ID), hidden{V: 1, Secret: set.Secret.Reveal(), Rules: set.Rules})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.sign_in_provider (workspace_id, id, record_id, kind, issuer, client_id, enabled, version, created_at, changed_at, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)`,
		tx.Workspace(), set.ID, record, set.Kind, set.Issuer, set.Client, set.Enabled, set.Version, tx.Now(), sealed)
	return err
}

func save(ctx context.Context, tx *gate.Tx, set Setting) error {
	sealed, err := tx.Seal(ctx, tx.Place(tx.Record(), providerKind, set.ID), hidden{V: 1, Secret: set.Secret.Reveal(), Rules: set.Rules})
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update tenant.sign_in_provider set kind = $3, issuer = $4, client_id = $5, enabled = $6, version = $7, changed_at = $8, sealed = $9
where workspace_id = $1 and id = $2 and version = $7 - 1`,
		tx.Workspace(), set.ID, set.Kind, set.Issuer, set.Client, set.Enabled, set.Version, tx.Now(), sealed)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "Somebody else changed this provider meanwhile. Reload the page and try again.")
	}
	return err
}

func remove(ctx context.Context, tx *gate.Tx, id ID) error {
	_, err := tx.Exec(ctx, `delete from tenant.sign_in_provider where workspace_id = $1 and id = $2`, tx.Workspace(), id)
	return err
}

const domainColumns = `id, checked_at, proven_at, sealed`

func domains(ctx context.Context, tx *gate.Tx) ([]Domain, error) {
	return readDomains(ctx, tx, `select `+domainColumns+` from tenant.domain where workspace_id = $1 order by created_at`, tx.Workspace())
}

// loadDomain fails with fault.Missing.
func loadDomain(ctx context.Context, tx *gate.Tx, id DomainID) (Domain, error) {
	all, err := readDomains(ctx, tx, `select `+domainColumns+` from tenant.domain where workspace_id = $1 and id = $2`, tx.Workspace(), id)
	if err != nil {
		return Domain{}, err
	}
	if len(all) != 1 {
		return Domain{}, missing()
	}
	return all[0], nil
}

func readDomains(ctx context.Context, tx *gate.Tx, sql string, args ...any) ([]Domain, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	var all []Domain
	var sealed []vault.Sealed
	var d Domain
	var body []byte
	if _, err := pgx.ForEachRow(rows, []any{&d.ID, &d.CheckedAt, &d.ProvenAt, &body}, func() error {
		all = append(all, d)
		sealed = append(sealed, vault.Sealed{Place: tx.Place(gate.WorkspaceRecord(tx.Workspace()), domainKind, d.ID), Bytes: append([]byte(nil), body...)})
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading domains: %w", err)
	}
	docs, err := gate.OpenAll[claim](ctx, tx, sealed)
	if err != nil {
		return nil, err
	}
	for i, c := range docs {
		all[i].Name, all[i].Record, all[i].Text = c.Name, "_mainstay."+c.Name, "mainstay-domain="+c.Token
		all[i].Holds = all[i].ProvenAt != nil && tx.Now().Sub(*all[i].ProvenAt) < ProofLife
	}
	return all, nil
}

func insertDomain(ctx context.Context, tx *gate.Tx, id DomainID, digest []byte, c claim) error {
	record := gate.WorkspaceRecord(tx.Workspace())
	sealed, err := tx.Seal(ctx, tx.Place(record, domainKind, id), c)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
insert into tenant.domain (workspace_id, id, record_id, domain_hmac, created_at, sealed) values ($1, $2, $3, $4, $5, $6)
on conflict (workspace_id, domain_hmac) do nothing`, tx.Workspace(), id, record, digest, tx.Now(), sealed)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "This domain is there already.")
	}
	return err
}

func checked(ctx context.Context, tx *gate.Tx, id DomainID, found bool) error {
	var proven *time.Time
	if found {
		now := tx.Now()
		proven = &now
	}
	_, err := tx.Exec(ctx, `update tenant.domain set checked_at = $3, proven_at = $4 where workspace_id = $1 and id = $2`, tx.Workspace(), id, tx.Now(), proven)
	return err
}

func deleteDomain(ctx context.Context, tx *gate.Tx, id DomainID) error {
	_, err := tx.Exec(ctx, `delete from tenant.domain where workspace_id = $1 and id = $2`, tx.Workspace(), id)
	return err
}
