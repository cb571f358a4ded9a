package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"mainstay/internal/api"
	"mainstay/internal/api/operation"
	"mainstay/internal/api/person"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// renew goes on with the session that an answer gave, and holds the one before to be over.
func (c *client) renew(t *testing.T, out *httptest.ResponseRecorder) {
	t.Helper()
	before := *c.Browser
	cookies := out.Result().Cookies()
	if len(cookies) == 0 || cookies[len(cookies)-1].Name != "mainstay" {
		t.Fatalf("the answer sets the cookies %v", cookies)
	}
	renewed := before
	renewed.Cookie, renewed.Token = cookies[len(cookies)-1], decode[person.RenewedSession](t, out).FormToken
	c.Browser = &renewed
	client{&before}.want(t, http.StatusUnauthorized, "GET", "/me", "")
	c.want(t, http.StatusOK, "GET", "/account", "")
}

func codeOf(t *testing.T, w *worldtest.World, secret string) string {
	t.Helper()
	code, err := hotp.GenerateCodeCustom(secret, uint64(factor.Step(w.Clock.Now())), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// wants asks for what wants a confirmation, and gives one after it was refused.
func (c *client) wants(t *testing.T, confirm, method, path, body string) {
	t.Helper()
	if said := decode[problem](t, c.want(t, http.StatusForbidden, method, path, body)); said.Type != "/docs/errors#confirmation" {
		t.Errorf("%s %s without a confirmation: %+v", method, path, said)
	}
	c.want(t, http.StatusForbidden, "POST", "/account/confirmation", `{"kind":"totp","answer":"000000"}`)
	c.renew(t, c.want(t, http.StatusOK, "POST", "/account/confirmation", confirm))
}

func TestAnAppFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	c := clientOf(t, w.Pages(t), w.Tenant(t, "Alder").Member)
	const at, password = "/account/factors", "a stone beside the canal"
	c.renew(t, c.want(t, http.StatusOK, "PUT", "/account/password", `{"password":"`+password+`"}`))
	if a := decode[person.Account](t, c.want(t, http.StatusOK, "GET", "/account", "")); !a.Password || a.Email != "Alder@example.com" {
		t.Errorf("the account is %+v", a)
	}
	w.Clock.Advance(gate.ConfirmAge)
	c.wants(t, `{"kind":"password","answer":"`+password+`"}`, "POST", at+"/app", "")
	app := decode[person.App](t, c.want(t, http.StatusOK, "POST", at+"/app", ""))
	c.want(t, http.StatusUnprocessableEntity, "POST", at+"/app", "", "Idempotency-Key", "k1") // a secret is never kept to be given again
	if !strings.HasPrefix(app.URI, "otpauth://totp/") || !strings.Contains(app.URI, app.Secret) {
		t.Errorf("an app is begun as %+v", app)
	}
	finish := func(code string) string { return `{"setup":"` + app.Setup + `","code":"` + code + `"}` }
	c.want(t, http.StatusForbidden, "POST", at+"/app/finish", finish("000000"))
	out := c.want(t, http.StatusOK, "POST", at+"/app/finish", finish(codeOf(t, w, app.Secret)))
	added := decode[person.Added](t, out)
	c.renew(t, out)
	c.want(t, http.StatusGone, "POST", at+"/app/finish", finish(codeOf(t, w, app.Secret)))
	read := c.want(t, http.StatusOK, "GET", at, "")
	f := decode[person.Factors](t, read)
	if f.App == nil || len(added.RecoveryCodes) == 0 || f.RecoveryCodes != len(added.RecoveryCodes) {
		t.Errorf("factors are %+v after %d codes were shown", f, len(added.RecoveryCodes))
	}
	codes := decode[person.Codes](t, c.want(t, http.StatusCreated, "POST", at+"/recovery-codes", ""))
	for _, secret := range append(append(codes.RecoveryCodes, added.RecoveryCodes...), app.Secret, app.Setup) {
		if body := c.want(t, http.StatusOK, "GET", at, "").Body.String(); strings.Contains(body, secret) || strings.Contains(read.Body.String(), secret) {
			t.Fatalf("a secret is read back: %.300s", body)
		}
	}
	w.Clock.Advance(gate.ConfirmAge)
	c.wants(t, `{"kind":"recovery","answer":"`+codes.RecoveryCodes[0]+`"}`, "DELETE", at+"/app", "")
	c.want(t, http.StatusNoContent, "DELETE", at+"/app", "")
	c.want(t, http.StatusNotFound, "DELETE", at+"/app", "")
}

// TestGuessesAtAFactorAreStopped: the sixth says after how long to come back.
func TestGuessesAtAFactorAreStopped(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	c := clientOf(t, w.Pages(t), w.Tenant(t, "Alder").Member)
	for range 5 {
		c.want(t, http.StatusForbidden, "POST", "/account/confirmation", `{"kind":"totp","answer":"000000"}`)
	}
	out := c.want(t, http.StatusTooManyRequests, "POST", "/account/confirmation", `{"kind":"totp","answer":"000000"}`)
	if after := out.Header().Get("Retry-After"); after == "" || after == "0" {
		t.Errorf("come back after %q", after)
	}
}

func TestAPasskeyIsBegunForThisSessionAlone(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c := clientOf(t, p, ten.Member)
	asked := decode[person.Asked](t, c.want(t, http.StatusOK, "POST", "/account/factors/passkeys", ""))
	if !strings.Contains(string(asked.Options), `"challenge"`) {
		t.Errorf("a browser is asked %s", asked.Options)
	}
	c.want(t, http.StatusUnprocessableEntity, "POST", "/account/factors/passkeys/finish", `{"name":"Laptop","answer":"{}"}`)
	c.want(t, http.StatusConflict, "POST", "/account/factors/recovery-codes", "") // they stand in for another factor
}

func TestASessionGoesFromOneWorkspaceToAnother(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c := clientOf(t, p, ten.Owner)
	out := c.want(t, http.StatusCreated, "POST", "/workspaces", `{"name":"Bridge Works","own_name":"Ada Byron"}`)
	c.renew(t, out)
	if me := decode[api.Me](t, c.want(t, http.StatusOK, "GET", "/me", "")); me.Workspace != "Bridge Works" || me.Name != "Ada Byron" || me.Role != "owner" {
		t.Errorf("in the new workspace I am %+v", me)
	}
	seats := decode[operation.List[person.Seat]](t, c.want(t, http.StatusOK, "GET", "/workspaces", "")).Items
	for _, s := range seats {
		if want := s.ID != ten.ID.String(); s.Here != want || s.Role != "owner" || s.Name == "" {
			t.Errorf("a workspace of mine is %+v", s)
		}
	}
	if len(seats) != 2 {
		t.Fatalf("workspaces are %+v", seats)
	}
	c.renew(t, c.want(t, http.StatusOK, "POST", "/workspaces/"+ten.ID.String()+"/enter", ""))
	c.want(t, http.StatusConflict, "POST", "/workspace/leave", `{"confirm":"leave"}`) // the last owner
	clientOf(t, p, ten.Member).want(t, http.StatusForbidden, "POST", "/workspaces", `{"name":"Theirs","own_name":"Ada"}`)
	leaver := clientOf(t, p, ten.Viewer)
	leaver.want(t, http.StatusUnprocessableEntity, "POST", "/workspace/leave", `{"confirm":"no"}`)
	leaver.want(t, http.StatusNoContent, "POST", "/workspace/leave", `{"confirm":"leave"}`)
	leaver.want(t, http.StatusUnauthorized, "GET", "/me", "")
}

func TestAChangeOfRoleIsTakenBackOnce(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	ten := w.Tenant(t, "Alder")
	c := clientOf(t, p, ten.Owner)
	a, _ := tenant.ActorOf(ten.Member)
	at := "/members/" + a.Member.String() + "/role"
	c.want(t, http.StatusGone, "POST", at+"/undo", "")
	c.want(t, http.StatusNoContent, "PUT", at, `{"role":"admin"}`)
	c.want(t, http.StatusNoContent, "POST", at+"/undo", "")
	if me := decode[api.Me](t, clientOf(t, p, ten.Member).want(t, http.StatusOK, "GET", "/me", "")); me.Role != "member" {
		t.Errorf("the role is %s", me.Role)
	}
	clientOf(t, p, ten.Admin).want(t, http.StatusGone, "POST", at+"/undo", "") // another's change
}

func TestAProgramIsLetInByItsCode(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	p := w.Pages(t)
	c := clientOf(t, p, w.Tenant(t, "Alder").Member)
	for _, allow := range []bool{true, false} {
		device, err := w.Tokens.BeginDevice(t.Context(), "Reporter", []gate.Scope{gate.MeetingsRead})
		if err != nil {
			t.Fatal(err)
		}
		asked := decode[person.Program](t, c.want(t, http.StatusOK, "GET", "/programs/waiting?code="+device.UserCode, ""))
		if asked.Name != "Reporter" || len(asked.Scopes) != 1 || asked.Scopes[0] != "meetings:read" {
			t.Errorf("behind the code waits %+v", asked)
		}
		c.want(t, http.StatusNoContent, "POST", map[bool]string{true: "/programs/allow", false: "/programs/deny"}[allow], `{"code":"`+device.UserCode+`"}`)
		if _, err := w.Tokens.Poll(t.Context(), device.Code); (err == nil) != allow {
			t.Errorf("the program is told %v, want let in %v", err, allow)
		}
	}
	if keys := decode[operation.List[api.Key]](t, c.want(t, http.StatusOK, "GET", "/keys", "")).Items; len(keys) != 1 || keys[0].Kind != "program" {
		t.Errorf("keys and programs are %+v", keys)
	}
	c.want(t, http.StatusNotFound, "GET", "/programs/waiting?code=BCDF-GHJK", "")
	c.want(t, http.StatusUnprocessableEntity, "GET", "/programs/waiting", "")
}
