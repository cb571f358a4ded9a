package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A program that made less than quiet bytes in a pace is at rest.
const (
	pace  = 3 * time.Second
	quiet = 4 << 20
)

// rest gives memory back to the machine each time the program comes to rest: what start, a meeting or a sign-in's hash left behind
// would stay with an idle server otherwise, up to twice of what it keeps.
func rest(ctx context.Context) error {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	made := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	resting(ctx, ticker.C, func() uint64 {
		metrics.Read(made)
		return made[0].Value.Uint64()
	}, debug.FreeOSMemory)
	return nil
}

// resting calls free at the first tick at rest after others that were not. Made is how many bytes were made since the start.
func resting(ctx context.Context, tick <-chan time.Time, made func() uint64, free func()) {
	before, busy := made(), true // the start was work, too
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		now := made()
		switch worked := now-before >= quiet; {
		case worked:
			busy = true
		case busy:
			free()
			busy = false
		}
		before = now
	}
}
