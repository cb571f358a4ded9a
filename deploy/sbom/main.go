// Command sbom writes what a release is made of: sbom.cdx.json, a CycloneDX 1.6 document of every Go module in the program,
// every locked Python package, every font and script of the pages and every model; THIRD-PARTY.md, the same for people, with
// licences; and LICENSES/, the licences' texts. It reads the built program and not go.mod, so that it tells what was linked.
// The same program and the same lock give the same bytes. It fails where a licence is missing or is none that it knows.
//
//	go run ./deploy/sbom -program mainstay -version v1.0.0 -time 2026-01-02T03:04:05Z -out folder
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	r := release{}
	out := ""
	flag.StringVar(&r.program, "program", "mainstay", "the built program")
	flag.StringVar(&r.source, "source", ".", "the checkout that it was built from")
	flag.StringVar(&r.version, "version", "development", "version of the release")
	flag.StringVar(&r.time, "time", "1970-01-01T00:00:00Z", "time of the release's commit, RFC 3339")
	flag.StringVar(&out, "out", "", "folder to write to")
	flag.Parse()
	if err := run(r, out); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// release is what the documents are about.
type release struct{ program, source, version, time string }

// component is a part of the release that others made.
type component struct {
	kind     string // library, file, machine-learning-model
	group    string // "Go modules", "Python packages", ...
	name     string
	version  string
	purl     string
	sum      string   // of go.sum
	hashes   []string // SHA-256 in hex
	released string   // date of this version, where it is known
	licence  string   // SPDX; empty: the package says it, where it is fetched
	texts    []text   // the licence's files
	fetched  bool     // not in the archive: the installation fetches it
}

// text is a licence's file, by its name in LICENSES/.
type text struct {
	name string
	body []byte
}

func run(r release, out string) error {
	if out == "" {
		return errors.New("-out is missing")
	}
	all, err := components(r)
	if err != nil {
		return err
	}
	doc, err := cyclonedx(r, all)
	if err != nil {
		return err
	}
	for _, c := range all {
		for _, t := range c.texts {
			path := filepath.Join(out, "LICENSES", filepath.FromSlash(t.name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, t.body, 0o644); err != nil {
				return err
			}
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(out, "sbom.cdx.json"), doc, 0o644),
		os.WriteFile(filepath.Join(out, "THIRD-PARTY.md"), notices(r, all), 0o644))
}

// components returns every part, in the order of groups and names.
func components(r release) ([]component, error) {
	var all []component
	for _, list := range []func(release) ([]component, error){modules, packages, assets, models} {
		some, err := list(r)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(some, func(a, b component) int { return cmp.Compare(a.name+"@"+a.version, b.name+"@"+b.version) })
		all = append(all, some...)
	}
	return all, nil
}

// notices is the list for people.
func notices(r release, all []component) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# What Mainstay %s is made of\n\nThe texts of the licences lie in LICENSES/; sbom.cdx.json says the same for programs, with digests.\n", r.version)
	group := ""
	for _, c := range all {
		if c.group != group {
			group = c.group
			fmt.Fprintf(&b, "\n## %s\n\n", group)
			if c.fetched {
				b.WriteString("Not in the archive: the installation fetches them and compares their digests.\n\n")
			}
			b.WriteString("| name | version | licence | text |\n|---|---|---|---|\n")
		}
		var files []string
		for _, t := range c.texts {
			files = append(files, "LICENSES/"+t.name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.name, c.version, c.licence, strings.Join(files, ", "))
	}
	return []byte(b.String())
}
