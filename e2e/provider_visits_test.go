package e2e

import (
	"net/http"
	"net/url"

	"mainstay/internal/worldtest"
)

// providerVisits are the routes of sign-in through identity providers.
func providerVisits() map[string]visit {
	providerOf := func(c worldtest.Case) string { return c.Provider.String() }
	domainOf := func(c worldtest.Case) string { return c.Domain.String() }
	const providers = "/settings/sign-in-providers"
	return map[string]visit{
		"GET /sign-in/with/{provider}":       {none: "the door"},
		"GET /sign-in/callback/{provider}":   {none: "its state, its cookie and its code are its right"},
		"GET /account/links/{provider}":      {ends: http.StatusNotFound}, // there is no such provider
		"POST /account/links/{link}/remove":  {ends: http.StatusNotFound}, // TestTheLastWayInStays
		"GET " + providers:                   {},
		"POST " + providers:                  {form: url.Values{"kind": {"google"}}},
		"GET " + providers + "/{id}":         {of: providerOf},
		"POST " + providers + "/{id}":        {of: providerOf, form: url.Values{"version": {"2"}, "client": {"another"}, "secret": {"another"}}},
		"POST " + providers + "/{id}/turn":   {of: providerOf, form: url.Values{"on": {"yes"}}},
		"GET " + providers + "/{id}/test":    {of: providerOf, ends: http.StatusServiceUnavailable}, // nobody answers there
		"POST " + providers + "/{id}/remove": {of: providerOf},
		"POST /settings/domains":             {form: url.Values{"domain": {"nothing"}}, ends: http.StatusUnprocessableEntity},
		"POST /settings/domains/{id}/check":  {of: domainOf},
		"POST /settings/domains/{id}/remove": {of: domainOf},
	}
}
