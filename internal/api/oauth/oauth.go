// Package oauth is where programs get their tokens: the token, device, revocation and discovery addresses of OAuth 2.0
// (RFC 6749, 8628, 7009 and 8414). They take forms and answer with OAuth's own errors, as every client library expects. There
// are no clients to register: a program says what it calls itself, and its person decides.
package oauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/token"
	"mainstay/internal/tenant"
)

// The addresses.
const (
	DevicePath   = "/oauth/device"
	TokenPath    = "/oauth/token"
	RevokePath   = "/oauth/revoke"
	metadataPath = "/.well-known/oauth-authorization-server"
	verifyPath   = "/device"
)

// deviceGrant is the type of grant of RFC 8628.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

type addresses struct {
	tokens *token.Service
}

// Register adds the addresses to a server. It panics as httpd.Server.API does.
func Register(tokens *token.Service, s *httpd.Server) {
	a := addresses{tokens}
	options := []httpd.Option{httpd.Unsigned(), httpd.MaxBody(8 << 10), httpd.Limited(httpd.Open)}
	s.API("POST "+DevicePath, httpd.Public(), a.device, options...)
	s.API("POST "+TokenPath, httpd.Public(), a.token, options...)
	s.API("POST "+RevokePath, httpd.Public(), a.revoke, options...)
	s.API("GET "+metadataPath, httpd.Public(), a.metadata)
}

// problem is an error as RFC 6749, section 5.2, writes it.
type problem struct {
	Code     string `json:"error"`
	Sentence string `json:"error_description"`
}

func answer(w http.ResponseWriter, status int, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, code string, err error) error {
	return answer(w, http.StatusBadRequest, problem{code, fault.Sentence(err)})
}

// form reads the request's form. Secrets in an address are not looked at.
func form(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form could not be read.")
	}
	for _, values := range r.PostForm {
		if len(values) != 1 {
			return httpd.Refuse(http.StatusBadRequest, "A field of this form stands there twice.")
		}
	}
	return nil
}

// device begins a program's wait for its person.
func (a addresses) device(w http.ResponseWriter, r *http.Request) error {
	if err := form(r); err != nil {
		return err
	}
	var scopes []gate.Scope
	for _, s := range strings.Fields(r.PostForm.Get("scope")) {
		scopes = append(scopes, gate.Scope(s))
	}
	d, err := a.tokens.BeginDevice(r.Context(), r.PostForm.Get("client_id"), scopes)
	if fault.Is(err, fault.Invalid) {
		return refuse(w, "invalid_request", err)
	}
	if err != nil {
		return err
	}
	at := origin(r) + verifyPath
	return answer(w, http.StatusOK, map[string]any{"device_code": d.Code.Reveal(), "user_code": d.UserCode, "verification_uri": at,
		"verification_uri_complete": at + "?code=" + d.UserCode, "expires_in": seconds(token.DeviceLife), "interval": seconds(token.DeviceInterval)})
}

// token gives a pair for a device code that was allowed, or for a refresh token.
func (a addresses) token(w http.ResponseWriter, r *http.Request) error {
	if err := form(r); err != nil {
		return err
	}
	var pair token.Pair
	var err error
	switch r.PostForm.Get("grant_type") {
	case deviceGrant:
		pair, err = a.tokens.Poll(r.Context(), tenant.Secret(r.PostForm.Get("device_code")))
	case "refresh_token":
		pair, err = a.tokens.Refresh(r.Context(), r.PostForm.Get("client_id"), tenant.Secret(r.PostForm.Get("refresh_token")))
	default:
		return answer(w, http.StatusBadRequest, problem{"unsupported_grant_type", "Ask with a device code or a refresh token."})
	}
	if code := codeOf(err); code != "" {
		return refuse(w, code, err)
	}
	if err != nil {
		return err
	}
	var scopes []string
	for _, s := range pair.Scopes {
		scopes = append(scopes, string(s))
	}
	return answer(w, http.StatusOK, map[string]any{"access_token": pair.Access.Reveal(), "token_type": "Bearer", "expires_in": seconds(pair.AccessFor),
		"refresh_token": pair.Refresh.Reveal(), "scope": strings.Join(scopes, " ")})
}

// codeOf is OAuth's word for an error that is the program's or its person's to deal with.
func codeOf(err error) string {
	for known, code := range map[error]string{token.ErrPending: "authorization_pending", token.ErrSlowDown: "slow_down", token.ErrDenied: "access_denied",
		token.ErrOver: "expired_token"} {
		if errors.Is(err, known) {
			return code
		}
	}
	if fault.Is(err, fault.Denied) {
		return "invalid_grant"
	}
	return ""
}

// revoke ends what a token belongs to. As RFC 7009 wants, an unknown token is no error.
func (a addresses) revoke(w http.ResponseWriter, r *http.Request) error {
	if err := form(r); err != nil {
		return err
	}
	if err := a.tokens.Revoke(r.Context(), r.PostForm.Get("token")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// metadata says what is where.
func (a addresses) metadata(w http.ResponseWriter, r *http.Request) error {
	at, scopes := origin(r), []string{}
	for _, s := range gate.Scopes() {
		scopes = append(scopes, string(s))
	}
	return answer(w, http.StatusOK, map[string]any{"issuer": at, "device_authorization_endpoint": at + DevicePath, "token_endpoint": at + TokenPath,
		"revocation_endpoint": at + RevokePath, "scopes_supported": scopes, "response_types_supported": []string{},
		"grant_types_supported": []string{deviceGrant, "refresh_token"}, "token_endpoint_auth_methods_supported": []string{"none"}})
}

// origin is the address that the program used, which its person can use, too.
func origin(r *http.Request) string {
	if httpd.Secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func seconds(d time.Duration) int { return int(d / time.Second) }
