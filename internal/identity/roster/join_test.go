package roster_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

const phrase = "a stone beside the canal"

// visitor is somebody who is not signed in.
func visitor(t *testing.T) context.Context {
	return tenant.WithActor(t.Context(), tenant.Actor{Address: "192.0.2.1"})
}

// guest makes an invitation and returns its link's token.
func guest(t *testing.T, w *worldtest.World, by context.Context, email string, r gate.Role) (roster.Sent, string) {
	t.Helper()
	sent, err := w.Roster.Invite(by, roster.Guest{Name: "Ines Brandt", Email: email, Role: r})
	check(t, err)
	return sent, tokenOf(sent)
}

// join makes an account by an invitation and returns a context of its session.
func join(t *testing.T, w *worldtest.World, by context.Context, email string, r gate.Role) context.Context {
	t.Helper()
	_, token := guest(t, w, by, email, r)
	entry, err := w.Roster.Join(visitor(t), token, "Ines Brandt", phrase)
	check(t, err)
	return tenant.WithActor(t.Context(), entry.Actor)
}

func TestWhoIsInvitedJoins(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	sent, token := guest(t, w, ten.Admin, "ines@example.com", gate.Member)
	if sent.EndsAt.Sub(w.Clock.Now()) != 7*24*time.Hour || len(token) != 43 {
		t.Errorf("the link of %d characters is good until %s", len(token), sent.EndsAt)
	}
	o, err := w.Roster.Offer(visitor(t), token)
	check(t, err)
	if o.Workspace != "Alder Works" || o.Email != "ines@example.com" || o.Role != gate.Member || o.By != "Somebody Alder" || o.Known || o.Yours {
		t.Errorf("the link offers %+v", o)
	}
	for field, said := range map[string][2]string{"name": {" ", phrase}, "password": {"Ines", "short"}} {
		_, err := w.Roster.Join(visitor(t), token, said[0], said[1])
		if !fault.Is(err, fault.Invalid) || identity.Wrong(err) != field {
			t.Errorf("joining with a bad %s: %v", field, err)
		}
	}
	entry, err := w.Roster.Join(visitor(t), token, "Ines Brandt", phrase)
	check(t, err)
	me, err := w.Identity.Me(tenant.WithActor(t.Context(), entry.Actor))
	check(t, err)
	if me.Name != "Ines Brandt" || me.Email != "ines@example.com" || me.Role != gate.Member || me.Workspace != "Alder Works" {
		t.Errorf("who joined is %+v", me)
	}
	_, err = w.Roster.Offer(visitor(t), token)
	wants(t, "the link again", err, fault.Ended)
	again, err := w.Identity.SignIn(visitor(t), "Ines@Example.com", phrase)
	check(t, err)
	if again.Actor.Member != entry.Actor.Member {
		t.Errorf("signing in leads to %+v", again.Actor)
	}
	var verified, kept int
	check(t, w.Admin.QueryRow(t.Context(), `select count(verified_at) from control.account where id = $1`, entry.Actor.Account).Scan(&verified))
	check(t, w.Admin.QueryRow(t.Context(), `select count(sealed) from tenant.invitation`).Scan(&kept))
	if verified != 0 || kept != 0 {
		t.Errorf("a link that was handed over verified %d addresses; %d ended invitations still name somebody", verified, kept)
	}
}

var linked = regexp.MustCompile(`https://mainstay\.example\.com(/join/[A-Za-z0-9_-]{43})`)

// TestAMailedLinkVerifiesTheAddress: who has a link that went to the address alone has the address.
func TestAMailedLinkVerifiesTheAddress(t *testing.T) {
	t.Parallel()
	w := worldtest.NewWithMail(t)
	ten := w.Tenant(t, "Alder")
	sent, err := w.Roster.Invite(ten.Owner, roster.Guest{Name: "Ines", Email: "ines@example.com", Role: gate.Viewer})
	check(t, err)
	check(t, w.Post.Drain(t.Context()))
	mails := w.Mail.Mails()
	if sent.Link != "" || len(mails) != 1 || mails[0].To != "ines@example.com" {
		t.Fatalf("the link is shown (%v), the mails are %+v", sent.Link != "", mails)
	}
	found := linked.FindStringSubmatch(mails[0].Text)
	if found == nil || !strings.Contains(mails[0].Text, "Somebody Alder invites you to join Alder Works") {
		t.Fatalf("the mail says %s", mails[0].Text)
	}
	entry, err := w.Roster.Join(visitor(t), strings.TrimPrefix(found[1], "/join/"), "Ines", phrase)
	check(t, err)
	var verified bool
	check(t, w.Admin.QueryRow(t.Context(), `select verified_at is not null from control.account where id = $1`, entry.Actor.Account).Scan(&verified))
	if !verified {
		t.Error("the address is not verified")
	}
}

// TestALinkEnds by time, by revoking, by sending it again, and with the rights of who made it.
func TestALinkEnds(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(w *worldtest.World, ten *worldtest.Tenant, id roster.InvitationID) error{
		"by time": func(w *worldtest.World, _ *worldtest.Tenant, _ roster.InvitationID) error {
			w.Clock.Advance(roster.DefaultDays * 24 * time.Hour)
			return nil
		},
		"revoked": func(w *worldtest.World, ten *worldtest.Tenant, id roster.InvitationID) error {
			return w.Roster.Revoke(ten.Owner, id)
		},
		"replaced": func(w *worldtest.World, ten *worldtest.Tenant, id roster.InvitationID) error {
			_, err := w.Roster.Resend(ten.Owner, id)
			return err
		},
		"its maker removed": func(w *worldtest.World, ten *worldtest.Tenant, _ roster.InvitationID) error {
			return w.Roster.Remove(ten.Owner, actor(ten.Admin).Member)
		},
		"its maker demoted": func(w *worldtest.World, ten *worldtest.Tenant, _ roster.InvitationID) error {
			return w.Roster.ChangeRole(ten.Owner, actor(ten.Admin).Member, gate.Member)
		},
		"its maker disabled": func(w *worldtest.World, ten *worldtest.Tenant, _ roster.InvitationID) error {
			return w.Roster.Disable(ten.Owner, actor(ten.Admin).Member)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := worldtest.New(t)
			ten := w.Tenant(t, "Alder")
			sent, token := guest(t, w, ten.Admin, "ines@example.com", gate.Admin)
			check(t, end(w, ten, sent.ID))
			_, err := w.Roster.Offer(visitor(t), token)
			wants(t, "the link", err, fault.Ended)
			_, err = w.Roster.Join(visitor(t), token, "Ines", phrase)
			wants(t, "joining by it", err, fault.Ended)
			var accounts int
			check(t, w.Admin.QueryRow(t.Context(), `select count(*) from control.account`).Scan(&accounts))
			if accounts != 4 {
				t.Errorf("there are %d accounts, want the four of before", accounts)
			}
		})
	}
	w := worldtest.New(t)
	_, err := w.Roster.Offer(visitor(t), "no such link")
	wants(t, "a link that never was", err, fault.Ended)
}

func TestAnInvitationIsSentAgain(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	sent, _ := guest(t, w, ten.Owner, "ines@example.com", gate.Owner)
	wants(t, "an admin sends an owner's again", second(w.Roster.Resend(ten.Admin, sent.ID)), fault.Denied)
	w.Clock.Advance(8 * 24 * time.Hour)
	owner := again(w, ten.Owner)
	open, err := w.Roster.Invitations(owner)
	check(t, err)
	if len(open) != 1 || !open[0].Over || open[0].Email != "ines@example.com" || open[0].By != "Somebody Alder" {
		t.Errorf("the open invitations are %+v", open)
	}
	next, err := w.Roster.Resend(owner, sent.ID)
	check(t, err)
	_, err = w.Roster.Join(visitor(t), tokenOf(next), "Ines", phrase)
	check(t, err)
	wants(t, "sent again after it was accepted", second(w.Roster.Resend(owner, sent.ID)), fault.Conflict)
	wants(t, "revoked after it was accepted", w.Roster.Revoke(owner, sent.ID), fault.Conflict)
}

func second[T any](_ T, err error) error { return err }

// again returns a member's context after a new sign-in.
func again(w *worldtest.World, ctx context.Context) context.Context {
	a := actor(ctx)
	a.SignedInAt, a.ConfirmedAt, a.SeenAt = w.Clock.Now(), w.Clock.Now(), w.Clock.Now()
	return tenant.WithActor(ctx, a)
}

func TestNobodyIsInvitedTwice(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	guest(t, w, ten.Owner, "ines@example.com", gate.Viewer)
	wants(t, "invited already", invite(w, ten.Admin, "INES@example.com", gate.Viewer), fault.Conflict)
	wants(t, "a member already", invite(w, ten.Admin, "alder@example.com", gate.Viewer), fault.Conflict)
	for _, g := range []roster.Guest{{Name: "I", Email: "no address", Role: gate.Viewer}, {Email: "i@example.com", Role: gate.Viewer},
		{Name: "I", Email: "i@example.com", Role: "root"}, {Name: "I", Email: "i@example.com", Role: gate.Viewer, Days: 31}, {Name: "I", Email: "I <i@example.com>", Role: gate.Viewer}} {
		wants(t, "a guest that is not whole", second(w.Roster.Invite(ten.Owner, g)), fault.Invalid)
	}
	key := actor(ten.Owner)
	key.Credential, key.Scopes = tenant.ByKey, []string{string(gate.MembersWrite)}
	by := tenant.WithActor(t.Context(), key)
	wants(t, "a key invites an admin", invite(w, by, "a@example.com", gate.Admin), fault.Denied)
	check(t, invite(w, by, "m@example.com", gate.Member))
}

// TestAnInvitationIsForItsAddress: whoever is signed in with another address cannot accept, whatever they hold.
func TestAnInvitationIsForItsAddress(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	ines, other := join(t, w, a.Owner, "ines@example.com", gate.Member), join(t, w, a.Owner, "other@example.com", gate.Owner)
	w.Clock.Advance(time.Second)
	_, token := guest(t, w, b.Owner, "ines@example.com", gate.Admin)
	_, err := w.Roster.Accept(other, token)
	wants(t, "another account accepts", err, fault.Denied)
	_, err = w.Roster.Join(visitor(t), token, "Mallory", phrase)
	wants(t, "another account is made for the address", err, fault.Conflict)
	o, err := w.Roster.Offer(ines, token)
	check(t, err)
	if !o.Known || !o.Yours || o.Inside {
		t.Errorf("to who is invited the link offers %+v", o)
	}
	begun, err := w.Roster.Accept(ines, token)
	check(t, err)
	if begun.Actor.Workspace != b.ID || begun.Actor.Session == actor(ines).Session {
		t.Errorf("the session is %+v", begun.Actor)
	}
	seats, err := w.Roster.Seats(tenant.WithActor(t.Context(), begun.Actor))
	check(t, err)
	if len(seats) != 2 || seats[0].Name != "Alder Works" || seats[1].Name != "Birch Works" || seats[1].Role != gate.Admin || !seats[1].Here || seats[0].Here {
		t.Errorf("the seats are %+v", seats)
	}
}

// TestWhoWasRemovedComesBackAsThemselves: the member is the one that they were, with the role of the new invitation.
func TestWhoWasRemovedComesBackAsThemselves(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	ines := join(t, w, ten.Owner, "ines@example.com", gate.Admin)
	check(t, w.Roster.Remove(ten.Owner, actor(ines).Member))
	_, token := guest(t, w, ten.Owner, "ines@example.com", gate.Viewer)
	entry, err := w.Identity.SignIn(visitor(t), "ines@example.com", phrase)
	check(t, err)
	begun, err := w.Roster.Accept(tenant.WithActor(t.Context(), entry.Actor), token)
	check(t, err)
	if begun.Actor.Member != actor(ines).Member || role(t, w, begun.Actor.Member) != gate.Viewer {
		t.Errorf("they come back as %+v with the role %s", begun.Actor, role(t, w, begun.Actor.Member))
	}
	check(t, w.Roster.Disable(ten.Owner, begun.Actor.Member))
	wants(t, "an address of who is disabled", invite(w, ten.Owner, "ines@example.com", gate.Viewer), fault.Conflict)
}

// TestAcceptingGoesOnAfterACrash between the member and the seat.
func TestAcceptingGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	ines := join(t, w, a.Owner, "ines@example.com", gate.Member)
	_, token := guest(t, w, b.Owner, "ines@example.com", gate.Member)
	_, err := w.Admin.Exec(t.Context(), `
create function control.broken() returns trigger language plpgsql as $$ begin raise exception 'gone'; end $$;
create trigger broken before insert on control.seat for each row execute function control.broken()`)
	check(t, err)
	if _, err := w.Roster.Accept(ines, token); err == nil {
		t.Fatal("the seat could be opened")
	}
	_, err = w.Admin.Exec(t.Context(), `drop trigger broken on control.seat`)
	check(t, err)
	begun, err := w.Roster.Accept(ines, token)
	check(t, err)
	var members int
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from tenant.member where workspace_id = $1`, b.ID).Scan(&members))
	if members != 5 || begun.Actor.Workspace != b.ID {
		t.Errorf("the workspace has %d members, want 5", members)
	}
	_, err = w.Roster.Offer(ines, token)
	wants(t, "the link after that", err, fault.Ended)
}

func TestASessionGoesWhereItsAccountSits(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	_, ines := w.Session(t, join(t, w, a.Owner, "ines@example.com", gate.Member))
	_, token := guest(t, w, b.Owner, "ines@example.com", gate.Viewer)
	begun, err := w.Roster.Accept(ines, token)
	check(t, err)
	there := tenant.WithActor(t.Context(), begun.Actor)
	resolved, err := w.Identity.Resolve(t.Context(), begun.Token.Reveal())
	check(t, err)
	if resolved.Workspace != b.ID || !resolved.SignedInAt.Equal(actor(ines).SignedInAt) {
		t.Errorf("the token stands for %+v", resolved)
	}
	back, err := w.Identity.Switch(there, a.ID)
	check(t, err)
	if back.Actor.Member != actor(ines).Member {
		t.Errorf("back in the first workspace the session is %+v", back.Actor)
	}
	_, err = w.Identity.Resolve(t.Context(), begun.Token.Reveal())
	wants(t, "the token before", err, fault.Denied)
	home := tenant.WithActor(t.Context(), back.Actor)
	_, stranger := w.Session(t, b.Owner)
	_, err = w.Identity.Switch(stranger, a.ID)
	wants(t, "a workspace of others", err, fault.Missing)
	_, err = w.Identity.Switch(home, tenant.NewID[tenant.WorkspaceID](w.Source))
	wants(t, "a workspace that is not", err, fault.Missing)
	check(t, w.Roster.Disable(b.Owner, begun.Actor.Member))
	_, err = w.Identity.Switch(home, b.ID)
	wants(t, "a workspace that keeps one out", err, fault.Missing)
	_, err = w.Admin.Exec(t.Context(), `update control.session set bound_id = $2 where id = $1`, back.Actor.Session, a.ID)
	check(t, err)
	check(t, w.Roster.Enable(b.Owner, begun.Actor.Member))
	_, err = w.Identity.Switch(home, b.ID)
	wants(t, "a session that is confined", err, fault.Denied)
	key := back.Actor
	key.Credential = tenant.ByKey
	_, err = w.Identity.Switch(tenant.WithActor(t.Context(), key), b.ID)
	wants(t, "a key", err, fault.Denied)
}

func TestWhoMayFoundAWorkspace(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	_, owner := w.Session(t, ten.Owner)
	_, admin := w.Session(t, ten.Admin)
	cfg := w.Roster.Config
	for founders, may := range map[roster.Founders][2]bool{roster.Owners: {true, false}, roster.Anyone: {true, true}, roster.Closed: {}, "": {}} {
		cfg.Founders = founders
		s, err := roster.New(cfg)
		check(t, err)
		for i, ctx := range []context.Context{owner, admin} {
			if err := s.MayFound(ctx); (err == nil) != may[i] || err != nil && !fault.Is(err, fault.Denied) {
				t.Errorf("%q, of the owner and the admin number %d: %v", founders, i, err)
			}
		}
	}
	_, err := w.Roster.Found(admin, "Cedar", "Ada")
	wants(t, "an admin founds", err, fault.Denied)
	_, err = w.Roster.Found(owner, " ", "Ada")
	wants(t, "without a name", err, fault.Invalid)
	begun, err := w.Roster.Found(owner, "Cedar", "Ada")
	check(t, err)
	me, err := w.Identity.Me(tenant.WithActor(t.Context(), begun.Actor))
	check(t, err)
	if me.Role != gate.Owner || me.Workspace != "Cedar" || me.Name != "Ada" || me.Email != "Alder@example.com" {
		t.Errorf("the founder is %+v", me)
	}
	if err := invite(w, tenant.WithActor(t.Context(), begun.Actor), "x@example.com", gate.Owner); err != nil {
		t.Errorf("inviting into it: %v", err)
	}
}

func TestSignInRulesHaveFloors(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	p, err := w.Roster.SignIn(ten.Admin)
	check(t, err)
	if p.Factor != gate.Single || p.Hours != 720 || p.Least != 12 || p.History != 0 || p.Days != 0 {
		t.Errorf("the rules of a new workspace are %+v", p)
	}
	for field, change := range map[string]func(*roster.SignIn){
		"least": func(p *roster.SignIn) { p.Least = 11 }, "hours": func(p *roster.SignIn) { p.Hours = 721 }, "idle": func(p *roster.SignIn) { p.Idle = 4 },
		"history": func(p *roster.SignIn) { p.History = -1 }, "days": func(p *roster.SignIn) { p.Days = 29 }, "factor": func(p *roster.SignIn) { p.Factor = 7 },
	} {
		bad := p
		change(&bad)
		if err := w.Roster.ChangeSignIn(ten.Owner, bad); !fault.Is(err, fault.Invalid) || identity.Wrong(err) != field {
			t.Errorf("below the floor of %s: %v", field, err)
		}
	}
	strict := p
	strict.Factor = gate.Second
	wants(t, "rules that lock out who makes them", w.Roster.ChangeSignIn(ten.Owner, strict), fault.Conflict)
	strong := actor(ten.Owner)
	strong.Factors = []string{identity.Passkey}
	strict.Least, strict.Hours = 20, 24
	check(t, w.Roster.ChangeSignIn(tenant.WithActor(t.Context(), strong), strict))
	wants(t, "rules of another version", w.Roster.ChangeSignIn(tenant.WithActor(t.Context(), strong), strict), fault.Conflict)
	wants(t, "a member with a password alone", second(w.Roster.Members(ten.Member)), fault.Unconfirmed)
	_, token := guest(t, w, tenant.WithActor(t.Context(), strong), "ines@example.com", gate.Viewer)
	_, err = w.Roster.Join(visitor(t), token, "Ines", "eighteen letters ok")
	if !fault.Is(err, fault.Invalid) || identity.Wrong(err) != "password" {
		t.Errorf("a password of 19 characters where 20 are asked for: %v", err)
	}
}
