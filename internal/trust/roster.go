package trust

import (
	"context"
	"fmt"

	"mainstay/internal/audit"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/roster"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// staff returns somebody of each role in our workspace, each made anew.
func (p *proof) staff(ctx context.Context) (map[gate.Role]tenant.Actor, error) {
	staff := map[gate.Role]tenant.Actor{gate.Owner: p.ours.owner}
	for _, role := range gate.Roles()[1:] {
		member, err := p.Identity.StageMember(ctx, p.ours.owner.Workspace, role)
		if err != nil {
			return nil, fmt.Errorf("making a member for the proof: %w", err)
		}
		staff[role] = member
	}
	return staff, nil
}

func nothing(context.Context, *gate.Tx) error { return nil }

// rolesDecide tries each act of the policy that names no object as each role.
func rolesDecide(ctx context.Context, p *proof) (finding, error) {
	staff, err := p.staff(ctx)
	if err != nil {
		return finding{}, err
	}
	cells := 0
	for _, rule := range gate.Policy() {
		if rule.Least == "" || rule.Object != gate.None {
			continue
		}
		for role, member := range staff {
			cells++
			err := p.Gate.View(tenant.WithActor(ctx, member), gate.Act{Verb: rule.Verb}, nothing)
			if may := role.AtLeast(rule.Least); may != (err == nil) || err != nil && !fault.Is(err, fault.Denied) {
				return fail("%s by the %s: %v, and the policy says %v", rule.Verb, role, err, may)
			}
		}
	}
	return pass("%d cells of the policy, acts by roles, each as it says", cells)
}

// leaversOut removes a member and wants their next act, their open stream and their work that discloses to be refused.
func leaversOut(ctx context.Context, p *proof) (finding, error) {
	o, err := p.opened(ctx)
	if err != nil {
		return finding{}, err
	}
	staff, err := p.staff(ctx)
	if err != nil {
		return finding{}, err
	}
	gone := staff[gate.Member]
	job := tenant.WithActor(ctx, tenant.Actor{Kind: tenant.Job, Job: gate.MinuteTaker, Workspace: gone.Workspace, OnBehalfOf: gone.Member})
	disclosing := gate.Act{Verb: gate.Disclose, Object: o.Transcript.ID}
	if err := p.Gate.View(job, disclosing, nothing); err != nil {
		return finding{}, fmt.Errorf("work of a member: %w", err)
	}
	if _, err := p.Minutes.Look(tenant.WithActor(ctx, gone), o.Meeting.ID); err != nil {
		return finding{}, fmt.Errorf("a member before they leave: %w", err)
	}
	if err := p.Roster.Remove(p.ours.as(ctx), gone.Member); err != nil {
		return finding{}, err
	}
	if _, err := p.Minutes.Look(tenant.WithActor(ctx, gone), o.Meeting.ID); !fault.Is(err, fault.Missing) {
		return fail("who was removed still reads: %v", err)
	}
	if err := p.Gate.View(job, disclosing, nothing); !fault.Is(err, fault.Denied) {
		return fail("work of who was removed still sends: %v", err)
	}
	return pass("the next request of a removed member is refused, and their waiting work sends nothing")
}

// passwordFloors tries to go below every floor.
func passwordFloors(ctx context.Context, p *proof) (finding, error) {
	owner := p.ours.as(ctx)
	rules, err := p.Roster.SignIn(owner)
	if err != nil {
		return finding{}, err
	}
	below := map[string]func(*roster.SignIn){
		"length": func(s *roster.SignIn) { s.Least = roster.LeastPassword - 1 }, "history": func(s *roster.SignIn) { s.History = -1 },
		"rotation": func(s *roster.SignIn) { s.Days = 1 }, "session": func(s *roster.SignIn) { s.Hours = roster.MostHours + 1 }, "idle": func(s *roster.SignIn) { s.Idle = 0 },
	}
	for what, change := range below {
		lower := rules
		change(&lower)
		if err := p.Roster.ChangeSignIn(owner, lower); !fault.Is(err, fault.Invalid) {
			return fail("the %s can be set below its floor: %v", what, err)
		}
	}
	after, err := p.Roster.SignIn(owner)
	if err != nil {
		return finding{}, err
	}
	if after != rules || rules.Least < roster.LeastPassword {
		return fail("the rules are %+v after they were refused, and were %+v", after, rules)
	}
	return pass("%d rules cannot go below their floors; the shortest password that is taken has %d characters", len(below), rules.Least)
}

// ownersStay tries every way in which a workspace could lose its last owner.
func ownersStay(ctx context.Context, p *proof) (finding, error) {
	if _, err := p.staff(ctx); err != nil {
		return finding{}, err
	}
	me, owner := p.ours.owner.Member, p.ours.as(ctx)
	tries := map[string]func() error{
		"leaves":     func() error { return p.Roster.Leave(owner) },
		"steps down": func() error { return p.Roster.ChangeRole(owner, me, gate.Admin) },
	}
	for what, try := range tries {
		if err := try(); !fault.Is(err, fault.Conflict) {
			return fail("the last owner %s: %v, want a conflict", what, err)
		}
	}
	return pass("%d ways to be without an owner: each is refused", len(tries))
}

// adminsBounded lets an admin manage a member, and wants everything about owners to be refused.
func adminsBounded(ctx context.Context, p *proof) (finding, error) {
	staff, err := p.staff(ctx)
	if err != nil {
		return finding{}, err
	}
	admin, owner := tenant.WithActor(ctx, staff[gate.Admin]), p.ours.owner.Member
	if err := p.Roster.ChangeRole(admin, staff[gate.Member].Member, gate.Viewer); err != nil {
		return fail("an admin cannot change a member's role: %v", err)
	}
	tries := map[string]func() error{
		"makes themselves owner": func() error { return p.Roster.ChangeRole(admin, staff[gate.Admin].Member, gate.Owner) },
		"demotes an owner":       func() error { return p.Roster.ChangeRole(admin, owner, gate.Admin) },
		"disables an owner":      func() error { return p.Roster.Disable(admin, owner) },
		"removes an owner":       func() error { return p.Roster.Remove(admin, owner) },
		"takes the ownership":    func() error { return p.Roster.Transfer(admin, staff[gate.Admin].Member) },
	}
	for what, try := range tries {
		if err := try(); !fault.Is(err, fault.Denied) {
			return fail("an admin %s: %v, want a refusal", what, err)
		}
	}
	return pass("an admin manages members; %d acts on owners are refused", len(tries))
}

// membersSeeTheirs keeps a meeting private and wants another member to find nothing there.
func membersSeeTheirs(ctx context.Context, p *proof) (finding, error) {
	staff, err := p.staff(ctx)
	if err != nil {
		return finding{}, err
	}
	member := tenant.WithActor(ctx, staff[gate.Member])
	private, err := p.Meetings.Create(p.ours.as(ctx), meeting.Details{Title: "Private " + p.name("private")}, "paste", true)
	if err != nil {
		return finding{}, err
	}
	p.ours.meetings = append(p.ours.meetings, private.ID)
	shared, err := p.meeting(ctx, &p.ours, meeting.Details{Title: "Shared " + p.name("shared")})
	if err != nil {
		return finding{}, err
	}
	if _, err := p.Meetings.Read(member, shared.ID); err != nil {
		return fail("a member cannot read what is shared: %v", err)
	}
	_, unshared := p.Meetings.Read(member, private.ID)
	_, none := p.Meetings.Read(member, tenant.NewID[meeting.ID](p.Source))
	if !fault.Is(unshared, fault.Missing) || !fault.Is(none, fault.Missing) || fault.Sentence(unshared) != fault.Sentence(none) {
		return fail("a member finds %v where a colleague keeps something private, and %v where nothing is", unshared, none)
	}
	return pass("a member reads what is shared; what a colleague keeps private is as if it were not there")
}

// OwnActs are what even a viewer may change: themselves.
func ownActs() map[gate.Verb]bool {
	return map[gate.Verb]bool{gate.RenameSelf: true, gate.LeaveWorkspace: true, gate.CreateKey: true, gate.EndKey: true, gate.AllowProgram: true,
		gate.ReadNotices: true, gate.ReadNotice: true, gate.ChooseNotices: true}
}

// viewersRead tries every act that changes something as a viewer.
func viewersRead(ctx context.Context, p *proof) (finding, error) {
	o, err := p.opened(ctx)
	if err != nil {
		return finding{}, err
	}
	staff, err := p.staff(ctx)
	if err != nil {
		return finding{}, err
	}
	viewer := tenant.WithActor(ctx, staff[gate.Viewer])
	objects := map[gate.Object][16]byte{gate.Meeting: o.Meeting.ID, gate.Transcript: o.Transcript.ID, gate.Minutes: o.Minutes.ID, gate.Person: staff[gate.Member].Member}
	tried := 0
	for _, rule := range gate.Policy() {
		object, known := objects[rule.Object]
		if rule.Stream == audit.Access || ownActs()[rule.Verb] || rule.Least == "" || rule.Object != gate.None && !known {
			continue
		}
		tried++
		if err := p.Gate.View(viewer, gate.Act{Verb: rule.Verb, Object: object}, nothing); !fault.Is(err, fault.Denied) {
			return fail("a viewer may %s: %v", rule.Says, err)
		}
	}
	if _, err := p.Minutes.Look(viewer, o.Meeting.ID); err != nil {
		return fail("a viewer cannot read: %v", err)
	}
	return pass("a viewer reads; %d acts that change something are refused", tried)
}
