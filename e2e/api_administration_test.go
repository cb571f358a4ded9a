package e2e

import (
	"net/http"

	"mainstay/internal/worldtest"
)

// administrationVisits are the cases of package api/administration.
func administrationVisits() map[string]visit {
	whatever := map[string]string{"If-Match": "*"}
	providerOf := func(c worldtest.Case) string { return c.Provider.String() }
	domainOf := func(c worldtest.Case) string { return c.Domain.String() }
	hookOf := func(c worldtest.Case) string { return c.Hook.String() }
	hook := `{"name":"Log","url":"https://hooks.example.com/x","events":["minutes.drafted"],"enabled":false}`
	const providers, domains, hooks = "/settings/providers", "/settings/domains", "/webhooks"
	return map[string]visit{
		"GET " + providers:                                   {},
		"POST " + providers:                                  {json: `{"kind":"google"}`},
		"GET " + providers + "/{id}":                         {of: providerOf},
		"PUT " + providers + "/{id}":                         {of: providerOf, header: whatever, json: `{"client":"another","secret":"another"}`},
		"POST " + providers + "/{id}/enable":                 {of: providerOf},
		"POST " + providers + "/{id}/disable":                {of: providerOf},
		"DELETE " + providers + "/{id}":                      {of: providerOf},
		"GET " + domains:                                     {},
		"POST " + domains:                                    {json: `{"name":"nothing"}`, ends: http.StatusUnprocessableEntity},
		"POST " + domains + "/{id}/check":                    {of: domainOf},
		"DELETE " + domains + "/{id}":                        {of: domainOf},
		"GET " + hooks:                                       {},
		"POST " + hooks:                                      {json: hook},
		"GET " + hooks + "/{id}":                             {of: hookOf},
		"PUT " + hooks + "/{id}":                             {of: hookOf, header: whatever, json: hook},
		"DELETE " + hooks + "/{id}":                          {of: hookOf},
		"POST " + hooks + "/{id}/test":                       {of: hookOf},
		"GET " + hooks + "/{id}/deliveries":                  {of: hookOf},
		"POST " + hooks + "/{id}/deliveries/{delivery}/send": {of: hookOf, ends: http.StatusConflict},
		"GET /access-log":                                    {},
		"GET /deployment":                                    {},
	}
}
