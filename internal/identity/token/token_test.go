package token_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity/token"
	"mainstay/internal/tenant"
)

// desk is the service over a world with a workspace and its people.
type desk struct {
	*token.Service
	world *gatetest.World
	ws    gatetest.Workspace
}

const laptop = "mainstay on a laptop"

func newDesk(t *testing.T) desk {
	t.Helper()
	w := gatetest.New(t)
	return desk{service(t, w), w, w.Workspace(t)}
}

// service returns a service as after a start of the program: it shares nothing with another but the database.
func service(t *testing.T, w *gatetest.World) *token.Service {
	t.Helper()
	s, err := token.New(token.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source, People: &notices{}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// notices keeps what the service tells people.
type notices struct {
	mu   sync.Mutex
	told map[tenant.AccountID][]string
}

func (n *notices) Changed(_ context.Context, _ *gate.InstanceTx, account tenant.AccountID, _ time.Time, what string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told == nil {
		n.told = map[tenant.AccountID][]string{}
	}
	n.told[account] = append(n.told[account], what)
	return nil
}

// about returns how often a person was told something.
func (n *notices) about(account tenant.AccountID, what string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	times := 0
	for _, said := range n.told[account] {
		if strings.Contains(said, what) {
			times++
		}
	}
	return times
}

// person makes a member who has an account.
func (d desk) person(t *testing.T, role gate.Role) context.Context {
	t.Helper()
	ctx := d.ws.Member(t, role)
	a := actor(t, ctx)
	d.exec(t, `insert into control.account (id, email_hmac, password, state, created_at, sealed) values ($1, uuid_send($1), '', 'active', $2, '')`, a.Account, d.world.Clock.Now())
	return ctx
}

func actor(t *testing.T, ctx context.Context) tenant.Actor {
	t.Helper()
	a, err := tenant.ActorOf(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (d desk) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := d.world.Admin.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (d desk) key(t *testing.T, ctx context.Context, scopes ...gate.Scope) token.Made {
	t.Helper()
	made, err := d.Create(ctx, token.Request{Name: "Nightly report", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// program lets a program in and returns its first tokens.
func (d desk) program(t *testing.T, ctx context.Context) token.Pair {
	t.Helper()
	device, err := d.BeginDevice(t.Context(), laptop, []gate.Scope{gate.MeetingsRead})
	if err == nil {
		err = d.Allow(ctx, device.UserCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	pair, err := d.Poll(t.Context(), device.Code)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func (d desk) works(t *testing.T, secret tenant.Secret) bool {
	t.Helper()
	_, err := d.Resolve(t.Context(), secret.Reveal())
	if err != nil && !fault.Is(err, fault.Denied) {
		t.Fatalf("Resolve() = %v, want fault.Denied", err)
	}
	return err == nil
}

func TestAKeyActsAsItsPersonWithinItsScopes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.person(t, gate.Member)
	made := d.key(t, ctx, gate.MembersRead, gate.MeetingsRead, gate.MeetingsRead)
	if !strings.HasPrefix(made.Key.Reveal(), "mst_") || len(made.Key.Reveal()) != 4+43 || !strings.HasPrefix(made.Key.Reveal(), made.Prefix) || len(made.Prefix) != 10 {
		t.Errorf("a key of %d letters is shown as %q", len(made.Key.Reveal()), made.Prefix)
	}
	if got := made.EndsAt.Sub(made.CreatedAt); got != 90*24*time.Hour {
		t.Errorf("a key lives for %s, want 90 days", got)
	}
	got, err := d.Resolve(t.Context(), made.Key.Reveal())
	if err != nil || got.Member != actor(t, ctx).Member || got.Credential != tenant.ByKey || got.Key != made.ID || len(got.Scopes) != 2 || !got.Session.IsZero() {
		t.Fatalf("Resolve() = %+v, %v", got, err)
	}
	as := tenant.WithActor(t.Context(), got)
	nothing := func(context.Context, *gate.Tx) error { return nil }
	if err := d.world.Gate.Do(as, gate.Act{Verb: gate.ListMeetings}, nothing); err != nil {
		t.Errorf("within its scopes: %v", err)
	}
	for _, verb := range []gate.Verb{gate.CreateMeeting, gate.CreateKey, gate.AllowProgram, gate.ListKeys} {
		if err := d.world.Gate.Do(as, gate.Act{Verb: verb}, nothing); !fault.Is(err, fault.Denied) {
			t.Errorf("%s beyond its scopes: %v, want denied", verb, err)
		}
	}
}

func TestAKeyIsNowhereInTheDatabase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.key(t, d.person(t, gate.Owner), gate.MeetingsRead)
	var rows string
	err := d.world.Admin.QueryRow(t.Context(), `
select string_agg(c::text, '') || (select string_agg(k::text, '') from control.credential k) || (select string_agg(e::text, '') from audit.event e) from tenant.credential c`).Scan(&rows)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(made.Key.Reveal()))
	if !strings.Contains(rows, strings.ToLower(strings.ReplaceAll(hexOf(hash[:]), " ", ""))) {
		t.Error("the rows do not hold the key's SHA-256, so that this test shows nothing")
	}
	for what, secret := range map[string]string{"the key": made.Key.Reveal(), "its secret part": made.Key.Reveal()[12:], "its name": "Nightly report"} {
		if strings.Contains(rows, secret) || strings.Contains(rows, hexOf([]byte(secret))) {
			t.Errorf("%s stands in the database", what)
		}
	}
	all, err := d.List(d.person(t, gate.Admin))
	if err != nil || len(all) != 1 || all[0].Name != "Nightly report" || all[0].Prefix != made.Prefix {
		t.Errorf("List() = %+v, %v", all, err)
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	for _, c := range b {
		out.WriteByte(digits[c>>4])
		out.WriteByte(digits[c&15])
	}
	return out.String()
}

func TestWhatEndsAKey(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, desk, context.Context, token.Made){
		"its person ends it": func(t *testing.T, d desk, ctx context.Context, made token.Made) {
			if err := d.End(ctx, made.ID); err != nil {
				t.Fatal(err)
			}
		},
		"an admin ends it": func(t *testing.T, d desk, _ context.Context, made token.Made) {
			if err := d.End(d.person(t, gate.Admin), made.ID); err != nil {
				t.Fatal(err)
			}
		},
		"who found it ends it": func(t *testing.T, d desk, _ context.Context, made token.Made) {
			if err := d.Revoke(t.Context(), made.Key.Reveal()); err != nil {
				t.Fatal(err)
			}
		},
		"its time comes": func(_ *testing.T, d desk, _ context.Context, _ token.Made) {
			d.world.Clock.Advance(90 * 24 * time.Hour)
		},
		"its account is disabled": func(t *testing.T, d desk, _ context.Context, _ token.Made) {
			d.exec(t, `update control.account set state = 'disabled'`)
		},
		"its member is removed": func(t *testing.T, d desk, ctx context.Context, _ token.Made) {
			a := actor(t, ctx)
			if err := d.EndMember(t.Context(), a.Workspace, a.Member); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			ctx := d.person(t, gate.Member)
			made := d.key(t, ctx, gate.MeetingsRead)
			if !d.works(t, made.Key) {
				t.Fatal("the key does not work before")
			}
			end(t, d, ctx, made)
			if d.works(t, made.Key) {
				t.Error("the key works after")
			}
			d.Service = service(t, d.world)
			if d.works(t, made.Key) {
				t.Error("the key works after a restart")
			}
		})
	}
}

func TestNobodyEndsAnothersKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.key(t, d.person(t, gate.Owner), gate.MeetingsRead)
	other := d.person(t, gate.Member)
	elsewhere := desk{d.Service, d.world, d.world.Workspace(t)}
	for name, ctx := range map[string]context.Context{"a colleague": other, "the owner of another workspace": elsewhere.person(t, gate.Owner)} {
		if err := d.End(ctx, made.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("%s ends it: %v, want missing", name, err)
		}
		if all, err := d.List(ctx); err != nil || len(all) != 0 {
			t.Errorf("%s sees %d keys, %v", name, len(all), err)
		}
	}
	if !d.works(t, made.Key) {
		t.Error("the key was ended")
	}
}

func TestAKeyIsAskedForWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.person(t, gate.Owner)
	for name, want := range map[string]token.Request{
		"no name":         {Scopes: []gate.Scope{gate.MeetingsRead}},
		"no scope":        {Name: "a"},
		"every scope":     {Name: "a", Scopes: []gate.Scope{gate.Anything}},
		"a strange scope": {Name: "a", Scopes: []gate.Scope{"meetings:all"}},
		"for ever":        {Name: "a", Scopes: []gate.Scope{gate.MeetingsRead}, Days: 100_000},
	} {
		if _, err := d.Create(ctx, want); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	d.world.Clock.Advance(gate.ConfirmAge)
	if _, err := d.Create(ctx, token.Request{Name: "a", Scopes: []gate.Scope{gate.MeetingsRead}}); fault.Wanted(err) != fault.Confirmation {
		t.Errorf("without a confirmation: %v", err)
	}
}

func TestAccessTokensAreShortAndRefreshTokensTurn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.program(t, d.person(t, gate.Member))
	if first.AccessFor > 15*time.Minute || !d.works(t, first.Access) || d.works(t, first.Refresh) {
		t.Fatal("a pair is not an access token of 15 minutes and a refresh token that is none")
	}
	d.world.Clock.Advance(token.AccessLife)
	if d.works(t, first.Access) {
		t.Error("an access token works after its time")
	}
	second, err := d.Refresh(t.Context(), laptop, first.Refresh)
	if err != nil || !d.works(t, second.Access) || second.Refresh == first.Refresh {
		t.Fatalf("Refresh() = %v", err)
	}
	d.world.Clock.Advance(token.RefreshLife)
	if _, err := d.Refresh(t.Context(), laptop, second.Refresh); !fault.Is(err, fault.Denied) {
		t.Errorf("a refresh token that lay for 30 days: %v, want denied", err)
	}
}

func TestAProgramIsLetInAgainAfterNinetyDays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	pair, err := d.program(t, d.person(t, gate.Member)), error(nil)
	for range 89 {
		d.world.Clock.Advance(24 * time.Hour)
		if pair, err = d.Refresh(t.Context(), laptop, pair.Refresh); err != nil {
			t.Fatal(err)
		}
	}
	d.world.Clock.Advance(24 * time.Hour)
	if _, err := d.Refresh(t.Context(), laptop, pair.Refresh); !fault.Is(err, fault.Denied) {
		t.Errorf("on the ninetieth day: %v, want denied", err)
	}
}

func TestOfFiftyRefreshesOneSucceedsAndTheFamilyDies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	person := d.person(t, gate.Member)
	pair := d.program(t, person)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var got []token.Pair
	for range 50 {
		wait.Go(func() {
			next, err := d.Refresh(t.Context(), laptop, pair.Refresh)
			if err != nil && !fault.Is(err, fault.Denied) {
				t.Errorf("Refresh() = %v, want denied", err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, next)
			}
		})
	}
	wait.Wait()
	if len(got) != 1 {
		t.Fatalf("%d of 50 refreshes succeeded, want 1", len(got))
	}
	if d.works(t, got[0].Access) || d.works(t, pair.Access) {
		t.Error("two parties have the token, and the family lives")
	}
	if _, err := d.Refresh(t.Context(), laptop, got[0].Refresh); !fault.Is(err, fault.Denied) {
		t.Errorf("the family's next refresh: %v, want denied", err)
	}
	if told := d.People.(*notices); len(told.told) != 1 || told.about(actor(t, person).Account, "signed out") != 1 {
		t.Errorf("of the reuse were told %v, want the person once", told.told)
	}
}

// A key and a program are ways in: nobody adds one unseen.
func TestAKeyAndAProgramAreTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	person := d.person(t, gate.Member)
	d.program(t, person)
	d.key(t, person, gate.Scopes()...)
	for _, what := range []string{"A program was let in", "An API key was made"} {
		if n := d.People.(*notices).about(actor(t, person).Account, what); n != 1 {
			t.Errorf("%q was told %d times, want once", what, n)
		}
	}
}

// A refresh token is good for the program that was let in. In another's hands it was stolen.
func TestARefreshTokenIsOfOneProgram(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	person := d.person(t, gate.Member)
	pair := d.program(t, person)
	if _, err := d.Refresh(t.Context(), "", pair.Refresh); !fault.Is(err, fault.Denied) {
		t.Errorf("by who says no name: %v, want denied", err)
	}
	next, err := d.Refresh(t.Context(), " mainstay  on a laptop ", pair.Refresh)
	if err != nil || !d.works(t, next.Access) {
		t.Fatalf("by the program itself: %v", err)
	}
	if _, err := d.Refresh(t.Context(), "another program", next.Refresh); !fault.Is(err, fault.Denied) {
		t.Errorf("by another program: %v, want denied", err)
	}
	if _, err := d.Refresh(t.Context(), laptop, next.Refresh); !fault.Is(err, fault.Denied) || d.works(t, next.Access) {
		t.Errorf("another program has the token, and the family lives: %v", err)
	}
	if told := d.People.(*notices); told.about(actor(t, person).Account, "signed out") != 1 {
		t.Errorf("of the theft were told %v, want the person once", told.told)
	}

	old := d.program(t, person) // let in by a release that kept no name
	if _, err := d.world.Admin.Exec(t.Context(), `update control.credential set client_hash = null`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Refresh(t.Context(), "", old.Refresh); err != nil {
		t.Errorf("by a program of an older release: %v", err)
	}
}

func TestReuseAfterARestartKillsTheFamily(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	stolen := d.program(t, d.person(t, gate.Member))
	next, err := d.Refresh(t.Context(), laptop, stolen.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	d.Service = service(t, d.world)
	if _, err := d.Refresh(t.Context(), laptop, stolen.Refresh); !fault.Is(err, fault.Denied) {
		t.Errorf("a used token: %v, want denied", err)
	}
	if d.works(t, next.Access) {
		t.Error("the access token lives on")
	}
	if _, err := d.Refresh(t.Context(), laptop, next.Refresh); !fault.Is(err, fault.Denied) {
		t.Errorf("the newest refresh token: %v, want denied", err)
	}
	var reason string
	if err := d.world.Admin.QueryRow(t.Context(), `select end_reason from control.credential`).Scan(&reason); err != nil || reason != "reuse" {
		t.Errorf("it ended for %q, %v", reason, err)
	}
}

// TestNoForgedTokenIsTaken tries every way in which tokens that carry their own claims were ever forged. Ours carry none.
func TestNoForgedTokenIsTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	pair := d.program(t, d.person(t, gate.Owner))
	made := d.key(t, d.person(t, gate.Owner), gate.MeetingsRead)
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	claims := part(`{"iss":"mainstay","aud":"mainstay","sub":"acc_1","exp":4102444800,"scope":"meetings:read"}`)
	signed := func(header string) string {
		mac := hmac.New(sha256.New, []byte("-----BEGIN PUBLIC KEY-----"))
		mac.Write([]byte(part(header) + "." + claims))
		return part(header) + "." + claims + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	for name, forged := range map[string]string{
		"alg none":                    part(`{"alg":"none","typ":"JWT"}`) + "." + claims + ".",
		"alg None":                    part(`{"alg":"NoNe"}`) + "." + claims + ".",
		"signed with a public key":    signed(`{"alg":"HS256"}`),
		"a key from elsewhere":        signed(`{"alg":"HS256","jku":"https://evil.example/keys"}`),
		"a certificate of its own":    signed(`{"alg":"HS256","x5u":"https://evil.example/c.pem"}`),
		"a path for a key id":         signed(`{"alg":"HS256","kid":"../../dev/null"}`),
		"a token's prefix before it":  "mat_" + signed(`{"alg":"HS256"}`),
		"a key's prefix before it":    "mst_" + part(`{"alg":"none"}`) + "." + claims + ".",
		"a refresh token as access":   pair.Refresh.Reveal(),
		"a refresh token renamed":     strings.Replace(pair.Refresh.Reveal(), "mrt_", "mat_", 1),
		"an access token as a key":    strings.Replace(pair.Access.Reveal(), "mat_", "mst_", 1),
		"a key as an access token":    strings.Replace(made.Key.Reveal(), "mst_", "mat_", 1),
		"a key's beginning":           made.Prefix,
		"a key in capitals":           strings.ToUpper(made.Key.Reveal()),
		"a key and a space":           made.Key.Reveal() + " ",
		"nothing":                     "",
		"a prefix alone":              "mat_",
		"a null":                      "mat_\x00",
		"an injected statement":       `mst_' or '1'='1`,
		"one letter changed":          flip(made.Key.Reveal()),
		"one letter changed (access)": flip(pair.Access.Reveal()),
	} {
		if _, err := d.Resolve(t.Context(), forged); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v, want denied", name, err)
		}
	}
	if !d.works(t, pair.Access) || !d.works(t, made.Key) {
		t.Error("the real ones do not work, so that this test shows nothing")
	}
}

func flip(s string) string {
	b := []byte(s)
	b[20] ^= 1
	return string(b)
}

func TestUseIsNotedOnceAnHour(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := d.person(t, gate.Member)
	made := d.key(t, ctx, gate.MeetingsRead)
	uses := func() (n int) {
		t.Helper()
		if err := d.world.Admin.QueryRow(t.Context(), `select count(*) from control.event where verb = 'credential.use'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 3 {
		d.works(t, made.Key)
	}
	if n := uses(); n != 1 {
		t.Errorf("three uses left %d events, want 1", n)
	}
	d.world.Clock.Advance(time.Hour)
	d.works(t, made.Key)
	if n := uses(); n != 2 {
		t.Errorf("a use an hour later: %d events, want 2", n)
	}
	all, err := d.List(d.world.SignedIn(t, ctx))
	if err != nil || !all[0].UsedAt.Equal(d.world.Clock.Now()) {
		t.Errorf("List() = %+v, %v", all, err)
	}
	if bytes.Contains([]byte(all[0].Prefix), []byte(made.Key.Reveal())) {
		t.Error("the list shows the key")
	}
}

func TestARehearsalHoldsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r, err := d.Rehearse(t.Context())
	want := token.Rehearsal{AccessFor: token.AccessLife, RefreshFor: token.RefreshLife, Held: true, Over: true, Rotated: true, Reuse: true, Revoked: true,
		Hashed: true, Looked: true, Bits: 256}
	if err != nil || r != want {
		t.Errorf("Rehearse() = %+v, %v; want %+v", r, err, want)
	}
	var left int
	err = d.world.Admin.QueryRow(t.Context(), `select (select count(*) from control.account) + (select count(*) from control.credential) + (select count(*) from control.token)`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("the rehearsal left %d rows, %v", left, err)
	}
}
