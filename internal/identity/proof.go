package identity

import (
	"context"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// StageProof makes a workspace to check promises in, and returns its owner. It is in no list of workspaces, and no account
// leads to it but those of [Service.StageAccount]: nobody else can sign in to it and nobody sees it. [Service.EndProof] destroys
// it; what a crash leaves of it is destroyed by the collector, and accounts of such a proof by the next one.
func (s *Service) StageProof(ctx context.Context, name string) (tenant.Actor, error) {
	owner := s.prover(tenant.NewID[tenant.WorkspaceID](s.Source), Passkey)
	err := s.Gate.Instance(tenant.As(ctx, gate.Prover), gate.BeginProof, func(ctx context.Context, tx *gate.InstanceTx) error {
		left, err := stranded(ctx, tx, tx.Now().Add(-longestProof))
		if err != nil {
			return err
		}
		tx.Note("stranded", len(left))
		return deleteAccounts(ctx, tx, left)
	})
	if err != nil {
		return owner, err
	}
	if err := s.Vault.CreateWorkspace(ctx, owner.Workspace); err != nil {
		return owner, err
	}
	making := gate.Making{ID: gate.WorkspaceRecord(owner.Workspace), Kind: "workspace", Purpose: vault.Content}
	act := gate.Act{Verb: gate.BeginProof, Make: []gate.Making{making}}
	err = s.Gate.Do(tenant.Within(ctx, gate.Prover, owner.Workspace), act, func(ctx context.Context, tx *gate.Tx) error {
		if err := insertWorkspace(ctx, tx, name); err != nil {
			return err
		}
		return insertMember(ctx, tx, owner, gate.Owner, person{Name: "Prover", Email: "prover@localhost.invalid"})
	})
	return owner, err
}

// StageMember makes a member of a proof's workspace, who shows a password. It fails with fault.Denied for a workspace that people
// have.
func (s *Service) StageMember(ctx context.Context, id tenant.WorkspaceID, role gate.Role) (tenant.Actor, error) {
	member := s.prover(id, Password)
	if err := s.unlisted(ctx, id); err != nil {
		return member, err
	}
	return member, s.Gate.Do(tenant.Within(ctx, gate.Prover, id), gate.Act{Verb: gate.BeginProof}, func(ctx context.Context, tx *gate.Tx) error {
		return insertMember(ctx, tx, member, role, person{Name: "Prover", Email: "prover@localhost.invalid"})
	})
}

// prover is somebody new in a proof's workspace, who has just shown a factor.
func (s *Service) prover(in tenant.WorkspaceID, shown string) tenant.Actor {
	now := s.Source.Now()
	return tenant.Actor{Kind: tenant.Member, Workspace: in, Member: tenant.NewID[tenant.MemberID](s.Source), Account: tenant.NewID[tenant.AccountID](s.Source),
		Session: tenant.NewID[tenant.SessionID](s.Source), Factors: []string{shown}, SignedInAt: now, ConfirmedAt: now, SeenAt: now}
}

// longestProof is how old an account of a proof is at least that a crash left.
const longestProof = time.Hour

// StageAccount gives a member that [Service.StageMember] made an account to sign in with: its address should be one in .invalid, to
// which no mail goes, and its password's hash may be one as an older version made it. It fails with fault.Denied for a workspace
// that people have.
func (s *Service) StageAccount(ctx context.Context, of tenant.Actor, email, hash string) error {
	if err := s.unlisted(ctx, of.Workspace); err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Prover), gate.BeginProof, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(of.Account)
		return s.insertAccount(ctx, tx, of, Setup{Email: email}, hash)
	})
}

// Age is by how much sessions are made older.
type Age struct {
	Begun   time.Duration // since the sign-in
	Rotated time.Duration // since the session got its token, and since the one before was replaced
}

// AgeSessions makes every session in a proof's workspace older, as if that time had gone by with a use a moment ago. It fails with
// fault.Denied for a workspace that people have.
func (s *Service) AgeSessions(ctx context.Context, id tenant.WorkspaceID, by Age) error {
	if err := s.unlisted(ctx, id); err != nil {
		return err
	}
	return s.Gate.Tally(tenant.As(ctx, gate.Prover), gate.BeginProof, func(ctx context.Context, tx *gate.InstanceTx) error {
		return ageSessions(ctx, tx, id, by)
	})
}

// unlisted fails with fault.Denied for a workspace that people have.
func (s *Service) unlisted(ctx context.Context, id tenant.WorkspaceID) error {
	var listed bool
	err := s.Gate.Look(tenant.As(ctx, gate.Prover), gate.EndProof, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		listed, err = isListed(ctx, tx, id)
		return err
	})
	if err == nil && listed {
		err = fault.New(fault.Denied, "This workspace belongs to people. Only a workspace made for a proof ends with it.")
	}
	return err
}

// EndProof destroys a workspace that [Service.StageProof] made: its accounts, objects and keys go, and its rows say so. It fails with fault.Denied
// for a workspace that people have.
func (s *Service) EndProof(ctx context.Context, id tenant.WorkspaceID) error {
	if err := s.unlisted(ctx, id); err != nil {
		return err
	}
	err := s.Gate.Instance(tenant.As(ctx, gate.Prover), gate.EndProof, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		accounts, err := staged(ctx, tx, id)
		if err != nil {
			return err
		}
		return deleteAccounts(ctx, tx, accounts)
	})
	if err != nil {
		return err
	}
	err = s.Gate.Do(tenant.Within(ctx, gate.Prover, id), gate.Act{Verb: gate.EndProof}, func(ctx context.Context, tx *gate.Tx) error {
		return markAllErased(ctx, tx)
	})
	if err != nil {
		return err
	}
	// The keys go last: while they are there, the collector finishes what a crash leaves.
	if err := s.Vault.DeleteBlobs(ctx, id); err != nil {
		return err
	}
	return s.Vault.DestroyWorkspace(ctx, id)
}
