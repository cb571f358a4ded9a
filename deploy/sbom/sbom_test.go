package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// made builds the program and writes what a release says of it, twice.
func made(t *testing.T) (program string, folders [2]string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "mainstay")
	if out, err := exec.Command("go", "build", "-o", program, "mainstay/cmd/mainstay").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v: %s", err, out)
	}
	for i := range folders {
		folders[i] = t.TempDir()
		if err := run(release{program: program, source: "../..", version: "v1.2.3", time: "2026-01-02T03:04:05Z"}, folders[i]); err != nil {
			t.Fatal(err)
		}
	}
	return program, folders
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestTheBillOfMaterials(t *testing.T) {
	t.Parallel()
	_, folders := made(t)
	t.Run("names what is in the program", func(t *testing.T) { billNamesTheProgram(t, folders) })
	t.Run("every licence is shipped", func(t *testing.T) { licencesAreShipped(t, folders[0]) })
	t.Run("authentication is by maintained modules", func(t *testing.T) { authenticationIsMaintained(t, folders[0]) })
}

// billNamesTheProgram holds the bill of materials to go.mod, go.sum, the imports and the Python lock.
func billNamesTheProgram(t *testing.T, folders [2]string) {
	t.Helper()
	doc := read(t, filepath.Join(folders[0], "sbom.cdx.json"))
	for _, file := range []string{"sbom.cdx.json", "THIRD-PARTY.md"} {
		if !bytes.Equal(read(t, filepath.Join(folders[0], file)), read(t, filepath.Join(folders[1], file))) {
			t.Errorf("%s is another each time", file)
		}
	}
	var bill bom
	if err := json.Unmarshal(doc, &bill); err != nil {
		t.Fatal(err)
	}
	if bill.Format != "CycloneDX" || bill.Spec != "1.6" || bill.Metadata.Component.Version != "v1.2.3" {
		t.Errorf("the document is %s %s of %q", bill.Format, bill.Spec, bill.Metadata.Component.Version)
	}
	parts, refs := map[string]part{}, map[string]bool{}
	for _, p := range bill.Components {
		if refs[p.Ref] {
			t.Errorf("%s is there twice", p.Ref)
		}
		refs[p.Ref], parts[p.PURL] = true, p
	}
	modulesAgree(t, parts)
	packagesAgree(t, parts)
}

func modulesAgree(t *testing.T, parts map[string]part) {
	t.Helper()
	sums := map[string]string{}
	for _, line := range strings.Split(string(read(t, "../../go.sum")), "\n") {
		if f := strings.Fields(line); len(f) == 3 && !strings.HasSuffix(f[1], "/go.mod") {
			sums[f[0]+"@"+f[1]] = f[2]
		}
	}
	required := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:require\s+)?([^\s]+\.[^\s]+/[^\s]+|[a-z.]+\.[a-z]+) (v[^\s]+)`).FindAllStringSubmatch(string(read(t, "../../go.mod")), -1) {
		required[m[1]] = m[2]
	}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "mainstay/cmd/mainstay").Output()
	if err != nil {
		t.Fatalf("asking what the program imports: %v", err)
	}
	imported := map[string]bool{}
	for _, path := range strings.Fields(string(out)) {
		imported[path] = true
		if version := required[path]; version == "" {
			t.Errorf("%s is imported and not in go.mod", path)
		} else if _, ok := parts["pkg:golang/"+path+"@"+version]; !ok {
			t.Errorf("%s %s of go.mod is in the program and not in the bill", path, version)
		}
	}
	listed := 0
	for purl, p := range parts {
		name, ours := strings.CutPrefix(purl, "pkg:golang/")
		if !ours || p.Name == "std" {
			continue
		}
		listed++
		said := map[string]string{}
		for _, property := range p.Properties {
			said[property.Name] = property.Value
		}
		switch {
		case !imported[p.Name] || required[p.Name] != p.Version:
			t.Errorf("the bill names %s, the program imports %v of %q", name, imported[p.Name], required[p.Name])
		case said["mainstay:go.sum"] == "" || said["mainstay:go.sum"] != sums[name]:
			t.Errorf("%s has the sum %q, go.sum says %q", name, said["mainstay:go.sum"], sums[name])
		case said["mainstay:released"] == "" || len(p.Licences) != 1:
			t.Errorf("%s lacks its date or its licence", name)
		}
	}
	if listed < 40 || listed != len(imported) {
		t.Errorf("the bill names %d modules, the program imports %d", listed, len(imported))
	}
}

func packagesAgree(t *testing.T, parts map[string]part) {
	t.Helper()
	lock := string(read(t, "../../inference/requirements.txt"))
	listed, hashes := 0, 0
	for purl, p := range parts {
		if strings.HasPrefix(purl, "pkg:pypi/") {
			listed++
			hashes += len(p.Hashes)
			if !strings.Contains(lock, p.Name+"=="+p.Version+" ") {
				t.Errorf("the lock does not name %s %s", p.Name, p.Version)
			}
		}
	}
	if wanted := strings.Count(lock, "=="); listed != wanted || hashes != strings.Count(lock, "--hash=") {
		t.Errorf("the bill names %d Python packages with %d hashes, the lock %d with %d", listed, hashes, wanted, strings.Count(lock, "--hash="))
	}
}

// licencesAreShipped wants the text behind each row of the list for people.
func licencesAreShipped(t *testing.T, folder string) {
	t.Helper()
	texts := 0
	for _, name := range regexp.MustCompile(`LICENSES/[^ ,|;]+`).FindAllString(string(read(t, filepath.Join(folder, "THIRD-PARTY.md"))), -1) {
		if len(read(t, filepath.Join(folder, name))) > 100 {
			texts++
		}
	}
	if texts < 40 {
		t.Errorf("%d licences have a text", texts)
	}
	covered := map[string]bool{}
	for _, a := range shipped() {
		covered[a.text] = true
	}
	entries, err := os.ReadDir("../../internal/web/vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), "LICENSE") && !covered[e.Name()] {
			t.Errorf("internal/web/vendor/%s belongs to nothing in the bill: add it to shipped()", e.Name())
		}
	}
}

func TestLicencesAreKnownByTheirWords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"MIT License\nPermission is hereby granted,\nfree of charge, ... The above copyright notice and this permission notice shall":       "MIT",
		"Apache License\nVersion 2.0, January 2004\nTERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION":                           "Apache-2.0",
		"Redistribution and use in source and binary forms, ... may be used to endorse or promote products":                                 "BSD-3-Clause",
		"Mozilla Public License Version 2.0 ... the GNU General Public License, Version 2.0":                                                "MPL-2.0",
		"GNU AFFERO GENERAL PUBLIC LICENSE Version 3 ... TERMS AND CONDITIONS Redistribution and use in source and binary forms":            "",
		"GNU GENERAL PUBLIC LICENSE Version 3 TERMS AND CONDITIONS Permission is hereby granted, free of charge The above copyright notice": "",
		"You may look at this.": "",
	} {
		if got := spdx(body); got != want {
			t.Errorf("spdx(%.40q) = %q, want %q", body, got, want)
		}
	}
	if _, _, err := licencesOf(t.TempDir(), "example.com/none"); err == nil {
		t.Error("a module without a licence is taken")
	}
}

// authenticating are the modules by which people and programs show who they are, with who keeps them (docs/decisions.md).
func authenticating() map[string]string {
	return map[string]string{
		"github.com/coreos/go-oidc/v3":       "the go-oidc maintainers",
		"github.com/go-jose/go-jose/v4":      "the Go JOSE maintainers",
		"github.com/go-webauthn/webauthn":    "the go-webauthn authors",
		"github.com/go-webauthn/x":           "the go-webauthn authors",
		"github.com/golang-jwt/jwt/v5":       "the golang-jwt maintainers, for go-webauthn",
		"github.com/pquerna/otp":             "Paul Querna",
		"github.com/descope/virtualwebauthn": "Descope, in tests alone",
		"golang.org/x/crypto":                "the Go authors",
		"golang.org/x/oauth2":                "the Go authors",
	}
}

// authenticationIsMaintained wants every module of go.mod that sounds like authentication to be one that somebody
// chose, and each that is in the program to have had a release in the three years before the newest module there.
func authenticationIsMaintained(t *testing.T, folder string) {
	t.Helper()
	authenticating := authenticating()
	sounds := regexp.MustCompile(`(?i)oauth|oidc|openid|webauthn|passkey|fido|saml|otp|jose|jwt|jws|passwd|password|bcrypt|argon|session|/crypto$`)
	for _, line := range strings.Split(string(read(t, "../../go.mod")), "\n") {
		path := strings.Fields(strings.TrimPrefix(line, "require ") + " ")
		if len(path) > 1 && sounds.MatchString(path[0]) && authenticating[path[0]] == "" && !strings.Contains(path[0], "aws-sdk") {
			t.Errorf("%s sounds like authentication: say who keeps it, or use what there is", path[0])
		}
	}
	var bill bom
	if err := json.Unmarshal(read(t, filepath.Join(folder, "sbom.cdx.json")), &bill); err != nil {
		t.Fatal(err)
	}
	dates, newest := map[string]time.Time{}, time.Time{}
	for _, p := range bill.Components {
		for _, property := range p.Properties {
			if property.Name == "mainstay:released" {
				at, err := time.Parse(time.DateOnly, property.Value)
				if err != nil {
					t.Fatal(err)
				}
				dates[p.Name] = at
				if at.After(newest) {
					newest = at
				}
			}
		}
	}
	kept := 0
	for path := range authenticating {
		if at, linked := dates[path]; linked {
			kept++
			if at.Before(newest.AddDate(-3, 0, 0)) {
				t.Errorf("%s had its last release on %s: look whether it is kept", path, at.Format(time.DateOnly))
			}
		}
	}
	if kept < 4 {
		t.Errorf("%d modules of the program authenticate, want at least four", kept)
	}
}
