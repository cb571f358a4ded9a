package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"mainstay/internal/api/oauth"
	"mainstay/internal/identity/token"
	"mainstay/internal/worldtest"
)

// program is a client without any credential.
type program struct{ handler http.Handler }

func (p program) post(t *testing.T, path string, form url.Values, header ...string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	var got map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s answers %d %s", path, w.Code, w.Body)
		}
	}
	return w.Code, got
}

func (p program) get(t *testing.T, path, bearer string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w.Code
}

func grant(code string) url.Values {
	return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {code}}
}

func TestAProgramIsLetInByItsPerson(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	pages := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	p, person := program{pages.Server.Handler()}, pages.Browser(t, ten.Member)
	status, asked := p.post(t, oauth.DevicePath, url.Values{"client_id": {"mainstay on a laptop"}, "scope": {"meetings:read members:read"}})
	if status != 200 || asked["verification_uri"] != "http://example.com/device" || asked["interval"] != 5.0 {
		t.Fatalf("device answers %d %v", status, asked)
	}
	code := asked["device_code"].(string)
	if status, got := p.post(t, oauth.TokenPath, grant(code)); status != 400 || got["error"] != "authorization_pending" {
		t.Errorf("before the decision: %d %v", status, got)
	}
	page := person.Get(t, "/device?code="+asked["user_code"].(string))
	for _, says := range []string{"mainstay on a laptop", "192.0.2.1", "Read meetings", "See who is in the workspace"} {
		if !strings.Contains(page.Body.String(), says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if answer := person.Post(t, "/device", url.Values{"code": {asked["user_code"].(string)}, "allow": {"yes"}}); answer.Code != 303 {
		t.Fatalf("allowing: %d %s", answer.Code, answer.Body)
	}
	w.Clock.Advance(token.DeviceInterval)
	status, pair := p.post(t, oauth.TokenPath, grant(code))
	if status != 200 || pair["token_type"] != "Bearer" || pair["expires_in"].(float64) > 900 || pair["scope"] != "meetings:read members:read" {
		t.Fatalf("token answers %d %v", status, pair)
	}
	access, refresh := pair["access_token"].(string), pair["refresh_token"].(string)
	if got := p.get(t, "/api/v1/meetings", access); got != 200 {
		t.Errorf("the API answers %d to the program", got)
	}
	if got := p.get(t, "/meetings", access); got != 303 {
		t.Errorf("a page answers %d to the program, want the way to sign in", got)
	}
	for what, got := range map[string]int{"in the address": p.get(t, "/api/v1/meetings?access_token="+access, ""), "as another": p.get(t, "/api/v1/meetings", refresh),
		"changed": p.get(t, "/api/v1/meetings", access+"x")} {
		if got != 401 {
			t.Errorf("a token %s: %d, want 401", what, got)
		}
	}
	status, next := p.post(t, oauth.TokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {"mainstay on a laptop"}})
	if status != 200 {
		t.Fatalf("refreshing: %d %v", status, next)
	}
	if status, got := p.post(t, oauth.TokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {"mainstay on a laptop"}}); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("refreshing twice: %d %v", status, got)
	}
	if got := p.get(t, "/api/v1/meetings", next["access_token"].(string)); got != 401 {
		t.Errorf("after a reuse the family answers %d, want 401", got)
	}
}

func TestAskingBadlyIsAnsweredInOAuthsWords(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := program{w.Pages(t).Server.Handler()}
	for name, c := range map[string]struct {
		path string
		form url.Values
		want int
		code string
	}{
		"no name":          {oauth.DevicePath, url.Values{"scope": {"meetings:read"}}, 400, "invalid_request"},
		"no scope":         {oauth.DevicePath, url.Values{"client_id": {"a"}}, 400, "invalid_request"},
		"a strange scope":  {oauth.DevicePath, url.Values{"client_id": {"a"}, "scope": {"all"}}, 400, "invalid_request"},
		"no grant":         {oauth.TokenPath, url.Values{}, 400, "unsupported_grant_type"},
		"a password":       {oauth.TokenPath, url.Values{"grant_type": {"password"}, "username": {"a"}, "password": {"b"}}, 400, "unsupported_grant_type"},
		"an unknown code":  {oauth.TokenPath, grant("mdc_x"), 400, "expired_token"},
		"an unknown token": {oauth.TokenPath, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"mrt_x"}}, 400, "invalid_grant"},
		"a field twice":    {oauth.TokenPath, url.Values{"grant_type": {"refresh_token", "password"}}, 400, ""},
		"to end nothing":   {oauth.RevokePath, url.Values{"token": {"mrt_x"}}, 200, ""},
	} {
		status, got := p.post(t, c.path, c.form)
		if code, _ := got["error"].(string); status != c.want || code != c.code {
			t.Errorf("%s: %d %v, want %d %s", name, status, got, c.want, c.code)
		}
	}
	if status, _ := p.post(t, oauth.TokenPath, url.Values{}, "Cookie", "mainstay=x"); status != 403 {
		t.Errorf("a browser's request from nowhere: %d, want 403", status)
	}
	if status, _ := p.post(t, oauth.TokenPath, url.Values{}, "Origin", "https://evil.example"); status == 200 {
		t.Errorf("another site's request: %d", status)
	}
}
