package account_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"
	"golang.org/x/crypto/bcrypt"

	"mainstay/internal/fault"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/identity/factor"
	"mainstay/internal/identity/link"
	"mainstay/internal/post/posttest"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
	"mainstay/internal/worldtest"
)

const secret = "a stone beside the canal"

const newSecret = "the river bends at noon"

// mailed is a deployment with mail whose owner is signed in. Their address is verified by no one yet.
type mailed struct {
	*worldtest.World
	*testing.T
	owner identity.Begun
	read  int // letters that were taken out of the box
}

func newMailed(t *testing.T) *mailed {
	t.Helper()
	m := &mailed{World: worldtest.NewWithMail(t), T: t}
	m.owner = firstRun(t, m.Identity)
	m.letters()
	return m
}

// letters sends what waits and returns the new mails.
func (m *mailed) letters() []posttest.Mail {
	m.Helper()
	if err := m.Accounts.Drain(m.Context()); err != nil {
		m.Fatal(err)
	}
	if err := m.Post.Drain(m.Context()); err != nil {
		m.Fatal(err)
	}
	all := m.Mail.Mails()
	fresh := all[m.read:]
	m.read = len(all)
	return fresh
}

var linkIn = regexp.MustCompile(`https://mainstay\.example\.com/(reset|verify|not-me)/([A-Za-z0-9_-]{43})`)

// token returns the secret of the one link of its kind in the new mails.
func (m *mailed) token(kind string) string {
	m.Helper()
	var found []string
	for _, mail := range m.letters() {
		if got := linkIn.FindStringSubmatch(mail.Text); got != nil && got[1] == kind {
			found = append(found, got[2])
		}
	}
	if len(found) != 1 {
		m.Fatalf("%d links to %s were mailed, want 1", len(found), kind)
	}
	return found[0]
}

func (m *mailed) forget() string {
	m.Helper()
	if err := m.Accounts.Forgot(m.Context(), "Ada@example.com "); err != nil {
		m.Fatal(err)
	}
	return m.token("reset")
}

func (m *mailed) signsIn(password string) bool {
	m.Helper()
	entry, err := m.Identity.SignIn(m.Context(), "ada@example.com", password)
	if err != nil && !fault.Is(err, fault.Denied) {
		m.Fatal(err)
	}
	return err == nil && entry.Token != ""
}

func TestAPasswordIsResetByMail(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	other := signIn(t, m.Identity)
	token := m.forget()
	if err := m.Accounts.ResetOpen(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if err := m.Accounts.Reset(t.Context(), token, "short"); !fault.Is(err, fault.Invalid) || identity.Wrong(err) != "password" {
		t.Errorf("a weak password: %v, want invalid", err)
	}
	if err := m.Accounts.Reset(t.Context(), token, newSecret); err != nil {
		t.Fatal(err)
	}
	dead(t, m.Identity, m.owner, "from before a reset")
	dead(t, m.Identity, other, "from before a reset")
	for _, err := range []error{m.Accounts.Reset(t.Context(), token, newSecret+"!"), m.Accounts.ResetOpen(t.Context(), token)} {
		if !fault.Is(err, fault.Ended) || !strings.Contains(fault.Sentence(err), "Ask for another") {
			t.Errorf("a link that was used: %v, want ended, with a next step", err)
		}
	}
	if m.signsIn(secret) || !m.signsIn(newSecret) {
		t.Error("after a reset the old password still works, or the new one does not")
	}
	if !slices.ContainsFunc(m.letters(), func(l posttest.Mail) bool { return strings.Contains(l.Subject(), "password") }) {
		t.Error("nobody was told of the new password")
	}
}

func TestALinkOfAnotherTimeKindOrAddressIsRefused(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	for name, spoil := range map[string]func(token string) string{
		"half an hour later":     func(token string) string { m.Clock.Advance(link.Reset.Life()); return token },
		"of another kind":        func(string) string { must(t, m.Accounts.AskVerification(as(t, m.owner))); return m.token("verify") },
		"that a newer one voids": func(token string) string { m.forget(); return token },
		"that nobody made":       func(string) string { return strings.Repeat("A", 43) },
		"that is empty":          func(string) string { return "" },
		"of a closed account": func(token string) string {
			_, err := m.Admin.Exec(t.Context(), `update control.account set state = 'disabled'`)
			must(t, err)
			return token
		},
	} {
		token := spoil(m.forget())
		if err := m.Accounts.Reset(t.Context(), token, newSecret); !fault.Is(err, fault.Ended) {
			t.Errorf("a link %s: %v, want ended", name, err)
		}
		_, err := m.Admin.Exec(t.Context(), `update control.account set state = 'active'`)
		must(t, err)
		m.Clock.Advance(time.Hour) // so that letters are not counted together
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOfTwoUsesOfALinkAtOnceOneWins(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	token := m.forget()
	var wait sync.WaitGroup
	var won atomic.Int32
	for n := range 8 {
		wait.Go(func() {
			switch err := m.Accounts.Reset(t.Context(), token, fmt.Sprintf("%s %d", newSecret, n)); {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.Ended):
				t.Errorf("one of several uses: %v, want ended", err)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 uses of one link won, want 1", won.Load())
	}
}

// A reset link is void once the address that it went to is another's, or the password was changed otherwise.
func TestLinksDoNotOutliveWhatTheyWereFor(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	token := m.forget()
	if _, err := m.Accounts.ChangePassword(as(t, m.owner), secret, newSecret); err != nil {
		t.Fatal(err)
	}
	if err := m.Accounts.Reset(t.Context(), token, "a third one by the canal"); !fault.Is(err, fault.Ended) {
		t.Errorf("a link from before the password was changed: %v, want ended", err)
	}
	m.owner = signInWith(t, m.Identity, newSecret)
	m.Clock.Advance(20 * time.Minute)
	m.owner = confirmed(t, m.Identity, m.owner)
	token = m.forget()
	must(t, m.Accounts.ChangeAddress(as(t, m.owner), "ada@elsewhere.example"))
	must(t, m.Accounts.Verify(t.Context(), m.token("verify")))
	if err := m.Accounts.Reset(t.Context(), token, "a third one by the canal"); !fault.Is(err, fault.Ended) {
		t.Errorf("a link to an address that is not the account's any more: %v, want ended", err)
	}
}

func signInWith(t *testing.T, s *identity.Service, password string) identity.Begun {
	t.Helper()
	entry, err := s.SignIn(t.Context(), "ada@example.com", password)
	must(t, err)
	return entry.Begun
}

func confirmed(t *testing.T, s *identity.Service, b identity.Begun) identity.Begun {
	t.Helper()
	next, err := s.Confirm(as(t, b), identity.Password)
	must(t, err)
	return next
}

func TestAPasswordIsChangedWithTheCurrentOne(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	other := signIn(t, m.Identity)
	if _, err := m.Accounts.ChangePassword(as(t, m.owner), "not the password", newSecret); !fault.Is(err, fault.Denied) || identity.Wrong(err) != "current" {
		t.Errorf("without the current password: %v about %q, want denied", err, identity.Wrong(err))
	}
	if _, err := m.Accounts.ChangePassword(as(t, m.owner), secret, "Ada Berg 2026"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a password of one's own name: %v, want invalid", err)
	}
	next, err := m.Accounts.ChangePassword(as(t, m.owner), secret, newSecret)
	if err != nil {
		t.Fatal(err)
	}
	dead(t, m.Identity, m.owner, "from before the change")
	dead(t, m.Identity, other, "of another session from before the change")
	alive(t, m.Identity, next, "of the session that changed the password")
	if m.signsIn(secret) || !m.signsIn(newSecret) {
		t.Error("after a change the old password still works, or the new one does not")
	}
}

// A stranger in the session cannot try passwords without end.
func TestGuessesAtTheCurrentPasswordAreStopped(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	n := 0
	for ; n < 30; n++ {
		if _, err := m.Accounts.ChangePassword(as(t, m.owner), "not the password", newSecret); fault.Is(err, fault.Busy) {
			break
		}
	}
	if n != 10 {
		t.Errorf("%d guesses from inside, want 10", n)
	}
	m.Clock.Advance(time.Hour)
	if _, err := m.Accounts.ChangePassword(as(t, m.owner), secret, newSecret); err != nil {
		t.Errorf("after a while: %v", err)
	}
}

func TestAnAddressIsVerifiedAndChanged(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	profile := func() account.Profile {
		t.Helper()
		p, err := m.Accounts.Profile(as(t, m.owner))
		must(t, err)
		return p
	}
	if p := profile(); p.Verified || !p.Password || p.Email != "Ada@Example.com" || p.Least != 12 {
		t.Errorf("after the first run: %+v", p)
	}
	must(t, m.Accounts.AskVerification(as(t, m.owner)))
	token := m.token("verify")
	must(t, m.Accounts.VerifyOpen(t.Context(), token))
	must(t, m.Accounts.Verify(t.Context(), token))
	if !profile().Verified {
		t.Error("a followed link verifies nothing")
	}
	if err := m.Accounts.Verify(t.Context(), token); !fault.Is(err, fault.Ended) {
		t.Errorf("a link that was used: %v, want ended", err)
	}
	must(t, m.Accounts.ChangeAddress(as(t, m.owner), "ada@elsewhere.example"))
	if p := profile(); p.Email != "Ada@Example.com" {
		t.Error("the address changed before its link was followed")
	}
	must(t, m.Accounts.Verify(t.Context(), m.token("verify")))
	if p := profile(); p.Email != "ada@elsewhere.example" || !p.Verified {
		t.Errorf("after the link was followed: %+v", p)
	}
	me, err := m.Identity.Me(as(t, m.owner))
	if err != nil || me.Email != "ada@elsewhere.example" {
		t.Errorf("in the workspace: %+v, %v", me, err)
	}
	told := m.letters()
	if len(told) != 1 || told[0].To != "Ada@Example.com" {
		t.Errorf("the address before was not told: %+v", told)
	}
	if _, err := m.Identity.SignIn(t.Context(), "ada@elsewhere.example", secret); err != nil {
		t.Errorf("signing in with the new address: %v", err)
	}
	m.Clock.Advance(16 * time.Minute)
	if err := m.Accounts.ChangeAddress(as(t, m.owner), "ada@third.example"); fault.Wanted(err) != fault.Confirmation {
		t.Errorf("changing an address after a while: %v, want a confirmation", err)
	}
}

// Whoever asks for another's address learns nothing, and nobody is written to.
func TestAnothersAddressIsNotGiven(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	ten := m.Tenant(t, "Quartz")
	stranger := ten.Person(t, "member")
	if err := m.Accounts.ChangeAddress(stranger, "ada@example.com"); err != nil {
		t.Errorf("asking for an address that is somebody's: %v, want the answer of any other", err)
	}
	if mails := m.letters(); len(mails) != 0 {
		t.Errorf("%d mails were sent to somebody who asked for nothing", len(mails))
	}
}

func TestANewBrowserIsToldOfAndDisowned(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	known := tenant.WithActor(t.Context(), tenant.Actor{Device: m.owner.Device, Address: "192.0.2.1"})
	if _, err := m.Identity.SignIn(known, "ada@example.com", secret); err != nil {
		t.Fatal(err)
	}
	if mails := m.letters(); len(mails) != 0 {
		t.Errorf("a known browser was told of: %d mails", len(mails))
	}
	thief := tenant.WithActor(t.Context(), tenant.Actor{Address: "198.51.100.9", Browser: "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"})
	stolen, err := m.Identity.SignIn(thief, "ada@example.com", secret)
	must(t, err)
	token := m.token("not-me")
	must(t, m.Accounts.DisownOpen(t.Context(), token))
	alive(t, m.Identity, stolen.Begun, "that nobody has disowned yet")
	path, err := m.Accounts.Disown(t.Context(), token)
	must(t, err)
	dead(t, m.Identity, stolen.Begun, "that was disowned")
	if m.signsIn(secret) {
		t.Error("the password that a stranger has still works")
	}
	if _, err := m.Accounts.Disown(t.Context(), token); !fault.Is(err, fault.Ended) {
		t.Errorf("disowning twice: %v, want ended", err)
	}
	if n := count(t, m.World.World, `select count(*) from audit.event where verb = 'member.report' and outcome = 'done'`); n != 1 {
		t.Errorf("%d cases in the workspace's log, want 1", n)
	}
	must(t, m.Accounts.Reset(t.Context(), path[strings.LastIndexByte(path, '/')+1:], newSecret))
	if !m.signsIn(newSecret) {
		t.Error("the person cannot come back")
	}
}

// Whoever was in the account may have left a way back in: a passkey, an account at a provider, a key. What was there before them stays.
func TestDisowningTakesBackWhatAStrangerAdded(t *testing.T) {
	t.Parallel()
	for name, letter := range map[string]string{
		"by the mail about the sign-in":             "new-sign-in",
		"by the mail about what they changed since": "password-changed",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMailed(t)
			a := m.owner.Actor
			add := func(what, sql string) {
				_, err := m.Admin.Exec(t.Context(), sql, tenant.NewID[tenant.EventID](m.Source), a.Account, what, m.Clock.Now(), a.Workspace, a.Member)
				must(t, err)
			}
			const (
				linked = `insert into control.linked_identity (id, account_id, provider, subject_hmac, created_at, used_at, sealed)
select $1, $2, 'google', sha256($3::text::bytea), $4, $4, 's' where ($5::uuid, $6::uuid) is not null`
				key = `insert into control.credential (id, account_id, key_hash, created_at, workspace_id, member_id, kind, scopes, ends_at, end_reason)
values ($1, $2, sha256($3::text::bytea), $4::timestamptz, $5, $6, 'key', '{}', $4::timestamptz + interval '90 days', '')`
				passkey = `insert into control.passkey (id, account_id, credential, created_at, public_key, sign_count, backup, transports, sealed)
select $1, $2, $3, $4, 'k', 0, false, '{}', 's' where ($5::uuid, $6::uuid) is not null`
			)
			add("hers", linked)
			add("hers", key)
			m.Clock.Advance(time.Hour)
			stolen, err := m.Identity.SignIn(tenant.WithActor(t.Context(), tenant.Actor{Address: "198.51.100.9"}), "ada@example.com", secret)
			must(t, err)
			m.Clock.Advance(time.Minute)
			for _, sql := range []string{linked, key, passkey} {
				add("a stranger's", sql)
			}
			m.Clock.Advance(time.Minute)
			thief, err := m.Identity.Resume(t.Context(), stolen.Token.Reveal())
			must(t, err)
			_, err = m.Accounts.ChangePassword(tenant.WithActor(t.Context(), thief.Actor), secret, "the stranger's own words")
			must(t, err)
			var token string
			for _, mail := range m.letters() {
				if found := linkIn.FindStringSubmatch(mail.Text); found != nil && (letter == "new-sign-in") == strings.Contains(mail.Subject(), "sign-in") {
					token = found[2]
				}
			}
			_, err = m.Accounts.Disown(t.Context(), token)
			must(t, err)
			if n := count(t, m.World.World, `select count(*) from control.passkey`); n != 0 {
				t.Errorf("%d passkeys are left of the stranger's", n)
			}
			for _, query := range []string{`select count(*) from control.linked_identity`, `select count(*) from control.credential where ended_at is null`} {
				if n := count(t, m.World.World, query); n != 1 {
					t.Errorf("%s: %d, want hers alone", query, n)
				}
			}
		})
	}
}

// Owners hear of a member who reports a stranger.
func TestOwnersHearOfACase(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	actor := m.owner.Actor
	// A member with a password and an address of their own.
	member := addMember(t, m.World.World, actor.Workspace, "ben@example.com")
	entry, err := m.Identity.SignIn(t.Context(), "ben@example.com", secret)
	must(t, err)
	_, err = m.Identity.SignIn(t.Context(), "ben@example.com", secret) // from a browser without a cookie
	must(t, err)
	if entry.Actor.Member != member {
		t.Fatalf("signed in as %v", entry.Actor.Member)
	}
	if _, err := m.Accounts.Disown(t.Context(), m.token("not-me")); err != nil {
		t.Fatal(err)
	}
	for _, mail := range m.letters() {
		if mail.To == "Ada@Example.com" && strings.Contains(mail.Subject(), "reports a stranger") {
			return
		}
	}
	t.Error("no owner was told")
}

// addMember makes a member of a workspace with an account whose password is the tests'.
func addMember(t *testing.T, w *gatetest.World, ws tenant.WorkspaceID, email string) tenant.MemberID {
	t.Helper()
	ctx := gatetest.Workspace{World: w, ID: ws}.Member(t, "member")
	a, err := tenant.ActorOf(ctx)
	must(t, err)
	insertAccount(t, w, a.Account, email, hashOf(t))
	_, err = w.Admin.Exec(t.Context(), `insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, $4)`, a.Account, ws, a.Member, w.Clock.Now())
	must(t, err)
	return a.Member
}

func hashOf(t *testing.T) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	must(t, err)
	return string(hash)
}

// TestForgettingTellsNothing compares what asking for a link does for addresses of every sort.
func TestForgettingTellsNothing(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	for _, email := range []string{"ada@example.com", "nobody@example.com", "", "not an address"} {
		if err := m.Accounts.Forgot(t.Context(), email); err != nil {
			t.Errorf("Forgot(%q) = %v, want the same answer for everybody", email, err)
		}
	}
	if mails := m.letters(); len(mails) != 1 {
		t.Errorf("%d mails, want 1", len(mails))
	}
	for range 10 {
		must(t, m.Accounts.Forgot(tenant.WithActor(t.Context(), tenant.Actor{Address: "192.0.2.9"}), "ada@example.com"))
	}
	if mails := m.letters(); len(mails) != 3 {
		t.Errorf("%d more mails for ten more asks, want 3: nobody's box is filled by others", len(mails))
	}
	n := 0
	for ; n < 50 && m.Accounts.Forgot(tenant.WithActor(t.Context(), tenant.Actor{Address: "192.0.2.10"}), fmt.Sprintf("p%d@example.com", n)) == nil; n++ {
	}
	if n != 20 {
		t.Errorf("%d asks from one address, want 20", n)
	}
}

// A workspace that remembers passwords takes none of them again, and none that is shorter than it asks.
func TestAWorkspacesRulesForPasswordsHold(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	_, err := m.Admin.Exec(t.Context(), `update control.workspace set password_history = 2, password_least = 20`)
	must(t, err)
	begun := m.owner
	change := func(current, next string) error {
		t.Helper()
		b, err := m.Accounts.ChangePassword(as(t, begun), current, next)
		if err == nil {
			begun = b
		}
		m.Clock.Advance(time.Minute)
		return err
	}
	for _, step := range []struct {
		current, next string
		want          fault.Kind
	}{
		{secret, secret, fault.Invalid}, {secret, "nineteen characters", fault.Invalid}, {secret, newSecret, 0}, {newSecret, secret, fault.Invalid},
		{newSecret, "a third one by the canal", 0}, {"a third one by the canal", newSecret, fault.Invalid}, {"a third one by the canal", secret, 0},
	} {
		if err := change(step.current, step.next); (step.want == 0) != (err == nil) || err != nil && !fault.Is(err, step.want) {
			t.Errorf("from %q to %q: %v, want kind %v", step.current, step.next, err, step.want)
		}
	}
}

func TestAnImportedPasswordIsStoredAnew(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	stored := func() (hash string) {
		t.Helper()
		must(t, m.Admin.QueryRow(t.Context(), `select password from control.account`).Scan(&hash))
		return hash
	}
	_, err := m.Admin.Exec(t.Context(), `update control.account set password = $1`, hashOf(t))
	must(t, err)
	if m.signsIn("not the password") || !strings.HasPrefix(stored(), "$2a$") {
		t.Error("a wrong password changed the hash")
	}
	if !m.signsIn(secret) || !strings.HasPrefix(stored(), "$argon2id$") || !m.signsIn(secret) {
		t.Errorf("after a sign-in an imported password is %.12s", stored())
	}
}

func insertAccount(t *testing.T, w *gatetest.World, id tenant.AccountID, email, hash string) {
	t.Helper()
	lookup, err := w.Vault.Lookup(email)
	must(t, err)
	sealed, err := w.Vault.Seal(context.Background(), placeOf(id), []byte(`{"email":"`+email+`"}`))
	must(t, err)
	_, err = w.Admin.Exec(t.Context(), `insert into control.account (id, email_hmac, password, state, created_at, sealed) values ($1, $2, $3, 'active', $4, $5)`,
		id, lookup, hash, w.Clock.Now(), sealed)
	must(t, err)
}

func placeOf(id tenant.AccountID) vault.Place { return vault.Place{Kind: "account", Row: id} }

func firstRun(t *testing.T, s *identity.Service) identity.Begun {
	t.Helper()
	token, err := s.IssueSetup(t.Context())
	must(t, err)
	begun, err := s.FirstRun(t.Context(), identity.Setup{Token: token.Reveal(), Name: "Ada Berg", Email: "Ada@Example.com", Password: secret, Workspace: "Bridges"})
	must(t, err)
	return begun
}

func signIn(t *testing.T, s *identity.Service) identity.Begun { return signInWith(t, s, secret) }

func as(t *testing.T, b identity.Begun) context.Context {
	return tenant.WithActor(t.Context(), b.Actor)
}

func dead(t *testing.T, s *identity.Service, b identity.Begun, why string) {
	t.Helper()
	if _, err := s.Resume(t.Context(), b.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("a token %s: %v, want denied", why, err)
	}
}

func alive(t *testing.T, s *identity.Service, b identity.Begun, why string) {
	t.Helper()
	if _, err := s.Resume(t.Context(), b.Token.Reveal()); err != nil {
		t.Errorf("a token %s: %v", why, err)
	}
}

func count(t *testing.T, w *gatetest.World, sql string) int {
	t.Helper()
	var n int
	must(t, w.Admin.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

// A new password replaces the first factor alone: the second is asked for as before.
func TestANewPasswordKeepsTheSecondFactor(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	app, err := m.Identity.Factors.BeginApp(as(t, m.owner))
	must(t, err)
	code := func() string {
		t.Helper()
		text, err := hotp.GenerateCode(app.Secret, uint64(factor.Step(m.Clock.Now())))
		must(t, err)
		return text
	}
	_, err = m.Identity.Factors.ConfirmApp(as(t, m.owner), app.Token.Reveal(), code())
	must(t, err)
	m.Clock.Advance(time.Minute)
	must(t, m.Accounts.Reset(t.Context(), m.forget(), newSecret))
	entry, err := m.Identity.SignIn(t.Context(), "ada@example.com", newSecret)
	if err != nil || entry.Token != "" || entry.Challenge == "" {
		t.Fatalf("a new password alone lets in: %v", err)
	}
	if begun, err := m.Identity.Continue(t.Context(), entry.Challenge, "totp", code()); err != nil || begun.Token == "" {
		t.Errorf("the second factor from before: %v", err)
	}
}
