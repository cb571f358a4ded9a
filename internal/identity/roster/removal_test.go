package roster_test

import (
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// TestARemovalIsTakenBackByWhoMadeIt: the member has the role that they had, and what ended stays ended.
func TestARemovalIsTakenBackByWhoMadeIt(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	ines := join(t, w, ten.Owner, "ines@example.com", gate.Viewer)
	id := actor(ines).Member
	wants(t, "who was not removed", w.Roster.UndoRemoval(ten.Owner, id), fault.Ended)
	check(t, w.Roster.Remove(ten.Owner, id))
	wants(t, "another admin takes it back", w.Roster.UndoRemoval(ten.Admin, id), fault.Ended)
	wants(t, "a member takes it back", w.Roster.UndoRemoval(ten.Member, id), fault.Denied)
	m, err := w.Roster.Removed(ten.Owner, id)
	if err != nil || m.Name != "Ines Brandt" || m.Role != gate.Viewer {
		t.Errorf("Removed() = %+v, %v", m, err)
	}
	check(t, w.Roster.UndoRemoval(ten.Owner, id))
	if r := role(t, w, id); r != gate.Viewer {
		t.Errorf("the role is %s after the undo", r)
	}
	var going int
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from control.session where member_id = $1 and ended_at is null`, id).Scan(&going))
	if going != 0 {
		t.Errorf("%d sessions came back", going)
	}
	entry, err := w.Identity.SignIn(visitor(t), "ines@example.com", phrase)
	if err != nil || entry.Actor.Member != id {
		t.Errorf("signing in afterwards: %+v, %v", entry.Actor, err)
	}
	wants(t, "a second time", w.Roster.UndoRemoval(ten.Owner, id), fault.Ended)
	var noted int
	check(t, w.Admin.QueryRow(t.Context(), `select count(*) from audit.event where workspace_id = $1 and verb = 'member.remove' and outcome = 'done'`, ten.ID).Scan(&noted))
	if noted != 2 {
		t.Errorf("%d events of the removal and its undo, want 2", noted)
	}

	check(t, w.Roster.Remove(ten.Owner, id))
	w.Clock.Advance(roster.UndoFor)
	wants(t, "too late", w.Roster.UndoRemoval(fresh(w, ten.Owner), id), fault.Ended)
}

// TestARemovalIsNotTakenBackIntoMore: a disabled member does not come back enabled, nor an invited one with the role of before, and
// an admin brings no owner back.
func TestARemovalIsNotTakenBackIntoMore(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	disabled := actor(join(t, w, ten.Owner, "ines@example.com", gate.Member)).Member
	check(t, w.Roster.Disable(ten.Owner, disabled))
	check(t, w.Roster.Remove(ten.Owner, disabled))
	wants(t, "who was disabled", w.Roster.UndoRemoval(ten.Owner, disabled), fault.Ended)

	otto := join(t, w, ten.Owner, "otto@example.com", gate.Admin)
	check(t, w.Roster.Remove(ten.Owner, actor(otto).Member))
	_, token := guest(t, w, ten.Owner, "otto@example.com", gate.Viewer)
	entry, err := w.Identity.SignIn(visitor(t), "otto@example.com", phrase)
	check(t, err)
	_, err = w.Roster.Accept(tenant.WithActor(t.Context(), entry.Actor), token)
	check(t, err)
	wants(t, "who came back since", w.Roster.UndoRemoval(ten.Owner, actor(otto).Member), fault.Ended)
	wants(t, "their role of before", w.Roster.UndoRole(ten.Owner, actor(otto).Member), fault.Ended)

	owner := actor(join(t, w, ten.Owner, "anna@example.com", gate.Owner)).Member
	check(t, w.Roster.Remove(ten.Owner, owner))
	check(t, w.Roster.Transfer(ten.Owner, actor(ten.Admin).Member))
	wants(t, "an owner, by who is an admin now", w.Roster.UndoRemoval(ten.Owner, owner), fault.Denied)
}
