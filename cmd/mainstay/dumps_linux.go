package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// withoutDumps keeps what is in memory out of core files: this process makes none, and what it starts (PostgreSQL, decoders,
// the speech engine) inherits the limit. The limit is one byte and not none, because where dumps go to a program through a
// pipe the kernel minds no limit but that one (core(5), do_coredump). Whoever starts us with a lower hard limit gets that one: it
// cannot be raised.
func withoutDumps() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("switching core dumps off: %w", err)
	}
	limit := unix.Rlimit{Cur: 1, Max: 1}
	err := unix.Setrlimit(unix.RLIMIT_CORE, &limit)
	if errors.Is(err, unix.EPERM) {
		err = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	}
	if err != nil {
		return fmt.Errorf("limiting core dumps: %w", err)
	}
	return nil
}
