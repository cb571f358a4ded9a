package vault

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Record names a key to be made. With a Parent it is wrapped by that record's key, else by the workspace's for the purpose.
type Record struct {
	Workspace tenant.WorkspaceID
	Record    tenant.RecordID
	Purpose   Purpose // of the branch; below a parent the parent's, or zero
	Parent    tenant.RecordID
}

// Receipt says what an erasure destroyed.
type Receipt struct {
	Records []tenant.RecordID // the record and those below it whose keys are gone
	At      time.Time
}

// maxDepth bounds how far records lie below each other.
const maxDepth = 8

// attempts bounds how often a change is tried anew after another changed the same entries first.
const attempts = 20

// CreateWorkspace makes a workspace's keys, one for each purpose. Keys that exist stay as they are.
func (v *Vault) CreateWorkspace(ctx context.Context, ws tenant.WorkspaceID) error {
	if ws.IsZero() {
		return fmt.Errorf("making the keys of a workspace: it has no id")
	}
	for _, p := range purposes() {
		if _, _, err := v.newest(ctx, ws, p); !fault.Is(err, fault.Missing) {
			if err != nil {
				return err
			}
			continue
		}
		if err := v.makeTop(ctx, workspaceKeyID(ws, p, 1), entry{purpose: p, version: 1}); err != nil {
			return fmt.Errorf("making the %s key of workspace %s: %w", p, ws, err)
		}
	}
	return v.makeDigestKey(ctx, ws)
}

func (v *Vault) makeDigestKey(ctx context.Context, ws tenant.WorkspaceID) error {
	name := digestKeyID(ws)
	return v.retry(ctx, func() error {
		have, err := v.cfg.Keys.Get(ctx, name)
		if err != nil || have[0] != nil {
			return err
		}
		above, value, err := v.newest(ctx, ws, Index)
		if err != nil {
			return err
		}
		e := entry{purpose: Index, version: above.version}
		if err := v.wrapFresh(&e, above, name); err != nil {
			return err
		}
		return v.cfg.Keys.Write(ctx, Change{ID: name, Value: e.bytes()}, value)
	})
}

// CreateRecord makes a record's key, durably. It fails with fault.Missing where the workspace or the parent has none, and
// with fault.Conflict where the record has a key already.
func (v *Vault) CreateRecord(ctx context.Context, r Record) error {
	if r.Workspace.IsZero() || r.Record.IsZero() || r.Record == r.Parent {
		return fmt.Errorf("making the key of record %s: it needs a workspace, an id and a parent other than itself", r.Record)
	}
	err := v.retry(ctx, func() error { return v.createRecord(ctx, r) })
	if err != nil {
		return fmt.Errorf("making the key of record %s: %w", r.Record, err)
	}
	return nil
}

func (v *Vault) createRecord(ctx context.Context, r Record) error {
	name := recordKeyID(r.Workspace, r.Record)
	have, err := v.cfg.Keys.Get(ctx, name)
	if err != nil {
		return err
	}
	if have[0] != nil {
		return errExists
	}
	above, unchanged, err := v.above(ctx, r)
	if err != nil {
		return err
	}
	e := entry{purpose: above.purpose, parent: r.Parent}
	if r.Parent.IsZero() {
		e.version = above.version
	}
	if err := v.wrapFresh(&e, above, name); err != nil {
		return err
	}
	changes := []Change{{ID: name, Value: e.bytes()}, unchanged}
	if !r.Parent.IsZero() {
		changes = append(changes, Change{ID: childID(r.Workspace, r.Parent, r.Record), Value: []byte{entryForm}, Always: true})
	}
	return v.cfg.Keys.Write(ctx, changes...)
}

// errExists stands apart from the store's own conflicts, which are tried anew.
var errExists = fault.New(fault.Conflict, "This record has a key already.")

// above returns the key that wraps a new record's, and a change that fails if that key goes or retires meanwhile.
func (v *Vault) above(ctx context.Context, r Record) (*keyed, Change, error) {
	if r.Parent.IsZero() {
		return v.newest(ctx, r.Workspace, r.Purpose)
	}
	name := recordKeyID(r.Workspace, r.Parent)
	have, err := v.cfg.Keys.Get(ctx, name)
	if err != nil {
		return nil, Change{}, err
	}
	if have[0] == nil {
		return nil, Change{}, erased()
	}
	key, err := v.key(ctx, r.Workspace, r.Parent)
	if err != nil {
		return nil, Change{}, err
	}
	if r.Purpose != 0 && r.Purpose != key.purpose {
		return nil, Change{}, fmt.Errorf("a key for %s cannot lie below one for %s", r.Purpose, key.purpose)
	}
	return key, Change{ID: name, Was: have[0], Value: have[0]}, nil
}

// retry runs fn again while the key store says that another was first.
func (v *Vault) retry(ctx context.Context, fn func() error) error {
	var err error
	for range attempts {
		if err = fn(); err == nil || err == errExists || !fault.Is(err, fault.Conflict) || ctx.Err() != nil {
			return err
		}
	}
	return fault.Wrap(fault.Busy, "Too much changes at once. Try again.", err)
}

// wrapFresh fills e with a new key, wrapped by above.
func (v *Vault) wrapFresh(e *entry, above *keyed, name string) error {
	key, err := v.fresh(e)
	if err != nil {
		return err
	}
	defer clear(key[:])
	e.wrapped = above.wrap.Seal(nil, nil, key[:], e.bound(name))
	return nil
}

func (v *Vault) fresh(e *entry) (*secret, error) {
	key := new(secret)
	if _, err := io.ReadFull(v.cfg.Source.Random, key[:]); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	if _, err := io.ReadFull(v.cfg.Source.Random, e.id[:]); err != nil {
		return nil, fmt.Errorf("making a key's id: %w", err)
	}
	e.made = v.cfg.Source.Now().UnixMilli()
	return key, nil
}

// Destroy destroys the key of a record and of all records below it. When it returns, nothing that they sealed can be read
// again by anybody. A record without a key is no error: erasing twice erases once.
func (v *Vault) Destroy(ctx context.Context, ws tenant.WorkspaceID, record tenant.RecordID) (Receipt, error) {
	receipt := Receipt{At: v.cfg.Source.Now().UTC()}
	var changes []Change
	if err := v.below(ctx, ws, record, 0, &changes, &receipt); err != nil {
		return receipt, fmt.Errorf("finding the keys below record %s: %w", record, err)
	}
	changes, err := v.forgetParent(ctx, ws, record, changes)
	if err != nil {
		return receipt, fmt.Errorf("finding the key above record %s: %w", record, err)
	}
	if err := v.cfg.Keys.Write(ctx, changes...); err != nil {
		return receipt, fmt.Errorf("destroying the key of record %s: %w", record, err)
	}
	names := make([]string, len(receipt.Records))
	for i, r := range receipt.Records {
		names[i] = recordKeyID(ws, r)
	}
	v.records.drop(names...)
	return receipt, nil
}

// forgetParent adds the removal of the record's own line below its parent.
func (v *Vault) forgetParent(ctx context.Context, ws tenant.WorkspaceID, record tenant.RecordID, changes []Change) ([]Change, error) {
	have, err := v.cfg.Keys.Get(ctx, recordKeyID(ws, record))
	if err != nil || have[0] == nil {
		return changes, err
	}
	if e, err := parseEntry(have[0]); err == nil && !e.parent.IsZero() {
		changes = append(changes, Change{ID: childID(ws, e.parent, record), Always: true})
	}
	return changes, nil
}

// below collects the removal of a record's entries and of its children's, children first.
func (v *Vault) below(ctx context.Context, ws tenant.WorkspaceID, record tenant.RecordID, depth int, changes *[]Change, receipt *Receipt) error {
	if depth > maxDepth {
		return errDamaged
	}
	err := v.each(ctx, childPrefix(ws, record), func(at Entry) error {
		child, err := recordOf(at.ID)
		if err != nil {
			return err
		}
		*changes = append(*changes, Change{ID: at.ID, Always: true})
		return v.below(ctx, ws, child, depth+1, changes, receipt)
	})
	*changes = append(*changes, Change{ID: recordKeyID(ws, record), Always: true})
	receipt.Records = append(receipt.Records, record)
	return err
}

// DestroyWorkspace destroys every key of a workspace: those for its purposes first, which makes all else unreadable at once.
func (v *Vault) DestroyWorkspace(ctx context.Context, ws tenant.WorkspaceID) error {
	hexed := recordPrefix(ws)[1:]
	for _, prefix := range []string{"w" + hexed, digestKeyID(ws), "r" + hexed, "c" + hexed} {
		err := v.pages(ctx, prefix, func(page []Entry) error {
			changes := make([]Change, len(page))
			for i, at := range page {
				changes[i] = Change{ID: at.ID, Always: true}
			}
			return v.cfg.Keys.Write(ctx, changes...)
		})
		if err != nil {
			return fmt.Errorf("destroying the keys of workspace %s: %w", ws, err)
		}
		v.Close()
	}
	return nil
}

// Records calls fn for every record of the workspace that has a key, for the collector. Fn may destroy it.
func (v *Vault) Records(ws tenant.WorkspaceID, fn func(tenant.RecordID) error) error {
	return v.each(context.Background(), recordPrefix(ws), func(at Entry) error {
		record, err := recordOf(at.ID)
		if err != nil {
			return err
		}
		return fn(record)
	})
}

// Orphans returns the records whose keys are older than age and that known does not know. A key is made before its row, so
// a young key without a row may belong to an act that is not committed yet. Known is asked for many records at a time and
// answers for each.
func (v *Vault) Orphans(ctx context.Context, ws tenant.WorkspaceID, age time.Duration, known func(context.Context, []tenant.RecordID) ([]bool, error)) ([]tenant.RecordID, error) {
	var orphans []tenant.RecordID
	before := v.cfg.Source.Now().Add(-age)
	err := v.pages(ctx, recordPrefix(ws), func(page []Entry) error {
		var old []tenant.RecordID
		for _, at := range page {
			e, err := parseEntry(at.Value)
			if err != nil {
				return err
			}
			record, err := recordOf(at.ID)
			if err != nil {
				return err
			}
			if e.madeAt().Before(before) {
				old = append(old, record)
			}
		}
		here, err := known(ctx, old)
		if err != nil || len(here) != len(old) {
			return fmt.Errorf("asking for %d records: %d answers: %w", len(old), len(here), err)
		}
		for i, record := range old {
			if !here[i] {
				orphans = append(orphans, record)
			}
		}
		return nil
	})
	return orphans, err
}

// Held reports, for each of the records, whether it has a key. It asks the key store and no memory.
func (v *Vault) Held(ctx context.Context, ws tenant.WorkspaceID, records ...tenant.RecordID) ([]bool, error) {
	names := make([]string, len(records))
	for i, r := range records {
		names[i] = recordKeyID(ws, r)
	}
	values, err := v.cfg.Keys.Get(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("looking for %d keys: %w", len(names), err)
	}
	held := make([]bool, len(values))
	for i, value := range values {
		held[i] = value != nil
	}
	return held, nil
}

// Workspaces calls fn for every workspace that has keys, with the time when its first was made.
func (v *Vault) Workspaces(ctx context.Context, fn func(ws tenant.WorkspaceID, made time.Time) error) error {
	after := "w/"
	for {
		page, err := v.cfg.Keys.List(ctx, "w/", after, 1)
		if err != nil || len(page) == 0 {
			return err
		}
		e, err := parseEntry(page[0].Value)
		if err != nil {
			return err
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(page[0].ID, "w/"), "/")
		raw, err := hex.DecodeString(id)
		if err != nil || len(raw) != 16 {
			return errDamaged
		}
		if err := fn(tenant.WorkspaceID(raw), e.madeAt()); err != nil {
			return err
		}
		after = "w/" + id + "0" // follows every id that begins with the workspace's and a slash
	}
}

// pageSize is how many entries of the key store are read at a time.
const pageSize = 500

func (v *Vault) pages(ctx context.Context, prefix string, fn func([]Entry) error) error {
	after := ""
	for {
		page, err := v.cfg.Keys.List(ctx, prefix, after, pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := fn(page); err != nil {
			return err
		}
		after = page[len(page)-1].ID
	}
}

func (v *Vault) each(ctx context.Context, prefix string, fn func(Entry) error) error {
	return v.pages(ctx, prefix, func(page []Entry) error {
		for _, at := range page {
			if err := fn(at); err != nil {
				return err
			}
		}
		return nil
	})
}
