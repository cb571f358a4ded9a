package oidc_test

import (
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/oidc/oidctest"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// newInvited returns a deployment that invites, and whose provider is the test's.
func newInvited(t *testing.T) (*worldtest.World, *studio) {
	t.Helper()
	w := worldtest.New(t)
	s := &studio{World: w.World, texts: texts{}}
	s.idp, s.server = serve(t, w.World, "")
	var err error
	s.Service, err = oidc.New(oidc.Config{Gate: w.Gate, Vault: w.Vault, Egress: w.Egress, Identity: w.Identity, Source: w.Source, Resolver: s.texts, Base: base,
		GoogleIssuer: s.server.URL, MicrosoftIssuer: s.server.URL,
		Everybody: []oidc.Provider{{Kind: oidc.Google, Issuer: s.server.URL, Client: s.idp.Client, Secret: tenant.Secret(s.idp.Secret)}}})
	check(t, err)
	return w, s
}

// invite returns the secret of an invitation to a workspace.
func invite(t *testing.T, w *worldtest.World, ten *worldtest.Tenant, email string) tenant.Secret {
	t.Helper()
	sent, err := w.Roster.Invite(ten.Owner, roster.Guest{Name: "Ines Brandt", Email: email, Role: gate.Member})
	check(t, err)
	link := sent.Link.Reveal()
	return tenant.Secret(link[strings.LastIndex(link, "/")+1:])
}

func (s *studio) join(t *testing.T, provider string, invited tenant.Secret) (oidc.Arrival, error) {
	t.Helper()
	return s.Finish(t.Context(), s.away(t, t.Context(), oidc.Start{Provider: provider, Purpose: oidc.Join, Invited: invited}))
}

// TestWhoIsInvitedJoinsByAProvider: the account has no password, and comes in again by the provider alone.
func TestWhoIsInvitedJoinsByAProvider(t *testing.T) {
	t.Parallel()
	w, s := newInvited(t)
	alder, birch := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	invited := invite(t, w, alder, "ines@example.com")
	arrived, err := s.join(t, "google", invited)
	check(t, err)
	if arrived.Invited != invited || arrived.Entry.Token != "" || s.sessions(t) != 0 {
		t.Fatalf("a journey to join led to %+v with %d sessions before the invitation was looked at", arrived, s.sessions(t))
	}
	entry, err := w.Roster.JoinByProvider(t.Context(), arrived.Invited.Reveal(), arrived.Word)
	check(t, err)
	ines := tenant.WithActor(t.Context(), entry.Actor)
	me, err := w.Identity.Me(ines)
	if err != nil || me.Name != "Ines Brandt" || me.Email != "ines@example.com" || me.Workspace != "Alder Works" || me.Role != gate.Member {
		t.Errorf("who joined is %+v, %v", me, err)
	}
	var bare bool
	check(t, s.Admin.QueryRow(t.Context(), `select password = '' and password_at is null and verified_at is null from control.account where id = $1`, entry.Actor.Account).Scan(&bare))
	if !bare {
		t.Error("the account has a password, or a link that was handed over verified its address")
	}
	accounts := s.count(t, `select count(*) from control.account`)
	again, err := s.signIn(t, "google")
	if err != nil || again.Entry.Actor.Account != entry.Actor.Account {
		t.Errorf("signing in by the provider: %+v, %v", again.Entry.Actor, err)
	}
	if _, err := w.Roster.JoinByProvider(t.Context(), invited.Reveal(), arrived.Word); !fault.Is(err, fault.Ended) {
		t.Errorf("the invitation again: %v, want ended", err)
	}

	second := invite(t, w, birch, "otto@example.com")
	arrived, err = s.join(t, "google", second)
	check(t, err)
	if _, err := w.Roster.JoinByProvider(t.Context(), second.Reveal(), arrived.Word); !fault.Is(err, fault.Conflict) {
		t.Errorf("the same person at the provider for another address: %v, want conflict", err)
	}
	third := invite(t, w, birch, "ines@example.com")
	s.idp.Set(func(p *oidctest.Provider) { p.Subject = "somebody-else" })
	arrived, err = s.join(t, "google", third)
	check(t, err)
	if _, err := w.Roster.JoinByProvider(t.Context(), third.Reveal(), arrived.Word); !fault.Is(err, fault.Conflict) {
		t.Errorf("an address that has an account: %v, want conflict", err)
	}
	if n := s.count(t, `select count(*) from control.account`); n != accounts {
		t.Errorf("refused, they left %d accounts, want %d", n, accounts)
	}
	begun, err := w.Roster.Accept(ines, third.Reveal())
	if err != nil || begun.Actor.Workspace != birch.ID {
		t.Errorf("the account accepts: %+v, %v", begun.Actor, err)
	}
}

// TestAnInvitationIsBoundToItsJourney: another's cannot be put in on the way, and the journey is no sign-in.
func TestAnInvitationIsBoundToItsJourney(t *testing.T) {
	t.Parallel()
	w, s := newInvited(t)
	ten := w.Tenant(t, "Alder")
	mine, theirs := invite(t, w, ten, "ines@example.com"), invite(t, w, ten, "otto@example.com")
	to := func(secret tenant.Secret) oidc.Start {
		return oidc.Start{Provider: "google", Purpose: oidc.Join, Invited: secret}
	}
	ours, other := s.away(t, t.Context(), to(mine)), s.away(t, t.Context(), to(theirs))
	ours.Cookie = other.Cookie
	if _, err := s.Finish(t.Context(), ours); !fault.Is(err, fault.Invalid) {
		t.Errorf("the state of one journey with the cookie of another: %v, want invalid", err)
	}
	if _, err := s.Begin(t.Context(), to("")); !fault.Is(err, fault.Denied) {
		t.Errorf("without an invitation: %v, want denied", err)
	}
	if _, err := s.Begin(ten.Member, to(mine)); !fault.Is(err, fault.Denied) {
		t.Errorf("by who is signed in: %v, want denied", err)
	}
	late := s.away(t, t.Context(), to(mine))
	s.Clock.Advance(oidc.JourneyLife)
	if _, err := s.Finish(t.Context(), late); !fault.Is(err, fault.Invalid) {
		t.Errorf("after ten minutes: %v, want invalid", err)
	}
	if s.sessions(t) != 0 {
		t.Errorf("%d sessions were begun", s.sessions(t))
	}
}

// TestAWorkspacesProviderLetsNobodyJoinAnother: what it says is believed in its own workspace.
func TestAWorkspacesProviderLetsNobodyJoinAnother(t *testing.T) {
	t.Parallel()
	w, s := newInvited(t)
	s.allow(s.server)
	alder, birch := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	id := s.provider(t, w.SignedIn(t, alder.Owner), oidc.Setting{Kind: oidc.Other, Issuer: s.server.URL, Client: s.idp.Client, Secret: tenant.Secret(s.idp.Secret)})
	for _, tt := range []struct {
		ten  *worldtest.Tenant
		most int
		want fault.Kind
	}{{birch, 1, fault.Denied}, {alder, 2, 0}} {
		offers, err := s.Joinable(t.Context(), tt.ten.ID)
		if err != nil || len(offers) != tt.most {
			t.Errorf("%s offers %d providers, %v, want %d", tt.ten.Word, len(offers), err, tt.most)
		}
		invited := invite(t, w, tt.ten, "ines@example.com")
		arrived, err := s.join(t, id.String(), invited)
		check(t, err)
		entry, err := w.Roster.JoinByProvider(t.Context(), invited.Reveal(), arrived.Word)
		if (err == nil) != (tt.want == 0) || err != nil && !fault.Is(err, tt.want) {
			t.Errorf("joining %s: %v, want kind %v", tt.ten.Word, err, tt.want)
		}
		if err == nil && entry.Actor.Workspace != alder.ID {
			t.Errorf("the session is in %s", entry.Actor.Workspace)
		}
	}
}
