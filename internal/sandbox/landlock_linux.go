package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// childSpec is what the child is told on its command line: what it may keep, and what it becomes.
type childSpec struct {
	Read      []string `json:"read"`
	Share     []string `json:"share"`
	Processes int64    `json:"processes"`
	Line      []string `json:"line"`
}

// landlock prepares a child of our own program that locks itself up and then becomes the program.
func (s *Sandbox) landlock(ctx context.Context, spec Spec) (*exec.Cmd, error) {
	told, err := json.Marshal(childSpec{Read: spec.Read, Share: spec.Share, Processes: spec.Limits.Processes, Line: s.limited(spec)})
	if err != nil {
		return nil, fmt.Errorf("preparing a sandbox: %w", err)
	}
	args := append(append([]string{}, s.child[1:]...), string(told))
	cmd := exec.CommandContext(ctx, s.child[0], args...)
	cmd.Env = environment(spec)
	cmd.ExtraFiles = spec.Files
	return cmd, nil
}

// oldest is the version of Landlock that also guards files against being cut to nothing.
const oldest = 3

// Child gives up this process's rights as its one argument says and becomes the program that it names. It returns only
// where that fails, before the program has run. The main program calls it for its hidden subcommand and does nothing else.
func Child(args []string) error {
	if len(args) != 1 {
		return errors.New("sandbox: the child takes one argument")
	}
	var told childSpec
	if err := json.Unmarshal([]byte(args[0]), &told); err != nil || len(told.Line) == 0 {
		return errors.New("sandbox: the child's argument cannot be read")
	}
	runtime.LockOSThread() // rights belong to a thread; it is this one that becomes the program
	if version, _, _ := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); int(version) < oldest {
		return fmt.Errorf("sandbox: the kernel has Landlock %d, want %d or newer", int(version), oldest)
	}
	rules, err := told.paths()
	if err != nil {
		return err
	}
	if err := landlock.V7.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("sandbox: restricting files: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	filter, err := rulesFor(Spec{Share: told.Share, Limits: Limits{Processes: told.Processes}}, os.Getpid())
	if err != nil {
		return err
	}
	if err := load(filter); err != nil {
		return err
	}
	return fmt.Errorf("sandbox: becoming %s: %w", told.Line[0], syscall.Exec(told.Line[0], told.Line, os.Environ()))
}

// paths returns the rules for files. Beside the system's programs there are what the C library asks the kernel about
// processors and memory, and devices that hold nothing.
func (c childSpec) paths() ([]landlock.Rule, error) {
	self := "/proc/" + strconv.Itoa(os.Getpid())
	rules := []landlock.Rule{
		landlock.RWFiles("/dev/null", "/dev/zero"),
		landlock.ROFiles("/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version").IgnoreIfMissing(),
		landlock.RODirs(self, "/sys/devices/system/cpu", "/sys/devices/system/node").IgnoreIfMissing(),
	}
	for _, path := range append(system(), c.Read...) {
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			rules = append(rules, landlock.RODirs(path))
		case err == nil:
			rules = append(rules, landlock.ROFiles(path))
		case !errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("sandbox: naming what may be read: %w", err)
		}
	}
	return append(rules, landlock.RWDirs(c.Share...)), nil
}

// dropCapabilities leaves this thread, and what it becomes, with no right beyond those of its user.
func dropCapabilities() error {
	for number := uintptr(0); number < 64; number++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, number, 0, 0, 0); err != nil {
			break // the kernel knows no more, or there is no right to drop and none to regain
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("sandbox: giving up new rights: %w", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("sandbox: giving up capabilities: %w", err)
	}
	return nil
}

// load puts a filter as made by rulesFor on this thread.
func load(filter []byte) error {
	program := unix.SockFprog{Len: uint16(len(filter) / unix.SizeofSockFilter), Filter: (*unix.SockFilter)(unsafe.Pointer(&filter[0]))}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("sandbox: filtering system calls: %w", errno)
	}
	return nil
}
