package post_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/post"
	"mainstay/internal/post/posttest"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

const base = "https://mainstay.example.com"

// office is a deployment that sends mail to a server of the test's.
type office struct {
	*gatetest.World
	*post.Service
	server *posttest.Server
	to     tenant.AccountID
}

func newOffice(t *testing.T, mode posttest.Mode, change ...func(*post.Server)) *office {
	t.Helper()
	o := &office{World: gatetest.New(t), server: posttest.New(t, mode)}
	o.Service = o.another(t, change...)
	o.to = o.account(t, "ada@example.com")
	return o
}

// another returns a service over the same deployment, as another node has it.
func (o *office) another(t *testing.T, change ...func(*post.Server)) *post.Service {
	t.Helper()
	server := post.Server{Address: o.server.Address, From: "Mainstay <mainstay@example.com>", Roots: o.server.Roots, TLS: "starttls"}
	for _, f := range change {
		f(&server)
	}
	s, err := post.New(post.Config{Gate: o.Gate, Queue: work(t, o.World), Subjects: nothing, Source: o.Source, Server: server, Base: base, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// work is a queue without steps.
func work(t *testing.T, w *gatetest.World) *queue.Queue {
	t.Helper()
	q, err := queue.New(queue.Config{Gate: w.Gate, Source: w.Source, Node: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func nothing(context.Context, *gate.Tx, []tenant.RecordID, bool) (map[tenant.RecordID]post.Subject, error) {
	return nil, nil
}

func (o *office) account(t *testing.T, email string) tenant.AccountID {
	t.Helper()
	id := tenant.NewID[tenant.AccountID](o.Source)
	body, _ := json.Marshal(map[string]string{"email": email})
	sealed, err := o.Vault.Seal(t.Context(), vault.Place{Kind: "account", Row: id}, body)
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Admin.Exec(t.Context(), `insert into control.account (id, email_hmac, password, state, created_at, sealed) values ($1, $2, '', 'active', $3, $4)`,
		id, id[:], o.Clock.Now(), sealed)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// during runs an act of the instance as identity does.
func (o *office) during(t *testing.T, fn func(ctx context.Context, tx *gate.InstanceTx) error) error {
	t.Helper()
	ctx := tenant.WithActor(t.Context(), tenant.Actor{Kind: tenant.System, Job: gate.Authenticator})
	return o.Gate.Instance(ctx, gate.SignIn, fn)
}

// reset queues a letter with a link.
func (o *office) reset(t *testing.T) {
	t.Helper()
	err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error {
		return o.Account(ctx, tx, o.to, "reset-password", post.ResetPassword{Link: "/reset/canarytoken", Until: o.Clock.Now().Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// alert queues a letter that is never over.
func (o *office) alert(t *testing.T) {
	t.Helper()
	err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error {
		return o.Account(ctx, tx, o.to, "new-sign-in", post.NewSignIn{At: o.Clock.Now(), Device: "Firefox on Linux", Address: "192.0.2.7", NotMe: "/not-me/canarytoken"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) drain(t *testing.T) {
	t.Helper()
	if err := o.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// state returns what the outbox holds, each letter as its state, tries, status and whether it still says something.
func (o *office) state(t *testing.T) string {
	t.Helper()
	var got string
	err := o.Admin.QueryRow(t.Context(), `
select coalesce(string_agg(concat_ws(' ', state, tries, status, sealed is not null), ', ' order by id), '') from control.outbox`).Scan(&got)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (o *office) wants(t *testing.T, want string) {
	t.Helper()
	if got := o.state(t); got != want {
		t.Errorf("the outbox holds %q, want %q", got, want)
	}
}

func TestALetterIsSentOnceOverVerifiedTLS(t *testing.T) {
	t.Parallel()
	for _, mode := range []posttest.Mode{posttest.StartTLS, posttest.TLS, posttest.Plain} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, mode, func(s *post.Server) { s.TLS, s.User, s.Password = string(mode), "us", "sesame" })
			o.server.Wants("sesame")
			o.alert(t)
			o.drain(t)
			o.drain(t)
			mails := o.server.Mails()
			if len(mails) != 1 {
				t.Fatalf("%d mails, want 1", len(mails))
			}
			m := mails[0]
			if m.TLS != (mode != posttest.Plain) || m.User != "us" || m.From != "mainstay@example.com" || m.To != "ada@example.com" {
				t.Errorf("sent by %q from %s to %s, TLS %v", m.User, m.From, m.To, m.TLS)
			}
			if !strings.Contains(m.Text, base+"/not-me/canarytoken") || !strings.Contains(m.HTML, base+"/not-me/canarytoken") {
				t.Errorf("the link is not in both bodies: %q %q", m.Text, m.HTML)
			}
			if at, err := m.Header.Date(); err != nil || !at.Equal(o.Clock.Now()) {
				t.Errorf("its date is %v, %v; want the clock's", at, err)
			}
			if id := m.Header.Get("Message-Id"); !strings.HasPrefix(id, "<out_") || !strings.HasSuffix(id, "@example.com>") {
				t.Errorf("its Message-ID is %s", id)
			}
			if m.Header.Get("List-Unsubscribe") != "" {
				t.Error("a letter about an account can be unsubscribed from")
			}
			o.wants(t, "sent 1 250 f")
		})
	}
}

func TestALetterIsQueuedWithItsAct(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	undone := errors.New("undone")
	err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error {
		if err := o.Account(ctx, tx, o.to, "test", post.Test{By: "Ada"}); err != nil {
			t.Fatal(err)
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	o.drain(t)
	o.wants(t, "")
	if len(o.server.Mails()) != 0 {
		t.Error("a letter of an act that was undone was sent")
	}
}

func TestWithoutAServerNothingIsQueued(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	o.Service = o.another(t, func(s *post.Server) { *s = post.Server{} })
	if o.Works() {
		t.Error("mail works without a server")
	}
	o.reset(t)
	o.drain(t)
	o.wants(t, "")
}

func TestALetterOfAnotherFormIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	for name, queue := range map[string]func(ctx context.Context, tx *gate.InstanceTx) error{
		"another template's": func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Account(ctx, tx, o.to, "test", post.ResetPassword{})
		},
		"no template's": func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Account(ctx, tx, o.to, "../layout", post.Test{})
		},
		"a notice's": func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Account(ctx, tx, o.to, "notice", post.Test{})
		},
		"without its link": func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Account(ctx, tx, o.to, "reset-password", post.ResetPassword{})
		},
		"with another's link": func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Account(ctx, tx, o.to, "reset-password", post.ResetPassword{Link: "//evil.example"})
		},
		"with a script": func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Account(ctx, tx, o.to, "reset-password", post.ResetPassword{Link: "javascript:alert(1)"})
		},
		"of nobody": func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Account(ctx, tx, tenant.NewID[tenant.AccountID](o.Source), "test", post.Test{})
		},
	} {
		if err := o.during(t, queue); err == nil {
			t.Errorf("a letter %s was queued", name)
		}
	}
	o.wants(t, "")
}

// TestNoLineEndReachesAHeader is ASVS 1.3.11: what people typed stays in its header and in its line.
func TestNoLineEndReachesAHeader(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	const injected = "\r\nBcc: eve@example.com\r\n\r\nEvil: yes"
	for _, to := range []string{"ada@example.com" + injected, "ada@example.com\nBcc: eve@example.com", "\"a\r\nb\"@example.com", "ada@example.com\x00", "ada@example.com, eve@example.com", "eve"} {
		err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error {
			return o.Address(ctx, tx, to, "invitation", post.Invitation{Link: "/join/x", By: "Ada", Workspace: "Bridges"})
		})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("a letter to %q: %v, want invalid", to, err)
		}
	}
	err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error {
		return o.Address(ctx, tx, "ada@example.com", "invitation", post.Invitation{Link: "/join/x", By: "Eve" + injected, Workspace: "W" + injected + "\u2028x", Role: "a" + injected})
	})
	if err != nil {
		t.Fatal(err)
	}
	o.drain(t)
	mails := o.server.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails, want 1", len(mails))
	}
	m := mails[0]
	if m.To != "ada@example.com" || m.Header.Get("Bcc") != "" || m.Header.Get("Evil") != "" || strings.Count(m.Raw, "eve@example.com") == 0 {
		t.Errorf("the envelope is to %s, the headers are %v", m.To, m.Header)
	}
	for _, l := range strings.Split(m.Text, "\n") {
		if strings.HasPrefix(l, "Bcc:") || strings.HasPrefix(l, "Evil:") {
			t.Errorf("what somebody typed began a line of its own: %q", l)
		}
	}
	if !strings.HasPrefix(m.Subject(), "Eve Bcc: eve@example.com Evil: yes invites you") {
		t.Errorf("the subject is %q", m.Subject())
	}
}

func TestWhatPeopleTypeIsEscaped(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error {
		return o.Account(ctx, tx, o.to, "test", post.Test{By: `<img src=x onerror=alert(1)>`, Workspace: `</style><script>`})
	})
	if err != nil {
		t.Fatal(err)
	}
	o.drain(t)
	if m := o.server.Mails()[0]; strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "src=x") && !strings.Contains(m.HTML, "&lt;img") {
		t.Errorf("the HTML holds %s", m.HTML)
	}
}

func TestABusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]struct {
		place, answer string
		status        string
	}{
		"a recipient for now":   {"rcpt", "450 4.2.1 later", "450"},
		"a text for now":        {"end", "451 4.3.0 later", "451"},
		"us for good":           {"mail", "550 5.7.1 not you", "550"},
		"at once":               {"greeting", "421 4.3.2 closing", "421"},
		"without a greeting":    {"greeting", "drop", "0"},
		"before the text":       {"data", "drop", "0"},
		"without saying a word": {"greeting", "hang", "0"},
		"in the middle":         {"rcpt", "hang", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, posttest.StartTLS, func(s *post.Server) { s.Wait = 2 * time.Second })
			o.server.Answer(script.place, script.answer)
			o.alert(t)
			o.drain(t)
			o.wants(t, "waiting 1 "+script.status+" t")
			o.drain(t) // it is not due yet
			o.wants(t, "waiting 1 "+script.status+" t")
			o.Clock.Advance(time.Minute)
			o.drain(t)
			o.wants(t, "sent 2 250 f")
			if n := len(o.server.Mails()); n != 1 {
				t.Errorf("%d mails, want 1", n)
			}
		})
	}
}

func TestARefusedLetterIsGivenUpAndForgotten(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"rcpt", "data", "end"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, posttest.StartTLS)
			o.server.Answer(place, "550 5.1.1 nobody here")
			o.alert(t)
			o.drain(t)
			o.wants(t, "dead 1 550 f")
			o.Clock.Advance(100 * time.Hour)
			o.drain(t)
			if n := len(o.server.Mails()); n != 0 {
				t.Errorf("%d mails, want none", n)
			}
		})
	}
}

func TestALetterIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	for range 200 {
		o.server.Answer("rcpt", "450 4.2.1 later")
	}
	o.alert(t)
	began := o.Clock.Now()
	for o.state(t)[:4] != "dead" && o.Clock.Now().Sub(began) < 100*time.Hour {
		o.drain(t)
		o.Clock.Advance(15 * time.Minute)
	}
	if took := o.Clock.Now().Sub(began); took < 64*time.Hour || took > 73*time.Hour {
		t.Errorf("it was given up after %s, want about three days", took)
	}
	if !strings.HasSuffix(o.state(t), " 450 f") {
		t.Errorf("the outbox holds %q, want a letter that says nothing any more", o.state(t))
	}
	if n := o.server.Begun(); n > 40 {
		t.Errorf("the server was asked %d times", n)
	}
}

func TestALinkThatIsOverIsNotSent(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	o.server.Answer("rcpt", "450 4.2.1 later")
	o.reset(t)
	o.drain(t)
	o.Clock.Advance(2 * time.Hour)
	o.drain(t)
	o.wants(t, "dropped 2 0 f")
	if n := len(o.server.Mails()); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
}

func TestADisabledAccountGetsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	o.alert(t)
	if _, err := o.Admin.Exec(t.Context(), `update control.account set state = 'disabled' where id = $1`, o.to); err != nil {
		t.Fatal(err)
	}
	o.drain(t)
	o.wants(t, "dropped 1 0 f")
}

func TestAServerThatIsNotVerifiedGetsNothing(t *testing.T) {
	t.Parallel()
	stranger := posttest.New(t, posttest.StartTLS)
	for name, change := range map[string]func(*post.Server){
		"another authority's": func(s *post.Server) { s.Roots = stranger.Roots },
		"the system's":        func(s *post.Server) { s.Roots = nil },
		"for another name":    func(s *post.Server) { s.Address = strings.Replace(s.Address, "127.0.0.1", "localhost", 1) },
		"from the first byte": func(s *post.Server) { s.TLS, s.Roots = "tls", stranger.Roots },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mode := posttest.StartTLS
			if name == "from the first byte" {
				mode = posttest.TLS
			}
			o := newOffice(t, mode, change)
			o.alert(t)
			o.drain(t)
			o.wants(t, "waiting 1 0 t")
		})
	}
	t.Run("without STARTTLS", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, posttest.Plain)
		o.alert(t)
		o.drain(t)
		o.wants(t, "waiting 1 0 t")
	})
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	good := post.Server{Address: "mail.example.com:587", From: "mainstay@example.com"}
	for name, change := range map[string]func(*post.Config){
		"no port":          func(c *post.Config) { c.Server.Address = "mail.example.com" },
		"no host":          func(c *post.Config) { c.Server.Address = ":587" },
		"a port of words":  func(c *post.Config) { c.Server.Address = "mail.example.com:smtp" },
		"no sender":        func(c *post.Config) { c.Server.From = "" },
		"a sender's lines": func(c *post.Config) { c.Server.From = "a@example.com\r\nBcc: b@example.com" },
		"plain, far away":  func(c *post.Config) { c.Server.TLS = "none" },
		"another word":     func(c *post.Config) { c.Server.TLS = "opportunistic" },
		"no address of us": func(c *post.Config) { c.Base = "" },
	} {
		cfg := post.Config{Gate: w.Gate, Queue: work(t, w), Subjects: nothing, Source: w.Source, Server: good, Base: base, Log: slog.New(slog.DiscardHandler)}
		if _, err := post.New(cfg); err != nil {
			t.Fatalf("the control: %v", err)
		}
		change(&cfg)
		if _, err := post.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestTheOutboxHoldsNothingReadable looks for what a letter says in the database.
func TestTheOutboxHoldsNothingReadable(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	o.reset(t)
	var row string
	if err := o.Admin.QueryRow(t.Context(), `select encode(sealed, 'escape') || o::text from control.outbox o`).Scan(&row); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"canarytoken", "ada@example.com", "reset-password", "example"} {
		if strings.Contains(row, word) {
			t.Errorf("the outbox shows %q", word)
		}
	}
	o.drain(t)
	if m := o.server.Mails(); len(m) != 1 || !strings.Contains(m[0].Text, "canarytoken") {
		t.Error("the control was not sent")
	}
}

// TestACrashAfterTheServerTookItSendsTheSameMailAgain cuts the note of what was sent.
func TestACrashAfterTheServerTookItSendsTheSameMailAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	if _, err := o.Admin.Exec(t.Context(), `alter table control.event add constraint cut check (verb <> 'letter.settle')`); err != nil {
		t.Fatal(err)
	}
	o.alert(t)
	if err := o.Drain(t.Context()); err == nil {
		t.Fatal("the note was not cut")
	}
	if _, err := o.Admin.Exec(t.Context(), `alter table control.event drop constraint cut`); err != nil {
		t.Fatal(err)
	}
	o.drain(t)
	o.wants(t, "waiting 1 0 t") // its lease holds
	o.Clock.Advance(3 * time.Minute)
	o.drain(t)
	o.wants(t, "sent 2 250 f")
	mails := o.server.Mails()
	if len(mails) != 2 || mails[0].Header.Get("Message-Id") != mails[1].Header.Get("Message-Id") || mails[0].Text != mails[1].Text {
		t.Errorf("%d mails, want the same one twice", len(mails))
	}
}

func TestAServerThatTookItAndSaidNothingGetsTheSameMailAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	o.server.Answer("end", "drop")
	o.alert(t)
	o.drain(t)
	o.Clock.Advance(time.Minute)
	o.drain(t)
	mails := o.server.Mails()
	if len(mails) != 2 || mails[0].Header.Get("Message-Id") != mails[1].Header.Get("Message-Id") {
		t.Errorf("%d mails, want the same one twice", len(mails))
	}
	o.wants(t, "sent 2 250 f")
}

func TestManyNodesSendEachLetterOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	const letters, nodes = 12, 4
	for range letters {
		o.alert(t)
	}
	errs := make(chan error, nodes)
	for range nodes {
		node := o.another(t)
		go func() { errs <- node.Drain(t.Context()) }()
	}
	for range nodes {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	o.drain(t)
	ids := map[string]bool{}
	for _, m := range o.server.Mails() {
		ids[m.Header.Get("Message-Id")] = true
	}
	if n := len(o.server.Mails()); n != letters || len(ids) != letters {
		t.Errorf("%d mails with %d ids, want %d", n, len(ids), letters)
	}
}

func TestCountsAreForWhoRunsTheDeployment(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	ws := o.Workspace(t)
	o.alert(t)
	o.drain(t)
	o.server.Answer("rcpt", "550 5.1.1 nobody")
	o.alert(t)
	o.drain(t)
	o.alert(t)
	got, err := o.Counts(ws.Member(t, gate.Admin))
	if err != nil || !got.Works || got.Waiting != 1 || got.Sent != 1 || got.Dead != 1 || got.Oldest == nil || got.Status != 550 {
		t.Errorf("Counts() = %+v, %v", got, err)
	}
	if _, err := o.Counts(ws.Member(t, gate.Member)); !fault.Is(err, fault.Denied) {
		t.Errorf("a member's counts: %v, want denied", err)
	}
}

// TestEveryLetterReads writes each letter in full. With MAINSTAY_SHOTS it leaves them there as files, to be looked at.
func TestEveryLetterReads(t *testing.T) {
	t.Parallel()
	o := newOffice(t, posttest.StartTLS)
	at, until := time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC), time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)
	all := map[string]any{
		"verify-address":   post.VerifyAddress{Link: "/verify/fT7s", Until: until},
		"reset-password":   post.ResetPassword{Link: "/reset/fT7s", Until: until},
		"invitation":       post.Invitation{Link: "/join/fT7s", Until: until, By: "Marta Lindqvist", Workspace: "Quayside House", Role: "member"},
		"new-sign-in":      post.NewSignIn{At: at, Device: "Firefox on Linux", Address: "192.0.2.7", NotMe: "/not-me/fT7s"},
		"factor-changed":   post.FactorChanged{At: at, What: "A passkey was added.", Device: "Firefox on Linux", Address: "192.0.2.7", NotMe: "/not-me/fT7s"},
		"password-changed": post.PasswordChanged{At: at, Device: "Safari on iPhone"},
		"account-reported": post.AccountReported{At: at, Name: "Ada Berg", Workspace: "Bridges"},
		"setup-link":       post.SetupLink{Link: "/reset/fT7s", Until: until},
		"factors-reset":    post.FactorsReset{At: at, Link: "/account/security"},
		"test":             post.Test{By: "Marta Lindqvist", Workspace: "Quayside House"},
	}
	for name, letter := range all {
		err := o.during(t, func(ctx context.Context, tx *gate.InstanceTx) error { return o.Account(ctx, tx, o.to, name, letter) })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o.drain(t)
		mails := o.server.Mails()
		m := mails[len(mails)-1]
		if m.Subject() == "" || m.Text == "" || m.HTML == "" || strings.Contains(m.Text, "<") || strings.Contains(m.Text, "&#") || strings.Contains(m.Text, "\n\n\n") {
			t.Errorf("%s: %q\n%s", name, m.Subject(), m.Text)
		}
		for _, remote := range []string{"<img", "url(", "<link", "@import", "<script", "src="} {
			if strings.Contains(m.HTML, remote) {
				t.Errorf("the HTML of %s loads something: %s", name, remote)
			}
		}
		if dir := os.Getenv("MAINSTAY_SHOTS"); dir != "" {
			_ = os.WriteFile(dir+"/mail-"+name+".html", []byte(m.HTML), 0o644)
			_ = os.WriteFile(dir+"/mail-"+name+".txt", []byte("Subject: "+m.Subject()+"\n\n"+m.Text), 0o644)
		}
	}
}
