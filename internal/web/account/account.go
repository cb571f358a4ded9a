// Package account is the pages of a person: the doors through which they come in, and what is theirs in every workspace. A
// handler parses, calls one service and renders a view; what it shows is in a plain struct beside it.
package account

import (
	"mainstay/internal/httpd"
	"mainstay/internal/web"
)

// Pages are the pages of a person over the services that the app has.
type Pages struct {
	*web.App
	server *httpd.Server
}

// Register adds the pages to the server of the app's. It panics as httpd.Server.Page does.
func Register(app *web.App, s *httpd.Server) {
	a := &Pages{app, s}
	a.programRoutes(s)
	a.noticeRoutes(s)
}
