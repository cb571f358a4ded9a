// Package tenant holds the words that every layer shares: typed ids, the actor on whose behalf code runs, and the source of
// time and randomness. It knows no database and no policy.
package tenant

import (
	"context"
	"time"

	"mainstay/internal/fault"
)

type (
	workspaceNoun struct{}
	memberNoun    struct{}
	accountNoun   struct{}
	sessionNoun   struct{}
	recordNoun    struct{}
	eventNoun     struct{}
	requestNoun   struct{}
	keyNoun       struct{}
)

func (workspaceNoun) Prefix() string { return "wsp" }
func (memberNoun) Prefix() string    { return "mem" }
func (accountNoun) Prefix() string   { return "acc" }
func (sessionNoun) Prefix() string   { return "ses" }
func (recordNoun) Prefix() string    { return "rec" }
func (eventNoun) Prefix() string     { return "evt" }
func (requestNoun) Prefix() string   { return "req" }
func (keyNoun) Prefix() string       { return "key" }

// The ids that more than one package names. A product's own ids live with the product.
type (
	WorkspaceID  = ID[workspaceNoun] // a tenant
	MemberID     = ID[memberNoun]    // a person in one workspace
	AccountID    = ID[accountNoun]   // a credential, in no workspace
	SessionID    = ID[sessionNoun]   // a signed-in browser
	RecordID     = ID[recordNoun]    // the smallest thing with its own key, access and retention
	EventID      = ID[eventNoun]     // an audit event
	RequestID    = ID[requestNoun]   // one request, job step or command
	CredentialID = ID[keyNoun]       // what a program signs its requests with
)

// Kind says what sort of actor it is. The zero value is nobody, whom every policy refuses.
type Kind uint8

// The kinds of actor.
const (
	Nobody  Kind = iota
	Member       // a person signed in to a workspace
	Account      // a person signed in, outside any workspace
	Job          // a narrow actor of the pipeline, named by Actor.Job
	System       // the deployment itself: migrations, first run, the collector
)

var kindNames = [...]string{"nobody", "member", "account", "job", "system"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Nobody]
}

// Credential is what a request was signed with.
type Credential string

// The credentials. The zero value is a session's, or none.
const (
	ByKey   Credential = "key"   // an API key
	ByToken Credential = "token" // a program's access token
)

// Actor is who acts. Authority is not here: a member's role is read by the gate in the act's own transaction.
type Actor struct {
	Kind        Kind
	Workspace   WorkspaceID
	Member      MemberID  // Kind Member
	Account     AccountID // Kinds Member and Account
	Session     SessionID // the session that signed the request
	Credential  Credential
	Key         CredentialID // Credential Key or Token: which
	Scopes      []string     // Credential Key or Token: what it was given for; a session's person has all that their role allows
	Job         string       // Kind Job: "transcriber", "minute taker"; Kind System: what part of it
	OnBehalfOf  MemberID     // Kind Job: who began the work
	Record      RecordID     // if set, nothing outside this record's group can be touched
	SignedInAt  time.Time    // when the session began
	ConfirmedAt time.Time    // when a factor was last shown
	SeenAt      time.Time    // when the session was used before this request
	Factors     []string     // what was shown: "password", "passkey", "totp", "recovery", "sms", "oidc:<provider>", "mfa", "phr"
	Address     string       // client address, for the audit event
	Browser     string       // what the browser calls itself
	Device      Secret       // by which the browser is known from earlier sign-ins
	Request     RequestID
}

type actorKey struct{}

// WithActor returns a context in which code runs as the actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns who acts in ctx. It fails with fault.Denied where nobody does.
func ActorOf(ctx context.Context) (Actor, error) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	if !ok || a.Kind == Nobody {
		return Actor{}, fault.New(fault.Denied, "Sign in first.")
	}
	return a, nil
}

// Visitor returns the actor of ctx, whoever it is: for someone who is not signed in it holds no more than where the request
// came from.
func Visitor(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// As returns ctx for one of the deployment's narrow actors, which keeps where the request that it serves came from.
func As(ctx context.Context, job string) context.Context { return Within(ctx, job, WorkspaceID{}) }

// Within returns ctx for one of the deployment's narrow actors in a workspace, as As does.
func Within(ctx context.Context, job string, ws WorkspaceID) context.Context {
	from := Visitor(ctx)
	return WithActor(ctx, Actor{Kind: System, Job: job, Workspace: ws, Address: from.Address, Browser: from.Browser, Device: from.Device, Request: from.Request})
}
