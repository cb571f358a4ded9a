package settings

import (
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/web"
)

// WorkspacePage is what the workspace is called, who one is in it, and the way out.
type WorkspacePage struct {
	web.Shell
	May     bool // change the workspace's name
	Saved   string
	Problem string
	Version int
	Name    web.Field
	Own     web.Field
	Role    string
	Email   string
}

// Page implements web.View.
func (WorkspacePage) Page() string { return "workspace" }

func (a *Pages) workspaceRoutes(s *httpd.Server) {
	const small = 8 << 10
	s.Page("GET /settings/workspace", httpd.Verb(gate.ReadWorkspace), a.showWorkspace)
	s.Page("POST /settings/workspace", httpd.Verb(gate.ChangeWorkspace), a.renameWorkspace, httpd.MaxBody(small))
	s.Page("POST /settings/name", httpd.Verb(gate.RenameSelf), a.renameSelf, httpd.MaxBody(small))
	s.Page("GET /settings/leave", httpd.Verb(gate.LeaveWorkspace), a.askLeave, httpd.Confirmed())
	s.Page("POST /settings/leave", httpd.Verb(gate.LeaveWorkspace), a.leave, httpd.MaxBody(small))
}

func (a *Pages) workspacePage(r *http.Request) (WorkspacePage, error) {
	shell, me, err := a.styled(r, "Workspace", "/settings/workspace")
	if err != nil {
		return WorkspacePage{}, err
	}
	set, err := a.Roster.Settings(r.Context())
	return WorkspacePage{Shell: shell, May: me.Role.AtLeast(gate.Admin), Version: set.Version, Role: article(me.Role), Email: me.Email,
		Name: web.Field{ID: "workspace", Label: "Name of the workspace", Value: set.Name, Required: true, Max: 120},
		Own:  web.Field{ID: "name", Label: "Your name here", Value: me.Name, Hint: "As others read it in this workspace.", Complete: "name", Required: true, Max: 120}}, err
}

func (a *Pages) showWorkspace(w http.ResponseWriter, r *http.Request) error {
	p, err := a.workspacePage(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("saved") != "" {
		p.Saved = "Saved."
	}
	return a.Show(w, p)
}

func (a *Pages) renameWorkspace(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form was not sent by our page. Load the page again.")
	}
	name := r.PostFormValue("workspace")
	return a.saved(w, r, a.Roster.RenameWorkspace(r.Context(), version, name), func(p *WorkspacePage) *web.Field {
		p.Name.Value = name
		return &p.Name
	})
}

func (a *Pages) renameSelf(w http.ResponseWriter, r *http.Request) error {
	name := r.PostFormValue("name")
	return a.saved(w, r, a.Roster.Rename(r.Context(), name), func(p *WorkspacePage) *web.Field {
		p.Own.Value = name
		return &p.Own
	})
}

// saved goes back to the page, or shows it again with the field that was not taken.
func (a *Pages) saved(w http.ResponseWriter, r *http.Request, err error, of func(*WorkspacePage) *web.Field) error {
	if err == nil {
		http.Redirect(w, r, "/settings/workspace?saved=1", http.StatusSeeOther)
		return nil
	}
	if !refused(err) {
		return err
	}
	p, failed := a.workspacePage(r)
	if failed != nil {
		return failed
	}
	if fault.Is(err, fault.Conflict) {
		p.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusConflict, p)
	}
	of(&p).Problem = fault.Sentence(err)
	return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
}

func (a *Pages) leavePage(r *http.Request) (SurePage, error) {
	shell, _, err := a.styled(r, "Leave the workspace", "/settings/workspace")
	return SurePage{Shell: shell, Heading: "Leave " + shell.Workspace + "?", Lead: "Only an invitation brings you back.", Icon: "log-out",
		Action: "/settings/leave", Button: "Leave", Back: "/settings/workspace", Word: "leave", Confirm: wordField("leave"),
		What: []string{"Your sessions, keys and programs here end at once.", "What you made stays, under your name.", "Other workspaces of yours stay as they are."}}, err
}

func (a *Pages) askLeave(w http.ResponseWriter, r *http.Request) error {
	p, err := a.leavePage(r)
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

func (a *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	if !typed(r, "leave") {
		p, err := a.leavePage(r)
		if err != nil {
			return err
		}
		p.Confirm.Problem = "Type the word to go on."
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err := a.Roster.Leave(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}
