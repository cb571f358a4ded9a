// Package account is the pages of a person: the doors through which they come in, and what is theirs in every workspace. A
// handler parses, calls one service and renders a view; what it shows is in a plain struct beside it.
package account

import (
	"net/http"
	"time"

	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// Pages are the pages of a person over the services that the app has.
type Pages struct {
	*web.App
	server *httpd.Server
}

// mostForm is what a form with a passkey's answer may weigh.
const mostForm = 32 << 10

// Register adds the pages to the server of the app's. It panics as httpd.Server.Page does.
func Register(app *web.App, s *httpd.Server) {
	a := &Pages{app, s}
	a.programRoutes(s)
	a.noticeRoutes(s)
	a.factorRoutes(s)
	a.providerRoutes(s)
	a.joinRoutes(s)
	a.workspaceRoutes(s)
	a.recoverRoutes(s)
	a.profileRoutes(s)
}

// factorRoutes are where people show their factors, and change them.
func (a *Pages) factorRoutes(s *httpd.Server) {
	body := httpd.MaxBody(mostForm)
	s.Page("POST /sign-in/passkey/options", httpd.Public(), a.askSignIn, body)
	s.Page("POST /sign-in/passkey", httpd.Public(), a.signInPasskey, body)
	s.Page("GET /sign-in/factor", httpd.Public(), a.showFactor)
	s.Page("POST /sign-in/factor", httpd.Public(), a.takeFactor, body)
	s.Page("POST /sign-in/factor/options", httpd.Public(), a.askFactor, body)
	s.Page("POST /sign-in/factor/send", httpd.Public(), a.sendFactor, body)

	s.Page("GET /sign-in/password", httpd.Public(), a.showRenew)
	s.Page("POST /sign-in/password", httpd.Public(), a.renew, body)
	s.Page("GET /confirm", httpd.SignedIn(), a.showConfirm)
	s.Page("POST /confirm", httpd.SignedIn(), a.confirm, body)
	s.Page("POST /confirm/options", httpd.SignedIn(), a.askConfirm, body)
	s.Page("POST /confirm/send", httpd.SignedIn(), a.sendConfirm, body)

	s.Page("GET /account/security", httpd.SignedIn(), a.showSecurity)
	s.Page("GET /account/security/passkey", httpd.SignedIn(), a.showPasskey, httpd.Confirmed())
	s.Page("POST /account/security/passkey", httpd.SignedIn(), a.addPasskey, body)
	s.Page("POST /account/security/passkey/options", httpd.SignedIn(), a.askPasskey, body)
	s.Page("POST /account/security/passkey/{passkey}/rename", httpd.SignedIn(), a.renamePasskey, body)
	s.Page("GET /account/security/app", httpd.SignedIn(), a.showApp, httpd.Confirmed())
	s.Page("POST /account/security/app", httpd.SignedIn(), a.addApp, body)
	s.Page("GET /account/security/number", httpd.SignedIn(), a.showNumber, httpd.Confirmed())
	s.Page("POST /account/security/number", httpd.SignedIn(), a.sendNumber, body)
	s.Page("POST /account/security/number/confirm", httpd.SignedIn(), a.addNumber, body)
	s.Page("GET /account/security/codes", httpd.SignedIn(), a.showCodes, httpd.Confirmed())
	s.Page("POST /account/security/codes", httpd.SignedIn(), a.makeCodes, body)
	s.Page("GET /account/security/remove/{kind}", httpd.SignedIn(), a.showRemove, httpd.Confirmed())
	s.Page("POST /account/security/remove/{kind}", httpd.SignedIn(), a.remove, body)
}

// frame is what surrounds a page of an account. Who is in no workspace, or not yet strong enough for theirs, gets a plain one:
// these pages are where they go on.
func (a *Pages) frame(r *http.Request, title string) (web.Shell, error) {
	shell, err := a.Frame(r, title, "/account/security")
	if err == nil {
		return shell, nil
	}
	actor, failed := tenant.ActorOf(r.Context())
	if failed != nil {
		return shell, failed
	}
	token, failed := a.server.FormToken(actor)
	return web.Shell{Title: title, Theme: web.ThemeOf(r), Token: token, Wide: true}, failed
}

// begun is the session of a factor that was set up, as the browser gets it.
func begun(s enrolment.Session) identity.Begun {
	return identity.Begun{Token: s.Token, EndsAt: s.EndsAt, Actor: s.Actor}
}

// day writes the day of an instant as people read it.
func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("2 January 2006") }
