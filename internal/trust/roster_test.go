package trust_test

import (
	"context"
	"testing"

	"mainstay/internal/identity/roster"
	"mainstay/internal/trust"
	"mainstay/internal/worldtest"
)

// floorless takes every rule.
type floorless struct{ trust.Roster }

func (floorless) ChangeSignIn(context.Context, roster.SignIn) error { return nil }

// everybody has every new member of a workspace come in as an owner.
const everybody = `
create function tenant.promote() returns trigger language plpgsql as $$ begin new.role := 'owner'; return new; end $$;
create trigger promote before insert on tenant.member for each row execute function tenant.promote()`

func TestRolesThatDecideNothingAreSeen(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"P029", "P159", "P160", "P162"} {
		red(t, id, sql(everybody))
	}
	red(t, "P132", sql(`
create function tenant.stay() returns trigger language plpgsql as $$ begin new.state := 'active'; return new; end $$;
create trigger stay before update on tenant.member for each row execute function tenant.stay()`))
	red(t, "P152", func(_ *testing.T, w *worldtest.World, d *trust.Deployment) { d.Roster = floorless{w.Roster} })
	red(t, "P161", sql(`
create function tenant.open() returns trigger language plpgsql as $$ begin new.visibility := 'workspace'; return new; end $$;
create trigger open before insert on tenant.record for each row execute function tenant.open()`))
}
