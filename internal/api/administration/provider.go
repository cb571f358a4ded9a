package administration

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/tenant"
)

// ListedProvider is an identity provider as administrators see it.
type ListedProvider struct {
	ID      string `json:"id" example:"idp_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Kind    string `json:"kind" enum:"google,microsoft,oidc"`
	Host    string `json:"host" doc:"Where it is; empty where that was not said yet."`
	Whole   bool   `json:"whole" doc:"It has all that it needs."`
	Enabled bool   `json:"enabled"`
}

// Provider is an identity provider as owners see and change it. Its secret is never shown.
type Provider struct {
	ListedProvider
	Issuer      string   `json:"issuer"`
	Client      string   `json:"client" doc:"The client ID that the provider knows us as."`
	Callback    string   `json:"callback" doc:"The address that the provider sends browsers back to."`
	Domains     []string `json:"domains" doc:"Google: the organisations whose people may come. Empty: whoever is linked."`
	Tenants     []string `json:"tenants" doc:"Microsoft: the tenants whose people may come."`
	Classes     []string `json:"classes" doc:"Authentication context classes (acr), of which one must be met."`
	Second      bool     `json:"second_factor" doc:"The provider must say that a second factor was shown."`
	MaxAgeHours int      `json:"max_age_hours" doc:"How long a sign-in there holds; 0: as long as the workspace says."`
	Version     int      `json:"version"`
}

// NewProvider replaces what was said of a provider as a whole; only an absent secret stays, for the same issuer and client.
type NewProvider struct {
	Issuer      string   `json:"issuer,omitempty" maxLength:"300" doc:"Of kind oidc; else it is known."`
	Client      string   `json:"client" minLength:"1" maxLength:"300"`
	Secret      string   `json:"secret,omitempty" maxLength:"1000" writeOnly:"true" doc:"Sealed, and never shown again."`
	Domains     []string `json:"domains,omitempty" maxItems:"50"`
	Tenants     []string `json:"tenants,omitempty" maxItems:"50"`
	Classes     []string `json:"classes,omitempty" maxItems:"50"`
	Second      bool     `json:"second_factor,omitempty"`
	MaxAgeHours int      `json:"max_age_hours,omitempty" minimum:"0" maximum:"720"`
}

// ProviderPath names a provider.
type ProviderPath struct {
	ID string `path:"id" doc:"The provider's id." example:"idp_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (in ProviderPath) id() (oidc.ID, error) { return tenant.ParseID[oidc.ID](in.ID) }

type providerKind struct {
	Body struct {
		Kind string `json:"kind" enum:"google,microsoft,oidc"`
	}
}

type changedProvider struct {
	ProviderPath
	operation.Match
	Body NewProvider
}

func (d *Desk) providers() {
	const at = "/settings/providers"
	operation.Add(d.set, operation.Operation{ID: "list-providers", Method: http.MethodGet, Path: at, Noun: Settings, Verb: gate.ReadProviders,
		Summary: "List identity providers", Says: "Through which people of this workspace sign in, beside those of the deployment."}, d.listProviders)
	operation.Add(d.set, operation.Operation{ID: "add-provider", Method: http.MethodPost, Path: at, Noun: Settings, Verb: gate.AddProvider, Status: http.StatusCreated,
		Summary: "Add an identity provider", Says: "It is off and without a client, which you make there for the callback that is answered.", Example: map[string]any{"kind": "google"}}, d.addProvider)
	operation.Add(d.set, operation.Operation{ID: "read-provider", Method: http.MethodGet, Path: at + "/{id}", Noun: Settings, Verb: gate.ChangeProvider,
		Summary: "Read an identity provider", Says: "All of it but its secret."}, d.readProvider)
	operation.Add(d.set, operation.Operation{ID: "change-provider", Method: http.MethodPut, Path: at + "/{id}", Noun: Settings, Verb: gate.ChangeProvider, IfMatch: true,
		Summary: "Change an identity provider", Says: "Replaces what was said of it. Try it on its page before it is turned on: the way leads through the provider's own.",
		Example: map[string]any{"client": "mainstay", "secret": "what the provider gave", "issuer": "https://login.example.com"}}, d.changeProvider)
	operation.Add(d.set, operation.Operation{ID: "enable-provider", Method: http.MethodPost, Path: at + "/{id}/enable", Noun: Settings, Verb: gate.ChangeProvider, Status: http.StatusNoContent,
		Summary: "Turn an identity provider on", Says: "People can sign in through it from then on. It fails with 409 for one that is not finished."}, d.onProvider(d.turn(true)))
	operation.Add(d.set, operation.Operation{ID: "disable-provider", Method: http.MethodPost, Path: at + "/{id}/disable", Noun: Settings, Verb: gate.ChangeProvider, Status: http.StatusNoContent,
		Summary: "Turn an identity provider off", Says: "It lets nobody in, and the sessions that were begun through it end."}, d.onProvider(d.turn(false)))
	operation.Add(d.set, operation.Operation{ID: "remove-provider", Method: http.MethodDelete, Path: at + "/{id}", Noun: Settings, Verb: gate.RemoveProvider, Status: http.StatusNoContent,
		Summary: "Remove an identity provider", Says: "With its secret, its links, and the sessions that were begun through it."}, d.onProvider(d.OIDC.Remove))
}

func (d *Desk) listProviders(ctx context.Context, in *operation.Paging) (*operation.Page[ListedProvider], error) {
	all, err := d.OIDC.Settings(ctx)
	if err != nil {
		return nil, err
	}
	var shown []ListedProvider
	for _, set := range all {
		shown = append(shown, listedProvider(set))
	}
	return operation.Cut(in, shown), nil
}

func (d *Desk) addProvider(ctx context.Context, in *providerKind) (*operation.Created[Provider], error) {
	id, err := d.OIDC.Add(ctx, oidc.Kind(in.Body.Kind))
	if err != nil {
		return nil, err
	}
	set, err := d.OIDC.Setting(ctx, id)
	if err != nil {
		return nil, err
	}
	return &operation.Created[Provider]{Location: operation.Base + "/settings/providers/" + id.String(), Body: d.shownProvider(set)}, nil
}

func (d *Desk) readProvider(ctx context.Context, in *ProviderPath) (*operation.Reply[Provider], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	set, err := d.OIDC.Setting(ctx, id)
	if err != nil {
		return nil, err
	}
	return operation.Answer(d.shownProvider(set)), nil
}

func (d *Desk) changeProvider(ctx context.Context, in *changedProvider) (*operation.Reply[Provider], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	set, err := d.OIDC.Setting(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := in.Of(d.shownProvider(set)); err != nil {
		return nil, err
	}
	b := in.Body
	set.Issuer, set.Client, set.Secret = b.Issuer, b.Client, tenant.Secret(b.Secret)
	set.Rules = oidc.Rules{Domains: b.Domains, Tenants: b.Tenants, Classes: b.Classes, Second: b.Second, MaxAge: time.Duration(b.MaxAgeHours) * time.Hour}
	if err := d.OIDC.Save(ctx, set); err != nil {
		return nil, operation.Stale(err)
	}
	return d.readProvider(ctx, &in.ProviderPath)
}

func (d *Desk) turn(on bool) func(context.Context, oidc.ID) error {
	return func(ctx context.Context, id oidc.ID) error { return d.OIDC.Enable(ctx, id, on) }
}

// onProvider does an act about a provider that needs no more than its id.
func (d *Desk) onProvider(act func(context.Context, oidc.ID) error) func(context.Context, *ProviderPath) (*operation.Done, error) {
	return func(ctx context.Context, in *ProviderPath) (*operation.Done, error) {
		id, err := in.id()
		if err != nil {
			return nil, err
		}
		return &operation.Done{}, act(ctx, id)
	}
}

func listedProvider(set oidc.Setting) ListedProvider {
	return ListedProvider{ID: set.ID.String(), Kind: string(set.Kind), Host: set.Host(), Whole: set.Whole, Enabled: set.Enabled}
}

func (d *Desk) shownProvider(set oidc.Setting) Provider {
	return Provider{ListedProvider: listedProvider(set), Issuer: set.Issuer, Client: set.Client, Callback: d.OIDC.Callback(set.ID.String()), Domains: operation.Each(set.Domains),
		Tenants: operation.Each(set.Tenants), Classes: operation.Each(set.Classes), Second: set.Second, MaxAgeHours: int(set.MaxAge / time.Hour), Version: set.Version}
}
