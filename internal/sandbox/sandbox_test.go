package sandbox_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/sandbox"
)

func open(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func inside(t *testing.T, s *sandbox.Sandbox, spec sandbox.Spec) (string, error) {
	t.Helper()
	cmd, err := s.Command(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func script(text string) sandbox.Spec {
	return sandbox.Spec{Program: "bash", Args: []string{"-c", text}}
}

// TestNothingIsReachable runs the same commands bare, as the control, and inside.
func TestNothingIsReachable(t *testing.T) {
	t.Parallel()
	s := open(t)
	canary := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary, []byte("kestrel"), 0o644); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a file outside":         "cat " + canary,
		"a listener":             "exec 3<>/dev/tcp/127.0.0.1/" + port,
		"the password file":      "cat /etc/passwd",
		"a place to write":       "touch " + filepath.Join(filepath.Dir(canary), "written"),
		"other processes":        fmt.Sprintf("kill -0 %d", os.Getpid()),
		"the environment":        "test -n \"$HOME\"",
		"a temporary file":       "touch /tmp/x && test -d " + filepath.Dir(canary),
		"our own program's file": "test -e " + os.Args[0],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := exec.Command("bash", "-c", text).CombinedOutput(); err != nil {
				t.Fatalf("the control does not reach it: %v %s", err, out)
			}
			if out, err := inside(t, s, script(text)); err == nil {
				t.Errorf("it is reached: %s", out)
			}
		})
	}
}

func TestWhatIsNamedCanBeRead(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := filepath.Join(t.TempDir(), "named")
	if err := os.WriteFile(file, []byte("kestrel"), 0o644); err != nil {
		t.Fatal(err)
	}
	spec := script("cat " + file + " && ! touch " + file)
	spec.Read = []string{file}
	if out, err := inside(t, s, spec); err != nil || !strings.HasPrefix(out, "kestrel") {
		t.Errorf("reading gives %q, %v", out, err)
	}
}

func TestLimitsHold(t *testing.T) {
	t.Parallel()
	s := open(t)
	spec := script("head -c 300000000 /dev/zero | tail -c 299999999 | wc -c")
	spec.Limits.Memory = 100 << 20
	if out, err := inside(t, s, spec); err == nil && strings.Contains(out, "299999999") {
		t.Errorf("300 MB fit into 100 MB: %s", out)
	}
	spec = script("while :; do :; done")
	spec.Limits.CPUSeconds = 1
	if _, err := inside(t, s, spec); err == nil {
		t.Error("a program that never ends ended well")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd, err := s.Command(ctx, script("sleep 1000"))
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cancel()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a cancelled program ended well")
		}
	case <-time.After(20 * time.Second):
		t.Error("a cancelled program goes on")
	}
}
