package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"mainstay/internal/inference/catalogue"
)

// module is what the go command says of one.
type module struct {
	Path, Version, Dir, Time string
	Replace                  *module
}

// modules returns the standard library and every module that was linked into the program.
func modules(r release) ([]component, error) {
	built, err := buildinfo.ReadFile(r.program)
	if err != nil {
		return nil, fmt.Errorf("reading what the program was built from: %w", err)
	}
	args := []string{"list", "-m", "-json"}
	for _, d := range built.Deps {
		if d.Replace != nil {
			return nil, fmt.Errorf("%s is replaced: a release is built from what was published", d.Path)
		}
		args = append(args, d.Path)
	}
	known, err := ask(r.source, args...)
	if err != nil {
		return nil, err
	}
	root, err := os.ReadFile(filepath.Join(goroot(r.source), "LICENSE"))
	if err != nil {
		return nil, fmt.Errorf("reading Go's own licence: %w", err)
	}
	std := component{kind: "library", group: "Go modules", name: "std", version: strings.TrimPrefix(built.GoVersion, "go"),
		purl: "pkg:golang/std@" + strings.TrimPrefix(built.GoVersion, "go"), licence: "BSD-3-Clause", texts: []text{{"go/LICENSE", root}}}
	all := []component{std}
	for _, d := range built.Deps {
		m := known[d.Path]
		if m.Version != d.Version {
			return nil, fmt.Errorf("the program holds %s %s, the checkout names %q: build it anew", d.Path, d.Version, m.Version)
		}
		c := component{kind: "library", group: "Go modules", name: d.Path, version: d.Version, purl: "pkg:golang/" + d.Path + "@" + d.Version, sum: d.Sum}
		c.released, _, _ = strings.Cut(m.Time, "T")
		if c.texts, c.licence, err = licencesOf(m.Dir, d.Path); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// ask runs the go command and returns the modules that it names, by path.
func ask(dir string, args ...string) (map[string]module, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=readonly")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("asking the go command for modules: %w", err)
	}
	known := map[string]module{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var m module
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return known, nil
		} else if err != nil {
			return nil, err
		}
		known[m.Path] = m
	}
}

func goroot(dir string) string {
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

var (
	locked = regexp.MustCompile(`^([A-Za-z0-9._-]+)==([^ \\]+)`)
	hashed = regexp.MustCompile(`--hash=sha256:([0-9a-f]{64})`)
)

// packages returns the locked Python packages of the inference program.
func packages(r release) ([]component, error) {
	lock, err := os.ReadFile(filepath.Join(r.source, "inference", "requirements.txt"))
	if err != nil {
		return nil, err
	}
	var all []component
	for _, line := range strings.Split(string(lock), "\n") {
		if m := locked.FindStringSubmatch(line); m != nil {
			all = append(all, component{kind: "library", group: "Python packages", name: m[1], version: m[2], purl: "pkg:pypi/" + m[1] + "@" + m[2], fetched: true})
		}
		for _, m := range hashed.FindAllStringSubmatch(line, -1) {
			if len(all) == 0 {
				return nil, errors.New("the lock begins with a hash of nothing")
			}
			all[len(all)-1].hashes = append(all[len(all)-1].hashes, m[1])
		}
	}
	for _, c := range all {
		if len(c.hashes) == 0 {
			return nil, fmt.Errorf("the lock has no hash for %s", c.name)
		}
	}
	return all, nil
}

// asset is a font, a script or a drawing of others in the pages, with its licence's file in internal/web/vendor.
type asset struct{ name, version, file, licence, text string }

func shipped() []asset {
	return []asset{
		{"htmx.org", "4.0.1", "vendor/htmx-4.0.1.min.js", "0BSD", "htmx-LICENSE.txt"},
		{"htmx.org (sse extension)", "4.0.1", "vendor/hx-sse-4.0.1.min.js", "0BSD", "htmx-LICENSE.txt"},
		{"@fontsource-variable/inter", "5.3.0", "static/inter-5.3.0.woff2", "OFL-1.1", "inter-LICENSE.txt"},
		{"@fontsource-variable/source-serif-4", "5.3.1", "static/source-serif-4-5.3.1.woff2", "OFL-1.1", "source-serif-4-LICENSE.txt"},
		{"@fontsource-variable/source-serif-4 (italic)", "5.3.1", "static/source-serif-4-italic-5.3.1.woff2", "OFL-1.1", "source-serif-4-LICENSE.txt"},
		{"lucide-static", "1.62.0", "static/icons.svg", "ISC", "lucide-LICENSE.txt"},
	}
}

// assets returns what others made of the pages.
func assets(r release) ([]component, error) {
	web := filepath.Join(r.source, "internal", "web")
	var all []component
	for _, a := range shipped() {
		body, err := os.ReadFile(filepath.Join(web, filepath.FromSlash(a.file)))
		if err != nil {
			return nil, err
		}
		licence, err := os.ReadFile(filepath.Join(web, "vendor", a.text))
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(a.name, " ")
		sum := sha256.Sum256(body)
		all = append(all, component{kind: "file", group: "Scripts, fonts and icons of the pages", name: a.name, version: a.version, licence: a.licence,
			purl: "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + a.version + "#" + path.Base(a.file), hashes: []string{hex.EncodeToString(sum[:])},
			texts: []text{{"pages/" + a.text, licence}}})
	}
	return all, nil
}

// models returns the models that the installation fetches.
func models(release) ([]component, error) {
	var all []component
	for _, m := range catalogue.Models() {
		c := component{kind: "machine-learning-model", group: "Models", name: m.Name, version: "see digests", licence: m.Licence, fetched: true}
		for _, f := range m.Files {
			c.hashes = append(c.hashes, f.SHA256)
		}
		all = append(all, c)
	}
	return all, nil
}
