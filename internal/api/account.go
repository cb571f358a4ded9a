package api

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/identity/token"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
)

// Key is an API key, or a program that acts as a person.
type Key struct {
	ID        string     `json:"id" example:"key_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Kind      string     `json:"kind" enum:"key,program"`
	Name      string     `json:"name"`
	Prefix    string     `json:"prefix" doc:"How the key begins; empty for a program."`
	MemberID  string     `json:"member_id" doc:"As whom it acts."`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	EndsAt    time.Time  `json:"ends_at"`
	UsedAt    *time.Time `json:"used_at" doc:"To the hour; null: never."`
}

// MadeKey is a key that was just made.
type MadeKey struct {
	Key
	Secret string `json:"secret" doc:"The key itself. It is shown once and nowhere again."`
}

// NewKey is what a key is wanted for.
type NewKey struct {
	Name   string   `json:"name" minLength:"1" maxLength:"120" doc:"What uses it."`
	Scopes []string `json:"scopes" minItems:"1" maxItems:"7" enum:"meetings:read,meetings:write,members:read,members:write,settings:read,settings:write,audit:read"`
	Days   int      `json:"days,omitempty" minimum:"1" maximum:"366" doc:"How long it lives; absent: 90."`
}

// Session is a signed-in browser of one's own.
type Session struct {
	ID      string    `json:"id" example:"ses_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Name    string    `json:"name"`
	Browser string    `json:"browser"`
	Address string    `json:"address"`
	Since   time.Time `json:"since"`
	UsedAt  time.Time `json:"used_at"`
	EndsAt  time.Time `json:"ends_at"`
	Factors []string  `json:"factors" doc:"What was shown."`
	Current bool      `json:"current" doc:"It is the one that asks."`
}

// Notice is something that one is told of.
type Notice struct {
	ID        string     `json:"id" example:"ntc_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Kind      string     `json:"kind" enum:"review,ready,failed,sign-in,factor"`
	Title     string     `json:"title" doc:"Of what it is about."`
	Path      string     `json:"path" doc:"Of its page; empty for what is about one's own account."`
	CreatedAt time.Time  `json:"created_at"`
	ReadAt    *time.Time `json:"read_at"`
}

// NoticeChoice is how one is told of a kind.
type NoticeChoice struct {
	Kind string `json:"kind" enum:"review,ready,failed,sign-in,factor"`
	App  bool   `json:"app"`
	Mail bool   `json:"mail" doc:"Always true of one's own account's security."`
}

// NoticeChoices is a choice for each kind.
type NoticeChoices struct {
	Choices []NoticeChoice `json:"choices" maxItems:"5"`
}

// EndedSessions says how many sessions were ended.
type EndedSessions struct {
	Ended int `json:"ended"`
}

// KeyPath names a key.
type KeyPath struct {
	ID string `path:"id" doc:"The key's id." example:"key_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

// SessionPath names a session.
type SessionPath struct {
	ID string `path:"id" doc:"The session's id." example:"ses_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

// NoticePath names a notice.
type NoticePath struct {
	ID string `path:"id" doc:"The notice's id." example:"ntc_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

type newKey struct{ Body NewKey }

type sessionName struct {
	SessionPath
	Body struct {
		Name string `json:"name" maxLength:"60" doc:"Empty takes the name away."`
	}
}

type newChoices struct{ Body NoticeChoices }

func (a *API) account() {
	add, noun := a.Set, "Account"
	operation.Add(add, operation.Operation{ID: "list-keys", Method: http.MethodGet, Path: "/keys", Noun: noun, Verb: gate.ListKeys,
		Summary: "List keys", Says: "Your own keys and programs; owners and admins see everybody's."}, a.listKeys)
	operation.Add(add, operation.Operation{ID: "create-key", Method: http.MethodPost, Path: "/keys", Noun: noun, Verb: gate.CreateKey, Status: http.StatusCreated, Alone: true,
		Summary: "Make a key", Says: "It acts as you, within its scopes, and never has more than your role.",
		Example: map[string]any{"name": "Weekly report", "scopes": []string{"meetings:read"}, "days": 30}}, a.createKey)
	operation.Add(add, operation.Operation{ID: "end-key", Method: http.MethodDelete, Path: "/keys/{id}", Noun: noun, Verb: gate.EndKey, Status: http.StatusNoContent,
		Summary: "End a key", Says: "Whatever uses it is refused from now on."}, a.endKey)
	operation.Add(add, operation.Operation{ID: "list-sessions", Method: http.MethodGet, Path: "/sessions", Noun: noun,
		Summary: "List sessions", Says: "The browsers in which you are signed in."}, a.listSessions)
	operation.Add(add, operation.Operation{ID: "name-session", Method: http.MethodPut, Path: "/sessions/{id}/name", Noun: noun, Status: http.StatusNoContent,
		Summary: "Name a session", Says: "So that you know it again.", Example: map[string]any{"name": "Site office"}}, a.nameSession)
	operation.Add(add, operation.Operation{ID: "end-session", Method: http.MethodDelete, Path: "/sessions/{id}", Noun: noun, Status: http.StatusNoContent,
		Summary: "End a session", Says: "Signs that browser out within a second."}, a.endSession)
	operation.Add(add, operation.Operation{ID: "end-other-sessions", Method: http.MethodPost, Path: "/sessions/end-others", Noun: noun,
		Summary: "End all other sessions", Says: "Signs every other browser of yours out."}, a.endOthers)
	operation.Add(add, operation.Operation{ID: "list-notices", Method: http.MethodGet, Path: "/notices", Noun: noun, Verb: gate.ListNotices,
		Summary: "List notices", Says: "What you were told of, the newest first, at most 100."}, a.listNotices)
	operation.Add(add, operation.Operation{ID: "read-notice", Method: http.MethodPost, Path: "/notices/{id}/read", Noun: noun, Verb: gate.ReadNotice,
		Summary: "Read a notice", Says: "Marks it as read."}, a.readNotice)
	operation.Add(add, operation.Operation{ID: "read-all-notices", Method: http.MethodPost, Path: "/notices/read", Noun: noun, Verb: gate.ReadNotices, Status: http.StatusNoContent,
		Summary: "Read all notices", Says: "Marks all of yours as read."}, a.readNotices)
	operation.Add(add, operation.Operation{ID: "read-notice-choices", Method: http.MethodGet, Path: "/notices/choices", Noun: noun, Verb: gate.ChooseNotices,
		Summary: "How you are told", Says: "Of which kinds, in the app and by mail."}, a.readChoices)
	operation.Add(add, operation.Operation{ID: "choose-notices", Method: http.MethodPut, Path: "/notices/choices", Noun: noun, Verb: gate.ChooseNotices,
		Summary: "Choose how you are told", Says: "Kinds that are absent stay.", Example: map[string]any{"choices": []any{map[string]any{"kind": "ready", "app": true, "mail": false}}}}, a.chooseNotices)
}

func (a *API) listKeys(ctx context.Context, in *operation.Paging) (*operation.Page[Key], error) {
	all, err := a.Tokens.List(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Key
	for _, c := range all {
		shown = append(shown, shownKey(c))
	}
	return operation.Cut(in, shown), nil
}

func (a *API) createKey(ctx context.Context, in *newKey) (*created[MadeKey], error) {
	want := token.Request{Name: in.Body.Name, Days: in.Body.Days}
	for _, scope := range in.Body.Scopes {
		want.Scopes = append(want.Scopes, gate.Scope(scope))
	}
	made, err := a.Tokens.Create(ctx, want)
	if err != nil {
		return nil, err
	}
	return &created[MadeKey]{Location: operation.Base + "/keys/" + made.ID.String(), Body: MadeKey{Key: shownKey(made.Credential), Secret: made.Key.Reveal()}}, nil
}

func (a *API) endKey(ctx context.Context, in *KeyPath) (*done, error) {
	id, err := tenant.ParseID[token.ID](in.ID)
	if err != nil {
		return nil, err
	}
	return &done{}, a.Tokens.End(ctx, id)
}

func shownKey(c token.Credential) Key {
	k := Key{ID: c.ID.String(), Kind: c.Kind, Name: c.Name, Prefix: c.Prefix, MemberID: c.Member.String(), Scopes: []string{},
		CreatedAt: c.CreatedAt.UTC(), EndsAt: c.EndsAt.UTC(), UsedAt: operation.Known(c.UsedAt)}
	for _, s := range c.Scopes {
		k.Scopes = append(k.Scopes, string(s))
	}
	return k
}

func (a *API) listSessions(ctx context.Context, in *operation.Paging) (*operation.Page[Session], error) {
	all, err := a.Identity.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Session
	for _, s := range all {
		shown = append(shown, Session{ID: s.ID.String(), Name: s.Name, Browser: s.Browser, Address: s.Address, Since: s.Since.UTC(), UsedAt: s.Used.UTC(),
			EndsAt: s.Ends.UTC(), Factors: operation.Each(s.Factors), Current: s.Current})
	}
	return operation.Cut(in, shown), nil
}

func (a *API) nameSession(ctx context.Context, in *sessionName) (*done, error) {
	id, err := tenant.ParseID[tenant.SessionID](in.ID)
	if err != nil {
		return nil, err
	}
	return &done{}, a.Identity.NameSession(ctx, id, in.Body.Name)
}

func (a *API) endSession(ctx context.Context, in *SessionPath) (*done, error) {
	id, err := tenant.ParseID[tenant.SessionID](in.ID)
	if err != nil {
		return nil, err
	}
	return &done{}, a.Identity.SignOut(ctx, id)
}

func (a *API) endOthers(ctx context.Context, _ *none) (*reply[EndedSessions], error) {
	n, err := a.Identity.SignOutOthers(ctx)
	return answer(EndedSessions{n}), err
}

func (a *API) listNotices(ctx context.Context, in *operation.Paging) (*operation.Page[Notice], error) {
	all, err := a.Post.List(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Notice
	for _, n := range all {
		shown = append(shown, shownNotice(n))
	}
	return operation.Cut(in, shown), nil
}

func (a *API) readNotice(ctx context.Context, in *NoticePath) (*reply[Notice], error) {
	id, err := tenant.ParseID[post.NoticeID](in.ID)
	if err != nil {
		return nil, err
	}
	n, err := a.Post.Read(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(shownNotice(n)), nil
}

func (a *API) readNotices(ctx context.Context, _ *none) (*done, error) {
	return &done{}, a.Post.ReadAll(ctx)
}

func shownNotice(n post.Notice) Notice {
	return Notice{ID: n.ID.String(), Kind: string(n.Kind), Title: n.Subject.Title, Path: n.Subject.Path, CreatedAt: n.CreatedAt.UTC(), ReadAt: operation.UTC(n.ReadAt)}
}

func (a *API) readChoices(ctx context.Context, _ *none) (*reply[NoticeChoices], error) {
	all, err := a.Post.Choices(ctx)
	if err != nil {
		return nil, err
	}
	shown := NoticeChoices{Choices: []NoticeChoice{}}
	for _, c := range all {
		shown.Choices = append(shown.Choices, NoticeChoice{Kind: string(c.Kind), App: c.App, Mail: c.Mail})
	}
	return answer(shown), nil
}

func (a *API) chooseNotices(ctx context.Context, in *newChoices) (*reply[NoticeChoices], error) {
	var all []post.Choice
	for _, c := range in.Body.Choices {
		all = append(all, post.Choice{Kind: post.Kind(c.Kind), App: c.App, Mail: c.Mail})
	}
	if err := a.Post.Choose(ctx, all...); err != nil {
		return nil, err
	}
	return a.readChoices(ctx, nil)
}
