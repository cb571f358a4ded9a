package webtest

import (
	"mainstay/internal/web"
	"mainstay/internal/web/account"
)

// own are the pages of a person's account and of its links.
func own() map[string]web.View {
	email := web.Field{ID: "email", Label: "E-mail", Type: "email", Complete: "username", Required: true, First: true, Max: 254}
	next := web.Field{ID: "password", Label: "New password", Type: "password", Complete: "new-password", Hint: "At least 12 characters. A sentence is easy to remember.", Required: true, Max: 1000}
	bad := next
	bad.Problem, bad.First = "This password is among the first that are guessed. Choose another; a sentence is easy to remember.", true
	forgot := func(change func(*account.ForgotPage)) account.ForgotPage {
		p := account.ForgotPage{Shell: web.Shell{Title: "Forgot your password?"}, Email: email}
		change(&p)
		return p
	}
	profile := account.ProfilePage{Shell: shell("Your account", "/account/security"), Email: "marta@lindqvist.example", Mails: true, Password: "Set on 3 May 2026", ChangeText: "Change", Sessions: "3 sessions",
		Name: web.Field{ID: "name", Label: "Name", Value: "Marta Lindqvist", Complete: "name", Hint: "Others in Lindqvist Bau see it.", Required: true, Max: 120}}
	row := func(id, name, browser, where string, hour int) account.SessionRow {
		return account.SessionRow{ID: id, Name: name, Browser: browser, Icon: "monitor", Where: where, Since: at(18, hour, 12), Used: at(24, hour, 41), End: "/account/sessions/" + id + "/end", Rename: "/account/sessions/" + id + "/name", Token: "x"}
	}
	sessions := account.SessionsPage{Shell: shell("Sessions", "/account/security"), Current: row("ses_1", "Firefox on Linux", "", "192.0.2.14", 9),
		Others: []account.SessionRow{row("ses_2", "Phone", "Safari on iPhone", "2001:db8:85a3::8a2e:370:7334", 8), row("ses_3", "Chrome on Windows", "", "198.51.100.7", 14)}}
	alone := sessions
	alone.Others, alone.Saved = nil, "All other sessions have ended."
	return map[string]web.View{
		"forgot":         forgot(func(*account.ForgotPage) {}),
		"forgot-sent":    forgot(func(p *account.ForgotPage) { p.Sent = true }),
		"forgot-no-mail": forgot(func(p *account.ForgotPage) { p.NoMail = true }),
		"reset":          account.ResetPage{Shell: web.Shell{Title: "Choose a new password"}, Action: "/reset/x", Password: next},
		"renew":          account.RenewPage{Shell: web.Shell{Title: "Choose a new password"}, Next: "/meetings", Password: next, Lead: "That was right, but a workspace of yours asks for a new password after 90 days. You are signed in as soon as it is saved."},
		"renew-problem":  account.RenewPage{Shell: web.Shell{Title: "Choose a new password"}, Next: "/meetings", Password: bad, Problem: "Too many tries. Wait a minute."},
		"reset-problem":  account.ResetPage{Shell: web.Shell{Title: "Choose a new password"}, Action: "/reset/x", Password: bad},
		"verify": account.LinkPage{Shell: web.Shell{Title: "Confirm your address"}, Heading: "Confirm your address", Action: "/verify/x", Button: "This is my address",
			Lead: "You opened a link that was mailed to you. Confirm that the address is yours."},
		"not-me": account.LinkPage{Shell: web.Shell{Title: "This wasn't me"}, Heading: "Was somebody else in your account?", Action: "/not-me/x", Button: "It wasn't me: lock them out", Danger: true,
			Lead: "If a sign-in or a change was not yours, this takes the account back. You choose a new password next.",
			Points: []string{"Every session ends, yours too.", "The password is worthless from then on.", "A change of your address is taken back.",
				"Passkeys, codes, linked accounts and keys that were added from that sign-in on are removed.",
				"The owners of your workspaces are told, and it stands in their log."}},
		"account":        profile,
		"sessions":       sessions,
		"sessions-alone": alone,
		"password": account.CredentialPage{Shell: shell("Change your password", "/account/security"), Heading: "Change your password", Action: "/account/password", Button: "Change the password",
			Fields: []web.Field{{ID: "current", Label: "Current password", Type: "password", Complete: "current-password", Required: true, First: true, Max: 1000}, next}, Notes: []string{"Your other sessions end."}},
	}
}
