package vault

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"mainstay/internal/tenant"
)

// Rotate makes a new version of a workspace's key for a purpose and wraps the keys of its records with it. Data stays as it
// is, and stays readable all the while: each entry is replaced whole.
func (v *Vault) Rotate(ctx context.Context, ws tenant.WorkspaceID, p Purpose) error {
	_, version, err := v.newest(ctx, ws, p)
	if err != nil {
		return err
	}
	name := workspaceKeyID(ws, p, version+1)
	top, _, err := v.wrapTop(ctx, name, entry{purpose: p, version: version + 1})
	if err != nil {
		return err
	}
	if err := v.Keys.Put(map[string][]byte{name: top.bytes()}); err != nil {
		return err
	}
	return v.rewrap(ctx, ws, p, version+1)
}

// rewrap moves every record key of the purpose to a version. Killed half-way, it is run again by the next Rotate.
func (v *Vault) rewrap(ctx context.Context, ws tenant.WorkspaceID, p Purpose, version uint32) error {
	above, err := v.topKey(ctx, workspaceKeyID(ws, p, version))
	if err != nil {
		return err
	}
	moved := map[string][]byte{}
	prefix := "r/" + hex.EncodeToString(ws[:]) + "/"
	err = v.Keys.Each(prefix, func(id string, value []byte) error {
		e, err := parseEntry(value)
		if err != nil || e.purpose != p || !e.parent.IsZero() || e.version == version {
			return err
		}
		before, err := v.topKey(ctx, workspaceKeyID(ws, p, e.version))
		if err != nil {
			return err
		}
		raw, err := before.aead.Open(nil, nil, e.wrapped, e.bound(id))
		if err != nil {
			return fmt.Errorf("unwrapping %s: %w", strings.TrimPrefix(id, prefix), err)
		}
		e.version = version
		e.wrapped = above.aead.Seal(nil, nil, raw, e.bound(id))
		clear(raw)
		moved[id] = e.bytes()
		return nil
	})
	if err != nil {
		return err
	}
	return v.Keys.Put(moved)
}

// RotateRoot wraps everything at the top of the tree with another root. The vault must be opened with it from then on.
func (v *Vault) RotateRoot(ctx context.Context, next Root) error {
	moved := map[string][]byte{}
	wrap := func(id string, value []byte) error {
		e, err := parseEntry(value)
		if err != nil {
			return err
		}
		raw, err := v.Root.Unwrap(ctx, e.wrapped, e.bound(id))
		if err != nil {
			return fmt.Errorf("unwrapping %s: %w", id, err)
		}
		e.wrapped, err = next.Wrap(ctx, raw, e.bound(id))
		clear(raw)
		moved[id] = e.bytes()
		return err
	}
	for _, prefix := range []string{"w/", instanceID, lookupID} {
		if err := v.Keys.Each(prefix, wrap); err != nil {
			return err
		}
	}
	if err := v.Keys.Put(moved); err != nil {
		return err
	}
	v.Root = next
	return nil
}
