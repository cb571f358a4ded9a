package postgres_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/postgres"
)

// parentEnv names the data folder in a child that this test binary starts to be killed.
const parentEnv = "MAINSTAY_TEST_PRIVATE"

func TestMain(m *testing.M) {
	folder := os.Getenv(parentEnv)
	if folder == "" {
		os.Exit(m.Run())
	}
	p, err := postgres.NewPrivate(folder)
	if err == nil {
		err = p.Start(context.Background())
	}
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println("started")
	select {} // until it is killed
}

// folder returns an empty folder that an unprivileged server can reach.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mainstay-private-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "postgres")
}

func start(t *testing.T, dir string) *postgres.Private {
	t.Helper()
	p, err := postgres.NewFast(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// ask runs a statement as the server's administrator and returns the one text that it gives.
func ask(t *testing.T, p *postgres.Private, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN("mainstay").Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var text string
	if err := conn.QueryRow(t.Context(), sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

func serverOf(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestThePrivateServerIsOursAlone(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	p := start(t, dir)
	for setting, want := range map[string]string{"listen_addresses": "", "log_statement": "none", "log_parameter_max_length_on_error": "0", "data_checksums": "on"} {
		if got := ask(t, p, `select current_setting('`+setting+`')`); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if rules := ask(t, p, `select string_agg(type || ' ' || auth_method || ' ' || array_to_string(options, ','), ';') from pg_hba_file_rules`); rules != "local peer map=mainstay" {
		t.Errorf("who may connect: %q, want our own user by the socket only", rules)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", serverOf(t, dir)))
	if err != nil {
		t.Skip("no /proc here")
	}
	if bytes.Contains(status, []byte("\nUid:\t0\t")) {
		t.Error("the server runs as root")
	}
	info, err := os.Stat(filepath.Join(dir, "data"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the cluster's folder is %v, %v; want 0700", info.Mode(), err)
	}
}

// TestAKilledParentLeavesAServerThatTheNextOneTakesOver kills the process that started a server, with and without the chance
// for the server to notice, and starts again.
func TestAKilledParentLeavesAServerThatTheNextOneTakesOver(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	for round, orphaned := range []bool{false, true} {
		parent := exec.Command(os.Args[0])
		parent.Env = append(os.Environ(), parentEnv+"="+dir)
		out, err := parent.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		if line, _ := bufio.NewReader(out).ReadString('\n'); line != "started\n" {
			t.Fatalf("the parent says %q", line)
		}
		server := serverOf(t, dir)
		if orphaned { // it cannot hear that its parent died, nor a polite stop
			if err := syscall.Kill(server, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		if err := parent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = parent.Wait()
		if orphaned {
			if err := syscall.Kill(server, 0); err != nil {
				t.Fatal("the server is gone, so this round shows nothing")
			}
			_ = syscall.Kill(server, syscall.SIGCONT)
		}
		p := start(t, dir)
		if round == 0 {
			_ = ask(t, p, `select set_config('x.y', 'z', false)`)
			keep(t, p)
		}
		if got := ask(t, p, `select what from public.kept`); got != "it" {
			t.Errorf("round %d: kept %q", round, got)
		}
		if now := serverOf(t, dir); now == server {
			t.Errorf("round %d: the old server still runs", round)
		}
		p.Stop()
	}
}

func keep(t *testing.T, p *postgres.Private) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN("mainstay").Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), `create table public.kept as select 'it' as what`); err != nil {
		t.Fatal(err)
	}
}

func TestTwoProcessesDoNotShareADataFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	p := start(t, dir)
	second, err := postgres.NewFast(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = second.Start(t.Context())
	if !fault.Is(err, fault.Busy) || !strings.Contains(fault.Sentence(err), "Another mainstay is running") {
		t.Errorf("a second start: %v", err)
	}
	if got := ask(t, p, `select 'alive'`); got != "alive" {
		t.Error("the second start took the first one's server")
	}
	p.Stop()
	if err := second.Start(t.Context()); err != nil {
		t.Errorf("after the first one stopped: %v", err)
	}
	second.Stop()
}

func TestAnotherMajorVersionIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := postgres.NewPrivate(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Start(t.Context())
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Sentence(err), "Install PostgreSQL 9, or move the data over with pg_upgrade") {
		t.Errorf("Start = %v", err)
	}
}

// TestAFullDiskIsSaid fills a small file system: the cluster does not fit, the server cannot start, a row does not fit.
func TestAFullDiskIsSaid(t *testing.T) {
	t.Parallel()
	small := func(size string) string {
		dir := filepath.Dir(folder(t))
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=755"); err != nil {
			t.Skipf("no file system can be mounted here: %v", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
		return filepath.Join(dir, "postgres")
	}
	p, err := postgres.NewFast(small("8m"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); !fault.Is(err, fault.Busy) || !strings.Contains(fault.Sentence(err), "The disk is full.") {
		t.Errorf("a cluster that does not fit: %v", err)
	}
	dir := small("160m")
	p = start(t, dir)
	conn, err := pgx.Connect(t.Context(), p.DSN("mainstay").Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), `create unlogged table public.filler (b text)`); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), `insert into public.filler select string_agg(md5(random()::text || i), '') from generate_series(1, 10000000) i group by i / 50`)
	if err = postgres.Fault(err); !fault.Is(err, fault.Busy) || !strings.Contains(fault.Sentence(err), "The disk of the database is full.") {
		t.Errorf("a row that does not fit: %v", err)
	}
	p.Stop()
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 170<<20), 0o600); err == nil {
		t.Fatal("the file system is not full, so this shows nothing")
	}
	if err := p.Start(t.Context()); !fault.Is(err, fault.Busy) || !strings.Contains(fault.Sentence(err), "The disk is full.") {
		t.Errorf("a server that cannot start: %v", err)
	}
}

func TestTheServersLogHoldsNoContent(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	p := start(t, dir)
	conn, err := pgx.Connect(t.Context(), p.DSN("mainstay").Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, sql := range []string{`select 'canary' / 0`, `select 'canary'::int`, `insert into nowhere values ('canary')`} {
		_, _ = conn.Exec(t.Context(), sql)
	}
	_, err = conn.Exec(t.Context(), `select $1::text::int`, "canary")
	if text := postgres.Fault(err).Error(); strings.Contains(text, "canary") {
		t.Errorf("a database error carries the value: %s", text)
	}
	p.Stop()
	log, err := os.ReadFile(filepath.Join(dir, "server.log"))
	if err != nil || bytes.Contains(log, []byte("canary")) {
		t.Errorf("the log holds content, %v: %s", err, log)
	}
}
