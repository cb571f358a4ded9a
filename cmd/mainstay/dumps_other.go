//go:build !linux

package main

import (
	"fmt"
	"syscall"
)

// withoutDumps keeps what is in memory out of core files, of this process and of what it starts.
func withoutDumps() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("limiting core dumps: %w", err)
	}
	return nil
}
