package web

import (
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/health"
	"mainstay/internal/identity"
)

// SetupPage is the first page of a deployment: its owner and its first workspace.
type SetupPage struct {
	Shell
	Action                      string // where the form goes; it holds the one-time token
	Problem                     string
	Passkey                     bool // browsers make passkeys for this deployment's address
	Name, Email, Password, Firm Field
}

func (SetupPage) Page() string { return "setup" }

// ChecksPage shows what works, each line tried for real.
type ChecksPage struct {
	Shell
	AllGood bool
	Seen    string // of the states that are shown, so that the page is drawn anew only when one changed
	Sum     string // how it ended, empty while something is being tried
	Checks  []Check
}

func (ChecksPage) Page() string { return "checks" }

// Check is one thing that was tried. State is ok, bad, warn or waiting; Fix is the one thing that mends it, at Href where that is
// a page.
type Check struct {
	Name, Found, State, Word, Fix string
	Go, Href                      string
}

// showSetup asks for the first person. A link that was used or replaced is gone.
func (a *App) showSetup(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	if err := a.Identity.SetupOpen(r.Context(), token); err != nil {
		return err
	}
	return a.show(w, a.setupPage(r, identity.Setup{Token: token}, nil))
}

// saidAtSetup is what the first person said.
func saidAtSetup(r *http.Request) identity.Setup {
	return identity.Setup{Token: r.PathValue("token"), Name: r.PostFormValue("name"), Email: r.PostFormValue("email"),
		Password: r.PostFormValue("password"), Passkey: r.PostFormValue("answer"), Workspace: r.PostFormValue("workspace")}
}

// askFirstPasskey has the first person's browser make a passkey.
func (a *App) askFirstPasskey(w http.ResponseWriter, r *http.Request) error {
	options, err := a.Identity.BeginFirstPasskey(r.Context(), saidAtSetup(r))
	return Options(w, options, err)
}

// finishSetup makes the owner and their workspace, and signs them in.
func (a *App) finishSetup(w http.ResponseWriter, r *http.Request) error {
	said := saidAtSetup(r)
	begun, err := a.Identity.FirstRun(r.Context(), said)
	if fault.Is(err, fault.Invalid) {
		return a.showAgain(w, http.StatusUnprocessableEntity, a.setupPage(r, said, err))
	}
	if err != nil {
		return err
	}
	a.enter(w, r, begun)
	http.Redirect(w, r, "/setup/checks", http.StatusSeeOther)
	return nil
}

// setupPage is the form with what was said before, but for the password.
func (a *App) setupPage(r *http.Request, said identity.Setup, problem error) SetupPage {
	p := SetupPage{
		Shell:    Shell{Title: "Set up", Theme: themeOf(r), Script: "passkey.js"},
		Action:   "/setup/" + said.Token,
		Passkey:  a.Identity.Factors.Party != nil,
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

// showChecks shows what the deployment stands on, tried for real.
func (a *App) showChecks(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.shell(r, "Checks", "")
	if err != nil {
		return err
	}
	results, err := a.Health.Open(r.Context())
	if err != nil {
		return err
	}
	shell.Wide, shell.Live = true, "htmx"
	return a.show(w, checksPage(shell, results))
}

// listChecks is the list alone, for the page that asks until everything works. Nothing changed is 204, and the page stays.
func (a *App) listChecks(w http.ResponseWriter, r *http.Request) error {
	results, err := a.Health.Again(r.Context())
	if err != nil {
		return err
	}
	p := checksPage(Shell{}, results)
	if p.Seen == r.URL.Query().Get("seen") {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return a.fragment(w, "checklist", p)
}

func checksPage(shell Shell, results []health.Result) ChecksPage {
	p := ChecksPage{Shell: shell}
	states := map[health.State]int{}
	for _, r := range results {
		p.Seen += strconv.Itoa(int(r.State))
		states[r.State]++
		p.Checks = append(p.Checks, checkOf(r))
	}
	p.AllGood = states[health.Broken]+states[health.Waiting] == 0
	switch {
	case p.AllGood:
		p.Sum = "Everything that is needed works."
	case states[health.Waiting] == 0:
		p.Sum = Count(states[health.Broken], "check needs", "checks need") + " you. It is tried again every few seconds."
	}
	return p
}

func checkOf(r health.Result) Check {
	c := Check{Name: r.Name, Found: r.Found, Fix: r.Fix}
	switch r.State {
	case health.Works:
		c.State, c.Word = "ok", "Works"
	case health.Warns:
		c.State, c.Word = "warn", "Note"
	case health.Broken:
		c.State, c.Word = "bad", "Broken"
	default:
		c.State, c.Word, c.Found = "waiting", "Trying", "Being tried"
	}
	if r.Word != "" {
		c.Word = r.Word
	}
	return c
}
