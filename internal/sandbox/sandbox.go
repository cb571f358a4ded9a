// Package sandbox runs one program on input that nobody vouches for: media decoders and the inference program. Inside there
// is no network, nothing of the disk but the system's programs and what the caller names, nothing writable but what the
// caller shares, no other process to touch, a short list of system calls fewer, and limits on memory, processor time,
// processes and files.
//
// There are two kinds. Bubblewrap gives the program name spaces of its own. Where it cannot start, a child of our own program
// locks itself up with Landlock and seccomp and then becomes the program; it can see that a file exists, but not open it.
// Where neither can be made the program is refused and never run bare.
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
	"time"

	"mainstay/internal/fault"
)

// Kind says what a sandbox is made of. The zero value is no sandbox, in which nothing runs.
type Kind uint8

// The kinds, the stronger first.
const (
	None       Kind = iota
	Bubblewrap      // name spaces
	Landlock        // a child of our own that gives up its rights
)

var kindNames = [...]string{"none", "bubblewrap", "landlock"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[None]
}

// Config says which kinds may be tried. The zero value tries bubblewrap alone.
type Config struct {
	Child []string // a command that gives the arguments behind it to [Child], as {"/proc/self/exe", "sandbox-child"}; nil: no Landlock
	Only  Kind     // zero: every kind, the stronger first
}

// Spec is one program and what it may have.
type Spec struct {
	Program string     // absolute path, or a name on the system's path
	Args    []string   // after the program's name
	Read    []string   // files and folders that it may read, at their own absolute paths
	Share   []string   // folders that it may write, at their own absolute paths: sockets live there
	Env     []string   // its whole environment beside PATH and LC_ALL
	Files   []*os.File // open files that it inherits as descriptors 3, 4 and so on; the caller closes its own
	Limits  Limits
}

// Limits bound what a program can take; how long it may run is the context's deadline. Zero values are the defaults.
type Limits struct {
	Memory     int64 // bytes of address space; zero: 1 GiB
	CPUSeconds int64 // zero: no limit, the context ends it
	FileSize   int64 // bytes a file that it writes may have; zero: none
	Processes  int64 // 1: it may start threads but no process; zero: 64, which the kernel does not count for root
	OpenFiles  int64 // zero: 256
}

// Sandbox starts programs in one kind of sandbox. It is safe for concurrent use.
type Sandbox struct {
	kind    Kind
	bwrap   string
	prlimit string
	child   []string
	cause   error // of kind None
}

// Without returns a sandbox in which nothing runs: every Command fails as New did. It lets a deployment work with pasted
// transcripts and say of recordings why not.
func Without(cause error) *Sandbox { return &Sandbox{cause: cause} }

// probing bounds how long making a sandbox for a program that does nothing may take.
const probing = 20 * time.Second

// New finds the strongest kind of cfg's that works here, by running a program that does nothing. It fails with fault.Busy
// and the next step where none works.
func New(cfg Config) (*Sandbox, error) {
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		return nil, refused(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), probing)
	defer cancel()
	var causes []error
	for _, kind := range []Kind{Bubblewrap, Landlock} {
		if cfg.Only != None && cfg.Only != kind {
			continue
		}
		s := &Sandbox{kind: kind, prlimit: prlimit, child: cfg.Child}
		if _, err := s.Probe(ctx); err != nil {
			causes = append(causes, err)
			continue
		}
		return s, nil
	}
	return nil, refused(errors.Join(causes...))
}

func refused(cause error) error {
	return fault.Wrap(fault.Busy, nextStep, cause)
}

// Kind returns what programs run in.
func (s *Sandbox) Kind() Kind { return s.kind }

// Probe runs a program that does nothing, to tell whether sandboxes can still be made here, and returns of which kind. It
// fails with fault.Busy.
func (s *Sandbox) Probe(ctx context.Context) (Kind, error) {
	if err := s.find(); err != nil {
		return None, refused(err)
	}
	cmd, err := s.Command(ctx, Spec{Program: "true", Limits: Limits{Processes: 1}})
	if err != nil {
		return None, refused(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return None, refused(fmt.Errorf("trying %s: %w: %.300s", s.kind, err, out))
	}
	return s.kind, nil
}

func (s *Sandbox) find() (err error) {
	switch {
	case s.kind == Bubblewrap && s.bwrap == "":
		s.bwrap, err = exec.LookPath("bwrap")
	case s.kind == Landlock && len(s.child) == 0:
		err = errors.New("no command gives arguments to sandbox.Child")
	}
	return err
}

// Command prepares a program, which the caller starts like any other. It ends with ctx, and with this process. Descriptors
// that it inherits are named in the spec and not in the command's ExtraFiles.
func (s *Sandbox) Command(ctx context.Context, spec Spec) (*exec.Cmd, error) {
	for _, path := range append(append([]string{}, spec.Read...), spec.Share...) {
		if !filepath.IsAbs(path) {
			return nil, errors.New("sandbox: a path that may be read or shared is not absolute")
		}
	}
	var cmd *exec.Cmd
	var err error
	switch s.kind {
	case Bubblewrap:
		cmd, err = s.bubblewrap(ctx, spec)
	case Landlock:
		cmd, err = s.landlock(ctx, spec)
	default:
		return nil, refused(errors.Join(errors.New("no kind of sandbox"), s.cause))
	}
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = attributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Dir = "/"
	return cmd, nil
}

// system is what every program may read: the system's own programs, libraries and how they are found.
func system() []string {
	return []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"}
}

func environment(spec Spec) []string {
	return append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"}, spec.Env...)
}

// limited returns the command line that sets the limits and becomes the program.
func (s *Sandbox) limited(spec Spec) []string {
	l := spec.Limits
	number := func(n, otherwise int64) string {
		if n == 0 {
			n = otherwise
		}
		return strconv.FormatInt(n, 10)
	}
	line := []string{s.prlimit, "--as=" + number(l.Memory, 1<<30), "--fsize=" + number(l.FileSize, 0), "--core=0", "--nofile=" + number(l.OpenFiles, 256)}
	if l.CPUSeconds > 0 {
		line = append(line, "--cpu="+number(l.CPUSeconds, 0))
	}
	if l.Processes != 1 && os.Geteuid() != 0 { // with one process there are only threads, which the memory bounds
		line = append(line, "--nproc="+strconv.FormatInt(others+max(l.Processes, 64), 10))
	}
	return append(append(line, "--", spec.Program), spec.Args...)
}

// others is room for the user's other processes and threads, which the kernel counts together with the program's.
const others = 4096
