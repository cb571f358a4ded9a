package vault_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mainstay/internal/vault"
)

// The test below watches the system calls of a process that writes keys (strace), and replays them on a disk that forgets what
// was not synced: for a power cut after each call, what a restart finds is opened with the real code.

// powerFolder names the folder in which the watched process works.
const powerFolder = "MAINSTAY_TEST_POWER"

// TestPowerChild is the watched process. It says "acknowledged N" when the Nth change is acknowledged.
func TestPowerChild(t *testing.T) {
	dir := os.Getenv(powerFolder)
	if dir == "" {
		t.Skip("it runs below TestAPowerCutLosesNoKey")
	}
	said := 0
	acknowledge := func(err error) {
		check(t, err)
		said++
		_, err = fmt.Fprintf(os.Stdout, "acknowledged %d\n", said)
		check(t, err)
	}
	_, err := vault.FileRoot(filepath.Join(dir, "root.key"), false)
	acknowledge(err)
	store, err := vault.OpenBolt(filepath.Join(dir, "keys.db"))
	acknowledge(err)
	for i := range 6 {
		acknowledge(store.Write(t.Context(), vault.Change{ID: fmt.Sprint("key ", i), Value: bytes.Repeat([]byte{byte('a' + i)}, 200)}))
	}
	acknowledge(store.Write(t.Context(), vault.Change{ID: "key 0", Always: true}))
	check(t, store.Close())
}

// after checks what a restart finds once n changes were acknowledged.
func after(ctx context.Context, dir string, n int) error {
	if n >= 1 {
		if _, err := vault.FileRoot(filepath.Join(dir, "root.key"), true); err != nil {
			return fmt.Errorf("the root key: %w", err)
		}
	}
	if n < 2 {
		return nil
	}
	store, err := vault.OpenBolt(filepath.Join(dir, "keys.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	for i := range min(n-2, 6) {
		got, err := store.Get(ctx, fmt.Sprint("key ", i))
		if err != nil {
			return err
		}
		whole := bytes.Equal(got[0], bytes.Repeat([]byte{byte('a' + i)}, 200))
		switch {
		case i == 0 && n >= 9 && got[0] != nil:
			return fmt.Errorf("a key is back after its removal was acknowledged")
		case i == 0 && n >= 8 && (whole || got[0] == nil): // its removal has begun
		case !whole:
			return fmt.Errorf("key %d is %d other bytes", i, len(got[0]))
		}
	}
	return nil
}

func TestAPowerCutLosesNoKey(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; make setup installs it")
	}
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command(strace, "-f", "-y", "-xx", "-s", "10000000", "-o", log,
		"-e", "trace=openat,write,pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,unlinkat", os.Args[0], "-test.run", "TestPowerChild$")
	cmd.Env = append(os.Environ(), powerFolder+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("Operation not permitted")) {
			t.Skip("this machine lets nobody trace processes")
		}
		t.Fatalf("watching a process: %v: %s", err, out)
	}
	calls := traced(t, log)
	d, cuts, seen := &fickle{root: dir, now: map[string]*content{}, durable: map[string]*content{}}, 0, 0
	for _, c := range calls {
		if n, ok := acknowledged(c); ok {
			seen = n
		}
		if !d.apply(c) {
			continue
		}
		for _, eager := range []bool{false, true} { // a disk may write what nobody asked for, too
			cuts++
			found := t.TempDir()
			d.restart(t, found, eager)
			if err := after(t.Context(), found, seen); err != nil {
				t.Fatalf("power cut %d, after %s %s, with %d changes acknowledged: %v", cuts, c.name, c.path, seen, err)
			}
		}
	}
	if seen != 9 || cuts < 60 {
		t.Errorf("%d changes were acknowledged and %d cuts tried: the process was not watched", seen, cuts)
	}
	t.Logf("%d power cuts lost nothing of %d acknowledged changes", cuts, seen)
}

// call is a system call that changed or synced a file, or wrote to standard output.
type call struct {
	name, path, to string
	data           []byte
	at             int64
}

var (
	line   = regexp.MustCompile(`^\d+ +(\w+)\((.*)\) += +(-?\d+)`)
	onFile = regexp.MustCompile(`^(\d+)<([^>]*)>`)
	quoted = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"`)
)

// traced reads strace's log. Calls that overlap others are put together first.
func traced(t *testing.T, log string) []call {
	t.Helper()
	file, err := os.Open(log)
	check(t, err)
	defer file.Close()
	begun, all := map[string]string{}, []call(nil)
	reader := bufio.NewReader(file)
	for {
		text, err := reader.ReadString('\n')
		if err == io.EOF {
			return all
		}
		check(t, err)
		text = strings.TrimSuffix(text, "\n")
		pid, _, _ := strings.Cut(text, " ")
		if before, unfinished := strings.CutSuffix(text, " <unfinished ...>"); unfinished {
			begun[pid] = before
			continue
		}
		if _, rest, resumed := strings.Cut(text, " resumed>"); resumed {
			text = begun[pid] + rest
		}
		if m := line.FindStringSubmatch(text); m != nil && m[3] != "-1" {
			all = append(all, parsed(t, m[1], m[2]))
		}
	}
}

func parsed(t *testing.T, name, args string) call {
	t.Helper()
	c := call{name: name}
	if m := onFile.FindStringSubmatch(args); m != nil {
		c.path = unescaped(t, m[2])
		if m[1] == "1" {
			c.path = "stdout"
		}
	}
	texts := quoted.FindAllStringSubmatch(args, -1)
	switch name {
	case "openat", "rename", "unlinkat", "renameat", "renameat2":
		c.path = unescaped(t, texts[0][1])
		if len(texts) > 1 {
			c.to = unescaped(t, texts[1][1])
		}
		if name == "openat" {
			c.to = args
		}
	case "write", "pwrite64":
		c.data = []byte(unescaped(t, texts[0][1]))
		c.at = -1
		if name == "pwrite64" {
			c.at = last(t, args)
		}
	case "ftruncate":
		c.at = last(t, args)
	}
	return c
}

func last(t *testing.T, args string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.TrimSpace(args[strings.LastIndex(args, ",")+1:]), 10, 64)
	check(t, err)
	return n
}

func unescaped(t *testing.T, text string) string {
	t.Helper()
	if !strings.HasPrefix(text, `\x`) {
		return text
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	check(t, err)
	return string(b)
}

func acknowledged(c call) (int, bool) {
	rest, ok := strings.CutPrefix(string(c.data), "acknowledged ")
	if !ok || c.path != "stdout" {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(rest))
	return n, err == nil
}

// fickle is a disk that forgets what was not synced.
type fickle struct {
	root    string
	now     map[string]*content // by name
	durable map[string]*content // names whose folder was synced
}

type content struct{ live, synced []byte }

// apply replays a call and reports whether it was about the folder.
func (d *fickle) apply(c call) bool {
	if !strings.HasPrefix(c.path, d.root) {
		return false
	}
	f := d.now[c.path]
	switch c.name {
	case "openat":
		if f == nil && strings.Contains(c.to, "O_CREAT") {
			d.now[c.path] = &content{}
		} else if f != nil && strings.Contains(c.to, "O_TRUNC") {
			f.live = nil
		}
	case "write", "pwrite64":
		at := c.at
		if at < 0 {
			at = int64(len(f.live)) // the code under test writes files from their beginning
		}
		if end := at + int64(len(c.data)); end > int64(len(f.live)) {
			f.live = append(f.live, make([]byte, end-int64(len(f.live)))...)
		}
		copy(f.live[at:], c.data)
	case "ftruncate":
		f.live = append(f.live[:min(int64(len(f.live)), c.at)], make([]byte, max(0, c.at-int64(len(f.live))))...)
	case "fsync", "fdatasync":
		if f != nil {
			f.synced = bytes.Clone(f.live)
			return true
		}
		for name := range d.durable {
			if d.now[name] == nil {
				delete(d.durable, name)
			}
		}
		for name, f := range d.now {
			d.durable[name] = f
		}
	case "rename", "renameat", "renameat2":
		d.now[c.to] = f
		delete(d.now, c.path)
	case "unlinkat":
		delete(d.now, c.path)
	}
	return true
}

// restart writes what is found after a power cut: what was synced, and, where the disk was eager, the rest of the bytes, too.
func (d *fickle) restart(t *testing.T, dir string, eager bool) {
	t.Helper()
	for name, f := range d.durable {
		body := f.synced
		if eager {
			body = f.live
		}
		check(t, os.WriteFile(filepath.Join(dir, filepath.Base(name)), body, 0o600))
	}
}
