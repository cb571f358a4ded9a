package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4/jwt"

	"mainstay/internal/fault"
)

// leeway is how far the provider's clock may be off.
const leeway = time.Minute

// Identity is who came, in a provider's words that were verified.
type Identity struct {
	Issuer, Subject string
	Email           string    // as the provider has it, for people to recognise the account; it proves nothing
	Vouched         string    // the e-mail address, in lower case, that the provider vouches for; empty: none
	Factors         []string  // "oidc:<provider>", "mfa" for a second factor, "phr" for one that cannot be phished
	Until           time.Time // when the provider's word ends; zero: it does not say
}

// claims is what a token says.
type claims struct {
	Party      string `json:"azp"`
	Tenant     string `json:"tid"`
	Hosted     string `json:"hd"`
	Email      string `json:"email"`
	Verified   any    `json:"email_verified"`
	Owned      any    `json:"xms_edov"`
	Methods    texts  `json:"amr"`
	Class      string `json:"acr"`
	SignedInAt int64  `json:"auth_time"`
	NotBefore  int64  `json:"nbf"`
	EndsAt     int64  `json:"session_expiry"`
}

// texts is a list that some providers write as one text.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var one string
		err := json.Unmarshal(b, &one)
		*t = texts{one}
		return err
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// verify believes a token or fails with fault.Invalid; where it is believed and its person may not come, with fault.Denied.
func (s *Service) verify(ctx context.Context, p Provider, m *metadata, raw, nonce string) (Identity, error) {
	now := s.Source.Now()
	issuer, err := p.issuerOf(raw)
	if err != nil {
		return Identity{}, err
	}
	token, err := oidc.NewVerifier(issuer, m.keys, &oidc.Config{ClientID: p.Client, SupportedSigningAlgs: believed,
		Now: func() time.Time { return now.Add(-leeway) }}).Verify(s.asking(ctx), raw)
	if err != nil {
		return Identity{}, errProvider(fmt.Errorf("verifying a token: %w", redacted(err)))
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return Identity{}, errProvider(errors.New("a token's claims cannot be read"))
	}
	if err := check(p, token, c, nonce, now); err != nil {
		return Identity{}, errProvider(err)
	}
	if err := p.admits(c, now); err != nil {
		return Identity{}, err
	}
	id := Identity{Issuer: token.Issuer, Subject: token.Subject, Email: c.Email, Vouched: p.vouched(c), Factors: p.shown(c)}
	id.Until = p.until(c)
	if !id.Until.IsZero() && !now.Before(id.Until) {
		return Identity{}, fault.New(fault.Denied, "The identity provider says that this sign-in is over. Sign in there again.")
	}
	return id, nil
}

// redacted keeps the kind of what the library found, never the values that it quotes.
func redacted(err error) error {
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return errors.New("it is over")
	}
	said, _, _ := strings.Cut(err.Error(), ",")
	said, _, _ = strings.Cut(said, "\"")
	return errors.New(said)
}

// issuerOf returns the issuer that a token must be of. For many Microsoft tenants it is the one of the tenant that the token
// names, where that is among those that may come.
func (p Provider) issuerOf(raw string) (string, error) {
	if p.Kind != Microsoft {
		return p.Issuer, nil
	}
	var unverified claims
	token, err := jwt.ParseSigned(raw, algorithms())
	if err == nil {
		err = token.UnsafeClaimsWithoutVerification(&unverified)
	}
	if err != nil {
		return "", errProvider(errors.New("a token cannot be read"))
	}
	if !slices.Contains(p.Tenants, unverified.Tenant) {
		return "", fault.New(fault.Denied, "Your Microsoft organisation is not one that may sign in here. Choose another account, or ask your administrator.")
	}
	return p.issuerFor(unverified.Tenant), nil
}

// check is what the library leaves to its caller.
func check(p Provider, token *oidc.IDToken, c claims, nonce string, now time.Time) error {
	issuer := p.Issuer
	if p.Kind == Microsoft {
		issuer = p.issuerFor(c.Tenant)
	}
	switch {
	case token.Issuer != issuer: // the library takes Google's name without its scheme, too
		return errors.New("another issuer")
	case token.Subject == "" || len(token.Subject) > 255:
		return errors.New("no subject")
	case nonce == "" || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		return errors.New("another nonce")
	case c.Party != "" && c.Party != p.Client, len(token.Audience) > 1 && c.Party == "":
		return errors.New("made for another party")
	case token.IssuedAt.Unix() <= 0 || token.IssuedAt.After(now.Add(leeway)):
		return errors.New("issued in the future, or never")
	case time.Unix(c.NotBefore, 0).After(now.Add(leeway)):
		return errors.New("not good yet")
	}
	return nil
}

// admits refuses people whom the provider's owner does not let in.
func (p Provider) admits(c claims, now time.Time) error {
	if p.Kind == Google && len(p.Domains) > 0 && !slices.Contains(p.Domains, c.Hosted) {
		return fault.New(fault.Denied, "Your Google account is not of an organisation that may sign in here. Choose another account, or ask your administrator.")
	}
	if len(p.Classes) > 0 && !slices.Contains(p.Classes, c.Class) {
		return fault.New(fault.Denied, "The identity provider did not authenticate you as strongly as is asked for here. Ask your administrator.")
	}
	if p.Second && !slices.Contains(p.shown(c), "mfa") {
		return fault.New(fault.Denied, "A second factor is asked for here, and the identity provider does not say that you showed one. Set one up there and sign in again.")
	}
	signed := time.Unix(c.SignedInAt, 0)
	if p.MaxAge > 0 && (c.SignedInAt <= 0 || signed.After(now.Add(leeway)) || now.Sub(signed) > p.MaxAge+leeway) {
		return fault.New(fault.Denied, "Your sign-in at the identity provider is too old. Sign in there again.")
	}
	return nil
}

// vouched returns the address for which the provider's word is good. Google's is for its own domain and for organisations
// that it hosts. Microsoft's `email` is what its user wrote there; it counts where the token says that its domain's owner
// verified it (xms_edov), and nothing less. All others must say that it is verified, as a boolean.
func (p Provider) vouched(c claims) string {
	email := strings.ToLower(strings.TrimSpace(c.Email))
	at := strings.LastIndexByte(email, '@')
	if at <= 0 || !isDomain(email[at+1:]) || strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' }) {
		return ""
	}
	good := c.Verified == true
	switch p.Kind {
	case Google:
		good = good && (domainOf(email) == "gmail.com" || domainOf(email) == strings.ToLower(c.Hosted))
	case Microsoft:
		good = c.Owned == true || c.Owned == "1" || c.Owned == "true" || c.Owned == float64(1)
	}
	if !good {
		return ""
	}
	return email
}

// shown returns the factors that the provider says were shown to it: its methods (RFC 8176) and its class, where that is one of
// those for phishing resistance (OpenID Connect Extended Authentication Profile).
func (p Provider) shown(c claims) []string {
	factors := []string{p.Factor()}
	resistant := c.Class == "phr" || c.Class == "phrh"
	if resistant || slices.Contains(c.Methods, "mfa") {
		factors = append(factors, "mfa")
	}
	if resistant {
		factors = append(factors, "phr")
	}
	return factors
}

// until returns when the provider's word ends: where it says so itself, or as long after its sign-in as its owner lets it hold.
func (p Provider) until(c claims) time.Time {
	var until time.Time
	if c.EndsAt > 0 {
		until = time.Unix(c.EndsAt, 0).UTC()
	}
	if p.MaxAge > 0 {
		if end := time.Unix(c.SignedInAt, 0).Add(p.MaxAge).UTC(); until.IsZero() || end.Before(until) {
			until = end
		}
	}
	return until
}
