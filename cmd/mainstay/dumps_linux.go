package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// withoutDumps keeps what is in memory out of core files: this process makes none, and what it starts (PostgreSQL, decoders,
// the speech engine) inherits the limit. The limit is one byte and not none, because where dumps go to a program through a
// pipe the kernel minds no limit but that one (core(5), do_coredump).
func withoutDumps() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("switching core dumps off: %w", err)
	}
	limit := unix.Rlimit{Cur: 1, Max: 1}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("limiting core dumps: %w", err)
	}
	return nil
}
