package trust_test

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"mainstay/internal/trust"
	"mainstay/internal/worldtest"
)

// builtFrom gives the deployment a program of these modules, changed.
func builtFrom(change func([]*debug.Module) []*debug.Module) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Built = func() (*debug.BuildInfo, bool) {
			var deps []*debug.Module
			for _, path := range []string{"github.com/coreos/go-oidc/v3", "github.com/go-jose/go-jose/v4", "github.com/go-webauthn/webauthn", "github.com/pquerna/otp", "golang.org/x/crypto", "golang.org/x/oauth2", "golang.org/x/text"} {
				deps = append(deps, &debug.Module{Path: path, Version: "v1.2.3", Sum: "h1:sum"})
			}
			return &debug.BuildInfo{Deps: change(deps)}, true
		}
	}
}

func TestModulesThatAreNotAsPublishedAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P022", builtFrom(func(all []*debug.Module) []*debug.Module { return all[1:] }))
	red(t, "P022", builtFrom(func(all []*debug.Module) []*debug.Module { all[4].Sum = ""; return all }))
	red(t, "P022", builtFrom(func(all []*debug.Module) []*debug.Module {
		all[0].Replace = &debug.Module{Path: "../oidc"}
		return all
	}))
	w, d := deploy(t)
	if r := prove(t, d, "P022"); r.State != trust.NotApplicable {
		t.Errorf("of an unknown program P022 is %s: %s", r.State, r.Found)
	}
	builtFrom(slices.Clone)(t, w, d)
	if r := prove(t, d, "P022"); r.State != trust.Pass || !strings.Contains(r.Found, "go-oidc/v3 v1.2.3") {
		t.Errorf("P022 is %s: %s", r.State, r.Found)
	}
}
