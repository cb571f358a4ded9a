package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"mainstay/internal/fault"
)

// FileSystem is what [Folder] needs of a disk. What was not synced can be lost by a crash: a file's bytes until the file is
// synced, its name until its folder is.
type FileSystem interface {
	MkdirAll(path string) error
	WriteSynced(path string, body io.Reader) error // the bytes are durable, the name may not be
	Rename(from, to string) error
	SyncDir(path string) error
	Open(path string) (Object, error)
	Remove(path string) error
	Files(path string, fn func(path string) error) error // every file below a folder; none where there is no folder
}

// Folder is a bucket in a folder of the disk. One process writes to it at a time.
type Folder struct {
	root string
	disk FileSystem
	run  string // begins the names of this process's unfinished files

	mu     sync.Mutex
	count  uint64
	synced map[string]bool // folders whose names are durable
}

const (
	unfinished = ".unfinished" // holds files that are being written
	maxSynced  = 10_000
)

// NewFolder returns the bucket, whose folder is made when it is first needed. A nil disk is the real one.
func NewFolder(root string, disk FileSystem) *Folder {
	if disk == nil {
		disk = realDisk{}
	}
	return &Folder{root: filepath.Clean(root), disk: disk, run: rand.Text(), synced: map[string]bool{}}
}

func (f *Folder) path(name string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) || strings.HasPrefix(name, ".") {
		return "", errors.New("this is no object's name")
	}
	return filepath.Join(f.root, filepath.FromSlash(name)), nil
}

// Put implements [Bucket]: write under another name, sync, rename, sync the folder. Folders on the way are made durable once.
func (f *Folder) Put(_ context.Context, name string, body io.Reader) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	aside := filepath.Join(f.root, unfinished)
	for _, dir := range []string{aside, filepath.Dir(path)} {
		if err := f.makeDir(dir); err != nil {
			return full(err)
		}
	}
	fresh := filepath.Join(aside, f.name())
	if err := f.disk.WriteSynced(fresh, body); err != nil {
		return errors.Join(full(err), f.removed(fresh))
	}
	if err := f.disk.Rename(fresh, path); err != nil {
		return errors.Join(full(err), f.removed(fresh))
	}
	return full(f.disk.SyncDir(filepath.Dir(path)))
}

func (f *Folder) name() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	return fmt.Sprintf("%s-%d", f.run, f.count)
}

// makeDir makes a folder and makes its name durable, and the names of those above it.
func (f *Folder) makeDir(dir string) error {
	if f.known(dir) {
		return nil
	}
	if err := f.disk.MkdirAll(dir); err != nil {
		return err
	}
	for at := dir; !f.known(at); at = filepath.Dir(at) {
		if err := f.disk.SyncDir(filepath.Dir(at)); err != nil {
			return err
		}
		if at == f.root || at == filepath.Dir(at) {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.synced) >= maxSynced {
		clear(f.synced)
	}
	for at := dir; len(at) >= len(f.root) && !f.synced[at]; at = filepath.Dir(at) {
		f.synced[at] = true
	}
	return nil
}

func (f *Folder) known(dir string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.synced[dir]
}

func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Wrap(fault.Busy, "The disk is full. What was acknowledged is safe; free some space and go on.", err)
	}
	return err
}

// removed removes a file that may be gone already.
func (f *Folder) removed(path string) error {
	if err := f.disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Open implements [Bucket].
func (f *Folder) Open(_ context.Context, name string) (Object, error) {
	path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	object, err := f.disk.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Missing, "This was erased, or never existed.", err)
	}
	return object, err
}

// Delete implements [Bucket].
func (f *Folder) Delete(_ context.Context, name string) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	err = f.disk.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.disk.SyncDir(filepath.Dir(path))
}

// Each implements [Bucket]. Unfinished objects that a crash left are removed on the way.
func (f *Folder) Each(_ context.Context, prefix string, fn func(name string) error) error {
	aside := filepath.Join(f.root, unfinished)
	return f.disk.Files(f.root, func(path string) error {
		if filepath.Dir(path) == aside {
			if strings.HasPrefix(filepath.Base(path), f.run+"-") {
				return nil
			}
			return f.removed(path)
		}
		name, err := filepath.Rel(f.root, path)
		if err != nil || !strings.HasPrefix(filepath.ToSlash(name), prefix) {
			return err
		}
		return fn(filepath.ToSlash(name))
	})
}

// realDisk is the operating system's.
type realDisk struct{}

func (realDisk) MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

func (realDisk) WriteSynced(path string, body io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(justWriter{file}, body); err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// justWriter hides the file's own ReadFrom, so that a body that can write itself does.
type justWriter struct{ io.Writer }

func (realDisk) Rename(from, to string) error { return os.Rename(from, to) }
func (realDisk) SyncDir(path string) error    { return syncDir(path) }
func (realDisk) Remove(path string) error     { return os.Remove(path) }

func (realDisk) Open(path string) (Object, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening an object: %w", err), file.Close())
	}
	return sized{file, info.Size()}, nil
}

func (realDisk) Files(path string, fn func(path string) error) error {
	err := filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		return fn(at)
	})
	return err
}

type sized struct {
	*os.File
	size int64
}

func (s sized) Size() int64 { return s.size }
