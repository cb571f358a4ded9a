//go:build bench

package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the built mainstay, which make bench builds first.
const program = "../../mainstay"

// servers measures the idle server's memory and how long it takes to be ready with a data folder that exists.
func servers(t *testing.T) []figure {
	folder, err := os.MkdirTemp("", "mainstay-bench-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o711))
	serve(t, folder)() // makes the folder
	var took []time.Duration
	for range 7 {
		began := time.Now()
		stop := serve(t, folder)
		took = append(took, time.Since(began))
		stop()
	}
	resident, postgres := idle(t, folder)
	return []figure{
		{what: "start of the server with an existing data folder until ready", got: median(took).Seconds(), unit: " s", bar: 1.5, beside: fmt.Sprintf("of %d starts %v to %v", len(took), round(took, 0), round(took, 1))},
		{what: "memory of the idle server", got: resident, unit: " MB", bar: 120, beside: fmt.Sprintf("PostgreSQL %.0f MB", postgres)},
	}
}

func round(all []time.Duration, at int) time.Duration {
	best := all[0]
	for _, d := range all {
		if at == 0 && d < best || at == 1 && d > best {
			best = d
		}
	}
	return best.Round(time.Millisecond)
}

// serve starts the server, waits until it is ready, and returns what stops it.
func serve(t *testing.T, folder string) (stop func()) {
	t.Helper()
	stop, _, _ = running(t, folder)
	return stop
}

func running(t *testing.T, folder string) (stop func(), pid int, address string) {
	t.Helper()
	exe, err := filepath.Abs(program)
	must(t, err)
	cmd := exec.Command(exe, "serve")
	cmd.Env = append(os.Environ(), "MAINSTAY_DATA="+folder, "MAINSTAY_LISTEN=127.0.0.1:0", "MAINSTAY_LOG=error")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			address = at
			break
		}
	}
	if address == "" {
		t.Fatalf("the server did not listen: %v", cmd.Wait())
	}
	go func() {
		for lines.Scan() {
		}
	}()
	for deadline := time.Now().Add(time.Minute); ; {
		if ready(t.Context(), address) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server was not ready within a minute")
		}
		time.Sleep(5 * time.Millisecond)
	}
	return func() {
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		must(t, cmd.Wait())
	}, cmd.Process.Pid, address
}

func ready(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// idle returns the resident memory of a server that answered some pages and then rested, and that of its PostgreSQL, in MB.
// Pages that PostgreSQL's processes share count once.
func idle(t *testing.T, folder string) (resident, postgres float64) {
	t.Helper()
	stop, pid, address := running(t, folder)
	defer stop()
	for range 50 {
		answer, err := http.Get("http://" + address + "/sign-in")
		must(t, err)
		_ = answer.Body.Close()
	}
	time.Sleep(10 * time.Second)
	resident = kilobytes(t, pid, "status", "VmRSS:")
	text, err := os.ReadFile(filepath.Join(folder, "postgres", "data", "postmaster.pid"))
	must(t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(line)
	must(t, err)
	for _, p := range append(children(t, postmaster), postmaster) {
		postgres += kilobytes(t, p, "smaps_rollup", "Pss:")
	}
	return resident, postgres
}

// kilobytes reads a line of a process's accounts, which count in kB, and returns MB.
func kilobytes(t *testing.T, pid int, file, name string) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	must(t, err)
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			must(t, err)
			return kb / 1000
		}
	}
	t.Fatalf("process %d has no %s", pid, name)
	return 0
}

func children(t *testing.T, parent int) []int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	var found []int
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			must(t, err)
			found = append(found, pid)
		}
	}
	return found
}
