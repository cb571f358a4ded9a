package oidc_test

import (
	"context"
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/oidc/oidctest"
	"mainstay/internal/tenant"
)

func TestAWorkspacesProvider(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ws, other := s.Workspace(t), s.Workspace(t)
	owner := s.person(t, ws, gate.Owner, "ada@example.com")
	idp, server := serve(t, s.World, "")
	s.allow(server)
	set := oidc.Setting{Kind: oidc.Other, Issuer: server.URL, Client: idp.Client, Secret: tenant.Secret(idp.Secret)}
	empty, err := s.Add(owner, oidc.Other)
	check(t, err)
	if err := s.Enable(owner, empty, true); !fault.Is(err, fault.Conflict) {
		t.Errorf("turning on what is not finished: %v, want fault.Conflict", err)
	}
	check(t, s.Remove(owner, empty))
	id, err := s.saved(owner, set)
	check(t, err)
	if _, err := s.Begin(t.Context(), oidc.Start{Provider: id.String(), Purpose: oidc.Enter}); !fault.Is(err, fault.Missing) {
		t.Errorf("a provider that is off: %v, want fault.Missing", err)
	}
	tried, err := s.Finish(owner, s.away(t, owner, oidc.Start{Provider: id.String(), Purpose: oidc.Test}))
	if err != nil || tried.Seen.Email != "ada@example.com" || tried.Seen.Subject != idp.Subject || s.sessions(t) != 0 {
		t.Errorf("a test of one that is off: %+v, %v", tried.Seen, err)
	}
	check(t, s.Enable(owner, id, true))
	s.linked(t, owner, id.String())
	arrived, err := s.signIn(t, id.String())
	check(t, err)

	for name, actor := range map[string]context.Context{"an admin": ws.Member(t, gate.Admin), "another's owner": other.Member(t, gate.Owner)} {
		want := map[string]fault.Kind{"an admin": fault.Denied, "another's owner": fault.Missing}[name]
		for act, err := range map[string]error{
			"change": s.Save(actor, oidc.Setting{ID: id, Issuer: server.URL, Client: "x"}),
			"read":   func() error { _, err := s.Setting(actor, id); return err }(),
			"enable": s.Enable(actor, id, false), "remove": s.Remove(actor, id),
			"test": func() error {
				_, err := s.Begin(actor, oidc.Start{Provider: id.String(), Purpose: oidc.Test})
				return err
			}(),
		} {
			if !fault.Is(err, want) {
				t.Errorf("%s by %s: %v, want %v", act, name, err, want)
			}
		}
	}

	all, err := s.Settings(owner)
	if err != nil || len(all) != 1 || all[0].Secret != "" || all[0].Client != idp.Client || !all[0].Enabled {
		t.Fatalf("Settings() = %+v, %v", all, err)
	}
	changed := all[0]
	changed.Second = true
	if err := s.Save(owner, changed); err != nil {
		t.Errorf("a change that keeps the secret: %v", err)
	}
	if err := s.Save(owner, changed); !fault.Is(err, fault.Conflict) {
		t.Errorf("a change of what was changed: %v, want fault.Conflict", err)
	}
	changed.Version, changed.Issuer = changed.Version+1, server.URL+"/elsewhere"
	if err := s.Save(owner, changed); !fault.Is(err, fault.Invalid) {
		t.Errorf("the secret for another issuer: %v, want that it is asked for", err)
	}

	check(t, s.Enable(owner, id, false))
	if _, err := s.Identity.Resolve(t.Context(), arrived.Entry.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("a session of a provider that is off: %v, want fault.Denied", err)
	}
	check(t, s.Remove(owner, id))
	if links, err := s.Links(owner); err != nil || len(links) != 0 {
		t.Errorf("%d links are left of a provider that is gone, %v", len(links), err)
	}
	if all, err := s.Settings(owner); err != nil || len(all) != 0 {
		t.Errorf("%d providers are left, %v", len(all), err)
	}
}

func TestProvidersThatAreNotTaken(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	owner := s.person(t, s.Workspace(t), gate.Owner, "ada@example.com")
	good := oidc.Setting{Kind: oidc.Other, Issuer: "https://login.example.com", Client: "mainstay", Secret: "secret"}
	for name, change := range map[string]func(*oidc.Setting){
		"no kind":                func(s *oidc.Setting) { s.Kind = "saml" },
		"no issuer":              func(s *oidc.Setting) { s.Issuer = "" },
		"plain HTTP":             func(s *oidc.Setting) { s.Issuer = "http://login.example.com" },
		"in the office":          func(s *oidc.Setting) { s.Issuer = "https://10.0.0.8" },
		"this machine":           func(s *oidc.Setting) { s.Issuer = "https://localhost" },
		"a cloud's credentials":  func(s *oidc.Setting) { s.Issuer = "https://169.254.169.254" },
		"an issuer with a query": func(s *oidc.Setting) { s.Issuer = "https://login.example.com?x=1" },
		"no client":              func(s *oidc.Setting) { s.Client = "" },
		"no secret":              func(s *oidc.Setting) { s.Secret = "" },
		"Microsoft for everybody": func(s *oidc.Setting) {
			s.Kind = oidc.Microsoft
		},
		"Microsoft's common tenant": func(s *oidc.Setting) {
			s.Kind, s.Tenants = oidc.Microsoft, []string{"common"}
		},
		"a domain that is none": func(s *oidc.Setting) { s.Kind, s.Domains = oidc.Google, []string{"example"} },
	} {
		set := good
		change(&set)
		if _, err := s.saved(owner, set); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want fault.Invalid", name, err)
		}
	}
	if _, err := s.saved(owner, good); err != nil {
		t.Error(err)
	}
	if _, err := s.saved(owner, oidc.Setting{Kind: oidc.Microsoft, Client: "mainstay", Secret: "secret", Rules: oidc.Rules{Tenants: []string{contoso}}}); err != nil {
		t.Error(err)
	}
}

func TestWhatASignInPageOffers(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ws, other := s.Workspace(t), s.Workspace(t)
	owner, stranger := s.person(t, ws, gate.Owner, "ada@example.com"), s.person(t, other, gate.Owner, "ben@example.org")
	set := oidc.Setting{Kind: oidc.Other, Issuer: "https://login.example.com", Client: "mainstay", Secret: "secret"}
	id := s.provider(t, owner, set)
	listed := func(id tenant.WorkspaceID) {
		_, err := s.Admin.Exec(t.Context(), `insert into control.workspace (id, region, placement, created_at, claimed_at) values ($1, 'here', 'home', $2, $2)`, id, s.Clock.Now())
		check(t, err)
	}
	offers := func(named string) int {
		got, err := s.Offers(t.Context(), named)
		check(t, err)
		return len(got)
	}
	if n := offers(""); n != 1 {
		t.Errorf("a workspace that is in no list: %d offers, want Google alone", n)
	}
	if listed(ws.ID); offers("") != 2 {
		t.Errorf("the only workspace: %d offers, want 2", offers(""))
	}
	if listed(other.ID); offers("") != 1 || offers(id.String()) != 2 {
		t.Errorf("two workspaces: %d offers, and %d where the address names one; want 1 and 2", offers(""), offers(id.String()))
	}
	if mine, err := s.Linkable(owner); err != nil || len(mine) != 2 || mine[1].Host != "login.example.com" {
		t.Errorf("Linkable() = %+v, %v", mine, err)
	}
	if theirs, err := s.Linkable(stranger); err != nil || len(theirs) != 1 {
		t.Errorf("another workspace's Linkable() = %+v, %v", theirs, err)
	}
}

func TestADomainIsProven(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Other, oidc.Rules{})
	ws := s.Workspace(t)
	owner := s.person(t, ws, gate.Owner, "ada@example.com")
	for _, name := range []string{"", "example", "ada@example.com", "https://example.com", "10.0.0.8", "exa mple.com", "-a.example.com", "*.example.com"} {
		if _, err := s.Claim(owner, name); !fault.Is(err, fault.Invalid) {
			t.Errorf("Claim(%q) = %v, want fault.Invalid", name, err)
		}
	}
	_, err := s.Claim(owner, " Example.COM. ")
	check(t, err)
	if _, err := s.Claim(owner, "example.com"); !fault.Is(err, fault.Conflict) {
		t.Errorf("claiming it again: %v, want fault.Conflict", err)
	}
	domain := func() oidc.Domain {
		all, err := s.Domains(owner)
		if err != nil || len(all) != 1 {
			t.Fatalf("Domains() = %+v, %v", all, err)
		}
		return all[0]
	}
	d := domain()
	for name, texts := range map[string][]string{"nothing": nil, "something else": {"v=spf1 -all"}, "another's text": {"mainstay-domain=x"}} {
		s.texts[d.Record] = texts
		if found, err := s.Prove(owner, d.ID); found || err != nil || domain().Holds {
			t.Errorf("%s is published: %v, %v", name, found, err)
		}
	}
	if _, err := s.signIn(t, "oidc"); !fault.Is(err, fault.Denied) {
		t.Errorf("before the proof: %v, want fault.Denied", err)
	}
	s.texts["example.com"] = []string{d.Text}
	if found, err := s.Prove(owner, d.ID); found || err != nil {
		t.Errorf("published at another name: %v, %v", found, err)
	}
	s.texts[d.Record] = []string{"v=spf1 -all", d.Text}
	if found, err := s.Prove(owner, d.ID); !found || err != nil || !domain().Holds {
		t.Errorf("published: %v, %v", found, err)
	}
	if _, err := s.signIn(t, "oidc"); err != nil {
		t.Errorf("after the proof: %v", err)
	}
	other := s.Workspace(t).Member(t, gate.Owner)
	if _, err := s.Prove(other, d.ID); !fault.Is(err, fault.Missing) {
		t.Errorf("another workspace's domain: %v, want fault.Missing", err)
	}
	if err := s.Disclaim(other, d.ID); !fault.Is(err, fault.Missing) {
		t.Errorf("removing another workspace's domain: %v, want fault.Missing", err)
	}
	check(t, s.Disclaim(owner, d.ID))
	if n := s.count(t, `select count(*) from control.proven_domain`); n != 0 {
		t.Errorf("%d proofs are left of a domain that was removed", n)
	}
}

func TestTheLastWayInStays(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ws := s.Workspace(t)
	ada, ben := s.person(t, ws, gate.Member, "ada@example.com"), s.person(t, ws, gate.Member, "ben@example.com")
	s.linked(t, ada, "google")
	links, err := s.Links(ada)
	if err != nil || len(links) != 1 || links[0].Email != "ada@example.com" || links[0].Kind != oidc.Google {
		t.Fatalf("Links() = %+v, %v", links, err)
	}
	if err := s.Unlink(ben, links[0].ID); !fault.Is(err, fault.Missing) {
		t.Errorf("another's link: %v, want fault.Missing", err)
	}
	a := accountOf(t, ada)
	_, err = s.Admin.Exec(t.Context(), `update control.account set password = '' where id = $1`, a)
	check(t, err)
	if err := s.Unlink(ada, links[0].ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("the last way in: %v, want fault.Conflict", err)
	}
	_, err = s.Admin.Exec(t.Context(), `update control.account set password = '$x' where id = $1`, a)
	check(t, err)
	s.Clock.Advance(gate.ConfirmAge)
	if err := s.Unlink(ada, links[0].ID); fault.Wanted(err) != fault.Confirmation {
		t.Errorf("a quarter of an hour later: %v, want a confirmation", err)
	}
	check(t, s.Unlink(s.SignedIn(t, ada), links[0].ID))
	if _, err := s.signIn(t, "google"); !fault.Is(err, fault.Denied) {
		t.Errorf("after unlinking: %v, want fault.Denied", err)
	}
}

// TestAChangeOfLinksIsTold: a provider that somebody can sign in with is a factor, and nobody adds or removes one unseen.
func TestAChangeOfLinksIsTold(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	mails := s.mails(t)
	ws := s.Workspace(t)
	ada := s.person(t, ws, gate.Member, "ada@example.com")
	s.linked(t, ada, "google")
	if got := mails(); len(got) != 1 || got[0].To != "ada@example.com" || !strings.Contains(got[0].Text, "Google was linked") || !strings.Contains(got[0].Text, base+"/not-me/") {
		t.Errorf("after an account was linked: %+v", got)
	}
	links, err := s.Links(ada)
	check(t, err)
	check(t, s.Unlink(ada, links[0].ID))
	if got := mails(); len(got) != 1 || !strings.Contains(got[0].Text, "at Google was removed") {
		t.Errorf("after it was removed: %+v", got)
	}
	s.prove(t, ws.ID, "example.com")
	s.idp.Set(func(p *oidctest.Provider) { p.Extra = map[string]any{"hd": "example.com"} })
	_, err = s.signIn(t, "google")
	check(t, err)
	if got := mails(); len(got) != 1 || !strings.Contains(got[0].Text, "Google was linked") {
		t.Errorf("after an account was linked by its address: %+v", got)
	}
	if n := s.count(t, `select count(*) from tenant.notice where kind = 'factor'`); n != 3 {
		t.Errorf("%d notices in the app, want 3", n)
	}
}

// TestAPasskeyIsAWayIn: who has one can remove their last link.
func TestAPasskeyIsAWayIn(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ada := s.person(t, s.Workspace(t), gate.Member, "ada@example.com")
	s.linked(t, ada, "google")
	links, err := s.Links(ada)
	check(t, err)
	_, err = s.Admin.Exec(t.Context(), `update control.account set password = '' where id = $1`, accountOf(t, ada))
	check(t, err)
	if err := s.Unlink(ada, links[0].ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("the last way in: %v, want fault.Conflict", err)
	}
	_, err = s.Admin.Exec(t.Context(), `
insert into control.passkey (id, account_id, credential, public_key, sign_count, backup, transports, created_at, sealed) values ($1, $1, 'c', 'k', 0, false, '{}', $2, 's')`,
		accountOf(t, ada), s.Clock.Now())
	check(t, err)
	if err := s.Unlink(ada, links[0].ID); err != nil {
		t.Errorf("beside a passkey: %v, want it removed", err)
	}
}

// TestNothingOfAProviderIsReadable: secret, address and domain stand nowhere in the clear.
func TestNothingOfAProviderIsReadable(t *testing.T) {
	t.Parallel()
	s := newStudio(t, oidc.Google, oidc.Rules{})
	ws := s.Workspace(t)
	owner := s.person(t, ws, gate.Owner, "ada@canary.example")
	s.idp.Email = "ada@canary.example"
	s.provider(t, owner, oidc.Setting{Kind: oidc.Google, Client: "mainstay", Secret: "canary-secret", Rules: oidc.Rules{Domains: []string{"canary.example"}}})
	_, err := s.Claim(owner, "canary.example")
	check(t, err)
	s.linked(t, owner, "google")
	for _, table := range []string{"tenant.sign_in_provider", "tenant.domain", "control.provider", "control.linked_identity", "control.event", "audit.event"} {
		if n := s.count(t, `select count(*) from `+table+` x where x::text ~ 'canary|248289761001|63616e617279'`); n != 0 {
			t.Errorf("%d rows of %s hold it in the clear", n, table)
		}
	}
}
