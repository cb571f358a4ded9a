package identity_test

import (
	"context"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
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
	if err := s.EndProof(t.Context(), owner.Workspace); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Me(as); err == nil {
		t.Error("the proof's workspace can be read after its end")
	}
	var left []tenant.WorkspaceID
	if err := w.Vault.Workspaces(t.Context(), func(ws tenant.WorkspaceID, _ time.Time) error { left = append(left, ws); return nil }); err != nil || len(left) != 1 {
		t.Errorf("the workspaces with keys are %v, %v; want the people's alone", left, err)
	}
}
