package vault

import (
	"context"
	"errors"
	"fmt"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// key returns the key of a record, or the instance's for zero ids.
func (v *Vault) key(ctx context.Context, ws tenant.WorkspaceID, record tenant.RecordID) (*keyed, error) {
	if ws.IsZero() && record.IsZero() {
		return v.topKey(ctx, instanceID)
	}
	if k := v.records.get(recordKeyID(ws, record)); k != nil {
		return k, nil
	}
	l := v.loading(ctx)
	if err := l.readAll([]ref{{ws, record}}); err != nil {
		return nil, err
	}
	return l.key(ref{ws, record}, 0)
}

// load reads the keys of many places into memory, with one call of the key store for each level of the tree.
func (v *Vault) load(ctx context.Context, sealed []Sealed) error {
	if len(sealed) < 2 {
		return nil
	}
	l := v.loading(ctx)
	var want []ref
	for _, s := range sealed {
		r := ref{s.Place.Workspace, s.Place.Record}
		if _, seen := l.entries[r]; seen || r == (ref{}) || v.records.get(recordKeyID(r.ws, r.record)) != nil {
			continue
		}
		l.entries[r] = nil
		want = append(want, r)
	}
	if err := l.readAll(want); err != nil {
		return err
	}
	for _, r := range want {
		// What cannot be unwrapped is told when its document is opened.
		if _, err := l.key(r, 0); err != nil && l.entries[r] != nil && fault.Is(err, fault.Busy) {
			return err
		}
	}
	return nil
}

type ref struct {
	ws     tenant.WorkspaceID
	record tenant.RecordID
}

// loader reads entries and unwraps them from the top.
type loader struct {
	v       *Vault
	ctx     context.Context //nolint:containedctx // it lives within one call
	since   uint64
	entries map[ref]*entry // nil: asked for, and there is none
}

func (v *Vault) loading(ctx context.Context) *loader {
	return &loader{v: v, ctx: ctx, since: v.records.reading(), entries: map[ref]*entry{}}
}

// readAll reads the entries of the records and of those above them that are not in memory.
func (l *loader) readAll(want []ref) error {
	for depth := 0; len(want) > 0 && depth <= maxDepth; depth++ {
		names := make([]string, len(want))
		for i, r := range want {
			names[i] = recordKeyID(r.ws, r.record)
		}
		values, err := l.v.cfg.Keys.Get(l.ctx, names...)
		if err != nil {
			return fmt.Errorf("reading %d keys: %w", len(names), err)
		}
		var next []ref
		for i, value := range values {
			l.entries[want[i]] = nil
			if value == nil {
				continue
			}
			e, err := parseEntry(value)
			if err != nil {
				e = entry{} // wraps nothing: key reports it
			}
			l.entries[want[i]] = &e
			parent := ref{want[i].ws, e.parent}
			if _, seen := l.entries[parent]; !e.parent.IsZero() && !seen && l.v.records.get(recordKeyID(parent.ws, parent.record)) == nil {
				l.entries[parent] = nil
				next = append(next, parent)
			}
		}
		want = next
	}
	return nil
}

// key unwraps a record's key, and before it those above.
func (l *loader) key(r ref, depth int) (*keyed, error) {
	name := recordKeyID(r.ws, r.record)
	if k := l.v.records.get(name); k != nil {
		return k, nil
	}
	e := l.entries[r]
	if e == nil || depth > maxDepth {
		return nil, fmt.Errorf("key of record %s: %w", r.record, erased())
	}
	if len(e.wrapped) == 0 {
		return nil, l.v.broken(Place{Workspace: r.ws, Record: r.record, Kind: "key"}, Tampered)
	}
	above, err := l.above(r.ws, *e, depth)
	if err != nil {
		return nil, err
	}
	raw, err := above.wrap.Open(nil, nil, e.wrapped, e.bound(name))
	if err != nil || len(raw) != len(secret{}) {
		return nil, l.v.broken(Place{Workspace: r.ws, Record: r.record, Kind: "key"}, Tampered)
	}
	below := *e
	below.version, below.purpose = above.version, above.purpose
	k, err := ready(raw, below)
	if err != nil {
		return nil, err
	}
	l.v.records.put(name, k, l.since)
	return k, nil
}

func (l *loader) above(ws tenant.WorkspaceID, e entry, depth int) (*keyed, error) {
	if e.parent.IsZero() {
		return l.v.topKey(l.ctx, workspaceKeyID(ws, e.purpose, e.version))
	}
	parent := ref{ws, e.parent}
	if _, read := l.entries[parent]; !read { // it left memory meanwhile
		if err := l.readAll([]ref{parent}); err != nil {
			return nil, err
		}
	}
	return l.key(parent, depth+1)
}

// topKey returns a key that the root wraps.
func (v *Vault) topKey(ctx context.Context, name string) (*keyed, error) {
	if k := v.tops.get(name); k != nil {
		return k, nil
	}
	return v.readTop(ctx, name)
}

func (v *Vault) readTop(ctx context.Context, name string) (*keyed, error) {
	since := v.tops.reading()
	values, err := v.cfg.Keys.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", name, err)
	}
	if values[0] == nil {
		return nil, fmt.Errorf("key %s: %w", name, erased())
	}
	e, err := parseEntry(values[0])
	if err != nil {
		return nil, err
	}
	raw, err := v.rootNow().Unwrap(ctx, e.wrapped, e.bound(name))
	if err == nil && len(raw) != len(secret{}) {
		err = errDamaged
	}
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "The root key does not open the key store. Check that both belong together.",
			fmt.Errorf("unwrapping key %s: %w", name, err))
	}
	k, err := ready(raw, e)
	if err != nil {
		return nil, err
	}
	v.tops.put(name, k, since)
	return k, nil
}

func (v *Vault) ensureTop(ctx context.Context, name string) error {
	_, err := v.topKey(ctx, name)
	if fault.Is(err, fault.Missing) {
		return v.makeTop(ctx, name, entry{})
	}
	return err
}

// makeTop makes a key that the root wraps, unless another was first.
func (v *Vault) makeTop(ctx context.Context, name string, e entry) error {
	value, err := v.topEntry(ctx, name, e)
	if err != nil {
		return err
	}
	if err := v.cfg.Keys.Write(ctx, Change{ID: name, Value: value}); !fault.Is(err, fault.Conflict) {
		return err
	}
	return nil
}

func (v *Vault) topEntry(ctx context.Context, name string, e entry) ([]byte, error) {
	key, err := v.fresh(&e)
	if err != nil {
		return nil, err
	}
	defer clear(key[:])
	if e.wrapped, err = v.rootNow().Wrap(ctx, key[:], e.bound(name)); err != nil {
		return nil, fault.Wrap(fault.Busy, "The root key cannot be used now. Try again later.", fmt.Errorf("wrapping key %s: %w", name, err))
	}
	return e.bytes(), nil
}

// newest returns the workspace's newest key for a purpose, and a change that fails if that key retires meanwhile.
func (v *Vault) newest(ctx context.Context, ws tenant.WorkspaceID, p Purpose) (*keyed, Change, error) {
	versions, err := v.cfg.Keys.List(ctx, workspacePrefix(ws, p), "", pageSize)
	if err != nil {
		return nil, Change{}, err
	}
	if len(versions) == 0 {
		return nil, Change{}, fault.New(fault.Missing, "This workspace has no keys.")
	}
	last := versions[len(versions)-1]
	e, err := parseEntry(last.Value)
	if err != nil {
		return nil, Change{}, err
	}
	if e.state != active {
		return nil, Change{}, errors.New("a workspace's newest key is retiring")
	}
	k, err := v.topKey(ctx, last.ID)
	return k, Change{ID: last.ID, Was: last.Value, Value: last.Value}, err
}

// Prepare unwraps a workspace's keys, so that what is opened in the next minutes asks no root over a network. It is to be
// called before a transaction begins.
func (v *Vault) Prepare(ctx context.Context, ws tenant.WorkspaceID) error {
	for _, p := range purposes() {
		versions, err := v.cfg.Keys.List(ctx, workspacePrefix(ws, p), "", pageSize)
		if err != nil {
			return fmt.Errorf("reading the keys of workspace %s: %w", ws, err)
		}
		for _, at := range versions {
			if !v.tops.aging(at.ID) {
				continue
			}
			if _, err := v.readTop(ctx, at.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// Digest returns a keyed digest of content, by which the same content is found again in one workspace and nowhere else.
// Rotation does not change it.
func (v *Vault) Digest(ctx context.Context, ws tenant.WorkspaceID, content []byte) ([]byte, error) {
	return v.digest(func() (*keyed, error) { return v.digestKey(ctx, ws) }, content)
}

// DigestIn returns a keyed digest of content under a record's key, bound to the place. It can be compared while the record
// lives, and tested by nobody once it is erased.
func (v *Vault) DigestIn(ctx context.Context, p Place, content []byte) ([]byte, error) {
	return v.digest(func() (*keyed, error) { return v.key(ctx, p.Workspace, p.Record) }, p.bound(nil), content)
}

// Lookup returns a keyed digest of a normalised word (an e-mail address) under a key of the instance that is never rotated.
func (v *Vault) Lookup(word string) ([]byte, error) {
	return v.digest(func() (*keyed, error) { return v.topKey(context.Background(), lookupID) }, []byte(word))
}

func (v *Vault) digest(key func() (*keyed, error), parts ...[]byte) ([]byte, error) {
	for range attempts {
		k, err := key()
		if err != nil {
			return nil, err
		}
		if sum, ok := k.digest(parts...); ok {
			return sum, nil
		}
	}
	return nil, fault.New(fault.Busy, "Too much happens at once. Try again.")
}

func (v *Vault) digestKey(ctx context.Context, ws tenant.WorkspaceID) (*keyed, error) {
	name := digestKeyID(ws)
	if k := v.records.get(name); k != nil {
		return k, nil
	}
	since := v.records.reading()
	values, err := v.cfg.Keys.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("reading the digest key of workspace %s: %w", ws, err)
	}
	if values[0] == nil {
		return nil, fmt.Errorf("digest key of workspace %s: %w", ws, erased())
	}
	raw, e, err := v.unwrapBelowTop(ctx, ws, name, values[0])
	if err != nil {
		return nil, err
	}
	k, err := ready(raw, e)
	if err != nil {
		return nil, err
	}
	v.records.put(name, k, since)
	return k, nil
}

// unwrapBelowTop opens an entry that a workspace's key wraps.
func (v *Vault) unwrapBelowTop(ctx context.Context, ws tenant.WorkspaceID, name string, value []byte) ([]byte, entry, error) {
	e, err := parseEntry(value)
	if err != nil {
		return nil, e, err
	}
	above, err := v.topKey(ctx, workspaceKeyID(ws, e.purpose, e.version))
	if err != nil {
		return nil, e, err
	}
	raw, err := above.wrap.Open(nil, nil, e.wrapped, e.bound(name))
	if err != nil || len(raw) != len(secret{}) {
		return nil, e, v.broken(Place{Workspace: ws, Kind: "key"}, Tampered)
	}
	return raw, e, nil
}
