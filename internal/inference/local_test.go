package inference_test

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/inference"
	"mainstay/internal/sandbox"
)

// program is a small program in place of the networks, which behaves as its model is called.
func program(t testing.TB, behaviour, folder string) inference.LocalConfig {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{behaviour + "/model.bin", "voice/segmentation.onnx", "voice/campplus.onnx"} {
		path := filepath.Join(folder, "models", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return inference.LocalConfig{Sandbox: s, Python: "/usr/bin/python3", Program: here, Models: filepath.Join(folder, "models"), Model: behaviour,
		Sockets: filepath.Join(folder, "s")}
}

func behaving(t *testing.T, behaviour string) *inference.Local {
	t.Helper()
	l := inference.NewLocal(program(t, behaviour, sockets(t)))
	t.Cleanup(l.Close)
	return l
}

func listen(ctx context.Context, l *inference.Local) error {
	_, err := l.Activity(ctx, make([]int16, 1000))
	return err
}

func TestItStartsWithTheFirstRequestAndEndsWithClose(t *testing.T) {
	t.Parallel()
	l := behaving(t, "steady")
	if l.Running() {
		t.Error("it runs before it was asked")
	}
	for range 2 {
		if err := listen(t.Context(), l); err != nil || !l.Running() {
			t.Fatalf("Activity = %v, running %v", err, l.Running())
		}
	}
	l.Close()
	if l.Running() {
		t.Error("it runs after Close")
	}
	if err := listen(t.Context(), l); err != nil {
		t.Errorf("Activity after Close = %v, want a new start", err)
	}
}

func TestACrashIsAnErrorToTryAgain(t *testing.T) {
	t.Parallel()
	l := behaving(t, "crash once")
	if err := listen(t.Context(), l); !inference.Broke(err) || !fault.Is(err, fault.Internal) {
		t.Fatalf("Activity of a program that crashes = %v, want one that broke off", err)
	}
	if err := listen(t.Context(), l); err != nil {
		t.Errorf("Activity after the crash = %v", err)
	}
}

func TestCrashesInARowPark(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := program(t, "crash", sockets(t))
	cfg.Now = func() time.Time { return now }
	l := inference.NewLocal(cfg)
	t.Cleanup(l.Close)
	for n := range 4 { // the pauses are 1, 2, 4 and 8 seconds
		if err := listen(t.Context(), l); !inference.Broke(err) {
			t.Fatalf("crash %d: Activity = %v, want one that broke off", n+1, err)
		}
		now = now.Add(5 * time.Second)
	}
	now = now.Add(-5 * time.Second)
	if err := listen(t.Context(), l); !fault.Is(err, fault.Busy) {
		t.Errorf("Activity after four crashes = %v, want fault.Busy", err)
	}
	now = now.Add(time.Minute)
	if err := listen(t.Context(), l); !inference.Broke(err) {
		t.Errorf("Activity a minute later = %v, want another try", err)
	}
}

func TestAProgramThatLeftInBetweenIsStartedWithoutAnError(t *testing.T) {
	t.Parallel()
	if err := listen(t.Context(), behaving(t, "idle")); err != nil {
		t.Errorf("Activity = %v", err)
	}
}

// TestAHangingProgramIsReplaced gives a request up and asks again.
func TestAHangingProgramIsReplaced(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for a program that does not answer")
	}
	l := behaving(t, "hang")
	if _, err := l.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := listen(ctx, l); !inference.Broke(err) {
		t.Fatalf("Activity of a program that hangs = %v, want one that broke off", err)
	}
	if err := listen(t.Context(), l); err != nil {
		t.Errorf("Activity after that = %v, want a new start", err)
	}
}

func TestWhatIsMissingIsASentence(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*inference.LocalConfig)
		want   string
	}{
		"no interpreter": {func(c *inference.LocalConfig) { c.Python = "/nowhere/bin/python" }, "The speech engine is not installed. Run make setup."},
		"no program":     {func(c *inference.LocalConfig) { c.Program = "/nowhere" }, "The speech engine is not installed. Run make setup."},
		"no models":      {func(c *inference.LocalConfig) { c.Models = "/nowhere" }, "The speech models are missing. Run mainstay models pull."},
		"another model":  {func(c *inference.LocalConfig) { c.Model = "whisper-giant" }, "The speech models are missing. Run mainstay models pull."},
	} {
		cfg := program(t, "steady", sockets(t))
		test.change(&cfg)
		err := listen(t.Context(), inference.NewLocal(cfg))
		if !fault.Is(err, fault.Busy) || fault.Sentence(err) != test.want {
			t.Errorf("%s: Activity = %v, want %q", name, err, test.want)
		}
	}
	if err := listen(t.Context(), behaving(t, "broken")); !fault.Is(err, fault.Busy) {
		t.Errorf("a program that cannot start: Activity = %v, want fault.Busy", err)
	}
}

// TestNothingSurvivesItsParent kills a process that had started the program.
func TestNothingSurvivesItsParent(t *testing.T) {
	t.Parallel()
	folder := sockets(t)
	cfg := program(t, "steady", folder)
	parent := exec.Command(os.Args[0], "hold", cfg.Program, folder)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(cfg.Sockets, "inference.sock")
	if _, err := io.ReadFull(out, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("unix", socket); err != nil {
		t.Fatalf("the program is not there before: %v", err)
	} else {
		_ = conn.Close()
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	for end := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Now().After(end) {
			t.Fatal("the program is still there")
		}
	}
}

// hold is the parent of that test.
func hold(program, folder string) {
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		panic(err)
	}
	l := inference.NewLocal(inference.LocalConfig{Sandbox: s, Python: "/usr/bin/python3", Program: program, Models: filepath.Join(folder, "models"), Model: "steady",
		Sockets: filepath.Join(folder, "s")})
	if err := listen(context.Background(), l); err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("up")
	select {}
}
