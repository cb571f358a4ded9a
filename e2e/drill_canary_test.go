package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"mainstay/internal/inference/inferencetest"
	"mainstay/internal/trust/search"
	"mainstay/internal/vault"
)

// places are where a person can put a word. Each gets the canary with an ending of its own.
func places() []string {
	return []string{"title", "text", "pasted", "speaker", "file", "mail", "attendee", "project", "glossary", "told", "recording", "workspace", "owner"}
}

// cage is a deployment into which a canary is put wherever a person can write, and searched for.
type cage struct {
	*deployment
	bird     canary
	search   *search.Search
	searches int
}

func newCage(t *testing.T, tags string) (*cage, func(func())) {
	t.Helper()
	bird := newCanary(t)
	var during func()
	engine := inferencetest.New(t, inferencetest.Script{
		Hears: inferencetest.Always(said(bird.in("text"))...),
		Fails: func(path string) (int, bool) {
			if during == nil || !strings.HasSuffix(path, "/transcriptions") {
				return 0, false
			}
			then := during
			during = nil
			then()
			return 0, true
		},
	})
	c := &cage{deployment: newDeployment(t, tags, "MAINSTAY_ENGINE="+engine.URL, "GOTRACEBACK=crash"), bird: bird, search: search.For(string(bird))}
	c.start(t)
	c.uncompressed(t)
	form := owner()
	form.Set("workspace", bird.in("workspace"))
	form.Set("name", bird.in("owner"))
	c.own(t, form)
	return c, func(then func()) { during = then }
}

// uncompressed has the database write long values as they are, so that a search sees them.
func (c *cage) uncompressed(t *testing.T) {
	t.Helper()
	conn := c.admin(t)
	defer conn.Close(t.Context())
	_, err := conn.Exec(t.Context(), `
do $$
declare c record;
begin
    for c in select a.attrelid::regclass as tab, a.attname as col from pg_attribute a join pg_class r on r.oid = a.attrelid join pg_namespace n on n.oid = r.relnamespace
             where n.nspname in ('control', 'tenant', 'audit', 'queue') and r.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attstorage in ('x', 'm') loop
        execute format('alter table %s alter column %I set storage external', c.tab, c.col);
    end loop;
end $$`)
	check(t, err)
	var compressed string
	check(t, conn.QueryRow(t.Context(), `select current_setting('wal_compression')`).Scan(&compressed))
	if compressed != "off" {
		t.Errorf("the write-ahead log is compressed by %s: the search cannot read it", compressed)
	}
}

// journey is a recording with the canary in everything that is said of it.
func (c *cage) journey() *journey {
	return &journey{deployment: c.deployment, body: titled(sound(7), c.bird.in("recording")), details: map[string]string{
		"title": "About " + c.bird.in("title"), "filename": c.bird.in("file") + ".wav", "attendees": c.bird.in("attendee") + " <" + c.bird.in("mail") + "@example.com>",
		"project": c.bird.in("project"), "glossary": c.bird.in("glossary"), "told": "yes", "how": c.bird.in("told"), "language": "en"}}
}

// titled puts a title into a WAV file, as recorders do.
func titled(wav []byte, title string) []byte {
	if len(title)%2 == 1 {
		title += " "
	}
	list := binary.LittleEndian.AppendUint32([]byte("LIST"), uint32(4+8+len(title)))
	list = binary.LittleEndian.AppendUint32(append(list, "INFOINAM"...), uint32(len(title)))
	out := append(append(bytes.Clone(wav), list...), title...)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// bring pastes a transcript.
func (c *cage) bring(t *testing.T) {
	t.Helper()
	j := c.paste(t, "Pasted "+c.bird.in("title"), c.bird.in("speaker")+": We agreed to call the supplier "+c.bird.in("pasted")+" tomorrow.\n"+
		strings.Repeat("Ben: The long part about "+c.bird.in("pasted")+" goes on and on.\n", 100))
	if page := c.get(t, j.meeting); !bytes.Contains(page, []byte(c.bird.in("pasted"))) {
		t.Errorf("the page of the minutes does not show what was pasted: nothing would be found anywhere")
	}
}

// sing searches everything that lasts, and what the server said.
func (c *cage) sing(t *testing.T) []search.Sighting {
	t.Helper()
	c.searches++
	found, err := c.search.In(time.Time{}, c.data(), c.tmp())
	check(t, err)
	for _, form := range c.search.Within([]byte(c.run.log.String())) {
		found = append(found, search.Sighting{Path: "the server's log", Form: form})
	}
	for _, folder := range []string{c.data(), c.tmp()} {
		cores, err := filepath.Glob(filepath.Join(folder, "core*"))
		check(t, err)
		for _, core := range cores {
			found = append(found, search.Sighting{Path: core, Form: "core file"})
		}
	}
	return found
}

// silent fails the test where the canary is found.
func (c *cage) silent(t *testing.T, when string) {
	t.Helper()
	for _, s := range c.sing(t) {
		t.Errorf("%s: the canary is in %s (%s)", when, s.Path, s.Form)
	}
}

// TestDrillCanary puts a canary into everything that a person can write or say, and searches the whole data folder (the
// cluster, its write-ahead log and its log, objects, keys), the folder of temporary files, core files and the server's own log
// during each phase, after each kill, after a crash and after a stop.
func TestDrillCanary(t *testing.T) {
	t.Parallel()
	c, during := newCage(t, mortal)
	c.silent(t, "after the first run")
	c.bring(t)
	c.silent(t, "after a pasted transcript")
	j := c.journey()
	j.announce(t)
	c.silent(t, "in an upload")
	during(func() { c.silent(t, "while it is recognized") })
	j.send(t)
	c.silent(t, "after an upload")
	j.drafted(t)
	c.silent(t, "after minutes of a recording")
	c.kill()
	for _, at := range chosen(deathbeds(), canaryKills) {
		k, env := c.journey(), []string{"MAINSTAY_TEST_KILL=" + at}
		k.doomed = true
		if at == "recognizing" {
			env = nil
			during(func() { _ = c.run.cmd.Process.Signal(syscall.SIGABRT); <-c.run.ended })
		}
		k.dead = func() { c.silent(t, "after a kill at "+at) }
		c.start(t, env...)
		k.travel(t)
		c.kill()
		if t.Failed() {
			t.FailNow()
		}
	}
	c.start(t)
	c.stop(t)
	c.silent(t, "after a stop")
	t.Logf("%d searches found the canary 0 times", c.searches)
}

// TestDrillCanaryControl is the same with sealing off: the same search finds the canary in every store.
func TestDrillCanaryControl(t *testing.T) {
	t.Parallel()
	c, _ := newCage(t, naked)
	c.bring(t)
	c.journey().travel(t)
	conn := c.admin(t)
	_, err := conn.Exec(t.Context(), fmt.Sprintf(`do $$ begin raise log '%s'; end $$`, c.bird.in("log")))
	check(t, err)
	check(t, conn.Close(t.Context()))
	c.stop(t)
	store, err := vault.OpenBolt(filepath.Join(c.data(), "keys.db"))
	check(t, err)
	check(t, store.Write(t.Context(), vault.Change{ID: "control", Value: []byte(c.bird.in("key"))}))
	check(t, store.Close())
	check(t, os.WriteFile(filepath.Join(c.tmp(), "core.1"), []byte(c.bird.in("core")), 0o600))

	found := c.sing(t)
	stores := byStore(found, c.data())
	for _, want := range []string{"cluster", "write-ahead log", "blobs", "database log", "key store", "elsewhere"} {
		if stores[want] == 0 {
			t.Errorf("the search does not find the canary in the %s: it could not have found it in the drill either", want)
		}
	}
	for _, place := range places() {
		seen, err := search.For(c.bird.in(place)).In(time.Time{}, c.data())
		check(t, err)
		if len(seen) == 0 {
			t.Errorf("what was put in as %s is nowhere: the drill does not try it", place)
		}
	}
	t.Logf("with sealing off the search finds the canary in %s", strings.Join(counted(stores), ", "))
}

func counted(stores map[string]int) []string {
	var all []string
	for store, n := range stores {
		all = append(all, fmt.Sprintf("%d files: %s", n, store))
	}
	sort.Strings(all)
	return slices.Compact(all)
}
