package e2e

import (
	"context"

	"mainstay/internal/accesslog"
	"mainstay/internal/gate"
	"mainstay/internal/worldtest"
)

func accessMethods() map[string]method {
	return map[string]method{
		"accesslog.Take":    {none: "the program itself calls it, for each request"},
		"accesslog.Dropped": {none: "a number about the program"},
		"accesslog.Flush":   {none: "the program itself calls it"},
		"accesslog.Sweep":   {none: "the program itself calls it"},
		"accesslog.Run":     {none: "the program itself runs it"},
		"accesslog.Newest": {own: true, least: gate.Admin, call: func(ctx context.Context, w *worldtest.World, _ worldtest.Case) (any, error) {
			return w.Access.Newest(ctx, accesslog.Filter{})
		}},
	}
}
