package e2e

import (
	"context"

	"mainstay/internal/gate"
	"mainstay/internal/webhook"
	"mainstay/internal/worldtest"
)

// webhookMethods are the cases of webhooks. Whose a webhook is, its own tests try: TestWhoMayNotAdministrateHasNoWebhooks.
func webhookMethods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	const own = "TestWhoMayNotAdministrateHasNoWebhooks"
	return map[string]method{
		"webhook.Create": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			_, _, err := w.Hooks.Create(ctx, webhook.Wanted{Name: "Log", URL: "https://hooks.example.com/x", Events: webhook.Events()})
			return struct{}{}, err
		}},
		"egress.Listed":     {none: "it reads the operator's list alone"},
		"webhook.List":      {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) { return w.Hooks.List(ctx) }},
		"webhook.MayCreate": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) { return struct{}{}, w.Hooks.MayCreate(ctx) }},
		"webhook.Change":    {none: own},
		"webhook.Remove":    {none: own},
		"webhook.Read":      {none: own},
		"webhook.Removable": {none: own},
		"webhook.Ping":      {none: own},
		"webhook.Again":     {none: own},
		"webhook.Announce":  {none: "a step of the queue, which acts in its own workspace"},
		"webhook.Deliver":   {none: "a step of the queue, which acts in its own workspace"},
	}
}
