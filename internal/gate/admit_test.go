package gate_test

import (
	"context"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/tenant"
)

// changed returns ctx with its actor changed.
func changed(t *testing.T, ctx context.Context, change func(*tenant.Actor)) context.Context {
	t.Helper()
	a, err := tenant.ActorOf(ctx)
	if err != nil {
		t.Fatal(err)
	}
	change(&a)
	return tenant.WithActor(ctx, a)
}

func policy(t *testing.T, w *gatetest.World, ws gatetest.Workspace, set string, value any) {
	t.Helper()
	if _, err := w.Admin.Exec(t.Context(), `update tenant.workspace set `+set+` = $2 where workspace_id = $1`, ws.ID, value); err != nil {
		t.Fatal(err)
	}
}

func TestAWorkspaceAsksForFactors(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	for name, c := range map[string]struct {
		least   string
		factors []string
		want    fault.Want
	}{
		"a password is one factor":                        {"second", []string{"password"}, fault.SecondFactor},
		"a code alone is none":                            {"second", []string{"totp"}, fault.SecondFactor},
		"two codes are no two factors":                    {"second", []string{"totp", "sms"}, fault.SecondFactor},
		"two first factors are no second":                 {"second", []string{"password", "oidc:google"}, fault.SecondFactor},
		"a password and a code are two":                   {"second", []string{"password", "totp"}, ""},
		"a passkey is two":                                {"second", []string{"passkey"}, ""},
		"a provider's word counts":                        {"second", []string{"oidc:google", "mfa"}, ""},
		"a code can be phished":                           {"phishing-resistant", []string{"password", "totp"}, fault.Passkey},
		"a passkey cannot":                                {"phishing-resistant", []string{"password", "passkey"}, ""},
		"nothing is asked where nothing is asked":         {"none", []string{"password"}, ""},
		"who has shown nothing is not let in for nothing": {"second", nil, fault.SecondFactor},
	} {
		t.Run(name, func(t *testing.T) {
			ws := w.Workspace(t)
			meeting := ws.Meeting(t, true)
			policy(t, w, ws, "least_factor", c.least)
			who := changed(t, ws.Member(t, gate.Owner), func(a *tenant.Actor) { a.Factors = c.factors })
			err := w.Gate.Do(who, gate.Act{Verb: gate.ReadWorkspace}, nothing)
			if got := fault.Wanted(err); got != c.want || (err == nil) != (c.want == "") {
				t.Errorf("wanted %q (%v), want %q", got, err, c.want)
			}
			if c.want != "" && fault.Wanted(read(who, w, meeting)) != c.want {
				t.Error("whether a meeting exists shows before the factor")
			}
		})
	}
}

func TestAWorkspaceBoundsSessions(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ws := w.Workspace(t)
	policy(t, w, ws, "session_hours", 8)
	policy(t, w, ws, "idle_minutes", 30)
	for name, c := range map[string]struct {
		signedIn, seen time.Duration
		want           fault.Want
	}{
		"a young session in use":   {time.Hour, time.Minute, ""},
		"one that is too old":      {8 * time.Hour, time.Minute, fault.SignIn},
		"one that was idle":        {time.Hour, 30 * time.Minute, fault.SignIn},
		"one with a second to go":  {8*time.Hour - time.Second, 30*time.Minute - time.Second, ""},
		"one that never signed in": {1 << 62, 0, fault.SignIn},
	} {
		who := changed(t, ws.Member(t, gate.Owner), func(a *tenant.Actor) {
			a.SignedInAt, a.SeenAt = w.Clock.Now().Add(-c.signedIn), w.Clock.Now().Add(-c.seen)
		})
		if got := fault.Wanted(w.Gate.Do(who, gate.Act{Verb: gate.ReadWorkspace}, nothing)); got != c.want {
			t.Errorf("%s: wanted %q, want %q", name, got, c.want)
		}
	}
}

func TestSomeActsAskWhetherItIsStillThem(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	owner := w.Workspace(t).Member(t, gate.Owner)
	for age, want := range map[time.Duration]fault.Want{0: "", gate.ConfirmAge - time.Second: "", gate.ConfirmAge: fault.Confirmation} {
		who := changed(t, owner, func(a *tenant.Actor) { a.ConfirmedAt = w.Clock.Now().Add(-age) })
		if got := fault.Wanted(w.Gate.Do(who, gate.Act{Verb: gate.ChangeModel}, nothing)); got != want {
			t.Errorf("%s after a confirmation: wanted %q, want %q", age, got, want)
		}
	}
}

func TestAKeyHasItsScopeAndItsPersonsRole(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	ws := w.Workspace(t)
	meeting := ws.Meeting(t, false)
	for name, c := range map[string]struct {
		role   gate.Role
		scopes []string
		verb   gate.Verb
		want   fault.Kind
		ok     bool
	}{
		"its scope":                       {gate.Viewer, []string{"meetings:read"}, gate.ReadMeeting, 0, true},
		"what every key may":              {gate.Viewer, nil, gate.ReadWorkspace, 0, true},
		"no scope":                        {gate.Owner, nil, gate.ReadMeeting, fault.Denied, false},
		"another scope":                   {gate.Owner, []string{"meetings:read"}, gate.ChangeMeeting, fault.Denied, false},
		"more than its person":            {gate.Viewer, []string{"meetings:write"}, gate.ChangeMeeting, fault.Denied, false},
		"what no key may":                 {gate.Owner, []string{"settings:write", "*", ""}, gate.ChangeModel, fault.Denied, false},
		"a scope that is spelled in part": {gate.Owner, []string{"meetings"}, gate.ReadMeeting, fault.Denied, false},
	} {
		who := changed(t, ws.Member(t, c.role), func(a *tenant.Actor) { a.Credential, a.Scopes = tenant.ByKey, c.scopes })
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			act := gate.Act{Verb: c.verb}
			if c.verb == gate.ReadMeeting || c.verb == gate.ChangeMeeting {
				act.Object = meeting
			}
			if err := w.Gate.Do(who, act, nothing); (err == nil) != c.ok || err != nil && fault.KindOf(err) != c.want {
				t.Errorf("Do(%s) = %v, want ok %v", c.verb, err, c.ok)
			}
		})
	}
}
