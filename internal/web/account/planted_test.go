package account_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/oidc/oidctest"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// newProvided is newOwned with a provider of the deployment's, at which Ada's account is the owner's here.
func newProvided(t *testing.T) *owned {
	t.Helper()
	o := newOwned(t)
	idp, err := oidctest.New("", o.Source.Now)
	o.check(err)
	server := httptest.NewServer(idp)
	t.Cleanup(server.Close)
	idp.Issuer = server.URL
	o.Providers, err = oidc.New(oidc.Config{Gate: o.Gate, Vault: o.Vault, Egress: o.Egress, Identity: o.Identity, Source: o.Source, Base: "http://localhost",
		GoogleIssuer: idp.Issuer,
		Everybody:    []oidc.Provider{{Kind: oidc.Google, Issuer: idp.Issuer, Client: idp.Client, Secret: tenant.Secret(idp.Secret)}}})
	o.check(err)
	o.pages = o.Pages(t)
	o.signIn("ada@example.com", secret)
	o.journey("/account/links/google")
	o.jar = map[string]string{}
	return o
}

// journey goes to the provider and back as the visitor's browser does, and returns the last answer.
func (o *owned) journey(from string) *httptest.ResponseRecorder {
	o.Helper()
	gone := o.ask(http.MethodGet, from, nil)
	if gone.Code != http.StatusSeeOther {
		o.Fatalf("GET %s: %d", from, gone.Code)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(o.Context(), http.MethodGet, gone.Header().Get("Location"), nil)
	o.check(err)
	there, err := client.Do(r)
	o.check(err)
	o.check(there.Body.Close())
	back, err := url.Parse(there.Header.Get("Location"))
	o.check(err)
	return o.ask(http.MethodGet, back.RequestURI(), nil, "Sec-Fetch-Site", "cross-site")
}

// A cookie that was there before a way through a provider is worth nothing after it, whoever's session it was.
func TestAPlantedSessionIsWorthNothingAfterAProvider(t *testing.T) {
	t.Parallel()
	o := newProvided(t)
	stranger, _ := o.Session(t, o.Tenant(t, "Quartz").Person(t, gate.Member))
	for what, planted := range map[string]string{"that nobody made": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "of a stranger's own session": stranger} {
		o.jar = map[string]string{"mainstay": planted}
		got := o.journey("/sign-in/with/google")
		mine := o.jar["mainstay"]
		if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/" || mine == planted || mine == "" {
			t.Fatalf("over a cookie %s: %d to %q, the cookie kept %t", what, got.Code, got.Header().Get("Location"), mine == planted)
		}
		if actor, err := o.Identity.Resolve(t.Context(), mine); err != nil || actor.Account != o.begun.Actor.Account {
			t.Errorf("over a cookie %s somebody else is in: %v", what, err)
		}
		if actor, err := o.Identity.Resolve(t.Context(), planted); err == nil && actor.Account == o.begun.Actor.Account {
			t.Errorf("a cookie %s lets in to the account that signed in over it", what)
		}
	}
}

// A cookie from before another workspace is worth nothing in it.
func TestASessionFromBeforeASwitchIsWorthNothing(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	ten := o.Tenant(t, "Quartz")
	_, err := o.Admin.Exec(t.Context(), `insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, $4)`,
		o.begun.Actor.Account, ten.ID, seatedAs(t, o.World, ten, o.begun.Actor.Account), o.Clock.Now())
	o.check(err)
	o.signIn("ada@example.com", secret)
	before := o.jar["mainstay"]
	actor, err := o.Identity.Resolve(t.Context(), before)
	o.check(err)
	begun, err := o.Identity.Switch(tenant.WithActor(t.Context(), actor), ten.ID)
	o.check(err)
	if _, err := o.Identity.Resolve(t.Context(), before); err == nil || begun.Token.Reveal() == before {
		t.Error("the cookie from before lets in")
	}
}

// seatedAs makes a member of a workspace whose account is given.
func seatedAs(t *testing.T, w *worldtest.World, ten *worldtest.Tenant, account tenant.AccountID) tenant.MemberID {
	t.Helper()
	a, err := tenant.ActorOf(ten.Person(t, gate.Member))
	if err == nil {
		_, err = w.Admin.Exec(t.Context(), `update tenant.member set account_id = $2 where id = $1`, a.Member, account)
	}
	if err == nil {
		_, err = w.Admin.Exec(t.Context(), `delete from control.seat where member_id = $1`, a.Member)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a.Member
}
