// Package oidc signs people in with OpenID Connect: with Google, with Microsoft, and with any provider that publishes itself
// by discovery.
//
// Who somebody is, is the pair of issuer and subject, within the provider that a deployment or a workspace configured. An
// e-mail address is never an identity: it links one to an account only where the provider vouches for the address and the
// workspace has proven that its domain is its own, or where the account's person asks for it while signed in. What a
// workspace's provider says is believed in that workspace and nowhere else.
//
// A sign-in is an authorization code flow with PKCE (S256) and a nonce. Its state is signed, lives ten minutes, works once,
// and works in the browser that began it alone; nothing is stored before it comes back. The answer must name the provider's
// issuer where the provider does so (RFC 9207), and comes to an address of that provider's own. No more is asked for than
// who somebody is, so that no token of a provider is kept.
package oidc

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"

	"mainstay/internal/egress"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Config is what the service stands on. Gate, Vault, Egress, Identity and Source are required.
type Config struct {
	Gate     *gate.Gate
	Vault    *vault.Vault
	Egress   *egress.Service
	Identity *identity.Service
	Source   tenant.Source

	// Base is our own address, as browsers have it: "https://mainstay.example.com". Providers send people back there.
	Base string
	// Everybody are the providers of the deployment, which sign people in to all of their workspaces.
	Everybody []Provider
	// GoogleIssuer and MicrosoftIssuer are where both are; empty: where everybody finds them. Others are for sovereign clouds,
	// gateways of one's own, and tests.
	GoogleIssuer, MicrosoftIssuer string
	// Resolver is asked for the records by which a domain is proven; nil: the system's.
	Resolver Resolver
}

// Resolver looks up the texts that a domain's owner published. A *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Where everybody finds both.
const (
	googleIssuer    = "https://accounts.google.com"
	microsoftIssuer = "https://login.microsoftonline.com"
)

// Service signs in and links.
type Service struct {
	Config
	mu    sync.Mutex
	known map[string]*metadata // by provider and address
}

// New returns the service. It fails where a provider of the deployment is not whole.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Egress == nil || cfg.Identity == nil || cfg.Source.Now == nil || cfg.Source.Random == nil {
		return nil, errors.New("oidc: Gate, Vault, Egress, Identity and Source are required")
	}
	if cfg.GoogleIssuer == "" {
		cfg.GoogleIssuer = googleIssuer
	}
	if cfg.MicrosoftIssuer == "" {
		cfg.MicrosoftIssuer = microsoftIssuer
	}
	if cfg.Resolver == nil {
		cfg.Resolver = net.DefaultResolver
	}
	s := &Service{Config: cfg, known: map[string]*metadata{}}
	for i := range s.Everybody {
		p := &s.Everybody[i]
		p.Name, p.Issuer = string(p.Kind), s.issuerOf(p.Kind, p.Issuer)
		if err := p.whole(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// issuerOf returns the issuer of a provider: what was entered, or what is known of its kind.
func (s *Service) issuerOf(kind Kind, entered string) string {
	switch kind {
	case Google:
		return s.GoogleIssuer
	case Microsoft:
		return s.MicrosoftIssuer
	}
	return strings.TrimSpace(entered)
}

// own are the hosts that the operator named by configuring a provider, or where one is: they need no other permission.
func (s *Service) own() []string {
	issuers := []string{}
	for _, p := range s.Everybody {
		issuers = append(issuers, p.Issuer)
		if p.Issuer == googleIssuer {
			issuers = append(issuers, "https://oauth2.googleapis.com", "https://www.googleapis.com")
		}
	}
	if s.GoogleIssuer != googleIssuer {
		issuers = append(issuers, s.GoogleIssuer)
	}
	if s.MicrosoftIssuer != microsoftIssuer {
		issuers = append(issuers, s.MicrosoftIssuer)
	}
	var hosts []string
	for _, issuer := range issuers {
		hosts = append(hosts, hostOf(issuer))
	}
	return hosts
}
