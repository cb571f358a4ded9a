package identity_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity"
	"mainstay/internal/identity/password"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
)

// another returns the service of another program on the same database.
func another(t *testing.T, w *gatetest.World) *identity.Service {
	t.Helper()
	pools, err := postgres.Connect(t.Context(), postgres.Config{DSN: w.DB.DSN, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pools.Close)
	g, err := gate.New(gate.Config{Pools: pools, Vault: w.Vault, Source: w.Source})
	if err != nil {
		t.Fatal(err)
	}
	s, err := identity.New(identity.Config{Gate: g, Vault: w.Vault, Source: w.Source, Region: "here", Hasher: password.NewHasher(password.Cost{Memory: 64, Passes: 1, Threads: 1})})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signIn(t *testing.T, s *identity.Service) identity.Begun {
	t.Helper()
	entry, err := s.SignIn(t.Context(), "ada@example.com", secret)
	if err != nil || entry.Token == "" {
		t.Fatalf("signing in: %+v, %v", entry.Needs, err)
	}
	return entry.Begun
}

func as(t *testing.T, b identity.Begun) context.Context {
	return tenant.WithActor(t.Context(), b.Actor)
}

// dead wants a token to be worth nothing.
func dead(t *testing.T, s *identity.Service, b identity.Begun, why string) {
	t.Helper()
	if _, err := s.Resolve(t.Context(), b.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("Resolve() of a token %s: %v, want denied", why, err)
	}
	if _, err := s.Resume(t.Context(), b.Token.Reveal()); !fault.Is(err, fault.Denied) {
		t.Errorf("Resume() of a token %s: %v, want denied", why, err)
	}
}

func alive(t *testing.T, s *identity.Service, b identity.Begun, why string) {
	t.Helper()
	if _, err := s.Resume(t.Context(), b.Token.Reveal()); err != nil {
		t.Errorf("a token %s: %v", why, err)
	}
}

func TestATokenIsReplacedOnceADay(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	old := firstRun(t, s)
	w.Clock.Advance(identity.RotateAfter - time.Second)
	if again, err := s.Resume(t.Context(), old.Token.Reveal()); err != nil || again.Token != "" {
		t.Fatalf("before a day is over: a new token %t, %v", again.Token != "", err)
	}
	w.Clock.Advance(time.Second)
	next, err := s.Resume(t.Context(), old.Token.Reveal())
	if err != nil || next.Token == "" || next.Token == old.Token || !next.EndsAt.Equal(old.EndsAt) || next.Actor.Session != old.Actor.Session {
		t.Fatalf("after a day: a new token %t, until %s and not %s, %v", next.Token != "", next.EndsAt, old.EndsAt, err)
	}
	w.Clock.Advance(identity.RotateGrace - time.Second)
	if late, err := s.Resume(t.Context(), old.Token.Reveal()); err != nil || late.Token != "" {
		t.Errorf("the old token within its grace: a new one %t, %v", late.Token != "", err)
	}
	w.Clock.Advance(time.Second)
	dead(t, s, old, "after its grace")
	if n := count(t, w, `select count(*) from control.event where verb = 'session.read' and outcome = 'refused'`); n != 2 {
		t.Errorf("%d events of a replaced token that was shown, want 2", n)
	}
	alive(t, s, next, "that replaced it")
}

func TestRequestsAtOnceAllPassTheReplacement(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	old := firstRun(t, s)
	w.Clock.Advance(identity.RotateAfter)
	var wait sync.WaitGroup
	tokens := make(chan tenant.Secret, 20)
	for range 20 {
		wait.Go(func() {
			b, err := s.Resume(t.Context(), old.Token.Reveal())
			if err != nil {
				t.Errorf("one of many requests at once: %v", err)
			}
			if b.Token != "" {
				tokens <- b.Token
			}
		})
	}
	wait.Wait()
	if len(tokens) != 1 {
		t.Fatalf("%d new tokens, want 1", len(tokens))
	}
	alive(t, s, identity.Begun{Token: <-tokens}, "that one of many got")
}

func TestAUseIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	b := firstRun(t, s)
	used := func() (at time.Time) {
		t.Helper()
		if err := w.Admin.QueryRow(t.Context(), `select used_at from control.session`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	first := used()
	w.Clock.Advance(59 * time.Second)
	alive(t, s, b, "in use")
	if !used().Equal(first) {
		t.Error("a use within the minute was written down")
	}
	w.Clock.Advance(time.Second)
	alive(t, s, b, "in use")
	if !used().Equal(w.Clock.Now()) {
		t.Errorf("used at %s, want %s", used(), w.Clock.Now())
	}
}

// An idle session ends for good: the request that finds it idle must not make it one that was just used.
func TestAnIdleSessionEnds(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	b := firstRun(t, s)
	if _, err := w.Admin.Exec(t.Context(), `update tenant.workspace set idle_minutes = 30`); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.Clock.Advance(29 * time.Minute)
		alive(t, s, b, "in use")
	}
	w.Clock.Advance(30 * time.Minute)
	for range 2 { // the first finds it idle, the second must not find it just used
		if _, err := s.Resume(t.Context(), b.Token.Reveal()); !fault.Is(err, fault.Denied) {
			t.Errorf("an idle session: %v, want denied", err)
		}
	}
	dead(t, s, b, "of a session that was idle")
}

func TestSessionsAreListedNamedAndEnded(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	first := firstRun(t, s)
	w.Clock.Advance(time.Minute)
	phone := tenant.WithActor(t.Context(), tenant.Actor{Address: "192.0.2.7", Browser: "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"})
	entry, err := s.SignIn(phone, "ada@example.com", secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.NameSession(as(t, first), entry.Actor.Session, "  My   phone "); err != nil {
		t.Fatal(err)
	}
	all, err := s.Sessions(as(t, first))
	if err != nil || len(all) != 2 || !all[0].Current || all[1].Current {
		t.Fatalf("Sessions() = %+v, %v", all, err)
	}
	if got := all[1]; got.Name != "My phone" || got.Browser != "Chrome on Android" || got.Address != "192.0.2.7" || got.ID != entry.Actor.Session {
		t.Errorf("the other session is %+v", got)
	}
	if err := s.NameSession(as(t, first), entry.Actor.Session, strings.Repeat("n", 61)); !fault.Is(err, fault.Invalid) {
		t.Errorf("an endless name: %v, want invalid", err)
	}
	if err := s.SignOut(as(t, first), entry.Actor.Session); err != nil {
		t.Fatal(err)
	}
	dead(t, s, entry.Begun, "of a session that another one ended")
	others := []identity.Begun{signIn(t, s), signIn(t, s)}
	if n, err := s.SignOutOthers(as(t, first)); n != 2 || err != nil {
		t.Errorf("SignOutOthers() = %d, %v; want 2", n, err)
	}
	for _, b := range others {
		dead(t, s, b, "of a session that was ended with all others")
	}
	alive(t, s, first, "of the session that ended the others")
	if err := s.EndAll(t.Context(), first.Actor.Account); err != nil {
		t.Fatal(err)
	}
	dead(t, s, first, "of an account whose sessions were all ended")
}

func TestNobodyTouchesAnothersSession(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	b := firstRun(t, s)
	stranger := b.Actor
	stranger.Account, stranger.Session = tenant.NewID[tenant.AccountID](w.Source), tenant.NewID[tenant.SessionID](w.Source)
	ctx := tenant.WithActor(t.Context(), stranger)
	for what, err := range map[string]error{"ending": s.SignOut(ctx, b.Actor.Session), "naming": s.NameSession(ctx, b.Actor.Session, "Mine")} {
		if !fault.Is(err, fault.Missing) {
			t.Errorf("%s another's session: %v, want missing", what, err)
		}
	}
	if all, err := s.Sessions(ctx); err != nil || len(all) != 0 {
		t.Errorf("a stranger sees %d sessions, %v", len(all), err)
	}
	if n, err := s.SignOutOthers(ctx); n != 0 || err != nil {
		t.Errorf("a stranger ended %d sessions, %v", n, err)
	}
	if _, err := s.Confirm(ctx, identity.Passkey); !fault.Is(err, fault.Denied) {
		t.Errorf("confirming another's session: %v, want denied", err)
	}
	alive(t, s, b, "that strangers tried to end")
}

// A new token at each step up, and the one before is worth nothing: who planted it is out.
func TestAConfirmationReplacesTheToken(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	old := firstRun(t, s)
	w.Clock.Advance(time.Hour)
	next, err := s.Confirm(as(t, old), identity.Passkey)
	if err != nil || next.Token == old.Token || !next.Actor.ConfirmedAt.Equal(w.Clock.Now()) {
		t.Fatalf("Confirm() = %+v, %v", next.Actor, err)
	}
	dead(t, s, old, "before a confirmation")
	actor, err := s.Resolve(t.Context(), next.Token.Reveal())
	if err != nil || !actor.ConfirmedAt.Equal(w.Clock.Now()) || strings.Join(actor.Factors, " ") != "password passkey" || actor.Session != old.Actor.Session {
		t.Errorf("after a confirmation: %+v, %v", actor, err)
	}
}

func TestADisabledAccountsSessionsAreDead(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	b := firstRun(t, s)
	if _, err := w.Admin.Exec(t.Context(), `update control.account set state = 'disabled'`); err != nil {
		t.Fatal(err)
	}
	dead(t, s, b, "of a disabled account")
	if _, err := s.SignIn(t.Context(), "ada@example.com", secret); !fault.Is(err, fault.Denied) || fault.Sentence(err) != "The e-mail address or the password is not right." {
		t.Errorf("signing in to a disabled account: %v", err)
	}
}

func TestSessionsSurviveARestartAndSoDoTheirEnds(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	kept, ended := firstRun(t, s), signIn(t, s)
	if err := s.SignOut(as(t, ended), ended.Actor.Session); err != nil {
		t.Fatal(err)
	}
	restarted := another(t, w)
	alive(t, restarted, kept, "after a restart")
	dead(t, restarted, ended, "that was ended before a restart")
	w.Clock.Advance(identity.SessionLife)
	dead(t, restarted, kept, "after thirty days")
}

var errStillGoing = errors.New("it goes on")

// What goes on in one program ends when another one on the same database ends its session.
func TestWhatLastsEndsWithItsSessionOnAllNodes(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	first := firstRun(t, s)
	here, there := another(t, w), another(t, w)
	var wait sync.WaitGroup
	watching, stop := context.WithCancel(t.Context())
	defer wait.Wait()
	defer stop()
	wait.Go(func() { _ = here.Watch(watching) })
	listening(t, w, 1)
	for what, end := range map[string]func(b identity.Begun) error{
		"one session":       func(b identity.Begun) error { return there.SignOut(as(t, b), b.Actor.Session) },
		"all others":        func(identity.Begun) error { _, err := there.SignOutOthers(as(t, first)); return err },
		"all of a member":   func(b identity.Begun) error { return there.EndMember(t.Context(), b.Actor.Workspace, b.Actor.Member) },
		"all of an account": func(b identity.Begun) error { return there.EndAll(t.Context(), b.Actor.Account) },
	} {
		b := signIn(t, there)
		stream, release := here.While(t.Context(), b.Actor)
		if stream.Err() != nil {
			t.Fatalf("%s: a stream of a session that goes on has ended", what)
		}
		if err := end(b); err != nil {
			t.Fatalf("ending %s: %v", what, err)
		}
		if err := within(stream, time.Second); err != nil {
			t.Errorf("a stream, when %s ended on another node: %v", what, err)
		}
		release()
	}
	late, release := here.While(t.Context(), first.Actor) // the last of them ended it already
	defer release()
	if late.Err() == nil {
		t.Error("a stream began for a session that had ended")
	}
}

// listening waits until n programs hear of sessions that end.
func listening(t *testing.T, w *gatetest.World, n int) {
	t.Helper()
	for count(t, w, `select count(*) from pg_stat_activity where datname = current_database() and query like 'listen session_ended%'`) < n {
		if t.Context().Err() != nil {
			t.Fatal("nobody listens")
		}
	}
}

func within(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(d):
		return errStillGoing
	}
}

// A node that lost its connection may have missed the news: it looks at what goes on when it hears again.
func TestNewsThatWasMissedIsCaughtUpWith(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	b := firstRun(t, s)
	stream, release := s.While(t.Context(), b.Actor)
	defer release()
	if err := another(t, w).SignOut(as(t, b), b.Actor.Session); err != nil {
		t.Fatal(err)
	}
	if stream.Err() != nil {
		t.Fatal("the stream ended before anybody listened")
	}
	var wait sync.WaitGroup
	watching, stop := context.WithCancel(t.Context())
	defer wait.Wait()
	defer stop()
	wait.Go(func() { _ = s.Watch(watching) })
	if err := within(stream, 5*time.Second); err != nil {
		t.Errorf("a stream whose session ended while nobody listened: %v", err)
	}
}
