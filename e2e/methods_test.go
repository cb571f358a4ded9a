package e2e

import (
	"context"
	"maps"

	"mainstay/internal/gate"
	"mainstay/internal/worldtest"
)

// merged puts tables of cases together.
func merged(tables ...map[string]method) map[string]method {
	all := map[string]method{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

func postMethods() map[string]method {
	type w = worldtest.World
	type c = worldtest.Case
	return map[string]method{
		"post.Works":   {none: "it says whether a server is set"},
		"post.Reach":   {none: "it sends nothing; the checks of a deployment call it"},
		"post.Run":     {none: "the program itself runs it"},
		"post.Drain":   {none: "the program itself calls it"},
		"post.Account": {none: "it is part of an act of the instance"},
		"post.Address": {none: "it is part of an act of the instance"},
		"post.Counts": {own: true, least: gate.Admin, call: func(ctx context.Context, w *w, _ c) (any, error) {
			return w.Post.Counts(ctx)
		}},
	}
}
