package oidc_test

import (
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

const (
	contoso  = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	fabrikam = "0f3a3d4b-5b3c-4c9e-8d2e-6a1b7c9d0e1f"
)

// prove claims a domain for an owner's workspace and proves it.
func (s *studio) prove(t *testing.T, ws tenant.WorkspaceID, name string) {
	t.Helper()
	digest, err := s.World.Vault.Lookup("domain\x00" + name)
	check(t, err)
	_, err = s.Admin.Exec(t.Context(), `insert into control.proven_domain (domain_hmac, workspace_id, proven_at, ends_at) values ($1, $2, $3, $4)`,
		digest, ws, s.Clock.Now(), s.Clock.Now().Add(oidc.ProofLife))
	check(t, err)
}

// TestAnAddressLinksWhereItIsVouchedForAndItsDomainProven holds C03 and P058: the address alone links nobody.
func TestAnAddressLinksWhereItIsVouchedForAndItsDomainProven(t *testing.T) {
	t.Parallel()
	microsoft := oidc.Rules{Tenants: []string{contoso}}
	says := func(claims map[string]any) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) { p.Extra = claims }
	}
	for _, tt := range []struct {
		name   string
		kind   oidc.Kind
		rules  oidc.Rules
		proven string
		idp    func(*oidctest.Provider)
		links  bool
	}{
		{"Google for its organisation", oidc.Google, oidc.Rules{}, "example.com", says(map[string]any{"hd": "example.com"}), true},
		{"Google, the domain is not proven", oidc.Google, oidc.Rules{}, "", says(map[string]any{"hd": "example.com"}), false},
		{"Google, another domain is proven", oidc.Google, oidc.Rules{}, "example.org", says(map[string]any{"hd": "example.com"}), false},
		{"Google without organisation", oidc.Google, oidc.Rules{}, "example.com", says(nil), false},
		{"Google for another organisation", oidc.Google, oidc.Rules{}, "example.com", says(map[string]any{"hd": "evil.example"}), false},
		{"Google, not verified", oidc.Google, oidc.Rules{}, "example.com", says(map[string]any{"hd": "example.com", "email_verified": false}), false},
		{"Google, verified in quotes", oidc.Google, oidc.Rules{}, "example.com", says(map[string]any{"hd": "example.com", "email_verified": "true"}), false},
		{"Microsoft's e-mail, whoever wrote it", oidc.Microsoft, microsoft, "example.com", says(map[string]any{"tid": contoso}), false},
		{"Microsoft, not by the domain's owner", oidc.Microsoft, microsoft, "example.com", says(map[string]any{"tid": contoso, "xms_edov": false}), false},
		{"Microsoft, by the domain's owner", oidc.Microsoft, microsoft, "example.com", says(map[string]any{"tid": contoso, "xms_edov": true}), true},
		{"Microsoft, by the domain's owner, as a number", oidc.Microsoft, microsoft, "example.com", says(map[string]any{"tid": contoso, "xms_edov": 1}), true},
		{"Microsoft, the domain is not proven", oidc.Microsoft, microsoft, "", says(map[string]any{"tid": contoso, "xms_edov": true}), false},
		{"another, verified", oidc.Other, oidc.Rules{}, "example.com", says(nil), true},
		{"another, not verified", oidc.Other, oidc.Rules{}, "example.com", says(map[string]any{"email_verified": nil}), false},
		{"another, two addresses in one", oidc.Other, oidc.Rules{}, "example.com", says(map[string]any{"email": "ada@example.com,eve@evil.example"}), false},
		{"another, with a name around", oidc.Other, oidc.Rules{}, "example.com", says(map[string]any{"email": "Ada <ada@example.com>"}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, tt.kind, tt.rules)
			s.idp.Set(tt.idp)
			ws := s.Workspace(t)
			ada := s.person(t, ws, gate.Member, "ada@example.com")
			if tt.proven != "" {
				s.prove(t, ws.ID, tt.proven)
			}
			arrived, err := s.signIn(t, string(tt.kind))
			if tt.links && (err != nil || arrived.Entry.Actor.Account != accountOf(t, ada)) {
				t.Errorf("%+v, %v; want a session of the account", arrived.Entry.Actor, err)
			}
			if !tt.links && (!fault.Is(err, fault.Denied) || s.sessions(t) != 0) {
				t.Errorf("%v and %d sessions, want fault.Denied and none", err, s.sessions(t))
			}
			links, err := s.Links(ada)
			if (err != nil || len(links) == 1) != tt.links {
				t.Errorf("there are %d links, %v", len(links), err)
			}
		})
	}
}

// TestADomainIsOfTheWorkspaceOnly: who proved a domain vouches for their own members, and for nobody else's.
func TestADomainIsOfTheWorkspaceOnly(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Other, oidc.Rules{})
	theirs, ours := s.Workspace(t), s.Workspace(t)
	s.person(t, ours, gate.Member, "ada@example.com")
	s.prove(t, theirs.ID, "example.com")
	if _, err := s.signIn(t, "oidc"); !fault.Is(err, fault.Denied) {
		t.Errorf("a domain that another workspace proved: %v, want fault.Denied", err)
	}
	s.prove(t, ours.ID, "example.com")
	s.Clock.Advance(oidc.ProofLife)
	if _, err := s.signIn(t, "oidc"); !fault.Is(err, fault.Denied) {
		t.Errorf("a domain that was proven a year ago: %v, want fault.Denied", err)
	}
}

// TestAnAddressThatNobodyVerifiedHere links nobody: an account of that address may be somebody else's, made before.
func TestAnAddressThatNobodyVerifiedHere(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Other, oidc.Rules{})
	ws := s.Workspace(t)
	s.person(t, ws, gate.Member, "ada@example.com")
	s.prove(t, ws.ID, "example.com")
	_, err := s.Admin.Exec(t.Context(), `update control.account set verified_at = null`)
	check(t, err)
	if _, err := s.signIn(t, "oidc"); !fault.Is(err, fault.Denied) {
		t.Errorf("%v, want fault.Denied", err)
	}
}

// TestWhoMayCome holds P058: an organisation that is not on the list signs nobody in, linked or not.
func TestWhoMayCome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		kind  oidc.Kind
		rules oidc.Rules
		comes map[string]any
		not   []map[string]any
	}{
		{"Google", oidc.Google, oidc.Rules{Domains: []string{"example.com"}}, map[string]any{"hd": "example.com"},
			[]map[string]any{nil, {"hd": "example.org"}, {"hd": ""}, {"hd": []string{"example.com"}}, {"hd": "EXAMPLE.com"}}},
		{"Microsoft", oidc.Microsoft, oidc.Rules{Tenants: []string{contoso}}, map[string]any{"tid": contoso},
			[]map[string]any{nil, {"tid": fabrikam}, {"tid": ""}, {"tid": "common"}, {"tid": strings.ToUpper(contoso)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, tt.kind, tt.rules)
			ada := s.person(t, s.Workspace(t), gate.Member, "ada@example.com")
			s.idp.Set(func(p *oidctest.Provider) { p.Extra = tt.comes })
			s.linked(t, ada, string(tt.kind))
			if _, err := s.signIn(t, string(tt.kind)); err != nil {
				t.Fatal(err)
			}
			for _, claims := range tt.not {
				s.idp.Set(func(p *oidctest.Provider) { p.Extra = claims })
				if _, err := s.signIn(t, string(tt.kind)); err == nil || fault.Is(err, fault.Internal) {
					t.Errorf("%v: %v, want a refusal", claims, err)
				}
			}
		})
	}
}

// TestManyTenantsOfMicrosoft holds C02: the issuer is the one of the tenant that the token names, to the letter.
func TestManyTenantsOfMicrosoft(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Microsoft, oidc.Rules{Tenants: []string{contoso, fabrikam}})
	issuer := func(tenant string) string { return s.server.URL + "/" + tenant + "/v2.0" }
	of := func(tenant, iss string) {
		s.idp.Set(func(p *oidctest.Provider) {
			p.Document = func(d map[string]any) {
				d["issuer"] = issuer("{tenantid}")
				delete(d, "authorization_response_iss_parameter_supported")
			}
			p.Issuer, p.Extra = issuer("organizations"), map[string]any{"tid": tenant, "iss": iss, "xms_edov": true}
			p.Back = func(q url.Values) { q.Del("iss") }
		})
	}
	ws := s.Workspace(t)
	ada, ben := s.person(t, ws, gate.Member, "ada@example.com"), s.person(t, ws, gate.Member, "ben@example.org")
	of(contoso, issuer(contoso))
	s.linked(t, ada, "microsoft")
	of(fabrikam, issuer(fabrikam))
	s.linked(t, ben, "microsoft") // the same subject in another tenant is somebody else
	for tenant, want := range map[string]tenant.AccountID{contoso: accountOf(t, ada), fabrikam: accountOf(t, ben)} {
		of(tenant, issuer(tenant))
		if arrived, err := s.signIn(t, "microsoft"); err != nil || arrived.Entry.Actor.Account != want {
			t.Errorf("tenant %s: %v", tenant, err)
		}
	}
	s.prove(t, ws.ID, "example.com") // whoever is believed to be hers is linked by her address
	for name, claims := range map[string][2]string{
		"an issuer of the other tenant":       {contoso, issuer(fabrikam)},
		"the issuer with its placeholder":     {contoso, issuer("{tenantid}")},
		"the placeholder as the tenant":       {"{tenantid}", issuer("{tenantid}")},
		"a tenant that is not on the list":    {"11111111-2222-3333-4444-555555555555", issuer("11111111-2222-3333-4444-555555555555")},
		"personal accounts":                   {"9188040d-6c67-4c5b-b112-36a304b66dad", issuer("9188040d-6c67-4c5b-b112-36a304b66dad")},
		"an issuer of Microsoft's first form": {contoso, "https://sts.windows.net/" + contoso + "/"},
	} {
		of(claims[0], claims[1])
		if _, err := s.signIn(t, "microsoft"); err == nil || fault.Is(err, fault.Internal) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

// TestAWorkspacesProviderIsBelievedThereOnly holds C04 and ASVS 6.8.1: what one workspace's provider says of another's people
// is nothing, and a session begun through it is good in that workspace alone.
func TestAWorkspacesProviderIsBelievedThereOnly(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	theirs, ours := s.Workspace(t), s.Workspace(t)
	owner := s.person(t, theirs, gate.Owner, "eve@evil.example")
	ada := s.person(t, ours, gate.Member, "ada@example.com")
	s.linked(t, ada, "google")
	s.prove(t, ours.ID, "example.com")
	s.prove(t, theirs.ID, "evil.example")
	evil, server := serve(t, s.World, "")
	s.allow(server)
	id := s.provider(t, owner, oidc.Setting{Kind: oidc.Other, Issuer: server.URL, Client: evil.Client, Secret: tenant.Secret(evil.Secret)}).String()

	// It asserts her address, and her very subject at Google.
	if arrived, err := s.signIn(t, id); !fault.Is(err, fault.Denied) {
		t.Fatalf("a stranger's provider signed her in: %+v, %v", arrived.Entry.Actor, err)
	}
	evil.Set(func(p *oidctest.Provider) { p.Claims = func(c map[string]any) { c["iss"] = s.server.URL } })
	if _, err := s.signIn(t, id); !fault.Is(err, fault.Invalid) {
		t.Errorf("it named Google as the issuer: %v, want fault.Invalid", err)
	}
	evil.Set(func(p *oidctest.Provider) { p.Claims = nil })

	// She cannot link it to her account while she is in her own workspace.
	if _, err := s.Begin(ada, oidc.Start{Provider: id, Purpose: oidc.Link}); !fault.Is(err, fault.Missing) {
		t.Errorf("linking another workspace's provider: %v, want fault.Missing", err)
	}

	// As a member there, too, she comes into that workspace and nowhere else, though she used the other one last.
	a, err := tenant.ActorOf(ada)
	check(t, err)
	member := theirs.Member(t, gate.Viewer)
	m, err := tenant.ActorOf(member)
	check(t, err)
	_, err = s.Admin.Exec(t.Context(), `insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, $4)`, a.Account, theirs.ID, m.Member, s.Clock.Now())
	check(t, err)
	m.Account = a.Account
	s.linked(t, tenant.WithActor(t.Context(), m), id)
	arrived, err := s.signIn(t, id)
	check(t, err)
	if arrived.Entry.Actor.Workspace != theirs.ID || arrived.Entry.Actor.Account != a.Account {
		t.Errorf("she came into %v, want %v", arrived.Entry.Actor.Workspace, theirs.ID)
	}
	var bound tenant.WorkspaceID
	check(t, s.Admin.QueryRow(t.Context(), `select bound_id from control.session where id = $1`, arrived.Entry.Actor.Session).Scan(&bound))
	if bound != theirs.ID {
		t.Errorf("the session is bound to %v, want %v", bound, theirs.ID)
	}

	// And with it she changes nothing of her account.
	through := tenant.WithActor(t.Context(), arrived.Entry.Actor)
	if _, err := s.Begin(through, oidc.Start{Provider: "google", Purpose: oidc.Link}); fault.Wanted(err) != fault.Confirmation {
		t.Errorf("linking Google in a session of the workspace's provider: %v, want a confirmation", err)
	}
	links, err := s.Links(through)
	check(t, err)
	if err := s.Unlink(through, links[0].ID); fault.Wanted(err) != fault.Confirmation {
		t.Errorf("unlinking in a session of the workspace's provider: %v, want a confirmation", err)
	}
}

// TestTheProvidersSecondFactor holds P059 and ASVS 6.8.4: what the provider says was shown is what the session has.
func TestTheProvidersSecondFactor(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Other, oidc.Rules{})
	ws := s.Workspace(t)
	s.linked(t, s.person(t, ws, gate.Member, "ada@example.com"), "oidc")
	policy := func(least string) {
		_, err := s.Admin.Exec(t.Context(), `update tenant.workspace set least_factor = $1`, least)
		check(t, err)
	}
	for _, tt := range []struct {
		least  string
		claims map[string]any
		want   fault.Want
	}{
		{"none", nil, ""},
		{"second", nil, fault.SecondFactor},
		{"second", map[string]any{"amr": []string{"pwd"}}, fault.SecondFactor},
		{"second", map[string]any{"amr": []string{"pwd", "mfa"}}, ""},
		{"second", map[string]any{"amr": "mfa"}, ""},
		{"second", map[string]any{"acr": "phr"}, ""},
		{"phishing-resistant", map[string]any{"amr": []string{"mfa"}}, fault.Passkey},
		{"phishing-resistant", map[string]any{"acr": "phrh"}, ""},
	} {
		policy(tt.least)
		s.idp.Set(func(p *oidctest.Provider) { p.Extra = tt.claims })
		arrived, err := s.signIn(t, "oidc")
		check(t, err)
		_, err = s.Identity.Me(tenant.WithActor(t.Context(), arrived.Entry.Actor))
		if fault.Wanted(err) != tt.want || tt.want == "" && err != nil {
			t.Errorf("policy %q and %v: %v, want %q", tt.least, tt.claims, err, tt.want)
		}
	}
}

func TestWhatAProviderMustSay(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Other, oidc.Rules{Classes: []string{"urn:gold", "urn:silver"}, Second: true, MaxAge: 8 * time.Hour})
	now := s.Clock.Now()
	good := map[string]any{"acr": "urn:gold", "amr": []string{"mfa"}, "auth_time": now.Add(-time.Hour).Unix()}
	s.idp.Set(func(p *oidctest.Provider) { p.Extra = good })
	s.linked(t, s.person(t, s.Workspace(t), gate.Member, "ada@example.com"), "oidc")
	arrived, err := s.signIn(t, "oidc")
	check(t, err)
	if want := now.Add(7 * time.Hour); !arrived.Entry.EndsAt.Equal(want) {
		t.Errorf("the session ends at %v, want %v: eight hours after the sign-in there", arrived.Entry.EndsAt, want)
	}
	if q := s.idp.Asked()[0]; q.Get("acr_values") != "urn:gold urn:silver" || q.Get("max_age") != "28800" {
		t.Errorf("the provider was asked %v", q)
	}
	for name, value := range map[string]any{"acr": "urn:bronze", "amr": []string{"pwd"}, "auth_time": now.Add(-9 * time.Hour).Unix()} {
		for _, v := range []any{value, nil, map[string]any{"auth_time": now.Add(2 * time.Hour).Unix()}[name]} {
			s.idp.Set(func(p *oidctest.Provider) { p.Claims = func(c map[string]any) { c[name] = v } })
			if _, err := s.signIn(t, "oidc"); !fault.Is(err, fault.Denied) {
				t.Errorf("%s is %v: %v, want fault.Denied", name, v, err)
			}
		}
	}
}

// TestASessionEndsWithTheProvidersWord holds ASVS 7.6.1.
func TestASessionEndsWithTheProvidersWord(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Other, oidc.Rules{})
	s.linked(t, s.person(t, s.Workspace(t), gate.Member, "ada@example.com"), "oidc")
	ends := s.Clock.Now().Add(3 * time.Hour)
	s.idp.Set(func(p *oidctest.Provider) { p.Extra = map[string]any{"session_expiry": ends.Unix()} })
	arrived, err := s.signIn(t, "oidc")
	check(t, err)
	if !arrived.Entry.EndsAt.Equal(ends) {
		t.Errorf("the session ends at %v, want %v", arrived.Entry.EndsAt, ends)
	}
	s.Clock.Advance(3 * time.Hour)
	if _, err := s.Identity.Resolve(t.Context(), arrived.Entry.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("after that: %v, want fault.Denied", err)
	}
	if _, err := s.signIn(t, "oidc"); !fault.Is(err, fault.Denied) {
		t.Errorf("a word that is over: %v, want fault.Denied", err)
	}
}
