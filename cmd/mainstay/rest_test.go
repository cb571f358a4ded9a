package main

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestMemoryIsGivenBackOnceAfterWork(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	const work = quiet
	each := []uint64{work, 0, quiet - 1, work, work, 1, 1, work} // bytes made before each tick
	var at, freed []int
	var sum uint64
	tick := make(chan time.Time)
	ended := make(chan struct{})
	n := -1
	go func() {
		defer close(ended)
		resting(ctx, tick, func() uint64 {
			if n >= 0 {
				sum += each[n]
				at = append(at, n)
			}
			n++
			return sum
		}, func() { freed = append(freed, n-1) })
	}()
	for range each {
		tick <- time.Time{}
	}
	stop()
	<-ended
	if want := []int{1, 5}; !slices.Equal(freed, want) {
		t.Errorf("memory is given back after the ticks %v of %v, want %v", freed, at, want)
	}
}
