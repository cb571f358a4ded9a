package webtest

import (
	"mainstay/internal/identity/factor"
	"mainstay/internal/web"
	"mainstay/internal/web/account"
)

// factors are the pages on which people show and change how they sign in.
func factors() map[string]web.View {
	code := web.Field{ID: "code", Label: "The code that the app shows", Hint: "Six digits.", Complete: "one-time-code", Required: true, Digits: true, Max: 12}
	drawn, _ := factor.Draw(factor.KeyURI("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "Mainstay", "marta@lindqvist-rowe.example"))
	wrong := code
	wrong.Problem = "This code is not right. Check that the clock of your device is, and enter the code that it shows now."
	codes := []string{"8f2k-m1qw-7c3d-x0zt", "0a9b-k4tn-5r6y-p8wd", "g7hj-2m3n-q4rs-t5vw", "x6yz-a1bc-d2ef-g3hj", "k4mn-p5qr-s6tv-w7xy", "z8a9-b0cd-e1fg-h2jk", "m3np-q4rs-t5vw-x6yz", "a7bc-d8ef-g9hj-k0mn", "p1qr-s2tv-w3xy-z4a5", "b6cd-e7fg-h8jk-m9np"}
	plain := web.Shell{Title: "Security", Token: "fixture-token", Wide: true}
	return map[string]web.View{
		"security":        security(),
		"security-first":  account.SecurityPage{Shell: shell("Security", "/account/security"), Email: "marta@lindqvist-rowe.example", Password: "Set on 3 May 2026", HasPass: true, AddPasskey: "/account/security/passkey", Single: true},
		"security-wanted": account.SecurityPage{Shell: plain, Email: "marta@lindqvist-rowe.example", Password: "None. You sign in without one.", AddPasskey: "", Single: true, CanText: true, Wanted: &account.Wanted{Sentence: "Your workspace asks for a second factor. Add a passkey or an authenticator app below to go on.", Next: "/meetings"}},
		"passkey-add":     account.PasskeyPage{Shell: scripted("Add a passkey"), Problem: "The passkey could not be added. Try again.", Name: web.Field{ID: "name", Label: "What you call it", Hint: "The device or the key that it lies on.", Max: 80}},
		"app":             account.AppPage{Shell: shell("Set up an authenticator app", "/account/security"), Setup: "x", Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", Picture: drawn, Code: wrong},
		"number":          account.NumberPage{Shell: shell("Add a telephone number", "/account/security"), Number: web.Field{ID: "number", Label: "Mobile number", Type: "tel", Hint: "With its country's code, such as +49 151 1234567.", Required: true}},
		"number-code":     account.NumberPage{Shell: shell("Add a telephone number", "/account/security"), Setup: "x", Code: code},
		"codes":           account.CodesPage{Shell: shell("Recovery codes", "/account/security"), Saved: "The authenticator app is set up. Your other sessions have ended.", Email: "marta@lindqvist-rowe.example", Made: "24 November 2026", Codes: codes},
		"codes-ask":       account.CodesPage{Shell: shell("Recovery codes", "/account/security")},
		"remove-factor":   account.RemovePage{Shell: shell("Remove a factor", "/account/security"), Kind: "passkey", ID: "x", Name: "the passkey “Marta's laptop”", Problem: "A workspace of yours asks for a passkey, and this is your last. Add another first."},
		"answer-passkey":  answer("passkey", "", "totp", "recovery"),
		"answer-app":      answer("totp", "Too many wrong codes. Wait 15 minutes, or use another factor.", "passkey", "recovery"),
		"answer-text":     answer("sms", "", "totp", "recovery"),
		"answer-none":     answer("", ""),
	}
}

func scripted(title string) web.Shell {
	s := shell(title, "/account/security")
	s.Script = "passkey.js"
	return s
}

func security() account.SecurityPage {
	return account.SecurityPage{Shell: shell("Security", "/account/security"), Email: "marta@lindqvist-rowe.example", Password: "Set on 3 May 2026", HasPass: true,
		Saved: "The passkey was added. Your other sessions have ended.", AddPasskey: "/account/security/passkey",
		Passkeys: []account.PasskeyRow{
			{ID: "pky_1", Name: "Marta's laptop", Since: "Added 3 May 2026, last used 24 November 2026", Rename: "/account/security/passkey/pky_1/rename", Remove: "/account/security/remove/passkey?id=pky_1"},
			{ID: "pky_2", Name: "The security key that lies in the safe of the office in the harbour", Since: "Added 4 May 2026, not used yet", Doubted: true, Rename: "/account/security/passkey/pky_2/rename", Remove: "/account/security/remove/passkey?id=pky_2"},
		},
		Notes: []web.Note{
			{Class: "bad", Icon: "triangle-alert", Text: "“The security key that lies in the safe” was shown with a counter that went back. A copy of it may be in use: remove it, and add a new one."},
			{Class: "warn", Icon: "triangle-alert", Text: "You have 2 codes left to get in without your devices.", Name: "Make new recovery codes", Href: "/account/security/codes"},
		},
		App: "Added 3 May 2026, last used 20 November 2026", Phone: "+49 … 67. Added 3 May 2026, not used yet", CanText: true, HasCodes: true, Codes: "2 codes left"}
}

func answer(kind, problem string, others ...string) account.AnswerPage {
	p := account.AnswerPage{Shell: web.Shell{Title: "Second step", Token: "fixture-token", Script: "passkey.js"}, Heading: "One more step", Lead: "That was right. Now show your second factor.",
		At: "/sign-in/factor", Next: "/meetings", Kind: kind, Problem: problem, Away: account.Way{Name: "Sign in as somebody else", Href: "/sign-in"},
		Field: web.Field{ID: "code", Label: "The code that your authenticator app shows", Hint: "Six digits.", Complete: "one-time-code", Required: true, Digits: true}}
	for _, other := range others {
		p.Others = append(p.Others, account.Way{Name: map[string]string{"passkey": "Use a passkey", "totp": "Use your authenticator app", "recovery": "Use a recovery code"}[other], Href: "/sign-in/factor?kind=" + other})
	}
	return p
}
