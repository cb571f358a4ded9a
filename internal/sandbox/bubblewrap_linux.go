package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

const nextStep = "Recordings are opened in a sandbox, and none can be made on this machine. Run apt-get install bubblewrap, and allow user namespaces or run as root."

// attributes make a program the first of a session, which ends as one, and end it with this process.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
}

// bubblewrap prepares a program in name spaces of its own, with a read-only root that holds next to nothing.
func (s *Sandbox) bubblewrap(ctx context.Context, spec Spec) (*exec.Cmd, error) {
	rules, err := rulesFor(spec, 0)
	if err != nil {
		return nil, err
	}
	filter, err := pipeOf(rules)
	if err != nil {
		return nil, err
	}
	args := []string{
		"--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv", "--hostname", "sandbox",
		"--seccomp", strconv.Itoa(3 + len(spec.Files)), "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev",
	}
	for _, pair := range environment(spec) {
		name, value, _ := strings.Cut(pair, "=")
		args = append(args, "--setenv", name, value)
	}
	for _, path := range system() {
		args = append(args, "--ro-bind-try", path, path)
	}
	for _, path := range spec.Read {
		args = append(args, "--ro-bind", path, path)
	}
	for _, path := range spec.Share {
		args = append(args, "--bind", path, path)
	}
	args = append(args, "--remount-ro", "/", "--chdir", "/", "--")
	cmd := exec.CommandContext(ctx, s.bwrap, append(args, s.limited(spec)...)...)
	cmd.Env = []string{}
	cmd.ExtraFiles = append(append([]*os.File{}, spec.Files...), filter)
	return cmd, nil
}

// pipeOf returns the end of a pipe from which b can be read once. It is closed when the command is collected: the program
// that reads it holds an end of its own.
func pipeOf(b []byte) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("preparing the rules of a sandbox: %w", err)
	}
	defer w.Close()
	if _, err := w.Write(b); err != nil { // some kilobytes, less than a pipe holds
		return nil, fmt.Errorf("preparing the rules of a sandbox: %w", err)
	}
	return r, nil
}
