package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/sandbox"
)

// TestMain lets this binary be the child that a sandbox of kind Landlock starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sandbox-child" {
		fmt.Fprintln(os.Stderr, sandbox.Child(os.Args[2:]))
		os.Exit(125)
	}
	os.Exit(m.Run())
}

// kinds runs a test in each kind of sandbox.
func kinds(t *testing.T, test func(*testing.T, *sandbox.Sandbox)) {
	t.Helper()
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Landlock} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			s, err := sandbox.New(sandbox.Config{Only: kind, Child: []string{"/proc/self/exe", "sandbox-child"}})
			if err != nil {
				t.Fatal(err)
			}
			test(t, s)
		})
	}
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

// outside is a canary file and a listener, which every program of this user reaches.
func outside(t *testing.T) (canary, port string) {
	t.Helper()
	canary = filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary, []byte("kestrel"), 0o644); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return canary, port
}

// TestNothingIsReachable runs the same commands bare, as the control, and inside.
func TestNothingIsReachable(t *testing.T) {
	t.Parallel()
	canary, port := outside(t)
	commands := map[string]string{
		"a file outside":         "cat " + canary,
		"a listener":             "exec 3<>/dev/tcp/127.0.0.1/" + port,
		"the password file":      "cat /etc/passwd",
		"a place to write":       "touch " + filepath.Join(filepath.Dir(canary), "written"),
		"other processes":        fmt.Sprintf("kill -0 %d", os.Getpid()),
		"their environment":      fmt.Sprintf("cat /proc/%d/environ", os.Getpid()),
		"the environment":        "test -n \"$HOME\"",
		"a temporary file":       "touch /tmp/sandbox-test-$$ && rm /tmp/sandbox-test-$$",
		"shared memory":          "touch /dev/shm/sandbox-test-$$ && rm /dev/shm/sandbox-test-$$",
		"our own program's file": "head -c 1 " + os.Args[0],
		"name spaces":            "unshare --user true || unshare --mount true",
		"datagrams":              "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)'",
		"another session":        "setsid --wait true",
		"the mode of a file":     "chmod 600 " + canary,
		"another's limits":       fmt.Sprintf("prlimit --pid %d", os.Getpid()),
	}
	for name, text := range commands {
		t.Run(name+" outside", func(t *testing.T) {
			t.Parallel()
			if out, err := exec.Command("bash", "-c", text).CombinedOutput(); err != nil {
				t.Fatalf("the control does not reach it: %v %s", err, out)
			}
		})
	}
	kinds(t, func(t *testing.T, s *sandbox.Sandbox) {
		for name, text := range commands {
			if out, err := inside(t, s, script(text)); err == nil {
				t.Errorf("%s is reached: %s", name, out)
			}
		}
	})
}

// TestServersOfThisMachineStayOutOfReach covers sockets with a name on the disk, which are no network.
func TestServersOfThisMachineStayOutOfReach(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(folder, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connect := sandbox.Spec{Program: "python3", Args: []string{"-c", "import socket; socket.socket(socket.AF_UNIX).connect('" + filepath.Join(folder, "s") + "')"}}
	if out, err := exec.Command(connect.Program, connect.Args...).CombinedOutput(); err != nil {
		t.Fatalf("the control does not reach it: %v %s", err, out)
	}
	kinds(t, func(t *testing.T, s *sandbox.Sandbox) {
		if out, err := inside(t, s, connect); err == nil {
			t.Errorf("it is reached: %s", out)
		}
		shared := connect
		shared.Share = []string{folder}
		if out, err := inside(t, s, shared); err == nil {
			t.Errorf("it is reached through a shared folder: %s", out)
		}
	})
}

func TestWhatIsNamedCanBeUsed(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, s *sandbox.Sandbox) {
		folder, shared := t.TempDir(), t.TempDir()
		file := filepath.Join(folder, "named")
		if err := os.WriteFile(file, []byte("kestrel"), 0o644); err != nil {
			t.Fatal(err)
		}
		open, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer open.Close()
		for name, spec := range map[string]sandbox.Spec{
			"a file":               {Program: "bash", Args: []string{"-c", "cat " + file + " && ! touch " + file}, Read: []string{file}},
			"a folder":             {Program: "bash", Args: []string{"-c", "cat " + file + " && ! touch " + folder + "/x"}, Read: []string{folder}},
			"an open file":         {Program: "bash", Args: []string{"-c", "cat <&3"}, Files: []*os.File{open}},
			"the environment":      {Program: "bash", Args: []string{"-c", "echo $BIRD"}, Env: []string{"BIRD=kestrel"}},
			"a socket to serve on": {Program: "python3", Args: []string{"-c", "import socket; s=socket.socket(socket.AF_UNIX); s.bind('" + shared + "/s'); s.listen(); print('kestrel')"}, Share: []string{shared}},
			"a thread":             {Program: "python3", Args: []string{"-c", "import threading; t=threading.Thread(target=print, args=('kestrel',)); t.start(); t.join()"}, Limits: sandbox.Limits{Processes: 1}},
		} {
			if out, err := inside(t, s, spec); err != nil || !strings.HasPrefix(out, "kestrel") {
				t.Errorf("using %s gives %q, %v", name, out, err)
			}
		}
		if _, err := os.Stat(filepath.Join(shared, "s")); err != nil {
			t.Errorf("the socket is not seen outside: %v", err)
		}
	})
}

func TestAPathMustBeAbsolute(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, s *sandbox.Sandbox) {
		if _, err := s.Command(t.Context(), sandbox.Spec{Program: "true", Read: []string{"etc"}}); err == nil {
			t.Error("a relative path was taken")
		}
	})
}

func TestLimitsHold(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, s *sandbox.Sandbox) {
		greedy := sandbox.Spec{Program: "python3", Args: []string{"-c", "print(len(bytearray(300_000_000)))"}, Limits: sandbox.Limits{Memory: 600 << 20}}
		if out, err := inside(t, s, greedy); err != nil || strings.TrimSpace(out) != "300000000" {
			t.Fatalf("the control does not run: %q, %v", out, err)
		}
		greedy.Limits.Memory = 100 << 20
		if out, err := inside(t, s, greedy); err == nil {
			t.Errorf("300 MB fit into 100 MB: %s", out)
		}
		busy := script("while :; do :; done")
		busy.Limits.CPUSeconds = 1
		if _, err := inside(t, s, busy); err == nil {
			t.Error("a program that never ends ended well")
		}
		forks := script("(true) && echo forked")
		if out, err := inside(t, s, forks); err != nil || !strings.Contains(out, "forked") {
			t.Fatalf("the control does not fork: %q, %v", out, err)
		}
		forks.Limits.Processes = 1
		if out, err := inside(t, s, forks); err == nil || strings.Contains(out, "forked") {
			t.Errorf("a second process was started: %q, %v", out, err)
		}
		folder := t.TempDir()
		writes := script("echo kestrel > " + folder + "/x")
		writes.Share = []string{folder}
		if out, err := inside(t, s, writes); err == nil {
			t.Errorf("a file was written without leave: %s", out)
		}
		writes.Limits.FileSize = 100
		if out, err := inside(t, s, writes); err != nil {
			t.Errorf("a small file was refused: %v %s", err, out)
		}
	})
}

// TestARunawayIsEnded cancels a program whose children hide behind other children and ignore what can be ignored.
func TestARunawayIsEnded(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, s *sandbox.Sandbox) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cmd, err := s.Command(ctx, script("trap '' TERM HUP INT; (trap '' TERM HUP INT; (sleep 1000 & echo up; sleep 1000) & ) & sleep 1000"))
		if err != nil {
			t.Fatal(err)
		}
		// Every process of it holds the writing end: the reader sees the end when the last one is gone.
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		cmd.Stdout = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("a cancelled program goes on: %v", err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("a cancelled program ended well")
		}
	})
}

// TestWithoutAnyKindItIsRefused makes a machine without bubblewrap and without a child.
func TestWithoutAnyKindItIsRefused(t *testing.T) {
	tools := t.TempDir()
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(prlimit, filepath.Join(tools, "prlimit")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools)
	if _, err := sandbox.New(sandbox.Config{}); !fault.Is(err, fault.Busy) {
		t.Errorf("New = %v, want fault.Busy", err)
	}
	s, err := sandbox.New(sandbox.Config{Child: []string{"/proc/self/exe", "sandbox-child"}})
	if err != nil || s.Kind() != sandbox.Landlock {
		t.Errorf("New with a child = %v, want landlock", err)
	}
	for name, none := range map[string]*sandbox.Sandbox{"the zero value": {}, "without": sandbox.Without(errors.New("no bubblewrap"))} {
		if _, err := none.Command(t.Context(), sandbox.Spec{Program: "true"}); !fault.Is(err, fault.Busy) {
			t.Errorf("Command of %s = %v, want fault.Busy", name, err)
		}
	}
}

// TestOtherTablesOfCallsAreRefused calls by the numbers of 32-bit programs, which the list of names does not cover.
func TestOtherTablesOfCallsAreRefused(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("the code below is amd64's")
	}
	// mov eax, 20 (getpid); int 0x80; ret
	text := "import ctypes,mmap; m=mmap.mmap(-1,4096,prot=7); m.write(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3'); " +
		"print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))())"
	if out, err := exec.Command("python3", "-c", text).CombinedOutput(); err != nil {
		t.Skipf("this kernel has no such calls: %v %s", err, out)
	}
	kinds(t, func(t *testing.T, s *sandbox.Sandbox) {
		if out, err := inside(t, s, sandbox.Spec{Program: "python3", Args: []string{"-c", text}}); err == nil {
			t.Errorf("it was called: %s", out)
		}
	})
}
