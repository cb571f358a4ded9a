package enrolment_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/tenant"
)

func TestTheFirstRunCanBeByPasskey(t *testing.T) {
	t.Parallel()
	h := newEmpty(t)
	setup := identity.Setup{Token: h.setup(t), Name: "Ada Berg", Email: email, Workspace: "Bridges"}
	wrong := setup
	wrong.Email = "nobody"
	if _, err := h.BeginFirstPasskey(t.Context(), wrong); identity.Wrong(err) != "email" {
		t.Errorf("a bad address: %v about %q", err, identity.Wrong(err))
	}
	wrong = setup
	wrong.Token = "x"
	if _, err := h.BeginFirstPasskey(t.Context(), wrong); !fault.Is(err, fault.Ended) {
		t.Errorf("a bad token: %v, want ended", err)
	}
	d := newDevice()
	options, err := h.BeginFirstPasskey(t.Context(), setup)
	check(t, err)
	setup.Passkey = d.register(t, options)
	begun, err := h.FirstRun(t.Context(), setup)
	if err != nil || gate.StrengthOf(begun.Actor.Factors) != gate.PhishingResistant {
		t.Fatalf("FirstRun() = %+v, %v", begun.Actor, err)
	}
	h.ada = begun
	if me, err := h.Me(h.owner(t)); err != nil || me.Role != gate.Owner || me.Email != email {
		t.Errorf("Me() = %+v, %v", me, err)
	}
	if _, err := h.SignIn(t.Context(), email, ""); !fault.Is(err, fault.Denied) {
		t.Errorf("an empty password where there is none: %v, want denied", err)
	}
	if entry, err := h.enter(t, d); err != nil || entry.Actor.Account != begun.Actor.Account || entry.Actor.Workspace != begun.Actor.Workspace {
		t.Errorf("signing in by the passkey: %+v, %v", entry.Actor, err)
	}
	f, err := h.Factors.List(h.owner(t))
	check(t, err)
	if err := h.RemoveFactor(h.owner(t), "passkey", f.Passkeys[0].ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("removing the only way in: %v, want conflict", err)
	}
}

func TestAPasskeyIsAFirstFactorAndASecond(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.passkey(t, "Ada's laptop")
	entry, err := h.enter(t, d)
	if err != nil || entry.Challenge != "" || gate.StrengthOf(entry.Actor.Factors) != gate.PhishingResistant {
		t.Errorf("by the passkey alone: %+v, %v", entry.Actor, err)
	}
	half := h.challenge(t)
	if kinds, err := h.Asked(t.Context(), half); err != nil || strings.Join(kinds, " ") != "passkey recovery" {
		t.Errorf("Asked() = %v, %v", kinds, err)
	}
	options, err := h.AskPasskey(t.Context(), half)
	check(t, err)
	if begun, err := h.Continue(t.Context(), half, "passkey", d.assert(t, options)); err != nil || len(begun.Actor.Factors) != 2 {
		t.Errorf("by password and passkey: %+v, %v", begun.Actor, err)
	}
	options, err = h.AskConfirm(h.owner(t))
	check(t, err)
	if _, err := h.ConfirmBy(h.owner(t), "passkey", d.assert(t, options)); err != nil {
		t.Errorf("a confirmation by passkey: %v", err)
	}
	if n := h.count(t, `select sign_count from control.passkey`); n != 3 {
		t.Errorf("the count is %d, want 3", n)
	}
	if h.holds(t, "Ada's laptop") {
		t.Error("a passkey's name lies in the clear")
	}
}

func TestPasskeysHaveNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.passkey(t, "  Ada's   laptop ")
	h.Clock.Advance(time.Second)
	h.passkey(t, "")
	f, err := h.Factors.List(h.owner(t))
	check(t, err)
	if f.Passkeys[0].Name != "Ada's laptop" || f.Passkeys[1].Name != "Passkey of 12 March 2026" {
		t.Errorf("names are %q and %q", f.Passkeys[0].Name, f.Passkeys[1].Name)
	}
	check(t, h.Factors.Rename(h.owner(t), f.Passkeys[1].ID, "Key in the safe"))
	for name, err := range map[string]error{
		"no name":           h.Factors.Rename(h.owner(t), f.Passkeys[1].ID, " "),
		"another's passkey": h.Factors.Rename(h.owner(t), tenant.NewID[enrolment.PasskeyID](h.World.Source), "Mine"),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if f, err = h.Factors.List(h.owner(t)); err != nil || f.Passkeys[1].Name != "Key in the safe" {
		t.Errorf("renamed: %+v, %v", f.Passkeys, err)
	}
}

// B10: what was answered once, or waited too long, or was asked of another, is refused, and each refusal is in the audit log.
func TestAPasskeysChallengeIsTakenOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.passkey(t, "Laptop")
	ask := func() []byte {
		options, err := h.AskPasskey(t.Context(), "")
		check(t, err)
		return options
	}
	answer := d.assert(t, ask())
	if _, err := h.SignInPasskey(t.Context(), answer); err != nil {
		t.Fatal(err)
	}
	late := ask()
	bad := *d
	bad.site.Origin = "https://mainstay.example.com.evil.test"
	other := ask()
	refusals := map[string]func() error{
		"a replayed answer":           func() error { _, err := h.SignInPasskey(t.Context(), answer); return err },
		"an answer of another origin": func() error { _, err := h.SignInPasskey(t.Context(), bad.assert(t, other)); return err },
		"nothing":                     func() error { _, err := h.SignInPasskey(t.Context(), ""); return err },
		"no passkey of ours": func() error {
			stranger := newDevice()
			stranger.auth.Options.UserHandle = h.ada.Actor.Account[:]
			_, err := h.SignInPasskey(t.Context(), stranger.assert(t, ask()))
			return err
		},
		"without the person verified": func() error {
			loose := *d
			loose.auth.Options.UserNotVerified = true
			_, err := h.SignInPasskey(t.Context(), loose.assert(t, ask()))
			return err
		},
		"a challenge of nobody as a second factor": func() error {
			_, err := h.Continue(t.Context(), h.challenge(t), "passkey", d.assert(t, ask()))
			return err
		},
		"a challenge of somebody as the only factor": func() error {
			options, err := h.AskPasskey(t.Context(), h.challenge(t))
			check(t, err)
			_, err = h.SignInPasskey(t.Context(), d.assert(t, options))
			return err
		},
	}
	for name, refused := range refusals {
		if err := refused(); !fault.Is(err, fault.Denied) && !fault.Is(err, fault.Ended) && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if _, err := h.SignInPasskey(t.Context(), d.assert(t, other)); !fault.Is(err, fault.Ended) {
		t.Errorf("a challenge that was answered wrongly: %v, want ended", err)
	}
	h.Clock.Advance(5 * time.Minute)
	if _, err := h.SignInPasskey(t.Context(), d.assert(t, late)); !fault.Is(err, fault.Ended) {
		t.Errorf("a challenge after five minutes: %v, want ended", err)
	}
	if n := h.count(t, `select count(*) from control.event where outcome in ('refused', 'failed') and verb in ('session.begin', 'session.try')`); n < len(refusals) {
		t.Errorf("%d events of refusals, want at least %d", n, len(refusals))
	}
	if _, err := h.enter(t, d); err != nil {
		t.Errorf("the passkey itself: %v, so this test shows nothing", err)
	}
}

// B10: a passkey of another account is none of one's own.
func TestAPasskeyOfAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.passkey(t, "Ada's")
	bo := tenant.NewID[tenant.AccountID](h.World.Source)
	_, err := h.Admin.Exec(t.Context(), `
insert into control.account (id, email_hmac, password, state, created_at, sealed) values ($1, '\x01', '', 'active', $2, '')`, bo, h.Clock.Now())
	check(t, err)
	theirs := newDevice()
	theirs.auth.Options.UserHandle = bo[:]
	_, err = h.Admin.Exec(t.Context(), `
insert into control.passkey (id, account_id, credential, public_key, sign_count, backup, transports, created_at, sealed)
values ($1, $2, $3, $4, 0, false, '{}', $5, '')`, tenant.NewID[enrolment.PasskeyID](h.World.Source), bo, base64.RawURLEncoding.EncodeToString(theirs.key.ID),
		base64.RawURLEncoding.EncodeToString(theirs.key.Key.AttestationData()), h.Clock.Now())
	check(t, err)
	for name, handle := range map[string][]byte{"with its own handle": bo[:], "with Ada's handle": h.ada.Actor.Account[:], "without a handle": nil} {
		theirs.auth.Options.UserHandle = handle
		half := h.challenge(t)
		options, err := h.AskPasskey(t.Context(), half)
		check(t, err)
		if _, err := h.Continue(t.Context(), half, "passkey", theirs.assert(t, options)); !fault.Is(err, fault.Denied) {
			t.Errorf("%s, as Ada's second factor: %v, want denied", name, err)
		}
		options, err = h.AskConfirm(h.owner(t))
		check(t, err)
		if _, err := h.ConfirmBy(h.owner(t), "passkey", theirs.assert(t, options)); !fault.Is(err, fault.Denied) {
			t.Errorf("%s, to confirm as Ada: %v, want denied", name, err)
		}
	}
	theirs.auth.Options.UserHandle = h.ada.Actor.Account[:]
	options, err := h.AskPasskey(t.Context(), "")
	check(t, err)
	if _, err := h.SignInPasskey(t.Context(), theirs.assert(t, options)); !fault.Is(err, fault.Denied) {
		t.Errorf("with Ada's handle, as the only factor: %v, want denied", err)
	}
	registration, err := h.Factors.BeginPasskey(h.owner(t))
	check(t, err)
	if _, err := h.Factors.FinishPasskey(h.owner(t), "", theirs.register(t, registration)); !fault.Is(err, fault.Conflict) {
		t.Errorf("registered once more, by Ada: %v, want conflict", err)
	}
}

// B10: a count that goes back is refused, marked, and told.
func TestACopiedPasskeyIsRefusedAndMarked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.passkey(t, "Laptop")
	copied := *d
	for range 3 {
		if _, err := h.enter(t, d); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.enter(t, &copied); !fault.Is(err, fault.Denied) || !strings.Contains(fault.Sentence(err), "copy") {
		t.Errorf("a copy: %v, want denied", err)
	}
	f, err := h.Factors.List(h.owner(t))
	if err != nil || !f.Passkeys[0].Doubted {
		t.Errorf("the passkey is not marked: %+v, %v", f.Passkeys, err)
	}
	if n := h.count(t, `select count(*) from control.event where verb = 'factor.doubt' and outcome = 'done'`); n != 1 {
		t.Errorf("%d events of a doubt, want 1", n)
	}
}

func TestARegistrationIsOfTheSessionThatBeganIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, err := h.SignIn(t.Context(), email, password)
	check(t, err)
	options, err := h.Factors.BeginPasskey(h.owner(t))
	check(t, err)
	d := newDevice()
	answer := d.register(t, options)
	if _, err := h.Factors.FinishPasskey(h.as(t, other.Token), "", answer); !fault.Is(err, fault.Ended) {
		t.Errorf("in another session: %v, want ended", err)
	}
	if _, err := h.Factors.FinishPasskey(h.owner(t), "", answer); !fault.Is(err, fault.Ended) {
		t.Errorf("after it was answered: %v, want ended", err)
	}
	if n := h.count(t, `select count(*) from control.passkey`); n != 0 {
		t.Errorf("%d passkeys, want none", n)
	}
}

func TestADisabledAccountHasNoWayIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.passkey(t, "Laptop")
	_, err := h.Admin.Exec(t.Context(), `update control.account set state = 'disabled'`)
	check(t, err)
	if _, err := h.enter(t, d); !fault.Is(err, fault.Denied) {
		t.Errorf("a disabled account by passkey: %v, want denied", err)
	}
}
