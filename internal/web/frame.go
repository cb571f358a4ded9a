package web

import (
	"net/http"
	"net/url"
	"time"

	"mainstay/internal/tenant"
)

// shell returns what surrounds a signed-in person's page. Current is the address of the navigation's line that it belongs to.
func (a *App) shell(r *http.Request, title, current string) (Shell, error) {
	actor, err := tenant.ActorOf(r.Context())
	if err != nil {
		return Shell{}, err
	}
	me, err := a.Identity.Me(r.Context())
	if err != nil {
		return Shell{}, err
	}
	token, err := a.server.FormToken(actor)
	if err != nil {
		return Shell{}, err
	}
	return Shell{Title: title, Member: me.Name, Initials: Initials(me.Name), Workspace: me.Workspace, Nav: Nav(current, 0, 0), Token: token,
		Theme: themeOf(r)}, nil
}

// themeOf returns the theme that the browser was told to keep.
func themeOf(r *http.Request) string {
	cookie, err := r.Cookie("theme")
	if err != nil || cookie.Value != "light" && cookie.Value != "dark" {
		return ""
	}
	return cookie.Value
}

// zoneOf returns the time zone that the browser named, UTC where it named none.
func zoneOf(r *http.Request) *time.Location {
	cookie, err := r.Cookie("zone")
	if err != nil {
		return time.UTC
	}
	name, err := url.QueryUnescape(cookie.Value)
	if err != nil || name == "" || name == "Local" {
		return time.UTC
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
