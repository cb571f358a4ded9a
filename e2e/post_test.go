package e2e

import (
	"net/url"

	"mainstay/internal/worldtest"
)

// postVisits are the cases of the pages of notices and mail.
func postVisits() map[string]visit {
	noticeOf := func(c worldtest.Case) string { return c.Notice.String() }
	return map[string]visit{
		"GET /notices":              {},
		"GET /notices/{id}":         {of: noticeOf, mine: true},
		"POST /notices/{id}/read":   {of: noticeOf, mine: true},
		"POST /notices/read":        {},
		"GET /events/notices":       {},
		"GET /events/bell":          {},
		"GET /account/notices":      {},
		"POST /account/notices":     {form: url.Values{"ready": {"both"}}},
		"GET /unsubscribe/{token}":  {none: "its token is its right"},
		"POST /unsubscribe/{token}": {none: "its token is its right"},
		"GET /settings/mail":        {},
		"POST /settings/mail":       {form: url.Values{"content": {"title"}}},
		"POST /settings/mail/test":  {},
	}
}
