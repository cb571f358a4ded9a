package e2e

import (
	"context"

	"mainstay/internal/gate"
	"mainstay/internal/identity/token"
	"mainstay/internal/speech"
	"mainstay/internal/worldtest"
)

// tokenMethods are the cases of keys and of programs that are let in.
func tokenMethods() map[string]method {
	return map[string]method{
		"token.Create": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *worldtest.World, _ worldtest.Case) (any, error) {
			_, err := w.Tokens.Create(ctx, token.Request{Name: "Report", Scopes: []gate.Scope{gate.MeetingsRead}})
			return struct{}{}, err
		}},
		"speech.Listen": {own: true, least: gate.Member, call: func(ctx context.Context, w *worldtest.World, _ worldtest.Case) (any, error) {
			return w.Speech.Listen(ctx, worldtest.Tone(3), speech.Hints{})
		}},
		"token.List": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *worldtest.World, _ worldtest.Case) (any, error) {
			return w.Tokens.List(ctx)
		}},
		"token.End":         {none: "TestNobodyEndsAnothersKey"},
		"token.EndMember":   {none: "who removes a member calls it, after the gate decided"},
		"token.Rehearse":    {none: "the program itself calls it, for its own checks, and undoes it"},
		"token.Resolve":     {none: "its secret is its right"},
		"token.Refresh":     {none: "its token is its right"},
		"token.Revoke":      {none: "its token is its right"},
		"token.BeginDevice": {none: "anybody may ask"},
		"token.Poll":        {none: "its code is its right"},
		"token.Asks":        {none: "its code is its right; the answer names no workspace"},
		"token.Allow":       {none: "its code is its right, and it acts as the actor alone"},
		"token.Deny":        {none: "its code is its right"},
	}
}
