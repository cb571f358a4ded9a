package post_test

import (
	"context"
	"encoding/base64"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/post"
	"mainstay/internal/post/posttest"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// house is a workspace in a deployment that sends mail.
type house struct {
	*worldtest.World
	*worldtest.Tenant
}

func newHouse(t *testing.T) *house {
	t.Helper()
	w := worldtest.NewWithMail(t)
	return &house{w, w.Tenant(t, "Cedar")}
}

func member(t *testing.T, ctx context.Context) tenant.MemberID {
	t.Helper()
	a, err := tenant.ActorOf(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return a.Member
}

// calls gives a member an address that mails can be told by.
func (h *house) calls(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	h.Rename(t, ctx, name, name+"@example.com")
}

func (h *house) work(t *testing.T) {
	t.Helper()
	if err := h.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// to returns the mails to an address.
func (h *house) to(name string) []posttest.Mail {
	var found []posttest.Mail
	for _, m := range h.Mail.Mails() {
		if m.To == name+"@example.com" {
			found = append(found, m)
		}
	}
	return found
}

// told returns what a member is told of in the app, each as its kind and title.
func told(t *testing.T, s *post.Service, ctx context.Context) string {
	t.Helper()
	all, err := s.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, n := range all {
		said = append(said, strings.TrimSpace(string(n.Kind)+" "+n.Subject.Title))
	}
	return strings.Join(said, ", ")
}

// everybody gives the house's people their addresses.
func (h *house) everybody(t *testing.T) {
	t.Helper()
	for name, ctx := range map[string]context.Context{"owner": h.Owner, "admin": h.Admin, "member": h.Member, "viewer": h.Viewer} {
		h.calls(t, ctx, name)
	}
}

func (h *house) submit(t *testing.T, ctx context.Context, c worldtest.Case) {
	t.Helper()
	m, err := h.Minutes.Open(ctx, c.Meeting)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Minutes.Submit(ctx, m.Minutes.ID, m.Minutes.Version); err != nil {
		t.Fatal(err)
	}
	h.work(t)
}

func TestPeopleAreToldOfWhatConcernsThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	c := h.Case(t, false)
	if got := told(t, h.Post, h.Owner); got != "ready Meeting about Cedar" {
		t.Errorf("the maker is told of %q", got)
	}
	h.Clock.Advance(time.Second)
	h.submit(t, h.Member, c)
	for name, want := range map[string]struct {
		ctx   context.Context
		app   string
		mails int
	}{
		"owner":  {h.Owner, "review Meeting about Cedar, ready Meeting about Cedar", 1},
		"admin":  {h.Admin, "review Meeting about Cedar", 1},
		"member": {h.Member, "", 0},
		"viewer": {h.Viewer, "", 0},
	} {
		if got := told(t, h.Post, want.ctx); got != want.app {
			t.Errorf("%s is told of %q, want %q", name, got, want.app)
		}
		mails := h.to(name)
		if len(mails) != want.mails {
			t.Fatalf("%s got %d mails, want %d", name, len(mails), want.mails)
		}
		for _, m := range mails {
			if m.Subject() != "Minutes wait for your approval: Meeting about Cedar" || !strings.Contains(m.Text, base+"/meetings/"+c.Meeting.String()) {
				t.Errorf("the mail is %q\n%s", m.Subject(), m.Text)
			}
		}
	}
	if n, err := h.Post.Unread(h.Owner); err != nil || n != 2 {
		t.Errorf("%d unread, %v; want 2", n, err)
	}
}

func TestWhoSubmitsIsNotTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	h.submit(t, h.Owner, h.Case(t, false))
	if got := told(t, h.Post, h.Owner); strings.Contains(got, "review") || len(h.to("owner")) != 0 || len(h.to("admin")) != 1 {
		t.Errorf("who submitted is told of %q", got)
	}
}

func TestAPrivateMeetingIsToldToItsMakerAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	h.submit(t, h.Owner, h.Case(t, true))
	if got := told(t, h.Post, h.Admin); got != "" || len(h.Mail.Mails()) != 0 {
		t.Errorf("an admin is told of %q, and %d mails were sent", got, len(h.Mail.Mails()))
	}
}

func TestAFailureIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	if err := h.Post.Choose(h.Member, post.Choice{Kind: post.Failed, App: true, Mail: true}); err != nil {
		t.Fatal(err)
	}
	m, err := h.Meetings.Create(h.Member, meeting.Details{Title: "Letter about Cedar"}, "upload", false)
	if err != nil {
		t.Fatal(err)
	}
	const letter = "RIFF\x24\x00\x00\x00WAVEfmt this is no recording"
	if _, err := h.Capture.Put(h.Member, m.ID, "letter.wav", int64(len(letter)), strings.NewReader(letter)); err != nil {
		t.Fatal(err)
	}
	h.work(t)
	if got := told(t, h.Post, h.Member); got != "failed Letter about Cedar" {
		t.Errorf("the maker is told of %q", got)
	}
	if m := h.to("member"); len(m) != 1 || m[0].Subject() != "Minutes could not be made: Letter about Cedar" {
		t.Errorf("%d mails", len(m))
	}
}

// TestMailsHoldWhatTheWorkspaceAllows looks for the title and the summary in whole mails.
func TestMailsHoldWhatTheWorkspaceAllows(t *testing.T) {
	t.Parallel()
	for content, want := range map[post.Content][]string{
		post.Nothing: nil,
		post.Titles:  {"Meeting about Cedar"},
		post.Summary: {"Meeting about Cedar", "The budget of Cedar was agreed."},
	} {
		t.Run(string(content), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.everybody(t)
			if err := h.Post.SetContent(h.Owner, content); err != nil {
				t.Fatal(err)
			}
			h.submit(t, h.Member, h.Case(t, false))
			mails := h.to("owner")
			if len(mails) != 1 {
				t.Fatalf("%d mails, want 1", len(mails))
			}
			m := mails[0]
			entries, err := h.Egress.Ledger(h.Owner)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries { // the owner's and the admin's mail
				if e.State != "done" || e.Status != 250 || e.Host != h.Mail.Address || e.Provider != "mail" || e.BytesOut == 0 || len(e.Fields) != len(want) {
					t.Errorf("the ledger has %+v", e)
				}
			}
			if (len(entries) == 2) != (want != nil) {
				t.Errorf("%d entries of what left, want one a mail with content", len(entries))
			}
			for _, words := range []string{"Meeting about Cedar", "The budget of Cedar was agreed."} {
				wanted := false
				for _, w := range want {
					wanted = wanted || w == words
				}
				if strings.Contains(m.Text, words) != wanted || strings.Contains(m.HTML, words) != wanted {
					t.Errorf("%q is in the mail or not: want %v\n%s", words, wanted, m.Text)
				}
			}
			if content == post.Nothing && (strings.Contains(m.Subject(), "Cedar") || strings.Contains(m.Text, "about Cedar") || strings.Contains(m.HTML, "about Cedar")) {
				t.Errorf("a mail that holds nothing names the meeting: %q", m.Subject())
			}
			if dir := os.Getenv("MAINSTAY_SHOTS"); dir != "" {
				_ = os.WriteFile(dir+"/mail-notice-"+string(content)+".html", []byte(m.HTML), 0o644)
				_ = os.WriteFile(dir+"/mail-notice-"+string(content)+".txt", []byte("Subject: "+m.Subject()+"\n\n"+m.Text), 0o644)
			}
		})
	}
}

func TestOneClickEndsMails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	h.submit(t, h.Member, h.Case(t, false))
	m := h.to("owner")[0]
	if m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Errorf("the mail has no one-click header: %v", m.Header)
	}
	address := strings.Trim(m.Header.Get("List-Unsubscribe"), "<>")
	token, ok := strings.CutPrefix(address, base+"/unsubscribe/")
	if !ok || !strings.Contains(m.Text, address) {
		t.Fatalf("the mail's address to unsubscribe is %q", address)
	}
	for _, forged := range []string{"", "x", token[1:], token[:len(token)-1], token + "A", "A" + token[1:], strings.ToUpper(token), url.PathEscape(token + "="), h.swapped(t, token, h.Admin)} {
		if _, err := h.Post.Unsubscribe(t.Context(), forged); !fault.Is(err, fault.Ended) {
			t.Errorf("a token that is not ours: %v, want ended", err)
		}
	}
	for range 2 {
		if kind, err := h.Post.Unsubscribe(t.Context(), token); err != nil || kind != post.Review {
			t.Fatalf("Unsubscribe() = %s, %v", kind, err)
		}
	}
	h.submit(t, h.Member, h.Case(t, false))
	if n := len(h.to("owner")); n != 1 {
		t.Errorf("%d mails after unsubscribing, want the 1 of before", n)
	}
	if n := len(h.to("admin")); n != 2 {
		t.Errorf("the control, another's mails: %d, want 2", n)
	}
	if got := told(t, h.Post, h.Owner); strings.Count(got, "review") != 2 {
		t.Errorf("in the app they are told of %q, want both", got)
	}
}

// swapped is a token with another member in it.
func (h *house) swapped(t *testing.T, token string, ctx context.Context) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	other := member(t, ctx)
	copy(raw[48:], other[:])
	return base64.RawURLEncoding.EncodeToString(raw)
}

// TestTheChoiceHolds tells one person in each way.
func TestTheChoiceHolds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ app, mail bool }{"in the app": {true, false}, "by mail": {false, true}, "both": {true, true}, "neither": {false, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.everybody(t)
			if err := h.Post.Choose(h.Owner, post.Choice{Kind: post.Ready, App: c.app, Mail: c.mail}); err != nil {
				t.Fatal(err)
			}
			h.Case(t, false)
			h.work(t)
			if got := told(t, h.Post, h.Owner); (got != "") != c.app {
				t.Errorf("in the app: %q", got)
			}
			if n := len(h.to("owner")); (n == 1) != c.mail {
				t.Errorf("by mail: %d", n)
			}
		})
	}
}

func TestSecurityMailsCannotBeSwitchedOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, kind := range []post.Kind{post.SignedIn, post.FactorChange} {
		if err := h.Post.Choose(h.Member, post.Choice{Kind: kind, App: true}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", kind, err)
		}
		if err := h.Post.Choose(h.Member, post.Choice{Kind: kind, Mail: true}); err != nil {
			t.Errorf("%s not in the app: %v", kind, err)
		}
	}
	if err := h.Post.Choose(h.Member, post.Choice{Kind: "birthday"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a kind that does not exist: %v, want invalid", err)
	}
}

// TestWhoLostTheirRightGetsNothing changes what people may between the notice and its mail.
func TestWhoLostTheirRightGetsNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"removed":       `update tenant.member set state = 'removed' where id = $1`,
		"disabled":      `update tenant.member set state = 'disabled' where id = $1`,
		"demoted":       `update tenant.member set role = 'viewer' where id = $1`,
		"shut out":      `update tenant.record set visibility = 'private' where kind = 'meeting' and $1::uuid is not null`,
		"deleted":       `update tenant.record set hidden_at = created_at where kind = 'meeting' and $1::uuid is not null`,
		"unsubscribed":  `insert into tenant.notice_choice select workspace_id, id, 'review', true, false, created_at from tenant.member where id = $1`,
		"nothing lost":  `select $1::uuid`,
		"another asked": `update tenant.member set role = 'member' where id <> $1 and role = 'viewer'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.everybody(t)
			h.Mail.Answer("rcpt", "450 4.2.1 later", "450 4.2.1 later") // the owner's and the admin's
			h.submit(t, h.Member, h.Case(t, false))
			if n := len(h.Mail.Mails()); n != 0 {
				t.Fatalf("%d mails were sent already", n)
			}
			if _, err := h.World.Admin.Exec(t.Context(), change, member(t, h.Tenant.Admin)); err != nil {
				t.Fatal(err)
			}
			h.Clock.Advance(time.Minute)
			h.work(t)
			lost := name != "nothing lost" && name != "another asked"
			if n := len(h.to("admin")); (n == 0) != lost || n > 1 {
				t.Errorf("%d mails, lost %v", n, lost)
			}
		})
	}
}

// TestANoticeHoldsNoContent looks at the whole row and at what the title is after it was erased.
func TestANoticeHoldsNoContent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	c := h.Case(t, false)
	h.submit(t, h.Member, c)
	var rows string
	if err := h.World.Admin.QueryRow(t.Context(), `select string_agg(n::text, ' ') || (select string_agg(s::text, ' ') from tenant.step s) from tenant.notice n`).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(rows, "Cedar") || strings.Contains(rows, "example.com") {
		t.Errorf("what is stored of notices shows content: %s", rows)
	}
	if _, err := h.Meetings.Erase(h.Owner, c.Meeting); err != nil {
		t.Fatal(err)
	}
	if got := told(t, h.Post, h.Owner); got != "" {
		t.Errorf("after the meeting was erased they are told of %q", got)
	}
	if n, err := h.Post.Unread(h.Owner); err != nil || n != 0 {
		t.Errorf("%d unread, %v", n, err)
	}
}

func TestNoticesAreOnesOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Case(t, false)
	mine, err := h.Post.List(h.Owner)
	if err != nil || len(mine) != 1 {
		t.Fatalf("%d notices, %v", len(mine), err)
	}
	if _, err := h.Post.Read(h.Tenant.Admin, mine[0].ID); !fault.Is(err, fault.Missing) {
		t.Errorf("reading what is another's: %v, want missing", err)
	}
	if err := h.Post.ReadAll(h.Tenant.Admin); err != nil {
		t.Error(err)
	}
	if n, _ := h.Post.Unread(h.Owner); n != 1 {
		t.Error("another read one's own notice")
	}
	news, end, err := h.Post.Watch(h.Owner)
	if err != nil || news == nil {
		t.Fatal(err)
	}
	end()
	if n, err := h.Post.Read(h.Owner, mine[0].ID); err != nil || n.Subject.Path != mine[0].Subject.Path || n.Subject.Title != mine[0].Subject.Title || n.Kind != post.Ready {
		t.Fatalf("Read() = %+v, %v", n, err)
	}
	if n, _ := h.Post.Unread(h.Owner); n != 0 {
		t.Error("a notice that was read counts")
	}
	if again, _ := h.Post.Look(h.Owner); len(again) != 1 || again[0].ReadAt == nil {
		t.Errorf("the list is %+v", again)
	}
}

func TestOnesOwnAccountIsToldOfInTheApp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	session := tenant.NewID[tenant.SessionID](h.Source)
	tell := func(kind post.Kind) error {
		viewer, err := tenant.ActorOf(h.Viewer)
		if err != nil {
			return err
		}
		ctx := tenant.WithActor(t.Context(), tenant.Actor{Kind: tenant.System, Job: gate.Authenticator})
		err = h.Gate.Instance(ctx, gate.SignIn, func(ctx context.Context, tx *gate.InstanceTx) error {
			return h.Post.Tell(ctx, tx, viewer.Account, kind, session)
		})
		if err != nil {
			return err
		}
		return h.Post.Drain(t.Context())
	}
	for range 2 {
		if err := tell(post.SignedIn); err != nil {
			t.Fatal(err)
		}
	}
	if got := told(t, h.Post, h.Viewer); got != "sign-in" {
		t.Errorf("they are told of %q", got)
	}
	if got := told(t, h.Post, h.Owner); got != "" {
		t.Errorf("another is told of %q", got)
	}
	if err := tell(post.Ready); !fault.Is(err, fault.Invalid) {
		t.Errorf("a meeting's kind: %v, want invalid", err)
	}
	if err := h.Post.Choose(h.Viewer, post.Choice{Kind: post.FactorChange, Mail: true}); err != nil {
		t.Fatal(err)
	}
	if err := tell(post.FactorChange); err != nil {
		t.Fatal(err)
	}
	if got := told(t, h.Post, h.Viewer); got != "sign-in" {
		t.Errorf("they are told of %q", got)
	}
}

// TestACrashAfterANoticeWasMailedMailsTheSameAgain cuts the note of what was sent.
func TestACrashAfterANoticeWasMailedMailsTheSameAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	if err := h.Post.Choose(h.Owner, post.Choice{Kind: post.Ready, Mail: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.World.Admin.Exec(t.Context(), `alter table tenant.notice add constraint cut check (mail <> 'sent')`); err != nil {
		t.Fatal(err)
	}
	h.Case(t, false)
	if _, err := h.World.Admin.Exec(t.Context(), `alter table tenant.notice drop constraint cut`); err != nil {
		t.Fatal(err)
	}
	h.Clock.Advance(time.Minute)
	h.work(t)
	h.Clock.Advance(time.Minute)
	h.work(t)
	mails := h.to("owner")
	if len(mails) != 2 || mails[0].Header.Get("Message-Id") != mails[1].Header.Get("Message-Id") || mails[0].Header.Get("Date") != mails[1].Header.Get("Date") {
		t.Errorf("%d mails, want the same one twice", len(mails))
	}
}

func TestANoticeIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	if err := h.Post.Choose(h.Owner, post.Choice{Kind: post.Ready, Mail: true}); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		h.Mail.Answer("rcpt", "450 4.2.1 later")
	}
	h.Case(t, false)
	for range 10 {
		h.Clock.Advance(12 * time.Hour)
		h.work(t)
	}
	var mail, state string
	err := h.World.Admin.QueryRow(t.Context(), `
select n.mail, s.state from tenant.notice n join tenant.step s on s.input_id = n.id where s.kind = 'tell:mail'`).Scan(&mail, &state)
	if err != nil || mail != "dead" || state != "done" {
		t.Errorf("the mail is %s and its step %s, %v", mail, state, err)
	}
	if n := h.Mail.Begun(); n > 9 {
		t.Errorf("the server was asked %d times", n)
	}
}

func TestToldWorkIsInNoList(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	h.Mail.Answer("rcpt", "450 later", "450 later", "450 later", "450 later")
	c := h.Case(t, false)
	h.submit(t, h.Member, c)
	open, err := h.Progress.Open(h.Owner)
	if err != nil {
		t.Fatal(err)
	}
	of, err := h.Progress.Of(h.Owner, c.Meeting)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range of {
		if strings.HasPrefix(s.Kind, queue.Quiet) {
			t.Errorf("a meeting's work shows %s", s.Kind)
		}
	}
	for _, s := range open {
		if strings.HasPrefix(s.Kind, queue.Quiet) {
			t.Errorf("the list of work shows %s", s.Kind)
		}
	}
}

func TestATestMailSaysWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.everybody(t)
	trial, err := h.Post.Test(h.Tenant.Admin)
	if err != nil || !trial.Sent || trial.To != "admin@example.com" || len(h.to("admin")) != 1 {
		t.Fatalf("Test() = %+v, %v", trial, err)
	}
	h.Mail.Answer("rcpt", "550 5.1.1 nobody here")
	trial, err = h.Post.Test(h.Tenant.Admin)
	if err != nil || trial.Sent || !strings.Contains(trial.Sentence, "550") {
		t.Errorf("Test() = %+v, %v; want the refusal", trial, err)
	}
	silent := worldtest.New(t)
	trial, err = silent.Post.Test(silent.Tenant(t, "Birch").Owner)
	if err != nil || trial.Sent || !strings.Contains(trial.Sentence, "MAINSTAY_SMTP") {
		t.Errorf("without a server: %+v, %v", trial, err)
	}
}

func TestWithoutAServerPeopleAreToldInTheApp(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Birch")
	if err := w.Post.Choose(ten.Owner, post.Choice{Kind: post.Ready, App: true, Mail: true}); err != nil {
		t.Fatal(err)
	}
	ten.Case(t, false)
	if got := told(t, w.Post, ten.Owner); got != "ready Meeting about Birch" {
		t.Errorf("they are told of %q", got)
	}
}

func TestRecipientsAreWhoADecisionLetsIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.Case(t, true)
	shared := member(t, h.Member)
	_, err := h.World.Admin.Exec(t.Context(), `insert into tenant.access (workspace_id, group_id, member_id, level, created_at) values ($1, $2, $3, 'contributor', $4)`,
		h.ID, c.Record, shared, h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	got := map[tenant.MemberID]gate.Level{}
	err = h.Gate.View(h.Owner, gate.Act{Verb: gate.ReadMeeting, Object: c.Meeting}, func(ctx context.Context, tx *gate.Tx) error {
		all, err := gate.Recipients(ctx, tx)
		for _, r := range all {
			got[r.Member] = r.Level
		}
		return err
	})
	if err != nil || len(got) != 2 || got[member(t, h.Owner)] != gate.Manager || got[shared] != gate.Contributor {
		t.Errorf("the recipients are %v, %v", got, err)
	}
}
