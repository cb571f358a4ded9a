package egress_test

import (
	"crypto/rand"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mainstay/internal/egress"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/postgres"
	"mainstay/internal/postgres/pgtest"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// The names under which TestSendsUntilKilled gets a database and an address.
const (
	killedDSN = "MAINSTAY_TEST_KILLED_DSN"
	killedURL = "MAINSTAY_TEST_KILLED_URL"
)

// A process that is killed while the other side has the question leaves the entry of the call: begun, with what left.
func TestAKilledProcessLeavesItsCallInTheLedger(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	var child *exec.Cmd
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if err := child.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
	})
	child = exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSendsUntilKilled$")
	child.Env = append(os.Environ(), killedDSN+"="+w.DB.DSN.Reveal(), killedURL+"="+server.URL)
	if out, err := child.CombinedOutput(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the process was not killed (%v):\n%s", err, out)
	}
	var state string
	var bytes, tokens int
	var ended *time.Time
	err := w.Admin.QueryRow(t.Context(), `select state, bytes_out, tokens_in, ended_at from tenant.egress`).Scan(&state, &bytes, &tokens, &ended)
	if err != nil || state != "begun" || bytes != len("the canary sings") || tokens != 50 || ended != nil {
		t.Errorf("the ledger says %q, %d bytes, %d tokens, ended %v (%v); want begun, with what left", state, bytes, tokens, ended, err)
	}
}

// TestSendsUntilKilled is the process that is killed.
func TestSendsUntilKilled(t *testing.T) {
	dsn := os.Getenv(killedDSN)
	if dsn == "" {
		t.Skip("it is the other half of the test before")
	}
	pools, err := postgres.Connect(t.Context(), postgres.Config{DSN: tenant.Secret(dsn), Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	w := &gatetest.World{DB: pgtest.Database{Pools: pools, DSN: tenant.Secret(dsn)}, Folder: filepath.Join(t.TempDir(), "blobs")}
	w.Admin = w.DB.Admin(t)
	w.Source = tenant.Source{Now: time.Now, Random: rand.Reader}
	w.Clock = &gatetest.Clock{}
	w.Clock.Advance(time.Since(time.Time{}))
	root, err := vault.MemoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	if w.Vault, err = vault.New(t.Context(), vault.Config{Root: root, Keys: vault.NewMemoryStore(), Bucket: vault.NewFolder(w.Folder, nil), Source: w.Source}); err != nil {
		t.Fatal(err)
	}
	if w.Gate, err = gate.New(gate.Config{Pools: pools, Vault: w.Vault, Source: w.Source}); err != nil {
		t.Fatal(err)
	}
	s, err := egress.New(egress.Config{Gate: w.Gate, Source: w.Source})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := tenant.ActorOf(w.Workspace(t).Member(t, gate.Owner))
	if err != nil {
		t.Fatal(err)
	}
	actor.SignedInAt, actor.SeenAt, actor.ConfirmedAt = time.Now(), time.Now(), time.Now() // the gate goes by the machine's clock here
	_, err = s.Send(tenant.WithActor(t.Context(), actor), call(t, os.Getenv(killedURL)), two)
	t.Errorf("it was not killed: %v", err)
}
