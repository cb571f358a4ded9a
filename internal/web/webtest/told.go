package webtest

import (
	"mainstay/internal/web"
	"mainstay/internal/web/account"
	"mainstay/internal/web/settings"
)

func notices(unread int) account.NoticesPage {
	p := account.NoticesPage{Shell: shell("Notices", "/notices"), Unseen: unread}
	for i, n := range []account.NoticeRow{
		{Icon: "eye", Title: "Site progress 14", Sentence: "Minutes wait for your approval"},
		{Icon: "file-text", Title: "Weekly with the structural engineers about the retaining wall and its drainage", Sentence: "Minutes are ready"},
		{Icon: "shield-check", Title: "New sign-in to your account", Sentence: "If this was not you, end that session and choose a new password."},
		{Icon: "triangle-alert", Title: "Handover", Sentence: "Minutes could not be made"},
	} {
		n.Href, n.At = "/notices/ntc_fixture", at(24-i, 9, 14)
		if i < unread {
			n.ReadURL = n.Href + "/read"
		}
		p.Rows = append(p.Rows, n)
	}
	return p
}

func choices(mail bool) account.ChoicesPage {
	way := func(id, label, chosen string) web.Select {
		return web.Select{ID: id, Label: label, Options: web.Choose(chosen, web.Option{Value: "app", Name: "In the app"}, web.Option{Value: "mail", Name: "By mail"},
			web.Option{Value: "both", Name: "In the app and by mail"}, web.Option{Value: "none", Name: "Not at all"})}
	}
	return account.ChoicesPage{Shell: shell("What you are told of", "/notices"), NoMail: !mail,
		Meeting: []web.Select{way("review", "Minutes wait for your approval", "both"), way("ready", "Minutes are ready", "app"), way("failed", "Minutes could not be made", "app")},
		Account: []web.Select{way("sign-in", "New sign-in to your account", "both"), way("factor", "The ways into your account changed", "both")}}
}

func mailSettings(works, owner bool) settings.MailPage {
	p := settings.MailPage{Shell: shell("Mail", "/settings/mail"), Works: works, MayChange: owner, Chosen: "The title",
		Facts: []web.Fact{{Name: "Server", Value: "mail.example.com:587"}, {Name: "Sender", Value: "Mainstay <mainstay@example.com>"}, {Name: "Sent in the last day", Value: "14 letters"},
			{Name: "Waiting", Value: "1 letter"}, {Name: "Given up in 30 days", Value: "0 letters"}},
		Contents: web.Choose("title", web.Option{Value: "nothing", Name: "Nothing", Hint: "A mail says that something waits, and holds a link."},
			web.Option{Value: "title", Name: "The title", Hint: "A mail names the meeting."},
			web.Option{Value: "summary", Name: "The title and the summary", Hint: "A mail also holds the summary of the minutes."})}
	if works && owner {
		p.Test = &web.Note{Class: "bad", Icon: "circle-alert", Text: "The mail server refused it with status 550."}
	}
	return p
}

// told are the pages of notices and of mail.
func told() map[string]web.View {
	return map[string]web.View{
		"notices":          notices(2),
		"notices-read":     notices(0),
		"notices-empty":    account.NoticesPage{Shell: shell("Notices", "/notices")},
		"choices":          choices(true),
		"choices-no-mail":  choices(false),
		"mail":             mailSettings(true, true),
		"mail-read":        mailSettings(true, false),
		"mail-off":         mailSettings(false, true),
		"unsubscribe":      account.UnsubscribePage{Shell: web.Shell{Title: "End these mails"}, Kind: "Minutes wait for your approval", Action: "/unsubscribe/fixture"},
		"unsubscribe-done": account.UnsubscribePage{Shell: web.Shell{Title: "These mails have ended"}, Kind: "Minutes wait for your approval", Done: true},
	}
}
