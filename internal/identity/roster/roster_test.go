package roster_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func actor(ctx context.Context) tenant.Actor {
	a, _ := tenant.ActorOf(ctx)
	return a
}

// owners returns how many active owners a workspace has.
func owners(t *testing.T, w *worldtest.World, ws tenant.WorkspaceID) int {
	t.Helper()
	var n int
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from tenant.member where workspace_id = $1 and role = 'owner' and state = 'active'`, ws).Scan(&n))
	return n
}

func role(t *testing.T, w *worldtest.World, id tenant.MemberID) gate.Role {
	t.Helper()
	var r gate.Role
	check(t, w.Admin.QueryRow(t.Context(), `select role from tenant.member where id = $1`, id).Scan(&r))
	return r
}

func wants(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

// TestAWorkspaceKeepsAnOwner sends fifty ways to be without an owner at once: demotions of oneself and of each other, removals,
// disables, transfers, and people who leave. Whatever the order, one active owner is left.
func TestAWorkspaceKeepsAnOwner(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	const many = 50
	var all []context.Context
	for range many {
		all = append(all, ten.Person(t, gate.Owner))
	}
	all = append(all, ten.Owner)
	start := make(chan struct{})
	ended := make(chan error, many)
	for i := range many {
		me, next := all[i], actor(all[i+1]).Member
		go func() {
			<-start
			switch i % 5 {
			case 0:
				ended <- w.Roster.ChangeRole(me, actor(me).Member, gate.Viewer)
			case 1:
				ended <- w.Roster.ChangeRole(me, next, gate.Member)
			case 2:
				ended <- w.Roster.Remove(me, next)
			case 3:
				ended <- w.Roster.Disable(me, next)
			default:
				ended <- w.Roster.Leave(me)
			}
		}()
	}
	close(start)
	done, refused := 0, 0
	for range many {
		err := <-ended
		switch {
		case err == nil:
			done++
		case fault.Is(err, fault.Conflict), fault.Is(err, fault.Denied), fault.Is(err, fault.Missing):
			refused++
		default:
			t.Errorf("an act ended with %v", err)
		}
	}
	if left := owners(t, w, ten.ID); left < 1 {
		t.Errorf("%d owners are left after %d acts and %d refusals", left, done, refused)
	}
	if done < 10 {
		t.Errorf("%d of %d acts were done, so that nothing was tried", done, many)
	}
}

// TestTheLastOwnerIsKept has every last owner but one demote the other at the same time, again and again.
func TestTheLastOwnerIsKept(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	for range 10 {
		other := ten.Person(t, gate.Owner)
		var both sync.WaitGroup
		errs := make([]error, 2)
		for i, me := range []context.Context{ten.Owner, other} {
			both.Add(1)
			go func() {
				defer both.Done()
				errs[i] = w.Roster.ChangeRole(me, actor(me).Member, gate.Admin)
			}()
		}
		both.Wait()
		if n := owners(t, w, ten.ID); n != 1 {
			t.Fatalf("%d owners after both stepped down at once: %v", n, errs)
		}
		if errs[0] == nil {
			ten.Owner = other
		}
	}
	me := actor(ten.Owner).Member
	wants(t, "the last owner steps down", w.Roster.ChangeRole(ten.Owner, me, gate.Admin), fault.Conflict)
	wants(t, "the last owner leaves", w.Roster.Leave(ten.Owner), fault.Conflict)
	check(t, w.Roster.ChangeRole(ten.Owner, actor(ten.Admin).Member, gate.Owner))
	check(t, w.Roster.Disable(ten.Owner, actor(ten.Admin).Member))
	wants(t, "the last active owner leaves", w.Roster.Leave(ten.Owner), fault.Conflict)
}

func TestAnAdminReachesNoOwner(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	second := actor(ten.Person(t, gate.Owner)).Member
	me, member := actor(ten.Admin).Member, actor(ten.Member).Member
	for what, act := range map[string]func() error{
		"makes themselves owner":    func() error { return w.Roster.ChangeRole(ten.Admin, me, gate.Owner) },
		"makes a member owner":      func() error { return w.Roster.ChangeRole(ten.Admin, member, gate.Owner) },
		"demotes an owner":          func() error { return w.Roster.ChangeRole(ten.Admin, second, gate.Member) },
		"disables an owner":         func() error { return w.Roster.Disable(ten.Admin, second) },
		"enables an owner":          func() error { return w.Roster.Enable(ten.Admin, second) },
		"removes an owner":          func() error { return w.Roster.Remove(ten.Admin, second) },
		"takes the ownership":       func() error { return w.Roster.Transfer(ten.Admin, me) },
		"invites an owner":          func() error { return invite(w, ten.Admin, "o@example.com", gate.Owner) },
		"(a member) makes an admin": func() error { return w.Roster.ChangeRole(ten.Member, member, gate.Admin) },
		"(a viewer) invites":        func() error { return invite(w, ten.Viewer, "v@example.com", gate.Viewer) },
	} {
		wants(t, "an admin "+what, act(), fault.Denied)
	}
	if role(t, w, second) != gate.Owner || role(t, w, me) != gate.Admin || role(t, w, member) != gate.Member {
		t.Error("a refused act changed a role")
	}
	check(t, w.Roster.ChangeRole(ten.Admin, member, gate.Admin))
	check(t, w.Roster.ChangeRole(ten.Admin, member, gate.Viewer))
	check(t, w.Roster.Disable(ten.Admin, member))
	check(t, w.Roster.Remove(ten.Admin, member))
	wants(t, "who was removed is changed", w.Roster.ChangeRole(ten.Admin, member, gate.Member), fault.Missing)
	wants(t, "oneself is removed", w.Roster.Remove(ten.Admin, me), fault.Invalid)
}

func TestAnUnknownRoleIsRefused(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	for _, r := range []gate.Role{"", "root", "Owner", "owner "} {
		wants(t, "the role "+string(r), w.Roster.ChangeRole(ten.Owner, actor(ten.Member).Member, r), fault.Invalid)
	}
}

func TestAChangeOfARoleIsTakenBackByWhoMadeIt(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	member := actor(ten.Member).Member
	check(t, w.Roster.ChangeRole(ten.Owner, member, gate.Viewer))
	wants(t, "another takes it back", w.Roster.UndoRole(ten.Admin, member), fault.Ended)
	m, before, err := w.Roster.Undoable(ten.Owner, member)
	check(t, err)
	if before != gate.Member || m.Role != gate.Viewer || m.ID != member {
		t.Errorf("Undoable = %+v, %s", m, before)
	}
	check(t, w.Roster.UndoRole(ten.Owner, member))
	if r := role(t, w, member); r != gate.Member {
		t.Errorf("the role is %s after the undo", r)
	}
	check(t, w.Roster.ChangeRole(ten.Owner, member, gate.Viewer))
	w.Clock.Advance(roster.UndoFor)
	wants(t, "too late", w.Roster.UndoRole(fresh(w, ten.Owner), member), fault.Ended)
}

// fresh returns a member's context after a factor was shown just now.
func fresh(w *worldtest.World, ctx context.Context) context.Context {
	a := actor(ctx)
	a.ConfirmedAt, a.SeenAt = w.Clock.Now(), w.Clock.Now()
	return tenant.WithActor(ctx, a)
}

func TestOwnershipIsHandedOverWhole(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	me, to := actor(ten.Owner).Member, actor(ten.Member).Member
	check(t, invite(w, ten.Owner, "next@example.com", gate.Owner))
	wants(t, "to oneself", w.Roster.Transfer(ten.Owner, me), fault.Conflict)
	check(t, w.Roster.Transfer(ten.Owner, to))
	if role(t, w, me) != gate.Admin || role(t, w, to) != gate.Owner || owners(t, w, ten.ID) != 1 {
		t.Errorf("the roles are %s and %s", role(t, w, me), role(t, w, to))
	}
	open, err := w.Roster.Invitations(ten.Member)
	check(t, err)
	if len(open) != 0 {
		t.Error("an invitation to be an owner outlives the ownership of who made it")
	}
	wants(t, "again", w.Roster.Transfer(ten.Owner, to), fault.Denied)
	stale := actor(ten.Member)
	stale.ConfirmedAt = stale.ConfirmedAt.Add(-gate.ConfirmAge)
	wants(t, "without a confirmation", w.Roster.Transfer(tenant.WithActor(t.Context(), stale), me), fault.Unconfirmed)
}

// heard returns what is told on the channel of ended sessions.
func heard(t *testing.T, w *worldtest.World) func() string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.DB.DSN.Reveal())
	check(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	_, err = conn.Exec(t.Context(), `listen session_ended`)
	check(t, err)
	return func() string {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		news, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err.Error()
		}
		return news.Payload
	}
}

// TestWhoIsKeptOutIsOut: the next request of a disabled, removed or gone member is refused, on a session and inside an open
// stream; every node is told.
func TestWhoIsKeptOutIsOut(t *testing.T) {
	t.Parallel()
	for what, keep := range map[string]func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error{
		"disabled": func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error {
			return w.Roster.Disable(ten.Admin, id)
		},
		"removed": func(w *worldtest.World, ten *worldtest.Tenant, id tenant.MemberID) error {
			return w.Roster.Remove(ten.Admin, id)
		},
		"gone": func(w *worldtest.World, ten *worldtest.Tenant, _ tenant.MemberID) error {
			return w.Roster.Leave(ten.Member)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := worldtest.New(t)
			ten := w.Tenant(t, "Alder")
			token, member := w.Session(t, ten.Member)
			colleague, _ := w.Session(t, ten.Viewer)
			id := actor(member).Member
			lease, err := w.Gate.Lease(member, gate.Act{Verb: gate.ListMeetings}, func(context.Context, *gate.Tx) error { return nil })
			check(t, err)
			news := heard(t, w)
			check(t, keep(w, ten, id))
			var told tenant.MemberID
			if got := news(); told.Scan(got) != nil || told != id {
				t.Errorf("nodes were told of %s, want the member", got)
			}
			_, err = w.Identity.Resolve(t.Context(), token)
			wants(t, "the session", err, fault.Denied)
			_, err = w.Roster.Members(member)
			wants(t, "a request that was on its way", err, fault.Missing)
			w.Clock.Advance(gate.LeaseAge)
			wants(t, "an open stream", lease.Check(t.Context()), fault.Missing)
			if _, err := w.Identity.Resolve(t.Context(), colleague); err != nil {
				t.Errorf("a colleague's session ended, too: %v", err)
			}
			entry, err := w.Identity.Enter(t.Context(), actor(member).Account, identity.Shown{Factors: []string{identity.Password}})
			check(t, err)
			if entry.Actor.Kind != tenant.Account || !entry.Actor.Workspace.IsZero() {
				t.Errorf("signing in again leads to %v", entry.Actor.Workspace)
			}
			_, err = w.Roster.Members(tenant.WithActor(t.Context(), entry.Actor))
			wants(t, "an account in no workspace", err, fault.Denied)
		})
	}
}

func TestWhoIsEnabledIsInAgain(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	member := actor(ten.Member)
	check(t, w.Roster.Disable(ten.Admin, member.Member))
	check(t, w.Roster.Enable(ten.Admin, member.Member))
	entry, err := w.Identity.Enter(t.Context(), member.Account, identity.Shown{Factors: []string{identity.Password}})
	check(t, err)
	if entry.Actor.Member != member.Member || entry.Actor.Workspace != ten.ID {
		t.Errorf("the member signs in as %+v", entry.Actor)
	}
}

// TestADemotedMemberLosesAtOnce: the role is read in each act, and who waits for the workspace's row is judged by what they are
// when they get it.
func TestADemotedMemberLosesAtOnce(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	check(t, w.Roster.ChangeRole(ten.Owner, actor(ten.Admin).Member, gate.Viewer))
	wants(t, "a demoted admin", w.Roster.ChangeRole(ten.Admin, actor(ten.Member).Member, gate.Viewer), fault.Denied)

	other := ten.Person(t, gate.Admin)
	holder, err := pgx.Connect(t.Context(), w.DB.DSN.Reveal())
	check(t, err)
	defer func() { _ = holder.Close(context.WithoutCancel(t.Context())) }()
	tx, err := holder.Begin(t.Context())
	check(t, err)
	_, err = tx.Exec(t.Context(), `select from tenant.workspace where workspace_id = $1 for update`, ten.ID)
	check(t, err)
	ended := make(chan error, 1)
	go func() { ended <- w.Roster.ChangeRole(other, actor(ten.Member).Member, gate.Viewer) }()
	for waiting := 0; waiting == 0; {
		check(t, w.Admin.QueryRow(t.Context(), `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`).Scan(&waiting))
	}
	_, err = tx.Exec(t.Context(), `update tenant.member set role = 'viewer' where id = $1`, actor(other).Member)
	check(t, err)
	check(t, tx.Commit(t.Context()))
	wants(t, "an admin who was demoted while they waited", <-ended, fault.Denied)
}

// TestAJobOfWhoLeftSendsNothing: what discloses asks again whether who began it still may.
func TestAJobOfWhoLeftSendsNothing(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	c := ten.Case(t, false)
	a := actor(ten.As(t, gate.MinuteTaker))
	a.OnBehalfOf = actor(ten.Member).Member
	job := tenant.WithActor(t.Context(), a)
	act := gate.Act{Verb: gate.Disclose, Object: c.Transcript}
	nothing := func(context.Context, *gate.Tx) error { return nil }
	check(t, w.Gate.Do(job, act, nothing))
	check(t, w.Roster.ChangeRole(ten.Owner, a.OnBehalfOf, gate.Viewer))
	wants(t, "a job of who may only read by now", w.Gate.Do(job, act, nothing), fault.Denied)
	check(t, w.Roster.UndoRole(ten.Owner, a.OnBehalfOf))
	check(t, w.Gate.Do(job, act, nothing))
	check(t, w.Roster.Remove(ten.Owner, a.OnBehalfOf))
	wants(t, "a job of who was removed", w.Gate.Do(job, act, nothing), fault.Denied)
	check(t, w.Gate.Do(job, gate.Act{Verb: gate.BriefMinutes, Object: c.Transcript}, nothing)) // drafting goes on
}

func TestMembersSeeWhatTheirRoleShows(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	w.Session(t, ten.Viewer)
	for who, ctx := range map[gate.Role]context.Context{gate.Admin: ten.Admin, gate.Member: ten.Member, gate.Viewer: ten.Viewer} {
		members, err := w.Roster.Members(ctx)
		check(t, err)
		if len(members) != 4 {
			t.Fatalf("the %s sees %d members", who, len(members))
		}
		shown, seen, self := 0, 0, 0
		for _, m := range members {
			if m.Email != "" || !m.Joined.IsZero() {
				shown++
			}
			if !m.LastSeen.IsZero() {
				seen++
			}
			if m.Self {
				self++
			}
			if m.Name != "Somebody Alder" || !m.Role.AtLeast(gate.Viewer) {
				t.Errorf("the %s sees %+v", who, m)
			}
		}
		if want := map[bool]int{true: 4}[who == gate.Admin]; shown != want || self != 1 || seen != want/4 {
			t.Errorf("the %s sees %d addresses and %d days, is %d of them", who, shown, seen, self)
		}
	}
	check(t, w.Roster.Rename(ten.Viewer, "  Vera   Light "))
	wants(t, "no name", w.Roster.Rename(ten.Viewer, " "), fault.Invalid)
	members, err := w.Roster.Members(ten.Viewer)
	check(t, err)
	if members[3].Name != "Vera Light" || !members[3].Self {
		t.Errorf("after the new name the last member is %+v", members[3])
	}
}

func invite(w *worldtest.World, by context.Context, email string, r gate.Role) error {
	_, err := w.Roster.Invite(by, roster.Guest{Name: "Ines Brandt", Email: email, Role: r})
	return err
}

func tokenOf(sent roster.Sent) string {
	return strings.TrimPrefix(sent.Link.Reveal(), "/join/")
}
