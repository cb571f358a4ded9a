// Package sandbox runs one program on input that nobody vouches for: media decoders and the inference program. Inside there
// is no network, nothing of the disk but the system's programs and what the caller names, nothing writable, and limits on
// memory, processor time, processes and files. Where no sandbox can be made the program is refused and never run bare.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"mainstay/internal/fault"
)

// Spec is one program and what it may have.
type Spec struct {
	Program string   // absolute path, or a name on the system's path
	Args    []string // after the program's name
	Read    []string // files and folders that it may read, at their own paths
	Share   []string // folders that it may write, at their own paths: sockets live there
	Env     []string // its whole environment beside PATH
	Limits  Limits
}

// Limits bound what a program can take. Zero values are the defaults.
type Limits struct {
	Memory     int64 // bytes of address space; zero: 1 GiB
	CPUSeconds int64 // zero: no limit, the context ends it
	FileSize   int64 // bytes a file that it writes may have; zero: none
}

// Sandbox starts programs in bubblewrap.
type Sandbox struct {
	bwrap   string
	prlimit string
}

// New finds bubblewrap. It fails with fault.Busy and the command that installs it.
func New() (*Sandbox, error) {
	s := &Sandbox{}
	for name, path := range map[string]*string{"bwrap": &s.bwrap, "prlimit": &s.prlimit} {
		found, err := exec.LookPath(name)
		if err != nil {
			return nil, fault.Wrap(fault.Busy, "Recordings are opened in a sandbox, which is missing. Run apt-get install bubblewrap util-linux.", err)
		}
		*path = found
	}
	return s, nil
}

// Probe runs a program that does nothing, to tell whether sandboxes can be made here.
func (s *Sandbox) Probe(ctx context.Context) error {
	cmd, err := s.Command(ctx, Spec{Program: "true"})
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fault.Wrap(fault.Busy, "A sandbox cannot be made on this machine. Allow user namespaces, or run as root.", fmt.Errorf("%w: %s", err, out))
	}
	return nil
}

// Command prepares a program, which the caller starts like any other. It ends with ctx, and with this process.
func (s *Sandbox) Command(ctx context.Context, spec Spec) (*exec.Cmd, error) {
	args := []string{
		"--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
		"--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8", "--hostname", "sandbox",
		"--proc", "/proc", "--dev", "/dev",
	}
	for _, dir := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"} {
		args = append(args, "--ro-bind-try", dir, dir)
	}
	for _, path := range spec.Read {
		if !filepath.IsAbs(path) {
			return nil, errors.New("sandbox: a path that may be read is not absolute")
		}
		args = append(args, "--ro-bind", path, path)
	}
	for _, path := range spec.Share {
		args = append(args, "--bind", path, path)
	}
	for _, pair := range spec.Env {
		name, value := cutPair(pair)
		args = append(args, "--setenv", name, value)
	}
	args = append(args, "--remount-ro", "/", "--chdir", "/", "--", s.prlimit)
	args = append(args, spec.Limits.flags()...)
	args = append(args, "--", spec.Program)
	cmd := exec.CommandContext(ctx, s.bwrap, append(args, spec.Args...)...)
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Kill() }
	cmd.Dir = os.TempDir()
	return cmd, nil
}

func cutPair(pair string) (name, value string) {
	for i := range pair {
		if pair[i] == '=' {
			return pair[:i], pair[i+1:]
		}
	}
	return pair, ""
}

func (l Limits) flags() []string {
	if l.Memory == 0 {
		l.Memory = 1 << 30
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	flags := []string{"--as=" + number(l.Memory), "--fsize=" + number(l.FileSize), "--core=0", "--nofile=256"}
	if os.Geteuid() != 0 { // the count is of the whole user; root has none, and the name space bounds it there
		flags = append(flags, "--nproc=4096")
	}
	if l.CPUSeconds > 0 {
		flags = append(flags, "--cpu="+number(l.CPUSeconds))
	}
	return flags
}
