package account

import (
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/web"
)

// ForgotPage lets somebody ask for a link to choose a new password.
type ForgotPage struct {
	web.Shell
	Email   web.Field
	Problem string
	Sent    bool // it was asked for; whether there is an account does not show
	NoMail  bool // nothing is sent here
}

func (ForgotPage) Page() string { return "forgot" }

// ResetPage lets who holds a link choose a new password.
type ResetPage struct {
	web.Shell
	Action   string // where the form goes; it holds the link's token
	Password web.Field
	Problem  string
}

func (ResetPage) Page() string { return "reset" }

// LinkPage asks before a link does what it is for, so that no program that looks at mail does it.
type LinkPage struct {
	web.Shell
	Heading, Lead string
	Points        []string
	Action        string
	Button        string
	Danger        bool
	Problem       string
	Done          bool
	Next, Name    string // where to go on, and what that is called
}

func (LinkPage) Page() string { return "link" }

// recoverRoutes are the doors for who forgot a password or was sent a link.
func (a *Pages) recoverRoutes(s *httpd.Server) {
	body := httpd.MaxBody(8 << 10)
	s.Page("GET /forgot", httpd.Public(), a.showForgot)
	s.Page("POST /forgot", httpd.Public(), a.forgot, body)
	s.Page("GET /reset/{token}", httpd.Public(), a.showReset)
	s.Page("POST /reset/{token}", httpd.Public(), a.reset, body)
	s.Page("GET /verify/{token}", httpd.Public(), a.showVerify)
	s.Page("POST /verify/{token}", httpd.Public(), a.verify, body)
	s.Page("GET /not-me/{token}", httpd.Public(), a.showNotMe)
	s.Page("POST /not-me/{token}", httpd.Public(), a.notMe, body)
}

func (a *Pages) forgotPage(r *http.Request) ForgotPage {
	return ForgotPage{Shell: web.Plain(r, "Forgot your password?"), NoMail: !a.Identity.Mails(),
		Email: web.Field{ID: "email", Label: "E-mail", Type: "email", Complete: "username", Required: true, First: true, Max: 254}}
}

func (a *Pages) showForgot(w http.ResponseWriter, r *http.Request) error {
	return a.Show(w, a.forgotPage(r))
}

// forgot answers the same for every address.
func (a *Pages) forgot(w http.ResponseWriter, r *http.Request) error {
	p := a.forgotPage(r)
	err := a.Accounts.Forgot(r.Context(), r.PostFormValue("email"))
	if after := identity.RetryAfter(err); after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		p.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusTooManyRequests, p)
	}
	if err != nil {
		return err
	}
	p.Sent = true
	return a.Show(w, p)
}

func (a *Pages) resetPage(r *http.Request) ResetPage {
	return ResetPage{Shell: web.Plain(r, "Choose a new password"), Action: r.URL.Path, Password: newPassword("At least 12 characters. A sentence is easy to remember.")}
}

// newPassword is the field in which a new password is typed. It can be pasted, and shown.
func newPassword(hint string) web.Field {
	return web.Field{ID: "password", Label: "New password", Type: "password", Complete: "new-password", Hint: hint, Required: true, First: true, Max: 1000}
}

func (a *Pages) showReset(w http.ResponseWriter, r *http.Request) error {
	if err := a.Accounts.ResetOpen(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return a.Show(w, a.resetPage(r))
}

// reset stores the new password. The person then signs in with it, and with their second factor.
func (a *Pages) reset(w http.ResponseWriter, r *http.Request) error {
	err := a.Accounts.Reset(r.Context(), r.PathValue("token"), r.PostFormValue("password"))
	if fault.Is(err, fault.Invalid) {
		p := a.resetPage(r)
		p.Password.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/sign-in?reset=1", http.StatusSeeOther)
	return nil
}

func (a *Pages) verifyPage(r *http.Request) LinkPage {
	return LinkPage{Shell: web.Plain(r, "Confirm your address"), Heading: "Confirm your address", Action: r.URL.Path, Button: "This is my address",
		Lead: "You opened a link that was mailed to you. Confirm that the address is yours."}
}

func (a *Pages) showVerify(w http.ResponseWriter, r *http.Request) error {
	if err := a.Accounts.VerifyOpen(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return a.Show(w, a.verifyPage(r))
}

func (a *Pages) verify(w http.ResponseWriter, r *http.Request) error {
	p := a.verifyPage(r)
	err := a.Accounts.Verify(r.Context(), r.PathValue("token"))
	if fault.Is(err, fault.Conflict) {
		p.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusConflict, p)
	}
	if err != nil {
		return err
	}
	p.Done, p.Heading, p.Lead, p.Next, p.Name = true, "Your address is confirmed", "Mail about your account goes there, and you sign in with it.", "/", "Go on"
	return a.Show(w, p)
}

func notMePage(r *http.Request) LinkPage {
	return LinkPage{Shell: web.Plain(r, "This wasn't me"), Heading: "Was somebody else in your account?", Action: r.URL.Path, Button: "It wasn't me: lock them out", Danger: true,
		Lead: "If a sign-in or a change was not yours, this takes the account back. You choose a new password next.",
		Points: []string{"Every session ends, yours too.", "The password is worthless from then on.", "A change of your address is taken back.",
			"Passkeys, codes, linked accounts and keys that were added from that sign-in on are removed.",
			"The owners of your workspaces are told, and it stands in their log."}}
}

func (a *Pages) showNotMe(w http.ResponseWriter, r *http.Request) error {
	if err := a.Accounts.DisownOpen(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return a.Show(w, notMePage(r))
}

// notMe locks everybody out and goes on to where the person chooses a new password.
func (a *Pages) notMe(w http.ResponseWriter, r *http.Request) error {
	path, err := a.Accounts.Disown(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
