package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mainstay/internal/sample"
)

// realDeathbeds are where the server is killed while the real engine works for it.
func realDeathbeds() []string {
	return []string{"recognizing", "recording.describe:committed:1", "transcript.write:keyed:1", "transcript.write:committed:1", "minutes.draft:written:1"}
}

// TestDrillKillsWithTheRealEngine is TestDrillKills with our own speech engine in its sandbox and a recording in which people
// speak. It also wants the engine to end with the server.
func TestDrillKillsWithTheRealEngine(t *testing.T) {
	t.Parallel()
	venv, models := os.Getenv("MAINSTAY_TEST_VENV"), os.Getenv("MAINSTAY_TEST_MODELS")
	if venv == "" || models == "" {
		t.Skip("MAINSTAY_TEST_VENV and MAINSTAY_TEST_MODELS name no engine; make test and make drill do")
	}
	program, err := filepath.Abs("../inference")
	check(t, err)
	d := newDeployment(t, mortal, "MAINSTAY_MODELS="+models, "MAINSTAY_PYTHON="+filepath.Join(venv, "bin", "python"), "MAINSTAY_PROGRAM="+program)
	d.patience = 5 * time.Minute
	d.start(t)
	d.own(t, owner())
	d.kill()
	began := time.Now()
	speech := spoken(t)
	beds := chosen(realDeathbeds(), realKills)
	for n, at := range beds {
		j := &journey{deployment: d, doomed: true, body: append(bytes.Clone(speech), byte(n)),
			details: map[string]string{"title": "Real " + fmt.Sprint(n), "filename": sample.File, "language": "en"}}
		env := []string{"MAINSTAY_TEST_KILL=" + at}
		if at == "recognizing" {
			env = nil
		}
		d.start(t, env...)
		var family map[int]string
		j.dead = func() {
			for pid, name := range family {
				d.ends(t, pid, name)
			}
		}
		if at == "recognizing" {
			j.announce(t)
			j.send(t)
			family = d.listening(t)
			_ = d.run.cmd.Process.Kill()
			j.revive(t, "listening", nil)
			j.arrive(t)
		} else {
			j.travel(t)
		}
		j.once(t)
		d.kill()
		if t.Failed() {
			t.Fatalf("at %s", at)
		}
	}
	d.collected(t)
	d.inspect(t).whole(t)
	t.Logf("%d kills with the real engine in %.0f s", len(beds), time.Since(began).Seconds())
}

// spoken is the first half minute of the sample meeting.
func spoken(t *testing.T) []byte {
	t.Helper()
	whole, part := filepath.Join(t.TempDir(), sample.File), filepath.Join(t.TempDir(), sample.File)
	check(t, os.WriteFile(whole, sample.Audio(), 0o600))
	if out, err := exec.Command("ffmpeg", "-v", "error", "-i", whole, "-t", "25", "-c", "copy", part).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	body, err := os.ReadFile(part)
	check(t, err)
	return body
}

// listening waits until the engine has heard some of a recording, and returns its processes.
func (d *deployment) listening(t *testing.T) map[int]string {
	t.Helper()
	conn := d.admin(t)
	defer conn.Close(t.Context())
	d.until(t, "the engine listens", func() bool {
		var progress float64
		err := conn.QueryRow(t.Context(), `select coalesce(max(progress), 0) from tenant.step where kind = 'transcribe' and state = 'running' and phase = 'recognizing speech'`).Scan(&progress)
		return err == nil && progress > 0
	})
	engine := map[int]string{}
	for pid, name := range processes(t, d.run.cmd.Process.Pid) {
		if strings.Contains(name, "python") || strings.Contains(name, "bwrap") {
			engine[pid] = name
		}
	}
	if len(engine) == 0 {
		t.Error("the engine has no process: it is not the real one")
	}
	return engine
}

// ends wants a process to be gone soon.
func (d *deployment) ends(t *testing.T, pid int, name string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; {
		if time.Now().After(deadline) {
			t.Errorf("%s lives on after the server was killed", name)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
