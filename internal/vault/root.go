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

// LocalRoot is a root key in this process's memory.
type LocalRoot struct{ aead cipher.AEAD }

// MemoryRoot returns a root key that ends with the process: what it wrapped is unreadable afterwards.
func MemoryRoot() (*LocalRoot, error) {
	var key secret
	if _, err := rand.Read(key[:]); err != nil {
		return nil, fmt.Errorf("making a root key: %w", err)
	}
	aead, err := newAEAD(key[:])
	return &LocalRoot{aead}, err
}

// FileRoot returns the root key of a file that only its owner may read (0600). Without the file it makes one, unless the
// key store exists already: then the file was lost, and a new one would open nothing.
func FileRoot(path string, storeExists bool) (*LocalRoot, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && storeExists:
		return nil, fault.New(fault.Invalid, "The root key file is missing, but keys exist that it wrapped. Bring the file back; without it nothing can be read.")
	case errors.Is(err, os.ErrNotExist):
		if err := makeRootFile(path); err != nil {
			return nil, fmt.Errorf("making the root key file: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("looking for the root key file: %w", err)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fault.New(fault.Invalid, "The root key file may be read by others. Run chmod 600 on it.")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the root key file: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != len(secret{}) {
		return nil, fault.New(fault.Invalid, "The root key file does not hold 64 hexadecimal digits. Bring the right file back.")
	}
	aead, err := newAEAD(key)
	return &LocalRoot{aead}, err
}

func makeRootFile(path string) error {
	var key secret
	if _, err := rand.Read(key[:]); err != nil {
		return err
	}
	fresh := path + ".new"
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Wrap implements [Root].
func (r *LocalRoot) Wrap(_ context.Context, key, bound []byte) ([]byte, error) {
	return r.aead.Seal(nil, nil, key, bound), nil
}

// Unwrap implements [Root].
func (r *LocalRoot) Unwrap(_ context.Context, wrapped, bound []byte) ([]byte, error) {
	return r.aead.Open(nil, nil, wrapped, bound)
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
