package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// Start says where somebody wants to go, and why.
type Start struct {
	Provider string // its name
	Purpose  Purpose
	Next     string // where they go afterwards, a path of ours

	Invited tenant.Secret // Join: the invitation's
}

// Away is a journey that was begun.
type Away struct {
	Address string        // where to send the browser
	Cookie  tenant.Secret // what the browser keeps until it comes back
	Ends    time.Time
}

// Return is what a browser brought back.
type Return struct {
	Provider, State, Code, Issuer string
	Error                         string        // the provider's word for why not
	Cookie                        tenant.Secret // what the browser kept
}

// Arrival is what came of a journey.
type Arrival struct {
	Purpose Purpose
	Next    string
	Entry   identity.Entry // Enter: the session, or the challenge before it
	Seen    Identity       // Test: what the provider says of its owner's account

	Invited tenant.Secret         // Join: the invitation with which the journey was begun
	Word    identity.ProviderWord // Join: what the account is made of
}

// Callback returns where a provider sends browsers back to. It is an address of that provider's own, so that no other's answer
// is taken for it.
func (s *Service) Callback(name string) string {
	return strings.TrimSuffix(s.Base, "/") + "/sign-in/callback/" + url.PathEscape(name)
}

// Strength is how much the provider says that a person showed: "one" factor, or a "second", too.
func (id Identity) Strength() string {
	if slices.Contains(id.Factors, "mfa") {
		return "second"
	}
	return "one"
}

// Begin sets out to a provider. To sign in or to join, anybody may who is not signed in; to link or to test, a person does it in their own session. It fails
// with fault.Missing where there is no such provider, or it is off.
func (s *Service) Begin(ctx context.Context, to Start) (Away, error) {
	p, err := s.setOut(ctx, to)
	if err != nil {
		return Away{}, err
	}
	m, err := s.discover(ctx, p)
	if err != nil {
		return Away{}, err
	}
	j := s.begin(journey{Provider: p.Name, Purpose: to.Purpose, Session: tenant.Visitor(ctx).Session, Redirect: s.Callback(p.Name), Next: to.Next,
		Invited: to.Invited.Reveal()})
	state, err := s.state(j)
	if err != nil {
		return Away{}, err
	}
	cookie, err := s.pack(ctx, j)
	if err != nil {
		return Away{}, err
	}
	address := m.client(p, j.Redirect).AuthCodeURL(state, append(p.asks(), oauth2.SetAuthURLParam("nonce", j.Nonce), oauth2.S256ChallengeOption(j.Verifier))...)
	return Away{Address: address, Cookie: cookie, Ends: time.Unix(j.Ends, 0)}, nil
}

// setOut returns the provider, where the actor may go to it for that purpose.
func (s *Service) setOut(ctx context.Context, to Start) (Provider, error) {
	switch to.Purpose {
	case Enter:
		return s.provider(ctx, to.Provider)
	case Join:
		if !tenant.Visitor(ctx).Account.IsZero() || to.Invited == "" {
			return Provider{}, fault.New(fault.Denied, "You are signed in already. Open the link of your invitation again.")
		}
		return s.provider(ctx, to.Provider)
	case Link:
		return s.linkable(ctx, to.Provider)
	case Test:
		return s.testable(ctx, to.Provider)
	}
	return Provider{}, fault.New(fault.Denied, "This is not allowed.")
}

// asks is what a provider is asked beside what everybody is.
func (p Provider) asks() []oauth2.AuthCodeOption {
	var all []oauth2.AuthCodeOption
	if p.Kind != Other {
		all = append(all, oauth2.SetAuthURLParam("prompt", "select_account"))
	}
	if p.Kind == Google && len(p.Domains) == 1 {
		all = append(all, oauth2.SetAuthURLParam("hd", p.Domains[0]))
	}
	if len(p.Classes) > 0 {
		all = append(all, oauth2.SetAuthURLParam("acr_values", strings.Join(p.Classes, " ")))
	}
	if p.MaxAge > 0 {
		all = append(all, oauth2.SetAuthURLParam("max_age", fmt.Sprint(int(p.MaxAge.Seconds()))))
	}
	return all
}

// Finish ends a journey: it signs in, links, or tells what was seen; of one to join it returns what the account is made of. It fails with fault.Invalid for an answer that is not of
// this browser's journey or not believed, and with fault.Denied for a person who may not come; then there is no session.
func (s *Service) Finish(ctx context.Context, back Return) (Arrival, error) {
	j, err := s.unpack(ctx, back)
	if err != nil {
		return Arrival{}, err
	}
	p, err := s.setOut(ctx, Start{Provider: j.Provider, Purpose: j.Purpose, Invited: tenant.Secret(j.Invited)})
	if err != nil {
		return Arrival{}, err
	}
	m, err := s.discover(ctx, p)
	if err != nil {
		return Arrival{}, err
	}
	if err := p.named(m, back.Issuer); err != nil {
		return Arrival{}, err
	}
	if err := s.use(ctx, back.State, j); err != nil {
		return Arrival{}, err
	}
	id, err := s.redeem(ctx, p, m, j, back)
	if err != nil {
		return Arrival{}, s.refuse(ctx, p, err)
	}
	arrived := Arrival{Purpose: j.Purpose, Next: j.Next}
	switch j.Purpose {
	case Enter:
		arrived.Entry, err = s.enter(ctx, p, id)
	case Join:
		arrived.Invited, arrived.Word = tenant.Secret(j.Invited), s.word(p, id)
	case Link:
		err = s.link(ctx, p, id)
	case Test:
		arrived.Seen = id
	default:
		err = fault.New(fault.Denied, "This is not allowed.")
	}
	return arrived, err
}

// use spends a state, before anything is asked of the provider.
func (s *Service) use(ctx context.Context, state string, j journey) error {
	return s.Gate.Instance(s.as(ctx), gate.ReturnSignIn, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.Note("provider", j.Provider)
		return useState(ctx, tx, tenant.Digest(state), time.Unix(j.Ends, 0))
	})
}

// refuse leaves the event of an answer that signed nobody in.
func (s *Service) refuse(ctx context.Context, p Provider, cause error) error {
	if !fault.Is(cause, fault.Invalid) && !fault.Is(cause, fault.Denied) {
		return cause
	}
	return s.Gate.Instance(s.as(ctx), gate.ReturnSignIn, func(_ context.Context, tx *gate.InstanceTx) error {
		tx.Note("provider", p.Name)
		return cause
	})
}

// redeem exchanges the code for a token and believes it.
func (s *Service) redeem(ctx context.Context, p Provider, m *metadata, j journey, back Return) (Identity, error) {
	switch {
	case back.Error == "access_denied":
		return Identity{}, fault.New(fault.Denied, "You did not sign in at the identity provider. Begin again, or sign in another way.")
	case back.Error != "" || back.Code == "" || len(back.Code) > 4096:
		return Identity{}, errProvider(errors.New("the answer is an error, or has no code"))
	}
	token, err := m.client(p, j.Redirect).Exchange(s.asking(ctx), back.Code, oauth2.VerifierOption(j.Verifier))
	if err != nil {
		return Identity{}, refusedCode(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" {
		return Identity{}, errProvider(errors.New("the answer has no token"))
	}
	return s.verify(ctx, p, m, raw, j.Nonce)
}

// refusedCode tells a provider that refuses from one that does not answer. The library's own text quotes the answer.
func refusedCode(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return errUnreachable(err)
	}
	if refused.ErrorCode == "invalid_client" || refused.Response.StatusCode == http.StatusUnauthorized {
		return fault.Wrap(fault.Denied, "The identity provider does not take our client secret. Tell your administrator.", errors.New("invalid_client"))
	}
	return errProvider(fmt.Errorf("the code was refused with status %d", refused.Response.StatusCode))
}

// as returns ctx for identity's narrow actor, keeping the request that it serves.
func (s *Service) as(ctx context.Context) context.Context { return tenant.As(ctx, gate.Authenticator) }
