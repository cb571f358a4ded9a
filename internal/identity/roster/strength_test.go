package roster_test

import (
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/worldtest"
)

// An admin sees of everybody how strongly they can sign in, of those who have a password alone, too.
func TestMembersSayHowStronglyTheySignIn(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Cedar")
	strong, err := tenant.ActorOf(ten.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Admin.Exec(t.Context(), `insert into control.phone (account_id, number_hmac, sealed, created_at) values ($1, '', '', $2)`, strong.Account, w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	members, err := w.Roster.Members(ten.Admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		want := gate.Single
		if m.ID == strong.Member {
			want = gate.Second
		}
		if m.Strength == nil || *m.Strength != want {
			t.Errorf("member %s signs in with %v, want %v", m.ID, m.Strength, want)
		}
	}
}
