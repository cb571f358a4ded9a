// Package settings is the pages on which a workspace and its deployment are set up: people, keys, policies. A handler parses,
// calls one service and renders a view; what it shows is in a plain struct beside it.
package settings

import (
	"net/http"

	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/web"
)

// Pages are the settings over the services that the app has.
type Pages struct {
	*web.App
	server *httpd.Server
}

// styled is what surrounds a page about people, which has a style of its own.
func (a *Pages) styled(r *http.Request, title, current string) (web.Shell, identity.Me, error) {
	shell, me, err := a.FrameOf(r, title, current)
	shell.Style = "settings.css"
	return shell, me, err
}

// Register adds the pages to the server of the app's. It panics as httpd.Server.Page does.
func Register(app *web.App, s *httpd.Server) {
	a := &Pages{app, s}
	a.keyRoutes(s)
	a.webhookRoutes(s)
	a.mailRoutes(s)
	a.providerRoutes(s)
	a.roleRoutes(s)
	a.memberRoutes(s)
	a.invitationRoutes(s)
	a.signInRoutes(s)
	a.workspaceRoutes(s)
}
