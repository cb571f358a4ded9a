package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// port is part of the socket's file name; no TCP port is opened.
const port = "5432"

// Private is a PostgreSQL server of our own in a data folder: a Unix socket, no TCP, only our own operating-system user may
// connect. As root it runs as an unprivileged user.
type Private struct {
	folder string // holds data/, and socket/ unless its path is too long
	socket string
	bin    string
	as     *syscall.Credential // nil: as we are
	fast   bool                // for tests: a crash of the machine may lose data
	done   chan error
	proc   *os.Process
	logged int64    // where in the server's log this run begins
	lock   *os.File // held while we run a server in the folder
}

// NewPrivate prepares a server in folder, which is made if it is missing. It starts nothing.
func NewPrivate(folder string) (*Private, error) {
	made, _ := os.ReadFile(filepath.Join(folder, "data", "PG_VERSION"))
	wanted, _ := strconv.Atoi(strings.TrimSpace(string(made)))
	bin, err := binaries(wanted)
	if err != nil {
		return nil, err
	}
	p := &Private{folder: folder, bin: bin, done: make(chan error, 1)}
	if os.Geteuid() == 0 {
		if p.as, err = unprivileged(); err != nil {
			return nil, err
		}
	}
	p.socket = filepath.Join(folder, "socket")
	if len(p.socket)+len("/.s.PGSQL.")+len(port) > 107 {
		p.socket = filepath.Join(os.TempDir(), "mainstay-"+shortName(folder))
	}
	return p, nil
}

// NewFast is NewPrivate without waiting for the disk: for tests only.
func NewFast(folder string) (*Private, error) {
	p, err := NewPrivate(folder)
	if err == nil {
		p.fast = true
	}
	return p, err
}

// DSN addresses a database of the server as its administrator.
func (p *Private) DSN(database string) tenant.Secret {
	return socketDSN(p.socket, "mainstay", database)
}

// Start brings the server up and makes the database "mainstay". A server that an earlier process left running is stopped
// first. It fails with fault.Invalid where the folder belongs to another major version, and with fault.Busy where another
// process runs a server in it or the disk is full.
func (p *Private) Start(ctx context.Context) error {
	err := p.start(ctx)
	if err != nil {
		p.Stop()
	}
	if errors.Is(err, syscall.ENOSPC) {
		return diskFull(err)
	}
	return err
}

func (p *Private) start(ctx context.Context) error {
	if err := p.prepare(ctx); err != nil {
		return err
	}
	if err := p.stopLeftover(ctx); err != nil {
		return err
	}
	started := make(chan error, 1)
	go p.serve(started)
	if err := <-started; err != nil {
		return fmt.Errorf("starting the private database server: %w", err)
	}
	if err := p.await(ctx); err != nil {
		return err
	}
	return p.makeDatabase(ctx)
}

// serve runs the server from a thread of its own: the parent-death signal is tied to the thread, not to the process.
func (p *Private) serve(started chan<- error) {
	runtime.LockOSThread()
	args := []string{"-D", p.data(), "-k", p.socket, "-p", port, "-c", "listen_addresses=", "-c", "unix_socket_permissions=0777"}
	for _, s := range p.settings() {
		args = append(args, "-c", s)
	}
	cmd := exec.Command(filepath.Join(p.bin, "postgres"), args...)
	log, err := os.OpenFile(filepath.Join(p.folder, "server.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		started <- err
		return
	}
	defer log.Close()
	if info, err := log.Stat(); err == nil {
		p.logged = info.Size()
	}
	cmd.Dir, cmd.Env = p.data(), []string{"LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT, Credential: p.as, Setsid: true}
	err = cmd.Start()
	p.proc = cmd.Process
	started <- err
	if err == nil {
		p.done <- cmd.Wait()
	}
}

// settings keep content out of the server's log (the text of an error quotes values, so errors are told to us alone) and suit a
// small machine.
func (p *Private) settings() []string {
	s := []string{
		"log_min_error_statement=panic", "log_min_duration_statement=-1", "log_statement=none", "log_parameter_max_length=0",
		"log_parameter_max_length_on_error=0", "log_error_verbosity=terse", "log_min_messages=log", "log_connections=off",
		"shared_buffers=64MB", "max_connections=100", "password_encryption=scram-sha-256", "timezone=UTC", "log_timezone=UTC",
		"max_wal_size=512MB", "jit=off", "track_activity_query_size=100",
	}
	if p.fast {
		s = append(s, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")
	}
	return s
}

// Stop ends the server, open transactions rolled back. It waits up to ten seconds.
func (p *Private) Stop() {
	defer p.release()
	if p.proc == nil {
		return
	}
	_ = p.proc.Signal(syscall.SIGINT)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.proc.Signal(syscall.SIGQUIT)
		<-p.done
	}
	p.proc = nil
}

func (p *Private) data() string { return filepath.Join(p.folder, "data") }

// prepare makes the folders and, once, the cluster.
func (p *Private) prepare(ctx context.Context) error {
	if err := os.MkdirAll(p.folder, 0o755); err != nil {
		return fault.Wrap(fault.Invalid, "The data folder cannot be made. Check its path and its owner.", err)
	}
	if err := p.reachable(); err != nil {
		return err
	}
	if err := p.take(); err != nil {
		return err
	}
	if err := os.MkdirAll(p.socket, 0o755); err != nil {
		return fault.Wrap(fault.Invalid, "The database's socket folder cannot be made.", err)
	}
	if err := p.own(p.socket); err != nil {
		return err
	}
	version, err := os.ReadFile(filepath.Join(p.data(), "PG_VERSION"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return p.initdb(ctx)
	case err != nil:
		return fmt.Errorf("reading the database's version: %w", err)
	}
	major := strings.TrimSpace(string(version))
	if installed := p.major(ctx); installed != major {
		return fault.New(fault.Invalid, fmt.Sprintf("The data folder was made by PostgreSQL %s, but %s is installed. Install PostgreSQL %s, or move the data over with pg_upgrade.", major, installed, major))
	}
	return nil
}

func (p *Private) major(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, filepath.Join(p.bin, "postgres"), "--version").Output()
	if err != nil {
		return "nothing"
	}
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return "nothing"
	}
	major, _, _ := strings.Cut(fields[2], ".")
	return major
}

// initdb makes the cluster under a name of its own and moves it into place, so that a crash leaves none half made.
func (p *Private) initdb(ctx context.Context) error {
	p.sweepUnfinished()
	fresh, err := os.MkdirTemp(p.folder, unfinished)
	if err != nil {
		return fault.Wrap(fault.Invalid, "The data folder cannot be written. Check its owner.", err)
	}
	if err := p.own(fresh); err != nil {
		return err
	}
	args := []string{"-D", fresh, "-U", "mainstay", "--auth=peer", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"}
	if p.fast {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "initdb"), args...)
	cmd.Dir, cmd.Env = fresh, []string{"LC_ALL=C.UTF-8", "TZ=UTC"}
	// The signal of our own end is tied to the thread that starts the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as, Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		if full(out) {
			return diskFull(err)
		}
		return fmt.Errorf("making the database cluster: %w: %s", err, lastLine(out))
	}
	if err := p.authenticate(fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, p.data()); err != nil {
		return fmt.Errorf("moving the new cluster into place: %w", err)
	}
	if p.fast {
		return nil
	}
	// The cluster's own name must last, and those of the folders that were just made above it.
	for _, dir := range []string{p.folder, filepath.Dir(p.folder), filepath.Dir(filepath.Dir(p.folder))} {
		if err := syncDir(dir); err != nil {
			return fmt.Errorf("making the new cluster last: %w", err)
		}
	}
	return nil
}

// unfinished begins the names of clusters that are being made.
const unfinished = "data.new-"

// sweepUnfinished removes what earlier starts that were killed left half made. What a program of theirs still writes to is
// removed by the next one.
func (p *Private) sweepUnfinished() {
	left, err := filepath.Glob(filepath.Join(p.folder, unfinished+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		_ = os.RemoveAll(dir)
	}
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// writeSynced writes a file that lasts when it returns.
func writeSynced(path, text string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// authenticate lets our own operating-system user in as any role of ours, over the socket, and nobody else.
func (p *Private) authenticate(dir string) error {
	hba := "local all all peer map=mainstay\n"
	me := strconv.Itoa(os.Geteuid())
	if name := userName(me); name != "" {
		me = name
	}
	var ident strings.Builder
	for _, role := range []string{"mainstay", roleMigrate, roleApp, roleWorker} {
		fmt.Fprintf(&ident, "mainstay %q %s\n", me, role)
	}
	for file, text := range map[string]string{"pg_hba.conf": hba, "pg_ident.conf": ident.String()} {
		path := filepath.Join(dir, file)
		if err := writeSynced(path, text); err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
	}
	return nil
}

// stopLeftover ends a server that outlived the process which started it.
func (p *Private) stopLeftover(ctx context.Context) error {
	text, err := os.ReadFile(filepath.Join(p.data(), "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for a server left running: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !isServer(pid, p.data()) {
		return nil // the pid was given to somebody else: PostgreSQL sees that too
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
		return fmt.Errorf("stopping a server left running: %w", err)
	}
	deadline := time.Now().Add(15 * time.Second)
	for isServer(pid, p.data()) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGQUIT)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// isServer reports whether pid is a PostgreSQL server of the folder.
func isServer(pid int, data string) bool {
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false
	}
	args := strings.Split(string(cmdline), "\x00")
	for i, a := range args {
		if a == "-D" && i+1 < len(args) && args[i+1] == data {
			return true
		}
	}
	return false
}

// await asks until the server answers.
func (p *Private) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, p.DSN("postgres").Reveal())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case ended := <-p.done:
			p.proc = nil
			return p.explain(ended)
		default:
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the database server: %w", err)
		}
		_ = pause(ctx, 10*time.Millisecond)
	}
}

func (p *Private) explain(ended error) error {
	log, _ := os.ReadFile(filepath.Join(p.folder, "server.log"))
	if full(log[min(int(p.logged), len(log)):]) {
		return diskFull(ended)
	}
	return fmt.Errorf("the database server ended while starting: %w; see server.log in %s", ended, p.folder)
}

func (p *Private) makeDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.DSN("postgres").Reveal())
	if err != nil {
		return fmt.Errorf("connecting to the database server: %w", Fault(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = 'mainstay')`).Scan(&there); err != nil || there {
		return Fault(err)
	}
	_, err = conn.Exec(ctx, `create database mainstay`)
	return Fault(err)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
