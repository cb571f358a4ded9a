package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"mainstay/internal/fault"
)

// believed are the algorithms whose signatures count: asymmetric ones, and never "none".
var believed = []string{oidc.RS256, oidc.ES256, oidc.EdDSA}

// fresh is how long what a provider publishes of itself is kept, and pause for how long one that failed is not asked again.
// Keys that are new are fetched when a token names them.
const (
	fresh = time.Hour
	pause = 10 * time.Second
)

// metadata is what a provider publishes of itself (OpenID Connect Discovery 1.0), as far as it is used.
type metadata struct {
	Issuer     string   `json:"issuer"`
	Authorize  string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
	Keys       string   `json:"jwks_uri"`
	NamesSelf  bool     `json:"authorization_response_iss_parameter_supported"`
	ClientAuth []string `json:"token_endpoint_auth_methods_supported"`
	Challenges []string `json:"code_challenge_methods_supported"`

	keys    oidc.KeySet
	fetched time.Time
	failure error // why nothing was found, for a moment
}

// errProvider is what people read where a provider's answer does not keep to the rules. What was wrong goes to the log.
func errProvider(cause error) error {
	return fault.Wrap(fault.Invalid, "The answer of the identity provider could not be believed, so nobody was signed in. Begin again; if it happens twice, tell your administrator.", cause)
}

func errUnreachable(cause error) error {
	var refusal *fault.Error
	if errors.As(cause, &refusal) && fault.KindOf(refusal) != fault.Internal {
		return refusal // ours, from the way out
	}
	return fault.Wrap(fault.Busy, "The identity provider does not answer. Try again in a moment, or sign in another way.", fmt.Errorf("asking a provider: %T", cause))
}

// asking returns ctx with the client that the libraries use for a provider.
func (s *Service) asking(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, s.Egress.Errand(s.own()...))
}

// discover returns what a provider publishes of itself. Its issuer is the configured one to the letter, or it fails.
func (s *Service) discover(ctx context.Context, p Provider) (*metadata, error) {
	address, _ := p.authority()
	key, now := p.Name+" "+address, s.Source.Now()
	s.mu.Lock()
	m := s.known[key]
	s.mu.Unlock()
	if m != nil && m.failure == nil && now.Sub(m.fetched) < fresh || m != nil && m.failure != nil && now.Sub(m.fetched) < pause {
		return m, m.failure
	}
	m, err := s.fetch(ctx, p)
	if err != nil {
		m = &metadata{failure: err}
	}
	m.fetched = now
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) > 1000 {
		clear(s.known) // of many workspaces, most are not in use
	}
	if ctx.Err() == nil { // who went away says nothing about the provider
		s.known[key] = m
	}
	return m, m.failure
}

func (s *Service) fetch(ctx context.Context, p Provider) (*metadata, error) {
	address, issuer := p.authority()
	// The library compares the issuer with the address. Of many tenants' discovery it cannot, so that here alone is what decides.
	found, err := oidc.NewProvider(oidc.InsecureIssuerURLContext(s.asking(ctx), issuer), address)
	if err != nil {
		return nil, errUnreachable(err)
	}
	m := &metadata{}
	if err := found.Claims(m); err != nil {
		return nil, errProvider(fmt.Errorf("reading discovery: %w", err))
	}
	if m.Issuer != issuer {
		return nil, errProvider(errors.New("discovery names another issuer"))
	}
	if err := s.usable(m); err != nil {
		return nil, err
	}
	m.keys = oidc.NewRemoteKeySet(s.asking(ctx), m.Keys)
	return m, nil
}

// forget drops what is known of a provider whose settings changed.
func (s *Service) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.known {
		if strings.HasPrefix(key, name+" ") {
			delete(s.known, key)
		}
	}
}

// usable wants addresses that may be reached, and PKCE where the provider says what it can do.
func (s *Service) usable(m *metadata) error {
	for _, at := range []string{m.Authorize, m.Token, m.Keys} {
		u, err := url.Parse(at)
		if err != nil {
			return errProvider(errors.New("discovery names an unreadable address"))
		}
		if err := s.Egress.Askable(u, s.own()...); err != nil {
			return fault.Wrap(fault.Denied, "The identity provider names an address that cannot be asked. Check its issuer in the settings.", err)
		}
	}
	if len(m.Challenges) > 0 && !slices.Contains(m.Challenges, "S256") {
		return fault.New(fault.Denied, "The identity provider cannot protect a sign-in by PKCE with S256, so it is not used.")
	}
	return nil
}

// client is how the provider knows us.
func (m *metadata) client(p Provider, redirect string) *oauth2.Config {
	style := oauth2.AuthStyleInHeader
	if len(m.ClientAuth) > 0 && !slices.Contains(m.ClientAuth, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	scopes := []string{oidc.ScopeOpenID, "email"}
	return &oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret.Reveal(), RedirectURL: redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: m.Authorize, TokenURL: m.Token, AuthStyle: style}}
}

// algorithms are the believed ones as the parser of tokens wants them.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA}
}
