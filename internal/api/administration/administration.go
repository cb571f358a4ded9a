// Package administration is the part of the JSON API for who administrates a workspace: identity providers and domains, webhooks,
// who asked for what, and how the deployment does. What a provider or a webhook shares with us is a secret: it is sealed, answered
// at most once, and never read back.
package administration

import (
	"errors"

	"mainstay/internal/accesslog"
	"mainstay/internal/api/operation"
	"mainstay/internal/health"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/webhook"
)

// The headings under which the reference lists the operations.
const (
	Settings   = "Settings"
	Webhooks   = "Webhooks"
	Deployment = "Deployment"
)

// Config is what the operations call. All fields are required.
type Config struct {
	OIDC   *oidc.Service
	Hooks  *webhook.Service
	Access *accesslog.Service
	Health *health.Service
}

// Desk is the operations.
type Desk struct {
	Config
	set *operation.Set
}

// Register adds the operations to a set. It panics as operation.Add does.
func Register(cfg Config, set *operation.Set) error {
	if cfg.OIDC == nil || cfg.Hooks == nil || cfg.Access == nil || cfg.Health == nil {
		return errors.New("administration: every service is required")
	}
	d := &Desk{cfg, set}
	for _, register := range []func(){d.providers, d.domains, d.webhooks, d.deliveries, d.access, d.deployment} {
		register()
	}
	return nil
}
