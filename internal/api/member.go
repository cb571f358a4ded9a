package api

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
)

// Member is a person in the workspace.
type Member struct {
	ID         string     `json:"id" example:"mem_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Name       string     `json:"name"`
	Role       string     `json:"role" enum:"owner,admin,member,viewer"`
	Disabled   bool       `json:"disabled"`
	Self       bool       `json:"self" doc:"It is who asks."`
	Email      string     `json:"email" doc:"For owners and admins; else empty."`
	JoinedAt   *time.Time `json:"joined_at" doc:"For owners and admins."`
	LastSeenOn *time.Time `json:"last_seen_on" doc:"The day of the last request, for owners and admins."`
}

// Invitation is an open invitation.
type Invitation struct {
	ID     string    `json:"id" example:"inv_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Name   string    `json:"name"`
	Email  string    `json:"email"`
	Role   string    `json:"role" enum:"owner,admin,member,viewer"`
	By     string    `json:"by" doc:"Who invited."`
	SentAt time.Time `json:"sent_at"`
	EndsAt time.Time `json:"ends_at"`
	Over   bool      `json:"over" doc:"Its time is over. It can be sent again."`
}

// SentInvitation is an invitation that was just made or sent.
type SentInvitation struct {
	Invitation
	Link string `json:"link" doc:"The path to hand over, shown once; empty where it was mailed."`
}

// NewInvitation is who is invited, and to what.
type NewInvitation struct {
	Name  string `json:"name" minLength:"1" maxLength:"120"`
	Email string `json:"email" minLength:"3" maxLength:"254"`
	Role  string `json:"role" enum:"owner,admin,member,viewer"`
	Days  int    `json:"days,omitempty" minimum:"1" maximum:"30" doc:"How long the link is good; absent: 7."`
}

// MemberPath names a member.
type MemberPath struct {
	ID string `path:"id" doc:"The member's id." example:"mem_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

// InvitationPath names an invitation.
type InvitationPath struct {
	ID string `path:"id" doc:"The invitation's id." example:"inv_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

type newRole struct {
	MemberPath
	Body struct {
		Role string `json:"role" enum:"owner,admin,member,viewer"`
	}
}

type newInvitation struct{ Body NewInvitation }

type newName struct {
	operation.Match
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"120"`
	}
}

func (a *API) members() {
	add, noun := a.Set, "Members"
	operation.Add(add, operation.Operation{ID: "list-members", Method: http.MethodGet, Path: "/members", Noun: noun, Verb: gate.ReadMembers,
		Summary: "List members", Says: "Who is in the workspace, by name."}, a.listMembers)
	operation.Add(add, operation.Operation{ID: "change-role", Method: http.MethodPut, Path: "/members/{id}/role", Noun: noun, Verb: gate.ChangeRole, Status: http.StatusNoContent,
		Also: []int{409}, Summary: "Change a role", Says: "Of an owner, or to owner, as an owner only. The last owner stays one.", Example: map[string]any{"role": "admin"}}, a.changeRole)
	operation.Add(add, operation.Operation{ID: "undo-role", Method: http.MethodPost, Path: "/members/{id}/role/undo", Noun: noun, Verb: gate.ChangeRole, Status: http.StatusNoContent,
		Summary: "Take a change of role back", Says: "Your own change of this member's role, for a short while. It fails with 410 after that, or where somebody changed it since."}, a.steer(a.Roster.UndoRole))
	operation.Add(add, operation.Operation{ID: "disable-member", Method: http.MethodPost, Path: "/members/{id}/disable", Noun: noun, Verb: gate.DisableMember, Status: http.StatusNoContent,
		Summary: "Disable a member", Says: "Ends their sessions, keys and programs within a second. What they made stays."}, a.steer(a.Roster.Disable))
	operation.Add(add, operation.Operation{ID: "enable-member", Method: http.MethodPost, Path: "/members/{id}/enable", Noun: noun, Verb: gate.DisableMember, Status: http.StatusNoContent,
		Summary: "Enable a member", Says: "Lets a disabled member in again."}, a.steer(a.Roster.Enable))
	operation.Add(add, operation.Operation{ID: "remove-member", Method: http.MethodDelete, Path: "/members/{id}", Noun: noun, Verb: gate.RemoveMember, Status: http.StatusNoContent,
		Also: []int{409}, Summary: "Remove a member", Says: "Ends their sessions, keys and programs within a second. What they made stays."}, a.steer(a.Roster.Remove))
	operation.Add(add, operation.Operation{ID: "restore-member", Method: http.MethodPost, Path: "/members/{id}/restore", Noun: noun, Verb: gate.RemoveMember, Status: http.StatusNoContent,
		Summary: "Take a removal back", Says: "Your own removal of this member, for a short while; their sessions, keys and programs stay ended. It fails with 410 after that, or where they came back since."}, a.steer(a.Roster.UndoRemoval))
	operation.Add(add, operation.Operation{ID: "transfer-ownership", Method: http.MethodPost, Path: "/members/{id}/transfer", Noun: noun, Verb: gate.TransferWorkspace, Status: http.StatusNoContent,
		Summary: "Hand ownership over", Says: "Makes the member an owner, and you an admin."}, a.steer(a.Roster.Transfer))
	operation.Add(add, operation.Operation{ID: "list-invitations", Method: http.MethodGet, Path: "/invitations", Noun: noun, Verb: gate.ListInvitations,
		Summary: "List invitations", Says: "The open ones, the newest first."}, a.listInvitations)
	operation.Add(add, operation.Operation{ID: "invite", Method: http.MethodPost, Path: "/invitations", Noun: noun, Verb: gate.Invite, Status: http.StatusCreated, Alone: true,
		Also: []int{409}, Summary: "Invite somebody", Says: "With at most your own role; a key invites members and viewers only. The link is mailed or, without a mail server, answered once.",
		Example: map[string]any{"name": "Ada Byron", "email": "ada@example.com", "role": "member"}}, a.invite)
	operation.Add(add, operation.Operation{ID: "send-invitation", Method: http.MethodPost, Path: "/invitations/{id}/send", Noun: noun, Verb: gate.SendInvitation, Alone: true, Also: []int{409},
		Summary: "Send an invitation again", Says: "The link before it ends."}, a.sendInvitation)
	operation.Add(add, operation.Operation{ID: "revoke-invitation", Method: http.MethodDelete, Path: "/invitations/{id}", Noun: noun, Verb: gate.RevokeInvitation, Status: http.StatusNoContent, Also: []int{409},
		Summary: "Revoke an invitation", Says: "Its link ends at once."}, a.revokeInvitation)
	operation.Add(add, operation.Operation{ID: "rename-workspace", Method: http.MethodPatch, Path: "/workspace", Noun: "Me", Verb: gate.ChangeWorkspace, IfMatch: true,
		Summary: "Rename the workspace", Says: "Changes what the workspace is called.", Example: map[string]any{"name": "Bridge Works"}}, a.renameWorkspace)
}

func (a *API) listMembers(ctx context.Context, in *operation.Paging) (*operation.Page[Member], error) {
	all, err := a.Roster.Members(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Member
	for _, m := range all {
		shown = append(shown, Member{ID: m.ID.String(), Name: m.Name, Role: string(m.Role), Disabled: m.Disabled, Self: m.Self, Email: m.Email,
			JoinedAt: operation.Known(m.Joined), LastSeenOn: operation.Known(m.LastSeen)})
	}
	return operation.Cut(in, shown), nil
}

func (a *API) changeRole(ctx context.Context, in *newRole) (*done, error) {
	id, err := tenant.ParseID[tenant.MemberID](in.ID)
	if err != nil {
		return nil, err
	}
	return &done{}, a.Roster.ChangeRole(ctx, id, gate.Role(in.Body.Role))
}

// steer does an act about a member that needs no more than their id.
func (a *API) steer(act func(context.Context, tenant.MemberID) error) func(context.Context, *MemberPath) (*done, error) {
	return func(ctx context.Context, in *MemberPath) (*done, error) {
		id, err := tenant.ParseID[tenant.MemberID](in.ID)
		if err != nil {
			return nil, err
		}
		return &done{}, act(ctx, id)
	}
}

func (a *API) listInvitations(ctx context.Context, in *operation.Paging) (*operation.Page[Invitation], error) {
	all, err := a.Roster.Invitations(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Invitation
	for _, i := range all {
		shown = append(shown, shownInvitation(i))
	}
	return operation.Cut(in, shown), nil
}

func (a *API) invite(ctx context.Context, in *newInvitation) (*created[SentInvitation], error) {
	sent, err := a.Roster.Invite(ctx, roster.Guest{Name: in.Body.Name, Email: in.Body.Email, Role: gate.Role(in.Body.Role), Days: in.Body.Days})
	if err != nil {
		return nil, err
	}
	return &created[SentInvitation]{Location: operation.Base + "/invitations/" + sent.ID.String(), Body: shownSent(sent)}, nil
}

func (a *API) sendInvitation(ctx context.Context, in *InvitationPath) (*reply[SentInvitation], error) {
	id, err := tenant.ParseID[roster.InvitationID](in.ID)
	if err != nil {
		return nil, err
	}
	sent, err := a.Roster.Resend(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(shownSent(sent)), nil
}

func (a *API) revokeInvitation(ctx context.Context, in *InvitationPath) (*done, error) {
	id, err := tenant.ParseID[roster.InvitationID](in.ID)
	if err != nil {
		return nil, err
	}
	return &done{}, a.Roster.Revoke(ctx, id)
}

func (a *API) renameWorkspace(ctx context.Context, in *newName) (*reply[Workspace], error) {
	shown, version, err := a.workspace(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Of(shown); err != nil {
		return nil, err
	}
	if err := a.Roster.RenameWorkspace(ctx, version, in.Body.Name); err != nil {
		return nil, operation.Stale(err)
	}
	shown, _, err = a.workspace(ctx)
	return answer(shown), err
}

// workspace is the actor's workspace and the version of its settings.
func (a *API) workspace(ctx context.Context) (Workspace, int, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Workspace{}, 0, err
	}
	set, err := a.Roster.Settings(ctx)
	return Workspace{ID: actor.Workspace.String(), Name: set.Name}, set.Version, err
}

func shownInvitation(i roster.Invitation) Invitation {
	return Invitation{ID: i.ID.String(), Name: i.Name, Email: i.Email, Role: string(i.Role), By: i.By, SentAt: i.SentAt.UTC(), EndsAt: i.EndsAt.UTC(), Over: i.Over}
}

func shownSent(s roster.Sent) SentInvitation {
	return SentInvitation{Invitation: shownInvitation(s.Invitation), Link: s.Link.Reveal()}
}
