//go:build drill

package e2e

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDrillUpgrade makes the archives of the release before and of this tree, installs the first, makes a meeting through its
// pages, installs the second over it as the runbook says, and goes back, which is refused.
func TestDrillUpgrade(t *testing.T) {
	t.Parallel()
	version, tree := previous(t)
	if tree == "" {
		t.Skipf("this checkout lacks the history of %s: fetch it whole", version)
	}
	before, err := unpacked(filepath.Join("..", "deploy", "release"), version, t.TempDir(), "-source", tree)
	check(t, err)
	after, err := released()
	check(t, err)
	d := newDeployment(t, "")
	d.install(t, before)
	if out, err := exec.Command(d.program, "version").Output(); err != nil || strings.TrimSpace(string(out)) != version {
		t.Fatalf("the release before says %q, %v", out, err)
	}
	j := d.hold(t)
	d.install(t, after)
	d.held(t, j)
	d.inspect(t).whole(t)
	d.refusesNewer(t)
}

// TestDrillReleaseIsReproducible makes the release of one commit from two checkouts in different places, and wants the same bytes.
func TestDrillReleaseIsReproducible(t *testing.T) {
	t.Parallel()
	var sums [][32]byte
	for _, place := range []string{"a", "elsewhere/and/deeper"} {
		tree := filepath.Join(t.TempDir(), filepath.FromSlash(place))
		check(t, os.MkdirAll(tree, 0o755))
		archive := filepath.Join(t.TempDir(), "tree.tar")
		for _, args := range [][]string{{"git", "-C", "..", "archive", "-o", archive, "HEAD"}, {"tar", "-xf", archive, "-C", tree}} {
			if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
				t.Skipf("this is no checkout of git: %s", bytes.TrimSpace(out))
			}
		}
		dir := t.TempDir()
		_, err := unpacked(filepath.Join(tree, "deploy", "release"), "v9.9.9", dir)
		check(t, err)
		made, err := os.ReadFile(filepath.Join(dir, "release", "mainstay-v9.9.9-linux-amd64.tar.gz"))
		check(t, err)
		sums = append(sums, sha256.Sum256(made))
	}
	if sums[0] != sums[1] {
		t.Errorf("the same commit gave %x and %x", sums[0], sums[1])
	}
}

// TestDrillADamagedReleaseIsNotInstalled changes one byte of what the archive holds.
func TestDrillADamagedReleaseIsNotInstalled(t *testing.T) {
	t.Parallel()
	whole, err := released()
	check(t, err)
	release := filepath.Join(t.TempDir(), "release")
	if out, err := exec.Command("cp", "-R", whole, release).CombinedOutput(); err != nil {
		t.Fatalf("copying the release: %s", out)
	}
	path := filepath.Join(release, "mainstay")
	program, err := os.ReadFile(path)
	check(t, err)
	program[len(program)/2] ^= 1
	check(t, os.WriteFile(path, program, 0o755))
	machine := t.TempDir()
	out, err := exec.Command(filepath.Join(release, "install"), "-root", machine).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "damaged") {
		t.Errorf("a damaged release was installed: %v, %s", err, out)
	}
	if left, _ := os.ReadDir(machine); len(left) > 0 {
		t.Errorf("of a damaged release %s was put in place", left[0].Name())
	}
}
