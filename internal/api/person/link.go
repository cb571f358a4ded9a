package person

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/tenant"
)

// Link is an account at an identity provider by which one signs in.
type Link struct {
	ID       string    `json:"id" example:"lnk_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Kind     string    `json:"kind" enum:"google,microsoft,oidc"`
	Host     string    `json:"host" doc:"Where the provider is."`
	Email    string    `json:"email" doc:"As the provider has it."`
	LinkedAt time.Time `json:"linked_at"`
	UsedAt   time.Time `json:"used_at"`
}

// LinkPath names a link.
type LinkPath struct {
	ID string `path:"id" doc:"The link's id." example:"lnk_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (p *People) links() {
	operation.Add(p.set, operation.Operation{ID: "list-links", Method: http.MethodGet, Path: "/account/links", Noun: Noun,
		Summary: "List linked sign-ins", Says: "The accounts at identity providers by which you sign in. A new one is linked on the page of your account, because the way leads through the provider's own."}, p.listLinks)
	operation.Add(p.set, operation.Operation{ID: "remove-link", Method: http.MethodDelete, Path: "/account/links/{id}", Noun: Noun, Status: http.StatusNoContent, Also: []int{409},
		Summary: "Remove a linked sign-in", Says: "Your other sessions end. The only way in stays. It wants a confirmation."}, p.removeLink)
}

func (p *People) listLinks(ctx context.Context, in *operation.Paging) (*operation.Page[Link], error) {
	all, err := p.OIDC.Links(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Link
	for _, l := range all {
		shown = append(shown, Link{ID: l.ID.String(), Kind: string(l.Kind), Host: l.Host, Email: l.Email, LinkedAt: l.LinkedAt.UTC(), UsedAt: l.UsedAt.UTC()})
	}
	return operation.Cut(in, shown), nil
}

func (p *People) removeLink(ctx context.Context, in *LinkPath) (*operation.Done, error) {
	id, err := tenant.ParseID[oidc.LinkID](in.ID)
	if err != nil {
		return nil, err
	}
	return &operation.Done{}, p.OIDC.Unlink(ctx, id)
}
