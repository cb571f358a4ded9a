package account

import (
	"net/http"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// SessionsPage lists where the person is signed in.
type SessionsPage struct {
	web.Shell
	Saved   string
	Problem string
	Current SessionRow
	Others  []SessionRow
}

func (SessionsPage) Page() string { return "sessions" }

// SessionRow is a session of a list.
type SessionRow struct {
	ID, Name, Browser string
	Icon              string
	Where             string // the address
	Since, Used       web.Stamp
	End, Rename       string
	Token             string // of the forms
}

var sessionsSaved = map[string]string{"ended": "The session has ended.", "others": "All other sessions have ended.", "named": "The session has its new name."}

func (a *Pages) showSessions(w http.ResponseWriter, r *http.Request) error {
	p, err := a.sessionsPage(r)
	if err != nil {
		return err
	}
	p.Saved = sessionsSaved[r.URL.Query().Get("saved")]
	return a.Show(w, p)
}

func (a *Pages) sessionsPage(r *http.Request) (SessionsPage, error) {
	shell, err := a.frame(r, "Sessions")
	if err != nil {
		return SessionsPage{}, err
	}
	all, err := a.Identity.Sessions(r.Context())
	p := SessionsPage{Shell: shell}
	for _, s := range all {
		row := sessionRow(s, web.ZoneOf(r))
		row.Token = shell.Token
		if s.Current {
			p.Current = row
		} else {
			p.Others = append(p.Others, row)
		}
	}
	return p, err
}

func sessionRow(s identity.Session, zone *time.Location) SessionRow {
	at := "/account/sessions/" + s.ID.String()
	row := SessionRow{ID: s.ID.String(), Name: s.Name, Browser: s.Browser, Icon: "monitor", Where: s.Address, Since: web.StampAt(s.Since, zone), Used: web.StampAt(s.Used, zone),
		End: at + "/end", Rename: at + "/name"}
	if row.Where == "" {
		row.Where = "Address unknown"
	}
	if row.Name == "" {
		row.Name, row.Browser = s.Browser, ""
	}
	return row
}

func (a *Pages) endOthers(w http.ResponseWriter, r *http.Request) error {
	_, err := a.Identity.SignOutOthers(r.Context())
	return done(w, r, err, "/account/sessions?saved=others")
}

func (a *Pages) endSession(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[tenant.SessionID](r.PathValue("session"))
	if err != nil {
		return err
	}
	return done(w, r, a.Identity.SignOut(r.Context(), id), "/account/sessions?saved=ended")
}

func (a *Pages) nameSession(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[tenant.SessionID](r.PathValue("session"))
	if err != nil {
		return err
	}
	err = a.Identity.NameSession(r.Context(), id, r.PostFormValue("name"))
	if fault.Is(err, fault.Invalid) {
		p, failed := a.sessionsPage(r)
		if failed != nil {
			return failed
		}
		p.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	return done(w, r, err, "/account/sessions?saved=named")
}
