package e2e

import (
	"context"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// rosterMethods are the cases of methods about who belongs to a workspace.
func rosterMethods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	nothing := struct{}{}
	return map[string]method{
		"identity.Register": {none: "the roster calls it, for who holds an invitation"},
		"identity.Switch":   {none: "TestASessionGoesWhereItsAccountSits"},

		"roster.Members": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Roster.Members(ctx)
		}},
		"roster.Member": {least: gate.Admin, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Roster.Member(ctx, c.Person)
		}},
		"roster.ChangeRole": {least: gate.Admin, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.ChangeRole(ctx, c.Person, gate.Viewer)
		}},
		"roster.UndoRole": {least: gate.Admin, ends: fault.Ended, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.UndoRole(ctx, c.Person)
		}},
		"roster.UndoRemoval": {least: gate.Admin, ends: fault.Ended, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.UndoRemoval(ctx, c.Person)
		}},
		"roster.Removed": {least: gate.Admin, ends: fault.Ended, call: func(ctx context.Context, w *w, c c) (any, error) {
			m, err := w.Roster.Removed(ctx, c.Person)
			return m, err
		}},
		"roster.Undoable": {least: gate.Admin, ends: fault.Ended, call: func(ctx context.Context, w *w, c c) (any, error) {
			_, role, err := w.Roster.Undoable(ctx, c.Person)
			return role, err
		}},
		"roster.Disable": {least: gate.Admin, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.Disable(ctx, c.Person)
		}},
		"roster.Enable": {least: gate.Admin, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.Enable(ctx, c.Person)
		}},
		"roster.Remove": {least: gate.Admin, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.Remove(ctx, c.Person)
		}},
		"roster.Transfer": {least: gate.Owner, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.Transfer(ctx, c.Person) // who is disabled
		}},
		"roster.Successor": {least: gate.Owner, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Roster.Successor(ctx, c.Person)
		}},
		"roster.MayInvite": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Roster.MayInvite(ctx)
		}},
		"roster.Leave": {none: "it is about the actor alone: TestWhoLeavesIsOut"},
		"roster.Rename": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return nothing, w.Roster.Rename(ctx, "Somebody Else")
		}},
		"roster.Invitations": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Roster.Invitations(ctx)
		}},
		"roster.Invite": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			email := strings.ReplaceAll(tenant.NewID[tenant.RequestID](w.Source).String(), "_", ".") + "@example.com"
			_, err := w.Roster.Invite(ctx, roster.Guest{Name: "New", Email: email, Role: gate.Viewer})
			return nothing, err
		}},
		"roster.Resend": {least: gate.Admin, call: func(ctx context.Context, w *w, c c) (any, error) {
			_, err := w.Roster.Resend(ctx, c.Invitation)
			return nothing, err
		}},
		"roster.Revoke": {least: gate.Admin, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Roster.Revoke(ctx, c.Invitation)
		}},
		"roster.Offer":          {none: "its link is its right"},
		"roster.Join":           {none: "its link is its right"},
		"roster.AskPasskey":     {none: "its link is its right"},
		"roster.JoinByPasskey":  {none: "its link is its right"},
		"roster.JoinByProvider": {none: "its link is its right: TestAWorkspacesProviderLetsNobodyJoinAnother"},
		"roster.Accept":         {none: "its link is its right, and the address that it names"},
		"roster.Seats":          {none: "it is about the actor's own account: TestASessionGoesWhereItsAccountSits"},
		"roster.Elsewhere":      {none: "it is about the actor's own account"},
		"roster.MayLeave": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return nothing, w.Roster.MayLeave(ctx)
		}},
		"roster.MayFound": {none: "it is about the actor's own account: TestWhoMayFoundAWorkspace"},
		"roster.Found":    {none: "it is about the actor's own account: TestWhoMayFoundAWorkspace"},
		"roster.Settings": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Roster.Settings(ctx)
		}},
		"roster.RenameWorkspace": {own: true, least: gate.Admin, ends: fault.Conflict, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return nothing, w.Roster.RenameWorkspace(ctx, -1, "Other")
		}},
		"roster.SignIn": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Roster.SignIn(ctx)
		}},
		"roster.ChangeSignIn": {own: true, least: gate.Admin, ends: fault.Conflict, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return nothing, w.Roster.ChangeSignIn(ctx, roster.SignIn{Hours: 24, Idle: 60, Passwords: roster.Passwords{Least: 12}, Version: -1})
		}},
		"roster.Reach": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Roster.Reach(ctx)
		}},
	}
}
