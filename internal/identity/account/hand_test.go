package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

func memberOf(t *testing.T, ctx context.Context) tenant.MemberID {
	t.Helper()
	a, err := tenant.ActorOf(ctx)
	must(t, err)
	return a.Member
}

func TestAnAdminHandsALinkOverWhereTheAccountIsTheirsAlone(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten, other := w.Tenant(t, "Cedar"), w.Tenant(t, "Quartz")
	id := memberOf(t, ten.Member)
	name, err := w.Accounts.Resettable(ten.Admin, id)
	must(t, err)
	if name != "Somebody Cedar" {
		t.Errorf("the page asks about %q", name)
	}
	first, err := w.Accounts.ResetLink(ten.Admin, id)
	must(t, err)
	second, err := w.Accounts.ResetLink(ten.Admin, id)
	must(t, err)
	token := func(path tenant.Secret) string { return strings.TrimPrefix(path.Reveal(), "/reset/") }
	if err := w.Accounts.ResetOpen(t.Context(), token(first.Path)); !fault.Is(err, fault.Ended) {
		t.Errorf("a link that a newer one voids: %v, want ended", err)
	}
	if got := second.Until.Sub(w.Clock.Now()); got != 30*time.Minute {
		t.Errorf("the link is good for %s, want half an hour", got)
	}
	must(t, w.Accounts.Reset(t.Context(), token(second.Path), newSecret))

	_, err = w.Admin.Exec(t.Context(), `
insert into control.seat (account_id, workspace_id, member_id, created_at) select account_id, $2, $3, created_at from control.seat where member_id = $1`,
		id, other.ID, tenant.NewID[tenant.MemberID](w.Source))
	must(t, err)
	if _, err := w.Accounts.ResetLink(ten.Owner, id); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Sentence(err), "another workspace") {
		t.Errorf("a link to an account of two workspaces: %v, want conflict", err)
	}
	if n := count(t, w.World, `select count(*) from audit.event where verb = 'member.reset' and outcome = 'done'`); n != 2 {
		t.Errorf("%d events say that a link was made, want 2", n)
	}
}

// A link is power over an account. It must not outlive the standing in which it was given.
func TestAHandedLinkEndsWithWhatItStoodOn(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten, other := w.Tenant(t, "Cedar"), w.Tenant(t, "Quartz")
	for name, change := range map[string]func(who, maker context.Context) error{
		"the member becomes an owner": func(who, _ context.Context) error {
			return w.Roster.ChangeRole(ten.Owner, memberOf(t, who), gate.Owner)
		},
		"the member is handed the ownership": func(who, _ context.Context) error {
			return w.Roster.Transfer(ten.Person(t, gate.Owner), memberOf(t, who))
		},
		"the member is disabled": func(who, _ context.Context) error { return w.Roster.Disable(ten.Owner, memberOf(t, who)) },
		"its maker is a viewer now": func(_, maker context.Context) error {
			return w.Roster.ChangeRole(ten.Owner, memberOf(t, maker), gate.Viewer)
		},
		"its maker is a viewer now, by the row alone": func(_, maker context.Context) error {
			_, err := w.Admin.Exec(t.Context(), `update tenant.member set role = 'viewer' where id = $1`, memberOf(t, maker))
			return err
		},
		"its maker is disabled": func(_, maker context.Context) error { return w.Roster.Disable(ten.Owner, memberOf(t, maker)) },
		"its maker is removed":  func(_, maker context.Context) error { return w.Roster.Remove(ten.Owner, memberOf(t, maker)) },
		"its maker leaves":      func(_, maker context.Context) error { return w.Roster.Leave(maker) },
		"the member comes to another workspace": func(who, _ context.Context) error {
			lookup, err := w.Vault.Lookup("cedar@example.com")
			must(t, err)
			_, err = w.Admin.Exec(t.Context(), `update control.account set email_hmac = $2 where id = (select account_id from control.seat where member_id = $1)`, memberOf(t, who), lookup)
			must(t, err)
			sent, err := w.Roster.Invite(other.Owner, roster.Guest{Name: "Somebody", Email: "cedar@example.com", Role: gate.Viewer})
			must(t, err)
			_, session := w.Session(t, who)
			_, err = w.Roster.Accept(session, strings.TrimPrefix(sent.Link.Reveal(), "/join/"))
			return err
		},
		"somebody else is made an admin": func(context.Context, context.Context) error {
			return w.Roster.ChangeRole(ten.Owner, memberOf(t, ten.Viewer), gate.Admin)
		},
	} {
		who, maker := ten.Person(t, gate.Member), ten.Person(t, gate.Admin)
		handed, err := w.Accounts.ResetLink(maker, memberOf(t, who))
		must(t, err)
		if err := change(who, maker); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = w.Accounts.ResetOpen(t.Context(), strings.TrimPrefix(handed.Path.Reveal(), "/reset/"))
		if stays := name == "somebody else is made an admin"; stays != (err == nil) || !stays && !fault.Is(err, fault.Ended) {
			t.Errorf("%s: its link: %v", name, err)
		}
	}
}

func TestWhoGetsNoLink(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten, other := w.Tenant(t, "Cedar"), w.Tenant(t, "Quartz")
	owner, off := memberOf(t, ten.Person(t, gate.Owner)), memberOf(t, ten.Person(t, gate.Member))
	_, err := w.Admin.Exec(t.Context(), `update tenant.member set state = 'disabled' where id = $1`, off)
	must(t, err)
	gone := memberOf(t, ten.Person(t, gate.Member))
	_, err = w.Admin.Exec(t.Context(), `update tenant.member set state = 'removed' where id = $1`, gone)
	must(t, err)
	for name, c := range map[string]struct {
		who  context.Context
		of   tenant.MemberID
		want fault.Kind
	}{
		"a member, of a viewer":             {ten.Member, memberOf(t, ten.Viewer), fault.Denied},
		"an admin, of an owner":             {ten.Admin, owner, fault.Denied},
		"an owner, of another":              {ten.Owner, owner, 0},
		"an admin, of themselves":           {ten.Admin, memberOf(t, ten.Admin), fault.Conflict},
		"an admin, of who is disabled":      {ten.Admin, off, fault.Conflict},
		"an admin, of who left":             {ten.Admin, gone, fault.Missing},
		"another's owner":                   {other.Owner, memberOf(t, ten.Member), fault.Missing},
		"an owner, of somebody who is none": {ten.Owner, w.Nowhere().Person, fault.Missing},
	} {
		_, err := w.Accounts.ResetLink(c.who, c.of)
		_, asked := w.Accounts.Resettable(c.who, c.of)
		for _, err := range []error{err, asked} {
			if (c.want == 0) != (err == nil) || c.want != 0 && !fault.Is(err, c.want) {
				t.Errorf("%s: %v, want kind %v", name, err, c.want)
			}
		}
	}
}

// Where mail is sent, a link goes to the person's own box and to nobody else.
func TestNobodyHandsALinkOverWhereMailIsSent(t *testing.T) {
	t.Parallel()
	w := worldtest.NewWithMail(t)
	ten := w.Tenant(t, "Cedar")
	if _, err := w.Accounts.ResetLink(ten.Owner, memberOf(t, ten.Member)); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Sentence(err), "Mail is sent") {
		t.Errorf("a link beside the mail: %v, want conflict", err)
	}
	ten.Rename(t, ten.Member, "Nobody", "nobody@localhost.invalid") // whom no mail reaches
	if _, err := w.Accounts.ResetLink(ten.Owner, memberOf(t, ten.Member)); err != nil {
		t.Errorf("a link for somebody whom no mail reaches: %v", err)
	}
}
