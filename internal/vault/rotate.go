package vault

import (
	"context"
	"errors"
	"fmt"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Rotate makes a new version of a workspace's key for a purpose, wraps with it what older versions wrapped, and destroys
// those. Data stays as it is, and stays readable all the while. Killed half-way it is finished by the next Rotate.
func (v *Vault) Rotate(ctx context.Context, ws tenant.WorkspaceID, p Purpose) error {
	err := v.retry(ctx, func() error { return v.nextVersion(ctx, ws, p) })
	if err == nil {
		err = v.rewrap(ctx, ws, p)
	}
	if err != nil {
		return fmt.Errorf("rotating the %s key of workspace %s: %w", p, ws, err)
	}
	return nil
}

// nextVersion adds a version and retires those before it, in one change: from then on they wrap nothing new.
func (v *Vault) nextVersion(ctx context.Context, ws tenant.WorkspaceID, p Purpose) error {
	versions, err := v.cfg.Keys.List(ctx, workspacePrefix(ws, p), "", pageSize)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return fault.New(fault.Missing, "This workspace has no keys.")
	}
	var changes []Change
	var next uint32
	for _, at := range versions {
		e, err := parseEntry(at.Value)
		if err != nil {
			return err
		}
		e.state, next = retiring, e.version+1
		changes = append(changes, Change{ID: at.ID, Was: at.Value, Value: e.bytes()})
	}
	name := workspaceKeyID(ws, p, next)
	value, err := v.topEntry(ctx, name, entry{purpose: p, version: next})
	if err != nil {
		return err
	}
	return v.cfg.Keys.Write(ctx, append(changes, Change{ID: name, Value: value})...)
}

// rewrap moves every key of the purpose to the newest version and destroys the versions before it.
func (v *Vault) rewrap(ctx context.Context, ws tenant.WorkspaceID, p Purpose) error {
	above, _, err := v.newest(ctx, ws, p)
	if err != nil {
		return err
	}
	if p == Index {
		if err := v.move(ctx, ws, digestKeyID(ws), above); err != nil {
			return err
		}
	}
	err = v.pages(ctx, recordPrefix(ws), func(page []Entry) error { return v.movePage(ctx, ws, p, page, above) })
	if err != nil {
		return err
	}
	var changes []Change
	err = v.each(ctx, workspacePrefix(ws, p), func(at Entry) error {
		e, err := parseEntry(at.Value)
		if err == nil && e.version < above.version {
			changes = append(changes, Change{ID: at.ID, Always: true})
		}
		return err
	})
	if err != nil {
		return err
	}
	v.Close()
	return v.cfg.Keys.Write(ctx, changes...)
}

// movePage moves the entries of a page in one change; where one of them changed meanwhile it moves them one by one.
func (v *Vault) movePage(ctx context.Context, ws tenant.WorkspaceID, p Purpose, page []Entry, above *keyed) error {
	var changes []Change
	for _, at := range page {
		e, err := parseEntry(at.Value)
		if err != nil {
			return err
		}
		if e.purpose != p || !e.parent.IsZero() || e.version == above.version {
			continue
		}
		change, err := v.moved(ctx, ws, at, above)
		if err != nil {
			return err
		}
		changes = append(changes, change)
	}
	err := v.cfg.Keys.Write(ctx, changes...)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	for _, c := range changes {
		if err := v.move(ctx, ws, c.ID, above); err != nil {
			return err
		}
	}
	return nil
}

// move wraps one entry with the key above. An entry that is gone stays gone: its record was erased meanwhile.
func (v *Vault) move(ctx context.Context, ws tenant.WorkspaceID, name string, above *keyed) error {
	return v.retry(ctx, func() error {
		values, err := v.cfg.Keys.Get(ctx, name)
		if err != nil || values[0] == nil {
			return err
		}
		change, err := v.moved(ctx, ws, Entry{name, values[0]}, above)
		if err != nil {
			return err
		}
		return v.cfg.Keys.Write(ctx, change)
	})
}

func (v *Vault) moved(ctx context.Context, ws tenant.WorkspaceID, at Entry, above *keyed) (Change, error) {
	raw, e, err := v.unwrapBelowTop(ctx, ws, at.ID, at.Value)
	if err != nil {
		return Change{}, fmt.Errorf("unwrapping %s: %w", at.ID, err)
	}
	defer clear(raw)
	e.version = above.version
	e.wrapped = above.wrap.Seal(nil, nil, raw, e.bound(at.ID))
	return Change{ID: at.ID, Was: at.Value, Value: e.bytes()}, nil
}

// RotateRoot wraps everything at the top of the tree with another root, which the vault uses from then on. Both must be kept
// until it returns: killed half-way, run it again.
func (v *Vault) RotateRoot(ctx context.Context, next Root) error {
	v.setRoot(eitherRoot{next, v.rootNow()})
	for _, prefix := range []string{"w/", instanceID, lookupID} {
		err := v.each(ctx, prefix, func(at Entry) error {
			return v.retry(ctx, func() error { return v.moveTop(ctx, at.ID, next) })
		})
		if err != nil {
			return fmt.Errorf("wrapping keys with another root: %w", err)
		}
	}
	v.setRoot(next)
	return nil
}

func (v *Vault) moveTop(ctx context.Context, name string, next Root) error {
	values, err := v.cfg.Keys.Get(ctx, name)
	if err != nil || values[0] == nil {
		return err
	}
	e, err := parseEntry(values[0])
	if err != nil {
		return err
	}
	raw, err := v.rootNow().Unwrap(ctx, e.wrapped, e.bound(name))
	if err != nil {
		return fmt.Errorf("unwrapping %s: %w", name, err)
	}
	defer clear(raw)
	if e.wrapped, err = next.Wrap(ctx, raw, e.bound(name)); err != nil {
		return fmt.Errorf("wrapping %s: %w", name, err)
	}
	return v.cfg.Keys.Write(ctx, Change{ID: name, Was: values[0], Value: e.bytes()})
}

// eitherRoot wraps with the first root and unwraps what either wrapped.
type eitherRoot struct{ next, before Root }

func (r eitherRoot) Wrap(ctx context.Context, key, bound []byte) ([]byte, error) {
	return r.next.Wrap(ctx, key, bound)
}

func (r eitherRoot) Unwrap(ctx context.Context, wrapped, bound []byte) ([]byte, error) {
	key, err := r.next.Unwrap(ctx, wrapped, bound)
	if err == nil {
		return key, nil
	}
	key, before := r.before.Unwrap(ctx, wrapped, bound)
	if before == nil {
		return key, nil
	}
	return nil, errors.Join(err, before)
}
