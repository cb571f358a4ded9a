package account

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// linksAt is where a person's links are shown.
const linksAt = "/account/security"

func (a *Pages) providerRoutes(s *httpd.Server) {
	s.Page("GET /sign-in/with/{provider}", httpd.Public(), a.signInWith)
	s.Page("GET /sign-in/callback/{provider}", httpd.Public(), a.comeBack)
	s.Page("GET /account/links/{provider}", httpd.SignedIn(), a.linkTo)
	s.Page("POST /account/links/{link}/remove", httpd.SignedIn(), a.unlink, httpd.MaxBody(8<<10))
}

// signInWith sends the browser to a provider. Only a click on our own page does: nobody is signed in by another site's link.
func (a *Pages) signInWith(w http.ResponseWriter, r *http.Request) error {
	name, next := r.PathValue("provider"), httpd.LocalPath(r.URL.Query().Get("next"))
	if !ours(r) {
		http.Redirect(w, r, "/sign-in?"+url.Values{"with": {name}, "next": {next}}.Encode(), http.StatusSeeOther)
		return nil
	}
	ctx, err := a.known(w, r)
	if err != nil {
		return err
	}
	return a.SetOut(w, r.WithContext(ctx), oidc.Start{Provider: name, Purpose: oidc.Enter, Next: next})
}

// linkTo sends a signed-in person's browser to a provider, to link their account there.
func (a *Pages) linkTo(w http.ResponseWriter, r *http.Request) error {
	if !ours(r) {
		http.Redirect(w, r, linksAt, http.StatusSeeOther)
		return nil
	}
	return a.SetOut(w, r, oidc.Start{Provider: r.PathValue("provider"), Purpose: oidc.Link})
}

// ours reports whether a request follows a link of our own pages.
func ours(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	from, err := url.Parse(r.Referer())
	return err == nil && from.Host == r.Host
}

// known returns the request's context as that of its session, where it has one.
func (a *Pages) known(w http.ResponseWriter, r *http.Request) (context.Context, error) {
	actor, err := a.Actor(w, r)
	if fault.Is(err, fault.Denied) {
		return r.Context(), nil
	}
	from := tenant.Visitor(r.Context())
	actor.Address, actor.Request = from.Address, from.Request
	return tenant.WithActor(r.Context(), actor), err
}

// comeBack ends a journey.
func (a *Pages) comeBack(w http.ResponseWriter, r *http.Request) error {
	ctx, err := a.known(w, r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	back := oidc.Return{Provider: r.PathValue("provider"), State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
	if cookie, err := r.Cookie(web.JourneyCookie(r)); err == nil {
		back.Cookie = tenant.Secret(cookie.Value)
	}
	a.SetCookie(w, r, web.JourneyCookie(r), "", time.Time{})
	arrived, err := a.OIDC.Finish(ctx, back)
	if err != nil {
		return a.turnedAway(w, r.WithContext(ctx), err)
	}
	switch arrived.Purpose {
	case oidc.Join:
		r.Form = url.Values{}
		entry, err := a.Roster.JoinByProvider(ctx, arrived.Invited.Reveal(), arrived.Word)
		return a.joined(w, r.WithContext(ctx), arrived.Invited.Reveal(), entry, err)
	case oidc.Link:
		http.Redirect(w, r, linksAt+"?saved=linked", http.StatusSeeOther)
	case oidc.Test:
		http.Redirect(w, r, "/settings/sign-in-providers/"+url.PathEscape(back.Provider)+"?tested="+arrived.Seen.Strength(), http.StatusSeeOther)
	default:
		r.Form = url.Values{"next": {arrived.Next}} // where LetIn looks for it
		a.LetIn(w, r, arrived.Entry)
	}
	return nil
}

// turnedAway says why a journey signed nobody in: on the sign-in page to who is not in, and as a problem to who is.
func (a *Pages) turnedAway(w http.ResponseWriter, r *http.Request, err error) error {
	status := http.StatusForbidden
	switch {
	case fault.Is(err, fault.Invalid):
		status = http.StatusBadRequest
	case !fault.Is(err, fault.Denied):
		return err
	}
	if tenant.Visitor(r.Context()).Session.IsZero() {
		return a.SignInAgain(w, r, status, err)
	}
	return httpd.Refuse(status, fault.Sentence(err))
}

// unlink removes a link of the person's own account.
func (a *Pages) unlink(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[oidc.LinkID](r.PathValue("link"))
	if err != nil {
		return err
	}
	if err := a.OIDC.Unlink(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, linksAt+"?saved=unlinked", http.StatusSeeOther)
	return nil
}
