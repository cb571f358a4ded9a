package account

import (
	"fmt"
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/web"
)

// ProfilePage is a person's account: what they are called, where they are reached, and how they sign in.
type ProfilePage struct {
	web.Shell
	Saved      string
	Name       web.Field // in this workspace
	Email      string
	Verified   bool
	Mails      bool
	Password   string // since when
	ChangeText string
	Sessions   string // how many
}

func (ProfilePage) Page() string { return "profile" }

// CredentialPage changes the address or the password.
type CredentialPage struct {
	web.Shell
	Heading, Lead string
	Action        string
	Fields        []web.Field
	Button        string
	Problem       string
	Notes         []string
}

func (CredentialPage) Page() string { return "credential" }

// profileRoutes are the pages of a person's own account.
func (a *Pages) profileRoutes(s *httpd.Server) {
	body := httpd.MaxBody(8 << 10)
	s.Page("GET /account", httpd.SignedIn(), a.showProfile)
	s.Page("POST /account/name", httpd.SignedIn(), a.rename, body)
	s.Page("POST /account/verify", httpd.SignedIn(), a.askVerification, body)
	s.Page("GET /account/address", httpd.SignedIn(), a.showAddress, httpd.Confirmed())
	s.Page("POST /account/address", httpd.SignedIn(), a.changeAddress, body)
	s.Page("GET /account/password", httpd.SignedIn(), a.showPassword, httpd.Confirmed())
	s.Page("POST /account/password", httpd.SignedIn(), a.changePassword, body)
	s.Page("GET /account/sessions", httpd.SignedIn(), a.showSessions)
	s.Page("POST /account/sessions/end", httpd.SignedIn(), a.endOthers, body)
	s.Page("POST /account/sessions/{session}/end", httpd.SignedIn(), a.endSession, body)
	s.Page("POST /account/sessions/{session}/name", httpd.SignedIn(), a.nameSession, body)
}

// profileSaved are the sentences that the page shows after a change.
var profileSaved = map[string]string{
	"name": "You have your new name in this workspace.", "sent": "A link is on its way. It is good for two days.",
	"address": "A link is on its way to the new address. The change is made when you follow it.", "moved": "You sign in with your new address from now on.",
	"password": "You have a new password. Your other sessions have ended.",
}

func (a *Pages) showProfile(w http.ResponseWriter, r *http.Request) error {
	p, err := a.profilePage(r)
	if err != nil {
		return err
	}
	p.Saved = profileSaved[r.URL.Query().Get("saved")]
	return a.Show(w, p)
}

func (a *Pages) profilePage(r *http.Request) (ProfilePage, error) {
	shell, err := a.frame(r, "Your account")
	if err != nil {
		return ProfilePage{}, err
	}
	has, err := a.Accounts.Profile(r.Context())
	if err != nil {
		return ProfilePage{}, err
	}
	sessions, err := a.Identity.Sessions(r.Context())
	if err != nil {
		return ProfilePage{}, err
	}
	p := ProfilePage{Shell: shell, Email: has.Email, Verified: has.Verified, Mails: has.Mails, Password: "None", ChangeText: "Set a password",
		Sessions: web.Count(len(sessions), "session", "sessions")}
	if shell.Member != "" {
		p.Name = web.Field{ID: "name", Label: "Name", Value: shell.Member, Complete: "name", Hint: "Others in " + shell.Workspace + " see it.", Required: true, Max: 120}
	}
	if has.Password {
		p.Password, p.ChangeText = "Set", "Change"
		if !has.PasswordAt.IsZero() {
			p.Password = "Set on " + day(has.PasswordAt, web.ZoneOf(r))
		}
	}
	return p, nil
}

func (a *Pages) rename(w http.ResponseWriter, r *http.Request) error {
	err := a.Roster.Rename(r.Context(), r.PostFormValue("name"))
	if fault.Is(err, fault.Invalid) {
		p, failed := a.profilePage(r)
		if failed != nil {
			return failed
		}
		p.Name.Value, p.Name.Problem = r.PostFormValue("name"), fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	return done(w, r, err, "/account?saved=name")
}

func (a *Pages) askVerification(w http.ResponseWriter, r *http.Request) error {
	return done(w, r, a.Accounts.AskVerification(r.Context()), "/account?saved=sent")
}

// done goes on to a page after a change that was made.
func done(w http.ResponseWriter, r *http.Request, err error, next string) error {
	if after := identity.RetryAfter(err); after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		return httpd.Refuse(http.StatusTooManyRequests, fault.Sentence(err))
	}
	if err == nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
	return err
}

func (a *Pages) addressPage(r *http.Request) (CredentialPage, account.Profile, error) {
	shell, err := a.frame(r, "Change your address")
	if err != nil {
		return CredentialPage{}, account.Profile{}, err
	}
	has, err := a.Accounts.Profile(r.Context())
	p := CredentialPage{Shell: shell, Heading: "Change your address", Lead: "You sign in as " + has.Email + " until then.", Action: "/account/address", Button: "Send a link to the new address",
		Fields: []web.Field{{ID: "email", Label: "New e-mail address", Type: "email", Complete: "email", Required: true, First: true, Max: 254}},
		Notes:  []string{"The change is made when you follow the link.", "Your address of now is told of it, with a way back."}}
	if !has.Mails {
		p.Button, p.Notes = "Change the address", []string{"This deployment sends no mail, so the change is made at once. Check the spelling: you sign in with it."}
	}
	return p, has, err
}

func (a *Pages) showAddress(w http.ResponseWriter, r *http.Request) error {
	p, _, err := a.addressPage(r)
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

func (a *Pages) changeAddress(w http.ResponseWriter, r *http.Request) error {
	err := a.Accounts.ChangeAddress(r.Context(), r.PostFormValue("email"))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		p, _, failed := a.addressPage(r)
		if failed != nil {
			return failed
		}
		p.Fields[0].Value, p.Fields[0].Problem = r.PostFormValue("email"), fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	saved := "address"
	if !a.Identity.Mails() {
		saved = "moved"
	}
	return done(w, r, err, "/account?saved="+saved)
}

func (a *Pages) passwordPage(r *http.Request) (CredentialPage, error) {
	shell, err := a.frame(r, "Change your password")
	if err != nil {
		return CredentialPage{}, err
	}
	has, err := a.Accounts.Profile(r.Context())
	next := newPassword(fmt.Sprintf("At least %d characters. A sentence is easy to remember.", has.Least))
	p := CredentialPage{Shell: shell, Heading: "Change your password", Action: "/account/password", Button: "Change the password", Notes: []string{"Your other sessions end."}}
	if has.Password {
		next.First = false
		p.Fields = []web.Field{{ID: "current", Label: "Current password", Type: "password", Complete: "current-password", Required: true, First: true, Max: 1000}, next}
	} else {
		p.Heading, p.Lead, p.Button = "Set a password", "You sign in without one so far, and still can.", "Set the password"
		p.Fields = []web.Field{next}
	}
	return p, err
}

func (a *Pages) showPassword(w http.ResponseWriter, r *http.Request) error {
	p, err := a.passwordPage(r)
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

func (a *Pages) changePassword(w http.ResponseWriter, r *http.Request) error {
	begun, err := a.Accounts.ChangePassword(r.Context(), r.PostFormValue("current"), r.PostFormValue("password"))
	if field := identity.Wrong(err); field != "" {
		p, failed := a.passwordPage(r)
		if failed != nil {
			return failed
		}
		for i := range p.Fields {
			p.Fields[i].First = p.Fields[i].ID == field
			if p.Fields[i].First {
				p.Fields[i].Problem = fault.Sentence(err)
			}
		}
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err == nil {
		a.Enter(w, r, begun)
	}
	return done(w, r, err, "/account?saved=password")
}
