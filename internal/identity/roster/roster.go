// Package roster knows who belongs to a workspace: its members and their roles, who is invited, and what the workspace asks of
// sign-ins. An account sits in any number of workspaces, as a member of its own in each.
//
// What a member may do stands in the workspace (tenant.member) and is read by the gate in every act, so that a change holds
// from the next request on. The seat (control.seat) lets the account in; it is closed after the member was disabled, removed or
// left, together with the account's sessions there. Where a crash comes between the two, the gate already refuses, and doing it
// again closes the seat.
//
// Acts that change who may what hold the workspace's row, so that they come one after the other, on any number of nodes: each
// sees the roles that the one before it left, the actor's own among them, and none leaves a workspace without an active owner.
package roster

import (
	"context"
	"errors"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Founders says who may make another workspace.
type Founders string

// The founders. The zero value is nobody.
const (
	Owners Founders = "owners" // whoever owns one
	Anyone Founders = "anyone" // whoever has an account
	Closed Founders = "closed"
)

// ParseFounders reads a setting. It fails with fault.Invalid.
func ParseFounders(s string) (Founders, error) {
	switch f := Founders(s); f {
	case Owners, Anyone, Closed:
		return f, nil
	}
	return Closed, fault.New(fault.Invalid, "workspaces is one of owners, anyone and closed.")
}

// Config is what the service stands on. Factors may be nil.
type Config struct {
	Gate     *gate.Gate
	Vault    *vault.Vault
	Source   tenant.Source
	Identity *identity.Service
	Founders Founders
	Post     *post.Service
	// Factors returns how strongly each account can show who it is, with what it has set up.
	Factors func(ctx context.Context, accounts []tenant.AccountID) (map[tenant.AccountID]gate.Strength, error)
}

// Service changes who belongs to a workspace.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Source.Now == nil || cfg.Identity == nil || cfg.Post == nil {
		return nil, errors.New("roster: Gate, Vault, Source, Identity and Post are required")
	}
	return &Service{cfg}, nil
}

// look reads the schema control without an event.
func (s *Service) look(ctx context.Context, fn func(ctx context.Context, tx *gate.InstanceTx) error) error {
	return s.Gate.Look(tenant.As(ctx, gate.Registrar), gate.ReadSeats, fn)
}

// person is what a member's row keeps sealed.
type person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email"`
}

// title is what a workspace's row keeps sealed.
type title struct {
	Name string `json:"name"`
}
