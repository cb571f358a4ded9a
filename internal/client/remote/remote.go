// Package remote is the commands of `mainstay` that ask a running deployment from anywhere: login, logout, meetings. The commands
// that keep a deployment are cmd/mainstay's own.
package remote

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Streams is what a command sees of the world.
type Streams struct {
	Out, Err io.Writer
	Environ  []string
	Now      func() time.Time
}

// ErrUsage marks a command line that makes no sense.
var ErrUsage = errors.New("usage")

func usage(says string) error { return fmt.Errorf("%w: %s", ErrUsage, says) }
