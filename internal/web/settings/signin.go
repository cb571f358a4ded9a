package settings

import (
	"fmt"
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/roster"
	"mainstay/internal/web"
)

// SignInPage is what the workspace asks of sign-ins and passwords.
type SignInPage struct {
	web.Shell
	Saved, Problem             string
	Version                    int
	Factors                    []web.Option
	FactorProblem              string
	Hours, Idle                web.Field
	Least, History, DaysToLive web.Field
}

// Page implements web.View.
func (SignInPage) Page() string { return "signinrules" }

func (a *Pages) signInRoutes(s *httpd.Server) {
	s.Page("GET /settings/sign-in", httpd.Verb(gate.ReadSignIn), a.showSignIn)
	s.Page("POST /settings/sign-in", httpd.Verb(gate.ChangeSignIn), a.changeSignIn, httpd.MaxBody(8<<10), httpd.Confirmed())
}

func (a *Pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	rules, err := a.Roster.SignIn(r.Context())
	if err != nil {
		return err
	}
	p, err := a.signInPage(r, rules)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("saved") != "" {
		p.Saved = "Saved. Sessions are held to it from the next request on, passwords when they are chosen."
	}
	return a.Show(w, p)
}

func (a *Pages) signInPage(r *http.Request, rules roster.SignIn) (SignInPage, error) {
	reach, err := a.Roster.Reach(r.Context())
	if err != nil {
		return SignInPage{}, err
	}
	shell, _, err := a.styled(r, "Sign-in", "/settings/sign-in")
	number := func(id, label, hint string, value int) web.Field {
		return web.Field{ID: id, Label: label, Type: "number", Value: strconv.Itoa(value), Hint: hint, Required: true}
	}
	return SignInPage{Shell: shell, Version: rules.Version,
		Factors: web.Choose(rules.Factor.String(),
			web.Option{Value: "none", Name: "A password or a passkey", Hint: "The least that anybody asks."},
			web.Option{Value: "second", Name: "A second factor", Hint: "An app's code, a passkey, or what a provider calls that. " + lacking(reach, reach.Second)},
			web.Option{Value: "phishing-resistant", Name: "A passkey", Hint: "It cannot be given away to a false page. " + lacking(reach, reach.PhishingResistant)}),
		Hours:      number("hours", "Sign in again after, in hours", "1 to 720.", rules.Hours),
		Idle:       number("idle", "Or after so many minutes without use", "5 to 43,200, which are 30 days.", rules.Idle),
		Least:      number("least", "Characters of a password, at least", "12 to 128. Common passwords are refused in any length.", rules.Least),
		History:    number("history", "Earlier passwords that are refused", "0 to 24.", rules.History),
		DaysToLive: number("days", "A new password after so many days", "0 for never, which is best, or 30 to 1,095.", rules.Days)}, err
}

// lacking says how many would have to set a factor up first.
func lacking(reach roster.Reach, have int) string {
	if !reach.Known {
		return "Whoever has none is led to set one up."
	}
	switch n := reach.Members - have; n {
	case 0:
		return "Everybody here has one."
	case 1:
		return fmt.Sprintf("1 of %d has none and is led to set one up.", reach.Members)
	default:
		return fmt.Sprintf("%d of %d have none and are led to set one up.", n, reach.Members)
	}
}

func (a *Pages) changeSignIn(w http.ResponseWriter, r *http.Request) error {
	rules, err := signInOf(r)
	if err == nil {
		err = a.Roster.ChangeSignIn(r.Context(), rules)
	}
	if err == nil {
		http.Redirect(w, r, "/settings/sign-in?saved=1", http.StatusSeeOther)
		return nil
	}
	if !refused(err) {
		return err
	}
	p, failed := a.signInPage(r, rules)
	if failed != nil {
		return failed
	}
	p.blame(err)
	status := http.StatusUnprocessableEntity
	if fault.Is(err, fault.Conflict) {
		status = http.StatusConflict
	}
	return a.ShowAgain(w, status, p)
}

// blame puts a problem beside the field that it is about.
func (p *SignInPage) blame(err error) {
	sentence := fault.Sentence(err)
	switch identity.Wrong(err) {
	case "factor":
		p.FactorProblem = sentence
	case "hours":
		p.Hours.Problem = sentence
	case "idle":
		p.Idle.Problem = sentence
	case "least":
		p.Least.Problem = sentence
	case "history":
		p.History.Problem = sentence
	case "days":
		p.DaysToLive.Problem = sentence
	default:
		p.Problem = sentence
	}
}

func signInOf(r *http.Request) (roster.SignIn, error) {
	var rules roster.SignIn
	var err error
	if rules.Factor, err = gate.ParseStrength(r.PostFormValue("factor")); err != nil {
		return rules, identity.FieldError("factor", err)
	}
	for field, to := range map[string]*int{"version": &rules.Version, "hours": &rules.Hours, "idle": &rules.Idle, "least": &rules.Least, "history": &rules.History, "days": &rules.Days} {
		n, failed := strconv.Atoi(r.PostFormValue(field))
		if failed != nil && err == nil {
			err = identity.FieldError(field, fault.New(fault.Invalid, "Enter a whole number."))
		}
		*to = n
	}
	return rules, err
}
