package account

import (
	"net/http"
	"net/url"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// JoinPage is an invitation as its holder sees it: who is signed in with its address accepts by one button, who has an account
// signs in first, who has none makes one here.
type JoinPage struct {
	web.Shell
	Secret               string // the link's, for the forms
	Workspace, By, Role  string
	Address              string
	Yours, Inside, Other bool // who is signed in: with the address; in the workspace already; with another address
	Known                bool // the address has an account
	Problem              string
	Name, Password       web.Field
	Passkey              bool      // browsers make passkeys for this deployment's address
	Ways                 []web.Way // providers by which a new account can sign in
}

// Page implements web.View.
func (JoinPage) Page() string { return "join" }

// invitationCookie holds the secret of an invitation while its holder signs in.
const invitationCookie = "invitation"

func (a *Pages) joinRoutes(s *httpd.Server) {
	const small = 8 << 10
	s.Page("GET /join/{token}", httpd.Public(), a.openInvitation)
	s.Page("POST /join/{token}", httpd.Public(), a.makeAccount, httpd.MaxBody(mostForm))
	s.Page("POST /join/{token}/passkey", httpd.Public(), a.askJoinPasskey, httpd.MaxBody(small))
	s.Page("GET /join/{token}/with/{provider}", httpd.Public(), a.joinWith)
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
	if p.Passkey = a.Identity.Factors.Party != nil; p.Passkey {
		p.Script = "passkey.js"
	}
	if p.Ways, err = a.joinWays(r, secret, o); err != nil {
		return p, err
	}
	p.Token, err = a.server.FormToken(actor)
	return p, err
}

// joinWays are the providers by which somebody can make the account of an invitation.
func (a *Pages) joinWays(r *http.Request, secret string, o roster.Offer) ([]web.Way, error) {
	offers, err := a.OIDC.Joinable(r.Context(), o.Into)
	var ways []web.Way
	for _, offer := range offers {
		ways = append(ways, web.Way{Href: "/join/" + url.PathEscape(secret) + "/with/" + url.PathEscape(offer.Name), Icon: "key-round", Text: "Join with " + offer.Kind.Name(offer.Host)})
	}
	return ways, err
}

func joinPageOf(shell web.Shell, secret string, o roster.Offer) JoinPage {
	return JoinPage{Shell: shell, Secret: secret, Workspace: o.Workspace, By: o.By, Role: string(o.Role), Address: o.Email, Yours: o.Yours, Inside: o.Inside, Known: o.Known,
		Name: web.Field{ID: "name", Label: "Your name", Value: o.Name, Complete: "name", Required: true, First: true, Max: 120},
		Password: web.Field{ID: "password", Label: "Password", Type: "password", Complete: "new-password", Required: true, Max: 1000,
			Hint: "At least " + web.Count(o.Least, "character", "characters") + ". A sentence is easy to remember."}}
}

// askJoinPasskey has the browser of who was invited make a passkey.
func (a *Pages) askJoinPasskey(w http.ResponseWriter, r *http.Request) error {
	options, err := a.Roster.AskPasskey(r.Context(), r.PathValue("token"), r.PostFormValue("name"))
	return web.Options(w, options, err)
}

// makeAccount makes an account for who was invited, by a passkey or a password, and lets them in.
func (a *Pages) makeAccount(w http.ResponseWriter, r *http.Request) error {
	secret, name := r.PathValue("token"), r.PostFormValue("name")
	var entry identity.Entry
	var err error
	if answer := r.PostFormValue("answer"); answer != "" {
		entry, err = a.Roster.JoinByPasskey(r.Context(), secret, name, answer)
	} else {
		entry, err = a.Roster.Join(r.Context(), secret, name, r.PostFormValue("password"))
	}
	return a.joined(w, r, secret, entry, err)
}

// joinWith sends who was invited to a provider, where they sign in to make their account. Only a click on our own page does, and
// nobody who is signed in.
func (a *Pages) joinWith(w http.ResponseWriter, r *http.Request) error {
	secret := r.PathValue("token")
	ctx, err := a.known(w, r)
	if err != nil {
		return err
	}
	if !ours(r) || !tenant.Visitor(ctx).Account.IsZero() {
		http.Redirect(w, r, "/join/"+url.PathEscape(secret), http.StatusSeeOther)
		return nil
	}
	if _, err := a.Roster.Offer(ctx, secret); err != nil {
		return err
	}
	return a.SetOut(w, r.WithContext(ctx), oidc.Start{Provider: r.PathValue("provider"), Purpose: oidc.Join, Invited: tenant.Secret(secret)})
}

// joined lets in who made an account by an invitation, or shows the invitation again with what was wrong.
func (a *Pages) joined(w http.ResponseWriter, r *http.Request, secret string, entry identity.Entry, err error) error {
	if err == nil {
		a.SetCookie(w, r, web.OwnCookie(r, invitationCookie), "", time.Time{})
		a.LetIn(w, r, entry)
		return nil
	}
	if !told(err) || fault.Is(err, fault.Ended) {
		return err
	}
	p, failed := a.joinPage(w, r, secret)
	if failed != nil {
		return failed
	}
	if name := r.PostFormValue("name"); name != "" {
		p.Name.Value = name
	}
	switch identity.Wrong(err) {
	case "name":
		p.Name.Problem = fault.Sentence(err)
	case "password":
		p.Password.Problem, p.Password.First, p.Name.First = fault.Sentence(err), true, false
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
