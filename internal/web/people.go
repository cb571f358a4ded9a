package web

import (
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
)

// peopleRoutes are the pages of a person and a deployment: first run, sign-in, home, jobs, settings.
func (a *App) peopleRoutes(s *httpd.Server) {
	s.Reports(nil)
	s.Page("GET /setup/{token}", httpd.Public(), a.showSetup)
	s.Page("POST /setup/{token}", httpd.Public(), a.finishSetup, httpd.MaxBody(32<<10))
	s.Page("POST /setup/{token}/passkey", httpd.Public(), a.askFirstPasskey, httpd.MaxBody(8<<10))
	s.Page("GET /setup/checks", httpd.Verb(gate.CheckDeployment), a.showChecks)
	s.Page("GET /setup/checks/list", httpd.Verb(gate.CheckDeployment), a.listChecks)
	s.Page("GET /sign-in", httpd.Public(), a.showSignIn)
	s.Page("POST /sign-in", httpd.Public(), a.signIn, httpd.MaxBody(8<<10))
	s.Page("POST /sign-out", httpd.SignedIn(), a.signOut, httpd.MaxBody(8<<10))
	s.Page("GET /{$}", httpd.Verb(gate.ListMeetings), a.home)
	s.Page("GET /events/running", httpd.Verb(gate.ListWork), a.followHome, httpd.Stream())
	s.Page("GET /jobs", httpd.Verb(gate.ListWork), a.listJobs)
	s.Page("GET /events/jobs", httpd.Verb(gate.ListWork), a.followJobs, httpd.Stream())
	s.Page("POST /jobs/{id}/run", httpd.Verb(gate.RerunWork), a.rerunJob, httpd.MaxBody(8<<10))
	s.Page("POST /jobs/{id}/cancel", httpd.Verb(gate.CancelWork), a.cancelJob, httpd.MaxBody(8<<10))
	s.Page("GET /settings/models", httpd.SignedIn(), a.showModels)
	s.Page("POST /settings/models", httpd.Verb(gate.ChangeModel), a.changeModels, httpd.MaxBody(16<<10))
	s.Page("POST /settings/languages", httpd.Verb(gate.ChangeWorkspace), a.changeLanguages, httpd.MaxBody(8<<10))
	s.Page("GET /settings/access-log", httpd.Verb(gate.ReadAccess), a.showAccess)
	s.Page("GET /settings/ledger", httpd.Verb(gate.ReadLedger), a.showLedger)
	s.Page("GET /settings/deployment", httpd.Verb(gate.CheckDeployment), a.showDeployment)
	s.Page("GET /settings/deployment/now", httpd.Verb(gate.CheckDeployment), a.followDeployment)
	s.Page("GET /palette", httpd.Verb(gate.ListMeetings), a.palette)
}
