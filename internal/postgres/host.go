package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"mainstay/internal/fault"
)

// oldest is the oldest major version that works.
const oldest = 15

// binaries returns the folder of PostgreSQL's programs: of Debian's and Homebrew's versioned folders the one of the major version
// that is wanted, else the newest, else PATH's.
func binaries(wanted int) (string, error) {
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/usr/pgsql-*/bin"} {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, dir := range dirs {
			if versionOf(dir) >= oldest {
				found = append(found, dir)
			}
		}
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := versionOf(found[i]), versionOf(found[j])
		return (a == wanted) != (b == wanted) && a == wanted || (a == wanted) == (b == wanted) && a > b
	})
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", fault.New(fault.Invalid, "PostgreSQL 15 or newer is not installed. Run apt-get install postgresql, or set MAINSTAY_DATABASE to a server.")
}

// versionOf reads the major version in a folder's name, 0 where there is none.
func versionOf(dir string) int {
	name := filepath.Base(filepath.Dir(dir))
	if i := strings.LastIndexAny(name, "@-"); i >= 0 {
		name = name[i+1:]
	}
	version, err := strconv.Atoi(name)
	if err != nil {
		return 0
	}
	return version
}

// unprivileged returns the user as whom the server runs when we are root: PostgreSQL refuses root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"mainstay", "postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("reading the id of user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("reading the group of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fault.New(fault.Invalid, "There is no unprivileged user to run the database as. Make one named mainstay.")
}

// own gives a folder and what is in it to the server's user.
func (p *Private) own(dir string) error {
	if p.as == nil {
		return nil
	}
	return os.Chown(dir, int(p.as.Uid), int(p.as.Gid))
}

// reachable refuses a data folder that the server's user cannot get to.
func (p *Private) reachable() error {
	if p.as == nil {
		return nil
	}
	if err := os.Chown(p.folder, int(p.as.Uid), int(p.as.Gid)); err != nil {
		return fmt.Errorf("giving the database's folder to its user: %w", err)
	}
	for dir := filepath.Dir(p.folder); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("looking at the data folder's parents: %w", err)
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if open := info.Mode().Perm()&0o001 != 0 || ok && stat.Uid == p.as.Uid && info.Mode().Perm()&0o100 != 0; !open {
			return fault.New(fault.Invalid, "The database runs as another user, who cannot enter "+dir+". Choose a data folder elsewhere, or run chmod o+x on that folder.")
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func userName(uid string) string {
	u, err := user.LookupId(uid)
	if err != nil {
		return ""
	}
	return u.Username
}

func shortName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:6])
}

// full reports whether a server or initdb ended because the disk is full.
func full(text []byte) bool {
	const tail = 4 << 10
	return strings.Contains(string(text[max(0, len(text)-tail):]), "No space left on device")
}

func diskFull(cause error) error {
	return fault.Wrap(fault.Busy, "The disk is full. Free some space and start again.", cause)
}

// take makes sure that no other process runs a server in the folder, until release.
func (p *Private) take() error {
	file, err := os.OpenFile(filepath.Join(p.folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the lock of the database's folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return fault.Wrap(fault.Busy, "Another mainstay is running on this data folder. Stop it first.", err)
	}
	p.lock = file
	return nil
}

func (p *Private) release() {
	if p.lock != nil {
		_ = p.lock.Close()
		p.lock = nil
	}
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
