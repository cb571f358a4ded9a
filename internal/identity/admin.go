package identity

import (
	"context"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// What whoever runs the deployment may do about accounts, on the machine itself. They see no content, and each act is an event.

// Registered is an account as its operator sees it.
type Registered struct {
	ID         tenant.AccountID `json:"id"`
	State      string           `json:"state"` // "active" or "disabled"
	CreatedAt  time.Time        `json:"created_at"`
	LastSignIn *time.Time       `json:"last_sign_in"` // nil: never
	Sessions   int              `json:"sessions"`     // that go on
	Workspaces int              `json:"workspaces"`
	Email      string           `json:"email,omitempty"` // only where it was asked for
}

// SetupLink returns a single-use token for the first run, which voids the one before. It fails with fault.Conflict where somebody
// owns the deployment: from then on people let people in.
func (s *Service) SetupLink(ctx context.Context) (tenant.Secret, error) {
	var token tenant.Secret
	err := s.Gate.Instance(tenant.As(ctx, gate.Operator), gate.BeginSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		done, err := isSetUp(ctx, tx)
		if err != nil {
			return err
		}
		if done {
			return fault.New(fault.Conflict, "This deployment has an owner already. Its owners and admins invite people; "+
				"mainstay admin reset-factors ACCOUNT lets somebody in who lost their second factor.")
		}
		token = tenant.NewSecret()
		return replaceSetup(ctx, tx, tenant.Digest(token.Reveal()))
	})
	return token, err
}

// Accounts lists every account of the deployment, the oldest first; with their addresses only where those are asked for.
func (s *Service) Accounts(ctx context.Context, addresses bool) ([]Registered, error) {
	var all []Registered
	err := s.Gate.Instance(tenant.As(ctx, gate.Operator), gate.ListAccounts, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.Note("addresses", addresses)
		all, err = listAccounts(ctx, tx)
		for i := range all {
			if err == nil && addresses {
				all[i].Email, err = emailOf(ctx, tx, all[i].ID)
			}
		}
		return err
	})
	return all, err
}

// Disable closes an account, named by its address or its id, and ends its sessions. Its keys and tokens are refused from then on.
// It fails with fault.Missing for an account that does not exist, with fault.Conflict for one that is closed.
func (s *Service) Disable(ctx context.Context, who string) (tenant.AccountID, error) {
	return s.setState(ctx, who, gate.DisableAccount, "disabled")
}

// Enable opens an account again that was disabled; its sessions stay ended.
func (s *Service) Enable(ctx context.Context, who string) (tenant.AccountID, error) {
	return s.setState(ctx, who, gate.EnableAccount, "active")
}

func (s *Service) setState(ctx context.Context, who string, verb gate.Verb, state string) (tenant.AccountID, error) {
	var id tenant.AccountID
	err := s.Gate.Instance(tenant.As(ctx, gate.Operator), verb, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		if id, err = s.accountCalled(ctx, tx, who); err != nil {
			return err
		}
		tx.About(id)
		return changeState(ctx, tx, id, state)
	})
	return id, err
}

// accountCalled finds an account by its address or its id.
func (s *Service) accountCalled(ctx context.Context, tx *gate.InstanceTx, who string) (tenant.AccountID, error) {
	if id, err := tenant.ParseID[tenant.AccountID](strings.TrimSpace(who)); err == nil {
		a, err := loadAccount(ctx, tx, id)
		return a.id, err
	}
	lookup, err := s.Vault.Lookup(normal(who))
	if err != nil {
		return tenant.AccountID{}, err
	}
	a, _, err := accountByEmail(ctx, tx, lookup, nil)
	return a.id, err
}
