package webtest

import (
	"mainstay/internal/gate"
	"mainstay/internal/web"
	"mainstay/internal/web/account"
	"mainstay/internal/web/settings"
)

// programs are the pages of what acts or listens without a browser: keys, programs and webhooks.
func programs() map[string]web.View {
	return map[string]web.View{
		"keys":            keysPage(true),
		"keys-made":       keysMade(),
		"keys-none":       settings.KeysPage{Shell: shell("API keys and programs", "/settings/keys")},
		"new-key":         newKeyPage(""),
		"new-key-problem": newKeyPage("Tick at least one thing that the key may do."),
		"device":          programPage(func(*account.ProgramPage) {}),
		"device-wrong": programPage(func(p *account.ProgramPage) {
			p.Code.Value, p.Code.Problem = "ABCD-EFGH", "No program waits with this code. Look at its screen again."
		}),
		"device-asked":  programPage(func(p *account.ProgramPage) { p.Asked = askedProgram() }),
		"device-done":   programPage(func(p *account.ProgramPage) { p.Done = "The program is let in. Go back to it: it goes on by itself." }),
		"webhooks":      hooks(),
		"webhooks-none": settings.WebhooksPage{Shell: shell("Webhooks", "/settings/webhooks")},
		"webhook":       hook(true),
		"webhook-new":   hook(false),
		"webhook-made":  hookMade(),
	}
}

func keysPage(all bool) settings.KeysPage {
	p := settings.KeysPage{Shell: shell("API keys and programs", "/settings/keys"), All: all}
	p.Rows = []settings.KeyRow{
		{ID: "key_1", Name: "Nightly report", Icon: "key-round", Prefix: "mst_4f7a", Whose: "Marta Lindqvist", May: "meetings:read, members:read", Made: at(3, 9, 0), Ends: at(30, 9, 0), Used: at(24, 2, 0)},
		{ID: "key_2", Name: "mainstay on quayside-laptop", Icon: "cpu", Whose: "Aleksandra Wojciechowska-Zielińska", Made: at(20, 16, 12), Ends: at(30, 16, 12),
			May: "meetings:read, meetings:write, members:read, members:write, settings:read, settings:write, audit:read"},
	}
	return p
}

func keysMade() settings.KeysPage {
	p := keysPage(true)
	p.Made = &settings.MadeKey{Name: "Nightly report", Key: "mst_4f7a0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ", Ends: "24 February 2027"}
	return p
}

func newKeyPage(problem string) settings.NewKeyPage {
	p := settings.NewKeyPage{Shell: shell("New key", "/settings/keys"), Problem: problem,
		Name: web.Field{ID: "name", Label: "Name", Hint: "What will use it, such as “Nightly report”.", Required: true, First: true, Max: 120},
		Life: web.Select{ID: "days", Label: "It ends after", Options: web.Choose("90", web.Option{Value: "30", Name: "30 days"}, web.Option{Value: "90", Name: "90 days"})}}
	for _, scope := range gate.Scopes() {
		p.Scopes = append(p.Scopes, web.Option{Value: string(scope), Name: web.ScopeSays(scope), Chosen: scope == gate.MeetingsRead})
	}
	return p
}

func programPage(change func(*account.ProgramPage)) account.ProgramPage {
	p := account.ProgramPage{Shell: shell("Let a program in", "/settings/keys"),
		Code: web.Field{ID: "code", Label: "Code", Hint: "The eight letters that the program shows.", Required: true, First: true, Complete: "off", Max: 20}}
	change(&p)
	return p
}

func askedProgram() *account.Asked {
	asked := &account.Asked{Code: "BCDF-GHJK", Program: "mainstay on quayside-laptop", Address: "203.0.113.9", When: at(24, 9, 38)}
	for _, scope := range gate.Scopes() {
		asked.May = append(asked.May, web.ScopeSays(scope))
	}
	return asked
}

func hooks() settings.WebhooksPage {
	return settings.WebhooksPage{Shell: shell("Webhooks", "/settings/webhooks"), Notice: "Removed. Nothing more is sent to it.", Rows: []settings.HookRow{
		{ID: "whk_1", Name: "Site log", URL: "https://log.quayside.example/hooks/mainstay", Events: "5 events", State: web.StateChip{Class: "approved", Icon: "circle-check", Text: "On"}, Last: at(24, 9, 40)},
		{ID: "whk_2", Name: "Ticket desk", URL: "https://desk.lindqvist-rowe.example/a/very/long/address/of/a/receiver/that/does/not/end/soon/enough", Events: "1 event",
			State: web.StateChip{Class: "dead", Icon: "triangle-alert", Text: "2 deliveries given up"}, Last: at(23, 18, 5)},
		{ID: "whk_3", Name: "Old archive", URL: "https://archive.quayside.example/in", Events: "2 events", State: web.StateChip{Class: "waiting", Icon: "ban", Text: "Off"}},
	}}
}

func hook(made bool) settings.WebhookPage {
	p := settings.WebhookPage{Shell: shell("Webhook", "/settings/webhooks"), On: true,
		Name: web.Field{ID: "name", Label: "Name", Hint: "Who listens, such as “Site log”.", Required: true, First: true, Max: 120},
		URL:  web.Field{ID: "url", Label: "Address", Type: "url", Hint: "Such as https://example.com/hooks/mainstay.", Required: true, Max: 500},
		Events: []web.Option{{Value: "transcript.created", Name: "A transcript is stored", Chosen: true}, {Value: "minutes.drafted", Name: "Minutes are drafted", Chosen: true},
			{Value: "minutes.submitted", Name: "Others are asked to read minutes"}, {Value: "minutes.approved", Name: "Minutes are approved", Chosen: true}, {Value: "job.failed", Name: "Work on a meeting stopped"}}}
	if !made {
		return p
	}
	p.ID, p.Version, p.Name.Value, p.URL.Value = "whk_1", 3, "Site log", "https://log.quayside.example/hooks/mainstay"
	p.Notice = "A test is on its way. Load the page again to see what the receiver answered."
	p.Sent = []settings.SentRow{
		{ID: "dlv_1", Event: "Minutes are approved", Says: "1 try, the last answer was 204", At: at(24, 9, 40), State: web.StateChip{Class: "approved", Icon: "circle-check", Text: "Arrived"}},
		{ID: "dlv_2", Event: "Minutes are drafted", Says: "3 tries, no answer", At: at(24, 9, 12), State: web.StateChip{Class: "waiting", Icon: "clock", Text: "Tried again later"}},
		{ID: "dlv_3", Event: "Work on a meeting stopped", Says: "9 tries, the last answer was 500", At: at(23, 8, 0), Dead: true, State: web.StateChip{Class: "dead", Icon: "triangle-alert", Text: "Given up"}},
	}
	return p
}

func hookMade() settings.WebhookPage {
	p := hook(true)
	p.Notice, p.Sent, p.Secret = "", nil, "whsec_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	return p
}
