package account

import (
	"net/http"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// JoinPage is an invitation as its holder sees it: who is signed in with its address accepts by one button, who has an account
// signs in first, who has none makes one here.
type JoinPage struct {
	web.Shell
	Secret                    string // the link's, for the forms
	Workspace, By, Role       string
	Address                   string
	Yours, Inside, Other      bool // who is signed in: with the address; in the workspace already; with another address
	Known                     bool // the address has an account
	Problem                   string
	Name, AddressAs, Password web.Field
}

// Page implements web.View.
func (JoinPage) Page() string { return "join" }

// invitationCookie holds the secret of an invitation while its holder signs in.
const invitationCookie = "invitation"

func (a *Pages) joinRoutes(s *httpd.Server) {
	const small = 8 << 10
	s.Page("GET /join/{token}", httpd.Public(), a.openInvitation)
	s.Page("POST /join/{token}", httpd.Public(), a.makeAccount, httpd.MaxBody(small))
	s.Page("GET /join", httpd.Public(), a.resumeInvitation)
	s.Page("POST /join", httpd.SignedIn(), a.accept, httpd.MaxBody(small))
}

// openInvitation shows an invitation. A link that is over is gone.
func (a *Pages) openInvitation(w http.ResponseWriter, r *http.Request) error {
	secret := r.PathValue("token")
	p, err := a.joinPage(w, r, secret)
	if err != nil {
		return err
	}
	a.SetCookie(w, r, web.OwnCookie(r, invitationCookie), tenant.Secret(secret), a.Source.Now().Add(time.Hour))
	return a.Show(w, p)
}

// resumeInvitation shows the invitation that was open before its holder signed in.
func (a *Pages) resumeInvitation(w http.ResponseWriter, r *http.Request) error {
	cookie, err := r.Cookie(web.OwnCookie(r, invitationCookie))
	if err != nil {
		return fault.New(fault.Ended, "Open the link of your invitation again.")
	}
	p, err := a.joinPage(w, r, cookie.Value)
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

// whoever returns the request with the actor of its session, where it has one: the page is for others, too.
func (a *Pages) whoever(w http.ResponseWriter, r *http.Request) (*http.Request, tenant.Actor) {
	from := tenant.Visitor(r.Context())
	actor, err := a.Actor(w, r)
	if err != nil {
		return r, from
	}
	actor.Address, actor.Request, actor.Browser, actor.Device = from.Address, from.Request, from.Browser, from.Device
	return r.WithContext(tenant.WithActor(r.Context(), actor)), actor
}

func (a *Pages) joinPage(w http.ResponseWriter, r *http.Request, secret string) (JoinPage, error) {
	r, actor := a.whoever(w, r)
	o, err := a.Roster.Offer(r.Context(), secret)
	if err != nil {
		return JoinPage{}, err
	}
	p := joinPageOf(web.Plain(r, "Join "+o.Workspace), secret, o)
	p.Other = !actor.Account.IsZero() && !o.Yours
	p.Token, err = a.server.FormToken(actor)
	return p, err
}

func joinPageOf(shell web.Shell, secret string, o roster.Offer) JoinPage {
	return JoinPage{Shell: shell, Secret: secret, Workspace: o.Workspace, By: o.By, Role: string(o.Role), Address: o.Email, Yours: o.Yours, Inside: o.Inside, Known: o.Known,
		Name:      web.Field{ID: "name", Label: "Your name", Value: o.Name, Complete: "name", Required: true, Max: 120},
		AddressAs: web.Field{ID: "email", Label: "E-mail", Type: "email", Value: o.Email, Complete: "username"},
		Password: web.Field{ID: "password", Label: "Password", Type: "password", Complete: "new-password", Required: true, First: true, Max: 1000,
			Hint: "At least " + web.Count(o.Least, "character", "characters") + ". A sentence is easy to remember."}}
}

// makeAccount makes an account for who was invited and lets them in.
func (a *Pages) makeAccount(w http.ResponseWriter, r *http.Request) error {
	secret, name := r.PathValue("token"), r.PostFormValue("name")
	entry, err := a.Roster.Join(r.Context(), secret, name, r.PostFormValue("password"))
	if err == nil {
		a.SetCookie(w, r, web.OwnCookie(r, invitationCookie), "", time.Time{})
		a.LetIn(w, r, entry)
		return nil
	}
	if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
		return err
	}
	p, failed := a.joinPage(w, r, secret)
	if failed != nil {
		return failed
	}
	p.Name.Value = name
	switch identity.Wrong(err) {
	case "name":
		p.Name.Problem, p.Name.First, p.Password.First = fault.Sentence(err), true, false
	case "password":
		p.Password.Problem = fault.Sentence(err)
	default:
		p.Problem = fault.Sentence(err)
	}
	return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
}

// accept seats who is signed in.
func (a *Pages) accept(w http.ResponseWriter, r *http.Request) error {
	begun, err := a.Roster.Accept(r.Context(), r.PostFormValue("invitation"))
	if err != nil {
		return err
	}
	a.SetCookie(w, r, web.OwnCookie(r, invitationCookie), "", time.Time{})
	a.SetSession(w, r, begun.Token, begun.EndsAt)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
