package e2e

import (
	"net/http"
	"net/url"
)

// accountVisits are the routes of a person's own account. Asked here they change nothing: no answer is a factor's.
func accountVisits() map[string]visit {
	door, refused := visit{none: "the door"}, http.StatusUnprocessableEntity
	at := "/account/security"
	return map[string]visit{
		"POST /setup/{token}/passkey":   {none: "its token is its right"},
		"POST /sign-in/passkey":         door,
		"POST /sign-in/passkey/options": door,
		"GET /sign-in/factor":           {none: "its challenge is its right"},
		"POST /sign-in/factor":          {none: "its challenge is its right"},
		"POST /sign-in/factor/options":  {none: "its challenge is its right"},
		"POST /sign-in/factor/send":     {none: "its challenge is its right"},

		"GET /sign-in/password":  {none: "its challenge is its right"},
		"POST /sign-in/password": {none: "its challenge is its right"},

		"GET /forgot":                           door,
		"POST /forgot":                          door,
		"GET /reset/{token}":                    {none: "its token is its right"},
		"POST /reset/{token}":                   {none: "its token is its right"},
		"GET /verify/{token}":                   {none: "its token is its right"},
		"POST /verify/{token}":                  {none: "its token is its right"},
		"GET /not-me/{token}":                   {none: "its token is its right"},
		"POST /not-me/{token}":                  {none: "its token is its right"},
		"GET /account":                          {},
		"POST /account/name":                    {form: url.Values{"name": {" "}}, ends: refused},
		"POST /account/verify":                  {ends: http.StatusConflict}, // no mail is sent here
		"GET /account/address":                  {},
		"POST /account/address":                 {form: url.Values{"email": {"no address"}}, ends: refused},
		"GET /account/password":                 {},
		"POST /account/password":                {form: url.Values{"password": {"short"}}, ends: refused},
		"GET /account/sessions":                 {},
		"POST /account/sessions/end":            {},
		"POST /account/sessions/{session}/end":  {ends: http.StatusNotFound},
		"POST /account/sessions/{session}/name": {form: url.Values{"name": {"Laptop"}}, ends: http.StatusNotFound},

		"GET /confirm":          {},
		"POST /confirm":         {form: url.Values{"kind": {"totp"}, "code": {"000000"}}, ends: refused},
		"POST /confirm/options": {ends: refused},
		"POST /confirm/send":    {ends: refused},

		"GET " + at:                                {},
		"GET " + at + "/passkey":                   {},
		"POST " + at + "/passkey":                  {form: url.Values{"answer": {"{}"}}, ends: refused},
		"POST " + at + "/passkey/options":          {},
		"POST " + at + "/passkey/{passkey}/rename": {form: url.Values{"name": {"Laptop"}}, ends: http.StatusNotFound},
		"GET " + at + "/app":                       {},
		"POST " + at + "/app":                      {form: url.Values{"setup": {"x"}, "code": {"000000"}}, ends: http.StatusGone},
		"GET " + at + "/number":                    {},
		"POST " + at + "/number":                   {form: url.Values{"number": {"+491511234567"}}, ends: refused},
		"POST " + at + "/number/confirm":           {form: url.Values{"setup": {"x"}, "code": {"000000"}}, ends: refused},
		"GET " + at + "/codes":                     {},
		"POST " + at + "/codes":                    {ends: http.StatusConflict},
		"GET " + at + "/remove/{kind}":             {ends: http.StatusNotFound},
		"POST " + at + "/remove/{kind}":            {ends: http.StatusNotFound},
	}
}
