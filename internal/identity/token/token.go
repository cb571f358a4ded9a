// Package token knows what programs sign their requests with: API keys, and the access and refresh tokens of programs that a
// person let in (RFC 6749, RFC 8628).
//
// All of them are 256 random bits behind a prefix that says what they are ("mst_" an API key, "mat_" an access token, "mrt_" a
// refresh token); the database holds their SHA-256. They carry nothing, so that there is no signature to get wrong: each
// request looks its credential up and gives what holds now. A credential acts as its member, within its scopes and never beyond
// the member's role, and ends with the member.
package token

import (
	"context"
	"errors"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// ID names a credential: a key, or a program's standing with all its tokens.
type ID = tenant.CredentialID

// Config is what the service stands on. All fields but People are required.
type Config struct {
	Gate   *gate.Gate
	Vault  *vault.Vault
	Source tenant.Source
	People People // nil: nobody is told
}

// People is what identity does for this package, inside its acts.
type People interface {
	// Changed tells an account's person, in the app and by mail, that the ways into it changed: since when, zero for now.
	Changed(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time, what string) error
}

// Service gives credentials out, knows them again and ends them.
type Service struct {
	Config
	door door
}

// door is the gate's to the schema control, as far as tokens go through it; in a rehearsal it is one that undoes everything.
type door interface {
	Instance(ctx context.Context, verb gate.Verb, fn func(ctx context.Context, tx *gate.InstanceTx) error) error
	Look(ctx context.Context, verb gate.Verb, fn func(ctx context.Context, tx *gate.InstanceTx) error) error
}

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Source.Now == nil {
		return nil, errors.New("token: Gate, Vault and Source are required")
	}
	return &Service{Config: cfg, door: cfg.Gate}, nil
}

// How long things live.
const (
	AccessLife  = 15 * time.Minute
	RefreshLife = 30 * 24 * time.Hour // without use
	ProgramLife = 90 * 24 * time.Hour // whatever its use; then its person lets it in again
	KeyDays     = 90                  // of a key whose person says nothing else
	mostDays    = 366
)

// The prefixes of the secrets.
const (
	keyPrefix     = "mst_"
	accessPrefix  = "mat_"
	refreshPrefix = "mrt_"
)

// usedStride is how exactly the last use of a credential is known: each use that is noted leaves an event.
const usedStride = time.Hour

// Resolve returns who a bearer secret stands for. It fails with fault.Denied for one that is unknown, over or ended, or whose
// account is disabled. Whether the member may do anything is the gate's to say.
func (s *Service) Resolve(ctx context.Context, secret string) (tenant.Actor, error) {
	find := accessByHash
	switch {
	case strings.HasPrefix(secret, keyPrefix):
		find = keyByHash
	case !strings.HasPrefix(secret, accessPrefix):
		return tenant.Actor{}, over()
	}
	var found standing
	err := s.door.Look(tenant.As(ctx, gate.Authenticator), gate.UseCredential, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		found, err = find(ctx, tx, tenant.Digest(secret))
		return err
	})
	if err != nil {
		return tenant.Actor{}, err
	}
	if s.Source.Now().Sub(found.usedAt) >= usedStride {
		err = s.door.Instance(tenant.As(ctx, gate.Authenticator), gate.UseCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
			tx.About(found.actor.Key)
			return markUsed(ctx, tx, found.actor.Key)
		})
	}
	return found.actor, err
}

func over() error {
	return fault.New(fault.Denied, "This credential is unknown or over. Make a new one, or sign in again.")
}
