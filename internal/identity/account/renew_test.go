package account_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

const day = 24 * time.Hour

// aged is a deployment whose workspace wants a new password every 90 days, and whose owner's is as old as that.
func newAged(t *testing.T) *mailed {
	t.Helper()
	m := newMailed(t)
	_, err := m.Admin.Exec(t.Context(), `update control.workspace set password_days = 90`)
	must(t, err)
	m.Clock.Advance(90*day - time.Minute)
	if entry := m.enter(secret); entry.Challenge != "" {
		t.Fatal("a minute before its time a password was too old")
	}
	m.Clock.Advance(time.Minute)
	return m
}

func (m *mailed) enter(password string) identity.Entry {
	m.Helper()
	entry, err := m.Identity.SignIn(m.Context(), "ada@example.com", password)
	must(m.T, err)
	return entry
}

func (m *mailed) sessions() int {
	m.Helper()
	return count(m.T, m.World.World, `select count(*) from control.session where ended_at is null`)
}

// Before the new password is there, there is no session; afterwards there is one, and no other.
func TestAPasswordThatIsTooOldIsReplacedAtTheSignIn(t *testing.T) {
	t.Parallel()
	m := newAged(t)
	before := m.sessions()
	entry := m.enter(secret)
	if entry.Challenge == "" || entry.Token != "" || len(entry.Needs) != 1 || entry.Needs[0] != identity.NewPassword || m.sessions() != before {
		t.Fatalf("an old password led to %+v with %d sessions, want a challenge and %d", entry, m.sessions(), before)
	}
	if asked, err := m.Accounts.Renewing(t.Context(), entry.Challenge); err != nil || asked.Least != 12 || asked.Days != 90 {
		t.Errorf("Renewing() = %+v, %v", asked, err)
	}
	for _, kind := range []string{identity.NewPassword, identity.Password, identity.TOTP} {
		if next, err := m.Identity.Continue(t.Context(), m.enter(secret).Challenge, kind, secret); err == nil {
			t.Errorf("the challenge took %s as a factor: %+v", kind, next)
		}
	}
	for _, weak := range []string{secret, "short", "Ada Berg 2026"} {
		if _, err := m.Accounts.RenewPassword(t.Context(), entry.Challenge, weak); !fault.Is(err, fault.Invalid) || identity.Wrong(err) != "password" {
			t.Errorf("%q in place of the old password: %v about %q, want invalid", weak, err, identity.Wrong(err))
		}
	}
	if m.sessions() != before {
		t.Fatal("a refused password began a session")
	}
	m.letters()
	begun, err := m.Accounts.RenewPassword(t.Context(), entry.Challenge, newSecret)
	must(t, err)
	alive(t, m.Identity, begun, "of the sign-in that chose a new password")
	dead(t, m.Identity, m.owner, "from before the new password")
	if mails := m.letters(); len(mails) == 0 {
		t.Error("nobody was told of the new password")
	}
	if _, err := m.Accounts.RenewPassword(t.Context(), entry.Challenge, "a third one by the canal"); !fault.Is(err, fault.Ended) {
		t.Errorf("the challenge a second time: %v, want ended", err)
	}
	if m.signsIn(secret) || !m.signsIn(newSecret) {
		t.Error("afterwards the old password still works, or the new one does not")
	}
	if got := count(t, m.World.World, `select count(*) from control.event where verb = 'password.renew' and outcome = 'done'`); got != 1 {
		t.Errorf("%d events of the act, want 1", got)
	}
}

// The strictest of a person's workspaces decides, and one that they left does not.
func TestTheStrictestWorkspaceDecidesHowOldAPasswordGets(t *testing.T) {
	t.Parallel()
	m := newMailed(t)
	other := m.Tenant(t, "Quartz")
	_, err := m.Admin.Exec(t.Context(), `update control.workspace set password_days = case when id = $1 then 30 else 365 end`, other.ID)
	must(t, err)
	_, err = m.Admin.Exec(t.Context(), `insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, now())`,
		m.owner.Actor.Account, other.ID, tenant.NewID[tenant.MemberID](m.Source))
	must(t, err)
	m.Clock.Advance(30 * day)
	if m.enter(secret).Challenge == "" {
		t.Error("the strictest workspace was not heard")
	}
	_, err = m.Admin.Exec(t.Context(), `update control.seat set closed_at = now() where workspace_id = $1`, other.ID)
	must(t, err)
	if m.enter(secret).Challenge != "" {
		t.Error("a workspace that the person left still asks")
	}
}

// A second factor comes first: whoever has the old password alone changes nothing.
func TestASecondFactorComesBeforeTheNewPassword(t *testing.T) {
	t.Parallel()
	m := newAged(t)
	_, err := m.Admin.Exec(t.Context(), `update control.workspace set password_days = 0`)
	must(t, err)
	in := confirmed(t, m.Identity, signIn(t, m.Identity))
	app, err := m.Identity.Factors.BeginApp(as(t, in))
	must(t, err)
	code := func() string {
		c, err := hotp.GenerateCodeCustom(app.Secret, uint64(factor.Step(m.Clock.Now())), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		must(t, err)
		return c
	}
	_, err = m.Identity.Factors.ConfirmApp(as(t, in), app.Token.Reveal(), code())
	must(t, err)
	m.Clock.Advance(time.Minute)
	_, err = m.Admin.Exec(t.Context(), `update control.workspace set password_days = 90`)
	must(t, err)

	half := m.enter(secret)
	if half.Needs[0] != identity.TOTP {
		t.Fatalf("the sign-in needs %v first, want the app", half.Needs)
	}
	if _, err := m.Accounts.RenewPassword(t.Context(), half.Challenge, newSecret); !fault.Is(err, fault.Ended) {
		t.Errorf("a new password before the second factor: %v, want ended", err)
	}
	before := m.sessions()
	entry, err := m.Identity.Continue(t.Context(), half.Challenge, identity.TOTP, code())
	must(t, err)
	if entry.Challenge == "" || entry.Challenge == half.Challenge || entry.Token != "" || m.sessions() != before {
		t.Fatalf("after the second factor: %+v, want another challenge and no session", entry)
	}
	begun, err := m.Accounts.RenewPassword(t.Context(), entry.Challenge, newSecret)
	must(t, err)
	if gate.StrengthOf(begun.Actor.Factors) != gate.Second {
		t.Errorf("the session has shown %v, want the password and the app", begun.Actor.Factors)
	}
}

// Who did not show the password is not asked for another: neither a passkey, nor a provider's word, nor a key.
func TestOnlyAPasswordThatWasShownIsTooOld(t *testing.T) {
	t.Parallel()
	m := newAged(t)
	for _, shown := range []string{identity.Passkey, "oidc:google"} {
		entry, err := m.Identity.Enter(t.Context(), m.owner.Actor.Account, identity.Shown{Factors: []string{shown}})
		if err != nil || entry.Challenge != "" || entry.Token == "" {
			t.Errorf("a sign-in by %s: %+v, %v, want a session", shown, entry.Needs, err)
		}
	}
	alive(t, m.Identity, signInByPasskey(t, m), "of a passkey")
}

func signInByPasskey(t *testing.T, m *mailed) identity.Begun {
	t.Helper()
	entry, err := m.Identity.Enter(t.Context(), m.owner.Actor.Account, identity.Shown{Factors: []string{identity.Passkey}})
	must(t, err)
	return entry.Begun
}

// Of two who answer the same challenge at once, one gets a session.
func TestOfTwoNewPasswordsAtOnceOneCounts(t *testing.T) {
	t.Parallel()
	m := newAged(t)
	challenge := m.enter(secret).Challenge
	done := make(chan error, 2)
	for _, next := range []string{newSecret, "a third one by the canal"} {
		go func() {
			_, err := m.Accounts.RenewPassword(t.Context(), challenge, next)
			done <- err
		}()
	}
	first, second := <-done, <-done
	if (first == nil) == (second == nil) || first != nil && !fault.Is(first, fault.Ended) || second != nil && !fault.Is(second, fault.Ended) {
		t.Errorf("two at once: %v and %v, want one to win and the other to be ended", first, second)
	}
}
