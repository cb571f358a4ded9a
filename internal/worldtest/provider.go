package worldtest

import (
	"testing"

	"mainstay/internal/identity/oidc"
	"mainstay/internal/tenant"
)

// provide gives a workspace one identity provider and one domain, new ones for each case. Its private cases have none: providers
// are for the whole workspace.
func (ten *Tenant) provide(t testing.TB, c *Case, private bool) {
	t.Helper()
	w := ten.world
	c.Provider, c.Domain = tenant.NewID[oidc.ID](w.Source), tenant.NewID[oidc.DomainID](w.Source)
	if private {
		return
	}
	for _, table := range []string{"sign_in_provider", "domain"} {
		_, err := w.Admin.Exec(t.Context(), `delete from tenant.`+table+` where workspace_id = $1`, ten.ID)
		check(t, err)
	}
	owner := w.SignedIn(t, ten.Owner)
	var err error
	c.Provider, err = w.Providers.Add(owner, oidc.Google)
	check(t, err)
	check(t, w.Providers.Save(owner, oidc.Setting{ID: c.Provider, Client: "client-of-" + ten.Word, Secret: tenant.Secret("secret-of-" + ten.Word), Version: 1}))
	c.Domain, err = w.Providers.Claim(owner, ten.Word+".example")
	check(t, err)
}
