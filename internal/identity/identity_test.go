package identity_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

const secret = "a stone beside the canal"

func newService(t *testing.T) (*gatetest.World, *identity.Service) {
	t.Helper()
	w := gatetest.New(t)
	s, err := identity.New(identity.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source, Region: "here", Hash: identity.HashCost{Memory: 64, Passes: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return w, s
}

func issue(t *testing.T, s *identity.Service) string {
	t.Helper()
	token, err := s.IssueSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

func setupOf(token string) identity.Setup {
	return identity.Setup{Token: token, Name: "Ada Berg", Email: "Ada@Example.com", Password: secret, Workspace: "Bridges"}
}

func firstRun(t *testing.T, s *identity.Service) identity.Begun {
	t.Helper()
	begun, err := s.FirstRun(t.Context(), setupOf(issue(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func count(t *testing.T, w *gatetest.World, sql string) int {
	t.Helper()
	var n int
	if err := w.Admin.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheFirstRunMakesAnOwnerWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	_, s := newService(t)
	begun := firstRun(t, s)
	actor, err := s.Resolve(t.Context(), begun.Token.Reveal())
	if err != nil || actor.Member != begun.Actor.Member || actor.Kind != tenant.Member {
		t.Fatalf("the session is of %+v, %v", actor, err)
	}
	me, err := s.Me(tenant.WithActor(t.Context(), actor))
	if err != nil || me.Name != "Ada Berg" || me.Workspace != "Bridges" || me.Role != gate.Owner || me.Email != "Ada@Example.com" {
		t.Errorf("Me() = %+v, %v", me, err)
	}
}

func TestASetupTokenWorksOnce(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	replaced, token := issue(t, s), issue(t, s)
	for _, dead := range []string{replaced, "", "x", strings.Repeat("a", 43)} {
		if err := s.SetupOpen(t.Context(), dead); !fault.Is(err, fault.Ended) {
			t.Errorf("a token that is not the newest: %v, want ended", err)
		}
		if _, err := s.FirstRun(t.Context(), setupOf(dead)); !fault.Is(err, fault.Ended) {
			t.Errorf("first run with a token that is not the newest: %v, want ended", err)
		}
	}
	var wait sync.WaitGroup
	var ran atomic.Int32
	for range 4 {
		wait.Go(func() {
			_, err := s.FirstRun(t.Context(), setupOf(token))
			if err == nil {
				ran.Add(1)
			} else if !fault.Is(err, fault.Ended) {
				t.Errorf("one of several first runs: %v, want ended", err)
			}
		})
	}
	wait.Wait()
	if n := ran.Load(); n != 1 {
		t.Errorf("%d first runs worked with one token, want 1", n)
	}
	if n := count(t, w, `select count(*) from tenant.member where state = 'active'`); n != 1 {
		t.Errorf("%d members after the first run, want 1", n)
	}
	if again := issue(t, s); again != "" {
		t.Error("a deployment with an owner issued another setup token")
	}
}

func TestWhatThePersonTypedIsCheckedBeforeTheTokenIsUsed(t *testing.T) {
	t.Parallel()
	_, s := newService(t)
	token := issue(t, s)
	for field, change := range map[string]func(*identity.Setup){
		"name":      func(u *identity.Setup) { u.Name = " " },
		"workspace": func(u *identity.Setup) { u.Workspace = strings.Repeat("w", 121) },
		"email":     func(u *identity.Setup) { u.Email = "Ada <ada@example.com>" },
		"password":  func(u *identity.Setup) { u.Password = "short" },
	} {
		setup := setupOf(token)
		change(&setup)
		if _, err := s.FirstRun(t.Context(), setup); !fault.Is(err, fault.Invalid) || identity.Wrong(err) != field {
			t.Errorf("a bad %s: %v about %q", field, err, identity.Wrong(err))
		}
	}
	if _, err := s.FirstRun(t.Context(), setupOf(token)); err != nil {
		t.Errorf("the token does not work after typing mistakes: %v", err)
	}
}

func TestThePreparedWorkspaceIsTheOneThatTheFirstRunClaims(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	prepared := map[tenant.WorkspaceID]bool{}
	for range 2 {
		ctx, err := s.Prepare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		installer, err := tenant.ActorOf(ctx)
		if err != nil || installer.Job != gate.Installer {
			t.Fatalf("prepared as %+v, %v", installer, err)
		}
		prepared[installer.Workspace] = true
	}
	begun := firstRun(t, s)
	if len(prepared) != 1 || !prepared[begun.Actor.Workspace] {
		t.Errorf("the first run claimed %v, want the one of %v", begun.Actor.Workspace, prepared)
	}
	if n := count(t, w, `select count(*) from control.workspace`); n != 1 {
		t.Errorf("%d workspaces, want 1", n)
	}
	if _, err := s.Prepare(t.Context()); !fault.Is(err, fault.Ended) {
		t.Errorf("preparing a deployment that has an owner: %v, want ended", err)
	}
}

// A first run that is cut before its last act leaves a member without an account: the next one replaces it.
func TestAFirstRunThatWasCutIsDoneAgain(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	token := issue(t, s)
	if _, err := w.Admin.Exec(t.Context(), `alter table control.account add constraint cut check (created_at is null)`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FirstRun(t.Context(), setupOf(token)); err == nil {
		t.Fatal("the first run was not cut")
	}
	if n := count(t, w, `select count(*) from tenant.member`); n != 1 {
		t.Fatalf("the cut left %d members, so this test shows nothing", n)
	}
	if _, err := w.Admin.Exec(t.Context(), `alter table control.account drop constraint cut`); err != nil {
		t.Fatal(err)
	}
	begun, err := s.FirstRun(t.Context(), setupOf(token))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Me(tenant.WithActor(t.Context(), begun.Actor)); err != nil {
		t.Error(err)
	}
	if n := count(t, w, `select count(*) from tenant.member`); n != 1 {
		t.Errorf("%d members, want 1", n)
	}
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	_, s := newService(t)
	first := firstRun(t, s)
	begun, err := s.SignIn(t.Context(), " ada@example.COM ", secret)
	if err != nil || begun.Token == first.Token || begun.Actor.Member != first.Actor.Member {
		t.Fatalf("SignIn() = %+v, %v", begun.Actor, err)
	}
	if err := s.SignOut(tenant.WithActor(t.Context(), begun.Actor), begun.Actor.Session); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resolve(t.Context(), begun.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("a session that was ended: %v, want denied", err)
	}
	if _, err := s.Resolve(t.Context(), first.Token.Reveal()); err != nil {
		t.Errorf("another session of the same account: %v", err)
	}
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	begun := firstRun(t, s)
	w.Clock.Advance(identity.SessionLife)
	if _, err := s.Resolve(t.Context(), begun.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("a session past its end: %v, want denied", err)
	}
	for _, bad := range []string{"", "x", begun.Token.Reveal() + "x"} {
		if _, err := s.Resolve(t.Context(), bad); !fault.Is(err, fault.Denied) {
			t.Errorf("a token that nobody has: %v, want denied", err)
		}
	}
}

func TestAWrongAddressAndAWrongPasswordLookTheSame(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	firstRun(t, s)
	visitor := tenant.WithActor(t.Context(), tenant.Actor{Address: "192.0.2.7", Request: tenant.NewID[tenant.RequestID](w.Source)})
	_, wrongPassword := s.SignIn(visitor, "ada@example.com", "a stone beside the river")
	_, wrongAddress := s.SignIn(visitor, "eve@example.com", secret)
	if !fault.Is(wrongPassword, fault.Denied) || fault.Sentence(wrongPassword) != fault.Sentence(wrongAddress) {
		t.Errorf("a wrong password says %v, a wrong address %v", wrongPassword, wrongAddress)
	}
	if n := count(t, w, `select count(*) from control.event where verb = 'session.begin' and outcome = 'refused' and address = '192.0.2.7'`); n != 2 {
		t.Errorf("%d events of refused sign-ins with their address, want 2", n)
	}
}

func TestNothingOfAPersonLiesInTheClear(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	firstRun(t, s)
	for _, table := range []string{"control.account", "control.session", "control.workspace", "control.seat", "control.setup", "control.event",
		"tenant.workspace", "tenant.member", "audit.event"} {
		var text string
		if err := w.Admin.QueryRow(t.Context(), `select coalesce(string_agg(convert_from(convert_to(t::text, 'UTF8'), 'UTF8'), ' '), '') from `+table+` t`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"Ada", "ada@", "Bridges", "\\x416461"} {
			if strings.Contains(text, word) {
				t.Errorf("%s holds %q", table, word)
			}
		}
	}
}

func TestAnotherWorkspacesMemberIsNobody(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	begun := firstRun(t, s)
	stray := begun.Actor
	stray.Workspace = w.Workspace(t).ID
	if _, err := s.Me(tenant.WithActor(context.Background(), stray)); !fault.Is(err, fault.Missing) {
		t.Errorf("Me() in another workspace: %v, want missing", err)
	}
}

func TestGuessesAreStopped(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	firstRun(t, s)
	guess := func(address, email, password string) error {
		_, err := s.SignIn(tenant.WithActor(t.Context(), tenant.Actor{Address: address}), email, password)
		return err
	}
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		n := 0
		for ; fault.Is(guess("192.0.2.1", email, "a wrong password"), fault.Denied); n++ {
			if n > 20 {
				t.Fatalf("guesses at %s are never stopped", email)
			}
		}
		if n != 10 {
			t.Errorf("%d guesses at %s from one address, want 10, whether the account exists or not", n, email)
		}
	}
	stopped := guess("192.0.2.1", "ada@example.com", secret)
	if !fault.Is(stopped, fault.Busy) || identity.RetryAfter(stopped) < time.Second || identity.RetryAfter(stopped) > 15*time.Minute {
		t.Errorf("the right password after too many tries: %v, retry after %s", stopped, identity.RetryAfter(stopped))
	}
	if err := guess("192.0.2.2", "ada@example.com", secret); err != nil {
		t.Errorf("the right password from where nobody guessed: %v", err)
	}
	w.Clock.Advance(identity.RetryAfter(stopped))
	if err := guess("192.0.2.1", "ada@example.com", secret); err != nil {
		t.Errorf("after the wait that was named: %v", err)
	}
	if err := guess("192.0.2.1", "ada@example.com", "a wrong password"); !fault.Is(err, fault.Denied) {
		t.Errorf("a mistake after signing in: %v, want denied", err)
	}
}

// Many addresses together are stopped, too, and the addresses of one IPv6 network are one.
func TestGuessesOfManyAreStopped(t *testing.T) {
	t.Parallel()
	_, s := newService(t)
	tries := func(address func(int) string, email func(int) string) int {
		for n := range 300 {
			if _, err := s.SignIn(tenant.WithActor(t.Context(), tenant.Actor{Address: address(n)}), email(n), "a wrong password"); fault.Is(err, fault.Busy) {
				return n
			}
		}
		return 300
	}
	one := func(text string) func(int) string { return func(int) string { return text } }
	if n := tries(func(n int) string { return fmt.Sprintf("198.51.100.%d", n) }, one("ada@example.com")); n != 50 {
		t.Errorf("%d guesses at one account, want 50", n)
	}
	if n := tries(func(n int) string { return fmt.Sprintf("2001:db8::%x", n+1) }, func(n int) string { return fmt.Sprintf("p%d@example.com", n) }); n != 100 {
		t.Errorf("%d guesses from one network, want 100", n)
	}
}

func TestPasswordsThatAreGuessedFirstAreRefused(t *testing.T) {
	t.Parallel()
	_, s := newService(t)
	token := issue(t, s)
	for _, bad := range []string{"", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababababab", "123456789012", "1234567890987654321", "qwertyuiopasdf", "1qaz2wsx3edc",
		"password1234", "P@ssw0rd2026!", "passwordpassword", "Welcome2026!!", "letmein-letmein", "iloveyou12345", "Summer2026Summer", "adminadmin123", "qwerty-password",
		"Ada Berg 2026", "bridges-12345", "ada@example.com", "mainstay12345", strings.Repeat("long ", 300)} {
		setup := setupOf(token)
		setup.Password = bad
		if _, err := s.FirstRun(t.Context(), setup); !fault.Is(err, fault.Invalid) {
			t.Errorf("the password %.30q was taken: %v", bad, err)
		}
	}
	for _, good := range []string{secret, "correct horse battery staple", "zwölf Boxkämpfer jagen Eva", "tr0ub4dor&3 is old", "Kq9$fLm2!xPz", "我的密码是很长的一句话呀朋友"} {
		setup := setupOf(token)
		setup.Password = good
		setup.Token = "used" // the password is looked at first
		if _, err := s.FirstRun(t.Context(), setup); !fault.Is(err, fault.Ended) {
			t.Errorf("the password %q was refused: %v", good, err)
		}
	}
}
