package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"mainstay/internal/fault"
)

// FileSystem is what [Folder] needs of a disk. What was not synced can be lost by a crash: a file's bytes until the file is
// synced, its name until its folder is.
type FileSystem interface {
	MkdirAll(path string) error
	WriteSynced(path string, data []byte) error // the bytes are durable, the name may not be
	Rename(from, to string) error
	SyncDir(path string) error
	Open(path string) (Object, error)
	Remove(path string) error
}

// Folder is a bucket in a folder of the disk.
type Folder struct {
	root string
	disk FileSystem
}

// NewFolder returns the bucket, whose folder is made when it is first needed. A nil disk is the real one.
func NewFolder(root string, disk FileSystem) *Folder {
	if disk == nil {
		disk = realDisk{}
	}
	return &Folder{root: root, disk: disk}
}

// Put implements [Bucket]: write under another name, sync, rename, sync every folder on the way.
func (f *Folder) Put(_ context.Context, name string, data []byte) error {
	path := filepath.Join(f.root, filepath.FromSlash(name))
	dir := filepath.Dir(path)
	if err := f.disk.MkdirAll(dir); err != nil {
		return full(err)
	}
	fresh := path + ".new"
	if err := f.disk.WriteSynced(fresh, data); err != nil {
		return errors.Join(full(err), f.disk.Remove(fresh))
	}
	if err := f.disk.Rename(fresh, path); err != nil {
		return full(err)
	}
	for ; strings.HasPrefix(dir, f.root); dir = filepath.Dir(dir) {
		if err := f.disk.SyncDir(dir); err != nil {
			return full(err)
		}
	}
	return f.disk.SyncDir(filepath.Dir(f.root))
}

func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Wrap(fault.Busy, "The disk is full. What was acknowledged is safe; free some space and go on.", err)
	}
	return err
}

// Open implements [Bucket].
func (f *Folder) Open(_ context.Context, name string) (Object, error) {
	object, err := f.disk.Open(filepath.Join(f.root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Missing, "This was erased, or never existed.", err)
	}
	return object, err
}

// Delete implements [Bucket].
func (f *Folder) Delete(_ context.Context, name string) error {
	err := f.disk.Remove(filepath.Join(f.root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Each implements [Bucket]. Half-written objects that a crash left are removed on the way.
func (f *Folder) Each(_ context.Context, fn func(name string) error) error {
	err := filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(path, ".new") {
			return f.disk.Remove(path)
		}
		name, err := filepath.Rel(f.root, path)
		if err != nil {
			return err
		}
		return fn(filepath.ToSlash(name))
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// realDisk is the operating system's.
type realDisk struct{}

func (realDisk) MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

func (realDisk) WriteSynced(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

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

type sized struct {
	*os.File
	size int64
}

func (s sized) Size() int64 { return s.size }
