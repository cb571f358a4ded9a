package webtest

import (
	"fmt"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/web"
	"mainstay/internal/web/account"
	"mainstay/internal/web/settings"
)

// rosterPages are the pages about who belongs to a workspace.
func rosterPages() map[string]web.View {
	return map[string]web.View{
		"settings":          settings.IndexPage{Shell: styled("Settings", "/settings"), Groups: settings.SettingsGroups(gate.Owner)},
		"members":           members(14, true),
		"members-many":      members(200, true),
		"members-read":      members(6, false),
		"members-invited":   membersInvited(),
		"members-none":      settings.MembersPage{Shell: styled("Members", "/settings/members"), May: true, Query: "zzz", Filtered: true, Filter: roleFilter()},
		"invite":            invitePage(""),
		"invite-problem":    invitePage("This address is invited already. Send that invitation again, or revoke it."),
		"sure":              sure(),
		"sure-word":         sureWord(),
		"roles":             settings.RolesPage{Shell: styled("Roles", "/settings/roles"), Mine: "an owner", Roles: []string{"Owner", "Admin", "Member", "Viewer"}, Groups: settings.RoleGroups(gate.Policy())},
		"sign-in-rules":     signInRules(false),
		"sign-in-rules-bad": signInRules(true),
		"workspace":         workspacePage(true),
		"workspace-read":    workspacePage(false),
		"join":              joinPage(func(*account.JoinPage) {}),
		"join-ways": joinPage(func(p *account.JoinPage) {
			p.Passkey, p.Script = true, "passkey.js"
			p.Ways = []web.Way{{Href: "/join/secret/with/google", Icon: "key-round", Text: "Join with Google"}, {Href: "/join/secret/with/idp_1", Icon: "key-round", Text: "Join with login.lindqvist-rowe.example"}}
		}),
		"join-known":      joinPage(func(p *account.JoinPage) { p.Known = true }),
		"join-yours":      joinPage(func(p *account.JoinPage) { p.Known, p.Yours = true, true }),
		"join-other":      joinPage(func(p *account.JoinPage) { p.Other = true }),
		"workspaces":      workspacesPage(true),
		"workspaces-none": workspacesPage(false),
		"found":           found(false),
		"found-denied":    found(true),
	}
}

func roleFilter() web.Select {
	return web.Select{ID: "role", Label: "Role", Options: web.Choose("", web.Option{Name: "Every role"}, web.Option{Value: "owner", Name: "Owner"}, web.Option{Value: "admin", Name: "Admin"})}
}

func roleChoices(chosen string) []web.Option {
	return web.Choose(chosen, web.Option{Value: "owner", Name: "Owner", Hint: "Everything, owners and models included"}, web.Option{Value: "admin", Name: "Admin", Hint: "Members and settings, but no owners"},
		web.Option{Value: "member", Name: "Member", Hint: "Makes meetings, and reads what is shared"}, web.Option{Value: "viewer", Name: "Viewer", Hint: "Reads what is shared, and changes nothing"})
}

func members(n int, may bool) settings.MembersPage {
	p := settings.MembersPage{Shell: styled("Members", "/settings/members"), May: may, Resets: may, Filter: roleFilter(), Count: web.Count(n, "member", "members")}
	first := []string{"Marta Lindqvist", "Tom Okafor", "Ines Brandt", "Jonas Weil", "Aleksandra Wojciechowska-Zielińska", "Bo Li"}
	names := []string{"owner", "admin", "member", "viewer"}
	chips := []*web.StateChip{{Class: "ok", Icon: "key-round", Text: "Passkey"}, {Class: "ok", Icon: "shield-check", Text: "Second factor"}, {Class: "draft", Icon: "lock", Text: "Password only"}}
	for i := range min(n, 50) {
		row := settings.MemberRow{ID: fmt.Sprintf("mem_%d", i), Name: first[i%len(first)], Role: []string{"Owner", "Admin", "Member", "Viewer"}[i%4], Self: i == 0, Disabled: i%7 == 5}
		if may {
			row.Email, row.Seen, row.Factors = fmt.Sprintf("person.%d@lindqvist-rowe.example", i), "24 Nov 2026", chips[i%3]
			row.Roles, row.May, row.Heir = roleChoices(names[i%4]), i > 0, i%4 > 0
		}
		p.Rows = append(p.Rows, row)
	}
	if n > 50 {
		p.Count, p.Next, p.Prev = "200 members, 51 to 100", "?page=2", "?page=0"
	}
	return p
}

func membersInvited() settings.MembersPage {
	p := members(4, true)
	until := web.StampAt(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), berlin)
	p.Handed = &settings.HandedLink{Name: "Carla Neri", Label: "The link of the invitation", Link: "https://mainstay.lindqvist-rowe.example/join/0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
		Says: "Whoever has it joins in their name, until 1 December 2026, 10:00 CET. No mail server is set, so nothing was mailed."}
	p.Invited = []settings.InvitedRow{{ID: "inv_1", Name: "Carla Neri", Email: "carla@lindqvist-rowe.example", Role: "Member", By: "Marta Lindqvist", Until: until, May: true},
		{ID: "inv_2", Name: "Dmitri Petrov", Email: "dmitri@lindqvist-rowe.example", Role: "Owner", By: "Marta Lindqvist", Until: until, Over: true, May: true}}
	p.Shell.Toast = &web.Toast{Text: "Tom Okafor is a viewer now.", UndoURL: "/settings/members/mem_1/undo"}
	p.Shell.Places = []web.Place{{ID: "wsp_1", Name: "Lindqvist & Rowe", Here: true}, {ID: "wsp_2", Name: "Quayside House, the client's workspace"}}
	return p
}

func invitePage(problem string) settings.InvitePage {
	return settings.InvitePage{Shell: styled("Invite", "/settings/members"), Problem: problem, Mails: problem == "",
		Name: web.Field{ID: "name", Label: "Name", Required: true, First: true, Max: 120}, Email: web.Field{ID: "email", Label: "E-mail", Type: "email", Required: true, Max: 254},
		Roles: roleChoices("member"), Days: web.Select{ID: "days", Label: "The link is good for", Options: web.Choose("7", web.Option{Value: "7", Name: "7 days"})}}
}

func sure() settings.SurePage {
	return settings.SurePage{Shell: styled("Remove a member", "/settings/members"), Heading: "Remove Tom Okafor?", Lead: "To keep them out for a while only, disable them instead.", Icon: "trash-2",
		Action: "/x", Button: "Remove", Back: "/settings/members", What: []string{"Their sessions, keys and programs here end at once.", "What they made stays, under their name."}}
}

func sureWord() settings.SurePage {
	p := sure()
	p.Heading, p.Word, p.Button, p.Icon = "Leave Lindqvist & Rowe?", "leave", "Leave", "log-out"
	p.Confirm = web.Field{ID: "confirm", Label: "Type “leave”", Complete: "off", Required: true, Problem: "Type the word to go on."}
	return p
}

func signInRules(bad bool) settings.SignInPage {
	number := func(id, label, hint, value string) web.Field {
		return web.Field{ID: id, Label: label, Type: "number", Value: value, Hint: hint, Required: true}
	}
	p := settings.SignInPage{Shell: styled("Sign-in", "/settings/sign-in"), Version: 3,
		Factors: web.Choose("second", web.Option{Value: "none", Name: "A password or a passkey", Hint: "The least that anybody asks."}, web.Option{Value: "second", Name: "A second factor", Hint: "3 of 14 have none and are led to set one up."},
			web.Option{Value: "phishing-resistant", Name: "A passkey", Hint: "It cannot be given away to a false page. 9 of 14 have none and are led to set one up."}),
		Hours: number("hours", "Sign in again after, in hours", "1 to 720.", "720"), Idle: number("idle", "Or after so many minutes without use", "5 to 43,200, which are 30 days.", "10080"),
		Least: number("least", "Characters of a password, at least", "12 to 128. Common passwords are refused in any length.", "12"), History: number("history", "Earlier passwords that are refused", "0 to 24.", "5"),
		DaysToLive: number("days", "A new password after so many days", "0 for never, which is best, or 30 to 1,095.", "0")}
	if bad {
		p.FactorProblem, p.Least.Problem = "You signed in with less than that yourself. Sign in with such a factor first, so that you do not lock yourself out.", "A password has at least 12 characters, and no workspace asks for more than 128."
	}
	return p
}

func workspacePage(may bool) settings.WorkspacePage {
	return settings.WorkspacePage{Shell: styled("Workspace", "/settings/workspace"), May: may, Role: "an owner", Email: "marta@lindqvist-rowe.example", Name: web.Field{ID: "workspace", Label: "Name of the workspace", Value: "Lindqvist & Rowe"},
		Own: web.Field{ID: "name", Label: "Your name here", Value: "Marta Lindqvist", Hint: "As others read it in this workspace."}}
}

func joinPage(change func(*account.JoinPage)) account.JoinPage {
	p := account.JoinPage{Shell: web.Shell{Title: "Join"}, Secret: "secret", Workspace: "Lindqvist & Rowe", By: "Marta Lindqvist", Role: "member", Address: "carla@lindqvist-rowe.example",
		Name:     web.Field{ID: "name", Label: "Your name", Value: "Carla Neri", Complete: "name", Required: true},
		Password: web.Field{ID: "password", Label: "Password", Type: "password", Complete: "new-password", Required: true, Hint: "At least 12 characters. A sentence is easy to remember."}}
	change(&p)
	return p
}

func workspacesPage(some bool) account.WorkspacesPage {
	p := account.WorkspacesPage{Shell: web.Shell{Title: "Workspaces", Wide: true}, Why: "Whoever owns a workspace here can make another. Ask one of them."}
	if some {
		p.Seats, p.May, p.Back, p.Why = []account.SeatRow{{ID: "wsp_1", Name: "Lindqvist & Rowe", Role: "owner", Here: true}, {ID: "wsp_2", Name: "Quayside House", Role: "viewer"}}, true, true, ""
	}
	return p
}

func found(denied bool) account.FoundPage {
	p := account.FoundPage{Shell: web.Shell{Title: "New workspace", Wide: true}, Name: web.Field{ID: "workspace", Label: "Name of the workspace", Hint: "Your company or team."}, Own: web.Field{ID: "name", Label: "Your name there", Value: "Marta Lindqvist"}}
	if denied {
		p.Refusal = &web.Refusal{Reason: "Whoever owns a workspace here can make another. Ask one of them."}
	}
	return p
}

func styled(title, current string) web.Shell {
	s := shell(title, current)
	s.Style = "settings.css"
	return s
}
