package worldtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/identity/token"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/pipeline"
	"mainstay/internal/post"
	"mainstay/internal/progress"
	"mainstay/internal/queue"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
	"mainstay/internal/webhook"
)

// Tenant is a workspace with a member of each role.
type Tenant struct {
	gatetest.Workspace
	Word    string // stands in every text of the workspace, and in no other's
	Owner   context.Context
	Admin   context.Context
	Member  context.Context
	Viewer  context.Context
	world   *World
	records int
	hook    webhook.ID
}

// Case is a meeting with one of everything that a meeting can have.
type Case struct {
	Meeting    meeting.ID
	Record     tenant.RecordID  // the meeting's
	Upload     capture.UploadID // open, with half of its bytes received
	Recording  capture.RecordingID
	Transcript speech.ID
	Minutes    minutes.ID
	Key        token.ID      // an API key of the owner's
	Hook       webhook.ID    // a webhook of the workspace
	Provider   oidc.ID       // which the workspace's people sign in through, off
	Domain     oidc.DomainID // which the workspace claims
	Notice     post.NoticeID // of the owner, that the minutes are ready
	Done       queue.ID      // the step that drafted the minutes
	Waiting    queue.ID      // a step that waits

	Person     tenant.MemberID     // a disabled member; of a private case nobody, because members are never private
	Invitation roster.InvitationID // an open one; of a private case none
}

// Tenant makes a workspace. Word must be one word with a capital letter.
func (w *World) Tenant(t testing.TB, word string) *Tenant {
	t.Helper()
	ten := &Tenant{Workspace: w.Workspace(t), Word: word, world: w}
	record := gate.WorkspaceRecord(ten.ID)
	sealed := w.seal(t, vault.Place{Workspace: ten.ID, Record: record, Kind: "workspace", Row: ten.ID}, map[string]string{"name": word + " Works"})
	_, err := w.Admin.Exec(t.Context(), `update tenant.workspace set sealed = $2 where workspace_id = $1`, ten.ID, sealed)
	check(t, err)
	_, err = w.Admin.Exec(t.Context(), `insert into control.workspace (id, region, placement, created_at, claimed_at) values ($1, 'test', 'home', $2, $2)`, ten.ID, w.Clock.Now())
	check(t, err)
	for role, ctx := range map[gate.Role]*context.Context{gate.Owner: &ten.Owner, gate.Admin: &ten.Admin, gate.Member: &ten.Member, gate.Viewer: &ten.Viewer} {
		*ctx = ten.Person(t, role)
	}
	ten.hook, _, err = w.Hooks.Create(ten.Owner, webhook.Wanted{Name: "Hook of " + word, URL: "https://hooks.example.com/" + word, Events: webhook.Events()})
	check(t, err)
	return ten
}

// Person makes a member with a name and an address that hold the workspace's word, and an account with a seat.
func (ten *Tenant) Person(t testing.TB, role gate.Role) context.Context {
	t.Helper()
	w := ten.world
	ctx := ten.Workspace.Member(t, role)
	a, err := tenant.ActorOf(ctx)
	check(t, err)
	place := vault.Place{Workspace: ten.ID, Record: gate.WorkspaceRecord(ten.ID), Kind: "member", Row: a.Member}
	sealed := w.seal(t, place, map[string]string{"name": "Somebody " + ten.Word, "email": ten.Word + "@example.com"})
	_, err = w.Admin.Exec(t.Context(), `update tenant.member set sealed = $3 where workspace_id = $1 and id = $2`, ten.ID, a.Member, sealed)
	check(t, err)
	lookup := make([]byte, 32)
	_, _ = rand.Read(lookup)
	sealed = w.seal(t, vault.Place{Kind: "account", Row: a.Account}, map[string]string{"email": ten.Word + "@example.com"})
	_, err = w.Admin.Exec(t.Context(), `insert into control.account (id, email_hmac, password, state, created_at, sealed) values ($1, $2, '', 'active', $3, $4)`,
		a.Account, lookup, w.Clock.Now(), sealed)
	check(t, err)
	_, err = w.Admin.Exec(t.Context(), `insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, $4)`,
		a.Account, ten.ID, a.Member, w.Clock.Now())
	check(t, err)
	return ctx
}

// Rename gives a member another name and address.
func (ten *Tenant) Rename(t testing.TB, member context.Context, name, email string) {
	t.Helper()
	a, err := tenant.ActorOf(member)
	check(t, err)
	place := vault.Place{Workspace: ten.ID, Record: gate.WorkspaceRecord(ten.ID), Kind: "member", Row: a.Member}
	sealed := ten.world.seal(t, place, map[string]string{"name": name, "email": email})
	_, err = ten.world.Admin.Exec(t.Context(), `update tenant.member set sealed = $3 where workspace_id = $1 and id = $2`, ten.ID, a.Member, sealed)
	check(t, err)
}

// Session begins a session of a member and returns its token and the context in which its requests act.
func (w *World) Session(t testing.TB, member context.Context) (token string, ctx context.Context) {
	t.Helper()
	a, err := tenant.ActorOf(member)
	check(t, err)
	a.Session = tenant.NewID[tenant.SessionID](w.Source)
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	token = base64.RawURLEncoding.EncodeToString(raw)
	hash := sha256.Sum256([]byte(token))
	_, err = w.Admin.Exec(t.Context(), `
insert into control.session (id, account_id, workspace_id, member_id, token_hash, factors, created_at, used_at, confirmed_at, rotated_at, ends_at)
values ($1, $2, $3, $4, $5, '{password}', $6, $6, $6, $6, $7)`, a.Session, a.Account, a.Workspace, a.Member, hash[:], w.Clock.Now(), w.Clock.Now().Add(24*time.Hour))
	check(t, err)
	return token, tenant.WithActor(member, a)
}

func (w *World) seal(t testing.TB, place vault.Place, doc any) []byte {
	t.Helper()
	body, err := json.Marshal(doc)
	check(t, err)
	sealed, err := w.Vault.Seal(t.Context(), place, body)
	check(t, err)
	return sealed
}

// Case makes a meeting of the owner's through the real pipeline: uploaded, transcribed, drafted, a speaker named. A private
// one is nobody else's.
func (ten *Tenant) Case(t testing.TB, private bool) Case {
	t.Helper()
	w, ctx := ten.world, ten.Owner
	ten.records++
	w.Hear(ten.Word + " will send the drawings to the engineer.\nThe budget of " + ten.Word + " was agreed.\nWho calls " + ten.Word + " about the crane?")
	m, err := w.Meetings.Create(ctx, meeting.Details{Title: "Meeting about " + ten.Word, ModelAllowed: true,
		Attendees: []meeting.Person{{Name: "Guest " + ten.Word, Email: "guest@" + ten.Word + ".example"}}}, "upload", private)
	check(t, err)
	c := Case{Meeting: m.ID, Record: m.Record}
	sound := Tone(ten.records)
	u, err := w.Capture.Put(ctx, m.ID, ten.Word+".wav", int64(len(sound)), bytes.NewReader(sound))
	check(t, err)
	c.Recording = u.Recording
	check(t, w.Queue.Drain(t.Context()))
	opened, err := w.Minutes.Open(ctx, m.ID)
	check(t, err)
	steps, err := w.Progress.Of(ctx, m.ID)
	check(t, err)
	if opened.Transcript == nil || opened.Minutes == nil {
		t.Fatalf("the pipeline left no minutes: %+v", steps)
	}
	check(t, w.Admin.QueryRow(t.Context(), `select (select id from tenant.notice where workspace_id = $1 and record_id = $2 and kind = 'ready')`, ten.ID, c.Record).Scan(&c.Notice))
	c.Transcript, c.Minutes, c.Done = opened.Transcript.ID, opened.Minutes.ID, stepOf(steps, pipeline.Draft, "done")
	check(t, w.Speech.NameSpeaker(ctx, c.Transcript, "s1", "Speaker "+ten.Word))
	steps, err = w.Progress.Of(ctx, m.ID)
	check(t, err)
	c.Waiting = stepOf(steps, pipeline.Resolve, "waiting")
	half, err := w.Capture.Begin(ctx, m.ID, ten.Word+" again.wav", int64(len(sound)))
	check(t, err)
	_, err = w.Capture.Append(ctx, half.ID, 0, bytes.NewReader(sound[:len(sound)/2]))
	check(t, err)
	c.Upload = half.ID
	made, err := w.Tokens.Create(w.SignedIn(t, ctx), token.Request{Name: "Key of " + ten.Word, Scopes: []gate.Scope{gate.MeetingsRead}})
	check(t, err)
	c.Key = made.ID
	if c.Hook = ten.hook; private { // what administrates a workspace is nobody's own
		c.Hook = w.Nowhere().Hook
	}
	_, err = w.Admin.Exec(t.Context(), `update tenant.webhook set state = 'on' where id = $1 and state = 'removed'`, ten.hook) // a case before may have removed it
	check(t, err)
	c.Person, c.Invitation = tenant.NewID[tenant.MemberID](w.Source), tenant.NewID[roster.InvitationID](w.Source)
	if !private {
		ten.invite(t, &c)
	}
	ten.provide(t, &c, private)
	return c
}

// invite gives a case a member who is disabled and somebody who is invited.
func (ten *Tenant) invite(t testing.TB, c *Case) {
	t.Helper()
	a, err := tenant.ActorOf(ten.Person(t, gate.Member))
	check(t, err)
	c.Person = a.Member
	_, err = ten.world.Admin.Exec(t.Context(), `update tenant.member set state = 'disabled' where workspace_id = $1 and id = $2`, ten.ID, c.Person)
	check(t, err)
	sent, err := ten.world.Roster.Invite(ten.Owner, roster.Guest{Name: "Guest " + ten.Word, Email: fmt.Sprintf("guest%d@%s.example", ten.records, ten.Word), Role: gate.Member})
	check(t, err)
	c.Invitation = sent.ID
}

func stepOf(steps []progress.Step, kind, state string) queue.ID {
	for _, s := range steps {
		if s.Kind == kind && s.State == state {
			return s.ID
		}
	}
	return queue.ID{}
}

// Nowhere returns ids that name nothing.
func (w *World) Nowhere() Case {
	return Case{
		Meeting:    tenant.NewID[meeting.ID](w.Source),
		Record:     tenant.NewID[tenant.RecordID](w.Source),
		Upload:     tenant.NewID[capture.UploadID](w.Source),
		Recording:  tenant.NewID[capture.RecordingID](w.Source),
		Transcript: tenant.NewID[speech.ID](w.Source),
		Minutes:    tenant.NewID[minutes.ID](w.Source),
		Notice:     tenant.NewID[post.NoticeID](w.Source),
		Done:       tenant.NewID[queue.ID](w.Source),
		Waiting:    tenant.NewID[queue.ID](w.Source),
		Key:        tenant.NewID[token.ID](w.Source),
		Hook:       tenant.NewID[webhook.ID](w.Source),
		Person:     tenant.NewID[tenant.MemberID](w.Source),
		Invitation: tenant.NewID[roster.InvitationID](w.Source),
		Provider:   tenant.NewID[oidc.ID](w.Source),
		Domain:     tenant.NewID[oidc.DomainID](w.Source),
	}
}
