package roster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// listInvitations returns the open invitations, the newest first.
func listInvitations(ctx context.Context, tx *gate.Tx) ([]Invitation, error) {
	rows, err := tx.Query(ctx, `
select i.id, i.role, i.sent_at, i.ends_at, i.sealed, i.invited_by, m.sealed
from tenant.invitation i join tenant.member m on m.workspace_id = i.workspace_id and m.id = i.invited_by
where i.workspace_id = $1 and i.state = 'open' order by i.id desc limit $2`, tx.Workspace(), mostMembers)
	if err != nil {
		return nil, fmt.Errorf("listing invitations: %w", err)
	}
	var open []Invitation
	var sealed []vault.Sealed
	var i Invitation
	var by tenant.MemberID
	var guest, host []byte
	_, err = pgx.ForEachRow(rows, []any{&i.ID, &i.Role, &i.SentAt, &i.EndsAt, &guest, &by, &host}, func() error {
		i.Over = !tx.Now().Before(i.EndsAt)
		open = append(open, i)
		sealed = append(sealed, vault.Sealed{Place: placeOf(tx, "invitation", i.ID), Bytes: append([]byte(nil), guest...)},
			vault.Sealed{Place: placeOf(tx, "member", by), Bytes: append([]byte(nil), host...)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing invitations: %w", err)
	}
	people, err := gate.OpenEach[person](ctx, tx, sealed)
	if err != nil {
		return nil, err
	}
	for n := range open {
		if p := people[2*n]; p != nil {
			open[n].Name, open[n].Email = p.Name, p.Email
		}
		if p := people[2*n+1]; p != nil {
			open[n].By = p.Name
		}
	}
	return open, nil
}

func insertInvitation(ctx context.Context, tx *gate.Tx, g Guest) (Invitation, error) {
	i := Invitation{ID: gate.NewID[InvitationID](tx), Name: g.Name, Email: g.Email, Role: g.Role, SentAt: tx.Now(), EndsAt: tx.Now().AddDate(0, 0, g.Days)}
	sealed, err := tx.Seal(ctx, placeOf(tx, "invitation", i.ID), person{Name: g.Name, Email: g.Email})
	if err != nil {
		return i, err
	}
	tx.Note("invitation", i.ID)
	_, err = tx.Exec(ctx, `
insert into tenant.invitation (workspace_id, id, record_id, role, state, invited_by, days, created_at, sent_at, ends_at, sealed)
values ($1, $2, $3, $4, 'open', $5, $6, $7, $7, $8, $9)`, tx.Workspace(), i.ID, gate.WorkspaceRecord(tx.Workspace()), g.Role, tx.Actor().Member,
		g.Days, i.SentAt, i.EndsAt, sealed)
	return i, err
}

func ended() error {
	return fault.New(fault.Conflict, "This invitation was accepted or revoked already. Load the page again.")
}

// renewInvitation gives an open invitation its time anew, in the actor's name.
func renewInvitation(ctx context.Context, tx *gate.Tx, id InvitationID) (Invitation, error) {
	i := Invitation{ID: id, SentAt: tx.Now()}
	var sealed []byte
	err := tx.QueryRow(ctx, `
update tenant.invitation set sent_at = $3::timestamptz, ends_at = $3::timestamptz + make_interval(days => days), invited_by = $4
where workspace_id = $1 and id = $2 and state = 'open' returning role, ends_at, sealed`, tx.Workspace(), id, tx.Now(), tx.Actor().Member).
		Scan(&i.Role, &i.EndsAt, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return i, ended()
	}
	if err != nil {
		return i, err
	}
	var p person
	err = tx.Open(ctx, placeOf(tx, "invitation", id), sealed, &p)
	i.Name, i.Email = p.Name, p.Email
	return i, err
}

func revokeInvitation(ctx context.Context, tx *gate.Tx, id InvitationID) error {
	tag, err := tx.Exec(ctx, `
update tenant.invitation set state = 'revoked', ended_at = $3, sealed = null where workspace_id = $1 and id = $2 and state = 'open'`, tx.Workspace(), id, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return ended()
	}
	return err
}

func letterOf(ctx context.Context, tx *gate.Tx, h holding, i Invitation) (post.Invitation, error) {
	name, err := workspaceName(ctx, tx)
	return post.Invitation{Until: i.EndsAt, By: h.target.Name, Workspace: name, Role: string(i.Role)}, err
}

// loadOffer fails with the answer for a link that is over. An invitation that was accepted before its seat was opened is still
// an offer: to who accepted it.
func loadOffer(ctx context.Context, tx *gate.Tx, o *Offer) error {
	var state string
	var ends time.Time
	var invited, joined, host []byte
	var by, member tenant.MemberID
	err := tx.QueryRow(ctx, `
select i.state, i.role, i.ends_at, i.sealed, i.member_id, a.sealed, i.invited_by, m.sealed
from tenant.invitation i join tenant.member m on m.workspace_id = i.workspace_id and m.id = i.invited_by
left join tenant.member a on a.workspace_id = i.workspace_id and a.id = i.member_id
where i.workspace_id = $1 and i.id = $2`, tx.Workspace(), o.id).Scan(&state, &o.Role, &ends, &invited, &member, &joined, &by, &host)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (state == "revoked" || state == "open" && !tx.Now().Before(ends)) {
		return over()
	}
	if err != nil {
		return fmt.Errorf("reading invitation %s: %w", o.id, err)
	}
	guest := vault.Sealed{Place: placeOf(tx, "invitation", o.id), Bytes: invited}
	if state == "accepted" {
		guest = vault.Sealed{Place: placeOf(tx, "member", member), Bytes: joined}
	}
	people, err := gate.OpenAll[person](ctx, tx, []vault.Sealed{guest, {Place: placeOf(tx, "member", by), Bytes: host}})
	if err != nil {
		return err
	}
	o.Name, o.Email, o.By = people[0].Name, people[0].Email, people[1].Name
	o.Workspace, err = workspaceName(ctx, tx)
	return err
}

// acceptInvitation makes the account a member, or again the member that it was, and returns who that is. Done again for the same
// account it changes nothing.
func acceptInvitation(ctx context.Context, tx *gate.Tx, id InvitationID, account tenant.AccountID, p person) (tenant.MemberID, error) {
	var state string
	var role gate.Role
	var ends time.Time
	var before tenant.MemberID
	var was string
	err := tx.QueryRow(ctx, `
select i.state, i.role, i.ends_at, m.id, coalesce(m.state, '')
from tenant.invitation i left join tenant.member m on m.workspace_id = i.workspace_id and m.account_id = $3
where i.workspace_id = $1 and i.id = $2`, tx.Workspace(), id, account).Scan(&state, &role, &ends, &before, &was)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return before, over()
	case err != nil:
		return before, fmt.Errorf("reading invitation %s: %w", id, err)
	case was == "disabled":
		return before, fault.New(fault.Denied, "Your access to this workspace is disabled. One of its admins can enable it.")
	case was == "active": // who is here needs none, and one that was accepted half-way is this
		return before, markAccepted(ctx, tx, id, before)
	case state != "open" || !tx.Now().Before(ends):
		return before, over()
	}
	member := before
	if member.IsZero() {
		member = gate.NewID[tenant.MemberID](tx)
	}
	sealed, err := tx.Seal(ctx, placeOf(tx, "member", member), p)
	if err != nil {
		return member, err
	}
	_, err = tx.Exec(ctx, `
insert into tenant.member (workspace_id, id, record_id, account_id, role, state, created_at, sealed)
values ($1, $2, $3, $4, $5, 'active', $6, $7)
on conflict (workspace_id, account_id) do update set role = excluded.role, state = 'active', role_before = null, created_at = excluded.created_at, sealed = excluded.sealed`,
		tx.Workspace(), member, gate.WorkspaceRecord(tx.Workspace()), account, role, tx.Now(), sealed)
	if err != nil {
		return member, err
	}
	return member, markAccepted(ctx, tx, id, member)
}

func markAccepted(ctx context.Context, tx *gate.Tx, id InvitationID, member tenant.MemberID) error {
	_, err := tx.Exec(ctx, `
update tenant.invitation set state = 'accepted', ended_at = $3, member_id = $4, sealed = null
where workspace_id = $1 and id = $2 and state = 'open'`, tx.Workspace(), id, tx.Now(), member)
	return err
}

// link is where the secret of an invitation leads.
type link struct {
	id        InvitationID
	workspace tenant.WorkspaceID
	hash      []byte
	mailed    bool
	ends      time.Time
}

func replaceLink(ctx context.Context, tx *gate.InstanceTx, l link) error {
	_, err := tx.Exec(ctx, `
insert into control.invitation (id, workspace_id, token_hash, mailed, created_at, ends_at) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set token_hash = excluded.token_hash, mailed = excluded.mailed, ends_at = excluded.ends_at
where control.invitation.ended_at is null`, l.id, l.workspace, l.hash, l.mailed, tx.Now(), l.ends)
	return err
}

func endLink(ctx context.Context, tx *gate.InstanceTx, id InvitationID) error {
	_, err := tx.Exec(ctx, `update control.invitation set ended_at = $2 where id = $1 and ended_at is null`, id, tx.Now())
	return err
}

func linkByToken(ctx context.Context, tx *gate.InstanceTx, hash []byte) (link, error) {
	l := link{hash: hash}
	err := tx.QueryRow(ctx, `
select id, workspace_id, mailed, ends_at from control.invitation where token_hash = $1 and ended_at is null and ends_at > $2`, hash, tx.Now()).
		Scan(&l.id, &l.workspace, &l.mailed, &l.ends)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, over()
	}
	return l, err
}
