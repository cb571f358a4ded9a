package account

import (
	"context"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/link"
	"mainstay/internal/tenant"
)

// Handed is a link to choose a new password, while who made it can copy it.
type Handed struct {
	Name  string        // of the member whom it is for
	Path  tenant.Secret // whoever has it chooses their password
	Until time.Time
}

// Resettable returns the name of a member whom the actor can hand a link, for the page that asks. It is no act of its own, and
// fails as [Service.ResetLink] does.
func (s *Service) Resettable(ctx context.Context, id tenant.MemberID) (name string, err error) {
	alone, err := s.hereAlone(ctx, id)
	if err != nil {
		return "", err
	}
	err = s.Gate.View(ctx, gate.Act{Verb: gate.ResetMember, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		_, err := s.resettable(ctx, tx, id, tx.Actor().Member, tx.Role(), alone)
		if err != nil {
			return err
		}
		name, _, err = loadNames(ctx, tx, id)
		return err
	})
	return name, err
}

// ResetLink makes a link with which a member chooses a new password, for an owner or an admin to hand over where no mail is
// sent. It is the only one that is good, for as long as the actor could make it, and a second factor is still asked for. It fails
// with fault.Denied where an admin wants one for an owner, and with fault.Conflict where mail is sent to the person, which reaches
// them alone; for the actor's own account; for who is disabled; and for an account that has a place in another workspace, too,
// whose admins did not agree.
func (s *Service) ResetLink(ctx context.Context, id tenant.MemberID) (Handed, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Handed{}, err
	}
	alone, err := s.hereAlone(ctx, id)
	if err != nil {
		return Handed{}, err
	}
	var h Handed
	var account tenant.AccountID
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ResetMember, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if account, err = s.resettable(ctx, tx, id, actor.Member, tx.Role(), alone); err != nil {
			return err
		}
		h.Name, _, err = loadNames(ctx, tx, id)
		return err
	})
	if err != nil {
		return Handed{}, err
	}
	err = s.Gate.Instance(s.as(ctx), gate.AskReset, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(account)
		tx.Note("by", actor.Member)
		alone, err := seatedAlone(ctx, tx, account, actor.Workspace)
		if err != nil {
			return err
		}
		if !alone {
			return shared()
		}
		path, until, err := s.renewable(ctx, tx, link.Link{Account: account, Maker: actor.Member})
		h.Path, h.Until = tenant.Secret(path), until
		return err
	})
	if err != nil {
		return Handed{}, err
	}
	return h, nil
}

// hereAlone reports whether the account of a member has a place in the actor's workspace and in no other. What it learns is told
// only to who passed the gate.
func (s *Service) hereAlone(ctx context.Context, id tenant.MemberID) (alone bool, err error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return false, err
	}
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		alone, err = memberAlone(ctx, tx, id, actor.Workspace)
		return err
	})
	return alone, err
}

// stands checks that whoever handed a link could still make it. It fails with fault.Ended where they could not.
func (s *Service) stands(ctx context.Context, l link.Link) error {
	var at place
	err := s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		at, err = placeOf(ctx, tx, l.Account)
		return err
	})
	if err == nil {
		err = s.Gate.View(tenant.Within(ctx, gate.Authenticator, at.workspace), gate.Act{Verb: gate.WeighLink}, func(ctx context.Context, tx *gate.Tx) error {
			maker, err := loadStanding(ctx, tx, l.Maker)
			if err != nil {
				return err
			}
			if maker.disabled || !maker.role.AtLeast(gate.Admin) {
				return fault.New(fault.Denied, "Who made this link makes no more.")
			}
			_, err = s.resettable(ctx, tx, at.member, l.Maker, maker.role, at.alone)
			return err
		})
	}
	switch fault.KindOf(err) {
	case fault.Missing, fault.Denied, fault.Conflict:
		return link.Over(l.Kind)
	}
	return err
}

// resettable returns the account of a member whom another with a role can hand a link.
func (s *Service) resettable(ctx context.Context, tx *gate.Tx, id, by tenant.MemberID, role gate.Role, alone bool) (tenant.AccountID, error) {
	m, err := loadStanding(ctx, tx, id)
	var at string
	if err == nil {
		at, err = addressOf(ctx, tx, id)
	}
	switch {
	case err != nil:
		return m.account, err
	case m.role == gate.Owner && role != gate.Owner:
		return m.account, fault.New(fault.Denied, "Only an owner can make a link for an owner. Ask one of them.")
	case id == by:
		return m.account, fault.New(fault.Conflict, "This is your own account. Change your password under Account, Security.")
	case m.disabled:
		return m.account, fault.New(fault.Conflict, "This member is disabled. Enable them first.")
	case s.Identity.Reaches(at):
		return m.account, fault.New(fault.Conflict, "Mail is sent here: they ask for a link themselves where they sign in, and it reaches them alone.")
	case !alone:
		return m.account, shared()
	}
	return m.account, nil
}

func shared() error {
	return fault.New(fault.Conflict, "This person is in another workspace, too. Whoever runs the deployment can let them in.")
}
