package vault

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mainstay/internal/fault"
)

// LocalRoot is a root key in this process's memory. It may hold older keys too, which unwrap and wrap nothing.
type LocalRoot struct{ keys []cipher.AEAD }

// MemoryRoot returns a root key that ends with the process: what it wrapped is unreadable afterwards.
func MemoryRoot() (*LocalRoot, error) {
	key, err := freshRoot()
	if err != nil {
		return nil, err
	}
	return localRoot([]secret{key})
}

func freshRoot() (secret, error) {
	var key secret
	if _, err := rand.Read(key[:]); err != nil {
		return key, fmt.Errorf("making a root key: %w", err)
	}
	return key, nil
}

func localRoot(keys []secret) (*LocalRoot, error) {
	r := &LocalRoot{}
	for i := range keys {
		aead, err := newGCM(keys[i][:])
		if err != nil {
			return nil, fmt.Errorf("preparing a root key: %w", err)
		}
		r.keys = append(r.keys, aead)
		clear(keys[i][:])
	}
	return r, nil
}

// FileRoot returns the root key of a file that only its owner may read (0600). Without the file it makes one, unless the
// key store exists already: then the file was lost, and a new one would open nothing.
func FileRoot(path string, storeExists bool) (*LocalRoot, error) {
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && storeExists:
		return nil, fault.New(fault.Invalid, "The root key file is missing, but keys exist that it wrapped. Bring the file back; without it nothing can be read.")
	case errors.Is(err, os.ErrNotExist):
		key, err := freshRoot()
		if err == nil {
			err = writeRootFile(path, []secret{key})
		}
		if err != nil {
			return nil, fmt.Errorf("making the root key file: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("looking for the root key file: %w", err)
	}
	keys, err := readRootFile(path)
	if err != nil {
		return nil, err
	}
	return localRoot(keys)
}

// RotateRootFile makes a new root key in the file and wraps the key tree with it. The file holds the old key beside the new
// one until no key needs it, so that a crash at any point loses nothing; run it again after one.
func (v *Vault) RotateRootFile(ctx context.Context, path string) error {
	keys, err := readRootFile(path)
	if err != nil {
		return err
	}
	key, err := freshRoot()
	if err != nil {
		return err
	}
	if err := writeRootFile(path, append([]secret{key}, keys...)); err != nil {
		return fmt.Errorf("adding a root key: %w", err)
	}
	next, err := localRoot([]secret{key})
	if err != nil {
		return err
	}
	if err := v.RotateRoot(ctx, next); err != nil {
		return err
	}
	if err := writeRootFile(path, []secret{key}); err != nil {
		return fmt.Errorf("removing the old root key: %w", err)
	}
	return nil
}

func readRootFile(path string) ([]secret, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the root key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("looking at the root key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Invalid, "The root key file may be read by others. Run chmod 600 on it.")
	}
	text := make([]byte, 4096)
	defer clear(text)
	n, _ := file.Read(text)
	var keys []secret
	for _, line := range strings.Fields(string(text[:n])) {
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != len(secret{}) {
			return nil, fault.New(fault.Invalid, "The root key file does not hold lines of 64 hexadecimal digits. Bring the right file back.")
		}
		keys = append(keys, secret(key))
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.Invalid, "The root key file is empty. Bring the right file back.")
	}
	return keys, nil
}

// writeRootFile exchanges the file durably and overwrites the one before it.
func writeRootFile(path string, keys []secret) error {
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(hex.EncodeToString(key[:]) + "\n")
	}
	fresh := path + ".new"
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text.String())
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	before, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil || before == nil {
		return err
	}
	defer before.Close()
	info, err := before.Stat()
	if err != nil {
		return err
	}
	_, err = before.WriteAt(make([]byte, info.Size()), 0)
	return errors.Join(err, before.Sync())
}

// Wrap implements [Root].
func (r *LocalRoot) Wrap(_ context.Context, key, bound []byte) ([]byte, error) {
	return r.keys[0].Seal(nil, nil, key, bound), nil
}

// Unwrap implements [Root].
func (r *LocalRoot) Unwrap(_ context.Context, wrapped, bound []byte) ([]byte, error) {
	var err error
	for _, aead := range r.keys {
		var key []byte
		if key, err = aead.Open(nil, nil, wrapped, bound); err == nil {
			return key, nil
		}
	}
	return nil, err
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
