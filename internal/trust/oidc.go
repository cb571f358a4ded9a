package trust

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/oidc/oidctest"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/loopback"
)

// directory is the Microsoft tenant that the stand-in poses as.
const directory = "72f988bf-86f1-41af-91ab-2d7cd011db47"

// Journeys is sign-in through identity providers, as far as it is checked.
type Journeys interface {
	Add(ctx context.Context, kind oidc.Kind) (oidc.ID, error)
	Save(ctx context.Context, set oidc.Setting) error
	Enable(ctx context.Context, id oidc.ID, on bool) error
	Remove(ctx context.Context, id oidc.ID) error
	Begin(ctx context.Context, to oidc.Start) (oidc.Away, error)
	Finish(ctx context.Context, back oidc.Return) (oidc.Arrival, error)
}

// journeys are sign-ins through a stand-in of an identity provider, on loopback, in our workspace.
type journeys struct {
	Journeys
	p   *proof
	cfg oidc.Config
	idp *oidctest.Provider
	id  oidc.ID
	end func()
}

// travel starts a stand-in and adds it to our workspace as a provider of a kind. The service is the program's own, but for the
// stand-in's address, which it may ask. What it leaves is removed with end.
func (p *proof) travel(ctx context.Context, kind oidc.Kind, rules oidc.Rules) (*journeys, error) {
	idp, err := oidctest.New("", p.Source.Now)
	if err != nil {
		return nil, err
	}
	address, closing, err := loopback.Serve(idp, nil)
	if err != nil {
		return nil, err
	}
	j := &journeys{p: p, idp: idp, end: closing}
	out, err := egress.New(egress.Config{Gate: p.Gate, Source: p.Source, Hosts: []egress.Host{{Name: strings.TrimPrefix(address, "http://")}}})
	if err != nil {
		return j, err
	}
	idp.Issuer = address
	if kind == oidc.Microsoft {
		idp.Issuer += "/" + directory + "/v2.0"
	}
	j.cfg = oidc.Config{Gate: p.Gate, Vault: p.Gate.Vault, Egress: out, Identity: p.Identity, Source: p.Source, Base: "http://localhost",
		GoogleIssuer: address, MicrosoftIssuer: address}
	if j.Journeys, err = p.Providers(j.cfg); err != nil {
		return j, err
	}
	as := p.ours.as(ctx)
	if j.id, err = j.Add(as, kind); err != nil {
		return j, err
	}
	j.end = func() {
		_ = j.Remove(p.ours.as(context.WithoutCancel(ctx)), j.id)
		closing()
	}
	return j, j.Save(as, oidc.Setting{ID: j.id, Issuer: address, Client: idp.Client, Secret: tenant.Secret(idp.Secret), Version: 1, Rules: rules})
}

// begin sets out and comes back from the provider. Nothing is believed yet.
func (j *journeys) begin(ctx context.Context) (oidc.Return, error) {
	gone, err := j.Begin(j.p.ours.as(ctx), oidc.Start{Provider: j.id.String(), Purpose: oidc.Test})
	if err != nil {
		return oidc.Return{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, gone.Address, nil)
	if err != nil {
		return oidc.Return{}, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return oidc.Return{}, fmt.Errorf("asking the stand-in: %w", err)
	}
	_ = res.Body.Close()
	at, err := res.Location()
	if err != nil {
		return oidc.Return{}, fmt.Errorf("the stand-in answers %d", res.StatusCode)
	}
	q := at.Query()
	return oidc.Return{Provider: j.id.String(), State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Cookie: gone.Cookie}, nil
}

// seen goes there and back, and returns what the provider is believed to say.
func (j *journeys) seen(ctx context.Context, claims map[string]any) (oidc.Identity, error) {
	j.idp.Set(func(p *oidctest.Provider) { p.Extra = claims })
	back, err := j.begin(ctx)
	if err != nil {
		return oidc.Identity{}, err
	}
	arrived, err := j.Finish(j.p.ours.as(ctx), back)
	return arrived.Seen, err
}

// statesHold brings back what is not of the journey that was begun: nothing of it reaches the provider.
func statesHold(ctx context.Context, p *proof) (finding, error) {
	j, err := p.travel(ctx, oidc.Other, oidc.Rules{})
	if j != nil {
		defer j.end()
	}
	if err != nil {
		return finding{}, err
	}
	other, err := j.begin(ctx)
	if err != nil {
		return finding{}, err
	}
	bad := map[string]func(*oidc.Return) context.Context{
		"an altered state":   func(r *oidc.Return) context.Context { r.State = r.State[:len(r.State)-2] + "AA"; return p.ours.as(ctx) },
		"another's state":    func(r *oidc.Return) context.Context { r.State = other.State; return p.ours.as(ctx) },
		"another browser":    func(r *oidc.Return) context.Context { r.Cookie = other.Cookie; return p.ours.as(ctx) },
		"another session":    func(*oidc.Return) context.Context { return p.other.as(ctx) },
		"another's provider": func(r *oidc.Return) context.Context { r.Provider = "google"; return p.ours.as(ctx) },
	}
	for name, change := range bad {
		back, err := j.begin(ctx)
		if err != nil {
			return finding{}, err
		}
		if _, err := j.Finish(change(&back), back); !fault.Is(err, fault.Invalid) || j.idp.Exchanges() != 0 {
			return fail("%s: %v, and %d codes reached the provider", name, err, j.idp.Exchanges())
		}
	}
	if _, err := j.Finish(p.ours.as(ctx), other); err != nil || j.idp.Exchanges() != 1 {
		return fail("a journey of its own browser does not end: %v", err)
	}
	if _, err := j.Finish(p.ours.as(ctx), other); !fault.Is(err, fault.Invalid) || j.idp.Exchanges() != 1 {
		return fail("a state worked twice: %v", err)
	}
	late, err := p.late(ctx, j)
	if err != nil || late != "" {
		return finding{Fail, late}, err
	}
	if asked := j.idp.Asked(); !challenged(asked) {
		return fail("the provider was asked without PKCE (S256), nonce or state")
	}
	return pass("%d answers that were altered, moved, late or used: refused, and no code exchanged", len(bad)+2)
}

// late finishes a journey ten minutes later, by a service whose clock is ahead.
func (p *proof) late(ctx context.Context, j *journeys) (string, error) {
	back, err := j.begin(ctx)
	if err != nil {
		return "", err
	}
	cfg := j.cfg
	now := cfg.Source.Now
	cfg.Source.Now = func() time.Time { return now().Add(oidc.JourneyLife) }
	later, err := p.Providers(cfg)
	if err != nil {
		return "", err
	}
	before := j.idp.Exchanges()
	if _, err := later.Finish(p.ours.as(ctx), back); !fault.Is(err, fault.Invalid) || j.idp.Exchanges() != before {
		return fmt.Sprintf("a journey of ten minutes was taken up: %v", err), nil
	}
	return "", nil
}

func challenged(asked []url.Values) bool {
	seen := map[string]bool{}
	for _, q := range asked {
		if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) < 43 || len(q.Get("state")) < 43 || seen[q.Get("nonce")] || seen[q.Get("state")] {
			return false
		}
		seen[q.Get("nonce")], seen[q.Get("state")] = true, true
	}
	return len(asked) > 0
}

// organisationsHold signs in as Google and as Microsoft would have it, and as neither would for us.
func organisationsHold(ctx context.Context, p *proof) (finding, error) {
	tried := 0
	for kind, c := range map[oidc.Kind]struct {
		rules   oidc.Rules
		good    map[string]any
		strange []map[string]any
		doubted []map[string]any
	}{
		oidc.Google: {oidc.Rules{Domains: []string{"example.com"}}, map[string]any{"hd": "example.com"},
			[]map[string]any{nil, {"hd": "example.org"}}, []map[string]any{{"hd": "example.com", "email_verified": false}}},
		oidc.Microsoft: {oidc.Rules{Tenants: []string{directory}}, map[string]any{"tid": directory, "xms_edov": true},
			[]map[string]any{nil, {"tid": "0f3a3d4b-5b3c-4c9e-8d2e-6a1b7c9d0e1f"}}, []map[string]any{{"tid": directory}, {"tid": directory, "xms_edov": false}}},
	} {
		j, err := p.travel(ctx, kind, c.rules)
		if j != nil {
			defer j.end()
		}
		if err != nil {
			return finding{}, err
		}
		if id, err := j.seen(ctx, c.good); err != nil || id.Subject == "" || id.Vouched == "" {
			return fail("%s: its own organisation does not come in: %v", kind, err)
		}
		for _, claims := range c.strange {
			tried++
			if _, err := j.seen(ctx, claims); !fault.Is(err, fault.Denied) {
				return fail("%s: a strange organisation comes in: %v", kind, err)
			}
		}
		for _, claims := range c.doubted {
			tried++
			if id, err := j.seen(ctx, claims); err != nil || id.Vouched != "" {
				return fail("%s: an address that nobody verified counts: %v", kind, err)
			}
		}
		if err := j.unlinked(ctx, c.good); err != nil {
			return finding{Fail, err.Error()}, nil
		}
	}
	return pass("Google and Microsoft sign in; %d strangers, and addresses that nobody verified, do not", tried)
}

// unlinked turns the provider on and signs in with it as somebody whose account nobody linked.
func (j *journeys) unlinked(ctx context.Context, claims map[string]any) error {
	if err := j.Enable(j.p.ours.as(ctx), j.id, true); err != nil {
		return err
	}
	j.idp.Set(func(p *oidctest.Provider) { p.Extra = claims })
	nobody := tenant.WithActor(ctx, tenant.Actor{})
	gone, err := j.Begin(nobody, oidc.Start{Provider: j.id.String(), Purpose: oidc.Enter})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, gone.Address, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	at, err := res.Location()
	if err != nil {
		return err
	}
	q := at.Query()
	_, err = j.Finish(nobody, oidc.Return{Provider: j.id.String(), State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Cookie: gone.Cookie})
	if !fault.Is(err, fault.Denied) {
		return errors.New("an address alone signs somebody in")
	}
	return nil
}

// secondFactorsCount signs in with and without the provider's second factor, where one is asked for.
func secondFactorsCount(ctx context.Context, p *proof) (finding, error) {
	j, err := p.travel(ctx, oidc.Other, oidc.Rules{Second: true})
	if j != nil {
		defer j.end()
	}
	if err != nil {
		return finding{}, err
	}
	for _, claims := range []map[string]any{nil, {"amr": []string{"pwd"}}, {"acr": "0"}} {
		if _, err := j.seen(ctx, claims); !fault.Is(err, fault.Denied) {
			return fail("a sign-in of one factor (%v) is taken: %v", claims, err)
		}
	}
	id, err := j.seen(ctx, map[string]any{"amr": []string{"pwd", "mfa"}})
	if err != nil || id.Strength() != "second" {
		return fail("the provider's second factor does not count: %v", err)
	}
	return pass("3 sign-ins of one factor refused, one with the provider's second taken")
}
