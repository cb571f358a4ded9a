package web

import (
	"net/http"

	"mainstay/internal/fault"
	"mainstay/internal/identity"
)

// SetupPage is the first page of a deployment: its owner and its first workspace.
type SetupPage struct {
	Shell
	Action                      string // where the form goes; it holds the one-time token
	Problem                     string
	Name, Email, Password, Firm Field
}

func (SetupPage) page() string { return "setup" }

// ChecksPage shows what works, each line tried for real.
type ChecksPage struct {
	Shell
	AllGood bool
	Checks  []Check
}

func (ChecksPage) page() string { return "checks" }

// Check is one thing that was tried. State is ok, bad, warn or waiting; Fix is the one thing that mends it.
type Check struct {
	Name, Found, State, Word, Fix string
}

// showSetup asks for the first person. A link that was used or replaced is gone.
func (a *App) showSetup(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	if err := a.Identity.SetupOpen(r.Context(), token); err != nil {
		return err
	}
	return a.show(w, setupPage(token, identity.Setup{}, nil, themeOf(r)))
}

// finishSetup makes the owner and their workspace, and signs them in.
func (a *App) finishSetup(w http.ResponseWriter, r *http.Request) error {
	said := identity.Setup{Token: r.PathValue("token"), Name: r.PostFormValue("name"), Email: r.PostFormValue("email"),
		Password: r.PostFormValue("password"), Workspace: r.PostFormValue("workspace")}
	begun, err := a.Identity.FirstRun(r.Context(), said)
	if fault.Is(err, fault.Invalid) {
		return a.showAgain(w, http.StatusUnprocessableEntity, setupPage(said.Token, said, err, themeOf(r)))
	}
	if err != nil {
		return err
	}
	a.setSession(w, begun.Token, begun.EndsAt)
	http.Redirect(w, r, "/setup/checks", http.StatusSeeOther)
	return nil
}

// setupPage is the form with what was said before, but for the password.
func setupPage(token string, said identity.Setup, problem error, theme string) SetupPage {
	p := SetupPage{
		Shell:    Shell{Title: "Set up", Theme: theme},
		Action:   "/setup/" + token,
		Name:     Field{ID: "name", Label: "Your name", Value: said.Name, Complete: "name", Required: true, First: true, Max: 120},
		Email:    Field{ID: "email", Label: "E-mail", Type: "email", Value: said.Email, Complete: "username", Required: true, Max: 254},
		Password: Field{ID: "password", Label: "Password", Type: "password", Complete: "new-password", Hint: "At least 12 characters. A sentence is easy to remember.", Required: true, Max: 1000},
		Firm:     Field{ID: "workspace", Label: "Name of the workspace", Value: said.Workspace, Complete: "organization", Hint: "Your company or team.", Required: true, Max: 120},
	}
	if problem == nil {
		return p
	}
	sentence := fault.Sentence(problem)
	switch identity.Wrong(problem) {
	case "name":
		p.Name.Problem = sentence
	case "email":
		p.Email.Problem = sentence
	case "password":
		p.Password.Problem = sentence
	case "workspace":
		p.Firm.Problem = sentence
	default:
		p.Problem = sentence
	}
	return p
}
