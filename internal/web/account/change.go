package account

import (
	"net/http"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

const securityPath = "/account/security"

// PasskeyPage adds a passkey.
type PasskeyPage struct {
	web.Shell
	Problem string
	Name    web.Field
}

func (PasskeyPage) Page() string { return "passkey" }

func (a *Pages) showPasskey(w http.ResponseWriter, r *http.Request) error {
	return a.passkeyPage(w, r, http.StatusOK, nil)
}

func (a *Pages) passkeyPage(w http.ResponseWriter, r *http.Request, status int, problem error) error {
	shell, err := a.frame(r, "Add a passkey")
	if err != nil {
		return err
	}
	shell.Script = "passkey.js"
	p := PasskeyPage{Shell: shell, Name: web.Field{ID: "name", Label: "What you call it", Value: r.PostFormValue("name"), Hint: "The device or the key that it lies on.", Max: 80, First: true, Complete: "off"}}
	if problem != nil {
		p.Problem = fault.Sentence(problem)
	}
	return a.ShowAgain(w, status, p)
}

// askPasskey has the browser make a passkey.
func (a *Pages) askPasskey(w http.ResponseWriter, r *http.Request) error {
	options, err := a.Identity.Factors.BeginPasskey(r.Context())
	return web.Options(w, options, err)
}

func (a *Pages) addPasskey(w http.ResponseWriter, r *http.Request) error {
	added, err := a.Identity.Factors.FinishPasskey(r.Context(), r.PostFormValue("name"), r.PostFormValue("answer"))
	if told(err) {
		return a.passkeyPage(w, r, http.StatusUnprocessableEntity, err)
	}
	return a.added(w, r, added, factor.KindPasskey, err)
}

// told reports whether a form can be shown again with what was wrong about it.
func told(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Ended) || fault.Is(err, fault.Busy) || fault.Is(err, fault.TooLarge)
}

// added goes on after a factor was set up: to the account's first recovery codes, which are shown once, or back.
func (a *Pages) added(w http.ResponseWriter, r *http.Request, added enrolment.Added, kind string, err error) error {
	if err != nil {
		return err
	}
	a.Enter(w, r, begun(added.Session))
	if len(added.Codes) == 0 {
		http.Redirect(w, r, securityPath+"?saved="+kind, http.StatusSeeOther)
		return nil
	}
	r = r.WithContext(tenant.WithActor(r.Context(), added.Actor))
	return a.codesPage(w, r, added.Codes, saved[kind])
}

func (a *Pages) renamePasskey(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[enrolment.PasskeyID](r.PathValue("passkey"))
	if err != nil {
		return err
	}
	if err := a.Identity.Factors.Rename(r.Context(), id, r.PostFormValue("name")); err != nil {
		return err
	}
	http.Redirect(w, r, securityPath+"?saved=renamed", http.StatusSeeOther)
	return nil
}

// AppPage sets an authenticator app up.
type AppPage struct {
	web.Shell
	Setup   string // the token of what is being set up
	Secret  string // in groups of four, for those who cannot scan
	Picture factor.Picture
	Code    web.Field
}

func (AppPage) Page() string { return "authapp" }

func (a *Pages) showApp(w http.ResponseWriter, r *http.Request) error {
	app, err := a.Identity.Factors.BeginApp(r.Context())
	if err != nil {
		return err
	}
	return a.appPage(w, r, app, nil)
}

func (a *Pages) appPage(w http.ResponseWriter, r *http.Request, app enrolment.App, problem error) error {
	shell, err := a.frame(r, "Set up an authenticator app")
	if err != nil {
		return err
	}
	p := AppPage{Shell: shell, Setup: app.Token.Reveal(), Secret: grouped(app.Secret), Picture: app.Picture, Code: codeField("The code that the app shows")}
	status := http.StatusOK
	if problem != nil {
		status, p.Code.Problem = http.StatusUnprocessableEntity, fault.Sentence(problem)
	}
	return a.ShowAgain(w, status, p)
}

func grouped(secret string) string {
	var groups []string
	for len(secret) > 4 {
		groups, secret = append(groups, secret[:4]), secret[4:]
	}
	return strings.Join(append(groups, secret), " ")
}

func (a *Pages) addApp(w http.ResponseWriter, r *http.Request) error {
	setup := r.PostFormValue("setup")
	added, err := a.Identity.Factors.ConfirmApp(r.Context(), setup, r.PostFormValue("code"))
	if fault.Is(err, fault.Denied) {
		app, failed := a.Identity.Factors.ShowApp(r.Context(), setup)
		if failed != nil {
			return failed
		}
		return a.appPage(w, r, app, err)
	}
	return a.added(w, r, added, factor.KindTOTP, err)
}

// NumberPage adds a number: first the number, then the code that was sent to it.
type NumberPage struct {
	web.Shell
	Setup   string // empty before a code was sent
	Problem string
	Number  web.Field
	Code    web.Field
}

func (NumberPage) Page() string { return "number" }

func (a *Pages) showNumber(w http.ResponseWriter, r *http.Request) error {
	return a.numberPage(w, r, "", nil)
}

func (a *Pages) numberPage(w http.ResponseWriter, r *http.Request, setup string, problem error) error {
	shell, err := a.frame(r, "Add a telephone number")
	if err != nil {
		return err
	}
	p := NumberPage{Shell: shell, Setup: setup, Code: codeField("The code in the message"),
		Number: web.Field{ID: "number", Label: "Mobile number", Type: "tel", Value: r.PostFormValue("number"), Complete: "tel", Hint: "With its country's code, such as +49 151 1234567.", Required: true, First: true, Max: 40}}
	status := http.StatusOK
	switch {
	case problem == nil:
	case fault.Is(problem, fault.Invalid):
		status, p.Number.Problem = http.StatusUnprocessableEntity, fault.Sentence(problem)
	case fault.Is(problem, fault.Denied):
		status, p.Code.Problem = http.StatusUnprocessableEntity, fault.Sentence(problem)
	default:
		status, p.Problem = http.StatusUnprocessableEntity, fault.Sentence(problem)
	}
	return a.ShowAgain(w, status, p)
}

func (a *Pages) sendNumber(w http.ResponseWriter, r *http.Request) error {
	token, err := a.Identity.Factors.BeginNumber(r.Context(), r.PostFormValue("number"))
	if err != nil && !told(err) {
		return err
	}
	if err != nil {
		return a.numberPage(w, r, "", err)
	}
	return a.numberPage(w, r, token.Reveal(), nil)
}

func (a *Pages) addNumber(w http.ResponseWriter, r *http.Request) error {
	setup := r.PostFormValue("setup")
	added, err := a.Identity.Factors.ConfirmNumber(r.Context(), setup, r.PostFormValue("code"))
	if fault.Is(err, fault.Denied) {
		return a.numberPage(w, r, setup, err)
	}
	if fault.Is(err, fault.Ended) {
		return a.numberPage(w, r, "", err)
	}
	return a.added(w, r, added, factor.KindSMS, err)
}

func codeField(label string) web.Field {
	return web.Field{ID: "code", Label: label, Complete: "one-time-code", Hint: "Six digits.", Required: true, First: true, Digits: true, Max: 12}
}

// CodesPage shows recovery codes, once, or asks before it makes new ones.
type CodesPage struct {
	web.Shell
	Saved string
	Email string
	Made  string // the day
	Codes []string
}

func (CodesPage) Page() string { return "codes" }

func (a *Pages) showCodes(w http.ResponseWriter, r *http.Request) error {
	return a.codesPage(w, r, nil, "")
}

func (a *Pages) codesPage(w http.ResponseWriter, r *http.Request, codes []string, saved string) error {
	shell, err := a.frame(r, "Recovery codes")
	if err != nil {
		return err
	}
	has, err := a.Identity.Security(r.Context())
	if err != nil {
		return err
	}
	return a.Show(w, CodesPage{Shell: shell, Saved: saved, Email: has.Email, Made: day(a.Source.Now(), web.ZoneOf(r)), Codes: codes})
}

func (a *Pages) makeCodes(w http.ResponseWriter, r *http.Request) error {
	codes, err := a.Identity.Factors.NewCodes(r.Context())
	if err != nil {
		return err
	}
	return a.codesPage(w, r, codes, "")
}

// RemovePage asks before it removes a factor: that cannot be undone.
type RemovePage struct {
	web.Shell
	Kind, ID, Name string
	Problem        string
}

func (RemovePage) Page() string { return "unfactor" }

func (a *Pages) showRemove(w http.ResponseWriter, r *http.Request) error {
	return a.removePage(w, r, http.StatusOK, nil)
}

func (a *Pages) removePage(w http.ResponseWriter, r *http.Request, status int, problem error) error {
	shell, err := a.frame(r, "Remove a factor")
	if err != nil {
		return err
	}
	has, err := a.Identity.Security(r.Context())
	if err != nil {
		return err
	}
	p := RemovePage{Shell: shell, Kind: r.PathValue("kind"), ID: r.FormValue("id")}
	switch {
	case p.Kind == factor.KindTOTP && has.Factors.App != nil:
		p.Name = "your authenticator app"
	case p.Kind == factor.KindSMS && has.Factors.Phone != nil:
		p.Name = "the number " + has.Factors.Phone.Masked
	case p.Kind == factor.KindPasskey:
		for _, k := range has.Factors.Passkeys {
			if k.ID.String() == p.ID {
				p.Name = "the passkey “" + k.Name + "”"
			}
		}
	}
	if p.Name == "" {
		return fault.New(fault.Missing, "This factor is not here any more.")
	}
	if problem != nil {
		p.Problem = fault.Sentence(problem)
	}
	return a.ShowAgain(w, status, p)
}

func (a *Pages) remove(w http.ResponseWriter, r *http.Request) error {
	var id enrolment.PasskeyID
	kind := r.PathValue("kind")
	if kind == factor.KindPasskey {
		var err error
		if id, err = tenant.ParseID[enrolment.PasskeyID](r.PostFormValue("id")); err != nil {
			return err
		}
	}
	err := a.Identity.RemoveFactor(r.Context(), kind, id)
	if fault.Is(err, fault.Conflict) {
		return a.removePage(w, r, http.StatusConflict, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, securityPath+"?saved=removed", http.StatusSeeOther)
	return nil
}
