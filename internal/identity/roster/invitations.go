package roster

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
)

type invitationNoun struct{}

func (invitationNoun) Prefix() string { return "inv" }

// InvitationID names an invitation.
type InvitationID = tenant.ID[invitationNoun]

// DefaultDays is how long an invitation is open where nobody says otherwise, MostDays how long at most.
const (
	DefaultDays = 7
	MostDays    = 30
)

// Invitation is an open invitation, also one whose time is over and that can be sent again.
type Invitation struct {
	ID     InvitationID
	Name   string
	Email  string
	Role   gate.Role
	By     string
	SentAt time.Time
	EndsAt time.Time
	Over   bool
}

// Guest is who is invited, and to what. Days is how long the link is good; zero: [DefaultDays].
type Guest struct {
	Name  string
	Email string
	Role  gate.Role
	Days  int
}

// Sent is an invitation that was just made or sent again. Link is the path to hand over, shown once; it is empty where the link
// was mailed.
type Sent struct {
	Invitation
	Link tenant.Secret
}

func (g Guest) checked() (Guest, error) {
	var err error
	if g.Name, err = identity.NameOk(g.Name); err != nil {
		return g, err
	}
	g.Email = strings.TrimSpace(g.Email)
	if at, err := mail.ParseAddress(g.Email); err != nil || at.Address != g.Email || len(g.Email) > 254 {
		return g, identity.FieldError("email", fault.New(fault.Invalid, "Enter an e-mail address such as name@company.com."))
	}
	if !g.Role.AtLeast(gate.Viewer) {
		return g, identity.FieldError("role", fault.New(fault.Invalid, "Choose one of owner, admin, member and viewer."))
	}
	if g.Days == 0 {
		g.Days = DefaultDays
	}
	if g.Days < 1 || g.Days > MostDays {
		return g, identity.FieldError("days", fault.New(fault.Invalid, "A link is good for 1 to 30 days."))
	}
	return g, nil
}

// Invitations returns the open invitations, the newest first.
func (s *Service) Invitations(ctx context.Context) ([]Invitation, error) {
	var open []Invitation
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ListInvitations}, func(ctx context.Context, tx *gate.Tx) (err error) {
		open, err = listInvitations(ctx, tx)
		return err
	})
	return open, err
}

// Invite makes an invitation with at most the actor's own role, and mails its link or returns it. A key or a token invites
// members and viewers only. It fails with fault.Conflict for an address that is in the workspace or invited already.
func (s *Service) Invite(ctx context.Context, g Guest) (Sent, error) {
	g, err := g.checked()
	if err != nil {
		return Sent{}, err
	}
	var sent Sent
	var l post.Invitation
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.Invite}, func(ctx context.Context, tx *gate.Tx) error {
		held, err := hold(ctx, tx, tx.Actor().Member, gate.Admin)
		if err != nil {
			return err
		}
		tx.Note("role", g.Role)
		if err := mayInvite(tx.Actor(), held.mine, g.Role); err != nil {
			return err
		}
		if err := notYet(ctx, tx, g.Email); err != nil {
			return err
		}
		sent.Invitation, err = insertInvitation(ctx, tx, g)
		if err != nil {
			return err
		}
		l, err = letterOf(ctx, tx, held, sent.Invitation)
		return err
	})
	if err != nil {
		return Sent{}, err
	}
	sent.Link, err = s.index(ctx, sent.Invitation, l)
	return sent, err
}

// MayInvite returns the roles that the actor can invite somebody with, the least first. It is no act of its own.
func (s *Service) MayInvite(ctx context.Context) ([]gate.Role, error) {
	var roles []gate.Role
	err := s.Gate.View(ctx, gate.Act{Verb: gate.Invite}, func(_ context.Context, tx *gate.Tx) error {
		for _, r := range gate.Roles() {
			if mayInvite(tx.Actor(), tx.Role(), r) == nil {
				roles = append([]gate.Role{r}, roles...)
			}
		}
		return nil
	})
	return roles, err
}

func mayInvite(actor tenant.Actor, mine, role gate.Role) error {
	switch {
	case !mine.AtLeast(role):
		return fault.New(fault.Denied, "You can invite with at most your own role. Ask an owner to invite an owner.")
	case actor.Credential != "" && role.AtLeast(gate.Admin):
		return fault.New(fault.Denied, "A key invites members and viewers only. Invite an admin in the browser.")
	}
	return nil
}

// notYet refuses an address that is in the workspace or invited already.
func notYet(ctx context.Context, tx *gate.Tx, email string) error {
	members, err := listMembers(ctx, tx)
	if err != nil {
		return err
	}
	for _, m := range members {
		if strings.EqualFold(m.Email, email) && m.Disabled {
			return fault.New(fault.Conflict, "This address is of a member who is disabled. Enable them in the list of members.")
		}
		if strings.EqualFold(m.Email, email) {
			return fault.New(fault.Conflict, "This address is of somebody who is in the workspace already.")
		}
	}
	open, err := listInvitations(ctx, tx)
	if err != nil {
		return err
	}
	for _, i := range open {
		if strings.EqualFold(i.Email, email) {
			return fault.New(fault.Conflict, "This address is invited already. Send that invitation again, or revoke it.")
		}
	}
	return nil
}

// Resend gives an open invitation a new link and a new time; the link before is over.
func (s *Service) Resend(ctx context.Context, id InvitationID) (Sent, error) {
	var sent Sent
	var l post.Invitation
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.SendInvitation, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		held, err := hold(ctx, tx, tx.Actor().Member, gate.Admin)
		if err != nil {
			return err
		}
		if sent.Invitation, err = renewInvitation(ctx, tx, id); err != nil {
			return err
		}
		if err := mayInvite(tx.Actor(), held.mine, sent.Role); err != nil {
			return err
		}
		l, err = letterOf(ctx, tx, held, sent.Invitation)
		return err
	})
	if err != nil {
		return Sent{}, err
	}
	sent.Link, err = s.index(ctx, sent.Invitation, l)
	return sent, err
}

// Revoke ends an open invitation. Its link is over at once.
func (s *Service) Revoke(ctx context.Context, id InvitationID) error {
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.RevokeInvitation, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		return revokeInvitation(ctx, tx, id)
	})
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Registrar), gate.IndexInvitation, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		return endLink(ctx, tx, id)
	})
}

// index makes the invitation's link and mails it, both or neither. It returns the link where it was not mailed.
func (s *Service) index(ctx context.Context, i Invitation, l post.Invitation) (tenant.Secret, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return "", err
	}
	token := tenant.NewSecret()
	path, mailed := tenant.Secret("/join/"+token.Reveal()), s.Post.Reaches(i.Email)
	err = s.Gate.Instance(tenant.As(ctx, gate.Registrar), gate.IndexInvitation, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(i.ID)
		tx.Note("workspace", actor.Workspace)
		tx.Note("by", actor.Member)
		if err := replaceLink(ctx, tx, link{i.ID, actor.Workspace, tenant.Digest(token.Reveal()), mailed, i.EndsAt}); err != nil {
			return err
		}
		if !mailed {
			return nil
		}
		l.Link = path.Reveal()
		return s.Post.Address(ctx, tx, i.Email, "invitation", l)
	})
	if err != nil || mailed {
		return "", err
	}
	return path, nil
}
