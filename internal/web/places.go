package web

import (
	"net/http"
	"strings"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Setting is a page of the settings, with the least role that may open it.
type Setting struct {
	Name, Href, Icon, Says string
	Group                  string
	Least                  gate.Role
}

// SettingsFor returns the pages of the settings that a role may open, in the order in which they are shown.
func SettingsFor(role gate.Role) []Setting {
	all := []Setting{
		{"Members", "/settings/members", "users", "Who is here, with which role, and who is invited.", "People", gate.Viewer},
		{"Roles", "/settings/roles", "shield-check", "What each role may do.", "People", gate.Viewer},
		{"Sign-in", "/settings/sign-in", "lock", "What is asked of sign-ins and passwords.", "People", gate.Admin},
		{"Sign-in providers", "/settings/sign-in-providers", "globe", "Accounts elsewhere with which people sign in here.", "People", gate.Admin},
		{"Workspace", "/settings/workspace", "house", "Its name, your name in it, and leaving it.", "Workspace", gate.Viewer},
		{"Models", "/settings/models", "sparkles", "Who writes drafts, and with what recordings are heard.", "Workspace", gate.Viewer},
		{"What left", "/settings/ledger", "send", "Every call that carried something to another machine.", "Workspace", gate.Admin},
		{"Mail", "/settings/mail", "mail", "How much content mails hold, and whether they go.", "Workspace", gate.Admin},
		{"API keys", "/settings/keys", "key-round", "What acts as a person without a browser.", "Access", gate.Viewer},
		{"Webhooks", "/settings/webhooks", "send", "Programs that are told when something happened.", "Access", gate.Admin},
		{"Access log", "/settings/access-log", "eye", "Who asked for what.", "Access", gate.Admin},
		{"Deployment", "/settings/deployment", "server", "Work, disk, models and what was tried on this machine.", "Access", gate.Admin},
	}
	var may []Setting
	for _, s := range all {
		if role.AtLeast(s.Least) {
			may = append(may, s)
		}
	}
	return may
}

// settingsNav is what the navigation shows below "Settings" while one is there.
func settingsNav(current string, role gate.Role) []NavItem {
	if !strings.HasPrefix(current, "/settings") {
		return nil
	}
	var items []NavItem
	for _, s := range SettingsFor(role) {
		items = append(items, NavItem{Name: s.Name, Href: s.Href, Icon: s.Icon, Current: s.Href == current})
	}
	return items
}

// Place is a workspace of the person's.
type Place struct {
	ID, Name string
	Here     bool
}

// mostPlaces is how many workspaces the menu holds; a page has the others.
const mostPlaces = 8

// places returns the workspaces of the person's account, where there are several.
func (a *App) places(r *http.Request, actor tenant.Actor) ([]Place, error) {
	if actor.Account.IsZero() {
		return nil, nil
	}
	if n, err := a.Roster.Elsewhere(r.Context()); err != nil || n < 2 {
		return nil, err
	}
	seats, err := a.Roster.Seats(r.Context())
	if err != nil {
		return nil, err
	}
	var places []Place
	for _, seat := range seats {
		if len(places) < mostPlaces || seat.Here {
			places = append(places, Place{seat.Workspace.String(), NameOfSeat(seat.Name), seat.Here})
		}
	}
	return places, nil
}

// NameOfSeat returns a workspace's name as it is shown to who may enter it.
func NameOfSeat(name string) string {
	if name == "" {
		return "A workspace that asks for more"
	}
	return name
}
