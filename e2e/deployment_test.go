package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/postgres"
)

// The builds of the program that drills run. None of these tags is in the release.
const (
	mortal = "faultpoint,testclock"       // dies where it is told to
	naked  = "faultpoint,testclock,plain" // and seals nothing: the control of searches
)

var (
	buildFolder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "mainstay-drill-build-") })
	builds      = map[string]func() (string, error){mortal: building(mortal), naked: building(naked), "": building("")}
)

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := buildFolder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func building(tags string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := buildFolder()
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, "mainstay-"+strings.ReplaceAll(tags, ",", "-"))
		out, err := exec.Command("go", "build", "-tags", tags, "-o", path, "mainstay/cmd/mainstay").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("building with %q: %w: %s", tags, err, out)
		}
		return path, nil
	})
}

// deployment is a data folder and a server that is killed and started again on it.
type deployment struct {
	root    string // holds data/ and tmp/, which is the server's folder of temporary files
	program string
	env     []string
	args    []string // after "serve"
	run     *running
	cookies http.CookieJar

	patience time.Duration // how long a wait may last
}

// running is one life of the server.
type running struct {
	cmd   *exec.Cmd
	url   string
	setup string // path of the first run, empty once somebody owns the deployment
	log   *tail
	out   *tail // standard output
	ended chan struct{}
}

// newDeployment prepares an empty folder. Nothing runs yet.
func newDeployment(t *testing.T, tags string, env ...string) *deployment {
	t.Helper()
	program, err := builds[tags]()
	check(t, err)
	root, err := os.MkdirTemp("", "mainstay-drill-")
	check(t, err)
	check(t, os.Chmod(root, 0o711))
	check(t, os.Mkdir(filepath.Join(root, "tmp"), 0o711))
	d := &deployment{root: root, program: program, env: env, patience: time.Minute}
	d.cookies, err = cookiejar.New(nil)
	check(t, err)
	t.Cleanup(func() {
		d.kill()
		_ = os.RemoveAll(root)
	})
	return d
}

func (d *deployment) data() string { return filepath.Join(d.root, "data") }
func (d *deployment) tmp() string  { return filepath.Join(d.root, "tmp") }

// start starts the server with more in its environment, and returns when it answers. It fails the test where the server ends
// first, unless it was to die.
func (d *deployment) start(t *testing.T, env ...string) {
	t.Helper()
	if !d.begin(t, env...) {
		t.Fatalf("the server ended while it started: %v\n%s", d.run.cmd.ProcessState, d.run.log)
	}
}

// begin starts the server and reports whether it lived to say its address.
func (d *deployment) begin(t *testing.T, env ...string) bool {
	t.Helper()
	opened, run := d.launch(t, env...), d.run
	select {
	case at := <-opened:
		u, err := url.Parse(at)
		check(t, err)
		run.url, run.setup = "http://"+u.Host, strings.TrimSuffix(u.Path, "/")
		return true
	case <-run.ended:
		return false
	case <-time.After(3 * time.Minute): // with a sample meeting to make
		d.kill()
		t.Fatalf("the server does not answer:\n%s", run.log)
		return false
	}
}

// launch starts the server and returns where its address will come.
func (d *deployment) launch(t *testing.T, env ...string) <-chan string {
	t.Helper()
	cmd := exec.Command(d.program, append([]string{"serve"}, d.args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.tmp(), "TMPDIR=" + d.tmp(), "MAINSTAY_DATA=" + d.data(),
		"MAINSTAY_LISTEN=127.0.0.1:0", "MAINSTAY_MODELS=" + filepath.Join(d.root, "models")}, append(d.env, env...)...)
	cmd.Dir = d.tmp()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	check(t, err)
	run := &running{cmd: cmd, log: &tail{}, out: &tail{}, ended: make(chan struct{})}
	cmd.Stderr = run.log
	d.run = run
	opened, started := make(chan string, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the server dies with the thread that started it, which must be nobody else's to end
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(run.out, lines.Text())
			if at, ok := strings.CutPrefix(lines.Text(), "Open "); ok {
				opened <- at
			}
		}
		_ = cmd.Wait()
		close(run.ended)
	}()
	check(t, <-started)
	return opened
}

// kill ends the server as a power cut would, and waits until its database has ended, too.
func (d *deployment) kill() {
	if d.run == nil {
		return
	}
	_ = d.run.cmd.Process.Kill()
	d.gone()
}

// stop asks the server to end and waits until it did.
func (d *deployment) stop(t *testing.T) {
	t.Helper()
	_ = d.run.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.run.ended:
	case <-time.After(30 * time.Second):
		t.Errorf("the server did not stop in 30 seconds:\n%s", d.run.log)
	}
	d.gone()
}

// gone waits until the server and its database are no more.
func (d *deployment) gone() {
	<-d.run.ended
	pid := d.databasePID()
	for pid > 0 && syscall.Kill(pid, 0) == nil && d.databasePID() == pid {
		time.Sleep(5 * time.Millisecond) // the end of a process that is not our child cannot be waited for
	}
}

// databasePID returns the process of the private database server, 0 where none runs.
func (d *deployment) databasePID() int {
	text, err := os.ReadFile(filepath.Join(d.data(), "postgres", "data", "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return 0
	}
	return pid
}

// died waits until the server has ended by itself, and reports whether it did in time. Then, which may be nil, is called at
// once, while its database may still be ending.
func (d *deployment) died(within time.Duration, then func()) bool {
	select {
	case <-d.run.ended:
		if then != nil {
			then()
		}
		d.gone()
		return true
	case <-time.After(within):
		return false
	}
}

// admin connects to the running database as its administrator, past every policy.
func (d *deployment) admin(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := d.dial(t)
	check(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// dial is admin where no database may run.
func (d *deployment) dial(t *testing.T) (*pgx.Conn, error) {
	t.Helper()
	server, err := postgres.NewPrivate(filepath.Join(d.data(), "postgres"))
	check(t, err)
	return pgx.Connect(t.Context(), server.DSN("mainstay").Reveal())
}

// tail keeps what a process says.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// response is an answer with its body read.
type response struct {
	*http.Response
	body []byte
}

// ask sends a request to the running server. An error is a connection that broke, which is what a kill looks like.
func (d *deployment) ask(method, path string, header http.Header, body io.Reader) (response, error) {
	req, err := http.NewRequest(method, d.run.url+path, body)
	if err != nil {
		return response{}, err
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, values := range header {
		req.Header[name] = values
	}
	client := &http.Client{Jar: d.cookies, Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return response{res, got}, err
}

// get opens a page that must be there.
func (d *deployment) get(t *testing.T, path string) []byte {
	t.Helper()
	a, err := d.ask(http.MethodGet, path, nil, nil)
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %v, status %d: %.300s\n%s", path, err, statusOf(a), a.body, d.run.log)
	}
	return a.body
}

func statusOf(a response) int {
	if a.Response == nil {
		return 0
	}
	return a.StatusCode
}

// post sends a form.
func (d *deployment) post(path string, form url.Values) (response, error) {
	return d.ask(http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader(form.Encode()))
}

// own makes the first account of a fresh deployment and stays signed in.
func (d *deployment) own(t *testing.T, form url.Values) {
	t.Helper()
	a, err := d.post(d.run.setup, form)
	if err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("POST %s: %v, status %d: %.300s", d.run.setup, err, statusOf(a), a.body)
	}
}

// until waits until done answers true. It fails the test where the server ends first.
func (d *deployment) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	if !d.watch(t, what, done) {
		t.Fatalf("the server ended before %s:\n%s", what, d.run.log)
	}
}

// watch asks done again and again until it answers true, and returns false where the server ends first. It fails the test
// after its patience.
func (d *deployment) watch(t *testing.T, what string, done func() bool) bool {
	t.Helper()
	deadline := time.After(d.patience)
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("waited %s until %s:\n%s", d.patience, what, d.run.log)
		case <-d.run.ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	return true
}

// logged returns the lines of the server's log with a message.
func (d *deployment) logged(message string) []map[string]any {
	var found []map[string]any
	for _, line := range strings.Split(d.run.log.String(), "\n") {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == message {
			found = append(found, entry)
		}
	}
	return found
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// limit is how long a server that was to die may live.
const limit = 30 * time.Second
