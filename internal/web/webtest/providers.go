package webtest

import (
	"mainstay/internal/identity/oidc"
	"mainstay/internal/web"
	"mainstay/internal/web/account"
	"mainstay/internal/web/settings"
)

// providers are the pages of sign-in through identity providers.
func providers() map[string]web.View {
	door := signIn("")
	door.Ways = []web.Way{{Href: "/", Icon: "key-round", Text: "Sign in with Google"}, {Href: "/", Icon: "key-round", Text: "Sign in with Microsoft"},
		{Href: "/", Icon: "key-round", Text: "Sign in with identity.quayside.example"}}
	away := signIn("No account here is linked to this one. Sign in another way, then link it under Account, Security.")
	away.Ways = door.Ways
	return map[string]web.View{
		"sign-in-ways":    door,
		"sign-in-away":    away,
		"providers":       providersPage(true),
		"providers-read":  providersPage(false),
		"providers-empty": settings.ProvidersPage{Shell: shell("Sign-in providers", "/settings/sign-in-providers"), MayChange: true, Add: adds(), Domain: domainField()},
		"provider":        providerPage(oidc.Other),
		"provider-google": providerPage(oidc.Google),
		"security-linked": linked(),
	}
}

func adds() []web.Option {
	return []web.Option{{Value: "google", Name: "Google"}, {Value: "microsoft", Name: "Microsoft"}, {Value: "oidc", Name: "Another"}}
}

func domainField() web.Field {
	return web.Field{ID: "domain", Label: "Domain", Hint: "Such as example.com: the part after the @."}
}

func providersPage(owner bool) settings.ProvidersPage {
	p := settings.ProvidersPage{Shell: shell("Sign-in providers", "/settings/sign-in-providers"), MayChange: owner, Common: []string{"Google"}, Add: adds(), Domain: domainField(),
		Note: &web.Note{Class: "good", Icon: "circle-check", Text: "On. People can sign in through it from now on."}}
	on, off := web.StateChip{Class: "approved", Icon: "circle-check", Text: "On"}, web.StateChip{Icon: "pencil", Text: "Not finished"}
	p.Rows = []settings.ProviderRow{
		{ID: "idp_06crzj0v1g3m5k7n9q2s4t6w8y", Name: "Microsoft", Host: "login.microsoftonline.com", State: on, Whole: true, On: true, Address: "https://mainstay.quayside.example/sign-in?with=idp_06crzj0v1g3m5k7n9q2s4t6w8y"},
		{ID: "idp_06crzj0v1g3m5k7n9q2s4t6w8z", Name: "Another provider", Host: "identity.quayside.example", State: off},
	}
	p.Domains = []settings.DomainRow{
		{ID: "dom_1", Name: "quayside.example", Holds: true, State: web.StateChip{Class: "approved", Icon: "circle-check", Text: "Proven"}, Checked: at(20, 9, 0)},
		{ID: "dom_2", Name: "harbour-school.example", Record: "_mainstay.harbour-school.example", Text: "mainstay-domain=u2Jm0v5QyBqS8n3bX4pTg1Kx9wRz7cLd6hFeAaVoYsM",
			State: web.StateChip{Icon: "hourglass", Text: "Not proven"}, Checked: at(24, 8, 30)},
	}
	return p
}

func providerPage(kind oidc.Kind) settings.ProviderPage {
	p := settings.ProviderPage{Shell: shell("Provider", "/settings/sign-in-providers"), ID: "idp_06crzj0v1g3m5k7n9q2s4t6w8y", Name: "Another provider", Kind: string(kind), Version: 3, Whole: true,
		Callback: "https://mainstay.quayside.example/sign-in/callback/idp_06crzj0v1g3m5k7n9q2s4t6w8y",
		Note:     &web.Note{Class: "good", Icon: "circle-check", Text: "It works: the provider signed you in and says that you showed a second factor."},
		Issuer:   web.Field{ID: "issuer", Label: "Issuer", Type: "url", Value: "https://identity.quayside.example", Hint: "As the provider writes it, such as https://login.example.com. The rest is found there."},
		Client:   web.Field{ID: "client", Label: "Client ID", Value: "mainstay"},
		Secret:   web.Field{ID: "secret", Label: "Client secret", Type: "password", Hint: "A secret is stored, sealed. Leave this empty to keep it."},
		Domains:  web.Field{ID: "domains", Label: "Google organisations", Value: "quayside.example", Hint: "Domains whose people may come, such as example.com. Empty lets in whoever is linked."},
		Tenants:  web.Field{ID: "tenants", Label: "Microsoft tenants"},
		Classes:  web.Field{ID: "classes", Label: "Authentication classes", Hint: "Values of acr, of which the provider must meet one. Empty asks for none."},
		Hours:    web.Field{ID: "hours", Label: "Hours that a sign-in there holds", Type: "number", Hint: "A session here ends then. Empty leaves it to the workspace's own limit."}}
	if kind == oidc.Google {
		p.Name, p.On, p.Note = "Google", true, &web.Note{Class: "bad", Icon: "circle-alert", Text: "Enter domains such as example.com."}
	}
	return p
}

func linked() account.SecurityPage {
	return account.SecurityPage{Shell: shell("Security", ""), Email: "marta@quayside.example", Password: "Set on 3 May 2026", HasPass: true, Codes: "None made", AddPasskey: "/account/security/passkey", Single: true,
		Linked: &web.LinkedPart{Token: "fixture-token", Links: []web.LinkRow{{ID: "lnk_1", Name: "Google", Email: "marta@quayside.example", At: at(20, 9, 0)}},
			Ways: []web.Way{{Href: "/account/links/microsoft", Icon: "plus", Text: "Link Microsoft"}}}}
}
