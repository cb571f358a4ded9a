package api

import (
	"context"
	"net/http"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/identity/roster"
	"mainstay/internal/post"
)

// SignInPolicy is what a workspace asks of sessions and passwords.
type SignInPolicy struct {
	Factor          string `json:"factor" enum:"none,second,phishing-resistant" doc:"The least that a session must have shown."`
	SessionHours    int    `json:"session_hours" minimum:"1" maximum:"720" doc:"After which a person signs in again."`
	IdleMinutes     int    `json:"idle_minutes" minimum:"5" maximum:"43200"`
	PasswordLeast   int    `json:"password_least" minimum:"12" maximum:"128" doc:"Characters."`
	PasswordHistory int    `json:"password_history" minimum:"0" maximum:"24" doc:"How many earlier passwords are refused."`
	PasswordDays    int    `json:"password_days" minimum:"0" maximum:"1095" doc:"After which a new one is asked for; 0: never."`
}

// MailSetting is how much a mail may hold.
type MailSetting struct {
	Content string `json:"content" enum:"nothing,title,summary"`
}

// MailTrial is what came of a test mail.
type MailTrial struct {
	Sent     bool   `json:"sent"`
	To       string `json:"to"`
	Sentence string `json:"sentence" doc:"What the server said, and what to do."`
}

type signInPolicy struct {
	operation.Match
	Body SignInPolicy
}

type mailSetting struct {
	operation.Match
	Body MailSetting
}

func (a *API) policies() {
	add, noun := a.Set, "Settings"
	operation.Add(add, operation.Operation{ID: "read-sign-in-policy", Method: http.MethodGet, Path: "/settings/sign-in", Noun: noun, Verb: gate.ReadSignIn,
		Summary: "What sign-ins must show", Says: "What the workspace asks of sessions and passwords."}, a.readSignIn)
	operation.Add(add, operation.Operation{ID: "change-sign-in-policy", Method: http.MethodPut, Path: "/settings/sign-in", Noun: noun, Verb: gate.ChangeSignIn, Reads: true, IfMatch: true,
		Also: []int{409}, Summary: "Choose what sign-ins must show", Says: "Members whose sessions show less are asked for more at their next request.",
		Example: map[string]any{"factor": "second", "session_hours": 720, "idle_minutes": 43200, "password_least": 12, "password_history": 0, "password_days": 0}}, a.changeSignIn)
	operation.Add(add, operation.Operation{ID: "read-mail-setting", Method: http.MethodGet, Path: "/settings/mail", Noun: noun, Verb: gate.ReadMail,
		Summary: "What mails hold", Says: "How much of a meeting a mail may hold."}, a.readMail)
	operation.Add(add, operation.Operation{ID: "change-mail-setting", Method: http.MethodPut, Path: "/settings/mail", Noun: noun, Verb: gate.ChangeMail, Reads: true, IfMatch: true,
		Summary: "Choose what mails hold", Says: "From the next mail on.", Example: map[string]any{"content": "title"}}, a.changeMail)
	operation.Add(add, operation.Operation{ID: "test-mail", Method: http.MethodPost, Path: "/settings/mail/test", Noun: noun, Verb: gate.TestMail,
		Summary: "Send a test mail", Says: "To your own address."}, a.testMail)
}

func (a *API) readSignIn(ctx context.Context, _ *none) (*reply[SignInPolicy], error) {
	p, err := a.Roster.SignIn(ctx)
	if err != nil {
		return nil, err
	}
	return answer(shownSignIn(p)), nil
}

func (a *API) changeSignIn(ctx context.Context, in *signInPolicy) (*reply[SignInPolicy], error) {
	before, err := a.Roster.SignIn(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Of(shownSignIn(before)); err != nil {
		return nil, err
	}
	factor, err := gate.ParseStrength(in.Body.Factor)
	if err != nil {
		return nil, err
	}
	err = a.Roster.ChangeSignIn(ctx, roster.SignIn{Factor: factor, Hours: in.Body.SessionHours, Idle: in.Body.IdleMinutes, Version: before.Version,
		Passwords: roster.Passwords{Least: in.Body.PasswordLeast, History: in.Body.PasswordHistory, Days: in.Body.PasswordDays}})
	if err != nil {
		return nil, err
	}
	return a.readSignIn(ctx, nil)
}

func shownSignIn(p roster.SignIn) SignInPolicy {
	return SignInPolicy{Factor: p.Factor.String(), SessionHours: p.Hours, IdleMinutes: p.Idle, PasswordLeast: p.Least, PasswordHistory: p.History, PasswordDays: p.Days}
}

func (a *API) readMail(ctx context.Context, _ *none) (*reply[MailSetting], error) {
	content, err := a.Post.Content(ctx)
	if err != nil {
		return nil, err
	}
	return answer(MailSetting{string(content)}), nil
}

func (a *API) changeMail(ctx context.Context, in *mailSetting) (*reply[MailSetting], error) {
	before, err := a.Post.Content(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Of(MailSetting{string(before)}); err != nil {
		return nil, err
	}
	if err := a.Post.SetContent(ctx, post.Content(in.Body.Content)); err != nil {
		return nil, err
	}
	return a.readMail(ctx, nil)
}

func (a *API) testMail(ctx context.Context, _ *none) (*reply[MailTrial], error) {
	trial, err := a.Post.Test(ctx)
	if err != nil {
		return nil, err
	}
	return answer(MailTrial{Sent: trial.Sent, To: trial.To, Sentence: trial.Sentence}), nil
}
