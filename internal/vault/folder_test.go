package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
	"syscall"
	"testing"

	"mainstay/internal/vault"
)

var errPower = errors.New("the power went")

// disk is a file system that loses in a crash what was not synced: a file's bytes, and the names in a folder.
type disk struct {
	mu      sync.Mutex
	now     map[string]*inode // what programs see: files, and folders as nil bytes
	durable map[string]*inode // names that were synced with their folder
	full    bool
	left    int // steps until the power goes, negative: never
}

type inode struct {
	dir          bool
	data, synced []byte
}

func newDisk() *disk {
	root := &inode{dir: true}
	return &disk{now: map[string]*inode{"/": root, "/data": root}, durable: map[string]*inode{"/": root, "/data": root}, left: -1}
}

func (d *disk) step() error {
	if d.left == 0 {
		return errPower
	}
	d.left--
	return nil
}

// crash leaves what was synced: names whose folders are reachable by synced names, and the bytes that were synced.
func (d *disk) crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = map[string]*inode{}
	for name, node := range d.durable {
		reachable := true
		for at := path.Dir(name); at != "/"; at = path.Dir(at) {
			reachable = reachable && d.durable[at] != nil
		}
		if reachable {
			node.data = bytes.Clone(node.synced)
			d.now[name] = node
		}
	}
	d.left = -1
}

func (d *disk) names() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	for name, node := range d.now {
		if !node.dir {
			all = append(all, name)
		}
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

func (d *disk) MkdirAll(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	for at := name; d.now[at] == nil; at = path.Dir(at) {
		d.now[at] = &inode{dir: true}
	}
	return nil
}

func (d *disk) WriteSynced(name string, body io.Reader) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if d.now[path.Dir(name)] == nil {
		return fs.ErrNotExist
	}
	node := &inode{data: data[:len(data)/2]}
	d.now[name] = node
	if d.full {
		return syscall.ENOSPC
	}
	if err := d.step(); err != nil {
		return err
	}
	node.data = data
	if err := d.step(); err != nil {
		return err
	}
	node.synced = bytes.Clone(data)
	return nil
}

func (d *disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	if d.now[from] == nil || d.now[path.Dir(to)] == nil {
		return fs.ErrNotExist
	}
	d.now[to] = d.now[from]
	delete(d.now, from)
	return nil
}

func (d *disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	if d.now[name] == nil {
		return fs.ErrNotExist
	}
	for at := range d.durable {
		if path.Dir(at) == name && d.now[at] == nil {
			delete(d.durable, at)
		}
	}
	for at, node := range d.now {
		if path.Dir(at) == name {
			d.durable[at] = node
		}
	}
	return nil
}

func (d *disk) Open(name string) (vault.Object, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now[name] == nil {
		return nil, fs.ErrNotExist
	}
	return object{bytes.NewReader(d.now[name].data)}, nil
}

func (d *disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	if d.now[name] == nil {
		return fs.ErrNotExist
	}
	delete(d.now, name)
	return nil
}

func (d *disk) Files(name string, fn func(string) error) error {
	for _, at := range strings.Fields(d.names()) {
		if strings.HasPrefix(at, name+"/") {
			if err := fn(at); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestNoAcknowledgedByteIsLost(t *testing.T) {
	t.Parallel()
	const puts = 6
	for crashAt := range 80 {
		d := newDisk()
		folder := vault.NewFolder("/data/blobs", d)
		d.left = crashAt
		acknowledged := map[string]string{}
		deleted := map[string]bool{}
		for i := range puts {
			name, text := fmt.Sprintf("w%d/r%d/%d", i/4, i/2, i), strings.Repeat(fmt.Sprint(i), 100)
			if folder.Put(t.Context(), name, strings.NewReader(text)) == nil {
				acknowledged[name] = text
			}
		}
		if folder.Delete(t.Context(), "w0/r0/0") == nil {
			deleted["w0/r0/0"] = true
		}
		d.crash()
		survived(t, d, crashAt, acknowledged, deleted)
	}
}

func survived(t *testing.T, d *disk, crashAt int, acknowledged map[string]string, deleted map[string]bool) {
	t.Helper()
	folder := vault.NewFolder("/data/blobs", d)
	for name, want := range acknowledged {
		object, err := folder.Open(t.Context(), name)
		if deleted[name] {
			if err == nil {
				t.Errorf("power gone at step %d: %s is back after its deletion", crashAt, name)
			}
			continue
		}
		if err != nil {
			if name != "w0/r0/0" { // its deletion had begun
				t.Errorf("power gone at step %d: %s was acknowledged and is lost: %v", crashAt, name, err)
			}
			continue
		}
		got := make([]byte, object.Size())
		if _, err := object.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) || string(got) != want {
			t.Errorf("power gone at step %d: %s came back as %d other bytes", crashAt, name, len(got))
		}
	}
	err := folder.Each(t.Context(), "", func(name string) error {
		object, err := folder.Open(t.Context(), name)
		if err != nil || object.Size() != 100 {
			t.Errorf("power gone at step %d: %s is a half-written object", crashAt, name)
		}
		return nil
	})
	if err != nil {
		t.Errorf("power gone at step %d: %v", crashAt, err)
	}
	if strings.Contains(d.names(), ".unfinished") {
		t.Errorf("power gone at step %d: the collector leaves %s", crashAt, d.names())
	}
}
