package account

import (
	"net/http"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// WorkspacesPage lists the workspaces of a person, who may be in none.
type WorkspacesPage struct {
	web.Shell
	Seats []SeatRow
	May   bool   // make another
	Why   string // they may not
	Back  bool   // there is a workspace to go back to
}

// Page implements web.View.
func (WorkspacesPage) Page() string { return "workspaces" }

// SeatRow is a workspace of the person's.
type SeatRow struct {
	ID, Name, Role string
	Here           bool
}

// FoundPage is the form of a new workspace.
type FoundPage struct {
	web.Shell
	Refusal   *web.Refusal
	Problem   string
	Name, Own web.Field
}

// Page implements web.View.
func (FoundPage) Page() string { return "found" }

func (a *Pages) workspaceRoutes(s *httpd.Server) {
	const small = 8 << 10
	s.Page("GET /workspaces", httpd.SignedIn(), a.listWorkspaces)
	s.Page("GET /workspaces/new", httpd.SignedIn(), a.newWorkspace)
	s.Page("POST /workspaces/new", httpd.SignedIn(), a.found, httpd.MaxBody(small))
	s.Page("POST /switch", httpd.SignedIn(), a.change, httpd.MaxBody(small))
}

// plain is what surrounds a page of somebody who is signed in, maybe in no workspace.
func (a *Pages) plain(r *http.Request, title string) (web.Shell, error) {
	shell := web.Plain(r, title)
	actor, err := tenant.ActorOf(r.Context())
	if err != nil {
		return shell, err
	}
	shell.Wide = true
	shell.Token, err = a.server.FormToken(actor)
	return shell, err
}

func (a *Pages) listWorkspaces(w http.ResponseWriter, r *http.Request) error {
	seats, err := a.Roster.Seats(r.Context())
	if err != nil {
		return err
	}
	shell, err := a.plain(r, "Workspaces")
	if err != nil {
		return err
	}
	p := WorkspacesPage{Shell: shell}
	for _, seat := range seats {
		p.Seats = append(p.Seats, SeatRow{seat.Workspace.String(), web.NameOfSeat(seat.Name), string(seat.Role), seat.Here})
		p.Back = p.Back || seat.Here
	}
	err = a.Roster.MayFound(r.Context())
	if err != nil && !fault.Is(err, fault.Denied) {
		return err
	}
	p.May = err == nil
	if err != nil {
		p.Why = fault.Sentence(err)
	}
	return a.Show(w, p)
}

// change takes the session to another workspace.
func (a *Pages) change(w http.ResponseWriter, r *http.Request) error {
	to, err := tenant.ParseID[tenant.WorkspaceID](r.PostFormValue("to"))
	if err != nil {
		return err
	}
	begun, err := a.Identity.Switch(r.Context(), to)
	if err != nil {
		return err
	}
	a.SetSession(w, r, begun.Token, begun.EndsAt)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (a *Pages) foundPage(r *http.Request) (FoundPage, error) {
	shell, err := a.plain(r, "New workspace")
	p := FoundPage{Shell: shell,
		Name: web.Field{ID: "workspace", Label: "Name of the workspace", Complete: "organization", Hint: "Your company or team.", Required: true, First: true, Max: 120},
		Own:  web.Field{ID: "name", Label: "Your name there", Complete: "name", Required: true, Max: 120}}
	if err != nil {
		return p, err
	}
	if me, err := a.Identity.Me(r.Context()); err == nil {
		p.Own.Value = me.Name
	}
	err = a.Roster.MayFound(r.Context())
	if fault.Is(err, fault.Denied) {
		p.Refusal = &web.Refusal{Reason: fault.Sentence(err)}
		return p, nil
	}
	return p, err
}

func (a *Pages) newWorkspace(w http.ResponseWriter, r *http.Request) error {
	p, err := a.foundPage(r)
	if err != nil {
		return err
	}
	if p.Refusal != nil {
		return a.ShowAgain(w, http.StatusForbidden, p)
	}
	return a.Show(w, p)
}

func (a *Pages) found(w http.ResponseWriter, r *http.Request) error {
	name, own := r.PostFormValue("workspace"), r.PostFormValue("name")
	begun, err := a.Roster.Found(r.Context(), name, own)
	if err == nil {
		a.SetSession(w, r, begun.Token, begun.EndsAt)
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	p, failed := a.foundPage(r)
	if failed != nil {
		return failed
	}
	p.Name.Value, p.Own.Value = name, own
	if identity.Wrong(err) == "workspace" {
		p.Name.Problem = fault.Sentence(err)
	} else {
		p.Own.Problem = fault.Sentence(err)
	}
	return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
}
