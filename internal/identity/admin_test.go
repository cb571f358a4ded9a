package identity_test

import (
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

func TestASetupLinkIsForADeploymentWithoutOwner(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	old := issue(t, s)
	link, err := s.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetupOpen(t.Context(), old); !fault.Is(err, fault.Ended) {
		t.Errorf("the link before: %v, want fault.Ended", err)
	}
	if _, err := s.FirstRun(t.Context(), setupOf(link.Reveal())); err != nil {
		t.Fatalf("the first run by the link: %v", err)
	}
	if _, err := s.SetupLink(t.Context()); !fault.Is(err, fault.Conflict) {
		t.Errorf("a link of a deployment that has an owner: %v, want fault.Conflict", err)
	}
	if n := count(t, w, `select count(*) from control.setup where used_at is null`); n != 0 {
		t.Errorf("%d links are open on a deployment that has an owner", n)
	}
	if n := count(t, w, `select count(*) from control.event where verb = 'setup.begin' and actor_name = 'operator' and outcome in ('done', 'failed')`); n != 2 {
		t.Errorf("%d events of the operator's two tries", n)
	}
}

func TestTheOperatorClosesAnAccountAndOpensItAgain(t *testing.T) {
	t.Parallel()
	w, s := newService(t)
	begun := firstRun(t, s)
	listed, err := s.Accounts(t.Context(), false)
	if err != nil || len(listed) != 1 || listed[0].Email != "" || listed[0].State != "active" || listed[0].Sessions != 1 || listed[0].Workspaces != 1 || listed[0].LastSignIn == nil {
		t.Errorf("the accounts without addresses: %+v, %v", listed, err)
	}
	if listed, err = s.Accounts(t.Context(), true); err != nil || listed[0].Email != "Ada@Example.com" {
		t.Errorf("the accounts with addresses: %+v, %v", listed, err)
	}
	for _, name := range []string{" ada@example.com ", listed[0].ID.String()} {
		if _, err := s.Disable(t.Context(), name); err != nil {
			t.Fatalf("closing the account: %v", err)
		}
		if _, err := s.Resolve(t.Context(), begun.Token.Reveal()); !fault.Is(err, fault.Denied) {
			t.Errorf("its session goes on: %v", err)
		}
		if _, err := s.SignIn(t.Context(), "ada@example.com", secret); !fault.Is(err, fault.Denied) {
			t.Errorf("it signs in: %v", err)
		}
		if _, err := s.Disable(t.Context(), name); !fault.Is(err, fault.Conflict) {
			t.Errorf("closing it twice: %v, want fault.Conflict", err)
		}
		if _, err := s.Enable(t.Context(), name); err != nil {
			t.Fatalf("opening it again: %v", err)
		}
		if _, err := s.Resolve(t.Context(), begun.Token.Reveal()); !fault.Is(err, fault.Denied) {
			t.Errorf("the session of before goes on again: %v", err)
		}
		entry, err := s.SignIn(t.Context(), "ada@example.com", secret)
		if err != nil {
			t.Fatalf("signing in to an account that was opened again: %v", err)
		}
		begun = entry.Begun
	}
	if n := count(t, w, `select count(*) from control.event where verb in ('account.disable', 'account.enable') and outcome = 'done' and actor_name = 'operator' and object_id is not null`); n != 4 {
		t.Errorf("%d events name the account, want 4", n)
	}
	for _, name := range []string{"nobody@example.com", tenant.NewID[tenant.AccountID](w.Source).String(), ""} {
		if _, err := s.Disable(t.Context(), name); !fault.Is(err, fault.Missing) {
			t.Errorf("closing %q: %v, want fault.Missing", name, err)
		}
	}
}
