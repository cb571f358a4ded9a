package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"mainstay/internal/inference/inferencetest"
	"mainstay/internal/worldtest"
)

// deathbeds are where an upload and its work can be killed, in their order: verb and place of an act, and the which time.
func deathbeds() []string {
	return []string{
		"upload.begin:keyed:1", "upload.begin:written:1", "upload.begin:committed:1",
		"upload.append:asked:1", "upload.append:stored:2", "upload.append:counted:3",
		"upload.finish:asked:1", "upload.finish:written:1", "upload.finish:committed:1",
		"recording.decode:committed:1", "recognizing", "recording.describe:committed:1",
		"transcript.write:asked:1", "transcript.write:keyed:1", "transcript.write:written:1", "transcript.write:committed:1",
		"minutes.draft:asked:1", "minutes.draft:keyed:1", "minutes.draft:written:1", "minutes.draft:committed:1",
	}
}

// said is what the stand-in engine hears in every recording.
func said(word string) []inferencetest.Said {
	return []inferencetest.Said{
		{Start: 0.5, End: 4.5, Speaker: 0, Text: "I will send the drawings to " + word + " by Friday."},
		{Start: 5.5, End: 9.5, Speaker: 1, Text: "We agreed to move the gate to the north side."},
	}
}

// sound is ten seconds of it as a WAV file, others for each seed.
func sound(seed int) []byte {
	second := worldtest.Tone(seed)
	head, wave := second[:44], second[44:]
	file := append(bytes.Clone(head), bytes.Repeat(wave, 10)...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	binary.LittleEndian.PutUint32(file[40:], uint32(len(file)-44))
	return file
}

// TestDrillKills kills the server, and every second time its database with it, in each part of an upload and of the work that
// follows. Started again it goes on by itself: nothing that was acknowledged is lost, and nothing is there twice.
func TestDrillKills(t *testing.T) {
	t.Parallel()
	var during func()
	engine := inferencetest.New(t, inferencetest.Script{
		Hears: inferencetest.Always(said("Paula")...),
		Fails: func(path string) (int, bool) {
			if strings.HasSuffix(path, "/transcriptions") && during != nil {
				during()
				return 0, true
			}
			return 0, false
		},
	})
	d := newDeployment(t, mortal, "MAINSTAY_ENGINE="+engine.URL)
	d.start(t)
	d.own(t, owner())
	d.kill()
	began, kills := time.Now(), 0
	for round := range killRounds {
		for _, at := range chosen(deathbeds(), killsARound) {
			j := &journey{deployment: d, doomed: true, body: sound(100 + kills), details: map[string]string{"title": "Kill " + fmt.Sprint(kills), "filename": "talk.wav"}}
			env := []string{"MAINSTAY_TEST_KILL=" + at}
			if at == "recognizing" {
				env, during = nil, func() { during = nil; d.run.cmd.Process.Kill() }
			}
			if kills%2 == 1 {
				j.dead = d.killDatabase
			}
			d.start(t, env...)
			j.travel(t)
			j.once(t)
			d.kill()
			if t.Failed() {
				t.Fatalf("round %d: %s", round+1, at)
			}
			kills++
		}
	}
	d.collected(t)
	left := d.inspect(t)
	left.whole(t)
	t.Logf("%d kills in %.0f s: one transcript and one draft each, %d keys for %d records, %d objects for %d parts", kills, time.Since(began).Seconds(),
		len(left.keys), len(left.records), len(left.blobs), len(left.parts))
}

// chosen returns n of all, at random and in their order; all of them where n is 0.
func chosen(all []string, n int) []string {
	if n == 0 {
		return all
	}
	var some []string
	for left, s := range all {
		if rand.IntN(len(all)-left) < n-len(some) {
			some = append(some, s)
		}
	}
	return some
}

// killDatabase kills the database server that has lost its program, if it is still there.
func (d *deployment) killDatabase() {
	if pid := d.databasePID(); pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
