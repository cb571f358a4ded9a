package trust_test

import (
	"context"
	"testing"

	"mainstay/internal/identity/oidc"
	"mainstay/internal/trust"
	"mainstay/internal/worldtest"
)

// lax saves a provider without what its owner asks for.
type lax struct {
	trust.Journeys
	rules oidc.Rules
}

// Save implements trust.Journeys.
func (l lax) Save(ctx context.Context, set oidc.Setting) error {
	if set.Rules = l.rules; len(set.Rules.Tenants) == 0 {
		set.Rules.Tenants = []string{"72f988bf-86f1-41af-91ab-2d7cd011db47"}
	}
	return l.Journeys.Save(ctx, set)
}

func laxly(rules oidc.Rules) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Providers = func(cfg oidc.Config) (trust.Journeys, error) {
			real, err := oidc.New(cfg)
			return lax{real, rules}, err
		}
	}
}

func TestProvidersThatLetEverybodyInAreSeen(t *testing.T) {
	t.Parallel()
	// A state that is forgotten at once works twice.
	red(t, "P037", sql(`
create function control.forget() returns trigger language plpgsql security definer as $$ begin delete from control.used_state; return new; end $$;
create trigger forget after insert on control.used_state for each row execute function control.forget()`))
	// By a clock that stands still no journey is late.
	red(t, "P037", func(_ *testing.T, w *worldtest.World, d *trust.Deployment) {
		d.Providers = func(cfg oidc.Config) (trust.Journeys, error) {
			cfg.Source = w.Source
			return oidc.New(cfg)
		}
	})
	red(t, "P058", laxly(oidc.Rules{}))
	red(t, "P059", laxly(oidc.Rules{}))
	red(t, "P157", laxly(oidc.Rules{}))
}
