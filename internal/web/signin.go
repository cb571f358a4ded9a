package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// SignInPage asks for e-mail and password.
type SignInPage struct {
	Shell
	Next     string // a path of ours, already checked
	Notice   string // "You signed out."
	Problem  string // the same sentence for a wrong address and a wrong password
	Passkey  bool   // browsers show passkeys at this deployment's address
	Email    Field
	Password Field
	Ways     []Way // beside the password
}

func (SignInPage) Page() string { return "signin" }

func (a *App) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.Actor(w, r); err == nil && r.URL.Query().Get("wanted") == "" {
		http.Redirect(w, r, httpd.LocalPath(r.URL.Query().Get("next")), http.StatusSeeOther)
		return nil
	}
	owned, err := a.Identity.Owned(r.Context())
	if err != nil {
		return err
	}
	p := a.signInPage(r, "")
	if !owned {
		p.Notice = "Nobody owns this deployment yet. Open the setup address that the server printed when it started."
	}
	switch q := r.URL.Query(); {
	case q.Get("out") != "":
		p.Notice = "You signed out."
	case q.Get("reset") != "":
		p.Notice = "Your password was changed. Sign in with the new one."
	}
	if r.URL.Query().Get("over") != "" {
		p.Notice = "That took too long, or was tried too often. Sign in again."
	}
	if p.Ways, err = a.waysIn(r); err != nil {
		return err
	}
	return a.show(w, p)
}

// signIn begins a session and goes on to where the person wanted to be.
func (a *App) signIn(w http.ResponseWriter, r *http.Request) error {
	entry, err := a.Identity.SignIn(r.Context(), r.PostFormValue("email"), r.PostFormValue("password"))
	if after := identity.RetryAfter(err); after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		return a.signInAgain(w, r, http.StatusTooManyRequests, err)
	}
	if fault.Is(err, fault.Denied) {
		return a.signInAgain(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	a.letIn(w, r, entry)
	return nil
}

// letIn goes on to where the person wanted to be, over the second factor or the new password where one is due.
func (a *App) letIn(w http.ResponseWriter, r *http.Request, entry identity.Entry) {
	next := httpd.LocalPath(r.FormValue("next"))
	if entry.Challenge != "" {
		a.setCookie(w, r, challengeCookie(r), entry.Challenge, a.Source.Now().Add(identity.ChallengeLife))
		at := "/sign-in/factor?"
		if slices.Contains(entry.Needs, identity.NewPassword) {
			at = "/sign-in/password?"
		}
		http.Redirect(w, r, at+url.Values{"next": {next}}.Encode(), http.StatusSeeOther)
		return
	}
	a.enter(w, r, entry.Begun)
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (a *App) signInAgain(w http.ResponseWriter, r *http.Request, status int, why error) error {
	p := a.signInPage(r, fault.Sentence(why))
	p.Email.Value, p.Email.First, p.Password.First = r.PostFormValue("email"), r.Method == http.MethodGet, r.Method != http.MethodGet
	var err error
	if p.Ways, err = a.waysIn(r); err != nil {
		return err
	}
	return a.showAgain(w, status, p)
}

// signOut ends the session here and in the database.
func (a *App) signOut(w http.ResponseWriter, r *http.Request) error {
	actor, err := tenant.ActorOf(r.Context())
	if err != nil {
		return err
	}
	if err := a.Identity.SignOut(r.Context(), actor.Session); err != nil && !fault.Is(err, fault.Missing) { // a session that is over is signed out
		return err
	}
	a.setSession(w, r, "", time.Time{})
	// Not "storage": it may hold a recording that is not uploaded yet. Not "cookies": the browser stays known.
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r, "/sign-in?out=1", http.StatusSeeOther)
	return nil
}

func (a *App) signInPage(r *http.Request, problem string) SignInPage {
	next := httpd.LocalPath(r.FormValue("next"))
	if next == "/" {
		next = ""
	}
	return SignInPage{Shell: Shell{Title: "Sign in", Theme: themeOf(r), Script: "passkey.js"}, Next: next, Problem: problem, Passkey: a.Identity.Factors.Party != nil,
		Email:    Field{ID: "email", Label: "E-mail", Type: "email", Complete: "username webauthn", Required: true, First: true, Max: 254},
		Password: Field{ID: "password", Label: "Password", Type: "password", Complete: "current-password", Required: true, Max: 1000}}
}
