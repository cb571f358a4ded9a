//go:build !testclock

package main

import "time"

// now is the program's clock.
func now() time.Time { return time.Now() }
