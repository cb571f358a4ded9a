package inference

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/sandbox"
)

// LocalConfig says where our own program is. Paths are absolute.
type LocalConfig struct {
	Sandbox *sandbox.Sandbox
	Python  string           // interpreter of a virtual environment with the locked requirements
	Program string           // folder that holds mainstay_inference
	Models  string           // folder of the models
	Model   string           // recognition model, such as whisper-base
	Sockets string           // folder for the socket; made, and reachable by this user only
	Threads int              // zero: one for each processor, at most 8
	Idle    time.Duration    // after so long without a request the program ends; zero: 5 minutes
	Now     func() time.Time // nil: the machine's clock
}

// Local is our own program on this machine, started in the sandbox when it is asked something and ended when it is idle. A
// program that crashed is started again, after a pause that doubles with each crash in a row.
type Local struct {
	*Engine
	cfg LocalConfig

	turn    chan struct{} // holds the one token of who may touch what follows
	running *process
	crashes int       // in a row, without an answer in between
	resting time.Time // no new start before

	answered atomic.Bool // the running program answered a request
	doubted  atomic.Bool // it broke off, and must show that it still answers
}

// process is a started program.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{}
	err   error // how it ended, once it did
	words lastWords
}

// lastWords keeps the end of what a program wrote to its standard error.
type lastWords struct {
	mu sync.Mutex
	b  []byte
}

func (w *lastWords) Write(p []byte) (int, error) {
	const most = 1000
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b = append(w.b, p...)
	w.b = w.b[max(0, len(w.b)-most):]
	return len(p), nil
}

// The pauses between crashes.
const (
	firstPause = time.Second
	maxPause   = time.Minute
	startTime  = time.Minute
)

// NewLocal returns the engine. Nothing is started yet; Close ends what runs.
func NewLocal(cfg LocalConfig) *Local {
	if cfg.Idle == 0 {
		cfg.Idle = 5 * time.Minute
	}
	if cfg.Threads == 0 {
		cfg.Threads = min(8, runtime.NumCPU())
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := &Local{cfg: cfg, turn: make(chan struct{}, 1)}
	dialer := &net.Dialer{}
	transport := &http.Transport{MaxIdleConnsPerHost: 2, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", l.socket())
	}}
	l.Engine = &Engine{base: "http://inference", model: cfg.Model, client: &http.Client{Transport: watched{transport, l}}, ready: l.start, left: l.leftOnPurpose}
	return l
}

// watched notes whether the program answers.
type watched struct {
	next  *http.Transport
	local *Local
}

func (w watched) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	switch {
	case err == nil && req.Method == http.MethodPost:
		w.local.answered.Store(true)
	case err != nil:
		w.local.doubted.Store(true)
		w.next.CloseIdleConnections()
	}
	return resp, err
}

func (l *Local) socket() string { return filepath.Join(l.cfg.Sockets, "inference.sock") }

// Missing says what keeps the program from starting, nil if nothing does.
func (l *Local) Missing() error {
	const install = "The speech engine is not installed. Run make setup."
	const pull = "The speech models are missing. Run mainstay models pull."
	for _, need := range []struct{ path, sentence string }{
		{l.cfg.Python, install},
		{filepath.Join(l.cfg.Program, "mainstay_inference"), install},
		{filepath.Join(l.cfg.Models, l.cfg.Model, "model.bin"), pull},
		{filepath.Join(l.cfg.Models, "voice", "segmentation.onnx"), pull},
		{filepath.Join(l.cfg.Models, "voice", "campplus.onnx"), pull},
	} {
		if _, err := os.Stat(need.path); err != nil {
			return fault.Wrap(fault.Busy, need.sentence, err)
		}
	}
	return nil
}

// Running reports whether the program runs.
func (l *Local) Running() bool {
	l.lock()
	defer l.unlock()
	return l.running != nil && !l.running.over()
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (l *Local) lock()   { l.turn <- struct{}{} }
func (l *Local) unlock() { <-l.turn }

// start makes sure that the program answers. One caller starts it, the others wait for it, as long as they like.
func (l *Local) start(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		defer l.unlock()
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.running != nil && !l.running.over() && l.doubted.Swap(false) && l.await(ctx, l.running, healthTime) != nil {
		l.running.stop(0) // it hangs
	}
	if l.running != nil && !l.running.over() {
		return nil
	}
	l.bury()
	if err := l.Missing(); err != nil {
		return err
	}
	if err := l.rest(ctx); err != nil {
		return err
	}
	p, err := l.launch()
	if err != nil {
		return fmt.Errorf("starting the speech engine: %w", err)
	}
	l.running = p
	l.doubted.Store(false)
	l.answered.Store(false)
	if err := l.await(ctx, p, startTime); err != nil {
		p.stop(0)
		l.bury()
		return err
	}
	return nil
}

// bury forgets a program that ended, and counts it if it crashed.
func (l *Local) bury() {
	p := l.running
	if p == nil || !p.over() {
		return
	}
	l.running = nil
	if l.answered.Load() || p.err == nil {
		l.crashes, l.resting = 0, time.Time{}
	}
	if p.err != nil {
		pause := min(firstPause<<min(l.crashes, 10), maxPause)
		l.crashes++
		l.resting = l.cfg.Now().Add(pause)
	}
}

// rest waits until a crashed program may be started again.
func (l *Local) rest(ctx context.Context) error {
	wait := l.resting.Sub(l.cfg.Now())
	if wait <= 0 {
		return nil
	}
	if wait > 5*time.Second { // longer than a caller should hang: the work is parked and comes back
		return fault.New(fault.Busy, "The speech engine crashed several times and is started again in a minute. Run mainstay models verify if it goes on.")
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// memory bounds the program's address space: models and half an hour of sound, and for each thread its own working room.
func memory(threads int) int64 { return 3<<30 + int64(threads)<<29 }

func (l *Local) launch() (*process, error) {
	if err := os.MkdirAll(l.cfg.Sockets, 0o700); err != nil {
		return nil, err
	}
	if err := os.Remove(l.socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	args := []string{"-B", "-m", "mainstay_inference", "serve", "--socket", l.socket(), "--models", l.cfg.Models, "--recognition", l.cfg.Model,
		"--idle-seconds", strconv.FormatFloat(l.cfg.Idle.Seconds(), 'f', 3, 64), "--threads", strconv.Itoa(l.cfg.Threads)}
	read := []string{l.cfg.Program, l.cfg.Models, filepath.Dir(filepath.Dir(l.cfg.Python))}
	if real, err := filepath.EvalSymlinks(l.cfg.Python); err == nil {
		read = append(read, filepath.Dir(filepath.Dir(real)))
	}
	cmd, err := l.cfg.Sandbox.Command(context.Background(), sandbox.Spec{Program: l.cfg.Python, Args: args, Read: read,
		Share: []string{l.cfg.Sockets}, Env: []string{"PYTHONPATH=" + l.cfg.Program, "HF_HUB_OFFLINE=1", "OMP_WAIT_POLICY=PASSIVE", "MALLOC_ARENA_MAX=4"},
		Limits: sandbox.Limits{Memory: memory(l.cfg.Threads), Processes: 1}})
	if err != nil {
		return nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// It serves many callers and so outlives the context of the first. Our end ends it, also through its standard input.
	p := &process{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	cmd.Stderr = &p.words
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// await asks until the program answers, which takes about a second after a start.
func (l *Local) await(ctx context.Context, p *process, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		_, err := l.ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fault.Wrap(fault.Busy, "The speech engine ended while it started. Run mainstay models verify.",
				fmt.Errorf("%v: %s", p.err, p.words.b)) // it has heard nothing yet that its words could hold
		case <-ctx.Done():
			return fault.Wrap(fault.Busy, "The speech engine did not start. Try again.", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// leftOnPurpose reports whether the program ended by itself, as it does when idle. The end of the process may come a moment
// after the end of its connections.
func (l *Local) leftOnPurpose() bool {
	l.lock()
	p := l.running
	l.unlock()
	if p == nil {
		return true
	}
	select {
	case <-p.ended:
		return p.err == nil
	case <-time.After(2 * time.Second):
		return false
	}
}

// stop closes the program's standard input, which ends it, and kills it if that takes longer than grace.
func (p *process) stop(grace time.Duration) {
	_ = p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(grace):
		_ = p.cmd.Cancel()
		<-p.ended
	}
}

// Close ends the program if it runs. A later request starts it again.
func (l *Local) Close() {
	l.lock()
	defer l.unlock()
	if l.running != nil {
		l.running.stop(3 * time.Second)
		l.running = nil
	}
}
