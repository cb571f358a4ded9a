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
	"strconv"
	"sync"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/sandbox"
)

// LocalConfig says where our own program is. Paths are absolute.
type LocalConfig struct {
	Sandbox *sandbox.Sandbox
	Python  string // interpreter of a virtual environment with the locked requirements
	Program string // folder that holds mainstay_inference
	Models  string // folder of the models
	Model   string // recognition model, such as whisper-base
	Sockets string // folder for the socket; made, and reachable by this user only
	Threads int    // zero: one for each processor
	Idle    time.Duration
}

// Local is our own program on this machine, started in the sandbox when it is asked something.
type Local struct {
	*Engine
	cfg LocalConfig

	mu      sync.Mutex
	running *process
}

type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{}
}

// NewLocal returns the engine. Nothing is started yet; Close ends what runs.
func NewLocal(cfg LocalConfig) *Local {
	if cfg.Idle == 0 {
		cfg.Idle = 5 * time.Minute
	}
	l := &Local{cfg: cfg}
	dialer := &net.Dialer{}
	transport := &http.Transport{MaxIdleConnsPerHost: 2, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", l.socket())
	}}
	l.Engine = &Engine{name: "mainstay", base: "http://inference", client: &http.Client{Transport: transport}, ready: l.start}
	return l
}

func (l *Local) socket() string { return filepath.Join(l.cfg.Sockets, "inference.sock") }

// Missing says what keeps the program from starting, nil if nothing does.
func (l *Local) Missing() error {
	install := "The speech engine is not installed. Run make setup."
	for path, sentence := range map[string]string{
		l.cfg.Python: install,
		filepath.Join(l.cfg.Program, "mainstay_inference"): install,
		filepath.Join(l.cfg.Models, l.cfg.Model):           "The speech models are missing. Run mainstay models pull.",
		filepath.Join(l.cfg.Models, "voice"):               "The speech models are missing. Run mainstay models pull.",
	} {
		if _, err := os.Stat(path); err != nil {
			return fault.Wrap(fault.Busy, sentence, err)
		}
	}
	return nil
}

// start makes sure that the program answers. One caller starts it, the others wait for it.
func (l *Local) start(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running != nil {
		select {
		case <-l.running.ended:
			l.running = nil
		default:
			return nil
		}
	}
	if err := l.Missing(); err != nil {
		return err
	}
	p, err := l.launch()
	if err != nil {
		return fmt.Errorf("starting the speech engine: %w", err)
	}
	if err := l.await(ctx, p); err != nil {
		p.stop()
		return err
	}
	l.running = p
	return nil
}

func (l *Local) launch() (*process, error) {
	if err := os.MkdirAll(l.cfg.Sockets, 0o700); err != nil {
		return nil, err
	}
	if err := os.Remove(l.socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	args := []string{"-B", "-m", "mainstay_inference", "serve", "--socket", l.socket(), "--models", l.cfg.Models, "--recognition", l.cfg.Model,
		"--idle-seconds", strconv.Itoa(int(l.cfg.Idle.Seconds()))}
	if l.cfg.Threads > 0 {
		args = append(args, "--threads", strconv.Itoa(l.cfg.Threads))
	}
	read := []string{l.cfg.Program, l.cfg.Models, filepath.Dir(filepath.Dir(l.cfg.Python))}
	if real, err := filepath.EvalSymlinks(l.cfg.Python); err == nil {
		read = append(read, filepath.Dir(filepath.Dir(real)))
	}
	// A program that outlived its context would keep the models in memory: it lives on our standard input instead.
	cmd, err := l.cfg.Sandbox.Command(context.Background(), sandbox.Spec{Program: l.cfg.Python, Args: args, Read: read,
		Share: []string{l.cfg.Sockets}, Env: []string{"PYTHONPATH=" + l.cfg.Program, "HF_HUB_OFFLINE=1", "OMP_WAIT_POLICY=PASSIVE"},
		Limits: sandbox.Limits{Memory: 4 << 30, Processes: 1}})
	if err != nil {
		return nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr.Pdeathsig = 0 // the parent's thread may end before the parent: standard input tells
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// await asks until the program answers, which takes a second or two.
func (l *Local) await(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base+"/healthz", nil)
		if err != nil {
			return err
		}
		if resp, err := l.client.Do(req); err == nil {
			_ = resp.Body.Close()
			return nil
		}
		select {
		case <-p.ended:
			return fault.New(fault.Busy, "The speech engine ended while it started. Run mainstay models verify.")
		case <-ctx.Done():
			return fault.Wrap(fault.Busy, "The speech engine did not start. Try again.", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *process) stop() {
	_ = p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// Close ends the program if it runs.
func (l *Local) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running != nil {
		l.running.stop()
		l.running = nil
	}
}
