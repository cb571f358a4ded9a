//go:build testclock

package main

import (
	"os"
	"time"
)

// now is the clock of a test build: it is ahead by the duration in the environment, such as 25h.
func now() time.Time {
	ahead, _ := time.ParseDuration(os.Getenv("MAINSTAY_TEST_CLOCK"))
	return time.Now().Add(ahead)
}
