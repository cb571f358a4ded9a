// Mainstay is the self-hosted record of what was said and decided at work. See `mainstay help`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"mainstay/internal/client/remote"
	"mainstay/internal/fault"
	"mainstay/internal/sandbox"
)

// version is set by the release build.
var version = "development"

const usage = `Mainstay turns recordings and transcripts into minutes in which every line cites its source.

  mainstay serve                 run the server: pages, API, jobs
  mainstay minutes FILE          minutes of one recording or transcript, without a server
  mainstay models COMMAND        list, pull, import or verify the speech models
  mainstay admin COMMAND         accounts, the first address, lost factors: through the running server
  mainstay prove                 check the promises on this machine
  mainstay config print|check    show the configuration and where each value comes from
  mainstay version

As a client of a running deployment:
  mainstay login [--server URL]  act as you, once you allow it in your browser
  mainstay logout                stop that
  mainstay meetings COMMAND      list, upload, minutes, transcript

Every command of the server takes --config FILE, and MAINSTAY_* in the environment. A client finds its deployment in
MAINSTAY_CLIENT_SERVER and, in place of a login, takes an API key from MAINSTAY_CLIENT_KEY or the file MAINSTAY_CLIENT_KEY_FILE.
"mainstay COMMAND --help" says more.
`

// The exit codes.
const (
	ok     = 0
	failed = 1
	misuse = 2
)

func main() {
	if err := withoutDumps(); err != nil {
		fmt.Fprintln(os.Stderr, "mainstay:", err)
		os.Exit(failed)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, os.Environ()})
	stop()
	os.Exit(code)
}

// streams is what a command sees of the world, so that tests can give another.
type streams struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	environ []string
}

// errUsage marks a command line that makes no sense.
var errUsage = remote.ErrUsage

// asking is a command that asks a running deployment.
func asking(ask func(context.Context, []string, remote.Streams) error) func(context.Context, []string, streams) error {
	return func(ctx context.Context, args []string, s streams) error {
		return ask(ctx, args, remote.Streams{Out: s.out, Err: s.err, Environ: s.environ, Now: now})
	}
}

// run runs one command and returns the process's exit code.
func run(ctx context.Context, args []string, s streams) int {
	commands := map[string]func(context.Context, []string, streams) error{
		"serve": serve, "minutes": minutesOf, "models": models, "prove": prove, "admin": admin, "config": configure, "login": asking(remote.Login), "logout": asking(remote.Logout), "meetings": asking(remote.Meetings),
		"version": func(_ context.Context, _ []string, s streams) error {
			_, err := fmt.Fprintln(s.out, version)
			return err
		},
		sandboxChild: func(_ context.Context, args []string, _ streams) error { return sandbox.Child(args) },
		"help":       func(_ context.Context, _ []string, s streams) error { _, err := fmt.Fprint(s.out, usage); return err },
	}
	if len(args) == 0 {
		fmt.Fprint(s.err, usage)
		return misuse
	}
	command, known := commands[args[0]]
	if !known {
		fmt.Fprintf(s.err, "mainstay: there is no command %q. Run mainstay help.\n", args[0])
		return misuse
	}
	err := command(ctx, args[1:], s)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return ok
	case errors.Is(err, errUsage):
		fmt.Fprintln(s.err, "mainstay:", err)
		return misuse
	}
	fmt.Fprintln(s.err, "mainstay:", sentence(err))
	return failed
}

// sentence is what an operator reads: the fault's sentence with its cause, because the terminal is also the log here.
func sentence(err error) string {
	var known *fault.Error
	if errors.As(err, &known) {
		told := fault.Sentence(err)
		if strings.HasSuffix(err.Error(), ": "+told) {
			return told // there is no cause beside it
		}
		return fmt.Sprintf("%s\n  (%v)", told, err)
	}
	return err.Error()
}

func usageError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}
