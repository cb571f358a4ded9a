package identity_test

import (
	"context"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

func TestAProofEndsItsOwnWorkspaceAlone(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	people := firstRun(t, s).Actor
	owner, err := s.StageProof(t.Context(), "A proof")
	if err != nil {
		t.Fatal(err)
	}
	as := tenant.WithActor(t.Context(), owner)
	if me, err := s.Me(as); err != nil || me.Workspace != "A proof" || me.Role != gate.Owner {
		t.Errorf("Me() = %+v, %v; want the owner of the proof's workspace", me, err)
	}
	if n := count(t, w, `select count(*) from control.workspace`); n != 1 {
		t.Errorf("%d workspaces are listed, want the people's alone", n)
	}
	if err := s.EndProof(t.Context(), people.Workspace); !fault.Is(err, fault.Denied) {
		t.Errorf("ending the people's workspace: %v, want fault.Denied", err)
	}
	if _, err := s.Me(tenant.WithActor(context.Background(), people)); err != nil {
		t.Errorf("the people's workspace: %v", err)
	}
	stageSession(t, s, owner.Workspace)
	if err := s.StageAccount(t.Context(), people, "taken@localhost.invalid", ""); !fault.Is(err, fault.Denied) {
		t.Errorf("an account for the people's workspace: %v, want fault.Denied", err)
	}
	if err := s.AgeSessions(t.Context(), people.Workspace, identity.Age{Begun: time.Hour}); !fault.Is(err, fault.Denied) {
		t.Errorf("making the people's sessions older: %v, want fault.Denied", err)
	}
	if err := s.EndProof(t.Context(), owner.Workspace); err != nil {
		t.Fatal(err)
	}
	if n := count(t, w, `select count(*) from control.account`) + count(t, w, `select count(*) from control.session`); n != 2 {
		t.Errorf("%d accounts and sessions are there, want the people's two", n)
	}
	if _, err := s.Me(as); err == nil {
		t.Error("the proof's workspace can be read after its end")
	}
	var left []tenant.WorkspaceID
	if err := w.Vault.Workspaces(t.Context(), func(ws tenant.WorkspaceID, _ time.Time) error { left = append(left, ws); return nil }); err != nil || len(left) != 1 {
		t.Errorf("the workspaces with keys are %v, %v; want the people's alone", left, err)
	}
}

// stageSession makes an account of a proof's workspace, signs it in, and has its session be over.
func stageSession(t *testing.T, s *identity.Service, ws tenant.WorkspaceID) {
	t.Helper()
	member, err := s.StageMember(t.Context(), ws, gate.Member)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := s.Hasher.Hash(t.Context(), "a lantern beside the mill")
	if err == nil {
		err = s.StageAccount(t.Context(), member, "prover@localhost.invalid", hash)
	}
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.SignIn(t.Context(), "prover@localhost.invalid", "a lantern beside the mill")
	if err != nil || in.Actor.Member != member.Member {
		t.Fatalf("SignIn() = %+v, %v; want the member of the proof", in, err)
	}
	for _, by := range []struct {
		age  time.Duration
		over bool
	}{{identity.SessionLife - time.Second, false}, {time.Second, true}} {
		if err := s.AgeSessions(t.Context(), ws, identity.Age{Begun: by.age}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Resolve(t.Context(), in.Token.Reveal()); fault.Is(err, fault.Denied) != by.over {
			t.Errorf("after %s more: %v, over %v", by.age, err, by.over)
		}
	}
}

// TestWhatAKilledProofLeavesGoesWithTheNext leaves a proof in the middle.
func TestWhatAKilledProofLeavesGoesWithTheNext(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	firstRun(t, s)
	left, err := s.StageProof(t.Context(), "A proof that is killed")
	if err != nil {
		t.Fatal(err)
	}
	stageSession(t, s, left.Workspace)
	for _, next := range []struct {
		later time.Duration
		want  int
	}{{time.Hour, 2}, {time.Second, 1}} {
		w.Clock.Advance(next.later)
		if _, err := s.StageProof(t.Context(), "The next"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, w, `select count(*) from control.account`); n != next.want {
			t.Errorf("%s later there are %d accounts, want %d", next.later, n, next.want)
		}
	}
}
