package post

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// letterKind names the sealed document for the vault. It is never renamed.
const letterKind = "outbox"

// addressOfAccount opens the address of an account. It fails with fault.Missing.
func addressOfAccount(ctx context.Context, tx *gate.InstanceTx, id tenant.AccountID) (string, error) {
	var body []byte
	err := tx.QueryRow(ctx, `select sealed from control.account where id = $1`, id).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.New(fault.Missing, "There is no such account.")
	}
	if err != nil {
		return "", fmt.Errorf("reading account %s: %w", id, err)
	}
	var doc struct {
		Email string `json:"email"`
	}
	err = tx.Open(ctx, tx.Place("account", id), body, &doc)
	return doc.Email, err
}

func insertLetter(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, doc sealedLetter) error {
	id := gate.NewID[ID](&tx.Tx)
	body, err := tx.Seal(ctx, tx.Place(letterKind, id), doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into control.outbox (id, account_id, state, tries, status, next_at, created_at, sealed) values ($1, $2, 'waiting', 0, 0, $3, $3, $4)`,
		id, account, tx.Now(), body)
	if err != nil {
		return fmt.Errorf("queueing letter %s: %w", id, err)
	}
	return nil
}

// seat is an account's place in a workspace.
type seat struct {
	workspace tenant.WorkspaceID
	member    tenant.MemberID
}

func seatsOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]seat, error) {
	rows, err := tx.Query(ctx, `select workspace_id, member_id from control.seat where account_id = $1`, account)
	if err != nil {
		return nil, fmt.Errorf("finding the places of account %s: %w", account, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (seat, error) {
		var s seat
		err := row.Scan(&s.workspace, &s.member)
		return s, err
	})
}

func lettersDue(ctx context.Context, tx *gate.InstanceTx) (bool, error) {
	var due bool
	err := tx.QueryRow(ctx, `
select exists (select from control.outbox where state = 'waiting' and next_at <= $1 and (lease_until is null or lease_until <= $1))`, tx.Now()).Scan(&due)
	return due, err
}

// take leases the letter that is due longest. It fails with fault.Missing where there is none.
func take(ctx context.Context, tx *gate.InstanceTx) (taken, error) {
	var t taken
	err := tx.QueryRow(ctx, `
update control.outbox o set tries = tries + 1, lease_until = $2
where id = (
    select id from control.outbox where state = 'waiting' and next_at <= $1 and (lease_until is null or lease_until <= $1)
    order by next_at, id limit 1 for update skip locked)
returning id, account_id, account_id is not null and not exists (select from control.account a where a.id = o.account_id and a.state <> 'disabled'),
    tries, created_at, sealed`, tx.Now(), tx.Now().Add(leaseLife)).Scan(&t.id, &t.account, &t.disabled, &t.tries, &t.createdAt, &t.sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, fault.New(fault.Missing, "No letter is due.")
	}
	return t, err
}

// settle writes the end of an attempt, unless another one was begun meanwhile, and forgets letters that ended long ago.
func settle(ctx context.Context, tx *gate.InstanceTx, t taken, e ending) error {
	batch := &pgx.Batch{}
	if e.state == "waiting" {
		batch.Queue(`
update control.outbox set next_at = $3, status = $4, lease_until = null where id = $1 and tries = $2 and state = 'waiting'`, t.id, t.tries, e.next, e.status)
	} else {
		batch.Queue(`
update control.outbox set state = $3, status = $4, ended_at = $5, lease_until = null, sealed = null
where id = $1 and tries = $2 and state = 'waiting'`, t.id, t.tries, e.state, e.status, tx.Now())
	}
	batch.Queue(`delete from control.outbox where ended_at < $1`, tx.Now().Add(-keepEnded))
	return tx.SendBatch(ctx, batch).Close()
}

func counts(ctx context.Context, tx *gate.InstanceTx, c *Counts) error {
	day := tx.Now().Add(-24 * time.Hour)
	err := tx.QueryRow(ctx, `
select count(*) filter (where state = 'waiting'), count(*) filter (where state = 'sent' and status <> 0 and ended_at >= $1), count(*) filter (where state = 'dead'),
    min(created_at) filter (where state = 'waiting'),
    coalesce((select status from control.outbox where status not in (0, 250) and coalesce(ended_at, next_at) >= $1 order by coalesce(ended_at, next_at) desc limit 1), 0)
from control.outbox`, day).Scan(&c.Waiting, &c.Sent, &c.Dead, &c.Oldest, &c.Status)
	if err != nil {
		return fmt.Errorf("counting letters: %w", err)
	}
	return nil
}

// notice is a row of tenant.notice.
type notice struct {
	id        NoticeID
	record    tenant.RecordID
	member    tenant.MemberID
	kind      Kind
	object    [16]byte
	shown     bool
	mail      string
	createdAt time.Time
}

// insertNotice enters a notice, and reports whether it is new: the same thing is told once.
func insertNotice(ctx context.Context, tx *gate.Tx, n notice) (bool, error) {
	tag, err := tx.Exec(ctx, `
insert into tenant.notice (workspace_id, id, record_id, member_id, kind, object_id, shown, mail, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict on constraint notice_is_made_once do nothing`,
		tx.Workspace(), n.id, n.record, n.member, n.kind, n.object, n.shown, n.mail, tx.Now())
	if err != nil {
		return false, fmt.Errorf("entering a notice: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

func loadNotice(ctx context.Context, tx *gate.Tx, id NoticeID) (notice, error) {
	n := notice{id: id}
	err := tx.QueryRow(ctx, `select record_id, member_id, kind, mail, created_at from tenant.notice where workspace_id = $1 and id = $2`, tx.Workspace(), id).
		Scan(&n.record, &n.member, &n.kind, &n.mail, &n.createdAt)
	if err != nil {
		return n, fmt.Errorf("reading notice %s: %w", id, err)
	}
	return n, nil
}

func settleNotice(ctx context.Context, tx *gate.Tx, n notice) error {
	_, err := tx.Exec(ctx, `update tenant.notice set mail = $3, mailed_at = $4 where workspace_id = $1 and id = $2 and mail = 'due'`,
		tx.Workspace(), n.id, n.mail, tx.Now())
	return err
}

// ownNotices returns the acting member's notices about what they may read.
func ownNotices(ctx context.Context, tx *gate.Tx) ([]Notice, error) {
	rows, err := tx.Query(ctx, `
select n.id, n.record_id, n.kind, n.created_at, n.read_at from tenant.notice n
join gate.readable g on g.workspace_id = n.workspace_id and g.record_id = n.record_id
where n.workspace_id = $1 and n.member_id = $2 and n.shown order by n.created_at desc, n.id desc limit 100`, tx.Workspace(), tx.Actor().Member)
	if err != nil {
		return nil, fmt.Errorf("listing notices: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Notice, error) {
		var n Notice
		err := row.Scan(&n.ID, &n.record, &n.Kind, &n.CreatedAt, &n.ReadAt)
		return n, err
	})
}

func unread(ctx context.Context, tx *gate.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `
select count(*) from tenant.notice n
join gate.readable g on g.workspace_id = n.workspace_id and g.record_id = n.record_id
where n.workspace_id = $1 and n.member_id = $2 and n.shown and n.read_at is null`, tx.Workspace(), tx.Actor().Member).Scan(&n)
	return n, err
}

// markRead marks one of the acting member's notices, markAllRead all of them.
func markRead(ctx context.Context, tx *gate.Tx, id NoticeID) error {
	_, err := tx.Exec(ctx, `
update tenant.notice set read_at = $4 where workspace_id = $1 and member_id = $2 and id = $3 and read_at is null`, tx.Workspace(), tx.Actor().Member, id, tx.Now())
	return err
}

func markAllRead(ctx context.Context, tx *gate.Tx) (int64, error) {
	tag, err := tx.Exec(ctx, `
update tenant.notice set read_at = $3 where workspace_id = $1 and member_id = $2 and read_at is null`, tx.Workspace(), tx.Actor().Member, tx.Now())
	return tag.RowsAffected(), err
}

// choices returns what members chose of a kind; who chose nothing is not among them.
func choices(ctx context.Context, tx *gate.Tx, kind Kind, members ...tenant.MemberID) (chosen, error) {
	raw := make([][16]byte, len(members))
	for i, id := range members {
		raw[i] = id
	}
	c := chosen{kind: kind, byMember: map[tenant.MemberID]Choice{}}
	rows, err := tx.Query(ctx, `
select member_id, app, mail from tenant.notice_choice where workspace_id = $1 and kind = $2 and member_id = any($3)`, tx.Workspace(), kind, raw)
	if err != nil {
		return c, fmt.Errorf("reading choices of notices: %w", err)
	}
	var member tenant.MemberID
	one := Choice{Kind: kind}
	_, err = pgx.ForEachRow(rows, []any{&member, &one.App, &one.Mail}, func() error {
		c.byMember[member] = one
		return nil
	})
	return c, err
}

func choose(ctx context.Context, tx *gate.Tx, member tenant.MemberID, c Choice) error {
	_, err := tx.Exec(ctx, `
insert into tenant.notice_choice (workspace_id, member_id, kind, app, mail, changed_at) values ($1, $2, $3, $4, $5, $6)
on conflict (workspace_id, member_id, kind) do update set app = excluded.app, mail = excluded.mail, changed_at = excluded.changed_at`,
		tx.Workspace(), member, c.Kind, c.App, c.Mail, tx.Now())
	if err != nil {
		return fmt.Errorf("storing a choice of notices: %w", err)
	}
	return nil
}

func mailContent(ctx context.Context, tx *gate.Tx) (Content, error) {
	content := Titles
	err := tx.QueryRow(ctx, `select content from tenant.mail_setting where workspace_id = $1`, tx.Workspace()).Scan(&content)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Nothing, fmt.Errorf("reading how much mails may hold: %w", err)
	}
	return content, nil
}

func setContent(ctx context.Context, tx *gate.Tx, content Content) error {
	_, err := tx.Exec(ctx, `
insert into tenant.mail_setting (workspace_id, content, changed_at) values ($1, $2, $3)
on conflict (workspace_id) do update set content = excluded.content, changed_at = excluded.changed_at`, tx.Workspace(), content, tx.Now())
	return err
}

// addressee is a member as mails name them, and the workspace's name.
type addressee struct{ name, email, workspace string }

func loadAddressee(ctx context.Context, tx *gate.Tx, member tenant.MemberID) (addressee, error) {
	var person, workspace []byte
	err := tx.QueryRow(ctx, `
select m.sealed, w.sealed from tenant.member m join tenant.workspace w on w.workspace_id = m.workspace_id
where m.workspace_id = $1 and m.id = $2 and m.state = 'active'`, tx.Workspace(), member).Scan(&person, &workspace)
	if err != nil {
		return addressee{}, fmt.Errorf("reading member %s: %w", member, err)
	}
	record := gate.WorkspaceRecord(tx.Workspace())
	docs, err := gate.OpenAll[struct{ Name, Email string }](ctx, tx, []vault.Sealed{
		{Place: tx.Place(record, "member", member), Bytes: person}, {Place: tx.Place(record, "workspace", tx.Workspace()), Bytes: workspace}})
	if err != nil {
		return addressee{}, err
	}
	return addressee{docs[0].Name, docs[0].Email, docs[1].Name}, nil
}
