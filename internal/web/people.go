package web

import "mainstay/internal/httpd"

// peopleRoutes are the pages of a person and a deployment: first run, sign-in, home, jobs, settings.
func (a *App) peopleRoutes(*httpd.Server) {}
