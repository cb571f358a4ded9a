package account

import (
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/web"
)

// RenewPage asks for a new password in the middle of a sign-in, where the one that was shown is too old.
type RenewPage struct {
	web.Shell
	Lead     string
	Next     string
	Password web.Field
	Problem  string
}

func (RenewPage) Page() string { return "renew" }

func (a *Pages) renewPage(r *http.Request) (RenewPage, error) {
	challenge := web.ChallengeOf(r)
	if challenge == "" {
		return RenewPage{}, fault.New(fault.Ended, "This sign-in is over. Sign in again.")
	}
	asked, err := a.Accounts.Renewing(r.Context(), challenge)
	if err != nil {
		return RenewPage{}, err
	}
	return RenewPage{Shell: web.Plain(r, "Choose a new password"), Next: httpd.LocalPath(r.FormValue("next")),
		Lead:     "That was right, but a workspace of yours asks for a new password after " + web.Count(asked.Days, "day", "days") + ". You are signed in as soon as it is saved.",
		Password: newPassword("At least " + web.Count(asked.Least, "character", "characters") + ", and not the one that you have. A sentence is easy to remember.")}, nil
}

// showRenew asks for the new password for which the browser's sign-in waits.
func (a *Pages) showRenew(w http.ResponseWriter, r *http.Request) error {
	p, err := a.renewPage(r)
	if err != nil {
		return a.startAgain(w, r, err)
	}
	return a.Show(w, p)
}

// renew stores the new password and lets its person in.
func (a *Pages) renew(w http.ResponseWriter, r *http.Request) error {
	begun, err := a.Accounts.RenewPassword(r.Context(), web.ChallengeOf(r), r.PostFormValue("password"))
	if err == nil {
		a.EndChallenge(w, r)
		a.LetIn(w, r, identity.Entry{Begun: begun})
		return nil
	}
	if !told(err) {
		return err
	}
	p, over := a.renewPage(r)
	if over != nil {
		return a.startAgain(w, r, over)
	}
	status := http.StatusUnprocessableEntity
	if identity.Wrong(err) == "password" {
		p.Password.Problem = fault.Sentence(err)
	} else {
		p.Problem = fault.Sentence(err)
	}
	if after := identity.RetryAfter(err); after > 0 {
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())+1))
	}
	return a.ShowAgain(w, status, p)
}
