// Package e2e holds the stories of users and attackers against the whole program.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/queue"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// method is how a test calls an exported method of a Service, and who may.
type method struct {
	call  func(ctx context.Context, w *worldtest.World, c worldtest.Case) (any, error)
	least gate.Role  // the least role that may; empty where only job may
	job   string     // the narrow actor that may, where no member may
	maker bool       // of a member's, only what they made
	alone bool       // nobody but who began it, whatever their role
	own   bool       // it names no object: it is about the actor's own workspace
	ends  fault.Kind // how the call ends for who may; zero: well
	none  string     // why the method belongs to no workspace and no role; nothing of the above is set then
}

// methods says for every exported method of every Service what the tests below need. A method that is not here fails them.
func methods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	sound, step := worldtest.Tone(99), func(input [16]byte, id queue.ID) queue.Step {
		return queue.Step{ID: id, Input: input, Run: 1, Attempt: 1}
	}
	half := len(worldtest.Tone(0)) / 2
	nothing := struct{}{}
	return merged(identityMethods(), programMethods(), accessMethods(), operatorMethods(), postMethods(), oidcMethods(), rosterMethods(), tokenMethods(), webhookMethods(), factorMethods(), map[string]method{

		"health.Run": {none: "the program itself calls it, at its start"},
		"health.Open": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Health.Open(ctx)
		}},
		"health.Again": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Health.Again(ctx)
		}},

		"meeting.Create": {own: true, least: gate.Member, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Meetings.Create(ctx, meeting.Details{Title: "New"}, "paste", false)
		}},
		"meeting.List": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Meetings.List(ctx, meeting.Filter{})
		}},
		"meeting.Words": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Meetings.Words(ctx)
		}},
		"meeting.MayList": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return nothing, w.Meetings.MayList(ctx)
		}},
		"meeting.MayCreate": {own: true, least: gate.Member, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return nothing, w.Meetings.MayCreate(ctx)
		}},
		"meeting.Editable": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Meetings.Editable(ctx, c.Meeting)
		}},
		"meeting.Erasable": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Meetings.Erasable(ctx, c.Meeting)
		}},
		"meeting.Look": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Meetings.Look(ctx, c.Meeting)
		}},
		"meeting.Read": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Meetings.Read(ctx, c.Meeting)
		}},
		"meeting.Change": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Meetings.Change(ctx, c.Meeting, 1, meeting.Details{Title: "Taken over"})
		}},
		"meeting.Delete": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Meetings.Delete(ctx, c.Meeting)
		}},
		"meeting.Restore": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Meetings.Restore(ctx, c.Meeting)
		}},
		"meeting.Erase": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Meetings.Erase(ctx, c.Meeting)
		}},

		"capture.Collect":      {none: "the program itself calls it, and it acts in each workspace as that one's collector"},
		"capture.RunCollector": {none: "the program itself runs it"},
		"capture.Begin": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Begin(ctx, c.Meeting, "a.wav", 10)
		}},
		"capture.Announce": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Announce(ctx, c.Meeting, "a.wav", "", 10)
		}},
		"capture.Status": {least: gate.Member, alone: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Status(ctx, c.Upload)
		}},
		"capture.Append": {least: gate.Member, alone: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Append(ctx, c.Upload, int64(half), bytes.NewReader(sound[half:]))
		}},
		"capture.End": {least: gate.Member, alone: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Capture.End(ctx, c.Upload)
		}},
		"capture.Arriving": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Arriving(ctx, c.Meeting)
		}},
		"capture.Take": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Take(ctx, c.Meeting, "a.wav", bytes.NewReader(sound))
		}},
		"capture.Finish": {least: gate.Member, alone: true, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Finish(ctx, c.Upload)
		}},
		"capture.Put": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Put(ctx, c.Meeting, "a.wav", int64(len(sound)), bytes.NewReader(sound))
		}},
		"capture.Erase": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Erase(ctx, c.Recording)
		}},
		"capture.Of": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Of(ctx, c.Meeting)
		}},
		"capture.Play": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Capture.Play(ctx, c.Recording)
		}},
		"capture.Decode": {job: gate.Transcriber, call: func(ctx context.Context, w *w, c c) (any, error) {
			s, err := w.Capture.Decode(ctx, c.Recording)
			if err == nil {
				err = s.Close()
			}
			return nothing, err
		}},
		"capture.Dispose": {job: gate.Transcriber, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Capture.Dispose(ctx, step(c.Recording, c.Done))
		}},

		"speech.Import": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Speech.Import(ctx, c.Meeting, "a.txt", []byte("Ada: We agreed."))
		}},
		"speech.Transcribe": {job: gate.Transcriber, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Speech.Transcribe(ctx, step(c.Recording, c.Done))
		}},
		"speech.Engines": {none: "it names what the deployment has"},
		"speech.RunAgain": {least: gate.Member, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Speech.RunAgain(ctx, c.Meeting, "")
		}},
		"speech.Settings": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Speech.Settings(ctx)
		}},
		"speech.ChangeSettings": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return nothing, w.Speech.ChangeSettings(ctx, speech.Settings{Languages: []string{"en"}})
		}},
		"speech.NameSpeaker": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Speech.NameSpeaker(ctx, c.Transcript, "s1", "Mallory")
		}},
		"speech.UndoName": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Speech.UndoName(ctx, c.Transcript, "s1")
		}},
		"speech.EraseAll": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Speech.EraseAll(ctx, c.Meeting)
		}},
		"speech.Erase": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Speech.Erase(ctx, c.Transcript)
		}},

		"minutes.Draft": {job: gate.MinuteTaker, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Minutes.Draft(ctx, step(c.Transcript, c.Done))
		}},
		"minutes.Resolve": {job: gate.MinuteTaker, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Minutes.Resolve(ctx, step(c.Transcript, c.Waiting))
		}},
		"minutes.Reconsider": {job: gate.MinuteTaker, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Minutes.Reconsider(ctx, step(c.Meeting, c.Done))
		}},
		"minutes.Open": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Minutes.Open(ctx, c.Meeting)
		}},
		"minutes.OpenRun": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Minutes.OpenRun(ctx, c.Meeting, c.Minutes)
		}},
		"minutes.Look": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Minutes.Look(ctx, c.Meeting)
		}},
		"minutes.Edit": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Minutes.Edit(ctx, c.Minutes, 1, minutes.Change{Line: "s1", Text: "We agreed."})
		}},
		"minutes.Undo": {least: gate.Member, ends: fault.Conflict, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Minutes.Undo(ctx, c.Minutes)
		}},
		"minutes.Submit": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Minutes.Submit(ctx, c.Minutes, 1)
		}},
		"minutes.EraseAll": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Minutes.EraseAll(ctx, c.Meeting)
		}},
		"minutes.Approve": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Minutes.Approve(ctx, c.Minutes, 1)
		}},
		"minutes.Erase": {least: gate.Member, maker: true, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Minutes.Erase(ctx, c.Minutes)
		}},

		"progress.Of": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			return w.Progress.Of(ctx, c.Meeting)
		}},
		"progress.Open": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Progress.Open(ctx)
		}},
		"progress.Look": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Progress.Look(ctx)
		}},
		"progress.Done": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Progress.Done(ctx)
		}},
		"progress.Counts": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Progress.Counts(ctx)
		}},
		"progress.WatchAll": {own: true, least: gate.Viewer, call: func(ctx context.Context, w *w, _ c) (any, error) {
			_, end, err := w.Progress.WatchAll(ctx)
			if end != nil {
				end()
			}
			return nothing, err
		}},
		"progress.Watch": {least: gate.Viewer, call: func(ctx context.Context, w *w, c c) (any, error) {
			news, end, err := w.Progress.Watch(ctx, c.Meeting)
			if err == nil {
				end()
			}
			return news != nil, err
		}},
		"progress.RunAgain": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Progress.RunAgain(ctx, c.Done)
		}},
		"progress.Cancel": {least: gate.Member, call: func(ctx context.Context, w *w, c c) (any, error) {
			return nothing, w.Progress.Cancel(ctx, c.Waiting)
		}},

		"llm.Setting": {own: true, least: gate.Member, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Models.Setting(ctx)
		}},
		"llm.Change": {own: true, least: gate.Owner, call: func(ctx context.Context, w *w, _ c) (any, error) {
			set := nobodyListens()
			set.Version = 1
			return nothing, w.Models.Change(ctx, set)
		}},
		"llm.Complete": {job: gate.MinuteTaker, ends: fault.Busy, call: func(ctx context.Context, w *w, c c) (any, error) {
			_, set, err := w.Models.Complete(ctx, llm.Request{Object: c.Transcript, Purpose: "test", Schema: llm.Schema{Type: "object"}, Tokens: 1})
			return set.Provider, err
		}},
		"llm.Test": {own: true, least: gate.Owner, ends: fault.Busy, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Models.Test(ctx)
		}},
		"egress.Carry": {none: "it makes a transport; each request through it is an act: TestWhatCannotBeEnteredDoesNotLeave"},
		"egress.Send": {job: gate.MinuteTaker, ends: fault.Busy, call: func(ctx context.Context, w *w, c c) (any, error) {
			at, _ := url.Parse(nobodyListens().URL)
			return w.Egress.Send(ctx, egress.Call{Verb: gate.Disclose, Object: c.Transcript, Purpose: "test", Endpoint: at, Own: true}, func([]byte) egress.Usage { return egress.Usage{} })
		}},
		"egress.Ledger": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Egress.Ledger(ctx)
		}},
		"egress.Spent": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Egress.Spent(ctx)
		}},
	})
}

// nobodyListens is a model whose server is not there: a call that the gate lets through ends with fault.Busy.
func nobodyListens() llm.Setting {
	days := 0
	return llm.Setting{Enabled: true, Provider: "openai", URL: "http://127.0.0.1:1031/v1", Model: "stand-in", Own: true, Region: "here",
		Training: "no", RetentionDays: &days, MonthlyTokens: 1_000_000}
}

// TestEveryServiceMethodHasACase walks the services by reflection and their packages by their source.
func TestEveryServiceMethodHasACase(t *testing.T) {
	t.Parallel()
	w, table := worldtest.New(t), methods()
	walked := map[string]bool{}
	for name, service := range w.Services() {
		kind := reflect.TypeOf(service)
		for i := range kind.NumMethod() {
			one := name + "." + kind.Method(i).Name
			walked[one] = true
			if _, ok := table[one]; !ok {
				t.Errorf("%s has no case in methods: say who may call it, and on what", one)
			}
		}
	}
	for one := range table {
		if !walked[one] {
			t.Errorf("methods has a case for %s, which does not exist", one)
		}
	}
	for _, name := range servicePackages(t) {
		if _, ok := w.Services()[name]; !ok {
			t.Errorf("package %s has a Service that worldtest.World.Services does not give", name)
		}
	}
}

// servicePackages returns the packages below internal that declare a type Service.
func servicePackages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../internal/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			group, _ := decl.(*ast.GenDecl)
			if group == nil {
				continue
			}
			for _, spec := range group.Specs {
				if kind, ok := spec.(*ast.TypeSpec); ok && kind.Name.Name == "Service" {
					found[filepath.Base(filepath.Dir(path))] = true
				}
			}
		}
	}
	var names []string
	for name := range found {
		names = append(names, name)
	}
	return names
}

// answer is all that a caller can see of a call, and what the call left in the log, without ids.
type answer struct {
	value, kind, sentence, err string
	events                     []string
}

var ids = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b`)

// ask calls as ctx's actor, under a request id of its own.
func ask(t *testing.T, w *worldtest.World, m method, ctx context.Context, c worldtest.Case) (answer, any, error) {
	t.Helper()
	a, err := tenant.ActorOf(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a.Request = tenant.NewID[tenant.RequestID](w.Source)
	value, err := m.call(tenant.WithActor(ctx, a), w, c)
	rows, failed := w.Admin.Query(t.Context(), `
select concat_ws(' ', stream, actor_kind, verb, object_id is null, outcome, reason, record_id = workspace_id, length(sealed) > 0)
from audit.event where request_id = $1 order by id`, a.Request)
	if failed != nil {
		t.Fatal(failed)
	}
	events, failed := pgx.CollectRows(rows, pgx.RowTo[string])
	if failed != nil {
		t.Fatal(failed)
	}
	got := answer{value: ids.ReplaceAllString(fmt.Sprintf("%+v", value), "ID"), events: events}
	if err != nil {
		got.kind, got.sentence, got.err = fault.KindOf(err).String(), fault.Sentence(err), ids.ReplaceAllString(err.Error(), "ID")
	}
	return got, value, err
}

// TestNoServiceMethodCrossesWorkspaces asks as workspace B for what is A's, for what a colleague keeps private, and for what
// does not exist: the answers and the events are equal, and nothing of A's changes.
func TestNoServiceMethodCrossesWorkspaces(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	for _, ten := range []*worldtest.Tenant{a, b} {
		if err := w.Models.Change(ten.Owner, nobodyListens()); err != nil {
			t.Fatal(err)
		}
	}
	theirs, private, mine := a.Case(t, false), b.Case(t, true), b.Case(t, false)
	before := everything(t, w, a)
	for name, m := range methods() {
		if m.none != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if m.own {
				ownOnly(t, w, m, b, a)
				return
			}
			ctx, elsewhere := b.Member, b.Member
			if m.job != "" {
				// What is shared and what is not is no question to a job: it is held to the record that it was given.
				ctx, elsewhere = b.As(t, m.job), narrowed(b.As(t, m.job), mine)
			}
			want, _, err := ask(t, w, m, ctx, w.Nowhere())
			if !fault.Is(err, fault.Missing) {
				t.Fatalf("of what does not exist: %v, want fault.Missing", err)
			}
			if len(want.events) == 0 {
				t.Error("the refusal left no event")
			}
			if got, _, _ := ask(t, w, m, ctx, theirs); !reflect.DeepEqual(got, want) {
				t.Errorf("of another workspace's = %+v\nwant, as of what does not exist, %+v", got, want)
			}
			if got, _, _ := ask(t, w, m, elsewhere, private); !reflect.DeepEqual(got, want) {
				t.Errorf("of what is not shared = %+v\nwant, as of what does not exist, %+v", got, want)
			}
			if after := everything(t, w, a); after != before {
				t.Errorf("it changed the other workspace\nfrom %s\n  to %s", before, after)
			}
		})
	}
}

// ownOnly checks that a method without an object shows nothing of another workspace.
func ownOnly(t *testing.T, w *worldtest.World, m method, own, other *worldtest.Tenant) {
	t.Helper()
	_, value, err := ask(t, w, m, own.Owner, worldtest.Case{})
	if err != nil && !(m.ends != fault.Internal && fault.Is(err, m.ends)) {
		t.Fatalf("for the owner: %v", err)
	}
	shown, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), other.Word) {
		t.Errorf("it shows what is another workspace's: %s", shown)
	}
}

func narrowed(ctx context.Context, c worldtest.Case) context.Context {
	a, _ := tenant.ActorOf(ctx)
	a.Record = c.Record
	return tenant.WithActor(ctx, a)
}

// everything is a digest of all rows, keys and blobs of a workspace, but for those of some tables.
func everything(t *testing.T, w *worldtest.World, ten *worldtest.Tenant, but ...string) string {
	t.Helper()
	rows, err := w.Admin.Query(t.Context(), `
select table_schema || '.' || table_name from information_schema.columns where column_name = 'workspace_id'
and table_schema in ('tenant', 'audit', 'control') and table_name in (select table_name from information_schema.tables where table_type = 'BASE TABLE')`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(tables)
	var b strings.Builder
	for _, table := range tables {
		if slices.Contains(but, table) {
			continue
		}
		var n int
		var digest string
		err := w.Admin.QueryRow(t.Context(), `select count(*), coalesce(left(md5(string_agg(md5(o::text), '' order by o::text)), 8), '') from `+table+
			` o where workspace_id = $1`, ten.ID).Scan(&n, &digest)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %d %s; ", table, n, digest)
	}
	keys, blobs := 0, 0
	if err := w.Vault.Records(ten.ID, func(tenant.RecordID) error { keys++; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.Vault.Blobs(t.Context(), ten.ID, func(tenant.RecordID, [16]byte) error { blobs++; return nil }); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%d keys, %d blobs", keys, blobs)
	return b.String()
}

// TestServiceMethodsKnowTheirRoles calls each method as everybody who may not, which is refused and leaves the refusal in the
// log, and then as the least who may, which works: the control of both tests.
func TestServiceMethodsKnowTheirRoles(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Cedar")
	if err := w.Models.Change(ten.Owner, nobodyListens()); err != nil {
		t.Fatal(err)
	}
	for name, m := range methods() {
		if m.none != "" {
			continue
		}
		var c worldtest.Case
		if !m.own {
			c = ten.Case(t, false)
		}
		may, mayNot := sides(t, ten, m)
		t.Run(name, func(t *testing.T) {
			for who, ctx := range mayNot {
				got, _, err := ask(t, w, m, ctx, c)
				want := m.refusal(who)
				if !fault.Is(err, want) {
					t.Errorf("for %s: %v, want %s", who, err, want)
				}
				if len(got.events) != 1 || !strings.Contains(got.events[0], "refused "+want.String()) {
					t.Errorf("for %s it left the events %q, want one refusal", who, got.events)
				}
			}
			if m.alone {
				if _, _, err := ask(t, w, m, ten.Admin, c); !fault.Is(err, fault.Missing) {
					t.Errorf("for an admin who did not begin it: %v, want fault.Missing", err)
				}
			}
			got, _, err := ask(t, w, m, may, c)
			if (err != nil || m.ends != 0) && !fault.Is(err, m.ends) {
				t.Errorf("for who may: %v", err)
			}
			if strings.Contains(strings.Join(got.events, ";"), "refused") {
				t.Errorf("for who may it left %q", got.events)
			}
		})
	}
}

// sides returns who is the least that may call a method of a meeting that the owner made, and everybody who may not.
func sides(t *testing.T, ten *worldtest.Tenant, m method) (may context.Context, mayNot map[string]context.Context) {
	t.Helper()
	mayNot = map[string]context.Context{"a job that the policy does not name": ten.As(t, "nobody's job")}
	roles := map[gate.Role]context.Context{gate.Owner: ten.Owner, gate.Admin: ten.Admin, gate.Member: ten.Member, gate.Viewer: ten.Viewer}
	lower := m.job != ""
	for _, role := range gate.Roles() {
		if lower {
			mayNot["the "+string(role)] = roles[role]
		}
		lower = lower || role == m.least
	}
	if m.job != "" {
		return ten.As(t, m.job), mayNot
	}
	if m.alone {
		return ten.Owner, mayNot
	}
	if m.maker {
		mayNot["a member who did not make it"] = ten.Member
		return ten.Admin, mayNot
	}
	return roles[m.least], mayNot
}

// TestNobodyEndsAnothersSession: a session is ended by who it is, and by nobody else.
func TestNobodyEndsAnothersSession(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	token, owner := w.Session(t, a.Owner)
	_, stranger := w.Session(t, b.Owner)
	session, _ := tenant.ActorOf(owner)
	unknown := w.Identity.SignOut(stranger, tenant.NewID[tenant.SessionID](w.Source))
	if err := w.Identity.SignOut(stranger, session.Session); !fault.Is(err, fault.Missing) || err.Error() != unknown.Error() {
		t.Errorf("another's session: %v, want as of none, %v", err, unknown)
	}
	if _, err := w.Identity.Resolve(t.Context(), token); err != nil {
		t.Errorf("a stranger ended it: %v", err)
	}
	if err := w.Identity.SignOut(owner, session.Session); err != nil {
		t.Errorf("one's own session: %v", err)
	}
	if _, err := w.Identity.Resolve(t.Context(), token); !fault.Is(err, fault.Denied) {
		t.Errorf("an ended session: %v, want fault.Denied", err)
	}
}
