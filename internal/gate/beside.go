package gate

import (
	"context"

	"mainstay/internal/audit"
	"mainstay/internal/tenant"
)

type besideKey struct{}

// Beside returns a context in which every act that changes something also runs fn, in the same transaction and after its own
// body: what fn writes is there exactly where the act is.
func Beside(ctx context.Context, fn Func) context.Context {
	return context.WithValue(ctx, besideKey{}, fn)
}

func (tx *Tx) beside(ctx context.Context) error {
	fn, ok := ctx.Value(besideKey{}).(Func)
	if !ok || tx.rule.Stream == audit.Access {
		return nil
	}
	return fn(context.WithValue(ctx, insideKey{}, true), tx)
}

// Keeper is the record under whose key an answer about the act is kept: it dies with what the answer tells. It leads the group
// of the act's object, or of what the act makes; else it is the workspace's own.
func (tx *Tx) Keeper() tenant.RecordID {
	switch {
	case tx.rule.Erases:
	case !tx.object.group.IsZero():
		return tx.object.group
	case len(tx.act.Make) > 0 && !tx.act.Make[0].Group.IsZero():
		return tx.act.Make[0].Group
	case len(tx.act.Make) > 0:
		return tx.act.Make[0].ID
	}
	return WorkspaceRecord(tx.actor.Workspace)
}
