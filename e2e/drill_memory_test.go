package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDrillNothingDumpsItsMemory holds every process that serve starts to a core file of no size.
func TestDrillNothingDumpsItsMemory(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, mortal)
	d.start(t)
	d.own(t, owner())
	family := processes(t, d.run.cmd.Process.Pid)
	if len(family) < 5 {
		t.Errorf("serve has %d processes, want itself and a database server", len(family))
	}
	for pid, name := range family {
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		if os.IsNotExist(err) {
			continue // a worker of the database that has ended
		}
		check(t, err)
		for _, line := range strings.Split(string(limits), "\n") {
			if fields := strings.Fields(strings.TrimPrefix(line, "Max core file size")); strings.HasPrefix(line, "Max core") && (fields[0] != "1" || fields[1] != "1") {
				t.Errorf("%s may write a core file: %s", name, line)
			}
		}
	}
}

// processes returns a process and all that descend from it, by name.
func processes(t *testing.T, root int) map[int]string {
	t.Helper()
	parents, all := map[int]int{}, map[int]string{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	check(t, err)
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var pid, parent int
		var state string
		if _, err := fmt.Sscanf(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), "%s %d", &state, &parent); err != nil {
			continue
		}
		if _, err := fmt.Sscanf(string(stat), "%d", &pid); err != nil {
			continue
		}
		parents[pid], all[pid] = parent, string(stat[:strings.LastIndexByte(string(stat), ')')+1])
	}
	family := map[int]string{root: all[root]}
	for grew := true; grew; {
		grew = false
		for pid, parent := range parents {
			if _, in := family[parent]; in && family[pid] == "" {
				family[pid], grew = all[pid], true
			}
		}
	}
	return family
}
