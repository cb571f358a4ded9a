package e2e

import (
	"net/http"
	"net/url"

	"mainstay/internal/worldtest"
)

// The ids of nobody's: one's own account is tried by the tests of package api.
func passkeyOf(worldtest.Case) string { return "pky_0123456789abcdefghjkmnpqr0" }
func linkOf(worldtest.Case) string    { return "lnk_0123456789abcdefghjkmnpqr0" }
func seatOf(worldtest.Case) string    { return "wsp_0123456789abcdefghjkmnpqr0" }

// personVisits are the cases of package api/person. Asked here they change nothing: no answer is a factor's.
func personVisits() map[string]visit {
	const at, refused = "/account/factors", http.StatusUnprocessableEntity
	code := `{"setup":"x","code":"000000"}`
	return map[string]visit{
		"GET /account":                       {},
		"PUT /account/name":                  {json: `{"name":"Somebody Else"}`},
		"POST /account/verification":         {ends: http.StatusConflict}, // no mail is sent here
		"PUT /account/address":               {json: `{"email":"no address"}`, ends: refused},
		"PUT /account/password":              {json: `{"password":"short"}`, ends: refused},
		"GET /account/confirmation":          {},
		"POST /account/confirmation":         {json: `{"kind":"passkey","answer":"{}"}`, ends: refused},
		"POST /account/confirmation/passkey": {ends: http.StatusConflict},
		"POST /account/confirmation/code":    {ends: http.StatusConflict},
		"GET " + at:                          {},
		"POST " + at + "/app":                {},
		"POST " + at + "/app/finish":         {json: code, ends: http.StatusGone},
		"DELETE " + at + "/app":              {ends: http.StatusNotFound},
		"POST " + at + "/recovery-codes":     {ends: http.StatusConflict},
		"POST " + at + "/passkeys":           {},
		"POST " + at + "/passkeys/finish":    {json: `{"name":"Laptop","answer":"{}"}`, ends: refused},
		"PUT " + at + "/passkeys/{id}/name":  {of: passkeyOf, json: `{"name":"Laptop"}`},
		"DELETE " + at + "/passkeys/{id}":    {of: passkeyOf},
		"POST " + at + "/phone":              {json: `{"number":"+491511234567"}`, ends: http.StatusConflict},
		"POST " + at + "/phone/finish":       {json: code, ends: http.StatusGone},
		"DELETE " + at + "/phone":            {ends: http.StatusNotFound},
		"GET /account/links":                 {},
		"DELETE /account/links/{id}":         {of: linkOf},
		"GET /workspaces":                    {},
		"POST /workspaces":                   {json: `{"name":" ","own_name":"Ada"}`, ends: refused},
		"POST /workspaces/{id}/enter":        {of: seatOf},
		"POST /workspaces/accept":            {json: `{"token":"x"}`, ends: http.StatusGone},
		"GET /programs/waiting":              {query: func(worldtest.Case) url.Values { return url.Values{"code": {"BCDF-GHJK"}} }, ends: http.StatusNotFound},
		"POST /programs/allow":               {json: `{"code":"BCDF-GHJK"}`, ends: http.StatusNotFound},
		"POST /programs/deny":                {json: `{"code":"BCDF-GHJK"}`, ends: http.StatusNotFound},
		"POST /workspace/leave":              {json: `{"confirm":"no"}`, ends: refused},
	}
}
