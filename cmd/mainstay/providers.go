package main

import (
	"errors"
	"net/url"
	"strings"

	"mainstay/internal/egress"
	"mainstay/internal/identity/oidc"
)

// checkProviders refuses a provider that could sign nobody in, or anybody.
func (c *Config) checkProviders() error {
	if (c.GoogleClient == "") != (c.GoogleSecret == "") {
		return errors.New("google_client_id and google_client_secret belong together: set both or neither")
	}
	if (c.MicrosoftClient == "") != (c.MicrosoftSecret == "") {
		return errors.New("microsoft_client_id and microsoft_client_secret belong together: set both or neither")
	}
	if c.MicrosoftClient != "" && c.MicrosoftTenants == "" {
		return errors.New("microsoft_client_id needs microsoft_tenants: the tenants whose people may come, or everybody with a Microsoft account could")
	}
	for key, issuer := range map[string]string{"google_issuer": c.GoogleIssuer, "microsoft_issuer": c.MicrosoftIssuer} {
		if u, err := url.Parse(issuer); issuer != "" && (err != nil || egress.Allowed(u, true) != nil) {
			return errors.New(key + " is an address such as https://login.example.com; plain http:// on this machine only")
		}
	}
	return nil
}

// openProviders makes sign-in through identity providers.
func (p *Program) openProviders() error {
	c := p.Config
	cfg := oidc.Config{Gate: p.Gate, Vault: p.Vault, Egress: p.Egress, Identity: p.Identity, Source: p.source, Base: c.URL, GoogleIssuer: c.GoogleIssuer, MicrosoftIssuer: c.MicrosoftIssuer}
	if c.GoogleClient != "" {
		cfg.Everybody = append(cfg.Everybody, oidc.Provider{Kind: oidc.Google, Client: c.GoogleClient, Secret: c.GoogleSecret, Rules: oidc.Rules{Domains: words(strings.ToLower(c.GoogleDomains))}})
	}
	if c.MicrosoftClient != "" {
		cfg.Everybody = append(cfg.Everybody, oidc.Provider{Kind: oidc.Microsoft, Client: c.MicrosoftClient, Secret: c.MicrosoftSecret, Rules: oidc.Rules{Tenants: words(strings.ToLower(c.MicrosoftTenants))}})
	}
	var err error
	p.OIDC, err = oidc.New(cfg)
	return err
}
