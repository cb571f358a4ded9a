package e2e

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/trust"
	"mainstay/internal/vault/objectstore/storetest"
)

// TestRecordingsLieInAConfiguredStore runs the program with an object store: what is uploaded lies there sealed, and nowhere
// in the data folder, and the promises about it are kept.
func TestRecordingsLieInAConfiguredStore(t *testing.T) {
	t.Parallel()
	store := storetest.New(t)
	secret := filepath.Join(t.TempDir(), "secret")
	check(t, os.WriteFile(secret, []byte(storetest.Secret+"\n"), 0o600))
	d := newDeployment(t, "", "MAINSTAY_BLOBS="+store.URL, "MAINSTAY_BLOBS_CA="+store.CAFile(t), "MAINSTAY_BLOBS_KEY="+storetest.Key, "MAINSTAY_BLOBS_SECRET_FILE="+secret)
	d.start(t)
	d.own(t, owner())
	j := &journey{deployment: d, body: sound(1), details: map[string]string{"title": "Kept elsewhere", "filename": "talk.wav"}}
	j.announce(t)
	j.send(t)
	stored := store.Stored(t)
	for name, raw := range stored {
		if bytes.Contains(raw, j.body[44:1044]) {
			t.Errorf("the sound stands in object %s as it was sent", name)
		}
	}
	if len(stored) == 0 {
		t.Error("nothing lies in the store")
	}
	if _, err := os.Stat(filepath.Join(d.data(), "blobs")); err == nil {
		t.Error("there is a folder of objects, too")
	}
	got, code := d.prove(t, "P010", "P017", "P018")
	for _, r := range got.Results {
		if r.State != trust.Pass || r.ID != "P018" && !strings.Contains(r.Found, "store") {
			t.Errorf("%s is %s: %s", r.ID, r.State, r.Found)
		}
		t.Logf("%s %s: %s", r.ID, r.State, r.Found)
	}
	if code != 0 || len(got.Results) != 3 {
		t.Errorf("prove ended with %d and %d results", code, len(got.Results))
	}
	if after := store.Stored(t); len(after) != len(stored) {
		t.Errorf("%d objects lie in the store after the proof, %d before", len(after), len(stored))
	}
	store.Stop()
	if next, err := j.another(t); err != nil || next.StatusCode < 400 {
		t.Errorf("with the store gone a piece is answered with %d, %v", statusOf(next), err)
	}
	d.stop(t)
	if d.begin(t) || !strings.Contains(d.run.log.String(), "object store does not answer") {
		t.Errorf("the server starts without its store, or does not say why not:\n%s", d.run.log)
	}
}

// another announces the recording again and sends it in one piece.
func (j *journey) another(t *testing.T) (response, error) {
	t.Helper()
	j.details["title"] = "Kept nowhere"
	j.announce(t)
	return j.tus(t, http.MethodPatch, j.upload, j.body, "Content-Type: application/offset+octet-stream", "Upload-Offset: 0")
}
