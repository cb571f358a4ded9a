package web

import "mainstay/internal/httpd"

// meetingRoutes are the pages of meetings: the list, a new one, its processing, its minutes.
func (a *App) meetingRoutes(*httpd.Server) {}
