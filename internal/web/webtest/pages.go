package webtest

import (
	"maps"
	"os"
	"time"

	"mainstay/internal/web"
	"mainstay/internal/web/record"
	"mainstay/internal/web/reference"
)

func at(day, hour, minute int) web.Stamp {
	return web.StampAt(time.Date(2026, 11, day, hour-1, minute, 0, 0, time.UTC), berlin)
}

func home() web.HomePage {
	p := web.HomePage{Shell: shell("Home", "/"), MayCreate: true, Greeting: "Good morning, Marta", Today: "Tuesday 24 November 2026",
		ToApprove: []web.Item{
			{Title: "Site progress 14: slab, façade, dewatering", Href: "/page/meeting", Sentence: "Quayside House, today 09:00. 3 decisions, 4 actions, 1 line not found."},
			{Title: "Owner's meeting, November", Href: "/page/meeting", Sentence: "Quayside House, yesterday 15:30. 6 decisions, 11 actions."},
		},
		Running: []web.Job{
			{Title: "Crane logistics with the neighbour", Href: "/page/processing", Icon: "activity", Sentence: "Recognizing speech, about 3 min left", Percent: 42, State: web.ChipOf("running"), ID: "cancel-1", CancelURL: "/jobs/1/cancel"},
			{Title: "Fire doors, level two", Href: "/page/processing", Icon: "hourglass", Sentence: "Second in the queue", State: web.ChipOf("waiting")},
		},
		Recent: []web.Item{
			{Title: "Façade sample review", Href: "/page/meeting", Sentence: "Quayside House, 20 November, 38 min, 5 people", State: web.ChipOf("approved")},
			{Title: "Site progress 13", Href: "/page/meeting", Sentence: "Quayside House, 17 November, 52 min, 6 people", State: web.ChipOf("approved")},
			{Title: "Tender interview, electrical works", Href: "/page/meeting", Sentence: "Harbour school, 16 November, 1 h 12 min, 4 people", State: web.ChipOf("review")},
			{Title: "Sample: a site meeting", Href: "/page/meeting", Sentence: "Made by Mainstay, 2 min, two synthetic voices", State: web.ChipOf("draft")},
		},
		Checklist: []web.Todo{{Text: "Own your deployment", Href: "/", Done: true}, {Text: "Read the sample's minutes", Href: "/", Done: true}, {Text: "Upload a first recording", Href: "/meetings/new"}, {Text: "Decide whether a model may help", Href: "/settings/models"}},
	}
	p.Shell.Live = "sse"
	return p
}

func filters(p *record.MeetingsPage) {
	p.Project = web.Field{ID: "project", Label: "Project", Among: []string{"Harbour school", "Quayside House"}}
	p.State = web.Select{ID: "state", Label: "State", Options: web.Choose("", web.Option{Name: "Any state"}, web.Option{Value: "draft", Name: "Draft"}, web.Option{Value: "review", Name: "In review"}, web.Option{Value: "approved", Name: "Approved"})}
	p.Person = web.Field{ID: "person", Label: "Person", Among: []string{"Ines Brandt", "Tom Okafor"}}
	p.Columns = []record.Column{{Name: "Title", Href: "?sort=title"}, {Name: "Project"}, {Name: "Date", Href: "?sort=date", Sorted: "descending"}, {Name: "Length", Href: "?sort=length"}, {Name: "People"}, {Name: "State"}}
	p.Sort = "-date"
}

func meetings() record.MeetingsPage {
	p := record.MeetingsPage{Shell: shell("Meetings", "/meetings"), Count: "42 meetings, 1 to 12", Next: "?cursor=x"}
	p.Shell.Live = "htmx"
	p.Shell.Toast = &web.Toast{Text: "“Kick-off, roof works” was deleted.", UndoURL: "/meetings/mtg_1/restore"}
	filters(&p)
	rows := []struct{ title, project, length, people, state string }{
		{"Site progress 14: slab, façade, dewatering", "Quayside House", "2 min", "4 people", "draft"},
		{"Crane logistics with the neighbour", "Quayside House", "48 min", "5 people", "running"},
		{"Owner's meeting, November", "Quayside House", "1 h 24 min", "9 people", "review"},
		{"Fire doors, level two", "Quayside House", "31 min", "3 people", "waiting"},
		{"Façade sample review", "Quayside House", "38 min", "5 people", "approved"},
		{"Voice memo from the lift pit", "", "4 min", "1 person", "dead"},
		{"Site progress 13", "Quayside House", "52 min", "6 people", "approved"},
		{"Tender interview, electrical works", "Harbour school", "1 h 12 min", "4 people", "approved"},
		{"Defects walk, stair B, with the client, the architect and the fire consultant", "Harbour school", "1 h 3 min", "7 people", "approved"},
		{"Stand-up", "Harbour school", "11 min", "8 people", "approved"},
		{"Site progress 12", "Quayside House", "44 min", "6 people", "approved"},
		{"Board, third quarter", "", "2 h 5 min", "7 people", "approved"},
	}
	for i, r := range rows {
		p.Rows = append(p.Rows, record.MeetingRow{Title: r.title, Href: "/page/meeting", Project: r.project, When: at(24-i, 9, 0), Duration: r.length, People: r.people, State: web.ChipOf(r.state), DeleteURL: "/meetings/mtg_1/delete"})
	}
	return p
}

func meetingsState(change func(*record.MeetingsPage)) record.MeetingsPage {
	p := record.MeetingsPage{Shell: shell("Meetings", "/meetings"), Sample: "/page/meeting"}
	p.Shell.Live = "htmx"
	filters(&p)
	change(&p)
	return p
}

func details(paste bool) record.Details {
	d := record.Details{
		Title:     web.Field{ID: "title", Label: "Title", Hint: "Empty takes the name of the file.", Max: 200},
		Date:      web.Field{ID: "starts", Label: "When it began", Type: "datetime-local", Value: "2026-11-24T09:00"},
		Zone:      web.Select{ID: "zone", Label: "In the zone", Options: web.Choose("Europe/Berlin", web.Option{Value: "Europe/Berlin", Name: "Berlin (CET)"}, web.Option{Value: "UTC", Name: "UTC"})},
		Attendees: "Marta Lindqvist\nTom Okafor\nInes Brandt",
		Project:   web.Field{ID: "project", Label: "Project", Max: 120, Among: []string{"Harbour school", "Quayside House"}},
		Language:  web.Select{ID: "language", Label: "Spoken language", Options: web.Choose("", web.Option{Name: "Found from the recording"}, web.Option{Value: "en", Name: "English"}, web.Option{Value: "de", Name: "German"})},
		Writing:   web.Select{ID: "writing", Label: "Language of the minutes", Options: web.Choose("", web.Option{Name: "As spoken"}, web.Option{Value: "de", Name: "German"})},
		Speakers:  web.Select{ID: "speakers", Label: "How many people speak", Options: web.Choose("", web.Option{Name: "Not known"}, web.Option{Value: "2", Name: "2"}, web.Option{Value: "3", Name: "3"})},
		Template:  web.Select{ID: "template", Label: "Kind of meeting", Options: web.Choose("general", web.Option{Value: "general", Name: "General"}, web.Option{Value: "owner", Name: "Project owner's meeting, with carried-forward items"}, web.Option{Value: "standup", Name: "Stand-up"})},
		Models:    true,
		Told:      web.Choose("", web.Option{Value: "yes", Name: "Yes"}, web.Option{Value: "no", Name: "No"}, web.Option{Value: "unknown", Name: "I do not know"}),
		How:       web.Field{ID: "how", Label: "How were they told?", Hint: "For example: said at the start, written in the invitation."},
	}
	if !paste {
		d.Keep = web.Choose("kept", web.Option{Value: "kept", Name: "Keep it", Hint: "Every line of the minutes plays its second."}, web.Option{Value: "ephemeral", Name: "Destroy it when the transcript is written", Hint: "Its key is destroyed. Lines then show their quote, without sound."})
	}
	return d
}

func newMeeting(paste bool) record.NewMeetingPage {
	p := record.NewMeetingPage{Shell: shell("New meeting", "/meetings/new"), Paste: paste, Action: "/meetings", Limit: "4 GB", LimitBytes: 4 << 30, Details: details(paste)}
	p.Shell.Script = "new.js"
	return p
}

func steps(now int, bad bool) []record.Step {
	names := []struct{ name, detail, took string }{
		{"Stored safely", "412 MB in 50 sealed parts", "1:12"},
		{"Decoding", "Stereo, 1 h 3 min", "0:21"},
		{"Recognizing speech", "Whisper base, English", ""},
		{"Telling voices apart", "", ""},
		{"Drafting the minutes", "By rules, each line checked against its source", ""},
	}
	var out []record.Step
	for i, n := range names {
		s := record.Step{Number: i + 1, Name: n.name, Detail: n.detail, Took: n.took, Said: "to come"}
		switch {
		case i < now:
			s.State, s.Said = "done", "done"
		case i == now && bad:
			s.State, s.Said = "bad", "stopped"
		case i == now:
			s.State, s.Said = "now", "now"
		}
		out = append(out, s)
	}
	return out
}

func processing(dead bool) record.ProcessingPage {
	p := record.ProcessingPage{Shell: shell("Crane logistics", "/meetings"), ID: "mtg_2", Heading: "Crane logistics with the neighbour", When: at(24, 10, 30), Duration: "1 h 3 min",
		State: web.ChipOf("running"), Access: web.Access{Icon: "lock", Text: "Only you", Detail: []string{"You made it. Nobody else can see it yet."}}, Stream: "/meetings/mtg_2/progress", MayCancel: true, MayEdit: true, MayDelete: true,
		Progress: record.Progress{Percent: 42, PhaseText: "Recognizing speech", Left: "about 3 min left", Steps: steps(2, false)}}
	if dead {
		p.State, p.Stream, p.MayCancel, p.MayRun = web.ChipOf("dead"), "", false, true
		p.Progress = record.Progress{Reason: "The speech engine ended twice while it worked on this recording.", Kept: "The recording is stored safely. An administrator can see the reason under this request: req_06crzj0.", Steps: steps(2, true)}
	}
	p.Shell.Live = "sse"
	p.Shell.Script = "live.js"
	return p
}

func jobs() web.JobsPage {
	h := home()
	p := web.JobsPage{Shell: shell("Jobs", "/jobs"), Running: h.Running,
		Dead: []web.DeadJob{{Title: "Voice memo from the lift pit", Href: "/page/processing-dead", Sentence: "The file holds no sound that can be decoded. Upload it again, or another recording.", Step: "Decoding", Tries: "tried once", At: at(23, 17, 2), RunURL: "/jobs/1/run"}},
		Done: []web.Job{{Title: "Site progress 14: slab, façade, dewatering", Href: "/page/meeting", Icon: "circle-check", Sentence: "Took 41 s, eight minutes ago", State: web.ChipOf("draft")}}}
	p.Shell.Live = "sse"
	return p
}

func models() web.ModelsPage {
	return web.ModelsPage{Shell: shell("Models", "/settings/models"), MayChange: true, MaySpeech: true, On: true, Version: 3,
		Provider:  web.Select{ID: "provider", Label: "Provider", Options: web.Choose("anthropic", web.Option{Value: "anthropic", Name: "Anthropic"}, web.Option{Value: "openai", Name: "OpenAI or compatible"}, web.Option{Value: "gemini", Name: "Gemini"})},
		Model:     web.Field{ID: "model", Label: "Model", Value: "claude-sonnet"},
		URL:       web.Field{ID: "url", Label: "Address", Value: "https://api.example.com", Hint: "Such as https://api.example.com."},
		Key:       web.Field{ID: "key", Label: "Key", Type: "password", Complete: "off", Hint: "A key is stored, sealed. Leave empty to keep it."},
		Region:    web.Field{ID: "region", Label: "Region", Value: "eu"},
		Terms:     web.Field{ID: "terms", Label: "The provider's terms", Type: "url", Value: "https://example.com/terms"},
		Training:  web.Select{ID: "training", Label: "Does the provider train on it?", Options: web.Choose("no", web.Option{Name: "I do not know"}, web.Option{Value: "no", Name: "No, by contract"}, web.Option{Value: "yes", Name: "Yes"})},
		Keeps:     web.Field{ID: "keeps", Label: "Days that the provider keeps it", Type: "number", Value: "0"},
		Budget:    web.Field{ID: "budget", Label: "Budget a month, in thousands of tokens", Type: "number", Value: "2000", Hint: "When it is used up, minutes are made by rules until the month ends."},
		Spent:     "214 thousand used in November.",
		Ledger:    "/page/ledger",
		Sends:     []web.Sent{{Yes: true, Text: "The words of the transcript"}, {Yes: true, Text: "The names of the attendees"}, {Text: "Sound, file names, e-mail addresses, other meetings"}},
		Test:      &web.Note{Class: "good", Icon: "circle-check", Text: "The model answered in 1.4 s, with JSON that fits."},
		Languages: web.Field{ID: "languages", Label: "Languages spoken here", Value: "en, de"},
		Engine:    []web.Fact{{Name: "Engine", Value: "Built in, on this machine"}, {Name: "Recognition", Value: "Whisper base, multilingual, int8"}, {Name: "Speakers", Value: "Segmentation 3.0 and CAM++"}},
	}
}

func modelsRead() web.ModelsPage {
	return web.ModelsPage{Shell: shell("Models", "/settings/models"), Chosen: []web.Fact{{Name: "Language model", Value: "claude-sonnet"}, {Name: "Region", Value: "eu"}}, Engine: models().Engine}
}

func modelsDenied() web.ModelsPage {
	return web.ModelsPage{Shell: shell("Models", "/settings/models"), Refusal: &web.Refusal{Reason: "Viewers do not see which model a workspace uses.", Grants: []string{"An owner"}}}
}

func ledger() web.LedgerPage {
	p := web.LedgerPage{Shell: shell("What left", "/settings/models")}
	for i, state := range []web.StateChip{{Class: "approved", Icon: "circle-check", Text: "Answered"}, {Class: "dead", Icon: "triangle-alert", Text: "Failed, status 529"}, {Class: "running", Icon: "activity", Text: "On its way"}} {
		p.Rows = append(p.Rows, web.LedgerRow{When: at(24-i, 9, 0), Purpose: "minutes", Model: "claude-sonnet", Host: "api.example.com", Region: "eu",
			Fields: "segments.text, speakers.name, attendees.name", Out: "31 kB", In: "4 kB", Tokens: "11204", State: state})
	}
	return p
}

func checksGood() web.ChecksPage {
	p := checks()
	p.AllGood, p.Sum, p.Checks = true, "Everything that is needed works.", p.Checks[:4]
	return p
}

func setup(again bool) web.SetupPage {
	p := web.SetupPage{Shell: web.Shell{Title: "Set up", Token: "fixture-token", Script: "passkey.js"}, Action: "/setup/once", Passkey: true,
		Name:     web.Field{ID: "name", Label: "Your name", Complete: "name", Required: true, First: true, Max: 120},
		Email:    web.Field{ID: "email", Label: "E-mail", Type: "email", Complete: "username", Required: true, Max: 254},
		Password: web.Field{ID: "password", Label: "Password", Type: "password", Complete: "new-password", Required: true, Hint: "At least 12 characters. A sentence is good.", Max: 256},
		Firm:     web.Field{ID: "workspace", Label: "Name of the workspace", Complete: "organization", Hint: "Your company or team.", Required: true, Max: 120},
	}
	if again {
		p.Password.Problem = "This password is in lists of stolen ones. Take another."
	}
	return p
}

func checks() web.ChecksPage {
	p := web.ChecksPage{Shell: web.Shell{Title: "Checks", Token: "fixture-token", Wide: true, Live: "htmx"}, Checks: []web.Check{
		{Name: "PostgreSQL", Found: "15.14, private, on a unix socket", State: "ok", Word: "Works"},
		{Name: "Root key", Found: "A file that only this user can read", State: "ok", Word: "Works"},
		{Name: "Disk", Found: "412 GB free", State: "ok", Word: "Works"},
		{Name: "Decoder", Found: "A test file was decoded in the sandbox", State: "ok", Word: "Works"},
		{Name: "Sandbox", Found: "bwrap, no network", State: "ok", Word: "Works"},
		{Name: "Speech", Found: "The weights are not here", State: "bad", Word: "Missing", Fix: "Run mainstay models pull on the server. It takes 200 MB and two minutes."},
		{Name: "Mail", Found: "No server is set", State: "warn", Word: "Off", Fix: "Set MAINSTAY_SMTP_URL to send invitations. Everything else works without."},
		{Name: "Clock", Found: "Asking", State: "waiting", Word: "Trying"},
	}}
	return p
}

func signIn(problem string) web.SignInPage {
	return web.SignInPage{Shell: web.Shell{Title: "Sign in", Token: "fixture-token", Script: "passkey.js"}, Passkey: true, Next: "/meetings", Problem: problem,
		Email:    web.Field{ID: "email", Label: "E-mail", Type: "email", Complete: "username", Required: true, First: true},
		Password: web.Field{ID: "password", Label: "Password", Type: "password", Complete: "current-password", Required: true}}
}

func errorPage(status int, heading, sentence, retry string) web.ErrorPage {
	return web.ErrorPage{Shell: web.Shell{Title: heading}, Status: status, Heading: heading, Sentence: sentence, Retry: retry, Request: "req_06crzj0v1g3m5k7n9q2s4t6w8y"}
}

func erase() record.ErasePage {
	return record.ErasePage{Shell: shell("Erase", "/meetings"), ID: "mtg_fixture", Heading: "Site progress 14", Word: "erase", Problem: "Type the word to erase. Nothing was erased.",
		Parts: web.Choose("recording", web.Option{Value: "recording", Name: "The recording", Hint: "Transcript and minutes stay."}, web.Option{Value: "meeting", Name: "The whole meeting", Hint: "Title, attendees, recording, transcript and minutes."})}
}

func newLine() record.LinePage {
	s := shell("Site progress 14", "/meetings")
	s.Style = "meeting.css"
	return record.LinePage{Shell: s, ID: "mtg_fixture", Heading: "Site progress 14", People: []string{"Ines Brandt"}, Line: record.Line{ID: "new-actions", In: "actions", Action: true, Editing: true,
		Problem: "A line cannot be empty. Remove it instead.", SaveURL: "/meetings/mtg_fixture/lines", CancelURL: "/meetings/mtg_fixture/lines/new?cancel=yes&in=actions"}}
}

// Pages are the fixtures by name, each with its view.
func Pages() map[string]web.View {
	pages := map[string]web.View{
		"meeting":          Meeting(),
		"meeting-approved": approved(),
		"meeting-pasted":   pasted(),
		"home":             home(),
		"home-empty":       web.HomePage{Shell: shell("Home", "/"), MayCreate: true, Greeting: "Welcome, Marta", Today: "Tuesday 24 November 2026", Sample: "/page/meeting", Checklist: home().Checklist},
		"meetings":         meetings(),
		"meetings-empty":   meetingsState(func(*record.MeetingsPage) {}),
		"meetings-none":    meetingsState(func(p *record.MeetingsPage) { p.Filtered, p.Query = true, "dewatering" }),
		"meetings-error": meetingsState(func(p *record.MeetingsPage) {
			p.Trouble = &web.Trouble{Reason: "The list could not be read. Nothing was lost.", Request: "req_06crzj0v1g3m5k7n9q2s4t6w8y", Retry: "/meetings"}
		}),
		"meetings-denied": meetingsState(func(p *record.MeetingsPage) {
			p.Refusal = &web.Refusal{Reason: "Your role does not include the list of meetings.", Grants: []string{"Marta Lindqvist", "Jonas Weil"}}
		}),
		"erase":           erase(),
		"line-new":        newLine(),
		"new":             newMeeting(false),
		"new-paste":       newMeeting(true),
		"details":         record.DetailsPage{Shell: shell("Details", "/meetings"), ID: "mtg_fixture", Heading: "Site progress 14", Details: details(true)},
		"processing":      processing(false),
		"processing-dead": processing(true),
		"jobs":            jobs(),
		"jobs-empty":      web.JobsPage{Shell: shell("Jobs", "/jobs"), MayCreate: true},
		"models":          models(),
		"models-read":     modelsRead(),
		"models-denied":   modelsDenied(),
		"ledger":          ledger(),
		"ledger-empty":    web.LedgerPage{Shell: shell("What left", "/settings/models")},
		"access-log":      accessLog(false),
		"access-log-none": accessLog(true),
		"setup":           setup(false),
		"setup-problem":   setup(true),
		"checks":          checks(),
		"checks-good":     checksGood(),
		"deployment":      deployment(true),
		"deployment-ill":  deployment(false),
		"api":             apiPage(),
		"errors":          reference.NewErrorsPage(plain("Errors", "reference.css")),
		"sign-in":         signIn(""),
		"sign-in-problem": signIn("This e-mail and password do not belong together."),
		"error-404":       errorPage(404, "Nothing is here", "There is nothing at this address, or it is not shared with you.", ""),
		"error-403":       errorPage(403, "Your role does not allow this", "An owner or administrator of your workspace can do it, or give you the role.", ""),
		"error-410":       errorPage(410, "This link is over", "It has expired or was ended by who made it. Ask them for a new one.", ""),
		"error-500":       errorPage(500, "Something went wrong on our side", "Nothing was lost. Try again, and tell your administrator if it happens twice.", "/meetings"),
	}
	maps.Copy(pages, told())
	maps.Copy(pages, rosterPages())
	maps.Copy(pages, factors())
	maps.Copy(pages, providers())
	maps.Copy(pages, own())
	maps.Copy(pages, programs())
	return pages
}

// plain surrounds a page that everybody may read.
func plain(title, style string) web.Shell { return web.Shell{Title: title, Wide: true, Style: style} }

// apiPage is the reference of the published document. It panics where that is missing: tests run in the source.
func apiPage() web.View {
	document, err := os.ReadFile("../../../docs/openapi.json")
	if err != nil {
		panic(err)
	}
	nouns, kinds, err := reference.Read(document)
	if err != nil {
		panic(err)
	}
	return reference.NewAPIPage(plain("API", "reference.css"), nouns, kinds)
}
