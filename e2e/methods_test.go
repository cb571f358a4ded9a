package e2e

import (
	"context"
	"maps"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/post"
	"mainstay/internal/queue"
	"mainstay/internal/worldtest"
)

// refusal is how a call ends for who may not. What is one person's alone does not exist for the other members, even where only a
// job may call.
func (m method) refusal(who string) fault.Kind {
	if m.alone && m.job != "" && who != "the owner" && strings.HasPrefix(who, "the ") {
		return fault.Missing
	}
	return fault.Denied
}

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
		"post.Preview":     {none: "it fills in a template and reads nothing"},
		"post.Reaches":     {none: "it looks at the end of an address"},
		"post.Works":       {none: "it says whether a server is set"},
		"post.Reach":       {none: "it sends nothing; the checks of a deployment call it"},
		"post.Run":         {none: "the program itself runs it"},
		"post.Drain":       {none: "the program itself calls it"},
		"post.Account":     {none: "it is part of an act of the instance"},
		"post.Address":     {none: "it is part of an act of the instance"},
		"post.Leaving":     {none: "its token is its right"},
		"post.Unsubscribe": {none: "its token is its right: TestOneClickEndsMails"},
		"post.Tell":        {none: "it is part of an act of the instance"},
		"post.Notify": {job: gate.Notifier, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return struct{}{}, w.Post.Notify(ctx, queue.Step{ID: c.Done, Input: c.Minutes, Run: 1, Attempt: 1}, post.Ready)
		}},
		"post.Mail": {job: gate.Notifier, alone: true, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return struct{}{}, w.Post.Mail(ctx, queue.Step{ID: c.Done, Input: c.Notice, Run: 1, Attempt: 1})
		}},
		"post.List": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.List(ctx)
		}},
		"post.Look": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.Look(ctx)
		}},
		"post.Unread": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.Unread(ctx)
		}},
		"post.Watch": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			_, end, err := w.Post.Watch(ctx)
			if err == nil {
				end()
			}
			return struct{}{}, err
		}},
		"post.Read": {least: gate.Viewer, alone: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Post.Read(ctx, c.Notice)
		}},
		"post.ReadAll": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return struct{}{}, w.Post.ReadAll(ctx)
		}},
		"post.Choices": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.Choices(ctx)
		}},
		"post.Choose": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return struct{}{}, w.Post.Choose(ctx, post.Choice{Kind: post.Ready, App: true})
		}},
		"post.Content": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.Content(ctx)
		}},
		"post.SetContent": {own: true, least: gate.Owner, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return struct{}{}, w.Post.SetContent(ctx, post.Nothing)
		}},
		"post.Test": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.Test(ctx)
		}},
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
		"oidc.Joinable":  {none: "its caller has seen an invitation: TestAWorkspacesProviderLetsNobodyJoinAnother"},
		"oidc.Linkable":  {none: "TestWhatASignInPageOffers"},
		"oidc.Callback":  {none: "it writes an address"},
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
			return w.Providers.Claim(ctx, "example.com")
		}},
	}
}

// programMethods are what the JSON API asks beside what pages do.
func programMethods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	return map[string]method{
		"idempotency.Run":     {none: "the program itself runs it"},
		"idempotency.Collect": {none: "the program itself calls it, and it acts in each workspace as that one's collector"},
		"idempotency.Begin":   {none: "TestAnAnswerIsItsAskersAlone"},
		"speech.Versions": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Speech.Versions(ctx, c.Meeting)
		}},
		"speech.Read": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Speech.Read(ctx, c.Meeting, c.Transcript)
		}},
		"speech.Editable": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Speech.Editable(ctx)
		}},
		"progress.Read": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Progress.Read(ctx, c.Done)
		}},
	}
}
