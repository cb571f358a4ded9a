package e2e

import (
	"net/http"
	"net/url"

	"mainstay/internal/worldtest"
)

// webhookVisits are the pages of webhooks.
func webhookVisits() map[string]visit {
	hook := func(c worldtest.Case) string { return c.Hook.String() }
	form := url.Values{"name": {"Log"}, "url": {"https://hooks.example.com/x"}, "event": {"minutes.drafted"}, "on": {"no"}, "version": {"1"}}
	const at = "/settings/webhooks"
	return map[string]visit{
		"GET " + at:                                        {},
		"GET " + at + "/new":                               {},
		"POST " + at:                                       {form: form},
		"GET " + at + "/{id}":                              {of: hook},
		"POST " + at + "/{id}":                             {of: hook, form: form},
		"POST " + at + "/{id}/test":                        {of: hook},
		"GET " + at + "/{id}/remove":                       {of: hook},
		"POST " + at + "/{id}/remove":                      {of: hook},
		"POST " + at + "/{id}/deliveries/{delivery}/again": {of: hook, ends: http.StatusConflict},
	}
}
