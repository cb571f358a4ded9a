package identity_test

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"mainstay/internal/fault"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity"
	"mainstay/internal/identity/password"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// from is a visitor of an address.
func from(t *testing.T, address string) context.Context {
	return tenant.WithActor(t.Context(), tenant.Actor{Address: address})
}

// strangers are addresses of every sort of account, and of none.
func strangers(t *testing.T, w *gatetest.World) map[string]string {
	t.Helper()
	for _, a := range []struct{ email, hash, state string }{
		{"active@example.com", "", "active"}, {"closed@example.com", "", "disabled"}, {"provider@example.com", "none", "active"},
	} {
		hash := a.hash
		switch hash {
		case "none":
			hash = "" // it signs in through a provider, or with a passkey
		default:
			made, err := password.NewHasher(password.Cost{Memory: 64, Passes: 1, Threads: 1}).Hash(t.Context(), secret)
			must(t, err)
			hash = made
		}
		id := tenant.NewID[tenant.AccountID](w.Source)
		account(t, w, id, a.email, hash)
		_, err := w.Admin.Exec(t.Context(), `update control.account set state = $2 where id = $1`, id, a.state)
		must(t, err)
	}
	return map[string]string{"of nobody": "nobody@example.com", "of an account": "active@example.com", "of a closed account": "closed@example.com",
		"of an account without a password": "provider@example.com", "that is none": "not an address", "that is empty": ""}
}

// Neither the answer nor the work tells whether there is an account, what sort, or whether it is being guessed at.
func TestAStrangerLearnsNothingOfAccounts(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	h := password.NewHasher(password.Cost{Memory: 64, Passes: 1, Threads: 1})
	s, err := identity.New(identity.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source, Region: "here", Hasher: h})
	must(t, err)
	type seen struct {
		kind     fault.Kind
		sentence string
		work     int64
		events   int
	}
	guess := func(address, email, password string) seen {
		t.Helper()
		before, events := h.Work(), count(t, w, `select count(*) from control.event`)
		_, err := s.SignIn(from(t, address), email, password)
		return seen{fault.KindOf(err), fault.Sentence(err), h.Work() - before, count(t, w, `select count(*) from control.event`) - events}
	}
	n := 0
	for what, email := range strangers(t, w) {
		n++
		address := fmt.Sprintf("192.0.2.%d", n)
		want := seen{fault.Denied, "The e-mail address or the password is not right.", 1, 1}
		for try := range 10 {
			if got := guess(address, email, "not the password"); got != want {
				t.Fatalf("try %d at an address %s: %+v, want %+v", try+1, what, got, want)
			}
		}
		locked := seen{fault.Busy, "Too many tries. Wait a few minutes, then try again.", 0, 0}
		if got := guess(address, email, "not the password"); got != locked {
			t.Errorf("an address %s that was tried too often: %+v, want %+v", what, got, locked)
		}
		for _, wrongly := range []string{secret, "not the password"} { // the right one of a closed account, and of none
			if what == "of an account" && wrongly == secret {
				continue
			}
			if got := guess(fmt.Sprintf("198.51.100.%d", n), email, wrongly); got != want {
				t.Errorf("an address %s with %q: %+v, want %+v", what, wrongly, got, want)
			}
		}
	}
}

// While many guess at an account together, its person goes on from a browser that is known, and through every other door.
func TestAPersonGetsInWhileOthersGuess(t *testing.T) {
	t.Parallel()
	_, s := newService(t)
	begun := firstRun(t, s)
	n := 0
	for ; n < 200; n++ {
		_, err := s.SignIn(from(t, fmt.Sprintf("198.51.100.%d", n)), "ada@example.com", "not the password")
		if fault.Is(err, fault.Busy) {
			break
		}
	}
	if n != 50 {
		t.Fatalf("%d guesses from as many addresses, want 50", n)
	}
	if _, err := s.SignIn(from(t, "203.0.113.1"), "ada@example.com", secret); !fault.Is(err, fault.Busy) {
		t.Errorf("the right password from a browser that nobody knows: %v, want busy", err)
	}
	known := tenant.WithActor(t.Context(), tenant.Actor{Address: "198.51.100.7", Device: begun.Device})
	if _, err := s.SignIn(known, "ada@example.com", secret); err != nil {
		t.Errorf("the right password from a known browser: %v", err)
	}
	if entry, err := s.Enter(from(t, "203.0.113.1"), begun.Actor.Account, identity.Shown{Factors: []string{identity.Passkey}}); err != nil || entry.Token == "" {
		t.Errorf("a passkey: %v", err)
	}
	for range 10 {
		_, _ = s.SignIn(known, "ada@example.com", "not the password")
	}
	if _, err := s.SignIn(known, "ada@example.com", secret); !fault.Is(err, fault.Busy) {
		t.Errorf("after ten guesses from the known browser itself: %v, want busy", err)
	}
}

// A browser is known for the accounts that signed in with it, and a token that we did not make is none.
func TestABrowserIsKnownForItsAccountsAlone(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	begun := firstRun(t, s)
	ben := addMember(t, w, begun.Actor.Workspace, "ben@example.com")
	shared := tenant.WithActor(t.Context(), tenant.Actor{Device: begun.Device})
	entry, err := s.SignIn(shared, "ben@example.com", secret)
	must(t, err)
	if entry.Device != begun.Device || entry.Actor.Member != ben {
		t.Error("a second person of one browser made it another browser")
	}
	planted := tenant.WithActor(t.Context(), tenant.Actor{Device: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
	if entry, err = s.SignIn(planted, "ben@example.com", secret); err != nil || entry.Device == "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" {
		t.Errorf("a token that somebody planted became a browser's: %v", err)
	}
	if n := count(t, w, `select count(*) from control.browser where account_id = (select account_id from control.seat order by created_at, account_id limit 1)`); n < 1 {
		t.Errorf("%d browsers of the first account", n)
	}
}

// Programs on one database count together, and a restart forgives nothing.
func TestTriesAreCountedByAllNodesTogether(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	firstRun(t, s)
	nodes := []*identity.Service{s, another(t, w), another(t, w)}
	n := 0
	for ; n < 40; n++ {
		_, err := nodes[n%3].SignIn(from(t, "192.0.2.1"), "ada@example.com", "not the password")
		if fault.Is(err, fault.Busy) {
			break
		}
	}
	if n != 10 {
		t.Errorf("%d guesses at three nodes from one address, want 10", n)
	}
	if _, err := another(t, w).SignIn(from(t, "192.0.2.1"), "ada@example.com", secret); !fault.Is(err, fault.Busy) {
		t.Errorf("after a restart: %v, want busy", err)
	}
	if n := count(t, w, `select count(*) from control.allowance where encode(key_hmac, 'escape') like '%192.0.2%'`); n != 0 {
		t.Error("an address stands in the counts")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// addMember makes a member of a workspace with an account whose password is the tests'.
func addMember(t *testing.T, w *gatetest.World, ws tenant.WorkspaceID, email string) tenant.MemberID {
	t.Helper()
	ctx := gatetest.Workspace{World: w, ID: ws}.Member(t, "member")
	a, err := tenant.ActorOf(ctx)
	must(t, err)
	account(t, w, a.Account, email, hashOf(t))
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

func account(t *testing.T, w *gatetest.World, id tenant.AccountID, email, hash string) {
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
