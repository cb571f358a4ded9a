package api

import (
	"context"
	"net/http"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Me is who asks.
type Me struct {
	MemberID    string `json:"member_id"`
	Name        string `json:"name"`
	Email       string `json:"email"`
	Role        string `json:"role" enum:"owner,admin,member,viewer"`
	WorkspaceID string `json:"workspace_id"`
	Workspace   string `json:"workspace" doc:"The workspace's name."`
}

// Workspace is where one is.
type Workspace struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (a *API) me() {
	operation.Add(a.Set, operation.Operation{ID: "read-me", Method: http.MethodGet, Path: "/me", Noun: "Me", Verb: gate.ReadWorkspace,
		Summary: "Who am I", Says: "The member that the credential stands for, and their role."}, a.readMe)
	operation.Add(a.Set, operation.Operation{ID: "read-workspace", Method: http.MethodGet, Path: "/workspace", Noun: "Me", Verb: gate.ReadWorkspace,
		Summary: "The workspace", Says: "The workspace that the credential belongs to. No request can name another."}, a.readWorkspace)
}

func (a *API) readMe(ctx context.Context, _ *none) (*reply[Me], error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	me, err := a.Identity.Me(ctx)
	if err != nil {
		return nil, err
	}
	return answer(Me{MemberID: actor.Member.String(), Name: me.Name, Email: me.Email, Role: string(me.Role),
		WorkspaceID: actor.Workspace.String(), Workspace: me.Workspace}), nil
}

func (a *API) readWorkspace(ctx context.Context, _ *none) (*reply[Workspace], error) {
	shown, _, err := a.workspace(ctx)
	if err != nil {
		return nil, err
	}
	return answer(shown), nil
}
