package oidc_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/oidc/oidctest"
	"mainstay/internal/tenant"
)

func TestALinkedPersonSignsIn(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ada := s.person(t, s.Workspace(t), gate.Member, "ada@example.com")
	s.linked(t, ada, "google")
	arrived, err := s.signIn(t, "google")
	check(t, err)
	a := arrived.Entry.Actor
	if a.Account != accountOf(t, ada) || a.Kind != tenant.Member || arrived.Next != "/meetings" || arrived.Entry.Challenge != "" {
		t.Errorf("the session is of %+v and goes on to %q", a, arrived.Next)
	}
	if got := strings.Join(a.Factors, " "); got != "oidc:google" {
		t.Errorf("the session was begun with %q, want oidc:google", got)
	}
	if resolved, err := s.Identity.Resolve(t.Context(), arrived.Entry.Token.Reveal()); err != nil || resolved.Account != a.Account {
		t.Errorf("the session is %+v, %v", resolved, err)
	}
	asked := s.idp.Asked()[1]
	if asked.Get("code_challenge_method") != "S256" || len(asked.Get("code_challenge")) != 43 || len(asked.Get("nonce")) < 43 || asked.Get("scope") != "openid email" ||
		asked.Get("prompt") != "select_account" || asked.Get("redirect_uri") != base+"/sign-in/callback/google" {
		t.Errorf("the provider was asked %v", asked)
	}
}

// TestAnswersThatAreNotOfThisJourney holds C01 and P037: whatever comes back altered, late, twice, in another browser or in
// another session signs nobody in, and nothing is asked of the provider.
func TestAnswersThatAreNotOfThisJourney(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ws := s.Workspace(t)
	ada := s.person(t, ws, gate.Member, "ada@example.com")
	s.linked(t, ada, "google")
	other := s.away(t, t.Context(), oidc.Start{Provider: "google", Purpose: oidc.Enter})
	used := s.away(t, t.Context(), oidc.Start{Provider: "google", Purpose: oidc.Enter})
	if _, err := s.Finish(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*oidc.Return){
		"no state":                   func(r *oidc.Return) { r.State = "" },
		"an altered state":           func(r *oidc.Return) { r.State = r.State[:len(r.State)-2] + "AA" },
		"a state without signature":  func(r *oidc.Return) { r.State, _, _ = strings.Cut(r.State, ".") },
		"the state of another":       func(r *oidc.Return) { r.State = other.State },
		"another browser":            func(r *oidc.Return) { r.Cookie = other.Cookie },
		"a browser without a cookie": func(r *oidc.Return) { r.Cookie = "" },
		"a cookie made up": func(r *oidc.Return) {
			r.Cookie = tenant.Secret(base64.RawURLEncoding.EncodeToString(random(400)))
		},
		"an altered cookie":          func(r *oidc.Return) { r.Cookie = r.Cookie[:len(r.Cookie)-3] + "AAA" },
		"a journey that was used":    func(r *oidc.Return) { *r = used },
		"another provider's address": func(r *oidc.Return) { r.Provider = "microsoft" },
	} {
		back := s.away(t, t.Context(), oidc.Start{Provider: "google", Purpose: oidc.Enter})
		change(&back)
		sessions, asked := s.sessions(t), s.idp.Exchanges()
		if _, err := s.Finish(t.Context(), back); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want fault.Invalid", name, err)
		}
		if s.sessions(t) != sessions || s.idp.Exchanges() != asked {
			t.Errorf("%s: %d sessions were begun and %d codes exchanged", name, s.sessions(t)-sessions, s.idp.Exchanges()-asked)
		}
	}
	back := s.away(t, t.Context(), oidc.Start{Provider: "google", Purpose: oidc.Enter})
	asked := s.idp.Exchanges()
	if _, err := s.Finish(ada, back); !fault.Is(err, fault.Invalid) {
		t.Errorf("in another session: %v, want fault.Invalid", err)
	}
	s.Clock.Advance(oidc.JourneyLife)
	if _, err := s.Finish(t.Context(), back); !fault.Is(err, fault.Invalid) {
		t.Errorf("after ten minutes: %v, want fault.Invalid", err)
	}
	if s.idp.Exchanges() != asked {
		t.Error("a code was exchanged for a journey that was over")
	}
}

func TestAStateIsSpentOnceAmongMany(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	s.linked(t, s.person(t, s.Workspace(t), gate.Member, "ada@example.com"), "google")
	back := s.away(t, t.Context(), oidc.Start{Provider: "google", Purpose: oidc.Enter})
	before, asked := s.sessions(t), s.idp.Exchanges()
	ended := make(chan error, 8)
	for range cap(ended) {
		go func() { _, err := s.Finish(t.Context(), back); ended <- err }()
	}
	worked := 0
	for range cap(ended) {
		if err := <-ended; err == nil {
			worked++
		} else if !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	}
	// A provider that takes a code twice must not be what saves us.
	if worked != 1 || s.sessions(t) != before+1 || s.idp.Exchanges() != asked+1 {
		t.Errorf("%d of %d answers with one state worked and %d codes were exchanged, want one of each", worked, cap(ended), s.idp.Exchanges()-asked)
	}
}

// TestProvidersThatMisbehave holds C01, C02 and ASVS 6.8 and 10.5: each answer breaks one rule and signs nobody in.
func TestProvidersThatMisbehave(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	s.linked(t, s.person(t, s.Workspace(t), gate.Member, "ada@example.com"), "google")
	now := s.Clock.Now()
	claim := func(name string, value any) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) {
			p.Claims = func(c map[string]any) {
				if c[name] = value; value == nil {
					delete(c, name)
				}
			}
		}
	}
	for name, breaks := range map[string]func(*oidctest.Provider){
		"no nonce":                          claim("nonce", nil),
		"another nonce":                     claim("nonce", "n-0S6_WzA2Mj"),
		"another issuer":                    claim("iss", "https://accounts.example.com"),
		"an issuer with a slash more":       claim("iss", s.server.URL+"/"),
		"no issuer":                         claim("iss", nil),
		"another audience":                  claim("aud", "another client"),
		"no audience":                       claim("aud", nil),
		"two audiences and no party":        claim("aud", []string{s.idp.Client, "another client"}),
		"another party":                     claim("azp", "another client"),
		"no subject":                        claim("sub", ""),
		"over for two minutes":              claim("exp", now.Add(-2*time.Minute).Unix()),
		"no end":                            claim("exp", nil),
		"issued in two minutes":             claim("iat", now.Add(2*time.Minute).Unix()),
		"issued never":                      claim("iat", nil),
		"good in two minutes":               claim("nbf", now.Add(2*time.Minute).Unix()),
		"unsigned":                          func(p *oidctest.Provider) { p.Alg = "none" },
		"signed with our own secret":        func(p *oidctest.Provider) { p.Alg = "HS256" },
		"an algorithm that is not believed": func(p *oidctest.Provider) { p.Alg = "RS512" },
		"signed by a stranger":              func(p *oidctest.Provider) { p.Alg = "stranger" },
		"signature cut off": func(p *oidctest.Provider) {
			p.Token = func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] }
		},
		"claims changed after signing":      func(p *oidctest.Provider) { p.Token = forged },
		"no token":                          func(p *oidctest.Provider) { p.Token = func(string) string { return "" } },
		"the browser names another issuer":  func(p *oidctest.Provider) { p.Back = func(q url.Values) { q.Set("iss", "https://evil.example.com") } },
		"the browser names no issuer":       func(p *oidctest.Provider) { p.Back = func(q url.Values) { q.Del("iss") } },
		"the browser brings no code":        func(p *oidctest.Provider) { p.Back = func(q url.Values) { q.Del("code") } },
		"the browser brings a code made up": func(p *oidctest.Provider) { p.Back = func(q url.Values) { q.Set("code", "made-up") } },
		"an answer that is an error":        func(p *oidctest.Provider) { p.Back = func(q url.Values) { q.Set("error", "server_error") } },
		"an answer that sends us elsewhere": func(p *oidctest.Provider) { p.Answer = elsewhere },
		"an answer without end":             func(p *oidctest.Provider) { p.Answer = endless },
		"an answer that is no JSON": func(p *oidctest.Provider) {
			p.Answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
		},
		"a challenge of PKCE that fits none": func(p *oidctest.Provider) { p.Back = func(q url.Values) { q.Set("code", stolen(t, s, p)) } },
	} {
		s.idp.Set(breaks)
		before := s.sessions(t)
		if _, err := s.signIn(t, "google"); err == nil || fault.Is(err, fault.Internal) || s.sessions(t) != before {
			t.Errorf("%s: %v, with %d sessions begun; want a refusal that is not ours", name, err, s.sessions(t)-before)
		}
		s.idp.Set(func(p *oidctest.Provider) { p.Claims, p.Alg, p.Token, p.Back, p.Answer = nil, "", nil, nil, nil })
	}
	for _, alg := range []string{"ES256", "RS256", "EdDSA"} {
		s.idp.Set(func(p *oidctest.Provider) { p.Alg = alg })
		if _, err := s.signIn(t, "google"); err != nil {
			t.Errorf("%s: %v, want a session: else the refusals above say nothing", alg, err)
		}
	}
	for name, fits := range map[string]func(*oidctest.Provider){
		"two audiences and our party": func(p *oidctest.Provider) {
			p.Claims = func(c map[string]any) { c["aud"], c["azp"] = []string{p.Client, "another client"}, p.Client }
		},
		"over for half a minute":   claim("exp", now.Add(-30*time.Second).Unix()),
		"issued in half a minute":  claim("iat", now.Add(30*time.Second).Unix()),
		"one method, as some do":   claim("amr", "pwd"),
		"an address that is empty": claim("email", ""),
	} {
		s.idp.Set(fits)
		if _, err := s.signIn(t, "google"); err != nil {
			t.Errorf("%s: %v, want a session", name, err)
		}
	}
}

// forged gives a token another subject and leaves its signature.
func forged(signed string) string {
	parts := strings.Split(signed, ".")
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(body), "248289761001", "248289761002", 1)))
	return strings.Join(parts, ".")
}

func elsewhere(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/authorize", http.StatusTemporaryRedirect)
}

func endless(w http.ResponseWriter, _ *http.Request) {
	for range 2000 {
		_, _ = w.Write(make([]byte, 1024))
	}
}

// stolen is a code that was given to another journey, with another challenge: what an attacker would slip in.
func stolen(t *testing.T, s *studio, p *oidctest.Provider) string {
	t.Helper()
	sum := sha256.Sum256([]byte("a verifier of the attacker's"))
	code := "stolen" + base64.RawURLEncoding.EncodeToString(sum[:6])
	p.Grant(code, base+"/sign-in/callback/google", base64.RawURLEncoding.EncodeToString(sum[:]))
	return code
}

// TestDiscoveryThatNamesAnother holds C02: a provider that says it is another is not used.
func TestDiscoveryThatNamesAnother(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"another issuer":        func(d map[string]any) { d["issuer"] = "https://accounts.example.com" },
		"no issuer":             func(d map[string]any) { delete(d, "issuer") },
		"keys in the office":    func(d map[string]any) { d["jwks_uri"] = "http://10.0.0.8/jwks" },
		"tokens from a cloud":   func(d map[string]any) { d["token_endpoint"] = "http://169.254.169.254/latest" },
		"tokens by plain HTTP":  func(d map[string]any) { d["token_endpoint"] = "http://idp.example.com/token" },
		"a page that runs code": func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" },
		"PKCE only as plain":    func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"plain"} },
	} {
		s := newStudio(t, oidc.Google, oidc.Rules{})
		s.idp.Set(func(p *oidctest.Provider) { p.Document = change })
		if gone, err := s.Begin(t.Context(), oidc.Start{Provider: "google", Purpose: oidc.Enter}); err == nil || fault.Is(err, fault.Internal) {
			t.Errorf("%s: %v, %v; want a refusal", name, gone.Address, err)
		}
	}
}

// TestEachProviderAnswersAtItsOwnAddress holds C02: a code of one is never brought to another, also where neither names itself.
func TestEachProviderAnswersAtItsOwnAddress(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	silent := func(p *oidctest.Provider) {
		p.Document = func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }
		p.Back = func(q url.Values) { q.Del("iss") }
	}
	s.idp.Set(silent)
	ws := s.Workspace(t)
	owner := s.person(t, ws, gate.Owner, "ada@example.com")
	s.linked(t, owner, "google")
	theirs, server := serve(t, s.World, "")
	theirs.Set(silent)
	s.allow(server)
	id := s.provider(t, owner, oidc.Setting{Kind: oidc.Other, Issuer: server.URL, Client: theirs.Client, Secret: tenant.Secret(theirs.Secret)})
	back := s.away(t, t.Context(), oidc.Start{Provider: "google", Purpose: oidc.Enter})
	begun, err := s.Begin(t.Context(), oidc.Start{Provider: id.String(), Purpose: oidc.Enter})
	check(t, err)
	mixed := s.back(t, begun, id.String())
	mixed.Code, mixed.Provider = back.Code, "google"
	if _, err := s.Finish(t.Context(), mixed); !fault.Is(err, fault.Invalid) || theirs.Exchanges() != 0 {
		t.Errorf("a code at the other's address: %v, and %d codes reached the other", err, theirs.Exchanges())
	}
	if _, err := s.Finish(t.Context(), back); err != nil {
		t.Errorf("the journey itself: %v", err)
	}
}

func TestALinkIsFoundByIssuerAndSubject(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ws := s.Workspace(t)
	ada := s.person(t, ws, gate.Member, "ada@example.com")
	s.linked(t, ada, "google")
	s.idp.Set(func(p *oidctest.Provider) { p.Email = "renamed@example.org" })
	if arrived, err := s.signIn(t, "google"); err != nil || arrived.Entry.Actor.Account != accountOf(t, ada) {
		t.Errorf("after the address changed: %v", err)
	}
	s.idp.Set(func(p *oidctest.Provider) { p.Email, p.Subject = "ada@example.com", "248289761002" })
	if _, err := s.signIn(t, "google"); !fault.Is(err, fault.Denied) {
		t.Errorf("another subject with the same address: %v, want fault.Denied", err)
	}
	ben := s.person(t, ws, gate.Member, "ben@example.com")
	s.idp.Set(func(p *oidctest.Provider) { p.Subject = "" })
	if _, err := s.Finish(ben, s.away(t, ben, oidc.Start{Provider: "google", Purpose: oidc.Link})); !fault.Is(err, fault.Invalid) {
		t.Errorf("linking nobody: %v, want fault.Invalid", err)
	}
	s.idp.Set(func(p *oidctest.Provider) { p.Subject = "248289761001" })
	if _, err := s.Finish(ben, s.away(t, ben, oidc.Start{Provider: "google", Purpose: oidc.Link})); !fault.Is(err, fault.Conflict) {
		t.Errorf("linking somebody who is linked: %v, want fault.Conflict", err)
	}
}
