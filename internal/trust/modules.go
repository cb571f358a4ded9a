package trust

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"
)

// authenticating are the modules by which people and programs show who they are. None of it is written here anew.
func authenticating() []string {
	return []string{"github.com/coreos/go-oidc/v3", "github.com/go-jose/go-jose/v4", "github.com/go-webauthn/webauthn", "github.com/pquerna/otp",
		"golang.org/x/crypto", "golang.org/x/oauth2"}
}

// modulesKept looks into the running program for the modules that authenticate: each is there as it was published, with the
// checksum that go.sum names, and none was replaced. The release's bill of materials lists them with their dates.
func modulesKept(_ context.Context, p *proof) (finding, error) {
	if p.Built == nil {
		return notApplicable("the program does not know what it was built from")
	}
	info, known := p.Built()
	if !known || len(info.Deps) == 0 {
		return notApplicable("the program was built without the list of its modules")
	}
	var named []string
	for _, path := range authenticating() {
		i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == path })
		if i < 0 {
			return fail("%s is not in the program: something else does its work", path)
		}
		m := info.Deps[i]
		if m.Replace != nil {
			return fail("%s %s was replaced by %s", path, m.Version, m.Replace.Path)
		}
		if m.Sum == "" {
			return fail("%s %s has no checksum", path, m.Version)
		}
		named = append(named, path+" "+m.Version)
	}
	return pass("%d of %d modules authenticate, each as it was published: %s", len(named), len(info.Deps), strings.Join(named, ", "))
}
