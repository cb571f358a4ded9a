package e2e

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// TestDrillErasureKilled kills the server between the destruction of a key and the rows that say so. Started again, it says so.
func TestDrillErasureKilled(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, mortal)
	d.start(t)
	d.own(t, owner())
	for _, at := range []string{"upload.end:erased", "upload.end:written", "upload.end:committed"} {
		d.kill()
		d.start(t, "MAINSTAY_TEST_KILL="+at)
		j := &journey{deployment: d, body: sound(1), details: map[string]string{"title": "Given up", "filename": "talk.wav"}}
		j.announce(t)
		if _, err := j.tus(t, http.MethodDelete, j.upload, nil); err == nil || !d.died(limit, nil) {
			t.Fatalf("%s: the server did not die: %v", at, err)
		}
		d.start(t)
		d.until(t, "the collector went through", func() bool { return len(d.logged("collected")) > 0 })
		d.get(t, "/meetings")
		d.get(t, j.meeting)
		if got, err := j.tus(t, http.MethodHead, j.upload, nil); err != nil || got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: the upload answers %d, %v; want that it is gone", at, statusOf(got), err)
		}
	}
	d.kill()
	d.collected(t)
	d.inspect(t).whole(t)
}

// TestDrillFirstStartKilled kills the very first start each time that it has made one more thing in the data folder.
func TestDrillFirstStartKilled(t *testing.T) {
	t.Parallel()
	things := []string{"root.key", "keys.db", "postgres/data.new-*/base", "postgres/data/PG_VERSION", "postgres/data/postmaster.pid", "control"}
	for _, made := range chosen(things, firstStarts) {
		d := newDeployment(t, mortal)
		began := make(chan bool, 1)
		go func() { began <- d.begin(t) }()
		for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
			if found, err := filepath.Glob(filepath.Join(d.data(), made)); err == nil && len(found) > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the first start did not make %s", made)
			}
		}
		_ = d.run.cmd.Process.Kill()
		<-began
		d.gone()
		d.start(t)
		d.own(t, owner())
		d.get(t, "/")
		d.kill()
	}
}
