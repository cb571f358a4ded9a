package roster

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// Member is a person in the workspace. What is below the line is empty for readers below admin.
type Member struct {
	ID       tenant.MemberID
	Name     string
	Role     gate.Role
	Disabled bool
	Self     bool // it is the actor

	Email    string
	Joined   time.Time
	LastSeen time.Time      // the day of the last request, in UTC; zero: none is known
	Strength *gate.Strength // with what they have set up; nil: not known

	account tenant.AccountID
}

// UndoFor is how long a change of a role, or a removal, can be taken back by who made it.
const UndoFor = 10 * time.Minute

// Members returns who is in the workspace, by name. Those who left are not among them.
func (s *Service) Members(ctx context.Context) ([]Member, error) {
	var members []Member
	var reader gate.Role
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadMembers}, func(ctx context.Context, tx *gate.Tx) (err error) {
		reader = tx.Role()
		members, err = listMembers(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(members, func(a, b Member) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	if !reader.AtLeast(gate.Admin) {
		for i, m := range members {
			members[i] = Member{ID: m.ID, Name: m.Name, Role: m.Role, Disabled: m.Disabled, Self: m.Self}
		}
		return members, nil
	}
	return members, s.observe(ctx, members)
}

// observe fills in what the schema control knows of members.
func (s *Service) observe(ctx context.Context, members []Member) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	seen := map[tenant.MemberID]time.Time{}
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		seen, err = lastSeen(ctx, tx, actor.Workspace)
		return err
	})
	if err != nil {
		return err
	}
	strengths, err := s.strengths(ctx, members)
	if err != nil {
		return err
	}
	for i := range members {
		members[i].LastSeen = seen[members[i].ID]
		if have, known := strengths[members[i].account]; known {
			members[i].Strength = &have
		}
	}
	return nil
}

func (s *Service) strengths(ctx context.Context, members []Member) (map[tenant.AccountID]gate.Strength, error) {
	if s.Factors == nil {
		return nil, nil
	}
	accounts := make([]tenant.AccountID, len(members))
	for i, m := range members {
		accounts[i] = m.account
	}
	return s.Factors(ctx, accounts)
}

// ChangeRole gives a member another role. An admin neither makes nor changes an owner: that fails with fault.Denied. It fails
// with fault.Conflict where the workspace would have no active owner left.
func (s *Service) ChangeRole(ctx context.Context, id tenant.MemberID, to gate.Role) error {
	if !to.AtLeast(gate.Viewer) {
		return fault.New(fault.Invalid, "Choose one of owner, admin, member and viewer.")
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeRole, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		held, err := hold(ctx, tx, id, gate.Admin)
		if err != nil {
			return err
		}
		return s.reassign(ctx, tx, held, to)
	})
}

// UndoRole takes the actor's own change of a member's role back, within [UndoFor]. It fails with fault.Ended after that, or
// where somebody changed it since.
func (s *Service) UndoRole(ctx context.Context, id tenant.MemberID) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeRole, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		held, err := hold(ctx, tx, id, gate.Admin)
		if err != nil {
			return err
		}
		before, err := undoable(ctx, tx, id)
		if err != nil {
			return err
		}
		return s.reassign(ctx, tx, held, before)
	})
}

// reassign changes the role of a member who is held.
func (s *Service) reassign(ctx context.Context, tx *gate.Tx, held holding, to gate.Role) error {
	tx.Note("from", held.target.Role)
	tx.Note("to", to)
	if err := held.may(to); err != nil {
		return err
	}
	if held.target.Role == to {
		return nil
	}
	if err := setRole(ctx, tx, held, to); err != nil {
		return err
	}
	return settle(ctx, tx, held.target.ID, to)
}

// Undoable returns the member whose role the actor changed lately and may change back, and what it was before. It fails with
// fault.Ended where there is nothing to take back.
func (s *Service) Undoable(ctx context.Context, id tenant.MemberID) (Member, gate.Role, error) {
	var m Member
	var before gate.Role
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ChangeRole, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if before, err = undoable(ctx, tx, id); err != nil {
			return err
		}
		if m, err = loadMember(ctx, tx, id); err != nil {
			return err
		}
		return holding{mine: tx.Role(), target: m}.may(before)
	})
	return m, before, err
}

// Member returns one member, for a page about them, as an admin sees them. It is no act of its own.
func (s *Service) Member(ctx context.Context, id tenant.MemberID) (Member, error) {
	var m Member
	err := s.Gate.View(ctx, gate.Act{Verb: gate.RemoveMember, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = loadMember(ctx, tx, id)
		return err
	})
	return m, err
}

// Successor returns the member to whom the actor would hand their ownership, for the page that asks. It is no act of its own.
func (s *Service) Successor(ctx context.Context, id tenant.MemberID) (Member, error) {
	var m Member
	err := s.Gate.View(ctx, gate.Act{Verb: gate.TransferWorkspace, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = loadMember(ctx, tx, id)
		return err
	})
	return m, err
}

// Disable keeps a member out until [Service.Enable]. Their sessions, keys and tokens in the workspace end at once.
func (s *Service) Disable(ctx context.Context, id tenant.MemberID) error {
	return s.expel(ctx, gate.Act{Verb: gate.DisableMember, Object: id}, "disabled")
}

// Remove takes a member out of the workspace. What they made stays, under their name.
func (s *Service) Remove(ctx context.Context, id tenant.MemberID) error {
	return s.expel(ctx, gate.Act{Verb: gate.RemoveMember, Object: id}, "removed")
}

func (s *Service) expel(ctx context.Context, act gate.Act, state string) error {
	var gone Member
	err := s.Gate.Do(ctx, act, func(ctx context.Context, tx *gate.Tx) error {
		held, err := hold(ctx, tx, tenant.MemberID(act.Object), gate.Admin)
		if err != nil {
			return err
		}
		gone = held.target
		if held.target.Self {
			return fault.New(fault.Invalid, "You cannot do this to yourself. Leave the workspace instead.")
		}
		if err := held.may(held.target.Role); err != nil {
			return err
		}
		if state == "removed" {
			err = setRemoved(ctx, tx, gone.ID)
		} else {
			err = setState(ctx, tx, gone.ID, state)
		}
		if err != nil {
			return err
		}
		return settle(ctx, tx, gone.ID, "")
	})
	if err != nil {
		return err
	}
	return s.closeSeat(ctx, gone)
}

// Removed returns a member whom the actor removed lately and may let in again, with the role that they had. It fails with
// fault.Ended where there is nothing to take back.
func (s *Service) Removed(ctx context.Context, id tenant.MemberID) (Member, error) {
	var m Member
	err := s.Gate.View(ctx, gate.Act{Verb: gate.RemoveMember, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if m, err = loadRemoved(ctx, tx, id); err != nil {
			return err
		}
		return holding{mine: tx.Role(), target: m}.may(m.Role)
	})
	return m, err
}

// UndoRemoval lets a member in again whom the actor removed, with the role that they had, within [UndoFor]. Their sessions, keys and
// programs stay ended. It fails with fault.Ended after that, for a member who was disabled before, and where they came back since.
func (s *Service) UndoRemoval(ctx context.Context, id tenant.MemberID) error {
	var back Member
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.RemoveMember, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("undone", true)
		mine, err := holdOwn(ctx, tx, gate.Admin)
		if err != nil {
			return err
		}
		if back, err = loadRemoved(ctx, tx, id); err != nil {
			return err
		}
		if err := (holding{mine: mine, target: back}).may(back.Role); err != nil {
			return err
		}
		tx.Note("role", back.Role)
		return setState(ctx, tx, id, "active")
	})
	if err != nil {
		return err
	}
	return s.openSeat(ctx, back.account, back.ID, nil)
}

// Enable lets a disabled member in again, with the role that they had.
func (s *Service) Enable(ctx context.Context, id tenant.MemberID) error {
	var back Member
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.DisableMember, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		held, err := hold(ctx, tx, id, gate.Admin)
		if err != nil {
			return err
		}
		back = held.target
		if err := held.may(held.target.Role); err != nil {
			return err
		}
		tx.Note("enabled", true)
		return setState(ctx, tx, id, "active")
	})
	if err != nil {
		return err
	}
	return s.openSeat(ctx, back.account, back.ID, nil)
}

// MayLeave fails as [Service.Leave] would for who may not, but for the last owner. It is for the question before it.
func (s *Service) MayLeave(ctx context.Context) error {
	return s.Gate.View(ctx, gate.Act{Verb: gate.LeaveWorkspace}, func(context.Context, *gate.Tx) error { return nil })
}

// Leave takes the actor out of the workspace. It fails with fault.Conflict for the last active owner.
func (s *Service) Leave(ctx context.Context) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.LeaveWorkspace}, func(ctx context.Context, tx *gate.Tx) error {
		if _, err := hold(ctx, tx, actor.Member, gate.Viewer); err != nil {
			return err
		}
		if err := setState(ctx, tx, actor.Member, "removed"); err != nil {
			return err
		}
		return settle(ctx, tx, actor.Member, "")
	})
	if err != nil {
		return err
	}
	return s.closeSeat(ctx, Member{ID: actor.Member, account: actor.Account})
}

// Transfer makes another active member owner and the actor an admin, both or neither.
func (s *Service) Transfer(ctx context.Context, to tenant.MemberID) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.TransferWorkspace, Object: to}, func(ctx context.Context, tx *gate.Tx) error {
		held, err := hold(ctx, tx, to, gate.Owner)
		switch {
		case err != nil:
			return err
		case held.target.Self || held.target.Role == gate.Owner:
			return fault.New(fault.Conflict, "This member is an owner already. Choose another.")
		case held.target.Disabled:
			return fault.New(fault.Conflict, "This member is disabled. Enable them first, or choose another.")
		}
		if err := transfer(ctx, tx, to); err != nil {
			return err
		}
		if err := settle(ctx, tx, tx.Actor().Member, gate.Admin); err != nil {
			return err
		}
		return settle(ctx, tx, to, gate.Owner)
	})
}

// Rename changes the actor's own name in the workspace.
func (s *Service) Rename(ctx context.Context, name string) error {
	name, err := identity.NameOk(name)
	if err != nil {
		return err
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.RenameSelf}, func(ctx context.Context, tx *gate.Tx) error {
		return renameSelf(ctx, tx, name)
	})
}

// holding is the workspace's row, held, with the actor's role and a member as they stand now.
type holding struct {
	mine   gate.Role
	target Member
}

// may refuses a change of the member to a role that the actor's own does not cover: owners are owners' to make and to change.
func (h holding) may(to gate.Role) error {
	if h.mine != gate.Owner && (h.target.Role == gate.Owner || to == gate.Owner) {
		return fault.New(fault.Denied, "Only an owner can make, change or remove an owner. Ask one of them.")
	}
	return nil
}

// closeSeat ends the account's sessions in the workspace and keeps new ones out.
func (s *Service) closeSeat(ctx context.Context, m Member) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Registrar), gate.CloseSeat, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(m.account)
		tx.Note("workspace", actor.Workspace)
		tx.Note("by", actor.Member)
		return closeSeat(ctx, tx, actor.Workspace, m.ID)
	})
}

// openSeat lets an account into the actor's workspace. Also does more in the same act; it may be nil.
func (s *Service) openSeat(ctx context.Context, account tenant.AccountID, member tenant.MemberID, also func(ctx context.Context, tx *gate.InstanceTx) error) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Registrar), gate.OpenSeat, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(account)
		tx.Note("workspace", actor.Workspace)
		if err := openSeat(ctx, tx, account, actor.Workspace, member); err != nil {
			return err
		}
		if also == nil {
			return nil
		}
		return also(ctx, tx)
	})
}
