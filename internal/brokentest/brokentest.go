// Package brokentest builds the program without one defence and wants a test to see it.
//
// A defence that no test misses can be lost by accident. A [Build] takes one away by a small change of a source, which lies in an
// overlay of the compiler's and never in the tree, and names the test that must then fail. docs/threat-model.md lists the builds
// by the attack that they open the door to; `go test . -run Attacks -update` writes the list.
package brokentest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Build is the program without one defence. All fields but Says are required.
type Build struct {
	Case     string // the attack, as docs/threat-model.md numbers it
	Name     string // what is broken, as a claim: "guesses are not counted"
	File     string // the source, from the folder of the test
	From, To string // From stands in File once
	Sees     string // the tests of the folder that fail, parted by |
	Says     string // what they say then, where they could fail for another reason, too
}

// See builds the folder of the calling test as each of builds and wants every test that Sees names to fail, by itself and by no
// panic, and to say what Says does.
func See(t *testing.T, builds []Build) {
	t.Helper()
	for _, b := range builds {
		t.Run(b.Case+" "+b.Name, func(t *testing.T) {
			list := overlay(t, b)
			out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-count=1", "-overlay", list, "-run", "^("+b.Sees+")$", ".").CombinedOutput()
			said := string(out)
			if err == nil || strings.Contains(said, "panic: ") || !strings.Contains(said, b.Says) {
				t.Errorf("%s does not see it: %v\n%s", b.Sees, err, said)
				return
			}
			for _, name := range strings.Split(b.Sees, "|") {
				if !strings.Contains(said, "--- FAIL: "+name+" ") {
					t.Errorf("%s does not see it:\n%s", name, said)
				}
			}
			if testing.Verbose() {
				t.Log(said)
			}
		})
	}
}

// overlay writes the changed source and the compiler's list of it, and returns the list's path.
func overlay(t *testing.T, b Build) string {
	t.Helper()
	here, err := filepath.Abs(b.File)
	check(t, err)
	source, err := os.ReadFile(here)
	check(t, err)
	if n := strings.Count(string(source), b.From); n != 1 {
		t.Fatalf("%s holds it %d times: %s", b.File, n, b.From)
	}
	dir := t.TempDir()
	changed, list := filepath.Join(dir, filepath.Base(b.File)), filepath.Join(dir, "overlay.json")
	check(t, os.WriteFile(changed, []byte(strings.Replace(string(source), b.From, b.To, 1)), 0o600))
	text, err := json.Marshal(map[string]map[string]string{"Replace": {here: changed}})
	check(t, err)
	check(t, os.WriteFile(list, text, 0o600))
	return list
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
