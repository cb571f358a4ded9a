package person

import (
	"context"
	"net/http"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Seat is a workspace that one may enter.
type Seat struct {
	ID   string `json:"id" example:"wsp_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Name string `json:"name" doc:"Empty where the workspace asks for more than this session has shown."`
	Role string `json:"role" doc:"owner, admin, member or viewer; empty as the name."`
	Here bool   `json:"here" doc:"This session is in it."`
}

// SeatPath names a workspace of one's own.
type SeatPath struct {
	ID string `path:"id" doc:"The workspace's id." example:"wsp_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

type seat struct {
	operation.Browser
	SeatPath
}

type newWorkspace struct {
	operation.Browser
	Body struct {
		Name    string `json:"name" minLength:"1" maxLength:"120" doc:"What the workspace is called."`
		OwnName string `json:"own_name" minLength:"1" maxLength:"120" doc:"What you are called there."`
	}
}

type acceptance struct {
	operation.Browser
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"200" writeOnly:"true" doc:"The end of the invitation's link, after /join/."`
	}
}

type leaving struct {
	Body struct {
		Confirm string `json:"confirm" maxLength:"20" doc:"The word leave, so that no slip does it."`
	}
}

func (p *People) workspaces() {
	operation.Add(p.set, operation.Operation{ID: "list-workspaces", Method: http.MethodGet, Path: "/workspaces", Noun: Noun,
		Summary: "List your workspaces", Says: "Those that your account may enter, in the order in which you joined them."}, p.listWorkspaces)
	operation.Add(p.set, operation.Operation{ID: "create-workspace", Method: http.MethodPost, Path: "/workspaces", Noun: Noun, Alone: true, Status: http.StatusCreated, Also: []int{409},
		Summary: "Make a workspace", Says: "You are its owner, and your session is in it from then on, with a new cookie.",
		Example: map[string]any{"name": "Bridge Works", "own_name": "Ada Byron"}}, p.found)
	operation.Add(p.set, operation.Operation{ID: "enter-workspace", Method: http.MethodPost, Path: "/workspaces/{id}/enter", Noun: Noun, Alone: true, Also: []int{409},
		Summary: "Enter another workspace", Says: "Takes your session to another workspace of yours, with a new cookie."}, p.enter)
	operation.Add(p.set, operation.Operation{ID: "accept-invitation", Method: http.MethodPost, Path: "/workspaces/accept", Noun: Noun, Alone: true, Also: []int{404, 409, 410},
		Summary: "Accept an invitation", Says: "Seats you in the workspace that invited your address, and takes your session there, with a new cookie.",
		Example: map[string]any{"token": "the end of the link"}}, p.accept)
	operation.Add(p.set, operation.Operation{ID: "leave-workspace", Method: http.MethodPost, Path: "/workspace/leave", Noun: Noun, Verb: gate.LeaveWorkspace, Status: http.StatusNoContent, Also: []int{409},
		Summary: "Leave the workspace", Says: "Your sessions, keys and programs in it end at once, and only an invitation brings you back. The last owner stays. It wants a confirmation.",
		Example: map[string]any{"confirm": "leave"}}, p.leave)
}

func (p *People) listWorkspaces(ctx context.Context, in *operation.Paging) (*operation.Page[Seat], error) {
	seats, err := p.Roster.Seats(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Seat
	for _, s := range seats {
		shown = append(shown, Seat{ID: s.Workspace.String(), Name: s.Name, Role: string(s.Role), Here: s.Here})
	}
	return operation.Cut(in, shown), nil
}

func (p *People) found(ctx context.Context, in *newWorkspace) (*operation.Reply[RenewedSession], error) {
	begun, err := p.Roster.Found(ctx, in.Body.Name, in.Body.OwnName)
	return p.moved(in.Browser, begun, err)
}

func (p *People) enter(ctx context.Context, in *seat) (*operation.Reply[RenewedSession], error) {
	to, err := tenant.ParseID[tenant.WorkspaceID](in.ID)
	if err != nil {
		return nil, err
	}
	begun, err := p.Identity.Switch(ctx, to)
	return p.moved(in.Browser, begun, err)
}

func (p *People) accept(ctx context.Context, in *acceptance) (*operation.Reply[RenewedSession], error) {
	begun, err := p.Roster.Accept(ctx, in.Body.Token)
	return p.moved(in.Browser, begun, err)
}

// leave decides first whether the person may, so that a missing word tells nobody else anything.
func (p *People) leave(ctx context.Context, in *leaving) (*operation.Done, error) {
	if err := p.Roster.MayLeave(ctx); err != nil {
		return nil, err
	}
	if in.Body.Confirm != "leave" {
		return nil, operation.Invalid("/confirm", "Write the word leave.")
	}
	return &operation.Done{}, p.Roster.Leave(ctx)
}
