package vault

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// An entry of the key store is named "instance", "lookup", "w/<workspace>/<purpose>/<version>" or "r/<workspace>/<record>".
// "c/<workspace>/<parent>/<record>" says which records lie below another.
const (
	instanceID = "instance"
	lookupID   = "lookup"
	keyIDSize  = 8
	entrySize  = 1 + 1 + 4 + 16 + keyIDSize
	entryForm  = 1
)

// entry is a wrapped key with what it was wrapped by: a record, else a version of the workspace's key for a purpose.
type entry struct {
	purpose Purpose
	version uint32
	parent  tenant.RecordID
	id      [keyIDSize]byte
	wrapped []byte
}

func (e entry) bytes() []byte {
	b := make([]byte, 0, entrySize+len(e.wrapped))
	b = append(b, entryForm, byte(e.purpose))
	b = binary.BigEndian.AppendUint32(b, e.version)
	b = append(b, e.parent[:]...)
	b = append(b, e.id[:]...)
	return append(b, e.wrapped...)
}

func parseEntry(b []byte) (entry, error) {
	if len(b) <= entrySize || b[0] != entryForm {
		return entry{}, errors.New("an entry of the key store is damaged")
	}
	e := entry{purpose: Purpose(b[1]), version: binary.BigEndian.Uint32(b[2:])}
	copy(e.parent[:], b[6:])
	copy(e.id[:], b[22:])
	e.wrapped = b[entrySize:]
	return e, nil
}

// bound ties a wrapped key to its name and to what wrapped it.
func (e entry) bound(name string) []byte {
	e.wrapped = nil
	return append(e.bytes(), name...)
}

func workspaceKeyID(ws tenant.WorkspaceID, p Purpose, version uint32) string {
	return fmt.Sprintf("w/%s/%d/%08x", hex.EncodeToString(ws[:]), p, version)
}

func workspacePrefix(ws tenant.WorkspaceID, p Purpose) string {
	return fmt.Sprintf("w/%s/%d/", hex.EncodeToString(ws[:]), p)
}

func recordKeyID(ws tenant.WorkspaceID, r tenant.RecordID) string {
	return "r/" + hex.EncodeToString(ws[:]) + "/" + hex.EncodeToString(r[:])
}

func childPrefix(ws tenant.WorkspaceID, parent tenant.RecordID) string {
	return "c/" + hex.EncodeToString(ws[:]) + "/" + hex.EncodeToString(parent[:]) + "/"
}

// Record names a key to be made. With a Parent it is wrapped by that record's key, else by the workspace's for the purpose.
type Record struct {
	Workspace tenant.WorkspaceID
	Record    tenant.RecordID
	Purpose   Purpose
	Parent    tenant.RecordID
}

// Receipt says what an erasure destroyed.
type Receipt struct {
	Records []tenant.RecordID // the record and those below it whose keys are gone
	At      time.Time
}

// CreateWorkspace makes a workspace's keys, one for each purpose.
func (v *Vault) CreateWorkspace(ctx context.Context, ws tenant.WorkspaceID) error {
	entries := map[string][]byte{}
	for _, p := range purposes() {
		name := workspaceKeyID(ws, p, 1)
		e, _, err := v.wrapTop(ctx, name, entry{purpose: p, version: 1})
		if err != nil {
			return err
		}
		entries[name] = e.bytes()
	}
	return v.Keys.Put(entries)
}

// CreateRecord makes a record's key. It fails with fault.Missing where the parent's key was destroyed.
func (v *Vault) CreateRecord(ctx context.Context, r Record) error {
	e := entry{purpose: r.Purpose, parent: r.Parent}
	var above *keyed
	var err error
	if r.Parent.IsZero() {
		above, e.version, err = v.newest(ctx, r.Workspace, r.Purpose)
	} else {
		above, err = v.key(ctx, r.Workspace, r.Parent)
	}
	if err != nil {
		return fmt.Errorf("making the key of record %s: %w", r.Record, err)
	}
	name := recordKeyID(r.Workspace, r.Record)
	if _, err := v.Keys.Get(name); !fault.Is(err, fault.Missing) {
		return errors.Join(fault.New(fault.Conflict, "This record has a key already."), err)
	}
	key, err := v.fresh(&e)
	if err != nil {
		return err
	}
	e.wrapped = above.aead.Seal(nil, nil, key[:], e.bound(name))
	entries := map[string][]byte{name: e.bytes()}
	if !r.Parent.IsZero() {
		entries[childPrefix(r.Workspace, r.Parent)+hex.EncodeToString(r.Record[:])] = []byte{entryForm}
	}
	return v.Keys.Put(entries)
}

func (v *Vault) fresh(e *entry) (secret, error) {
	var key secret
	if _, err := io.ReadFull(v.Source.Random, key[:]); err != nil {
		return key, fmt.Errorf("making a key: %w", err)
	}
	if _, err := io.ReadFull(v.Source.Random, e.id[:]); err != nil {
		return key, fmt.Errorf("making a key's id: %w", err)
	}
	return key, nil
}

// Destroy destroys the key of a record and of all records below it. When it returns, nothing that they sealed can be read
// again by anybody. A record without a key is no error: erasing twice erases once.
func (v *Vault) Destroy(_ context.Context, ws tenant.WorkspaceID, record tenant.RecordID) (Receipt, error) {
	receipt := Receipt{At: v.Source.Now().UTC()}
	var ids []string
	if err := v.below(ws, record, &ids, &receipt); err != nil {
		return receipt, fmt.Errorf("finding the keys below record %s: %w", record, err)
	}
	if err := v.Keys.Delete(ids); err != nil {
		return receipt, fmt.Errorf("destroying the key of record %s: %w", record, err)
	}
	for _, r := range receipt.Records {
		v.cache.drop(recordKeyID(ws, r))
	}
	return receipt, nil
}

// below collects a record's entries and those of its children, children first.
func (v *Vault) below(ws tenant.WorkspaceID, record tenant.RecordID, ids *[]string, receipt *Receipt) error {
	prefix := childPrefix(ws, record)
	var children []tenant.RecordID
	err := v.Keys.Each(prefix, func(id string, _ []byte) error {
		raw, err := hex.DecodeString(strings.TrimPrefix(id, prefix))
		if err != nil || len(raw) != 16 {
			return errors.New("an entry of the key store is damaged")
		}
		children = append(children, tenant.RecordID(raw))
		*ids = append(*ids, id)
		return nil
	})
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := v.below(ws, child, ids, receipt); err != nil {
			return err
		}
	}
	*ids = append(*ids, recordKeyID(ws, record))
	receipt.Records = append(receipt.Records, record)
	return nil
}

// Records calls fn for every record of the workspace that has a key, for the collector.
func (v *Vault) Records(ws tenant.WorkspaceID, fn func(tenant.RecordID) error) error {
	prefix := "r/" + hex.EncodeToString(ws[:]) + "/"
	return v.Keys.Each(prefix, func(id string, _ []byte) error {
		raw, err := hex.DecodeString(strings.TrimPrefix(id, prefix))
		if err != nil || len(raw) != 16 {
			return errors.New("an entry of the key store is damaged")
		}
		return fn(tenant.RecordID(raw))
	})
}

// key returns the key of a record, or the instance's for zero ids.
func (v *Vault) key(ctx context.Context, ws tenant.WorkspaceID, record tenant.RecordID) (*keyed, error) {
	if ws.IsZero() && record.IsZero() {
		return v.topKey(ctx, instanceID)
	}
	name := recordKeyID(ws, record)
	if k := v.cache.get(name); k != nil {
		return k, nil
	}
	b, err := v.Keys.Get(name)
	if err != nil {
		return nil, fmt.Errorf("key of record %s: %w", record, err)
	}
	e, err := parseEntry(b)
	if err != nil {
		return nil, err
	}
	var above *keyed
	if e.parent.IsZero() {
		above, err = v.topKey(ctx, workspaceKeyID(ws, e.purpose, e.version))
	} else {
		above, err = v.key(ctx, ws, e.parent)
	}
	if err != nil {
		return nil, err
	}
	raw, err := above.aead.Open(nil, nil, e.wrapped, e.bound(name))
	if err != nil || len(raw) != len(secret{}) {
		return nil, v.broken(Place{Workspace: ws, Record: record, Kind: "key"}, "does not unwrap")
	}
	return v.keep(name, e, raw)
}

func (v *Vault) keep(name string, e entry, raw []byte) (*keyed, error) {
	k := &keyed{id: e.id, raw: secret(raw)}
	clear(raw)
	var err error
	if k.aead, err = newAEAD(k.raw[:]); err != nil {
		return nil, err
	}
	v.cache.put(name, k)
	return k, nil
}

// topKey returns a key that the root wraps.
func (v *Vault) topKey(ctx context.Context, name string) (*keyed, error) {
	if k := v.cache.get(name); k != nil {
		return k, nil
	}
	b, err := v.Keys.Get(name)
	if err != nil {
		return nil, err
	}
	e, err := parseEntry(b)
	if err != nil {
		return nil, err
	}
	raw, err := v.Root.Unwrap(ctx, e.wrapped, e.bound(name))
	if err != nil || len(raw) != len(secret{}) {
		return nil, fault.Wrap(fault.Busy, "The root key does not open the key store. Check that both belong together.", err)
	}
	return v.keep(name, e, raw)
}

func (v *Vault) ensureTop(ctx context.Context, name string) error {
	_, err := v.Keys.Get(name)
	if !fault.Is(err, fault.Missing) {
		if err == nil {
			_, err = v.topKey(ctx, name)
		}
		return err
	}
	e, _, err := v.wrapTop(ctx, name, entry{})
	if err != nil {
		return err
	}
	return v.Keys.Put(map[string][]byte{name: e.bytes()})
}

func (v *Vault) wrapTop(ctx context.Context, name string, e entry) (entry, secret, error) {
	key, err := v.fresh(&e)
	if err != nil {
		return e, key, err
	}
	e.wrapped, err = v.Root.Wrap(ctx, key[:], e.bound(name))
	return e, key, err
}

func (v *Vault) purposeKey(ctx context.Context, ws tenant.WorkspaceID, p Purpose) (*keyed, error) {
	return v.topKey(ctx, workspaceKeyID(ws, p, 1))
}

// newest returns the workspace's newest key for a purpose. Digests stay on the first, because they cannot be wrapped anew.
func (v *Vault) newest(ctx context.Context, ws tenant.WorkspaceID, p Purpose) (*keyed, uint32, error) {
	version := uint32(0)
	prefix := workspacePrefix(ws, p)
	err := v.Keys.Each(prefix, func(id string, _ []byte) error {
		var n uint32
		if _, err := fmt.Sscanf(strings.TrimPrefix(id, prefix), "%08x", &n); err != nil {
			return errors.New("an entry of the key store is damaged")
		}
		version = max(version, n)
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	if version == 0 {
		return nil, 0, fault.New(fault.Missing, "This workspace has no keys.")
	}
	k, err := v.topKey(ctx, workspaceKeyID(ws, p, version))
	return k, version, err
}
