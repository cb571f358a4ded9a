//go:build !linux

package sandbox

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
)

const nextStep = "Recordings can be opened on Linux only. Paste a transcript, or run Mainstay on a Linux machine."

var errElsewhere = errors.New("sandbox: there is none for this operating system")

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func (s *Sandbox) bubblewrap(context.Context, Spec) (*exec.Cmd, error) { return nil, errElsewhere }

func (s *Sandbox) landlock(context.Context, Spec) (*exec.Cmd, error) { return nil, errElsewhere }

// Child exists on Linux only.
func Child([]string) error { return errElsewhere }
