package administration

import (
	"context"
	"net/http"
	"slices"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/tenant"
)

// Domain is a domain that the workspace claims.
type Domain struct {
	ID        string     `json:"id" example:"dom_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Name      string     `json:"name"`
	Record    string     `json:"record" doc:"The name at which its owner publishes the text, as a TXT record."`
	Text      string     `json:"text" doc:"What they publish there."`
	Proven    bool       `json:"proven" doc:"The text was there, and not too long ago."`
	CheckedAt *time.Time `json:"checked_at" doc:"Null: never."`
	ProvenAt  *time.Time `json:"proven_at" doc:"Null: never."`
}

// DomainPath names a domain.
type DomainPath struct {
	ID string `path:"id" doc:"The domain's id." example:"dom_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

type newDomain struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"253" doc:"The part after the @."`
	}
}

func (d *Desk) domains() {
	const at = "/settings/domains"
	operation.Add(d.set, operation.Operation{ID: "list-domains", Method: http.MethodGet, Path: at, Noun: Settings, Verb: gate.ReadProviders,
		Summary: "List domains", Says: "Those that the workspace claims. People are linked by their addresses in one that is proven."}, d.listDomains)
	operation.Add(d.set, operation.Operation{ID: "claim-domain", Method: http.MethodPost, Path: at, Noun: Settings, Verb: gate.ClaimDomain, Status: http.StatusCreated,
		Summary: "Claim a domain", Says: "It proves nothing yet: publish the text that is answered, then have it looked up.", Example: map[string]any{"name": "example.com"}}, d.claimDomain)
	operation.Add(d.set, operation.Operation{ID: "check-domain", Method: http.MethodPost, Path: at + "/{id}/check", Noun: Settings, Verb: gate.ChangeDomain,
		Summary: "Look a domain's text up", Says: "Proves the domain where its text is there. A proof ends whose text is there no longer."}, d.checkDomain)
	operation.Add(d.set, operation.Operation{ID: "remove-domain", Method: http.MethodDelete, Path: at + "/{id}", Noun: Settings, Verb: gate.ChangeDomain, Status: http.StatusNoContent,
		Summary: "Remove a domain", Says: "Links that were made by it stay."}, d.removeDomain)
}

func (d *Desk) listDomains(ctx context.Context, in *operation.Paging) (*operation.Page[Domain], error) {
	all, err := d.OIDC.Domains(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Domain
	for _, one := range all {
		shown = append(shown, shownDomain(one))
	}
	return operation.Cut(in, shown), nil
}

func (d *Desk) claimDomain(ctx context.Context, in *newDomain) (*operation.Created[Domain], error) {
	id, err := d.OIDC.Claim(ctx, in.Body.Name)
	if err != nil {
		return nil, err
	}
	made, err := d.domain(ctx, id)
	return &operation.Created[Domain]{Location: operation.Base + "/settings/domains/" + made.ID, Body: made}, err
}

// domain returns one of the domains of the workspace.
func (d *Desk) domain(ctx context.Context, id oidc.DomainID) (Domain, error) {
	all, err := d.OIDC.Domains(ctx)
	if err != nil {
		return Domain{}, err
	}
	i := slices.IndexFunc(all, func(one oidc.Domain) bool { return one.ID == id })
	if i < 0 {
		return Domain{}, fault.New(fault.Ended, "This domain was removed meanwhile.")
	}
	return shownDomain(all[i]), nil
}

func (d *Desk) checkDomain(ctx context.Context, in *DomainPath) (*operation.Reply[Domain], error) {
	id, err := tenant.ParseID[oidc.DomainID](in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := d.OIDC.Prove(ctx, id); err != nil {
		return nil, err
	}
	now, err := d.domain(ctx, id)
	return operation.Answer(now), err
}

func (d *Desk) removeDomain(ctx context.Context, in *DomainPath) (*operation.Done, error) {
	id, err := tenant.ParseID[oidc.DomainID](in.ID)
	if err != nil {
		return nil, err
	}
	return &operation.Done{}, d.OIDC.Disclaim(ctx, id)
}

func shownDomain(d oidc.Domain) Domain {
	return Domain{ID: d.ID.String(), Name: d.Name, Record: d.Record, Text: d.Text, Proven: d.Holds, CheckedAt: operation.UTC(d.CheckedAt), ProvenAt: operation.UTC(d.ProvenAt)}
}
