package web

import (
	"net/http"
	"net/url"
	"time"

	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// shell returns what surrounds a signed-in person's page. Current is the address of the navigation's line that it belongs to.
func (a *App) shell(r *http.Request, title, current string) (Shell, error) {
	shell, _, err := a.frame(r, title, current)
	return shell, err
}

// frame is shell with who the person is.
func (a *App) frame(r *http.Request, title, current string) (Shell, identity.Me, error) {
	actor, err := tenant.ActorOf(r.Context())
	if err != nil {
		return Shell{}, identity.Me{}, err
	}
	me, err := a.Identity.Me(r.Context())
	if err != nil {
		return Shell{}, me, err
	}
	waiting, err := a.Progress.Counts(r.Context())
	if err != nil {
		return Shell{}, me, err
	}
	unread, err := a.Post.Unread(r.Context())
	if err != nil {
		return Shell{}, me, err
	}
	places, err := a.places(r, actor)
	if err != nil {
		return Shell{}, me, err
	}
	token, err := a.server.FormToken(actor)
	return Shell{Title: title, Member: me.Name, Initials: Initials(me.Name), Workspace: me.Workspace, Places: places,
		Nav: Nav(current, me.Role, waiting.Drafts, waiting.Dead, unread), Unread: unread, Bell: true,
		Token: token, Theme: themeOf(r), NoKeys: keysOff(r)}, me, err
}

// keysOff reports whether the browser was told to leave single keys alone.
func keysOff(r *http.Request) bool {
	cookie, err := r.Cookie("keys")
	return err == nil && cookie.Value == "off"
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
