package roster

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

func missing() error {
	return fault.New(fault.Missing, "There is nothing at this address, or it is not shared with you.")
}

func placeOf(tx *gate.Tx, kind string, row [16]byte) vault.Place {
	return tx.Place(gate.WorkspaceRecord(tx.Workspace()), kind, row)
}

// lock holds the workspace's row until the act ends, so that acts about who may what come one after the other.
func lock(ctx context.Context, tx *gate.Tx) error {
	var id tenant.WorkspaceID
	err := tx.QueryRow(ctx, `select workspace_id from tenant.workspace where workspace_id = $1 for update`, tx.Workspace()).Scan(&id)
	if err != nil {
		return fmt.Errorf("holding workspace %s: %w", tx.Workspace(), err)
	}
	return nil
}

// hold locks the workspace and reads a member and the actor's own role as they stand now, which the gate read before it waited.
// It fails with fault.Missing for a member who left, and with fault.Denied for an actor who is no longer at least of the role.
func hold(ctx context.Context, tx *gate.Tx, id tenant.MemberID, least gate.Role) (holding, error) {
	var h holding
	var err error
	if h.mine, err = holdOwn(ctx, tx, least); err != nil {
		return h, err
	}
	h.target, err = loadMember(ctx, tx, id)
	return h, err
}

// holdOwn holds the workspace's row and returns the actor's role as it stands then.
func holdOwn(ctx context.Context, tx *gate.Tx, least gate.Role) (gate.Role, error) {
	var mine gate.Role
	if err := lock(ctx, tx); err != nil {
		return mine, err
	}
	err := tx.QueryRow(ctx, `select role from tenant.member where workspace_id = $1 and id = $2 and state = 'active'`, tx.Workspace(), tx.Actor().Member).Scan(&mine)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return mine, fmt.Errorf("reading the actor's role: %w", err)
	}
	if !mine.AtLeast(least) {
		return mine, fault.New(fault.Denied, "Your role does not allow this any more. An owner of the workspace can change that.")
	}
	return mine, nil
}

// loadMember fails with fault.Missing for a member who left.
func loadMember(ctx context.Context, tx *gate.Tx, id tenant.MemberID) (Member, error) {
	var row memberRow
	err := row.scan(tx.QueryRow(ctx, `
select id, account_id, role, state, created_at, sealed from tenant.member where workspace_id = $1 and id = $2 and state <> 'removed'`, tx.Workspace(), id))
	return row.open(ctx, tx, id, err, missing())
}

type memberRow struct {
	Member
	state  string
	sealed []byte
}

func (r *memberRow) scan(row pgx.Row) error {
	return row.Scan(&r.ID, &r.account, &r.Role, &r.state, &r.Joined, &r.sealed)
}

// open opens the row of a member that was read with err; it fails with none where there is no such row.
func (r *memberRow) open(ctx context.Context, tx *gate.Tx, id tenant.MemberID, err, none error) (Member, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return Member{}, none
	}
	if err != nil {
		return Member{}, fmt.Errorf("reading member %s: %w", id, err)
	}
	var p person
	if err := tx.Open(ctx, placeOf(tx, "member", id), r.sealed, &p); err != nil {
		return Member{}, err
	}
	return r.member(tx, &p), nil
}

func (r *memberRow) member(tx *gate.Tx, p *person) Member {
	m := r.Member
	m.Disabled, m.Self = r.state == "disabled", r.ID == tx.Actor().Member
	m.Name = "Somebody" // whose row is damaged
	if p != nil {
		m.Name, m.Email = p.Name, p.Email
	}
	return m
}

// mostMembers is how many members a list holds.
const mostMembers = 10_000

// listMembers returns the members who are here, the disabled ones among them.
func listMembers(ctx context.Context, tx *gate.Tx) ([]Member, error) {
	rows, err := tx.Query(ctx, `
select id, account_id, role, state, created_at, sealed from tenant.member where workspace_id = $1 and state <> 'removed' order by id limit $2`, tx.Workspace(), mostMembers)
	if err != nil {
		return nil, fmt.Errorf("listing members: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r memberRow, err error) { return r, r.scan(row) })
	if err != nil {
		return nil, fmt.Errorf("listing members: %w", err)
	}
	sealed := make([]vault.Sealed, len(found))
	for i, r := range found {
		sealed[i] = vault.Sealed{Place: placeOf(tx, "member", r.ID), Bytes: r.sealed}
	}
	people, err := gate.OpenEach[person](ctx, tx, sealed)
	if err != nil {
		return nil, err
	}
	members := make([]Member, len(found))
	for i := range found {
		members[i] = found[i].member(tx, people[i])
	}
	return members, nil
}

func setRole(ctx context.Context, tx *gate.Tx, h holding, to gate.Role) error {
	_, err := tx.Exec(ctx, `
update tenant.member set role = $3, role_before = role, role_changed_at = $4, role_changed_by = $5
where workspace_id = $1 and id = $2`, tx.Workspace(), h.target.ID, to, tx.Now(), tx.Actor().Member)
	return err
}

// transfer makes one member owner and the actor admin in one statement.
func transfer(ctx context.Context, tx *gate.Tx, to tenant.MemberID) error {
	_, err := tx.Exec(ctx, `
update tenant.member set role = case when id = $3 then 'owner' else 'admin' end, role_before = null, role_changed_at = $4, role_changed_by = $2
where workspace_id = $1 and id in ($2, $3)`, tx.Workspace(), tx.Actor().Member, to, tx.Now())
	return err
}

func setState(ctx context.Context, tx *gate.Tx, id tenant.MemberID, state string) error {
	_, err := tx.Exec(ctx, `update tenant.member set state = $3, role_before = null where workspace_id = $1 and id = $2`, tx.Workspace(), id, state)
	return err
}

// setRemoved takes a member out. The row says who did it, so that they can take it back; of a member who was disabled, nobody can.
func setRemoved(ctx context.Context, tx *gate.Tx, id tenant.MemberID) error {
	_, err := tx.Exec(ctx, `
update tenant.member set state = 'removed', role_before = case when state = 'active' then role end, role_changed_at = $3, role_changed_by = $4
where workspace_id = $1 and id = $2`, tx.Workspace(), id, tx.Now(), tx.Actor().Member)
	return err
}

// loadRemoved returns a member whom the actor removed lately, with the role that they had. It fails with fault.Ended where there is
// nothing to take back.
func loadRemoved(ctx context.Context, tx *gate.Tx, id tenant.MemberID) (Member, error) {
	var row memberRow
	err := row.scan(tx.QueryRow(ctx, `
select id, account_id, role, state, created_at, sealed from tenant.member
where workspace_id = $1 and id = $2 and state = 'removed' and role_before = role and role_changed_by = $3 and role_changed_at > $4`,
		tx.Workspace(), id, tx.Actor().Member, tx.Now().Add(-UndoFor)))
	return row.open(ctx, tx, id, err, fault.New(fault.Ended, "This removal cannot be taken back any more. Invite the person anew."))
}

// settle ends an act that took or gave rights: it fails with fault.Conflict where no active owner would be left, revokes the
// invitations that the member may not make any more (none is left to them without a role), and tells every node to look at the
// member's open streams again.
func settle(ctx context.Context, tx *gate.Tx, id tenant.MemberID, role gate.Role) error {
	var owners int
	if err := tx.QueryRow(ctx, `
select count(*) from tenant.member where workspace_id = $1 and role = 'owner' and state = 'active'`, tx.Workspace()).Scan(&owners); err != nil {
		return err
	}
	if owners == 0 {
		return fault.New(fault.Conflict, "A workspace keeps at least one active owner. Make somebody else an owner first.")
	}
	var given []string
	for _, r := range gate.Roles() {
		if role.AtLeast(gate.Admin) && role.AtLeast(r) {
			given = append(given, string(r))
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(`
update tenant.invitation set state = 'revoked', ended_at = $4, sealed = null
where workspace_id = $1 and invited_by = $2 and state = 'open' and not (role = any(coalesce($3::text[], '{}')))`, tx.Workspace(), id, given, tx.Now())
	batch.Queue(`select pg_notify('session_ended', ($1::uuid)::text)`, id)
	return tx.SendBatch(ctx, batch).Close()
}

// undoable returns the role before the actor's own last change of it.
func undoable(ctx context.Context, tx *gate.Tx, id tenant.MemberID) (gate.Role, error) {
	var before gate.Role
	err := tx.QueryRow(ctx, `
select role_before from tenant.member
where workspace_id = $1 and id = $2 and role_changed_by = $3 and role_changed_at > $4 and role_before is not null and state <> 'removed'`,
		tx.Workspace(), id, tx.Actor().Member, tx.Now().Add(-UndoFor)).Scan(&before)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.New(fault.Ended, "This change cannot be taken back any more. Choose the role anew.")
	}
	return before, err
}

func renameSelf(ctx context.Context, tx *gate.Tx, name string) error {
	m, err := loadMember(ctx, tx, tx.Actor().Member)
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(ctx, placeOf(tx, "member", m.ID), person{Name: name, Email: m.Email})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update tenant.member set sealed = $3 where workspace_id = $1 and id = $2`, tx.Workspace(), m.ID, sealed)
	return err
}

type titled struct {
	Version int
	sealed  []byte
}

func loadTitled(ctx context.Context, tx *gate.Tx) (titled, string, error) {
	var row titled
	err := tx.QueryRow(ctx, `select version, sealed from tenant.workspace where workspace_id = $1`, tx.Workspace()).Scan(&row.Version, &row.sealed)
	if err != nil {
		return row, "", fmt.Errorf("reading workspace %s: %w", tx.Workspace(), err)
	}
	var t title
	err = tx.Open(ctx, placeOf(tx, "workspace", tx.Workspace()), row.sealed, &t)
	return row, t.Name, err
}

func workspaceName(ctx context.Context, tx *gate.Tx) (string, error) {
	_, name, err := loadTitled(ctx, tx)
	return name, err
}

func loadSettings(ctx context.Context, tx *gate.Tx) (Settings, error) {
	row, name, err := loadTitled(ctx, tx)
	return Settings{Name: name, Version: row.Version}, err
}

func changedMeanwhile() error {
	return fault.New(fault.Conflict, "Somebody changed the settings meanwhile. Look at them again, then save.")
}

func renameWorkspace(ctx context.Context, tx *gate.Tx, version int, name string) error {
	sealed, err := tx.Seal(ctx, placeOf(tx, "workspace", tx.Workspace()), title{Name: name})
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `update tenant.workspace set sealed = $3, version = version + 1 where workspace_id = $1 and version = $2`, tx.Workspace(), version, sealed)
	if err == nil && tag.RowsAffected() != 1 {
		return changedMeanwhile()
	}
	return err
}

func loadSignIn(ctx context.Context, tx *gate.Tx) (SignIn, error) {
	var p SignIn
	var factor string
	err := tx.QueryRow(ctx, `select least_factor, session_hours, idle_minutes, version from tenant.workspace where workspace_id = $1`, tx.Workspace()).
		Scan(&factor, &p.Hours, &p.Idle, &p.Version)
	if err != nil {
		return p, err
	}
	p.Factor, err = gate.ParseStrength(factor)
	return p, err
}

func setSignIn(ctx context.Context, tx *gate.Tx, p SignIn) error {
	tag, err := tx.Exec(ctx, `
update tenant.workspace set least_factor = $3, session_hours = $4, idle_minutes = $5, version = version + 1
where workspace_id = $1 and version = $2`, tx.Workspace(), p.Version, p.Factor.String(), p.Hours, p.Idle)
	if err == nil && tag.RowsAffected() != 1 {
		return changedMeanwhile()
	}
	return err
}

// insertWorkspace makes the rows of a workspace and of its first owner.
func insertWorkspace(ctx context.Context, tx *gate.Tx, name string, owner tenant.Actor, who person) error {
	record := gate.WorkspaceRecord(tx.Workspace())
	sealed, err := tx.Seal(ctx, placeOf(tx, "workspace", tx.Workspace()), title{Name: name})
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into tenant.workspace (workspace_id, record_id, created_at, version, sealed) values ($1, $2, $3, 1, $4)`,
		tx.Workspace(), record, tx.Now(), sealed)
	if sealed, err = tx.Seal(ctx, placeOf(tx, "member", owner.Member), who); err != nil {
		return err
	}
	batch.Queue(`
insert into tenant.member (workspace_id, id, record_id, account_id, role, state, created_at, sealed)
values ($1, $2, $3, $4, 'owner', 'active', $5, $6)`, tx.Workspace(), owner.Member, record, owner.Account, tx.Now(), sealed)
	return tx.SendBatch(ctx, batch).Close()
}

func hasAccount(ctx context.Context, tx *gate.InstanceTx, lookup []byte) (bool, error) {
	var known bool
	err := tx.QueryRow(ctx, `select exists (select from control.account where email_hmac = $1)`, lookup).Scan(&known)
	return known, err
}

func lookupOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]byte, error) {
	var lookup []byte
	err := tx.QueryRow(ctx, `select email_hmac from control.account where id = $1`, account).Scan(&lookup)
	return lookup, err
}

// address opens an account's own address.
func (s *Service) address(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (string, error) {
	var body []byte
	if err := tx.QueryRow(ctx, `select sealed from control.account where id = $1`, account).Scan(&body); err != nil {
		return "", fmt.Errorf("reading account %s: %w", account, err)
	}
	plain, err := s.Vault.Open(ctx, vault.Sealed{Place: tx.Place("account", account), Bytes: body})
	if err != nil {
		return "", fmt.Errorf("opening account %s: %w", account, err)
	}
	var p person
	err = json.Unmarshal(plain[0], &p)
	return p.Email, err
}

func verifyAddress(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
	_, err := tx.Exec(ctx, `update control.account set verified_at = coalesce(verified_at, $2) where id = $1`, account, tx.Now())
	return err
}

func isSeated(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, ws tenant.WorkspaceID) (bool, error) {
	var seated bool
	err := tx.QueryRow(ctx, `
select exists (select from control.seat where account_id = $1 and workspace_id = $2 and closed_at is null)`, account, ws).Scan(&seated)
	return seated, err
}

func listSeats(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]Seat, error) {
	rows, err := tx.Query(ctx, `select workspace_id, member_id from control.seat where account_id = $1 and closed_at is null order by created_at, workspace_id`, account)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (seat Seat, err error) {
		return seat, row.Scan(&seat.Workspace, &seat.member)
	})
}

func openSeat(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, ws tenant.WorkspaceID, member tenant.MemberID) error {
	_, err := tx.Exec(ctx, `
insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, $4)
on conflict (account_id, workspace_id) do update set member_id = excluded.member_id, closed_at = null`, account, ws, member, tx.Now())
	return err
}

// closeSeat ends the member's sessions, keys and programs, and tells every node of it.
func closeSeat(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID, member tenant.MemberID) error {
	batch := &pgx.Batch{}
	batch.Queue(`update control.seat set closed_at = $3 where workspace_id = $1 and member_id = $2 and closed_at is null`, ws, member, tx.Now())
	batch.Queue(`update control.session set ended_at = $3 where workspace_id = $1 and member_id = $2 and ended_at is null`, ws, member, tx.Now())
	batch.Queue(`
update control.credential set ended_at = $3, end_reason = 'removed' where workspace_id = $1 and member_id = $2 and ended_at is null`, ws, member, tx.Now())
	batch.Queue(`select pg_notify('session_ended', ($1::uuid)::text)`, member)
	return tx.SendBatch(ctx, batch).Close()
}

// lastSeen returns the day of each member's last request.
func lastSeen(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID) (map[tenant.MemberID]time.Time, error) {
	rows, err := tx.Query(ctx, `select member_id, max(used_at) from control.session where workspace_id = $1 group by member_id`, ws)
	if err != nil {
		return nil, err
	}
	seen := map[tenant.MemberID]time.Time{}
	var id tenant.MemberID
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error { seen[id] = at.UTC().Truncate(24 * time.Hour); return nil })
	return seen, err
}

func registerWorkspace(ctx context.Context, tx *gate.InstanceTx, id tenant.WorkspaceID, region string) error {
	_, err := tx.Exec(ctx, `insert into control.workspace (id, region, placement, created_at, claimed_at) values ($1, $2, 'home', $3, $3)`, id, region, tx.Now())
	return err
}

// passwordRules returns the floor for a workspace that is in no list, such as a proof's.
func passwordRules(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID) (Passwords, error) {
	p := Passwords{Least: LeastPassword}
	err := tx.QueryRow(ctx, `select password_least, password_history, password_days from control.workspace where id = $1`, ws).Scan(&p.Least, &p.History, &p.Days)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, nil
	}
	return p, err
}

func setPasswordRules(ctx context.Context, tx *gate.InstanceTx, ws tenant.WorkspaceID, p Passwords) error {
	_, err := tx.Exec(ctx, `update control.workspace set password_least = $2, password_history = $3, password_days = $4 where id = $1`, ws, p.Least, p.History, p.Days)
	return err
}
