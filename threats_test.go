package mainstay_test

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
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

var update = flag.Bool("update", false, "write the list of attacks in docs/threat-model.md anew")

// attacks are the cases that each have a test which a build without the defence made fail.
func attacks() [][2]string {
	return [][2]string{
		{"A08", "somebody does what is above their role: every role times every act"},
		{"A09", "an admin makes themselves owner, or demotes or removes one; the last owner goes; fifty demotions at once"},
		{"A10", "who was demoted, disabled or removed goes on: a stream, a recording, an upload, a job, a copy of a page"},
		{"A11", "fields of the server's in what is sent: role, workspace_id, email_verified, owner_id, id, created_at"},
		{"B01", "which addresses have an account, from the answer, its time or its work"},
		{"B02", "stuffed credentials: one password at many accounts, many at one, under forged addresses"},
		{"B04", "a link for a new password twice, at once, too late, after the address changed, or past the second factor"},
		{"B05", "a session that was planted before a sign-in, a confirmation, a provider or another workspace"},
		{"B07", "a session after its end, a new password, a closed account, 30 days, a restart"},
		{"B08", "a code of an app twice, from another step, or guessed"},
		{"B09", "a code by text for another sign-in, too late, or to thousands of numbers"},
		{"B10", "a passkey from another site, replayed, without its person, copied, of somebody else, forged"},
		{"B11", "around the second factor: half signed in, a new factor unasked, a recovery code twice"},
		{"B12", "a token that nobody gave out, is over, or was changed; ours carry no claims that could be forged"},
		{"B13", "a refresh token twice: after its turn, fifty at once, after a restart, by another program"},
		{"B14", "a key beyond its scopes or its person, after its end, in an address; a dump of the database"},
		{"B15", "another site makes a browser change something"},
		{"C01", "a sign-in through a provider that was not begun here, by this browser, once"},
		{"C02", "a provider that answers for another, for another client, or unsigned"},
		{"C03", "an address alone links somebody's account"},
		{"C04", "a workspace's provider vouches for people of another"},
		{"C09", "a session outlives its provider's word"},
	}
}

// broken is a build without one defence, as a test under the tag drill has it (package internal/brokentest).
type broken struct {
	folder                           string
	Case, Name, File, From, To, Sees string
}

// brokenBuilds reads the broken builds out of the tests' sources.
func brokenBuilds(t *testing.T) []broken {
	t.Helper()
	var all []broken
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "node_modules") {
			return orSkip(err)
		}
		if d.Name() != "broken_test.go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok {
				if b, ok := buildOf(literal); ok {
					b.folder = filepath.ToSlash(filepath.Dir(path))
					all = append(all, b)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// buildOf reads the row of a build: its keys are the fields', its values constant texts.
func buildOf(literal *ast.CompositeLit) (b broken, ok bool) {
	fields := map[string]*string{"Case": &b.Case, "Name": &b.Name, "File": &b.File, "From": &b.From, "To": &b.To, "Sees": &b.Sees}
	for _, element := range literal.Elts {
		pair, isPair := element.(*ast.KeyValueExpr)
		if !isPair {
			return b, false
		}
		if key, isName := pair.Key.(*ast.Ident); isName && fields[key.Name] != nil {
			*fields[key.Name] = textOfConstant(pair.Value)
		}
	}
	return b, b.Case != "" && b.Sees != ""
}

// textOfConstant joins the parts of a constant text, empty for what is none.
func textOfConstant(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return textOfConstant(e.X) + textOfConstant(e.Y)
	}
	return ""
}

// TestBrokenBuildsFit wants each broken build to change something that is there once, and to name tests that exist.
func TestBrokenBuildsFit(t *testing.T) {
	t.Parallel()
	tests := map[string]string{}
	for _, b := range brokenBuilds(t) {
		source, err := os.ReadFile(filepath.Join(b.folder, b.File))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), b.From); n != 1 || b.From == b.To {
			t.Errorf("%s: %s %q changes what %s holds %d times. Write anew what it takes away, and see the test fail:\n%s", b.folder, b.Case, b.Name, b.File, n, b.From)
		}
		if tests[b.folder] == "" {
			tests[b.folder] = testsIn(t, b.folder)
		}
		for _, name := range strings.Split(b.Sees, "|") {
			if !strings.Contains(tests[b.folder], "\nfunc "+name+"(t *testing.T)") {
				t.Errorf("%s: %s %q names %s, which is no test there", b.folder, b.Case, b.Name, name)
			}
		}
		if !slices.ContainsFunc(attacks(), func(a [2]string) bool { return a[0] == b.Case }) {
			t.Errorf("%s: %q is of the case %s, which is none", b.folder, b.Name, b.Case)
		}
	}
}

func testsIn(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

const (
	listBegins = "<!-- The list of attacks is made by `make gen`. -->\n"
	listEnds   = "<!-- The list ends. -->\n"
)

// TestAttacksAreWritten keeps the list of docs/threat-model.md equal to the broken builds, of which each attack has one.
func TestAttacksAreWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join("docs", "threat-model.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), listBegins)
	_, after, ends := strings.Cut(rest, listEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the list of attacks", path)
	}
	want := before + listBegins + listOfAttacks(t) + listEnds + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Errorf("%s is not what the broken builds say: run make gen", path)
	}
}

func listOfAttacks(t *testing.T) string {
	t.Helper()
	seen := map[string]map[string][]string{} // by case and test, what was broken
	for _, b := range brokenBuilds(t) {
		for _, name := range strings.Split(b.Sees, "|") {
			if seen[b.Case] == nil {
				seen[b.Case] = map[string][]string{}
			}
			test := strings.TrimPrefix(b.folder, "internal/") + " " + name
			seen[b.Case][test] = append(seen[b.Case][test], b.Name)
		}
	}
	var list strings.Builder
	for _, a := range attacks() {
		if len(seen[a[0]]) == 0 {
			t.Errorf("%s (%s) has no broken build", a[0], a[1])
		}
		fmt.Fprintf(&list, "\n**%s**: %s.\n\n| test | fails where |\n|---|---|\n", a[0], a[1])
		tests := make([]string, 0, len(seen[a[0]]))
		for test := range seen[a[0]] {
			tests = append(tests, test)
		}
		slices.SortFunc(tests, cmp.Compare[string])
		for _, test := range tests {
			fmt.Fprintf(&list, "| `%s` | %s |\n", test, strings.ReplaceAll(strings.Join(seen[a[0]][test], "; "), "|", "\\|"))
		}
	}
	list.WriteByte('\n')
	return list.String()
}
