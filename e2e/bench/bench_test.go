//go:build bench

// Package bench measures Mainstay against what it stands on and prints the table of `make bench`. Machines differ and are
// shared, so a speed is a ratio of two things that take turns in one run, by their medians.
package bench

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// figure is a row of the table.
type figure struct {
	what   string
	got    float64
	unit   string
	least  bool // the bar is the least; else the most
	bar    float64
	beside string // what else was seen
}

func (f figure) short() bool { return f.least && f.got < f.bar || !f.least && f.got > f.bar }

// TestBench prints every number that exists by now with its bar. It fails when one is short or was not measured.
func TestBench(t *testing.T) {
	parts := []struct {
		name    string
		measure func(*testing.T) []figure
	}{{"signin", signIns}, {"read", reads}, {"blob", blobs}, {"server", servers}, {"job", jobs}} // see bareHash for what is first
	only := os.Getenv("MAINSTAY_TEST_BENCH")
	var figures []figure
	var skipped []string
	ran := 0
	for _, part := range parts {
		if only != "" && only != part.name {
			continue
		}
		ran++
		t.Run(part.name, func(t *testing.T) {
			t.Cleanup(func() {
				if t.Skipped() {
					skipped = append(skipped, part.name)
				}
			})
			figures = append(figures, part.measure(t)...)
		})
	}
	if ran == 0 {
		t.Fatalf("there is no part %q", only)
	}
	fmt.Printf("BENCH\nBENCH %-74s %12s  %-16s %-6s %s\n", "what", "measured", "bar", "", "beside it")
	for _, f := range figures {
		verdict, way := "ok", "at most"
		if f.least {
			way = "at least"
		}
		if f.short() {
			verdict = "SHORT"
			t.Errorf("%s: %.3f, %s %.2f", f.what, f.got, way, f.bar)
		}
		fmt.Printf("BENCH %-74s %12s  %-16s %-6s %s\n", f.what, fmt.Sprintf("%.3f%s", f.got, f.unit), fmt.Sprintf("%s %g%s", way, f.bar, f.unit), verdict, f.beside)
	}
	for _, name := range skipped {
		fmt.Printf("BENCH the part %s was skipped and measured nothing; why stands below\n", name)
		t.Errorf("the part %s was skipped: a number that was not measured holds no bar", name)
	}
}

func median[T int | float64 | time.Duration](all []T) T {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}
