package e2e

import (
	"context"
	"maps"

	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/worldtest"
)

// merged puts tables of cases together.
func merged(tables ...map[string]method) map[string]method {
	all := map[string]method{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

func postMethods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	return map[string]method{
		"post.Works":   {none: "it says whether a server is set"},
		"post.Reach":   {none: "it sends nothing; the checks of a deployment call it"},
		"post.Run":     {none: "the program itself runs it"},
		"post.Drain":   {none: "the program itself calls it"},
		"post.Account": {none: "it is part of an act of the instance"},
		"post.Address": {none: "it is part of an act of the instance"},
		"post.Counts": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.Counts(ctx)
		}},
	}
}

func oidcMethods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	return map[string]method{
		"egress.Errand":  {none: "it makes a client for questions without content: TestErrandsGoWhereTheyMay"},
		"egress.Askable": {none: "it looks at an address and at nothing else"},
		"oidc.Offers":    {none: "anybody may know it: TestWhatASignInPageOffers"},
		"oidc.Linkable":  {none: "TestWhatASignInPageOffers"},
		"oidc.Begin":     {none: "anybody may begin to sign in; for the rest TestAWorkspacesProvider, TestTheLastWayInStays"},
		"oidc.Finish":    {none: "its state, its cookie and its code are its right"},
		"oidc.Links":     {none: "it is about the actor's own account: TestTheLastWayInStays"},
		"oidc.Unlink":    {none: "it is about the actor's own account: TestTheLastWayInStays"},
		"oidc.Enable":    {none: "TestAWorkspacesProvider"},
		"oidc.Remove":    {none: "TestAWorkspacesProvider"},
		"oidc.Prove":     {none: "TestADomainIsProven"},
		"oidc.Disclaim":  {none: "TestADomainIsProven"},
		"oidc.Settings": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Providers.Settings(ctx)
		}},
		"oidc.Domains": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Providers.Domains(ctx)
		}},
		"oidc.Add": {own: true, least: gate.Owner, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Providers.Add(ctx, oidc.Google)
		}},
		"oidc.Save":    {none: "TestAWorkspacesProvider"},
		"oidc.Setting": {none: "TestAWorkspacesProvider"},
		"oidc.Claim": {own: true, least: gate.Owner, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return struct{}{}, w.Providers.Claim(ctx, "example.com")
		}},
	}
}
