// Package oidctest is an OpenID provider to test against: it signs everybody in as the person that the test names, keeps the
// rules of OpenID Connect, PKCE and RFC 9207 itself, and breaks any of them when told to.
package oidctest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Provider is an OpenID provider. Its fields may be changed between requests under [Provider.Set].
type Provider struct {
	Issuer   string // its own address, with the path below which it answers
	Client   string
	Secret   string
	Subject  string
	Email    string
	Verified bool
	Extra    map[string]any // further claims
	Alg      string         // "ES256" if empty, "RS256", "EdDSA"; "HS256" and "none" are not allowed to be believed
	Now      func() time.Time

	Document func(document map[string]any)                // changes what discovery says
	Back     func(query url.Values)                       // changes what the browser brings back
	Claims   func(claims map[string]any)                  // changes what the token says
	Token    func(signed string) string                   // changes the signed token
	Answer   func(w http.ResponseWriter, r *http.Request) // answers at the token's address instead

	mu        sync.Mutex
	keys      keys
	codes     map[string]grant
	exchanges int
	asked     []url.Values
}

// grant is what a code stands for.
type grant struct{ client, redirect, nonce, challenge string }

// New returns a provider that knows one client and one person.
func New(issuer string, now func() time.Time) (*Provider, error) {
	keys, err := newKeys()
	if err != nil {
		return nil, err
	}
	return &Provider{Issuer: issuer, Client: "mainstay", Secret: "a-secret-of-the-client", Subject: "248289761001", Email: "ada@example.com", Verified: true,
		Now: now, keys: keys, codes: map[string]grant{}}, nil
}

// Set changes the provider while it serves.
func (p *Provider) Set(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Exchanges returns how many codes were brought to the token's address.
func (p *Provider) Exchanges() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exchanges
}

// Asked returns the questions with which browsers came.
func (p *Provider) Asked() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]url.Values(nil), p.asked...)
}

// ServeHTTP implements http.Handler. It answers below any path, so that one address can stand for many tenants.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		write(w, http.StatusOK, p.document())
	case strings.HasSuffix(r.URL.Path, "/jwks"):
		write(w, http.StatusOK, p.keys.published())
	case strings.HasSuffix(r.URL.Path, "/authorize"):
		p.authorize(w, r)
	case strings.HasSuffix(r.URL.Path, "/token") && r.Method == http.MethodPost:
		p.exchange(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) document() map[string]any {
	d := map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token", "jwks_uri": p.Issuer + "/jwks",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256", "ES256", "EdDSA", "HS256", "none"}, "code_challenge_methods_supported": []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}, "authorization_response_iss_parameter_supported": true,
	}
	if p.Document != nil {
		p.Document(d)
	}
	return d
}

// authorize signs the person in without a question and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.asked = append(p.asked, q)
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != p.Client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		!strings.Contains(" "+q.Get("scope")+" ", " openid ") {
		http.Error(w, "not a question of OpenID Connect with PKCE", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.codes[code] = grant{q.Get("client_id"), q.Get("redirect_uri"), q.Get("nonce"), q.Get("code_challenge")}
	answer := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.Issuer}}
	if p.Back != nil {
		p.Back(answer)
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// exchange gives a token for a code, once, to who holds the verifier of its challenge.
func (p *Provider) exchange(w http.ResponseWriter, r *http.Request) {
	p.exchanges++
	if p.Answer != nil {
		p.Answer(w, r)
		return
	}
	id, secret, _ := r.BasicAuth()
	g, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	fits := subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(g.challenge)) == 1
	secret, err := url.QueryUnescape(secret)
	if err != nil || !known || !fits || id != g.client || secret != p.Secret || r.PostFormValue("redirect_uri") != g.redirect {
		write(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	signed, err := p.sign(g.nonce)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600, "id_token": signed})
}

func (p *Provider) sign(nonce string) (string, error) {
	now := p.Now()
	claims := map[string]any{"iss": p.Issuer, "sub": p.Subject, "aud": p.Client, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": nonce,
		"auth_time": now.Unix(), "email": p.Email, "email_verified": p.Verified}
	maps.Copy(claims, p.Extra)
	if p.Claims != nil {
		p.Claims(claims)
	}
	signed, err := p.keys.sign(p.Alg, p.Secret, claims)
	if err == nil && p.Token != nil {
		signed = p.Token(signed)
	}
	return signed, err
}

func write(w http.ResponseWriter, status int, doc any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc)
}

// Grant makes a code as if it had been given to another browser, whose verifier has that challenge. It is called within Set or
// one of the provider's own functions.
func (p *Provider) Grant(code, redirect, challenge string) {
	p.codes[code] = grant{p.Client, redirect, "", challenge}
}
