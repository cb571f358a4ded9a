package mainstay_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The layers of docs/decisions.md. A package may import what its row names and nothing else of ours; a folder without a row
// fails the test, and so does a row without a folder.
const (
	words    = "fault tenant document language language/clause language/date"
	ground   = "fault tenant vault postgres audit gate queue egress inference llm sandbox post"
	people   = "identity identity/account identity/enrolment identity/factor identity/limit identity/link identity/oidc identity/roster identity/token"
	products = words + " " + ground + " " + people + " webhook meeting capture capture/media speech speech/diarization speech/engine speech/introduction speech/recognition minutes minutes/commitment minutes/digest minutes/evidence minutes/people"
)

func imports() map[string]string {
	return map[string]string{
		"brokentest":  "",
		"browsertest": "",

		"fault":    "",
		"tenant":   "fault",
		"document": "fault",
		"language": "",

		"language/clause": "language",
		"language/date":   "language language/clause",

		"sandbox":                     "fault tenant",
		"vault":                       "fault tenant",
		"vault/vaulttest":             "fault tenant vault",
		"vault/objectstore":           "fault tenant vault",
		"vault/objectstore/storetest": "",
		"postgres":                    "fault tenant",
		"postgres/pgtest":             "fault tenant postgres",
		"audit":                       "fault tenant postgres",
		"gate":                        "fault tenant postgres vault audit",
		"gate/gatetest":               "fault tenant postgres postgres/pgtest vault audit gate",
		"queue":                       "fault tenant postgres vault audit gate",
		"egress":                      "fault tenant postgres vault audit gate",
		"post":                        "fault tenant postgres vault audit gate queue egress",
		"post/posttest":               "",
		"inference":                   "fault tenant postgres vault audit gate egress sandbox",
		"inference/catalogue":         "fault tenant",
		"inference/inferencetest":     "fault tenant inference",
		"llm":                         "fault tenant postgres vault audit gate egress",
		"llm/llmtest":                 "",

		"identity":                words + " " + ground + " identity/enrolment identity/factor identity/limit identity/link identity/password",
		"identity/account":        words + " " + ground + " identity identity/limit identity/link identity/oidc identity/password identity/token",
		"identity/limit":          words + " " + ground,
		"identity/link":           words + " " + ground,
		"identity/factor":         "fault tenant",
		"identity/password":       "fault tenant",
		"identity/password/build": "",
		"accesslog":               words + " " + ground,
		"meeting":                 words + " " + ground,
		"identity/roster":         words + " " + ground + " identity",
		"identity/token":          words + " " + ground + " identity",
		"identity/enrolment":      "fault tenant vault gate identity/factor",

		"identity/oidc":          words + " " + ground + " identity",
		"identity/oidc/oidctest": "",

		"capture":             words + " " + ground + " meeting capture/media",
		"capture/media":       "fault tenant sandbox",
		"speech":              words + " " + ground + " meeting capture speech/diarization speech/introduction speech/recognition",
		"speech/diarization":  words,
		"speech/engine":       words + " " + ground + " capture speech speech/recognition",
		"speech/introduction": words,
		"speech/recognition":  words + " inference speech/diarization",
		"minutes":             words + " " + ground + " meeting speech minutes/commitment minutes/digest minutes/evidence",
		"minutes/commitment":  words + " minutes/people",
		"minutes/people":      words,
		"minutes/digest":      words,
		"minutes/evidence":    words + " minutes/commitment minutes/people",

		"sample": "fault tenant meeting",

		"pipeline":         products,
		"progress":         products,
		"trust":            products + " identity/oidc/oidctest pipeline progress accesslog trust/credential trust/loopback trust/search trust/markup",
		"trust/search":     "",
		"trust/markup":     "",
		"trust/loopback":   "",
		"trust/ear":        "",
		"trust/credential": words + " " + ground + " identity identity/account identity/roster identity/token accesslog trust/loopback trust/search trust/markup",
		"health":           "fault tenant postgres vault audit gate queue post sandbox capture/media inference inference/catalogue",

		"httpd":             "fault tenant identity httpd/limit",
		"httpd/limit":       "",
		"httpd/certificate": "tenant",
		"httpd/waf":         "",
		"web":               products + " httpd pipeline progress trust sample health accesslog",
		"httpd/tus":         "fault httpd",
		"httpd/upload":      "tenant capture httpd/tus",
		"web/record":        products + " httpd httpd/tus httpd/upload progress health web",
		"web/account":       products + " httpd accesslog web",
		"web/settings":      products + " httpd accesslog progress health trust web",
		"web/build":         "",

		"webhook":         words + " " + ground,
		"client":          "tenant",
		"client/remote":   "client tenant gate fault",
		"api/mcp":         products + " httpd",
		"api/audio":       products + " httpd",
		"api/oauth":       "fault tenant gate httpd identity/token",
		"web/reference":   "fault httpd web",
		"api/idempotency": words + " " + ground,
		"api/operation":   "fault tenant gate httpd api/idempotency",
		"api":             products + " accesslog httpd httpd/tus httpd/upload progress health api/administration api/idempotency api/operation api/person",

		"api/person":         "fault tenant gate httpd api/operation " + people,
		"api/administration": "fault tenant gate accesslog health webhook api/operation identity/oidc",

		"worldtest":   products + " accesslog gate/gatetest api api/audio api/mcp api/oauth api/idempotency post/posttest httpd pipeline progress health web web/account web/record web/reference web/settings",
		"web/webtest": products + " accesslog httpd httpd/tus pipeline progress trust health web web/account web/record web/reference web/settings",
	}
}

// never holds what an edge must not touch even though services it imports do.
func never() map[string]string {
	return map[string]string{"web": "postgres vault queue", "web/account": "postgres vault queue", "web/settings": "postgres vault queue", "web/record": "postgres vault queue", "httpd": "postgres vault queue",
		"api": "postgres vault queue", "api/operation": "postgres vault queue", "api/person": "postgres vault queue", "api/administration": "postgres vault queue"}
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	table, seen := imports(), map[string]bool{}
	err := filepath.WalkDir("internal", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules") {
			return orSkip(err)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		pkg := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "internal"+string(filepath.Separator)))
		allowed, ok := table[pkg]
		if !ok {
			t.Errorf("%s: package %s has no row in the import table", path, pkg)
			return nil
		}
		seen[pkg] = true
		for _, imported := range ours(t, path) {
			if !slices.Contains(strings.Fields(allowed), imported) || slices.Contains(strings.Fields(never()[pkg]), imported) {
				t.Errorf("%s: %s may not import %s", path, pkg, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range table {
		if _, err := os.Stat(filepath.Join("internal", pkg)); err == nil && !seen[pkg] {
			t.Errorf("folder internal/%s holds no package", pkg)
		}
	}
}

func orSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

// ours returns the packages of internal that a file imports.
func ours(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if pkg, ok := strings.CutPrefix(name, "mainstay/internal/"); ok {
			found = append(found, pkg)
		}
	}
	return found
}

// TestHouseMeasures holds files to 600 lines and packages to 3,000.
func TestHouseMeasures(t *testing.T) {
	t.Parallel()
	sizes := map[string]int{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "node_modules") {
			return orSkip(err)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := strings.Count(string(source), "\n")
		if lines > 600 {
			t.Errorf("%s has %d lines, want at most 600", path, lines)
		}
		if !strings.HasSuffix(path, "_test.go") {
			sizes[filepath.Dir(path)] += lines
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, lines := range sizes {
		if lines > 3000 {
			t.Errorf("package %s has %d lines, want at most 3000", pkg, lines)
		}
	}
}
