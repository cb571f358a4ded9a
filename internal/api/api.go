// Package api is Mainstay's JSON API, version 1. Every operation is declared once (package operation) and calls one service; what
// the pages can do, a program can. Nothing here decides who may: the gate does, inside the service.
package api

import (
	"errors"
	"net/http"

	"mainstay/internal/accesslog"
	"mainstay/internal/api/administration"
	"mainstay/internal/api/idempotency"
	"mainstay/internal/api/operation"
	"mainstay/internal/api/person"
	"mainstay/internal/capture"
	"mainstay/internal/egress"
	"mainstay/internal/health"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/identity/token"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/post"
	"mainstay/internal/progress"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
	"mainstay/internal/webhook"
)

// Config is the services that the operations call. All fields are required but Version.
type Config struct {
	Identity *identity.Service
	Accounts *account.Service
	OIDC     *oidc.Service
	Hooks    *webhook.Service
	Access   *accesslog.Service
	Roster   *roster.Service
	Tokens   *token.Service
	Post     *post.Service
	Meetings *meeting.Service
	Capture  *capture.Service
	Speech   *speech.Service
	Minutes  *minutes.Service
	Progress *progress.Service
	Models   *llm.Service
	Egress   *egress.Service
	Health   *health.Service
	Once     *idempotency.Service
	Source   tenant.Source
	Cursors  []byte // the key that signs cursors, the same on every node
	Version  string // of the program

	// Enter gives the browser a session that was just begun: the pages' own way.
	Enter func(w http.ResponseWriter, r *http.Request, begun identity.Begun)
}

// API is the operations over a server.
type API struct {
	Config
	*operation.Set
	document []byte

	saidOfMeeting func([]byte) (NewMeeting, error)
}

// Register adds the API to a server and returns it. It panics as httpd.Server.API does.
func Register(cfg Config, server *httpd.Server) (*API, error) {
	if cfg.Identity == nil || cfg.Roster == nil || cfg.Tokens == nil || cfg.Post == nil || cfg.Meetings == nil || cfg.Capture == nil || cfg.Speech == nil || cfg.Minutes == nil || cfg.Progress == nil ||
		cfg.Models == nil || cfg.Egress == nil || cfg.Health == nil || cfg.Once == nil || cfg.Source.Now == nil {
		return nil, errors.New("api: every service is required")
	}
	set, err := operation.New(operation.Config{Server: server, Cursors: cfg.Cursors, Version: cfg.Version, Once: cfg.Once}, nouns()...)
	if err != nil {
		return nil, err
	}
	a := &API{Config: cfg, Set: set}
	a.saidOfMeeting = operation.Reader[NewMeeting](set)
	for _, register := range []func(){a.me, a.meetings, a.uploads, a.recordings, a.transcripts, a.minutes, a.jobs, a.members, a.account, a.settings, a.policies, a.deployment} {
		register()
	}
	err = errors.Join(person.Register(person.Config{Identity: cfg.Identity, Accounts: cfg.Accounts, Roster: cfg.Roster, OIDC: cfg.OIDC, Tokens: cfg.Tokens, Source: cfg.Source, Server: server, Enter: cfg.Enter}, set),
		administration.Register(administration.Config{OIDC: cfg.OIDC, Hooks: cfg.Hooks, Access: cfg.Access, Health: cfg.Health}, set))
	if err != nil {
		return nil, err
	}
	if a.document, err = set.Document(); err != nil {
		return nil, err
	}
	server.API("GET "+operation.Base+"/openapi.json", httpd.Public(), a.openapi)
	return a, nil
}

// nouns are the headings of the reference, in its order.
func nouns() []operation.Noun {
	return []operation.Noun{
		{Name: "Me", Says: "Who asks, and in which workspace."},
		{Name: "Meetings", Says: "What was held, when, with whom."},
		{Name: "Uploads", Says: "Recordings on their way in. Bytes that an answer counted survive any crash."},
		{Name: "Recordings", Says: "What was recorded, and its sound."},
		{Name: "Transcripts", Says: "What was said, by whom, when. A version never changes; names of speakers are a layer on it."},
		{Name: "Minutes", Says: "Summary, decisions, actions and questions. Each line cites what was said, or who wrote it."},
		{Name: "Jobs", Says: "Work that takes longer than a request."},
		{Name: "Members", Says: "Who is in the workspace, and who is invited."},
		{Name: "Account", Says: "One's own keys, sessions, notices, factors and workspaces. Most of it is for a person in a browser only."},
		{Name: "Settings", Says: "Models, languages, sign-ins, identity providers and mail."},
		{Name: "Webhooks", Says: "Programs that are told of events by their ids, signed and at least once."},
		{Name: "Deployment", Says: "What left it, who asked for what, and whether its parts work."},
	}
}

// OpenAPI returns the OpenAPI document.
func (a *API) OpenAPI() []byte { return a.document }

func (a *API) openapi(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(a.document)
	return err
}

// What operations take and answer, in short.
type (
	none           = operation.None
	done           = operation.Done
	reply[T any]   = operation.Reply[T]
	created[T any] = operation.Created[T]
)

func answer[T any](body T) *reply[T] { return operation.Answer(body) }
