package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
	"mainstay/internal/webhook"
)

// told is a request as a receiver got it.
type told struct {
	header http.Header
	body   []byte
}

// receiver stands in for somebody's program.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []told
	status int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, told{req.Header.Clone(), body})
	if r.status >= 300 && r.status < 400 {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) all() []told {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]told(nil), r.got...)
}

// desk is the service over a world with a queue that only knows webhooks.
type desk struct {
	*webhook.Service
	world    *gatetest.World
	queue    *queue.Queue
	ws       gatetest.Workspace
	receiver *receiver
}

const happened = "something.Happened"

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{world: gatetest.New(t), receiver: &receiver{status: http.StatusNoContent}}
	d.receiver.Server = httptest.NewServer(d.receiver)
	t.Cleanup(d.receiver.Close)
	at, err := url.Parse(d.receiver.URL)
	check(t, err)
	log := slog.New(slog.DiscardHandler)
	d.queue, err = queue.New(queue.Config{Gate: d.world.Gate, Source: d.world.Source, Node: "test", Log: log, Kinds: []queue.Kind{
		{Name: "announce", Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return d.Announce(ctx, s, webhook.Drafted) }},
		{Name: "deliver", Actor: gate.Notifier, Do: func(ctx context.Context, s queue.Step) error { return d.Deliver(ctx, s) }},
	}, Subscribers: map[string][]string{happened: {"announce"}, webhook.FactDue: {"deliver"}}})
	check(t, err)
	out, err := egress.New(egress.Config{Gate: d.world.Gate, Source: d.world.Source, Hosts: []egress.Host{{Name: at.Host}},
		Pause: func(context.Context, time.Duration) error { return nil }})
	check(t, err)
	d.Service, err = webhook.New(webhook.Config{Gate: d.world.Gate, Queue: d.queue, Egress: out, Source: d.world.Source, Meetings: meetings})
	check(t, err)
	d.ws = d.world.Workspace(t)
	return d
}

func meetings(_ context.Context, _ *gate.Tx, groups []tenant.RecordID) (map[tenant.RecordID]string, error) {
	return map[tenant.RecordID]string{groups[0]: "mtg_stand-in"}, nil
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hook makes a webhook to the receiver.
func (d *desk) hook(t *testing.T) (context.Context, webhook.ID, string) {
	t.Helper()
	admin := d.ws.Member(t, gate.Admin)
	id, secret, err := d.Create(admin, webhook.Wanted{Name: "Site log", URL: d.receiver.URL + "/hook?x=1", Events: []webhook.Event{webhook.Drafted}, On: true})
	check(t, err)
	return admin, id, secret.Reveal()
}

// happen lets an event become true and does what work is due.
func (d *desk) happen(t *testing.T) {
	t.Helper()
	meeting := d.ws.Meeting(t, false)
	check(t, d.world.Gate.Do(d.ws.As(t, gate.Installer), gate.Act{Verb: gate.ReadMeeting, Object: meeting}, func(ctx context.Context, tx *gate.Tx) error {
		return d.queue.Emit(ctx, tx, queue.Fact{Kind: happened, Input: meeting, Record: tx.Group()})
	}))
	d.work(t)
}

func (d *desk) work(t *testing.T) {
	t.Helper()
	check(t, d.queue.Drain(t.Context()))
}

func (d *desk) last(t *testing.T, ctx context.Context, id webhook.ID) webhook.Delivery {
	t.Helper()
	_, all, err := d.Read(d.world.SignedIn(t, ctx), id)
	check(t, err)
	if len(all) != 1 {
		t.Fatalf("%d deliveries, want 1", len(all))
	}
	return all[0]
}

func TestAReceiverIsToldInASignedDocumentOfIds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin, id, secret := d.hook(t)
	d.happen(t)
	got := d.receiver.all()
	if len(got) != 1 {
		t.Fatalf("the receiver was told %d times, want 1", len(got))
	}
	verifier, err := standard.NewWebhook(secret)
	check(t, err)
	if err := verifier.VerifyIgnoringTimestamp(got[0].body, got[0].header); err != nil {
		t.Errorf("the receiver's library: %v", err)
	}
	got[0].body[10] ^= 1
	if verifier.VerifyIgnoringTimestamp(got[0].body, got[0].header) == nil {
		t.Error("a changed document verifies")
	}
	got[0].body[10] ^= 1
	var p struct {
		Type      string
		Timestamp time.Time
		Data      map[string]string
	}
	check(t, json.Unmarshal(got[0].body, &p))
	if p.Type != "minutes.drafted" || !p.Timestamp.Equal(d.world.Clock.Now()) || p.Data["workspace_id"] != d.ws.ID.String() ||
		!strings.HasPrefix(p.Data["id"], "min_") || p.Data["meeting_id"] != "mtg_stand-in" || len(p.Data) != 3 {
		t.Errorf("the document is %s", got[0].body)
	}
	if last := d.last(t, admin, id); last.State != "done" || last.Attempts != 1 || last.Status != 204 {
		t.Errorf("the delivery is %+v", last)
	}
	var rows string
	check(t, d.world.Admin.QueryRow(t.Context(), `select string_agg(w::text, '') from tenant.webhook w`).Scan(&rows))
	if strings.Contains(rows, "Site log") || strings.Contains(rows, secret) || strings.Contains(rows, "127.0.0.1") {
		t.Error("name, secret or address stand in the clear")
	}
}

// TestAReceiverThatIsDownIsTriedForADay is F16f: at least once, the same id, ever more rarely, and then a person's to decide.
func TestAReceiverThatIsDownIsTriedForADay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin, id, _ := d.hook(t)
	d.receiver.answer(http.StatusInternalServerError)
	d.happen(t)
	for range 12 {
		d.world.Clock.Advance(5 * time.Minute)
		d.work(t)
	}
	hour := d.last(t, admin, id)
	if hour.State != "waiting" || hour.Attempts < 10 || hour.Status != 500 {
		t.Fatalf("after an hour the delivery is %+v", hour)
	}
	d.world.Clock.Advance(24 * time.Hour)
	d.work(t)
	dead := d.last(t, admin, id)
	if dead.State != "dead" {
		t.Fatalf("after a day the delivery is %+v", dead)
	}
	d.receiver.answer(http.StatusOK)
	check(t, d.Again(d.world.SignedIn(t, admin), id, dead.ID))
	d.work(t)
	if again := d.last(t, admin, id); again.State != "done" {
		t.Errorf("sent again the delivery is %+v", again)
	}
	ids := map[string]bool{}
	for _, one := range d.receiver.all() {
		ids[one.header.Get("webhook-id")] = true
	}
	if len(ids) != 1 {
		t.Errorf("one event came under %d ids", len(ids))
	}
	if err := d.Again(d.world.SignedIn(t, admin), id, d.last(t, admin, id).ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("sending again what arrived: %v, want conflict", err)
	}
}

func TestWhatIsOffOrGoneIsNotTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin, id, _ := d.hook(t)
	d.receiver.answer(http.StatusGone)
	d.happen(t)
	if last := d.last(t, admin, id); last.State != "dead" || last.Attempts != 1 {
		t.Errorf("a receiver that is gone: %+v", last)
	}
	d.happen(t)
	if n := len(d.receiver.all()); n != 1 {
		t.Errorf("a receiver that is gone was told %d times, want once", n)
	}
	all, err := d.List(admin)
	if err != nil || len(all) != 1 || all[0].On || all[0].Dead != 1 {
		t.Errorf("List() = %+v, %v", all, err)
	}
	d.receiver.answer(http.StatusOK)
	check(t, d.Change(admin, id, all[0].Version, webhook.Wanted{Name: "Log", URL: d.receiver.URL, Events: webhook.Events(), On: true}))
	if err := d.Change(admin, id, all[0].Version, webhook.Wanted{Name: "Log", URL: d.receiver.URL, Events: webhook.Events()}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale change: %v, want conflict", err)
	}
	check(t, d.Ping(admin, id))
	d.work(t)
	if got := d.receiver.all(); len(got) != 2 || !strings.Contains(string(got[1].body), `"type":"test"`) {
		t.Errorf("after a test the receiver has %d", len(got))
	}
	check(t, d.Remove(admin, id))
	d.happen(t)
	if got := d.receiver.all(); len(got) != 2 {
		t.Errorf("a removed webhook was told: %d", len(got))
	}
	if all, err := d.List(admin); err != nil || len(all) != 0 {
		t.Errorf("List() = %+v, %v", all, err)
	}
}

func TestNothingIsSentInsideOrFollowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin, _, _ := d.hook(t)
	for _, address := range []string{"http://example.com/x", "https://127.0.0.1/x", "https://[::1]/x", "https://0/x", "https://169.254.169.254/latest", "https://2130706433/", "https://0x7f000001/",
		"https://0177.0.0.1/", "https://[::ffff:7f00:1]/", "https://localhost./", "https://user:pass@example.com/", "https://example.com:22/", "gopher://example.com/", "file:///etc/passwd", "https://10.0.0.7/", ""} {
		if _, _, err := d.Create(admin, webhook.Wanted{Name: "a", URL: address, Events: webhook.Events(), On: true}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, want invalid", address, err)
		}
	}
	d.receiver.answer(http.StatusFound)
	d.happen(t)
	if got := d.receiver.all(); len(got) != 1 {
		t.Errorf("a redirect was followed: %d requests", len(got))
	}
}

func TestWhoMayNotAdministrateHasNoWebhooks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, id, _ := d.hook(t)
	elsewhere := d.world.Workspace(t)
	for name, c := range map[string]struct {
		who  context.Context
		want fault.Kind
	}{"a member": {d.ws.Member(t, gate.Member), fault.Denied}, "another workspace's owner": {elsewhere.Member(t, gate.Owner), fault.Missing}} {
		_, _, read := d.Read(c.who, id)
		_, asked := d.Removable(c.who, id)
		for what, err := range map[string]error{"reading": read, "asking about its removal": asked, "removing": d.Remove(c.who, id), "testing": d.Ping(c.who, id)} {
			if !fault.Is(err, c.want) {
				t.Errorf("%s by %s: %v, want %s", what, name, err, c.want)
			}
		}
	}
}
