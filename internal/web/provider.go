package web

import (
	"net/http"
	"net/url"

	"mainstay/internal/httpd"
	"mainstay/internal/identity/oidc"
)

// Way is a way to sign in beside the password.
type Way struct{ Href, Icon, Text string }

// LinkedPart is the part of a person's security page about their accounts at providers.
type LinkedPart struct {
	Token string
	Links []LinkRow
	Ways  []Way // to which providers one may link
}

// LinkRow is an account at a provider.
type LinkRow struct {
	ID, Name, Email string
	At              Stamp
}

// waysIn are the providers that the sign-in page offers.
func (a *App) waysIn(r *http.Request) ([]Way, error) {
	offers, err := a.OIDC.Offers(r.Context(), r.FormValue("with"))
	var ways []Way
	for _, o := range offers {
		href := "/sign-in/with/" + url.PathEscape(o.Name)
		if next := httpd.LocalPath(r.FormValue("next")); next != "/" {
			href += "?" + url.Values{"next": {next}}.Encode()
		}
		ways = append(ways, Way{Href: href, Icon: "key-round", Text: "Sign in with " + o.Kind.Name(o.Host)})
	}
	return ways, err
}

// Linked returns the part about a person's accounts at providers, nil where there is none and none can be linked.
func (a *App) Linked(r *http.Request, token string) (*LinkedPart, error) {
	links, err := a.OIDC.Links(r.Context())
	if err != nil {
		return nil, err
	}
	offers, err := a.OIDC.Linkable(r.Context())
	if err != nil || len(links)+len(offers) == 0 {
		return nil, err
	}
	part := &LinkedPart{Token: token}
	taken := map[string]bool{}
	for _, l := range links {
		taken[l.Provider] = true
		part.Links = append(part.Links, LinkRow{ID: l.ID.String(), Name: l.Kind.Name(l.Host), Email: l.Email, At: StampAt(l.LinkedAt, zoneOf(r))})
	}
	for _, o := range offers {
		if !taken[o.Name] {
			part.Ways = append(part.Ways, Way{Href: "/account/links/" + url.PathEscape(o.Name), Icon: "plus", Text: "Link " + o.Kind.Name(o.Host)})
		}
	}
	return part, nil
}

// SetOut sends the browser to a provider, with a cookie by which it is known when it comes back.
func (a *App) SetOut(w http.ResponseWriter, r *http.Request, to oidc.Start) error {
	gone, err := a.OIDC.Begin(r.Context(), to)
	if err != nil {
		return err
	}
	a.setCookie(w, r, JourneyCookie(r), gone.Cookie, gone.Ends)
	http.Redirect(w, r, gone.Address, http.StatusSeeOther)
	return nil
}

// JourneyCookie returns the name of the cookie that the browser keeps while it is at a provider.
func JourneyCookie(r *http.Request) string { return ownCookie(r, "journey") }
