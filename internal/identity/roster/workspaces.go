package roster

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Seat is a workspace that the actor's account may enter. Where the workspace asks for more than the session has shown, its
// name is not known yet.
type Seat struct {
	Workspace tenant.WorkspaceID
	Name      string
	Role      gate.Role
	Here      bool // the session is in it

	member tenant.MemberID
}

// Seats returns the workspaces of the actor's account, in the order in which they were joined. It is part of the page that shows
// them and no act of its own.
func (s *Service) Seats(ctx context.Context) ([]Seat, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	if actor.Credential != "" {
		return nil, fault.New(fault.Denied, "A key is good in one workspace alone.")
	}
	var seats []Seat
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		seats, err = listSeats(ctx, tx, actor.Account)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range seats {
		if err := s.describe(ctx, actor, &seats[i]); err != nil {
			return nil, err
		}
	}
	return seats, nil
}

// Elsewhere returns how many workspaces the actor's account may enter, for a page that says where one is.
func (s *Service) Elsewhere(ctx context.Context) (int, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) error {
		seats, err := listSeats(ctx, tx, actor.Account)
		n = len(seats)
		return err
	})
	return n, err
}

// describe reads a workspace's name as its member. What the gate refuses stays without one.
func (s *Service) describe(ctx context.Context, actor tenant.Actor, seat *Seat) error {
	seat.Here = seat.Workspace == actor.Workspace
	actor.Kind, actor.Workspace, actor.Member = tenant.Member, seat.Workspace, seat.member
	err := s.Gate.View(tenant.WithActor(ctx, actor), gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		seat.Role = tx.Role()
		seat.Name, err = workspaceName(ctx, tx)
		return err
	})
	if fault.Is(err, fault.Missing) || fault.Is(err, fault.Denied) || fault.Is(err, fault.Unconfirmed) {
		return nil
	}
	return err
}

// MayFound fails with fault.Denied where the actor may not make another workspace, and says who may.
func (s *Service) MayFound(ctx context.Context) error {
	switch s.Founders {
	case Anyone:
		_, err := tenant.ActorOf(ctx)
		return err
	case Owners:
		seats, err := s.Seats(ctx)
		if err != nil {
			return err
		}
		for _, seat := range seats {
			if seat.Role == gate.Owner {
				return nil
			}
		}
		return fault.New(fault.Denied, "Whoever owns a workspace here can make another. Ask one of them.")
	}
	return fault.New(fault.Denied, "No workspaces are made here. Who runs this deployment can change that.")
}

// Found makes a workspace whose owner is the actor under a name of theirs, and takes their session there.
func (s *Service) Found(ctx context.Context, name, own string) (identity.Begun, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return identity.Begun{}, err
	}
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > 120 {
		return identity.Begun{}, identity.FieldError("workspace", fault.New(fault.Invalid, "Enter a name for the workspace, at most 120 characters."))
	}
	if own, err = identity.NameOk(own); err != nil {
		return identity.Begun{}, err
	}
	if actor.Session.IsZero() || actor.Credential != "" {
		return identity.Begun{}, fault.New(fault.Denied, "Only a person in a browser can make a workspace.")
	}
	if err := s.MayFound(ctx); err != nil {
		return identity.Begun{}, err
	}
	email, err := s.addressOf(ctx, actor.Account)
	if err != nil {
		return identity.Begun{}, err
	}
	id := tenant.NewID[tenant.WorkspaceID](s.Source)
	owner := tenant.Actor{Workspace: id, Account: actor.Account, Member: tenant.NewID[tenant.MemberID](s.Source)}
	if err := s.build(ctx, owner, name, person{Name: own, Email: email}); err != nil {
		return identity.Begun{}, err
	}
	return s.Identity.Switch(ctx, id)
}

// build makes the workspace's rows first and enters it in the deployment's list after, so that what is listed is whole.
func (s *Service) build(ctx context.Context, owner tenant.Actor, name string, who person) error {
	id := owner.Workspace
	if err := s.Vault.CreateWorkspace(ctx, id); err != nil {
		return fmt.Errorf("making the keys of workspace %s: %w", id, err)
	}
	act := gate.Act{Verb: gate.CreateWorkspace, Make: []gate.Making{{ID: gate.WorkspaceRecord(id), Kind: "workspace", Purpose: vault.Content}}}
	err := s.Gate.Do(tenant.Within(ctx, gate.Registrar, id), act, func(ctx context.Context, tx *gate.Tx) error {
		return insertWorkspace(ctx, tx, name, owner, who)
	})
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Registrar), gate.RegisterWorkspace, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		tx.Note("account", owner.Account)
		if err := registerWorkspace(ctx, tx, id, s.Identity.Region); err != nil {
			return err
		}
		return openSeat(ctx, tx, owner.Account, id, owner.Member)
	})
}

// addressOf returns an account's own address.
func (s *Service) addressOf(ctx context.Context, account tenant.AccountID) (string, error) {
	var email string
	err := s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		email, err = s.address(ctx, tx, account)
		return err
	})
	return email, err
}

// Settings is what a workspace is called.
type Settings struct {
	Name    string
	Version int
}

// Settings returns what the workspace is called. It is part of the page that shows it and no act of its own.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	var set Settings
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		set, err = loadSettings(ctx, tx)
		return err
	})
	return set, err
}

// RenameWorkspace changes the workspace's name. It fails with fault.Conflict where somebody changed its settings since version.
func (s *Service) RenameWorkspace(ctx context.Context, version int, name string) error {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > 120 {
		return identity.FieldError("workspace", fault.New(fault.Invalid, "Enter a name for the workspace, at most 120 characters."))
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeWorkspace}, func(ctx context.Context, tx *gate.Tx) error {
		return renameWorkspace(ctx, tx, version, name)
	})
}
