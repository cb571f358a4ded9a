package vault

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"mainstay/internal/tenant"
)

// The ids of the key store. They name by ids only:
//
//	instance                                   the key of the instance's own documents, wrapped by the root
//	lookup                                     the key of lookups, wrapped by the root, never replaced
//	w/<workspace>/<purpose>/<version>          a workspace's key for a purpose, wrapped by the root
//	x/<workspace>                              the key of a workspace's digests, wrapped by its Index key, never replaced
//	r/<workspace>/<record>                     a record's key, wrapped by its parent's or by the workspace's
//	c/<workspace>/<parent>/<record>            says that a record lies below another
const (
	instanceID = "instance"
	lookupID   = "lookup"
	entryForm  = 1
	entrySize  = 1 + 1 + 1 + 4 + 8 + 16 + keyIDSize
)

// The states of a workspace's key. A retiring key wraps nothing new; it goes when nothing needs it.
const (
	active   = 0
	retiring = 1
)

// entry is a wrapped key with what it was wrapped by: a record, else a version of the workspace's key for a purpose.
type entry struct {
	purpose Purpose
	state   byte
	version uint32
	made    int64 // Unix milliseconds
	parent  tenant.RecordID
	id      [keyIDSize]byte
	wrapped []byte
}

func (e entry) bytes() []byte {
	b := make([]byte, 0, entrySize+len(e.wrapped))
	b = append(b, entryForm, byte(e.purpose), e.state)
	b = binary.BigEndian.AppendUint32(b, e.version)
	b = binary.BigEndian.AppendUint64(b, uint64(e.made))
	b = append(b, e.parent[:]...)
	b = append(b, e.id[:]...)
	return append(b, e.wrapped...)
}

var errDamaged = errors.New("an entry of the key store is damaged")

func parseEntry(b []byte) (entry, error) {
	if len(b) <= entrySize || b[0] != entryForm {
		return entry{}, errDamaged
	}
	e := entry{purpose: Purpose(b[1]), state: b[2], version: binary.BigEndian.Uint32(b[3:]), made: int64(binary.BigEndian.Uint64(b[7:]))}
	copy(e.parent[:], b[15:])
	copy(e.id[:], b[31:])
	e.wrapped = b[entrySize:]
	return e, nil
}

// bound ties a wrapped key to its name and to what wrapped it. The state is not part of it, because it changes alone.
func (e entry) bound(name string) []byte {
	e.wrapped, e.state = nil, active
	return append(e.bytes(), name...)
}

func (e entry) madeAt() time.Time { return time.UnixMilli(e.made).UTC() }

func workspaceKeyID(ws tenant.WorkspaceID, p Purpose, version uint32) string {
	return fmt.Sprintf("%s%08x", workspacePrefix(ws, p), version)
}

func workspacePrefix(ws tenant.WorkspaceID, p Purpose) string {
	return fmt.Sprintf("w/%s/%d/", hex.EncodeToString(ws[:]), p)
}

func digestKeyID(ws tenant.WorkspaceID) string { return "x/" + hex.EncodeToString(ws[:]) }

func recordPrefix(ws tenant.WorkspaceID) string { return "r/" + hex.EncodeToString(ws[:]) + "/" }

func recordKeyID(ws tenant.WorkspaceID, r tenant.RecordID) string {
	return recordPrefix(ws) + hex.EncodeToString(r[:])
}

func childPrefix(ws tenant.WorkspaceID, parent tenant.RecordID) string {
	return "c/" + hex.EncodeToString(ws[:]) + "/" + hex.EncodeToString(parent[:]) + "/"
}

func childID(ws tenant.WorkspaceID, parent, child tenant.RecordID) string {
	return childPrefix(ws, parent) + hex.EncodeToString(child[:])
}

// recordOf reads the record at the end of an id.
func recordOf(id string) (tenant.RecordID, error) {
	raw, err := hex.DecodeString(id[strings.LastIndexByte(id, '/')+1:])
	if err != nil || len(raw) != 16 {
		return tenant.RecordID{}, errDamaged
	}
	return tenant.RecordID(raw), nil
}
